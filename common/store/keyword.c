/* Keywords: names with numbers in each mailbox, bits in each message. */
#include "common/store/mailbox.h"
#include "common/store/message_private.h"

#include <string.h>

static const char sql_list[] = "SELECT number, name FROM keyword WHERE mailbox = ? ORDER BY number";
static const char sql_insert[] = "INSERT INTO keyword (mailbox, number, name) VALUES (?, ?, ?)";

static enum store_status insert(struct store_tx *tx, uint64_t mailbox, uint32_t number, struct span name)
{
	uint32_t max = store_options_of(tx->store)->keywords_max;
	struct sql_stmt *stmt = NULL;
	enum store_status status;

	if (number >= (max == 0 ? (uint32_t)STORE_KEYWORDS_MAX : max))
		return STORE_LIMIT;
	if (name.n == 0 || name.n > STORE_KEYWORD_BYTES_MAX)
		return STORE_INVALID;
	if ((status = sql_prepare(tx->db, sql_insert, &stmt)) == STORE_OK) {
		sql_bind_u64(stmt, 1, mailbox);
		sql_bind_u64(stmt, 2, number);
		sql_bind_span(stmt, 3, name);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* numbers[i] becomes the number of names[i], UINT32_MAX where there is none; *next_r the first free number. */
static enum store_status look_up(struct store_tx *tx, uint64_t mailbox, const struct span *names, size_t count,
				 uint32_t *numbers, uint32_t *next_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_list, &stmt);
	bool is_row = false;

	*next_r = 0;
	for (size_t i = 0; i < count; i++)
		numbers[i] = UINT32_MAX;
	if (status != STORE_OK)
		return status;
	sql_bind_u64(stmt, 1, mailbox);
	while ((status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		*next_r = (uint32_t)sql_u64(stmt, 0) + 1;
		for (size_t i = 0; i < count; i++)
			if (span_equal_nocase(names[i], sql_span(stmt, 1)))
				numbers[i] = *next_r - 1;
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status keyword_numbers(struct store_tx *tx, uint64_t mailbox, const struct span *names, size_t count,
				  bool make, uint32_t *numbers, size_t *count_r)
{
	uint32_t next;
	enum store_status status;

	*count_r = 0;
	if (count == 0)
		return STORE_OK;
	status = look_up(tx, mailbox, names, count, numbers, &next);
	for (size_t i = 0; i < count && status == STORE_OK; i++) {
		for (size_t k = 0; k < i && numbers[i] == UINT32_MAX && make; k++) /* said twice in other letters */
			if (span_equal_nocase(names[i], names[k]))
				numbers[i] = numbers[k];
		if (numbers[i] == UINT32_MAX && make && (status = insert(tx, mailbox, next, names[i])) == STORE_OK)
			numbers[i] = next++;
	}
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		if (numbers[i] != UINT32_MAX)
			numbers[(*count_r)++] = numbers[i];
	return status;
}

static uint64_t bit_of(uint32_t number)
{
	return (uint64_t)1 << (STORE_FLAG_KEYWORD_SHIFT + number);
}

void keyword_set(uint64_t *flags, struct buf *more, uint32_t number)
{
	size_t byte;

	if (number < STORE_KEYWORDS_IN_FLAGS) {
		*flags |= bit_of(number);
		return;
	}
	number -= STORE_KEYWORDS_IN_FLAGS;
	byte = number / 8;
	while (more->n <= byte)
		buf_byte(more, 0);
	more->p[byte] = (char)(more->p[byte] | 1 << number % 8);
}

void keyword_clear(uint64_t *flags, struct buf *more, uint32_t number)
{
	if (number < STORE_KEYWORDS_IN_FLAGS) {
		*flags &= ~bit_of(number);
		return;
	}
	number -= STORE_KEYWORDS_IN_FLAGS;
	if (number / 8 < more->n)
		more->p[number / 8] = (char)(more->p[number / 8] & ~(1 << number % 8));
	while (more->n > 0 && more->p[more->n - 1] == 0)
		more->n--;
}

bool keyword_is_set(uint64_t flags, struct span more, uint32_t number)
{
	if (number < STORE_KEYWORDS_IN_FLAGS)
		return (flags & bit_of(number)) != 0;
	number -= STORE_KEYWORDS_IN_FLAGS;
	return number / 8 < more.n && (more.p[number / 8] >> number % 8 & 1) != 0;
}

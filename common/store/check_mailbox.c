/* Checking mailboxes: counters against rows, UIDs, modseqs, tombstones, keywords. */
#include "common/store/check_private.h"
#include "common/store/mailbox_private.h"
#include "common/store/message_private.h"

#include <stdlib.h>

static const char sql_mailboxes[] = "SELECT id FROM mailbox WHERE id > ? ORDER BY id";
/* clang-format off */
static const char sql_row[] =
	"SELECT owner, uidvalidity, uidnext, modseq, messages, unseen, deleted, bytes, deleted_bytes, recent_from"
	" FROM mailbox WHERE id = ?";
static const char sql_sums[] =
	"SELECT COUNT(*), SUM((flags & 1) = 0), SUM((flags & 8) <> 0), SUM(size),"
	" SUM(CASE WHEN flags & 8 THEN size ELSE 0 END), MAX(id), MAX(modseq), SUM(mailbox <> ?1)"
	" FROM message WHERE id BETWEEN ?1 << 32 AND ((?1 + 1) << 32) - 1";
static const char sql_tombstones[] =
	"SELECT MAX(uid), MAX(modseq), SUM(EXISTS (SELECT 1 FROM message m WHERE m.id = (?1 << 32) + r.uid))"
	" FROM removed r WHERE mailbox = ?1";
static const char sql_keywords[] = "SELECT COUNT(*), MAX(number) FROM keyword WHERE mailbox = ?";
static const char sql_marked[] =
	"SELECT id, flags, more FROM message WHERE id BETWEEN ?1 << 32 AND ((?1 + 1) << 32) - 1"
	" AND (flags > 255 OR flags < 0 OR more IS NOT NULL)";
static const char sql_set_mark[] = "UPDATE message SET flags = ?, more = ?, modseq = ? WHERE id = ?";

static const char sql_set_row[] =
	"UPDATE mailbox SET uidvalidity = ?2, uidnext = ?3, modseq = ?4, messages = ?5, unseen = ?6, deleted = ?7, bytes = ?8,"
	" deleted_bytes = ?9, recent_from = ?10 WHERE id = ?1";
static const char sql_set_mailbox[] =
	"UPDATE message SET mailbox = ?1 WHERE id BETWEEN ?1 << 32 AND ((?1 + 1) << 32) - 1 AND mailbox <> ?1";
static const char sql_delete_tombstones[] =
	"DELETE FROM removed WHERE mailbox = ?1"
	" AND EXISTS (SELECT 1 FROM message m WHERE m.id = (?1 << 32) + removed.uid)";

static const char sql_stray_messages[] =
	"SELECT COUNT(*) FROM message WHERE id >> 32 NOT IN (SELECT id FROM mailbox)";
static const char sql_stray_keywords[] = "SELECT COUNT(*) FROM keyword WHERE mailbox NOT IN (SELECT id FROM mailbox)";
static const char sql_stray_removed[] = "SELECT COUNT(*) FROM removed WHERE mailbox NOT IN (SELECT id FROM mailbox)";
static const char sql_drop_messages[] = "DELETE FROM message WHERE id >> 32 NOT IN (SELECT id FROM mailbox)";
static const char sql_drop_keywords[] = "DELETE FROM keyword WHERE mailbox NOT IN (SELECT id FROM mailbox)";
static const char sql_drop_removed[] = "DELETE FROM removed WHERE mailbox NOT IN (SELECT id FROM mailbox)";
/* clang-format on */

enum field { /* in the order of the columns */
	     UIDVALIDITY,
	     UIDNEXT,
	     MODSEQ,
	     MESSAGES,
	     UNSEEN,
	     DELETED,
	     BYTES,
	     DELETED_BYTES,
	     RECENT_FROM,
	     FIELD_COUNT
};

struct row {
	uint64_t owner, is[FIELD_COUNT];
	uint64_t shall[FIELD_COUNT];
	uint64_t misplaced, contradicted; /* rows with a wrong mailbox column; tombstones of messages that are there */
	uint64_t keywords;
	bool is_changed; /* something was repaired, so the mailbox takes its next modseq */
};

struct check_one {
	struct check *check;
	uint64_t id;
};

/* The first row; STORE_NOT_FOUND where there is none. The statement is the caller's to free. */
static enum store_status first_row(struct store_tx *tx, const char *sql, uint64_t mailbox, struct sql_stmt **stmt_r)
{
	enum store_status status = sql_prepare(tx->db, sql, stmt_r);

	if (status != STORE_OK)
		return status;
	sql_bind_u64(*stmt_r, 1, mailbox);
	return sql_step_one(*stmt_r);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static enum store_status read_row(struct store_tx *tx, uint64_t mailbox, struct row *row)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = first_row(tx, sql_row, mailbox, &stmt);

	if (status == STORE_OK) {
		row->owner = sql_u64(stmt, 0);
		for (int f = 0; f < FIELD_COUNT; f++)
			row->is[f] = row->shall[f] = sql_u64(stmt, f + 1);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status read_sums(struct store_tx *tx, uint64_t mailbox, struct row *row)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = first_row(tx, sql_sums, mailbox, &stmt);

	if (status == STORE_OK) {
		for (int f = MESSAGES; f <= DELETED_BYTES; f++)
			row->shall[f] = sql_u64(stmt, f - MESSAGES);
		row->shall[UIDNEXT] = larger(row->shall[UIDNEXT], (sql_u64(stmt, 5) & UINT32_MAX) + 1);
		row->shall[MODSEQ] = larger(row->shall[MODSEQ], sql_u64(stmt, 6));
		row->misplaced = sql_u64(stmt, 7);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status read_tombstones(struct store_tx *tx, uint64_t mailbox, struct row *row)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = first_row(tx, sql_tombstones, mailbox, &stmt);

	if (status == STORE_OK) {
		row->shall[UIDNEXT] = larger(row->shall[UIDNEXT], sql_u64(stmt, 0) + 1);
		row->shall[MODSEQ] = larger(row->shall[MODSEQ], sql_u64(stmt, 1));
		row->contradicted = sql_u64(stmt, 2);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status read_keywords(struct store_tx *tx, uint64_t mailbox, struct row *row)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = first_row(tx, sql_keywords, mailbox, &stmt);

	if (status == STORE_OK)
		row->keywords = sql_is_null(stmt, 1) ? 0 : sql_u64(stmt, 1) + 1;
	sql_stmt_free(&stmt);
	return status;
}

/* Takes away what has no name; true where there was something. */
static bool strip(uint64_t *flags, struct buf *more, uint64_t keywords)
{
	uint64_t before = *flags, known = STORE_FLAG_SYSTEM;
	size_t bytes_before = more->n;
	uint32_t bits = (uint32_t)more->n * 8;
	bool is_changed = false;

	for (uint32_t k = 0; k < keywords && k < STORE_KEYWORDS_IN_FLAGS; k++)
		known |= (uint64_t)1 << (STORE_FLAG_KEYWORD_SHIFT + k);
	*flags &= known;
	for (uint32_t k = 0; k < bits; k++) {
		uint32_t number = STORE_KEYWORDS_IN_FLAGS + k;

		if (number >= keywords && keyword_is_set(0, buf_view(more), number)) {
			keyword_clear(flags, more, number);
			is_changed = true;
		}
	}
	return is_changed || *flags != before || more->n != bytes_before;
}

static enum store_status set_mark(struct store_tx *tx, uint64_t id, uint64_t flags, const struct buf *more,
				  uint64_t modseq)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_set_mark, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, flags);
		if (more->n > 0)
			sql_bind_span(stmt, 2, buf_view(more));
		else
			sql_bind_null(stmt, 2);
		sql_bind_u64(stmt, 3, modseq);
		sql_bind_u64(stmt, 4, id);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* Keywords without a name: their bits go, which is a change of the message like any other. */
static enum store_status check_keywords(struct store_tx *tx, const struct check_one *job, struct row *row)
{
	struct sql_stmt *stmt = NULL;
	struct buf more = {0};
	uint64_t modseq = row->shall[MODSEQ] + 1;
	bool is_row = false;
	enum store_status status = sql_prepare(tx->db, sql_marked, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, job->id);
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		uint64_t id = sql_u64(stmt, 0), flags = sql_u64(stmt, 1);

		more.n = 0;
		buf_span(&more, sql_span(stmt, 2));
		if (!strip(&flags, &more, row->keywords))
			continue;
		if (!check_found(job->check, true, "keyword", "mailbox %llu: UID %llu has keywords without a name",
				 (unsigned long long)job->id, (unsigned long long)(id & UINT32_MAX)))
			continue;
		status = set_mark(tx, id, flags, &more, modseq);
		row->is_changed = true;
	}
	sql_stmt_free(&stmt);
	buf_done(&more);
	return status;
}

static void compare_row(const struct check_one *job, struct row *row)
{
	static const struct {
		enum field field;
		const char *kind, *name;
	} fields[] = {
		{UIDNEXT, "uidnext", "next UID"},
		{MODSEQ, "modseq", "modseq"},
		{MESSAGES, "counter", "count of messages"},
		{UNSEEN, "counter", "count of unseen messages"},
		{DELETED, "counter", "count of deleted messages"},
		{BYTES, "counter", "count of bytes"},
		{DELETED_BYTES, "counter", "count of deleted bytes"},
		{RECENT_FROM, "recent", "first recent UID"},
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		enum field f = fields[i].field;

		if (row->is[f] != row->shall[f])
			row->is_changed |= check_found(
				job->check, true, fields[i].kind, "mailbox %llu: the %s is %llu and must be %llu",
				(unsigned long long)job->id, fields[i].name, (unsigned long long)row->is[f],
				(unsigned long long)row->shall[f]);
	}
}

/* Under the next modseq, so that snapshots in memory are made anew. */
static enum store_status write_row(struct store_tx *tx, const struct check_one *job, const struct row *row)
{
	uint64_t numbers[FIELD_COUNT + 1] = {job->id};

	for (int f = 0; f < FIELD_COUNT; f++)
		numbers[f + 1] = row->shall[f] + (f == MODSEQ);
	store_tx_touch(tx, job->id);
	return check_run(tx, sql_set_row, numbers, FIELD_COUNT + 1);
}

static enum store_status check_uidvalidity(struct store_tx *tx, const struct check_one *job, struct row *row)
{
	uint32_t uidvalidity = 0;
	enum store_status status = STORE_OK;

	if (row->is[UIDVALIDITY] == 0 && check_found(job->check, true, "uidvalidity", "mailbox %llu has no UIDVALIDITY",
						     (unsigned long long)job->id)) {
		status = mailbox_next_uidvalidity(tx, &uidvalidity);
		row->shall[UIDVALIDITY] = uidvalidity;
		row->is_changed = true;
	}
	return status;
}

static enum store_status check_rows(struct store_tx *tx, const struct check_one *job, struct row *row)
{
	enum store_status status = STORE_OK;

	if (row->misplaced > 0 &&
	    check_found(job->check, true, "message", "mailbox %llu: %llu messages are indexed under another mailbox",
			(unsigned long long)job->id, (unsigned long long)row->misplaced)) {
		status = check_run(tx, sql_set_mailbox, &job->id, 1);
		row->is_changed = true;
	}
	if (status == STORE_OK && row->contradicted > 0 &&
	    check_found(job->check, true, "tombstone", "mailbox %llu: %llu tombstones of messages that are there",
			(unsigned long long)job->id, (unsigned long long)row->contradicted)) {
		status = check_run(tx, sql_delete_tombstones, &job->id, 1);
		row->is_changed = true;
	}
	return status;
}

static enum store_status check_one_tx(struct store_tx *tx, void *arg)
{
	const struct check_one *job = arg;
	struct row row = {0};
	enum store_status status;

	if ((status = read_row(tx, job->id, &row)) == STORE_NOT_FOUND)
		return STORE_OK; /* gone meanwhile */
	if (status != STORE_OK || (status = read_sums(tx, job->id, &row)) != STORE_OK ||
	    (status = read_tombstones(tx, job->id, &row)) != STORE_OK ||
	    (status = read_keywords(tx, job->id, &row)) != STORE_OK ||
	    (status = check_rows(tx, job, &row)) != STORE_OK || (status = check_keywords(tx, job, &row)) != STORE_OK ||
	    (status = check_uidvalidity(tx, job, &row)) != STORE_OK)
		return status;
	if (row.is[RECENT_FROM] == 0 || row.is[RECENT_FROM] > row.shall[UIDNEXT])
		row.shall[RECENT_FROM] = row.shall[UIDNEXT];
	compare_row(job, &row);
	return row.is_changed ? write_row(tx, job, &row) : STORE_OK;
}

struct stray {
	const char *what, *count, *drop;
};

struct check_stray {
	struct check *check;
	const struct stray *stray;
};

static enum store_status check_stray_tx(struct store_tx *tx, void *arg)
{
	const struct check_stray *job = arg;
	struct sql_stmt *stmt = NULL;
	uint64_t count = 0;
	enum store_status status = sql_prepare(tx->db, job->stray->count, &stmt);

	if (status == STORE_OK && (status = sql_step_one(stmt)) == STORE_OK)
		count = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	if (status == STORE_OK && count > 0 &&
	    check_found(job->check, true, "stray", "%llu %s of mailboxes that do not exist", (unsigned long long)count,
			job->stray->what))
		status = check_run(tx, job->stray->drop, NULL, 0);
	return status;
}

static enum store_status check_strays(struct check *check)
{
	static const struct stray strays[] = {
		{"messages", sql_stray_messages, sql_drop_messages},
		{"keywords", sql_stray_keywords, sql_drop_keywords},
		{"tombstones", sql_stray_removed, sql_drop_removed},
	};
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < sizeof strays / sizeof strays[0] && status == STORE_OK; i++) {
		struct check_stray job = {check, &strays[i]};

		status = check_step(check, check_stray_tx, &job);
	}
	return status;
}

enum store_status check_mailboxes(struct check *check)
{
	struct check_ids ids;
	enum store_status status = check_ids_read(check->store, sql_mailboxes, 0, &ids);

	for (size_t i = 0; i < ids.count && status == STORE_OK; i++) {
		struct check_one job = {check, ids.list[i]};

		status = check_step(check, check_one_tx, &job);
	}
	free(ids.list);
	return status == STORE_OK ? check_strays(check) : status;
}

/* Messages for tests of the store: short ones, numbered, with derived data that can be recognised. */
#ifndef TESTS_UNIT_STORE_MESSAGE_TEST_H
#define TESTS_UNIT_STORE_MESSAGE_TEST_H

#include "common/store/message.h"
#include "common/store/snapshot.h"
#include "tests/unit/store/store_test.h"

#include <dirent.h>

enum { MESSAGE_TEST_VERSION = 7, MESSAGE_TEST_DATE = 1700000000 };

/* The message with this number; its bytes and derived data lie in the arena. */
static inline struct store_new_message message_test_make(struct arena *arena, unsigned number)
{
	struct store_new_message message = {.date = MESSAGE_TEST_DATE + (int64_t)number, .zone = 60};

	message.bytes = span_of(arena_printf(arena, "Subject: %u\r\n\r\nThis is message %u.\r\n", number, number));
	message.derived = (struct store_derived){
		.version = MESSAGE_TEST_VERSION,
		.header = span_of(arena_printf(arena, "Subject: %u\r\n\r\n", number)),
		.envelope = span_of(arena_printf(arena, "envelope %u", number)),
		.bodystructure = span_of(arena_printf(arena, "structure %u", number)),
		.parts = span_from("\0\1\2", 3),
		.header_text = span_of(arena_printf(arena, "%u", number)),
		.body_text = span_of(arena_printf(arena, "this is message %u.", number)),
		.sent_at = 1600000000 + (int64_t)number,
		.sent_day = (int32_t)number,
	};
	return message;
}

/* Appends messages number, number + 1 …; the UID of the first. */
static inline uint32_t message_test_append(const struct store_test *t, uint64_t mailbox, unsigned number, size_t count)
{
	struct store_new_message *messages = arena_zero(t->arena, count, sizeof *messages);
	struct store_appended appended;

	for (size_t i = 0; i < count; i++)
		messages[i] = message_test_make(t->arena, number + (unsigned)i);
	assert_int_equal(store_message_append(t->store, t->user, mailbox, messages, count, &appended), STORE_OK);
	return messages[0].uid;
}

static inline uint32_t message_test_append_bytes(const struct store_test *t, uint64_t mailbox, struct span bytes)
{
	struct store_new_message message = {.bytes = bytes, .derived = {.version = MESSAGE_TEST_VERSION}};
	struct store_appended appended;

	assert_int_equal(store_message_append(t->store, t->user, mailbox, &message, 1, &appended), STORE_OK);
	return message.uid;
}

/* "1:3,7" as a set; done by the caller. */
static inline struct ranges message_test_uids(const char *text)
{
	struct ranges set = {0};

	while (*text != '\0') {
		char *end;
		uint32_t first = (uint32_t)strtoul(text, &end, 10), last = first;

		if (*end == ':')
			last = (uint32_t)strtoul(end + 1, &end, 10);
		ranges_add(&set, first, last);
		text = *end == ',' ? end + 1 : end;
	}
	return set;
}

static inline void message_test_is(const struct ranges *set, const char *want)
{
	struct buf text = {0};

	ranges_write(set, &text);
	assert_string_equal(buf_cstr(&text), want);
	buf_done(&text);
}

static inline enum store_status message_test_flags(const struct store_test *t, uint64_t mailbox, const char *uids,
						   const struct store_flag_change *change,
						   struct store_flagged *flagged)
{
	struct ranges set = message_test_uids(uids);
	enum store_status status = store_message_flags(t->store, t->user, mailbox, &set, change, flagged);

	ranges_done(&set);
	return status;
}

static inline void message_test_mark(const struct store_test *t, uint64_t mailbox, const char *uids, unsigned flags)
{
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .flags = flags};
	struct store_flagged flagged;

	assert_int_equal(message_test_flags(t, mailbox, uids, &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
}

static inline struct store_snapshot *message_test_newest(const struct store_test *t, uint64_t mailbox)
{
	struct store_snapshot *snapshot;

	assert_int_equal(store_snapshot_newest(t->store, t->user, mailbox, &snapshot), STORE_OK);
	return snapshot;
}

static inline uint64_t message_test_blob(const struct store_test *t, uint64_t mailbox, uint32_t uid)
{
	struct store_snapshot *snapshot = message_test_newest(t, mailbox);
	uint32_t number = store_snapshot_number(snapshot, uid);
	struct store_row row;

	assert_int_not_equal(number, 0);
	store_snapshot_row(snapshot, number, &row);
	store_snapshot_unref(&snapshot);
	return row.blob;
}

static inline struct store_mailbox message_test_mailbox(const struct store_test *t, uint64_t mailbox)
{
	struct store_mailbox got;

	assert_int_equal(store_mailbox_get(t->store, t->user, mailbox, t->arena, &got), STORE_OK);
	return got;
}

/* The store again, with other options about where bytes lie. */
static inline void message_test_reopen(struct store_test *t, size_t inline_max, bool in_database)
{
	struct store_options options = {
		.path = t->path, .blob_inline_max = inline_max, .blob_in_database = in_database, .poll_ms = 50};
	char *error = NULL;

	store_close(&t->store);
	assert_int_equal(store_open(&options, &t->store, &error), STORE_OK);
}

/* Bytes that can be told apart by their number. */
static inline struct span message_test_bytes(struct arena *arena, unsigned number, size_t n)
{
	char *p = arena_bytes(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)((i * 7 + i / 251 + number * 13) & 255);
	return span_from(p, n);
}

/* All bytes of a content, read in pieces, are these. */
static inline void message_test_blob_is(const struct store_test *t, uint64_t blob_id, struct span want, size_t piece)
{
	struct store_blob *blob;
	char *p = malloc(piece);
	uint64_t offset = 0;
	size_t got;

	assert_int_equal(store_blob_open(t->store, blob_id, &blob), STORE_OK);
	assert_int_equal(store_blob_size(blob), want.n);
	do {
		assert_int_equal(store_blob_read(blob, offset, p, piece, &got), STORE_OK);
		assert_true(got <= piece);
		assert_true(span_equal(span_from(p, got), span_sub(want, (size_t)offset, got)));
		offset += got;
	} while (got > 0);
	assert_int_equal(offset, want.n);
	store_blob_close(&blob);
	assert_null(blob);
	free(p);
}

/* How many plain files are in a folder of the store and below. */
static inline uint64_t message_test_files(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	uint64_t count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[512];

		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			count += message_test_files(path);
		count += entry->d_type == DT_REG;
	}
	closedir(dir);
	return count;
}

static inline uint64_t message_test_files_in(const struct store_test *t, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", t->path, name);
	return message_test_files(path);
}

/* SQL of the test's own: to break things, and to look at what no function shows. */
static inline enum store_status message_test_script_tx(struct store_tx *tx, void *arg)
{
	return sql_script(tx->db, arg);
}

static inline void message_test_sql(const struct store_test *t, const char *sql)
{
	assert_int_equal(store_write(t->store, message_test_script_tx, (void *)(uintptr_t)sql), STORE_OK);
}

struct message_test_number {
	const char *sql; /* a literal */
	uint64_t number;
};

static inline enum store_status message_test_number_tx(struct store_tx *tx, void *arg)
{
	struct message_test_number *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, job->sql, &stmt);

	if (status == STORE_OK && (status = sql_step_one(stmt)) == STORE_OK)
		job->number = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return status;
}

static inline uint64_t message_test_number(const struct store_test *t, const char *sql)
{
	struct message_test_number job = {.sql = sql};

	assert_int_equal(store_read(t->store, message_test_number_tx, &job), STORE_OK);
	return job.number;
}

#endif

/* Going over the contents of many messages. Numbers that ascend side by side, as a mailbox mostly has them, are read as
 * one range. */
#include "common/store/content.h"
#include "common/store/store_private.h"

enum { GAP_MAX = 8 }; /* rows that are not wanted and still cheaper to pass over than a new look-up */

/* One table that is walked along; statements differ in what they read, since long columns cost even unread. */
struct cursor {
	struct sql_stmt *stmt;
	unsigned shift; /* of the key: blob << shift */
	bool is_row;
	uint64_t id;
};

struct each {
	const uint64_t *blobs;
	size_t count;
	unsigned parts;
	store_content_fn *fn;
	void *arg;
	bool is_stopped;
};

static const char sql_sent[] =
	"SELECT id, version, sent_at, sent_day FROM content_head WHERE id BETWEEN ? AND ? ORDER BY id";
static const char sql_structure[] = "SELECT id, version, sent_at, sent_day, envelope, bodystructure, parts FROM "
				    "content_head WHERE id BETWEEN ? AND ?"
				    " ORDER BY id";
static const char sql_header[] = "SELECT id, version, header FROM content_head WHERE id BETWEEN ? AND ? ORDER BY id";
static const char sql_head[] =
	"SELECT id, version, sent_at, sent_day, envelope, bodystructure, parts, header FROM content_head"
	" WHERE id BETWEEN ? AND ? ORDER BY id";
static const char sql_header_text[] =
	"SELECT id, is_partial, header_text FROM content_text WHERE id BETWEEN ? AND ? ORDER BY id";
static const char sql_text[] =
	"SELECT id, is_partial, header_text, body_text FROM content_text WHERE id BETWEEN ? AND ?"
	" ORDER BY id";
static const char sql_bytes[] =
	"SELECT id, data FROM blob_data WHERE id BETWEEN ? AND ? AND (id & 1048575) = 0 ORDER BY id";

enum { HEAD_PARTS = STORE_CONTENT_HEADER | STORE_CONTENT_ENVELOPE | STORE_CONTENT_STRUCTURE | STORE_CONTENT_SENT };
enum { TEXT_PARTS = STORE_CONTENT_HEADER_TEXT | STORE_CONTENT_BODY_TEXT };

static const char *head_sql(unsigned parts)
{
	if ((parts & HEAD_PARTS) == STORE_CONTENT_SENT)
		return sql_sent;
	if ((parts & HEAD_PARTS) == STORE_CONTENT_HEADER)
		return sql_header;
	return (parts & STORE_CONTENT_HEADER) ? sql_head : sql_structure;
}

static enum store_status cursor_open(struct store_tx *tx, struct cursor *cursor, const char *sql, unsigned shift)
{
	*cursor = (struct cursor){.shift = shift};
	return sql_prepare(tx->db, sql, &cursor->stmt);
}

static enum store_status cursor_step(struct cursor *cursor)
{
	enum store_status status = sql_step(cursor->stmt, &cursor->is_row);

	if (status == STORE_OK && cursor->is_row)
		cursor->id = sql_u64(cursor->stmt, 0) >> cursor->shift;
	return status;
}

static enum store_status cursor_start(struct cursor *cursor, uint64_t first, uint64_t last)
{
	if (cursor->stmt == NULL)
		return STORE_OK;
	sql_reset(cursor->stmt);
	sql_bind_u64(cursor->stmt, 1, first << cursor->shift);
	sql_bind_u64(cursor->stmt, 2, ((last + 1) << cursor->shift) - 1);
	return cursor_step(cursor);
}

static enum store_status cursor_seek(struct cursor *cursor, uint64_t id)
{
	enum store_status status = STORE_OK;

	while (cursor->stmt != NULL && status == STORE_OK && cursor->is_row && cursor->id < id)
		status = cursor_step(cursor);
	return status;
}

static bool cursor_is_at(const struct cursor *cursor, uint64_t id)
{
	return cursor->is_row && cursor->id == id;
}

static void take_head(struct cursor *head, unsigned parts, struct store_content *content)
{
	struct store_derived *derived = &content->derived;

	derived->version = (unsigned)sql_u64(head->stmt, 1);
	if ((parts & HEAD_PARTS) == STORE_CONTENT_HEADER) {
		derived->header = sql_span(head->stmt, 2);
		return;
	}
	derived->sent_at = sql_i64(head->stmt, 2);
	derived->sent_day = (int32_t)sql_i64(head->stmt, 3);
	if (parts & (STORE_CONTENT_ENVELOPE | STORE_CONTENT_STRUCTURE | STORE_CONTENT_HEADER)) {
		derived->envelope = sql_span(head->stmt, 4);
		derived->bodystructure = sql_span(head->stmt, 5);
		derived->parts = sql_span(head->stmt, 6);
	}
	if (parts & STORE_CONTENT_HEADER)
		derived->header = sql_span(head->stmt, 7);
}

static void take_text(struct cursor *text, unsigned parts, struct store_content *content)
{
	content->derived.body_text_is_partial = sql_u64(text->stmt, 1) != 0;
	content->derived.header_text = sql_span(text->stmt, 2);
	if (parts & STORE_CONTENT_BODY_TEXT)
		content->derived.body_text = sql_span(text->stmt, 3);
}

struct cursors {
	struct cursor head, text, bytes;
};

static enum store_status show(struct each *job, size_t i, struct cursors *at)
{
	uint64_t blob = job->blobs[i];
	struct store_content content = {.blob = blob};
	enum store_status status;

	if ((status = cursor_seek(&at->head, blob)) != STORE_OK ||
	    (status = cursor_seek(&at->text, blob)) != STORE_OK || (status = cursor_seek(&at->bytes, blob)) != STORE_OK)
		return status;
	if (at->head.stmt != NULL && cursor_is_at(&at->head, blob))
		take_head(&at->head, job->parts, &content);
	else if (at->head.stmt != NULL)
		content.is_missing = true;
	if (at->text.stmt != NULL && cursor_is_at(&at->text, blob))
		take_text(&at->text, job->parts, &content);
	else if (at->text.stmt != NULL)
		content.is_missing = true;
	if (at->bytes.stmt != NULL && cursor_is_at(&at->bytes, blob)) {
		content.bytes = sql_span(at->bytes.stmt, 1);
		if (content.bytes.p == NULL)
			content.bytes = SPAN("");
		content.size = content.bytes.n;
	}
	job->is_stopped = !job->fn(job->arg, i, &content);
	return STORE_OK;
}

static size_t run_from(const struct each *job, size_t from)
{
	size_t end = from + 1;

	while (end < job->count && job->blobs[end] > job->blobs[end - 1] &&
	       job->blobs[end] - job->blobs[end - 1] <= GAP_MAX)
		end++;
	return end;
}

static enum store_status each_tx(struct store_tx *tx, void *arg)
{
	struct each *job = arg;
	struct cursors at = {{0}, {0}, {0}};
	enum store_status status = STORE_OK;

	if (job->parts & HEAD_PARTS)
		status = cursor_open(tx, &at.head, head_sql(job->parts), 0);
	if (status == STORE_OK && (job->parts & TEXT_PARTS))
		status = cursor_open(tx, &at.text, (job->parts & STORE_CONTENT_BODY_TEXT) ? sql_text : sql_header_text,
				     0);
	if (status == STORE_OK && (job->parts & STORE_CONTENT_BYTES))
		status = cursor_open(tx, &at.bytes, sql_bytes, 20);
	for (size_t i = 0; i < job->count && status == STORE_OK && !job->is_stopped;) {
		size_t end = run_from(job, i);
		uint64_t first = job->blobs[i], last = job->blobs[end - 1];

		if ((status = cursor_start(&at.head, first, last)) == STORE_OK &&
		    (status = cursor_start(&at.text, first, last)) == STORE_OK)
			status = cursor_start(&at.bytes, first, last);
		for (; i < end && status == STORE_OK && !job->is_stopped; i++)
			status = show(job, i, &at);
	}
	sql_stmt_free(&at.bytes.stmt);
	sql_stmt_free(&at.text.stmt);
	sql_stmt_free(&at.head.stmt);
	return status;
}

enum store_status store_content_each(struct store *store, const uint64_t *blobs, size_t count, unsigned parts,
				     store_content_fn *fn, void *arg)
{
	struct each job = {.blobs = blobs, .count = count, .parts = parts, .fn = fn, .arg = arg};

	return store_read(store, each_tx, &job);
}

/* The rows of contents: one for each hash, with a count of the messages that refer to it. */
#include "common/store/blob/file.h"
#include "common/base/clock.h"

static const char sql_find[] = "SELECT b.id, b.place, h.id FROM blob b LEFT JOIN content_head h ON h.id = b.id"
			       " WHERE b.hash = ?";
static const char sql_insert[] =
	"INSERT INTO blob (hash, size, refs, place, freed_at, growth) VALUES (?, ?, 1, ?, 0, ?)";
static const char sql_data[] = "INSERT INTO blob_data (id, data) VALUES (?, ?)";
static const char sql_head[] =
	"INSERT INTO content_head (id, version, sent_at, sent_day, envelope, bodystructure, parts, header)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_text[] = "INSERT INTO content_text (id, is_partial, header_text, body_text) VALUES (?, ?, ?, ?)";
static const char sql_refer[] =
	"UPDATE blob SET refs = refs + ?1, freed_at = CASE WHEN refs + ?1 <= 0 THEN ?2 ELSE 0 END"
	" WHERE id = ?3";

enum store_status blob_refer(struct store_tx *tx, uint64_t blob, int64_t more)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_refer, &stmt);

	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, more);
		sql_bind_i64(stmt, 2, clock_now());
		sql_bind_u64(stmt, 3, blob);
		status = sql_run_one(stmt);
		if (status == STORE_NOT_FOUND)
			status = store_fail(tx, STORE_BROKEN, "content %llu has no row", (unsigned long long)blob);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status insert_data(struct store_tx *tx, uint64_t blob, const struct blob_prepared *prepared)
{
	struct sql_stmt *stmt = NULL;
	size_t piece = prepared->place == BLOB_CHUNKS ? BLOB_CHUNK_BYTES : (size_t)prepared->size;
	enum store_status status = sql_prepare(tx->db, sql_data, &stmt);
	size_t at = 0;

	/* the one piece of an inline blob is number 0, chunks count from 1: so the key alone tells them apart */
	for (uint64_t i = prepared->place == BLOB_CHUNKS; status == STORE_OK && (at < prepared->size || i == 0); i++) {
		sql_bind_u64(stmt, 1, blob << 20 | i);
		sql_bind_span(stmt, 2, span_sub(prepared->bytes, at, piece));
		status = sql_run(stmt);
		sql_reset(stmt);
		at += piece;
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status blob_insert_derived(struct store_tx *tx, uint64_t blob, const struct store_derived *derived)
{
	struct sql_stmt *head = NULL, *text = NULL;
	enum store_status status;

	if ((status = sql_prepare(tx->db, sql_head, &head)) != STORE_OK ||
	    (status = sql_prepare(tx->db, sql_text, &text)) != STORE_OK)
		goto out;
	sql_bind_u64(head, 1, blob);
	sql_bind_u64(head, 2, derived->version);
	sql_bind_i64(head, 3, derived->sent_at);
	sql_bind_i64(head, 4, derived->sent_day);
	sql_bind_span(head, 5, derived->envelope);
	sql_bind_span(head, 6, derived->bodystructure);
	sql_bind_span(head, 7, derived->parts);
	sql_bind_span(head, 8, derived->header);
	if ((status = sql_run(head)) != STORE_OK)
		goto out;
	sql_bind_u64(text, 1, blob);
	sql_bind_u64(text, 2, derived->body_text_is_partial);
	sql_bind_span(text, 3, derived->header_text);
	sql_bind_span(text, 4, derived->body_text);
	status = sql_run(text);
out:
	sql_stmt_free(&text);
	sql_stmt_free(&head);
	return status;
}

static enum store_status insert(struct store_tx *tx, const struct blob_prepared *prepared,
				const struct store_derived *derived, uint64_t *blob_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, span_from(prepared->hash, BLOB_HASH_BYTES));
		sql_bind_u64(stmt, 2, prepared->size);
		sql_bind_u64(stmt, 3, prepared->place);
		sql_bind_u64(stmt, 4, prepared->growth);
		status = sql_run(stmt);
		*blob_r = sql_last_insert_id(tx->db);
	}
	sql_stmt_free(&stmt);
	if (status == STORE_OK && prepared->place != BLOB_FILE)
		status = insert_data(tx, *blob_r, prepared);
	if (status == STORE_OK && derived != NULL)
		status = blob_insert_derived(tx, *blob_r, derived);
	return status;
}

enum store_status blob_add(struct store_tx *tx, const struct blob_prepared *prepared,
			   const struct store_derived *derived, uint64_t *blob_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_find, &stmt);
	uint64_t place = prepared->place;
	bool is_derived = false;

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, span_from(prepared->hash, BLOB_HASH_BYTES));
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		*blob_r = sql_u64(stmt, 0);
		place = sql_u64(stmt, 1);
		is_derived = !sql_is_null(stmt, 2);
	}
	sql_stmt_free(&stmt);
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return status;
	/* A collector unlinks files inside its write transaction; we are inside ours: what is there now stays. */
	if (place == BLOB_FILE && !blob_file_is_there(tx->store, prepared->hash, prepared->size))
		return STORE_CONFLICT;
	if (status == STORE_NOT_FOUND)
		return insert(tx, prepared, derived, blob_r);
	status = blob_refer(tx, *blob_r, 1);
	/* the content of an object that now is a message's too */
	return status == STORE_OK && derived != NULL && !is_derived ? blob_insert_derived(tx, *blob_r, derived)
								    : status;
}

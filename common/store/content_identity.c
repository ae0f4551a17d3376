/* Digest and length on the wire of contents: what tells messages apart for good, and how long they are with CRLF. */
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/store/snapshot_private.h"
#include "common/store/content.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 65536 };

static const char sql_identity[] = "SELECT hash, growth FROM blob WHERE id = ?";
static const char sql_set_growth[] = "UPDATE blob SET growth = ? WHERE id = ? AND growth < 0";

/* Bytes may come in pieces. */
struct growth {
	uint64_t bytes;
	char last; /* of the piece before */
	bool any;
};

static void growth_piece(struct growth *growth, struct span bytes)
{
	const char *at = bytes.p, *end = bytes.p + bytes.n;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		char before = at > bytes.p ? at[-1] : growth->last;

		growth->bytes += before != '\r';
		at++;
	}
	if (bytes.n > 0) {
		growth->last = bytes.p[bytes.n - 1];
		growth->any = true;
	}
}

static uint64_t growth_end(const struct growth *growth)
{
	return growth->bytes + (growth->any && growth->last != '\n' ? 2 : 0);
}

uint64_t store_content_growth(struct span bytes)
{
	struct growth growth = {0};

	growth_piece(&growth, bytes);
	return growth_end(&growth);
}

/* --- of many contents
 * --------------------------------------------------------------------------------------------------------- */

struct identify {
	const uint64_t *blobs;
	size_t count;
	struct store_identity *identities;
	size_t uncounted; /* the growth of so many is not known: it says UINT32_MAX */
};

static enum store_status identify_tx(struct store_tx *tx, void *arg)
{
	struct identify *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_identity, &stmt);
	bool is_row = false;

	job->uncounted = 0;
	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		struct store_identity *to = &job->identities[i];

		*to = (struct store_identity){0};
		sql_bind_u64(stmt, 1, job->blobs[i]);
		if ((status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
			struct span hash = sql_span(stmt, 0);
			int64_t growth = sql_i64(stmt, 1);

			memcpy(to->digest, hash.p, hash.n < STORE_DIGEST_BYTES ? hash.n : STORE_DIGEST_BYTES);
			to->growth = growth < 0 ? UINT32_MAX : (uint32_t)growth;
			job->uncounted += growth < 0;
		}
		sql_reset(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* What a store of an older version has not counted. */
static enum store_status count_growth(struct store *store, uint64_t id, uint32_t *growth_r)
{
	struct store_blob *blob = NULL;
	struct growth growth = {0};
	char *piece = alloc_bytes(READ_BYTES);
	size_t got = 1;
	enum store_status status = store_blob_open(store, id, &blob);

	for (uint64_t at = 0; status == STORE_OK && got > 0; at += got)
		if ((status = store_blob_read(blob, at, piece, READ_BYTES, &got)) == STORE_OK)
			growth_piece(&growth, span_from(piece, got));
	store_blob_close(&blob);
	free(piece);
	*growth_r = (uint32_t)growth_end(&growth);
	return status;
}

static enum store_status keep_tx(struct store_tx *tx, void *arg)
{
	const struct identify *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_set_growth, &stmt);

	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		sql_bind_u64(stmt, 1, job->identities[i].growth);
		sql_bind_u64(stmt, 2, job->blobs[i]);
		status = sql_run(stmt);
		sql_reset(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_content_identify(struct store *store, const uint64_t *blobs, size_t count,
					 struct store_identity *identities)
{
	struct identify job = {.blobs = blobs, .count = count, .identities = identities};
	enum store_status status = store_read(store, identify_tx, &job);

	if (status != STORE_OK || job.uncounted == 0)
		return status;
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		if (identities[i].growth == UINT32_MAX)
			status = count_growth(store, blobs[i], &identities[i].growth);
	if (status == STORE_OK)
		(void)store_write(store, keep_tx, &job); /* else they are counted again next time */
	return status;
}

/* Threads may do the same work side by side: the first array stays. */
enum store_status store_snapshot_identify(struct store *store, struct store_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->chunk_count; i++) {
		struct store_chunk *chunk = snapshot->chunks[i];
		struct store_identity *made, *expected = NULL;
		enum store_status status;

		if (atomic_load(&chunk->identities) != NULL)
			continue;
		made = alloc_bytes(chunk->count * sizeof *made);
		status = store_content_identify(store, chunk->blob, chunk->count, made);
		if (status != STORE_OK || !atomic_compare_exchange_strong(&chunk->identities, &expected, made))
			free(made);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

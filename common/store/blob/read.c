/* Reading the bytes of a content, wherever they lie. */
#include "common/store/blob/file.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/fault.h"
#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct store_blob {
	struct store *store;
	uint64_t id, size;
	enum blob_place place;
	unsigned char hash[BLOB_HASH_BYTES];
	struct buf memory; /* of an inline blob; of BLOB_CHUNKS the chunk that was read last */
	uint64_t chunk;    /* its number plus one; 0: none yet */
	int fd;
};

static const char sql_row[] = "SELECT size, place, hash FROM blob WHERE id = ?";
static const char sql_chunk[] = "SELECT data FROM blob_data WHERE id = ?";

struct chunk_job {
	struct store_blob *blob;
	uint64_t number;
};

static enum store_status chunk_tx(struct store_tx *tx, void *arg)
{
	struct chunk_job *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_chunk, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->blob->id << 20 | (job->number + (job->blob->place == BLOB_CHUNKS)));
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		job->blob->memory.n = 0;
		buf_span(&job->blob->memory, sql_span(stmt, 0));
		job->blob->chunk = job->number + 1;
	} else if (status == STORE_NOT_FOUND) {
		status = store_fail(tx, STORE_BROKEN, "content %llu: chunk %llu is missing",
				    (unsigned long long)job->blob->id, (unsigned long long)job->number);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status row_tx(struct store_tx *tx, void *arg)
{
	struct store_blob *blob = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_row, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, blob->id);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		blob->size = sql_u64(stmt, 0);
		blob->place = (enum blob_place)sql_u64(stmt, 1);
		if (sql_span(stmt, 2).n == BLOB_HASH_BYTES)
			memcpy(blob->hash, sql_span(stmt, 2).p, BLOB_HASH_BYTES);
	}
	sql_stmt_free(&stmt);
	if (status == STORE_NOT_FOUND)
		return store_fail(tx, STORE_BROKEN, "content %llu has no row", (unsigned long long)blob->id);
	if (status == STORE_OK && blob->place == BLOB_INLINE)
		status = chunk_tx(tx, &(struct chunk_job){.blob = blob});
	if (status == STORE_OK && blob->place == BLOB_INLINE && blob->memory.n != blob->size)
		return store_fail(tx, STORE_BROKEN, "content %llu has %zu bytes and must have %llu",
				  (unsigned long long)blob->id, blob->memory.n, (unsigned long long)blob->size);
	return status;
}

static enum store_status open_file(struct store_blob *blob)
{
	struct buf path = {0};
	struct stat st;
	enum store_status status = STORE_OK;

	blob_file_path(blob->store, blob->hash, &path);
	blob->fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (blob->fd < 0 || fstat(blob->fd, &st) != 0 || (uint64_t)st.st_size != blob->size) {
		log_error(NULL, "content %llu: %s: %s", (unsigned long long)blob->id, path.p,
			  blob->fd < 0 ? strerror(errno) : "the size is wrong");
		status = STORE_BROKEN;
	}
	buf_done(&path);
	return status;
}

enum store_status store_blob_open(struct store *store, uint64_t id, struct store_blob **blob_r)
{
	struct store_blob *blob = alloc_zero(1, sizeof *blob);
	enum store_status status;

	blob->store = store;
	blob->id = id;
	blob->fd = -1;
	status = store_read(store, row_tx, blob);
	if (status == STORE_OK && fault_strikes(FAULT_BLOB_MISSING))
		status = STORE_BROKEN;
	if (status == STORE_OK && blob->place == BLOB_FILE)
		status = open_file(blob);
	*blob_r = blob;
	if (status != STORE_OK)
		store_blob_close(blob_r);
	return status;
}

uint64_t store_blob_size(const struct store_blob *blob)
{
	return blob->size;
}

int store_blob_fd(const struct store_blob *blob)
{
	return blob->fd;
}

static enum store_status read_memory(struct store_blob *blob, uint64_t offset, void *to, size_t n, size_t *got_r)
{
	struct span piece;
	enum store_status status = STORE_OK;

	if (blob->place == BLOB_CHUNKS) {
		uint64_t number = offset / BLOB_CHUNK_BYTES;

		if (blob->chunk != number + 1)
			status = store_read(blob->store, chunk_tx, &(struct chunk_job){.blob = blob, .number = number});
		offset %= BLOB_CHUNK_BYTES;
	}
	if (status != STORE_OK)
		return status;
	piece = span_sub(buf_view(&blob->memory), (size_t)offset, n);
	if (piece.n == 0) {
		log_error(NULL, "content %llu: it is shorter than its row says", (unsigned long long)blob->id);
		return STORE_BROKEN;
	}
	memcpy(to, piece.p, piece.n);
	*got_r = piece.n;
	return STORE_OK;
}

enum store_status store_blob_read(struct store_blob *blob, uint64_t offset, void *to, size_t n, size_t *got_r)
{
	ssize_t got;

	*got_r = 0;
	if (offset >= blob->size || n == 0)
		return STORE_OK;
	if (blob->fd < 0)
		return read_memory(blob, offset, to, n, got_r);
	do {
		got = pread(blob->fd, to, n, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		log_error(NULL, "content %llu: cannot read: %s", (unsigned long long)blob->id,
			  got < 0 ? strerror(errno) : "it is shorter than its row says");
		return STORE_BROKEN;
	}
	*got_r = (size_t)got;
	return STORE_OK;
}

void store_blob_close(struct store_blob **blob)
{
	if (*blob == NULL)
		return;
	if ((*blob)->fd >= 0)
		close((*blob)->fd);
	buf_done(&(*blob)->memory);
	free(*blob);
	*blob = NULL;
}

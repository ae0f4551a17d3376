/* Removing contents that nobody refers to, and files that belong to nobody.
 *
 * A file is unlinked inside the write transaction that knows it to be unwanted, before that commits. blob_add() looks
 * for the file inside its own write transaction, so one of two is true for it: the file is there and stays, or it is
 * gone and the caller prepares it again. Where the commit fails or the power goes, a row without references is left
 * whose file is missing: the next collection removes it, and a message with that content brings the file back. */
#include "common/store/blob/collect.h"
#include "common/base/log.h"
#include "common/store/blob/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 64 }; /* contents or files a transaction: others wait meanwhile */

static const char sql_unwanted[] =
	"SELECT id, hash, size, place FROM blob WHERE freed_at > 0 AND freed_at <= ? AND refs = 0"
	" LIMIT ?";
static const char sql_delete_blob[] = "DELETE FROM blob WHERE id = ?";
static const char sql_delete_data[] = "DELETE FROM blob_data WHERE id BETWEEN ? << 20 AND ((? + 1) << 20) - 1";
static const char sql_delete_head[] = "DELETE FROM content_head WHERE id = ?";
static const char sql_delete_text[] = "DELETE FROM content_text WHERE id = ?";
static const char sql_is_named[] = "SELECT 1 FROM blob WHERE hash = ? AND place = ?";

/* --- rows ------------------------------------------------------------------------------------------------------------
 */

struct unwanted {
	uint64_t id, size;
	enum blob_place place;
	unsigned char hash[BLOB_HASH_BYTES];
};

struct collect_rows {
	int64_t before;
	size_t count;
	uint64_t bytes;
};

static enum store_status find_unwanted(struct store_tx *tx, int64_t before, struct unwanted list[BATCH],
				       size_t *count_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_unwanted, &stmt);
	bool is_row = false;

	*count_r = 0;
	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, before);
		sql_bind_u64(stmt, 2, BATCH);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		struct unwanted *one = &list[(*count_r)++];
		struct span hash = sql_span(stmt, 1);

		*one = (struct unwanted){
			.id = sql_u64(stmt, 0), .size = sql_u64(stmt, 2), .place = (enum blob_place)sql_u64(stmt, 3)};
		if (hash.n == BLOB_HASH_BYTES)
			memcpy(one->hash, hash.p, hash.n);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status run_for(struct store_tx *tx, const char *sql, int parameters, uint64_t blob)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		for (int i = 1; i <= parameters; i++)
			sql_bind_u64(stmt, i, blob);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status remove_one(struct store_tx *tx, const struct unwanted *one)
{
	struct buf path = {0};
	enum store_status status;

	if ((status = run_for(tx, sql_delete_blob, 1, one->id)) != STORE_OK ||
	    (status = run_for(tx, sql_delete_head, 1, one->id)) != STORE_OK ||
	    (status = run_for(tx, sql_delete_text, 1, one->id)) != STORE_OK ||
	    (status = run_for(tx, sql_delete_data, 2, one->id)) != STORE_OK || one->place != BLOB_FILE)
		return status;
	blob_file_path(tx->store, one->hash, &path);
	if (unlink(path.p) != 0 && errno != ENOENT)
		status = store_fail(tx, STORE_BROKEN, "cannot remove %s: %s", path.p, strerror(errno));
	buf_done(&path);
	return status;
}

static enum store_status collect_rows_tx(struct store_tx *tx, void *arg)
{
	struct collect_rows *job = arg;
	struct unwanted list[BATCH];
	enum store_status status = find_unwanted(tx, job->before, list, &job->count);

	job->bytes = 0;
	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		status = remove_one(tx, &list[i]);
		job->bytes += list[i].size;
	}
	return status;
}

enum store_status blob_collect_rows(struct store *store, int64_t before, struct store_collected *collected)
{
	struct collect_rows job = {.before = before, .count = BATCH};
	enum store_status status = STORE_OK;

	while (status == STORE_OK && job.count == BATCH) {
		if ((status = store_write(store, collect_rows_tx, &job)) != STORE_OK)
			break;
		collected->blobs += job.count;
		collected->bytes += job.bytes;
	}
	return status;
}

/* --- files -----------------------------------------------------------------------------------------------------------
 */

struct file_entry {
	unsigned char hash[BLOB_HASH_BYTES];
	uint64_t size;
};

struct collect_files {
	int64_t before;
	struct store_collected *collected;
	struct file_entry list[BATCH]; /* of the folders that were read, those that are old and perhaps unwanted */
	size_t count;
	size_t removed;
	uint64_t bytes;
};

static bool hash_from_name(const char *name, unsigned char hash[BLOB_HASH_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(name) != 2 * BLOB_HASH_BYTES)
		return false;
	for (size_t i = 0; i < BLOB_HASH_BYTES; i++) {
		const char *high = strchr(digits, name[2 * i]), *low = strchr(digits, name[2 * i + 1]);

		if (high == NULL || low == NULL)
			return false;
		hash[i] = (unsigned char)((high - digits) << 4 | (low - digits));
	}
	return true;
}

static enum store_status is_named(struct store_tx *tx, const struct file_entry *file, bool *is_named_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_is_named, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, span_from(file->hash, BLOB_HASH_BYTES));
		sql_bind_u64(stmt, 2, BLOB_FILE);
		status = sql_step_one(stmt);
	}
	*is_named_r = status == STORE_OK;
	sql_stmt_free(&stmt);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/* In a read: leaves out of the list what a row names. */
static enum store_status sift_tx(struct store_tx *tx, void *arg)
{
	struct collect_files *job = arg;
	size_t kept = 0;

	for (size_t i = 0; i < job->count; i++) {
		bool named;
		enum store_status status = is_named(tx, &job->list[i], &named);

		if (status != STORE_OK)
			return status;
		if (!named)
			job->list[kept++] = job->list[i];
	}
	job->count = kept;
	return STORE_OK;
}

static enum store_status unlink_tx(struct store_tx *tx, void *arg)
{
	struct collect_files *job = arg;
	enum store_status status = STORE_OK;

	job->removed = 0;
	job->bytes = 0;
	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		struct buf path = {0};
		bool named;

		if ((status = is_named(tx, &job->list[i], &named)) != STORE_OK || named)
			continue;
		blob_file_path(tx->store, job->list[i].hash, &path);
		if (unlink(path.p) == 0) {
			job->removed++;
			job->bytes += job->list[i].size;
		} else if (errno != ENOENT) {
			status = store_fail(tx, STORE_BROKEN, "cannot remove %s: %s", path.p, strerror(errno));
		}
		buf_done(&path);
	}
	return status;
}

static enum store_status flush(struct store *store, struct collect_files *job)
{
	enum store_status status = STORE_OK;

	if (job->count > 0)
		status = store_read(store, sift_tx, job);
	if (status == STORE_OK && job->count > 0 && (status = store_write(store, unlink_tx, job)) == STORE_OK) {
		job->collected->blobs += job->removed;
		job->collected->bytes += job->bytes;
	}
	job->count = 0;
	return status;
}

/* What is done with each entry of a folder. */
typedef enum store_status entry_fn(struct store *store, struct collect_files *job, int folder, const char *name);

static enum store_status for_each_entry(struct store *store, struct collect_files *job, int above, const char *name,
					entry_fn *fn)
{
	int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	enum store_status status = STORE_OK;

	if (dir == NULL) {
		log_error(NULL, "store %s: cannot read the folder %s: %s", store_folder(store), name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return STORE_BROKEN;
	}
	while (status == STORE_OK && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			status = fn(store, job, dirfd(dir), entry->d_name);
	closedir(dir);
	return status;
}

static bool is_old_file(const struct collect_files *job, int folder, const char *name, struct stat *st)
{
	return fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode) &&
	       (int64_t)st->st_mtim.tv_sec <= job->before;
}

static enum store_status on_temporary(struct store *store, struct collect_files *job, int folder, const char *name)
{
	struct stat st;

	if (is_old_file(job, folder, name, &st) && unlinkat(folder, name, 0) != 0 && errno != ENOENT)
		log_warning(NULL, "store %s: cannot remove tmp/%s: %s", store_folder(store), name, strerror(errno));
	return STORE_OK;
}

static enum store_status on_blob_file(struct store *store, struct collect_files *job, int folder, const char *name)
{
	struct file_entry *file = &job->list[job->count];
	struct stat st;

	if (!hash_from_name(name, file->hash) || !is_old_file(job, folder, name, &st))
		return STORE_OK;
	file->size = (uint64_t)st.st_size;
	return ++job->count == BATCH ? flush(store, job) : STORE_OK;
}

static enum store_status on_second_level(struct store *store, struct collect_files *job, int folder, const char *name)
{
	return strlen(name) == 2 ? for_each_entry(store, job, folder, name, on_blob_file) : STORE_OK;
}

static enum store_status on_first_level(struct store *store, struct collect_files *job, int folder, const char *name)
{
	return strlen(name) == 2 ? for_each_entry(store, job, folder, name, on_second_level) : STORE_OK;
}

enum store_status blob_collect_files(struct store *store, int64_t before, struct store_collected *collected)
{
	struct collect_files job = {.before = before, .collected = collected};
	int folder = open(store_folder(store), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum store_status status;

	if (folder < 0) {
		log_error(NULL, "store %s: cannot be read: %s", store_folder(store), strerror(errno));
		return STORE_BROKEN;
	}
	status = for_each_entry(store, &job, folder, "tmp", on_temporary);
	if (status == STORE_OK)
		status = for_each_entry(store, &job, folder, "blobs", on_first_level);
	if (status == STORE_OK)
		status = flush(store, &job);
	close(folder);
	return status;
}

/* Checking contents: bytes that are there with the right size and hash, and data derived from them. */
#include "common/base/alloc.h"
#include "common/store/blob/blob.h"
#include "common/store/blob/file.h"
#include "common/store/check_private.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char sql_wanted[] = "SELECT id FROM blob WHERE refs > 0 AND id > ? ORDER BY id";
/* Those that must be looked at one by one though their bytes are not read: files, and where something is wrong. */
static const char sql_suspect[] =
	"SELECT b.id FROM blob b LEFT JOIN content_head h ON h.id = b.id LEFT JOIN content_text t ON t.id = b.id"
	" LEFT JOIN blob_data d ON d.id = b.id << 20"
	" WHERE b.refs > 0 AND (b.place <> 1 OR d.id IS NULL OR length(d.data) <> b.size"
	" OR ((t.id IS NULL OR h.id IS NULL OR h.version < ?) AND b.id IN (SELECT blob FROM message))) ORDER BY b.id";
/* Messages' contents without what is derived from messages. */
static const char sql_underived[] =
	"SELECT b.id FROM blob b LEFT JOIN content_head h ON h.id = b.id LEFT JOIN content_text t ON t.id = b.id"
	" WHERE b.refs > 0 AND (t.id IS NULL OR h.id IS NULL OR h.version < ?) AND b.id IN (SELECT blob FROM message)"
	" ORDER BY b.id";
static const char sql_row[] = "SELECT hash FROM blob WHERE id = ?";
static const char sql_delete_head[] = "DELETE FROM content_head WHERE id = ?";
static const char sql_delete_text[] = "DELETE FROM content_text WHERE id = ?";
static const char sql_stray[] = "SELECT (SELECT COUNT(*) FROM content_head WHERE id NOT IN (SELECT id FROM blob))"
				" + (SELECT COUNT(*) FROM content_text WHERE id NOT IN (SELECT id FROM blob))"
				" + (SELECT COUNT(*) FROM blob_data WHERE id >> 20 NOT IN (SELECT id FROM blob))";
static const char sql_drop_head[] = "DELETE FROM content_head WHERE id NOT IN (SELECT id FROM blob)";
static const char sql_drop_text[] = "DELETE FROM content_text WHERE id NOT IN (SELECT id FROM blob)";
static const char sql_drop_data[] = "DELETE FROM blob_data WHERE id >> 20 NOT IN (SELECT id FROM blob)";

enum { READ_BYTES = 262144 };

struct content {
	struct check *check;
	uint64_t id;
	unsigned char hash[BLOB_HASH_BYTES];
	bool is_there, is_derived; /* its row; nothing derived is missing */
	struct buf bytes;          /* all of them, where they are needed */
	struct store_derived derived;
};

static enum store_status row_tx(struct store_tx *tx, void *arg)
{
	struct content *content = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_row, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, content->id);
		status = sql_step_one(stmt);
	}
	content->is_there = status == STORE_OK;
	if (content->is_there) {
		struct span hash = sql_span(stmt, 0);

		if (hash.n == BLOB_HASH_BYTES)
			memcpy(content->hash, hash.p, hash.n);
	}
	sql_stmt_free(&stmt);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/* Reads all bytes through the digest, and keeps them where `keep`. */
static enum store_status digest_all(struct store_blob *blob, struct content *content, bool keep,
				    unsigned char hash[BLOB_HASH_BYTES])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	char *piece = alloc_bytes(READ_BYTES);
	enum store_status status = STORE_OK;
	uint64_t offset = 0;
	size_t got = 1;

	(void)EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	while (status == STORE_OK && got > 0) {
		status = store_blob_read(blob, offset, piece, READ_BYTES, &got);
		(void)EVP_DigestUpdate(digest, piece, got);
		if (keep)
			buf_bytes(&content->bytes, piece, got);
		offset += got;
	}
	(void)EVP_DigestFinal_ex(digest, hash, NULL);
	EVP_MD_CTX_free(digest);
	free(piece);
	return status;
}

/* Are the bytes there, and right? They are kept where they are needed to derive from. */
static bool check_bytes(struct content *content)
{
	struct check *check = content->check;
	bool keep = !content->is_derived && check->options->repair && check->options->derive != NULL;
	unsigned char hash[BLOB_HASH_BYTES];
	struct store_blob *blob = NULL;
	enum store_status status = store_blob_open(check->store, content->id, &blob);

	if (status == STORE_OK && (keep || !check->options->skip_content)) {
		status = digest_all(blob, content, keep, hash);
		if (status == STORE_OK && memcmp(hash, content->hash, sizeof hash) != 0) {
			(void)check_found(check, false, "blob-hash",
					  "content %llu: the bytes are not those that were stored",
					  (unsigned long long)content->id);
			store_blob_close(&blob);
			return false;
		}
	}
	if (status != STORE_OK)
		(void)check_found(check, false, "blob-missing", "content %llu: the bytes cannot be read",
				  (unsigned long long)content->id);
	store_blob_close(&blob);
	return status == STORE_OK;
}

static enum store_status derived_tx(struct store_tx *tx, void *arg)
{
	const struct content *content = arg;
	enum store_status status;

	(void)check_found(content->check, true, "derived", "content %llu: its derived data is missing or old",
			  (unsigned long long)content->id);
	if ((status = check_run(tx, sql_delete_head, &content->id, 1)) != STORE_OK ||
	    (status = check_run(tx, sql_delete_text, &content->id, 1)) != STORE_OK)
		return status;
	return blob_insert_derived(tx, content->id, &content->derived);
}

static enum store_status check_derived(struct content *content, bool has_bytes)
{
	const struct store_check *options = content->check->options;
	struct arena *arena;
	enum store_status status;

	if (content->is_derived)
		return STORE_OK;
	if (!has_bytes || !options->repair || options->derive == NULL) {
		(void)check_found(content->check, false, "derived", "content %llu: its derived data is missing or old",
				  (unsigned long long)content->id);
		return STORE_OK;
	}
	check_tell(content->check); /* the step begins with an empty list */
	arena = arena_create();
	options->derive(buf_view(&content->bytes), arena, &content->derived);
	status = check_step(content->check, derived_tx, content);
	arena_destroy(&arena);
	return status;
}

static enum store_status check_one(struct check *check, uint64_t id, bool is_derived)
{
	struct content content = {.check = check, .id = id, .is_derived = is_derived};
	enum store_status status = store_read(check->store, row_tx, &content);

	if (status == STORE_OK && content.is_there)
		status = check_derived(&content, check_bytes(&content));
	check_tell(check);
	buf_done(&content.bytes);
	return status;
}

static enum store_status stray_tx(struct store_tx *tx, void *arg)
{
	struct sql_stmt *stmt = NULL;
	uint64_t count = 0;
	enum store_status status = sql_prepare(tx->db, sql_stray, &stmt);

	if (status == STORE_OK && (status = sql_step_one(stmt)) == STORE_OK)
		count = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	if (status != STORE_OK || count == 0 ||
	    !check_found(arg, true, "stray", "%llu rows of contents that do not exist", (unsigned long long)count))
		return status;
	if ((status = check_run(tx, sql_drop_head, NULL, 0)) == STORE_OK &&
	    (status = check_run(tx, sql_drop_text, NULL, 0)) == STORE_OK)
		status = check_run(tx, sql_drop_data, NULL, 0);
	return status;
}

/* Contents without references are left to the collector: their files may be gone already (blob/collect.c). */
enum store_status check_contents(struct check *check)
{
	struct check_ids ids = {0}, underived;
	unsigned version = check->options->derived_version;
	enum store_status status = check_ids_read(check->store, sql_underived, version, &underived);
	size_t at = 0;

	if (status == STORE_OK)
		status = check->options->skip_content ? check_ids_read(check->store, sql_suspect, version, &ids)
						      : check_ids_read(check->store, sql_wanted, 0, &ids);
	for (size_t i = 0; i < ids.count && status == STORE_OK; i++) {
		while (at < underived.count && underived.list[at] < ids.list[i])
			at++;
		status = check_one(check, ids.list[i], at == underived.count || underived.list[at] != ids.list[i]);
	}
	free(underived.list);
	free(ids.list);
	return status == STORE_OK ? check_step(check, stray_tx, check) : status;
}

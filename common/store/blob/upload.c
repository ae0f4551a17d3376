/* Taking bytes as they arrive, and preparing them for a transaction. Small ones stay in memory, large ones go to a
 * temporary file that becomes the blob's file. */
#include "common/store/blob/file.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/base/must.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct store_upload {
	struct store *store;
	uint64_t max, size;
	struct buf memory;
	int fd;          /* -1: in memory */
	struct buf path; /* of the temporary file; empty once it is placed */
	EVP_MD_CTX *digest;
	unsigned char hash[BLOB_HASH_BYTES];
	bool is_finished;
	void *map;
};

static enum blob_place place_for(struct store *store, uint64_t size)
{
	const struct store_options *options = store_options_of(store);

	if (size <= options->blob_inline_max)
		return BLOB_INLINE;
	return options->blob_in_database ? BLOB_CHUNKS : BLOB_FILE;
}

enum store_status store_upload_open(struct store *store, uint64_t size, struct store_upload **upload_r)
{
	struct store_upload *upload = alloc_zero(1, sizeof *upload);
	enum store_status status = STORE_OK;

	upload->store = store;
	upload->max = size;
	upload->fd = -1;
	upload->digest = EVP_MD_CTX_new();
	must(upload->digest != NULL);
	(void)EVP_DigestInit_ex(upload->digest, EVP_sha256(), NULL);
	if (size > store_options_of(store)->blob_inline_max)
		status = blob_file_temporary(store, &upload->path, &upload->fd);
	*upload_r = upload;
	if (status != STORE_OK)
		store_upload_close(upload_r);
	return status;
}

enum store_status store_upload_write(struct store_upload *upload, struct span bytes)
{
	must(!upload->is_finished && bytes.n <= upload->max - upload->size);
	upload->size += bytes.n;
	(void)EVP_DigestUpdate(upload->digest, bytes.p, bytes.n);
	if (upload->fd >= 0)
		return blob_file_write(upload->fd, bytes);
	buf_span(&upload->memory, bytes);
	return STORE_OK;
}

static struct span view(const struct store_upload *upload)
{
	return upload->fd < 0 ? buf_view(&upload->memory) : span_from(upload->map, (size_t)upload->size);
}

enum store_status store_upload_finish(struct store_upload *upload, struct span *bytes_r)
{
	if (!upload->is_finished) {
		if (upload->fd >= 0 && upload->size > 0) {
			void *map = mmap(NULL, (size_t)upload->size, PROT_READ, MAP_SHARED, upload->fd, 0);

			if (map == MAP_FAILED) {
				log_error(NULL, "upload: cannot map %s: %s", upload->path.p, strerror(errno));
				return STORE_BROKEN;
			}
			upload->map = map;
		}
		(void)EVP_DigestFinal_ex(upload->digest, upload->hash, NULL);
		upload->is_finished = true;
	}
	*bytes_r = view(upload);
	return STORE_OK;
}

void store_upload_close(struct store_upload **upload)
{
	struct store_upload *u = *upload;

	if (u == NULL)
		return;
	if (u->map != NULL)
		(void)munmap(u->map, (size_t)u->size);
	if (u->fd >= 0)
		close(u->fd);
	if (u->path.n > 0)
		(void)unlink(buf_cstr(&u->path));
	buf_done(&u->path);
	buf_done(&u->memory);
	EVP_MD_CTX_free(u->digest);
	free(u);
	*upload = NULL;
}

enum store_status blob_prepare(struct store *store, struct span bytes, struct blob_prepared *prepared_r)
{
	struct buf path = {0};
	enum store_status status;
	int fd;

	*prepared_r = (struct blob_prepared){.size = bytes.n,
					     .growth = store_content_growth(bytes),
					     .place = place_for(store, bytes.n),
					     .bytes = bytes};
	blob_hash(bytes, prepared_r->hash);
	if (prepared_r->place != BLOB_FILE)
		return STORE_OK;
	if (blob_file_is_there(store, prepared_r->hash, bytes.n))
		return blob_file_sync(store, prepared_r->hash);
	if ((status = blob_file_temporary(store, &path, &fd)) == STORE_OK) {
		if ((status = blob_file_write(fd, bytes)) == STORE_OK)
			status = blob_file_place(store, fd, path.p, prepared_r->hash);
		close(fd);
		if (status != STORE_OK)
			(void)unlink(path.p);
	}
	buf_done(&path);
	return status;
}

enum store_status blob_prepare_upload(struct store *store, struct store_upload *upload,
				      struct blob_prepared *prepared_r)
{
	struct span bytes;
	enum store_status status = store_upload_finish(upload, &bytes);

	if (status != STORE_OK)
		return status;
	*prepared_r = (struct blob_prepared){.size = upload->size,
					     .growth = store_content_growth(bytes),
					     .place = place_for(store, upload->size),
					     .bytes = bytes};
	memcpy(prepared_r->hash, upload->hash, BLOB_HASH_BYTES);
	if (prepared_r->place != BLOB_FILE)
		return STORE_OK;
	if (blob_file_is_there(store, upload->hash, upload->size))
		return blob_file_sync(store, upload->hash);
	if (upload->path.n == 0) /* placed once, and collected meanwhile */
		return blob_prepare(store, bytes, prepared_r);
	status = blob_file_place(store, upload->fd, upload->path.p, upload->hash);
	if (status == STORE_OK)
		buf_done(&upload->path);
	return status;
}

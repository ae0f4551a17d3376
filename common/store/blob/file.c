/* Files that are durable before a row names them (DESIGN.md, invariant 5). */
#include "common/store/blob/file.h"
#include "common/base/buf.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void blob_hash(struct span bytes, unsigned char hash[BLOB_HASH_BYTES])
{
	unsigned n = BLOB_HASH_BYTES;

	(void)EVP_Digest(bytes.p, bytes.n, hash, &n, EVP_sha256(), NULL);
}

static void add_hex(struct buf *path, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(path, "%02x", bytes[i]);
}

void blob_file_path(struct store *store, const unsigned char hash[BLOB_HASH_BYTES], struct buf *path)
{
	buf_printf(path, "%s/blobs/%02x/%02x/", store_folder(store), hash[0], hash[1]);
	add_hex(path, hash, BLOB_HASH_BYTES);
	(void)buf_cstr(path);
}

static enum store_status failed(const char *what, const char *path)
{
	int error = errno;

	log_error(NULL, "blob: %s %s: %s", what, path, strerror(error));
	return error == ENOSPC || error == EDQUOT ? STORE_NO_SPACE : STORE_BROKEN;
}

enum store_status blob_file_temporary(struct store *store, struct buf *path, int *fd_r)
{
	buf_printf(path, "%s/tmp/%016llx", store_folder(store), (unsigned long long)random_u64());
	*fd_r = open(buf_cstr(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return *fd_r < 0 ? failed("cannot make", path->p) : STORE_OK;
}

enum store_status blob_file_write(int fd, struct span bytes)
{
	if (fault_strikes(FAULT_BLOB_FULL))
		return STORE_NO_SPACE;
	if (fault_strikes(FAULT_BLOB_BROKEN))
		return STORE_BROKEN;
	while (bytes.n > 0) {
		ssize_t took = write(fd, bytes.p, bytes.n);

		if (took < 0 && errno == EINTR)
			continue;
		if (took < 0)
			return failed("cannot write", "");
		bytes = span_sub(bytes, (size_t)took, SIZE_MAX);
	}
	return STORE_OK;
}

static enum store_status sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum store_status status = STORE_OK;

	if (fd < 0 || fsync(fd) != 0)
		status = failed("cannot sync", path);
	if (fd >= 0)
		close(fd);
	return status;
}

/* The two levels of folders above a file, each durable in the one above it. */
static enum store_status make_folders(struct store *store, const unsigned char hash[BLOB_HASH_BYTES])
{
	struct buf path = {0};
	enum store_status status = STORE_OK;

	buf_printf(&path, "%s/blobs", store_folder(store));
	for (int level = 0; level < 2 && status == STORE_OK; level++) {
		size_t above = path.n;

		buf_printf(&path, "/%02x", hash[level]);
		if (mkdir(buf_cstr(&path), 0700) != 0) {
			if (errno != EEXIST)
				status = failed("cannot make", path.p);
			continue;
		}
		path.p[above] = '\0';
		status = sync_folder(path.p);
		path.p[above] = '/';
	}
	buf_done(&path);
	return status;
}

enum store_status blob_file_sync(struct store *store, const unsigned char hash[BLOB_HASH_BYTES])
{
	struct buf path = {0};
	enum store_status status;

	blob_file_path(store, hash, &path);
	*strrchr(path.p, '/') = '\0';
	status = sync_folder(path.p);
	buf_done(&path);
	return status;
}

enum store_status blob_file_place(struct store *store, int fd, const char *temporary,
				  const unsigned char hash[BLOB_HASH_BYTES])
{
	struct buf path = {0};
	enum store_status status;

	if (fdatasync(fd) != 0)
		return failed("cannot sync", temporary);
	if ((status = make_folders(store, hash)) != STORE_OK)
		return status;
	blob_file_path(store, hash, &path);
	status = rename(temporary, path.p) == 0 ? blob_file_sync(store, hash) : failed("cannot place", path.p);
	buf_done(&path);
	return status;
}

bool blob_file_is_there(struct store *store, const unsigned char hash[BLOB_HASH_BYTES], uint64_t size)
{
	struct buf path = {0};
	struct stat st;
	bool is_there;

	blob_file_path(store, hash, &path);
	is_there = stat(path.p, &st) == 0 && (uint64_t)st.st_size == size;
	buf_done(&path);
	return is_there;
}

/* Blobs as files: blobs/ab/cd/HASH below the store's folder, written to tmp/ first. Only common/store/blob includes
 * this. */
#ifndef STORE_BLOB_FILE_H
#define STORE_BLOB_FILE_H

#include "common/base/buf.h"
#include "common/store/blob/blob.h"

/* The path of the file with this hash, as a C string in path. */
void blob_file_path(struct store *store, const unsigned char hash[BLOB_HASH_BYTES], struct buf *path);
/* A new file in tmp/, open for reading and writing; its path in path. */
enum store_status blob_file_temporary(struct store *store, struct buf *path, int *fd_r);
enum store_status blob_file_write(int fd, struct span bytes);
/* Makes a complete temporary file durable under its hash: fdatasync, rename, fsync of the folders. */
enum store_status blob_file_place(struct store *store, int fd, const char *temporary,
				  const unsigned char hash[BLOB_HASH_BYTES]);
/* Makes durable that a file which somebody else has placed is there. */
enum store_status blob_file_sync(struct store *store, const unsigned char hash[BLOB_HASH_BYTES]);
bool blob_file_is_there(struct store *store, const unsigned char hash[BLOB_HASH_BYTES], uint64_t size);

void blob_hash(struct span bytes, unsigned char hash[BLOB_HASH_BYTES]);

#endif

/* Where the bytes of contents lie: in the database or as files named by their hash (DESIGN.md, invariant 5). Only
 * common/store includes this. */
#ifndef STORE_BLOB_BLOB_H
#define STORE_BLOB_BLOB_H

#include "common/store/content.h"
#include "common/store/store_private.h"

enum blob_place { BLOB_INLINE = 1, BLOB_CHUNKS = 2, BLOB_FILE = 3 };
enum { BLOB_HASH_BYTES = 32, BLOB_CHUNK_BYTES = 262144 };

/* Before the transaction: hashes the bytes and, where they belong into a file, makes that durable (fdatasync of the
 * file and its folder). The result is given to blob_add() in the transaction. */
struct blob_prepared {
	unsigned char hash[BLOB_HASH_BYTES];
	uint64_t size, growth; /* growth: store_content_growth() */
	enum blob_place place;
	struct span bytes; /* to be written into the database, unless place is BLOB_FILE */
};
enum store_status blob_prepare(struct store *store, struct span bytes, struct blob_prepared *prepared_r);
enum store_status blob_prepare_upload(struct store *store, struct store_upload *upload,
				      struct blob_prepared *prepared_r);

/* In a transaction: the content with this hash gets one more reference; made if there is none, with its derived data
 * (NULL: it has none, since it is no message). A file that was collected between prepare and add is STORE_CONFLICT
 * (prepare again). */
enum store_status blob_add(struct store_tx *tx, const struct blob_prepared *prepared,
			   const struct store_derived *derived, uint64_t *blob_r);
/* The rows of derived data of a content that has none. */
enum store_status blob_insert_derived(struct store_tx *tx, uint64_t blob, const struct store_derived *derived);
enum store_status blob_refer(struct store_tx *tx, uint64_t blob,
			     int64_t more); /* adds to the reference count; at 0 freed_at is set */

#endif

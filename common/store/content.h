/* The content of messages: bytes, and what was derived from them once (DESIGN.md, invariants 4 and 5). Content is named
 * by a number (a row's blob); the same bytes have one, however many mailboxes hold them. Conventions: store.h. */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include "common/store/store.h"

/* Made by the mime layer, opaque to the store. */
struct store_derived {
	unsigned version;
	struct span header, envelope, bodystructure, parts;
	struct span header_text, body_text;
	bool body_text_is_partial;
	int64_t sent_at;
	int32_t sent_day;
};

enum store_content_part { /* bits: what a caller wants to see */
			  STORE_CONTENT_HEADER = 1,
			  STORE_CONTENT_ENVELOPE = 2,
			  STORE_CONTENT_STRUCTURE = 4, /* bodystructure and parts */
			  STORE_CONTENT_SENT = 8,      /* sent_at, sent_day */
			  STORE_CONTENT_HEADER_TEXT = 16,
			  STORE_CONTENT_BODY_TEXT = 32,
			  STORE_CONTENT_BYTES = 64, /* where they lie in the database as one piece */
};

struct store_content {
	uint64_t blob;
	uint64_t size;                /* of the bytes, where they are given */
	struct store_derived derived; /* the wanted parts; spans valid during the call only */
	struct span bytes; /* with STORE_CONTENT_BYTES: p is NULL where they must be read by store_blob_open() */
	bool is_missing;   /* no such content, or its derived data is damaged: nothing else is set */
};

/* Called for each, in the order asked for, inside one short read; false stops. It must not call the store. */
typedef bool store_content_fn(void *arg, size_t index, const struct store_content *content);

/* Goes over the contents of many messages: the fast path of FETCH and SEARCH. Asking in ascending order of blob
 * numbers, as a mailbox mostly has them, is fastest. */
enum store_status store_content_each(struct store *store, const uint64_t *blobs, size_t count, unsigned parts,
				     store_content_fn *fn, void *arg);

/* --- what content is, in few bytes
 * ------------------------------------------------------------------------------------------------------ */

enum { STORE_DIGEST_BYTES = 16 };
struct store_identity {
	unsigned char digest[STORE_DIGEST_BYTES]; /* the same for the same bytes, in every store */
	uint32_t growth;                          /* store_content_growth() of the bytes */
};

/* How many bytes longer the content is when every line ends with CRLF, the last one too. Any thread, does not wait. */
uint64_t store_content_growth(struct span bytes);

/* Of each of the contents; what is missing has a digest of zeros. */
enum store_status store_content_identify(struct store *store, const uint64_t *blobs, size_t count,
					 struct store_identity *identities);

/* --- reading the bytes
 * ---------------------------------------------------------------------------------------------------- */

struct store_blob; /* one thread at a time; stays readable though the message is removed meanwhile */
enum store_status store_blob_open(struct store *store, uint64_t blob, struct store_blob **blob_r);
uint64_t store_blob_size(const struct store_blob *blob);
/* Up to n bytes from offset; *got_r is 0 at the end only. */
enum store_status store_blob_read(struct store_blob *blob, uint64_t offset, void *to, size_t n, size_t *got_r);
int store_blob_fd(const struct store_blob *blob); /* of a plain file with the bytes from offset 0, or -1; borrowed */
void store_blob_close(struct store_blob **blob);  /* NULL is accepted */

/* --- taking bytes as they arrive
 * ------------------------------------------------------------------------------------------ */

struct store_upload; /* one thread at a time */
/* size: how many bytes will come, at most (they are bounded by the caller). */
enum store_status store_upload_open(struct store *store, uint64_t size, struct store_upload **upload_r);
enum store_status store_upload_write(struct store_upload *upload, struct span bytes);
/* All are there, and hashed. *bytes_r views them all (mapped), valid until the close. May be called again. */
enum store_status store_upload_finish(struct store_upload *upload, struct span *bytes_r);
void store_upload_close(
	struct store_upload **upload); /* what was not appended leaves nothing behind; NULL is accepted */

#endif

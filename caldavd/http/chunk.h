/* A body in chunks (RFC 9112, 7.1), as it arrives. Strict: only CRLF ends a line, sizes are plain hexadecimal,
 * extensions and trailer fields are bounded and disregarded. Whoever owns it, one thread at a time. */
#ifndef CALDAVD_HTTP_CHUNK_H
#define CALDAVD_HTTP_CHUNK_H

#include "common/base/buf.h"

enum { HTTP_CHUNK_LINE_MAX = 4096, HTTP_TRAILER_MAX = 16384 };

struct http_chunks {
	enum { HTTP_CHUNK_SIZE, HTTP_CHUNK_DATA, HTTP_CHUNK_DATA_END, HTTP_CHUNK_TRAILER, HTTP_CHUNK_DONE } state;
	uint64_t left;  /* bytes of the chunk still to come */
	size_t trailer; /* bytes of trailer fields that have come */
};

/* Takes what can be taken of in, and appends the content to out, which may grow to max bytes. *used_r: how many bytes
 * of in are used up. Returns 0 (see state), or the status of the refusal: 400, 413. */
unsigned http_chunks_take(struct http_chunks *chunks, struct span in, struct buf *out, size_t max, size_t *used_r);

#endif

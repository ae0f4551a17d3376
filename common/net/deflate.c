/* Compression of a connection in both directions (RFC 4978). */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	PIECE = 32768,
	INFLATE_MAX = 32 * 1024 * 1024, /* what one read of 16 KiB may at most become (deflate reaches 1032 to 1) */
};

struct deflate {
	z_stream out, in;
	struct buf compressed;
	size_t sent;
};

struct deflate *deflate_create(void)
{
	struct deflate *deflate = alloc_zero(1, sizeof *deflate);
	int rc;

	/* raw deflate, without zlib's header (4978, 3) */
	rc = deflateInit2(&deflate->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	must(rc == Z_OK);
	rc = inflateInit2(&deflate->in, -15);
	must(rc == Z_OK);
	return deflate;
}

void deflate_destroy(struct deflate **deflate)
{
	if (*deflate == NULL)
		return;
	deflateEnd(&(*deflate)->out);
	inflateEnd(&(*deflate)->in);
	buf_done(&(*deflate)->compressed);
	free(*deflate);
	*deflate = NULL;
}

bool deflate_out(struct deflate *stream, struct span plain)
{
	z_stream *z = &stream->out;

	z->next_in = (unsigned char *)plain.p; /* zlib does not write there */
	z->avail_in = (unsigned)plain.n;
	do {
		int rc;

		z->next_out = (unsigned char *)buf_room(&stream->compressed, PIECE);
		z->avail_out = PIECE;
		rc = deflate(z, Z_SYNC_FLUSH);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return false;
		buf_added(&stream->compressed, PIECE - z->avail_out);
	} while (z->avail_out == 0);
	return true;
}

struct buf *deflate_waiting(struct deflate *deflate, size_t *sent)
{
	*sent = deflate->sent;
	return &deflate->compressed;
}

void deflate_sent(struct deflate *deflate, size_t n)
{
	deflate->sent += n;
	if (deflate->sent == deflate->compressed.n) {
		buf_done(&deflate->compressed);
		deflate->sent = 0;
	}
}

bool deflate_in(struct deflate *deflate, struct span compressed, struct buf *plain)
{
	z_stream *z = &deflate->in;
	size_t before = plain->n;

	z->next_in = (unsigned char *)compressed.p; /* zlib does not write there */
	z->avail_in = (unsigned)compressed.n;
	for (;;) {
		int rc;

		z->next_out = (unsigned char *)buf_room(plain, PIECE);
		z->avail_out = PIECE;
		rc = inflate(z, Z_SYNC_FLUSH);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return false;
		buf_added(plain, PIECE - z->avail_out);
		if (plain->n - before > INFLATE_MAX)
			return false;
		if (z->avail_out > 0)
			return true;
	}
}

/* Compression of a connection in both directions (RFC 4978). */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	PIECE = 32768,
	DROP_FROM = 65536,  /* sent bytes in front of unsent ones: then they go */
	PIECES_AT_ONCE = 4, /* 16 KiB may become 16 MiB (deflate reaches 1032 to 1): not all at once */
};

struct deflate {
	z_stream out, in;
	struct buf compressed;
	size_t sent;
	struct buf received; /* not yet taken by inflate() */
	bool is_full;        /* inflate() would have said more */
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
	buf_done(&(*deflate)->received);
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
	} else if (deflate->sent >= DROP_FROM) {
		buf_consume(&deflate->compressed, deflate->sent);
		deflate->sent = 0;
	}
}

bool deflate_has_more(const struct deflate *stream)
{
	return stream->is_full;
}

bool deflate_in(struct deflate *stream, struct span compressed, struct buf *plain)
{
	z_stream *z = &stream->in;
	int rc = Z_OK;

	buf_span(&stream->received, compressed);
	z->next_in = (unsigned char *)stream->received.p;
	z->avail_in = (unsigned)stream->received.n;
	stream->is_full = true;
	for (unsigned pieces = 0; pieces < PIECES_AT_ONCE && stream->is_full; pieces++) {
		z->next_out = (unsigned char *)buf_room(plain, PIECE);
		z->avail_out = PIECE;
		rc = inflate(z, Z_SYNC_FLUSH);
		if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END)
			return false;
		buf_added(plain, PIECE - z->avail_out);
		stream->is_full = z->avail_out == 0 && rc != Z_STREAM_END;
	}
	if (rc == Z_STREAM_END && z->avail_in > 0) /* nothing comes behind the end */
		return false;
	if (z->avail_in > 0)
		buf_consume(&stream->received, stream->received.n - z->avail_in);
	else
		buf_done(&stream->received);
	return true;
}

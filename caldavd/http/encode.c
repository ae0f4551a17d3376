/* Content codings over zlib and libzstd. */
#include "caldavd/http/encode.h"
#include "caldavd/http/token.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { ROOM = 16384, ZSTD_LEVEL = 3, ZSTD_WINDOW = 17, ZLIB_LEVEL = 5, GZIP_WINDOW = 15 + 16, DEFLATE_WINDOW = 15 };

enum kind { KIND_ZSTD, KIND_GZIP, KIND_DEFLATE, KIND_COUNT };
static const char *const names[KIND_COUNT] = {"zstd", "gzip", "deflate"};

struct http_encoder {
	enum kind kind;
	z_stream zlib;
	ZSTD_CCtx *zstd;
};

/* "gzip;q=0.5": false where the client does not want it (q=0). */
static bool is_wanted(struct span element, struct span *coding_r)
{
	size_t end = span_find_byte(element, ';');
	struct span rest;

	*coding_r = span_trim(span_sub(element, 0, end));
	if (end == SIZE_MAX)
		return true;
	rest = span_trim(span_sub(element, end + 1, SIZE_MAX));
	if (!span_starts_nocase(rest, SPAN("q=0")))
		return true;
	for (size_t i = 3; i < rest.n; i++)
		if (rest.p[i] >= '1' && rest.p[i] <= '9')
			return true;
	return false;
}

static bool choose(struct span accept, enum kind *kind_r)
{
	bool is_taken[KIND_COUNT] = {false};
	struct span element, coding;

	while (http_list_next(&accept, &element)) {
		bool wanted = is_wanted(element, &coding);

		for (size_t i = 0; i < KIND_COUNT; i++)
			if (span_is_nocase(coding, names[i]))
				is_taken[i] = wanted;
	}
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (is_taken[i]) {
			*kind_r = (enum kind)i;
			return true;
		}
	return false;
}

struct http_encoder *http_encoder_create(struct span accept_encoding)
{
	struct http_encoder *encoder;
	enum kind kind;

	if (!choose(accept_encoding, &kind))
		return NULL;
	encoder = alloc_zero(1, sizeof *encoder);
	encoder->kind = kind;
	if (kind == KIND_ZSTD) {
		encoder->zstd = ZSTD_createCCtx();
		must(encoder->zstd != NULL);
		(void)ZSTD_CCtx_setParameter(encoder->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		/* with the usual one a client that does not read on costs megabytes */
		(void)ZSTD_CCtx_setParameter(encoder->zstd, ZSTD_c_windowLog, ZSTD_WINDOW);
	} else {
		must(deflateInit2(&encoder->zlib, ZLIB_LEVEL, Z_DEFLATED,
				  kind == KIND_GZIP ? GZIP_WINDOW : DEFLATE_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	}
	return encoder;
}

void http_encoder_destroy(struct http_encoder **encoder)
{
	struct http_encoder *gone = *encoder;

	*encoder = NULL;
	if (gone == NULL)
		return;
	if (gone->zstd != NULL)
		(void)ZSTD_freeCCtx(gone->zstd);
	else
		(void)deflateEnd(&gone->zlib);
	free(gone);
}

const char *http_encoder_name(const struct http_encoder *encoder)
{
	return names[encoder->kind];
}

static bool encode_zstd(struct http_encoder *encoder, struct span bytes, bool is_last, struct buf *out)
{
	ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
	size_t left;

	do {
		ZSTD_outBuffer to = {buf_room(out, ROOM), ROOM, 0};

		left = ZSTD_compressStream2(encoder->zstd, &to, &in, is_last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return false;
		buf_added(out, to.pos);
	} while (in.pos < in.size || (is_last && left > 0));
	return true;
}

static bool encode_zlib(struct http_encoder *encoder, struct span bytes, bool is_last, struct buf *out)
{
	z_stream *z = &encoder->zlib;
	int rc;

	z->next_in = (unsigned char *)(uintptr_t)bytes.p; /* zlib's own type has lost its const */
	z->avail_in = (unsigned)bytes.n;
	do {
		z->next_out = (unsigned char *)buf_room(out, ROOM);
		z->avail_out = ROOM;
		rc = deflate(z, is_last ? Z_FINISH : Z_NO_FLUSH);
		if (rc == Z_STREAM_ERROR)
			return false;
		buf_added(out, ROOM - z->avail_out);
	} while (z->avail_out == 0 || (is_last && rc != Z_STREAM_END));
	return true;
}

bool http_encode(struct http_encoder *encoder, struct span bytes, bool is_last, struct buf *out)
{
	return encoder->kind == KIND_ZSTD ? encode_zstd(encoder, bytes, is_last, out)
					  : encode_zlib(encoder, bytes, is_last, out);
}

/* What a session is about to send: one run of bytes, written by whoever owns the session, flushed by common/net. */
#ifndef NET_OUT_H
#define NET_OUT_H

#include "common/base/buf.h"

enum { OUT_HIGH_WATER = 256 * 1024, OUT_LOW_WATER = 64 * 1024 };

struct out {
	struct buf bytes;
	size_t sent; /* of bytes.n */
};

static inline bool out_is_full(const struct out *out)
{
	return out->bytes.n - out->sent >= OUT_HIGH_WATER;
}

static inline size_t out_waiting(const struct out *out)
{
	return out->bytes.n - out->sent;
}

static inline char *out_room(struct out *out, size_t n) /* write there, then out_added() */
{
	return buf_room(&out->bytes, n);
}

static inline void out_added(struct out *out, size_t n)
{
	out->bytes.n += n;
}

static inline void out_span(struct out *out, struct span s)
{
	buf_span(&out->bytes, s);
}

static inline void out_text(struct out *out, const char *text)
{
	buf_text(&out->bytes, text);
}

static inline void out_byte(struct out *out, char byte)
{
	buf_byte(&out->bytes, byte);
}

static inline void out_u64(struct out *out, uint64_t number)
{
	buf_u64(&out->bytes, number);
}

#define out_printf(out, ...) buf_printf(&(out)->bytes, __VA_ARGS__)

#endif

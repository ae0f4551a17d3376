/* A byte string that grows at its end, and can be consumed from its front. One thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "common/base/span.h"

struct buf {
	char *p;  /* owned; NULL while capacity is 0 */
	size_t n; /* bytes in use */
	size_t capacity;
};

void buf_done(struct buf *b); /* frees the bytes; the buffer is empty and usable again */

char *buf_room(struct buf *b, size_t n); /* at least n free bytes behind the used ones; write there, then buf_added() */
void buf_added(struct buf *b, size_t n);

void buf_bytes(struct buf *b, const void *p, size_t n);
void buf_span(struct buf *b, struct span s);
void buf_text(struct buf *b, const char *text); /* a NUL-terminated text of ours */
void buf_byte(struct buf *b, char byte);
void buf_u64(struct buf *b, uint64_t number); /* in decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void buf_consume(struct buf *b, size_t n); /* drops n bytes at the front (moves the rest down) */
struct span buf_view(const struct buf *b); /* valid until the buffer changes */
const char *buf_cstr(struct buf *b);       /* puts a NUL behind the used bytes (not counted) */

/* Writes number in decimal, without a NUL; returns how many bytes (at most 20). The fast path of every response. */
size_t format_u64(char *to, uint64_t number);

#endif

/* Growing byte strings, and numbers in decimal. */
#include "common/base/buf.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

char *buf_room(struct buf *b, size_t n)
{
	void *p = b->p;

	must(n <= SIZE_MAX / 4 && b->n <= SIZE_MAX / 4);
	if (b->capacity - b->n < n) {
		if (b->capacity == 0 && b->n + n < 64)
			b->capacity = 0, alloc_grow(&p, &b->capacity, 64, 1);
		else
			alloc_grow(&p, &b->capacity, b->n + n, 1);
		b->p = p;
	}
	return b->p + b->n;
}

void buf_added(struct buf *b, size_t n)
{
	must(n <= b->capacity - b->n);
	b->n += n;
}

void buf_bytes(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->n += n;
}

void buf_span(struct buf *b, struct span s)
{
	buf_bytes(b, s.p, s.n);
}

void buf_text(struct buf *b, const char *text)
{
	buf_bytes(b, text, strlen(text));
}

void buf_byte(struct buf *b, char byte)
{
	*buf_room(b, 1) = byte;
	b->n++;
}

size_t format_u64(char *to, uint64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char digits[20];
	size_t at = sizeof digits;

	while (number >= 100) {
		at -= 2;
		memcpy(digits + at, pairs + number % 100 * 2, 2);
		number /= 100;
	}
	if (number >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + number * 2, 2);
	} else {
		digits[--at] = (char)('0' + number);
	}
	memcpy(to, digits + at, sizeof digits - at);
	return sizeof digits - at;
}

void buf_u64(struct buf *b, uint64_t number)
{
	b->n += format_u64(buf_room(b, 20), number);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	must(n >= 0);
	(void)vsnprintf(buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	va_end(again);
	b->n += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
	must(n <= b->n);
	b->n -= n;
	if (b->n > 0 && n > 0)
		memmove(b->p, b->p + n, b->n);
}

struct span buf_view(const struct buf *b)
{
	return (struct span){b->p, b->n};
}

const char *buf_cstr(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return b->p;
}

/* UTF-8: checking eight ASCII bytes at a time, the rest one code point at a time. */
#include "common/base/utf8.h"

#include <string.h>

size_t utf8_ascii_prefix(struct span s)
{
	size_t i = 0;

	for (; s.n - i >= 8; i += 8) {
		uint64_t eight;

		memcpy(&eight, s.p + i, 8);
		if ((eight & 0x8080808080808080u) != 0)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

/* Bytes of the code point at the front (0: none begins there). */
static size_t measure(const unsigned char *p, size_t n, uint32_t *code_r)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	uint32_t code = size <= 1 ? p[0] : p[0] & (0xffu >> (size + 1));

	if (size == 0 || size > n)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*code_r = code;
	return size;
}

bool utf8_is_valid(struct span s)
{
	uint32_t code;

	for (;;) {
		size_t n = utf8_ascii_prefix(s);

		if (n == s.n)
			return true;
		s = span_sub(s, n, s.n);
		n = measure((const unsigned char *)s.p, s.n, &code);
		if (n == 0)
			return false;
		s = span_sub(s, n, s.n);
	}
}

uint32_t utf8_take(struct span *in)
{
	uint32_t code = UTF8_REPLACEMENT;
	size_t size = measure((const unsigned char *)in->p, in->n, &code);

	*in = span_sub(*in, size > 0 ? size : 1, in->n);
	return code;
}

size_t utf8_format(char *to, uint32_t code)
{
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = UTF8_REPLACEMENT;
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

void utf8_put(struct buf *out, uint32_t code)
{
	buf_added(out, utf8_format(buf_room(out, UTF8_MAX_BYTES), code));
}

void utf8_clean(struct span s, struct buf *out)
{
	while (s.n > 0) {
		size_t n = utf8_ascii_prefix(s);

		buf_bytes(out, s.p, n);
		s = span_sub(s, n, s.n);
		while (s.n > 0 && (unsigned char)s.p[0] >= 0x80)
			utf8_put(out, utf8_take(&s));
	}
}

struct span utf8_cut(struct span s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return span_sub(s, 0, max);
}

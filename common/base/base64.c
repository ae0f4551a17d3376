/* Base64: three bytes to four digits and back. */
#include "common/base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { NO = 64 }; /* the value of what is no digit: its bit stays set in any combination */

/* clang-format off */
static const unsigned char values[256] = {
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
	NO,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
/* clang-format on */

static unsigned value_of(char c)
{
	return values[(unsigned char)c];
}

void base64_encode(struct span bytes, struct buf *out)
{
	char *to = buf_room(out, bytes.n / 3 * 4 + 4);
	size_t n = 0;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t group = (uint32_t)(unsigned char)bytes.p[i] << 16;

		if (left > 1)
			group |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
		if (left > 2)
			group |= (unsigned char)bytes.p[i + 2];
		to[n++] = digits[group >> 18];
		to[n++] = digits[group >> 12 & 63];
		to[n++] = left > 1 ? digits[group >> 6 & 63] : '=';
		to[n++] = left > 2 ? digits[group & 63] : '=';
	}
	buf_added(out, n);
}

/* Takes as many whole groups as stand in a row at *from; returns where it stopped writing. */
static char *take_groups(const char **from, const char *end, char *to)
{
	const char *p = *from;

	for (; end - p >= 4; p += 4) {
		unsigned a = value_of(p[0]), b = value_of(p[1]), c = value_of(p[2]), d = value_of(p[3]);
		uint32_t group = a << 18 | b << 12 | c << 6 | d;

		if (((a | b | c | d) & NO) != 0)
			break;
		*to++ = (char)(group >> 16);
		*to++ = (char)(group >> 8 & 0xff);
		*to++ = (char)(group & 0xff);
	}
	*from = p;
	return to;
}

/* What `count` digits (0 … 3) behind the last whole group stand for. */
static char *put_rest(uint32_t group, unsigned count, char *to)
{
	if (count >= 2)
		*to++ = (char)(group >> (count * 6 - 8) & 0xff);
	if (count == 3)
		*to++ = (char)(group >> 2 & 0xff);
	return to;
}

bool base64_decode(struct span text, struct buf *out)
{
	char *start, *to;
	const char *from = text.p, *end;
	uint32_t group = 0;
	unsigned count = 0;

	if (text.n == 0)
		return true;
	if (text.n % 4 != 0)
		return false;
	start = buf_room(out, text.n / 4 * 3);
	end = text.p + text.n;
	to = take_groups(&from, end, start);
	if (end - from > 4)
		return false;
	for (; from < end && value_of(*from) != NO; from++, count++)
		group = group << 6 | value_of(*from);
	if (count == 1 || (count == 0 && from < end) || (count == 2 && (from[0] != '=' || from[1] != '=')) ||
	    (count == 3 && from[0] != '='))
		return false;
	to = put_rest(group, count, to);
	buf_added(out, (size_t)(to - start));
	return true;
}

void base64_decode_loose(struct span text, struct buf *out)
{
	char *start = buf_room(out, text.n / 4 * 3 + 3), *to = start;
	const char *from = text.p, *end = text.n == 0 ? from : from + text.n;
	uint32_t group = 0;
	unsigned count = 0;

	while (from < end) {
		unsigned value;

		if (count == 0) {
			to = take_groups(&from, end, to);
			if (from == end)
				break;
		}
		value = value_of(*from);
		if (value != NO) {
			group = group << 6 | value;
			count++;
		}
		if (count == 4) {
			*to++ = (char)(group >> 16 & 0xff);
			*to++ = (char)(group >> 8 & 0xff);
			*to++ = (char)(group & 0xff);
			count = 0;
		} else if (*from == '=') {
			to = put_rest(group, count, to);
			count = 0;
		}
		from++;
	}
	to = put_rest(group, count, to);
	buf_added(out, (size_t)(to - start));
}

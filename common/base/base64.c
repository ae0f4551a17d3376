/* Base64: three bytes to four digits and back. */
#include "common/base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
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

/* Four digits, of which the last `missing` are '='. */
static bool decode_group(const char *from, size_t missing, struct buf *out)
{
	uint32_t group = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - missing ? digit_value(from[i]) : 0;

		if (value < 0)
			return false;
		group = group << 6 | (uint32_t)value;
	}
	for (size_t i = 0; i < 3 - missing; i++)
		buf_byte(out, (char)(group >> (16 - 8 * i) & 0xff));
	return true;
}

bool base64_decode(struct span text, struct buf *out)
{
	size_t start = out->n, missing = 0;

	if (text.n % 4 != 0)
		return false;
	if (text.n > 0 && text.p[text.n - 1] == '=')
		missing = text.p[text.n - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < text.n; i += 4)
		if (!decode_group(text.p + i, i + 4 == text.n ? missing : 0, out)) {
			out->n = start;
			return false;
		}
	return true;
}

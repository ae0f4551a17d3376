/* Modified UTF-7: base64 (with ',' for '/', without '=') of UTF-16 between '&' and '-'; "&-" is '&'. */
#include "common/base/mutf7.h"
#include "common/base/utf8.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

static bool is_direct(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* Takes one UTF-16 unit of a run; *high is the surrogate that waits for its second half, or 0. */
static bool put_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	if (*high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		utf8_put(out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
		*high = 0;
		return true;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	if ((unit >= 0xdc00 && unit <= 0xdfff) || is_direct(unit))
		return false;
	utf8_put(out, unit);
	return true;
}

/* A run behind its '&', with the '-' that ends it. */
static bool decode_run(struct span *in, struct buf *out)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;
	size_t i;

	for (i = 0; i < in->n && in->p[i] != '-'; i++) {
		int value = digit_value(in->p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 16) {
			count -= 16;
			if (!put_unit(out, bits >> count & 0xffff, &high))
				return false;
			bits &= (1u << count) - 1;
		}
	}
	if (i == in->n || i == 0 || high != 0 || bits != 0 || count >= 6)
		return false;
	*in = span_sub(*in, i + 1, in->n - i - 1);
	return true;
}

bool mutf7_decode(struct span name, struct buf *out)
{
	size_t start = out->n;
	bool after_run = false;

	while (name.n > 0) {
		char c = name.p[0];
		bool ok = is_direct((unsigned char)c);

		name = span_sub(name, 1, name.n - 1);
		if (c != '&') {
			buf_byte(out, c);
			after_run = false;
		} else if (name.n > 0 && name.p[0] == '-') {
			name = span_sub(name, 1, name.n - 1);
			buf_byte(out, '&');
			after_run = false;
		} else {
			ok = !after_run && decode_run(&name, out);
			after_run = true;
		}
		if (!ok) {
			out->n = start;
			return false;
		}
	}
	return true;
}

/* The bits of a run that do not fill a digit yet. */
struct run {
	uint32_t bits;
	unsigned count;
};

static void put_run(struct run *run, uint32_t unit, struct buf *out)
{
	run->bits = run->bits << 16 | unit;
	for (run->count += 16; run->count >= 6; run->count -= 6)
		buf_byte(out, digits[run->bits >> (run->count - 6) & 0x3f]);
	run->bits &= (1u << run->count) - 1;
}

static void end_run(struct run *run, struct buf *out)
{
	if (run->count > 0)
		buf_byte(out, digits[run->bits << (6 - run->count) & 0x3f]);
	buf_byte(out, '-');
	*run = (struct run){0};
}

void mutf7_encode(struct span name, struct buf *out)
{
	struct run run = {0};
	bool in_run = false;

	while (name.n > 0) {
		uint32_t c = utf8_take(&name);

		if (in_run == is_direct(c)) {
			if (in_run)
				end_run(&run, out);
			else
				buf_byte(out, '&');
			in_run = !in_run;
		}
		if (!in_run) {
			buf_byte(out, (char)c);
			if (c == '&')
				buf_byte(out, '-');
		} else if (c < 0x10000) {
			put_run(&run, c, out);
		} else {
			put_run(&run, 0xd800 + ((c - 0x10000) >> 10), out);
			put_run(&run, 0xdc00 + ((c - 0x10000) & 0x3ff), out);
		}
	}
	if (in_run)
		end_run(&run, out);
}

/* Making texts comparable: case folding and normalisation by libunistring, ASCII eight bytes at a time.
 *
 * Text goes through in runs. White space ends a run: it neither composes with what stands beside it nor changes its
 * case, so folding run by run gives what folding the whole would. */
#include "common/mime/mime_private.h"
#include "common/base/must.h"
#include "common/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

enum { RUN_MAX = 8192 };

#define EACH(byte) (0x0101010101010101u * (byte))

/* Folds eight ASCII bytes that hold no white space but single blanks. False: they are not such, nothing was done. */
static bool fold_eight(const char *from, char *to, bool after_blank)
{
	uint64_t x, blanks, upper;

	memcpy(&x, from, 8);
	if ((x & EACH(0x80)) != 0 || (~(x + EACH(0x60)) & EACH(0x80)) != 0)
		return false; /* above ASCII, or below 0x20 */
	blanks = ~((x ^ EACH(0x20)) + EACH(0x7f)) & EACH(0x80);
	if ((blanks & blanks << 8) != 0 || (after_blank && from[0] == ' '))
		return false;
	upper = (x + EACH(0x80 - 'A')) & ~(x + EACH(0x80 - 'Z' - 1)) & EACH(0x80);
	x |= upper >> 2;
	memcpy(to, &x, 8);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the white space at the front that is not ASCII: the no-break and the ideographic blank. */
static size_t wide_space(struct span s)
{
	if (s.n >= 2 && memcmp(s.p, "\xc2\xa0", 2) == 0)
		return 2;
	return s.n >= 3 && memcmp(s.p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

static void put_blank(struct buf *out, size_t start)
{
	if (out->n == start || out->p[out->n - 1] != ' ')
		buf_byte(out, ' ');
}

/* Takes ASCII off the front, up to the byte before the first that is not: that one may compose with what follows. */
static void fold_ascii(struct span *at, size_t start, struct buf *out)
{
	char *first = buf_room(out, at->n), *to = first;
	bool after_blank = out->n > start && out->p[out->n - 1] == ' ';
	const char *p = at->p, *end = at->p + at->n;

	while (p < end) {
		if (end - p >= 8 && fold_eight(p, to, after_blank)) {
			p += 8;
			to += 8;
			after_blank = to[-1] == ' ';
			continue;
		}
		for (int i = 0; i < 8 && p < end; i++, p++) {
			if ((unsigned char)*p >= 0x80)
				goto out;
			if (!is_space(*p))
				*to++ = ascii_lower(*p);
			else if (!after_blank)
				*to++ = ' ';
			after_blank = is_space(*p);
		}
	}
out:
	if (p < end && p > at->p && !is_space(p[-1])) {
		p--;
		to--;
	}
	mime_step(at, (size_t)(p - at->p));
	buf_added(out, (size_t)(to - first));
}

/* The run at the front: up to white space, and neither cut in a code point nor between a letter and its accents as long
 * as RUN_MAX allows. */
static struct span find_run(struct span s)
{
	size_t n = 0;

	while (n < s.n && n < RUN_MAX && !is_space(s.p[n]) && wide_space(span_sub(s, n, 3)) == 0)
		n++;
	if (n < RUN_MAX)
		return span_sub(s, 0, n);
	s = span_sub(s, 0, n + UTF8_MAX_BYTES);
	return utf8_cut(s, n);
}

/* Folds one run. Most fit the buffer here; libunistring takes memory for those that do not. */
static void fold_run(struct span run, struct buf *out)
{
	uint8_t here[512];
	size_t n = sizeof here;
	uint8_t *folded = u8_casefold((const uint8_t *)run.p, run.n, NULL, UNINORM_NFC, here, &n);

	must(folded != NULL);
	buf_bytes(out, folded, n);
	if (folded != here)
		free(folded);
}

static void fold_valid(struct span text, size_t start, struct buf *out)
{
	while (text.n > 0) {
		size_t wide;

		fold_ascii(&text, start, out);
		if (text.n == 0)
			break;
		if ((wide = wide_space(text)) > 0) {
			put_blank(out, start);
			mime_step(&text, wide);
		} else {
			struct span run = find_run(text);

			fold_run(run, out);
			mime_step(&text, run.n);
		}
	}
}

void mime_fold(struct span text, struct buf *out)
{
	struct buf clean = {0};

	if (text.n == 0)
		return;
	if (utf8_is_valid(text)) {
		fold_valid(text, out->n, out);
		return;
	}
	utf8_clean(text, &clean);
	fold_valid(buf_view(&clean), out->n, out);
	buf_done(&clean);
}

void mime_nfc(struct span text, struct buf *out)
{
	struct buf clean = {0};
	uint8_t *composed;
	size_t n = 0;

	if (utf8_ascii_prefix(text) == text.n) {
		buf_span(out, text);
		return;
	}
	utf8_clean(text, &clean);
	composed = u8_normalize(UNINORM_NFC, (const uint8_t *)clean.p, clean.n, NULL, &n);
	must(composed != NULL);
	buf_bytes(out, composed, n);
	free(composed);
	buf_done(&clean);
}

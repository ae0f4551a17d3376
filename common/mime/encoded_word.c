/* Header text as UTF-8: encoded-words (RFC 2047) and raw 8-bit bytes.
 *
 * Words side by side in one charset are decoded as one text: many programs cut a character in two between them. What
 * does not decode is left as it is. */
#include "common/mime/mime_private.h"
#include "common/base/base64.h"
#include "common/base/utf8.h"

#include <string.h>

enum { CHARSET_MAX = 64 };

struct word {
	struct span charset;
	char encoding; /* 'b' or 'q' */
	struct span text;
	size_t size; /* of the whole */
};

struct decoder {
	struct span charset; /* of the bytes that wait */
	struct buf waiting;
	struct buf *out;
};

/* "=?" charset ["*" language] "?" encoding "?" text "?=" at the front */
static bool find_word(struct span s, struct word *word_r)
{
	struct span rest = s;
	size_t mark, star;

	if (rest.n < 2 || rest.p[0] != '=' || rest.p[1] != '?')
		return false;
	mime_step(&rest, 2);
	mark = span_find_byte(span_sub(rest, 0, CHARSET_MAX), '?');
	if (mark == SIZE_MAX || mark == 0 || rest.n - mark < 4 || rest.p[mark + 2] != '?')
		return false;
	word_r->charset = span_sub(rest, 0, mark);
	star = span_find_byte(word_r->charset, '*');
	if (star != SIZE_MAX)
		word_r->charset.n = star;
	word_r->encoding = ascii_lower(rest.p[mark + 1]);
	mime_step(&rest, mark + 3);
	mark = span_find_byte(rest, '?');
	if (mark == SIZE_MAX || mark + 1 >= rest.n || rest.p[mark + 1] != '=')
		return false;
	word_r->text = span_sub(rest, 0, mark);
	word_r->size = (size_t)(rest.p + mark + 2 - s.p);
	return (word_r->encoding == 'b' || word_r->encoding == 'q') && mime_charset_is_known(word_r->charset);
}

static void decode_q(struct span text, struct buf *out)
{
	char *start = buf_room(out, text.n + 1), *to = start;

	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == '=' && i + 2 < text.n ? ascii_hex_value(text.p[i + 1]) : -1;
		int low = high >= 0 ? ascii_hex_value(text.p[i + 2]) : -1;

		if (low >= 0) {
			*to++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*to++ = text.p[i] == '_' ? ' ' : text.p[i];
		}
	}
	buf_added(out, (size_t)(to - start));
}

static void flush(struct decoder *d)
{
	if (d->waiting.n > 0)
		(void)mime_to_utf8(d->charset, buf_view(&d->waiting), d->out);
	d->waiting.n = 0;
}

static void add_word(struct decoder *d, const struct word *word)
{
	if (!span_equal_nocase(d->charset, word->charset))
		flush(d);
	d->charset = word->charset;
	if (word->encoding == 'b')
		base64_decode_loose(word->text, &d->waiting);
	else
		decode_q(word->text, &d->waiting);
}

/* Text that is no encoded-word: UTF-8, or what old programs wrote raw, which was mostly Latin-1. */
static void put_raw(struct span raw, struct buf *out)
{
	struct buf unfolded = {0};
	struct span charset;

	if (raw.n == 0)
		return;
	charset = utf8_is_valid(raw) ? SPAN("utf-8") : SPAN("iso-8859-1");
	if (memchr(raw.p, '\n', raw.n) == NULL && memchr(raw.p, '\r', raw.n) == NULL) {
		(void)mime_to_utf8(charset, raw, out);
		return;
	}
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] != '\r' && raw.p[i] != '\n')
			buf_byte(&unfolded, raw.p[i]);
	(void)mime_to_utf8(charset, buf_view(&unfolded), out);
	buf_done(&unfolded);
}

static bool is_blank(struct span s)
{
	return mime_trim(s).n == 0;
}

void mime_header_decode(struct span raw, struct buf *out)
{
	struct decoder d = {.charset = SPAN(""), .out = out};
	bool after_word = false;
	size_t at = 0, plain_at = 0;
	struct word word;

	while (at < raw.n) {
		size_t next = span_find(span_sub(raw, at, raw.n), SPAN("=?"));

		if (next == SIZE_MAX)
			break;
		at += next;
		if (!find_word(span_sub(raw, at, raw.n), &word)) {
			at += 2;
			continue;
		}
		if (!after_word || !is_blank(span_sub(raw, plain_at, at - plain_at))) {
			flush(&d);
			put_raw(span_sub(raw, plain_at, at - plain_at), out);
		}
		add_word(&d, &word);
		after_word = true;
		at = plain_at = at + word.size;
	}
	flush(&d);
	put_raw(span_sub(raw, plain_at, raw.n), out);
	buf_done(&d.waiting);
}

/* Undoing content-transfer-encodings (RFC 2045, 6.7 and 6.8), damaged ones as far as they make sense. */
#include "common/mime/mime_private.h"
#include "common/base/base64.h"

#include <string.h>

/* One line without its line end and the blanks before that. Returns where it stopped writing. */
static char *decode_line(struct span line, char *to)
{
	while (line.n > 0) {
		size_t plain = span_find_byte(line, '=');
		int high, low;

		if (plain == SIZE_MAX)
			plain = line.n;
		memmove(to, line.p, plain);
		to += plain;
		mime_step(&line, plain);
		if (line.n == 0)
			break;
		high = line.n > 2 ? ascii_hex_value(line.p[1]) : -1;
		low = high >= 0 ? ascii_hex_value(line.p[2]) : -1;
		if (low >= 0) {
			*to++ = (char)(high << 4 | low);
			mime_step(&line, 3);
		} else { /* damaged: stands for itself */
			*to++ = '=';
			mime_step(&line, 1);
		}
	}
	return to;
}

static void decode_quoted_printable(struct span body, struct buf *out)
{
	char *start = buf_room(out, body.n), *to = start;

	while (body.n > 0) {
		size_t lf = span_find_byte(body, '\n');
		struct span line = span_sub(body, 0, lf == SIZE_MAX ? body.n : lf);
		size_t end = line.n;
		bool is_crlf = lf != SIZE_MAX && end > 0 && line.p[end - 1] == '\r';

		if (is_crlf)
			line.n--;
		while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
			line.n--; /* was added on the way (RFC 2045, 6.7, rule 3) */
		if (line.n > 0 && line.p[line.n - 1] == '=') {
			line.n--;
			to = decode_line(line, to);
		} else {
			to = decode_line(line, to);
			if (is_crlf)
				*to++ = '\r';
			if (lf != SIZE_MAX)
				*to++ = '\n';
		}
		mime_step(&body, lf == SIZE_MAX ? body.n : lf + 1);
	}
	buf_added(out, (size_t)(to - start));
}

bool mime_decode(enum mime_encoding encoding, struct span body, struct buf *out)
{
	switch (encoding) {
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY:
		buf_span(out, body);
		return true;
	case MIME_BASE64:
		base64_decode_loose(body, out);
		return true;
	case MIME_QUOTED_PRINTABLE:
		decode_quoted_printable(body, out);
		return true;
	case MIME_ENCODING_UNKNOWN:
		break;
	}
	return false;
}

/* Strings as IMAP writes them (RFC 9051, 9: string, nstring). One form serves every client: a quoted string carries
 * what is 7-bit without CR and LF, a literal everything else. Neither may carry NUL, which becomes a blank. */
#include "common/mime/mime_private.h"

#include <string.h>

enum {
	ESCAPED = 1, /* needs a backslash in a quoted string */
	LITERAL = 2, /* cannot stand in one */
	NUL = 4,
};

static unsigned look_at(struct span s)
{
	unsigned found = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || c == '\r' || c == '\n')
			found |= LITERAL;
		else if (c == '"' || c == '\\')
			found |= ESCAPED;
		else if (c == '\0')
			found |= NUL;
	}
	return found;
}

static void put_literal(struct span s, struct buf *out)
{
	char *to;

	buf_byte(out, '{');
	buf_u64(out, s.n);
	buf_text(out, "}\r\n");
	to = buf_room(out, s.n);
	for (size_t i = 0; i < s.n; i++)
		to[i] = s.p[i] == '\0' ? ' ' : s.p[i];
	buf_added(out, s.n);
}

void mime_write_string(struct span s, struct buf *out)
{
	unsigned found = look_at(s);
	char *start, *to;

	if ((found & LITERAL) != 0) {
		put_literal(s, out);
		return;
	}
	start = to = buf_room(out, s.n * 2 + 2);
	*to++ = '"';
	if (found == 0 && s.n > 0) {
		memcpy(to, s.p, s.n);
		to += s.n;
	}
	for (size_t i = 0; found != 0 && i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			*to++ = '\\';
		*to++ = s.p[i] == '\0' ? ' ' : s.p[i];
	}
	*to++ = '"';
	buf_added(out, (size_t)(to - start));
}

void mime_write_nstring(struct span s, struct buf *out)
{
	if (s.p == NULL)
		buf_text(out, "NIL");
	else
		mime_write_string(s, out);
}

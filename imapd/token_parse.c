/* Atoms, numbers, strings, literals (RFC 9051, 4 and 9). */
#include "imapd/parse_private.h"

#include <string.h>

#define CTL     0
#define ATOM    (IMAP_ATOM_CHAR | IMAP_ASTRING_CHAR | IMAP_LIST_CHAR | IMAP_TAG_CHAR)
#define PLUS    (IMAP_ATOM_CHAR | IMAP_ASTRING_CHAR | IMAP_LIST_CHAR)
#define WORD    (ATOM | IMAP_NAME_CHAR)
#define BRACKET (IMAP_ASTRING_CHAR | IMAP_LIST_CHAR | IMAP_TAG_CHAR)
#define WILD    IMAP_LIST_CHAR

/* clang-format off */
const unsigned char imap_class[256] = {
	[0x00 ... 0x20] = CTL,
	['!'] = ATOM, ['"'] = CTL, ['#'] = ATOM, ['$'] = ATOM, ['%'] = WILD, ['&'] = ATOM, ['\''] = ATOM, ['('] = CTL,
	[')'] = CTL, ['*'] = WILD, ['+'] = PLUS, [','] = ATOM, ['-'] = WORD, ['.'] = WORD, ['/'] = ATOM,
	['0' ... '9'] = WORD,
	[':' ... '@'] = ATOM,
	['A' ... 'Z'] = WORD,
	['['] = ATOM, ['\\'] = CTL, [']'] = BRACKET, ['^'] = ATOM, ['_'] = ATOM, ['`'] = ATOM,
	['a' ... 'z'] = WORD,
	['{'] = CTL, ['|'] = ATOM, ['}'] = ATOM, ['~'] = ATOM, [0x7f] = CTL,
	[0x80 ... 0xff] = IMAP_ASTRING_CHAR | IMAP_LIST_CHAR,
};
/* clang-format on */

enum parse imap_fail(struct imap_parse_context *context, const char *error)
{
	if (context->error == NULL)
		context->error = error;
	return PARSE_BAD;
}

enum parse imap_parsed(struct imap_parse_context *context, struct span at, struct span *in)
{
	if (at.n > 0)
		return imap_fail(context, "Nothing more is expected behind the arguments");
	*in = at;
	return PARSE_OK;
}

bool imap_list_goes_on(struct span *at, bool *first, bool *bad_r)
{
	*bad_r = false;
	if (imap_take(at, ')'))
		return false;
	*bad_r = !*first && !imap_take(at, ' ');
	*first = false;
	return !*bad_r;
}

struct span imap_take_run(struct span *at, unsigned class)
{
	struct span run = {at->p, 0};

	while (run.n < at->n && (imap_class[(unsigned char)at->p[run.n]] & class))
		run.n++;
	*at = span_sub(*at, run.n, at->n - run.n);
	return run;
}

bool imap_take_word(struct span *at, const char *word)
{
	struct span rest = *at;

	if (!span_is_nocase(imap_take_run(&rest, IMAP_ATOM_CHAR), word))
		return false;
	*at = rest;
	return true;
}

bool imap_take_atom(struct imap_parse_context *context, struct span *at, struct span *atom_r)
{
	struct span atom = imap_take_run(at, IMAP_ATOM_CHAR);

	*atom_r = atom.n == 0 ? atom : arena_span(context->arena, atom);
	return atom.n > 0;
}

bool imap_take_upper(struct imap_parse_context *context, struct span *at, struct span *atom_r)
{
	struct span atom = imap_take_run(at, IMAP_ATOM_CHAR);
	char *upper;

	if (atom.n == 0)
		return false;
	upper = arena_bytes(context->arena, atom.n);
	for (size_t i = 0; i < atom.n; i++)
		upper[i] = ascii_upper(atom.p[i]);
	*atom_r = span_from(upper, atom.n);
	return true;
}

bool imap_take_u64(struct span *at, uint64_t max, uint64_t *number_r)
{
	size_t n = 0;

	while (n < at->n && ascii_is_digit(at->p[n]))
		n++;
	if (!span_to_u64(span_sub(*at, 0, n), max, number_r))
		return false;
	*at = span_sub(*at, n, at->n - n);
	return true;
}

bool imap_take_nz_u32(struct span *at, uint32_t *number_r)
{
	uint64_t number;

	if (imap_next_is(at, '0') || !imap_take_u64(at, UINT32_MAX, &number))
		return false;
	*number_r = (uint32_t)number;
	return true;
}

bool imap_take_literal_size(struct span *at, uint64_t *size_r)
{
	if (!imap_take(at, '{') || !imap_take_u64(at, INT64_MAX, size_r))
		return false;
	(void)imap_take(at, '+');
	if (!imap_take(at, '}'))
		return false;
	(void)imap_take(at, '\r');
	return imap_take(at, '\n');
}

bool imap_take_literal(struct span *at, struct span *bytes_r)
{
	uint64_t size;

	if (!imap_take_literal_size(at, &size) || size > at->n)
		return false;
	*bytes_r = span_sub(*at, 0, (size_t)size);
	*at = span_sub(*at, (size_t)size, at->n - (size_t)size);
	return true;
}

/* The inside of a quoted string, up to n bytes with escapes at *at; into the arena without them. */
static struct span unescape(struct imap_parse_context *context, struct span inside)
{
	char *bytes = arena_bytes(context->arena, inside.n);
	size_t n = 0;

	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] == '\\')
			i++;
		bytes[n++] = inside.p[i];
	}
	return span_from(bytes, n);
}

/* quoted, behind its first '"'. copied_r: the string had escapes, and lies in the arena without them. */
static bool take_quoted(struct imap_parse_context *context, struct span *at, struct span *string_r, bool *copied_r)
{
	size_t i;

	*copied_r = false;
	for (i = 0; i < at->n && at->p[i] != '"'; i++) {
		char c = at->p[i];

		if (c == '\\') {
			*copied_r = true;
			i++;
			if (i == at->n || (at->p[i] != '"' && at->p[i] != '\\'))
				return false;
		} else if (c == '\0' || c == '\r' || c == '\n') {
			return false;
		}
	}
	if (i == at->n)
		return false;
	*string_r = span_sub(*at, 0, i);
	*at = span_sub(*at, i + 1, at->n - i - 1);
	if (*copied_r)
		*string_r = unescape(context, *string_r);
	return true;
}

/* string, or a run of class (0: none) */
static bool take_any_string(struct imap_parse_context *context, struct span *at, unsigned class, struct span *string_r,
			    bool *copied_r)
{
	*copied_r = false;
	if (imap_take(at, '"'))
		return take_quoted(context, at, string_r, copied_r);
	if (!imap_next_is(at, '{')) {
		*string_r = imap_take_run(at, class);
		return string_r->n > 0;
	}
	if (!imap_take_literal(at, string_r))
		return false;
	if (span_find_byte(*string_r, '\0') != SIZE_MAX) {
		(void)imap_fail(context, "A NUL may not occur in a string");
		return false;
	}
	return true;
}

bool imap_borrow_string(struct imap_parse_context *context, struct span *at, unsigned class, struct span *string_r)
{
	bool copied;

	return take_any_string(context, at, class, string_r, &copied);
}

/* One copy in the arena and no more: it may be a password, which the session wipes. */
static bool keep_string(struct imap_parse_context *context, struct span *at, unsigned class, struct span *string_r)
{
	bool copied;

	if (!take_any_string(context, at, class, string_r, &copied))
		return false;
	if (!copied)
		*string_r = arena_span(context->arena, *string_r);
	return true;
}

bool imap_take_string(struct imap_parse_context *context, struct span *at, struct span *string_r)
{
	return keep_string(context, at, 0, string_r);
}

bool imap_take_astring(struct imap_parse_context *context, struct span *at, struct span *string_r)
{
	return keep_string(context, at, IMAP_ASTRING_CHAR, string_r);
}

struct span imap_keep_buf(struct imap_parse_context *context, struct buf *buf)
{
	struct span kept = arena_span(context->arena, buf_view(buf));

	buf_done(buf);
	return kept;
}

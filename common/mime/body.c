/* BODY out of BODYSTRUCTURE: leaves out the extension data (RFC 9051, 7.5.2: body-fld-md5 and what follows it, in
 * multiparts what follows the subtype). Reads what bodystructure.c wrote; bytes of another origin are never run over.
 */
#include "common/mime/mime_private.h"

struct rewrite {
	struct span at;
	struct buf *out;
};

static bool rewrite_body(struct rewrite *w, int depth);

/* One string, number or NIL: its bytes. False: there is none. */
static bool take_atom(struct span *at, struct span *atom_r)
{
	struct span rest = *at;
	uint64_t size;

	if (rest.n > 0 && rest.p[0] == '"') {
		(void)mime_take_quoted(&rest);
	} else if (rest.n > 0 && rest.p[0] == '{') {
		mime_step(&rest, 1);
		if (span_take_u64(&rest, SIZE_MAX, &size) != PARSE_OK || span_take_text(&rest, "}\r\n") != PARSE_OK ||
		    size > rest.n)
			return false;
		mime_step(&rest, size);
	} else {
		(void)mime_take_run(&rest, MIME_TOKEN);
	}
	*atom_r = span_sub(*at, 0, at->n - rest.n);
	*at = rest;
	return atom_r->n > 0;
}

/* One value, with all parentheses that it has. */
static bool take_value(struct span *at)
{
	struct span rest = *at, atom;
	size_t depth = 0;

	do {
		if (rest.n == 0)
			return false;
		if (rest.p[0] == '(' || rest.p[0] == ')' || rest.p[0] == ' ') {
			depth += rest.p[0] == '(';
			if (rest.p[0] == ')' && depth-- == 0)
				return false;
			mime_step(&rest, 1);
		} else if (!take_atom(&rest, &atom)) {
			return false;
		}
	} while (depth > 0);
	*at = rest;
	return true;
}

static bool copy_value(struct rewrite *w)
{
	struct span before = w->at;

	if (!take_value(&w->at))
		return false;
	buf_bytes(w->out, before.p, before.n - w->at.n);
	return true;
}

static bool copy_byte(struct rewrite *w, char byte)
{
	buf_byte(w->out, byte);
	return span_take_byte(&w->at, byte) == PARSE_OK;
}

/* SP value, count times */
static bool copy_values(struct rewrite *w, int count)
{
	for (int i = 0; i < count; i++)
		if (!copy_byte(w, ' ') || !copy_value(w))
			return false;
	return true;
}

/* Passes over the extension data to the closing parenthesis. */
static bool end_body(struct rewrite *w)
{
	while (span_take_byte(&w->at, ' ') == PARSE_OK)
		if (!take_value(&w->at))
			return false;
	return copy_byte(w, ')');
}

static bool is_quoted(struct span atom, const char *text)
{
	return atom.n > 2 && span_is_nocase(span_sub(atom, 1, atom.n - 2), text);
}

static bool rewrite_single(struct rewrite *w, int depth)
{
	struct span type, subtype;

	if (!take_atom(&w->at, &type) || span_take_byte(&w->at, ' ') != PARSE_OK || !take_atom(&w->at, &subtype))
		return false;
	buf_span(w->out, type);
	buf_byte(w->out, ' ');
	buf_span(w->out, subtype);
	if (!copy_values(w, 5)) /* parameters, id, description, encoding, size */
		return false;
	if (is_quoted(type, "message") && (is_quoted(subtype, "rfc822") || is_quoted(subtype, "global"))) {
		if (!copy_values(w, 1) || !copy_byte(w, ' ') || !rewrite_body(w, depth + 1) || !copy_values(w, 1))
			return false;
	} else if (is_quoted(type, "text") && !copy_values(w, 1)) {
		return false;
	}
	return end_body(w);
}

static bool rewrite_body(struct rewrite *w, int depth)
{
	if (depth > MIME_MAX_DEPTH + 1 || !copy_byte(w, '('))
		return false;
	if (w->at.n == 0 || w->at.p[0] != '(')
		return rewrite_single(w, depth);
	while (w->at.n > 0 && w->at.p[0] == '(')
		if (!rewrite_body(w, depth + 1))
			return false;
	return copy_values(w, 1) && end_body(w);
}

void mime_body_write(struct span bodystructure, struct buf *out)
{
	struct rewrite w = {.at = bodystructure, .out = out};
	size_t start = out->n;

	if (!rewrite_body(&w, 0) || w.at.n != 0) { /* not ours: damaged in the store */
		out->n = start;
		buf_text(out, "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0)");
	}
}

/* Content lines (RFC 5545, 3.1): unfolding, grammar, folding. */
#include "common/ical/content_line.h"

enum { FOLD_AT = 75 };

void ical_lines_init(struct ical_lines *lines, struct span source)
{
	struct span mark = SPAN("\xef\xbb\xbf");

	if (span_starts(source, mark))
		source = span_sub(source, mark.n, SIZE_MAX);
	*lines = (struct ical_lines){.rest = source};
}

void ical_lines_done(struct ical_lines *lines)
{
	buf_done(&lines->unfolded);
}

static bool take_physical(struct span *rest, struct span *line_r)
{
	size_t end = span_find_byte(*rest, '\n');

	if (rest->n == 0)
		return false;
	*line_r = span_sub(*rest, 0, end);
	*rest = span_sub(*rest, end == SIZE_MAX ? rest->n : end + 1, SIZE_MAX);
	if (line_r->n > 0 && line_r->p[line_r->n - 1] == '\r')
		line_r->n--;
	return true;
}

static bool is_continuation(struct span rest)
{
	return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* Returns the logical line, unfolded. */
static struct span unfold(struct ical_lines *lines, struct span first, struct ical_line *line)
{
	struct span next = first;

	line->is_folded = is_continuation(lines->rest);
	line->bytes = first;
	if (!line->is_folded)
		return first;
	lines->unfolded.n = 0;
	buf_span(&lines->unfolded, first);
	while (is_continuation(lines->rest) && take_physical(&lines->rest, &next)) {
		lines->number++;
		buf_span(&lines->unfolded, span_sub(next, 1, SIZE_MAX));
	}
	line->bytes.n = (size_t)(next.p + next.n - first.p);
	return buf_view(&lines->unfolded);
}

/* --- the grammar --- */

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* An underscore is not in the grammar, but in the names of Lotus Notes (X-LOTUS-CHILD_UID). */
static bool take_name(struct span *in, struct span *name_r)
{
	size_t n = 0;

	while (n < in->n && ((ascii_lower(in->p[n]) >= 'a' && ascii_lower(in->p[n]) <= 'z') ||
			     ascii_is_digit(in->p[n]) || in->p[n] == '-' || in->p[n] == '_'))
		n++;
	*name_r = span_sub(*in, 0, n);
	*in = span_sub(*in, n, SIZE_MAX);
	return n > 0;
}

/* iPhones write X-TITLE=Main Street 1\; Linz, without quotes and with the escape of values: a semicolon that nothing
 * like a parameter follows is not the end. */
static bool is_in_value(struct span in, size_t n)
{
	struct span behind = span_sub(in, n + 1, SIZE_MAX), name;

	return in.p[n] == ';' && n > 0 && in.p[n - 1] == '\\' &&
	       !(take_name(&behind, &name) && behind.n > 0 && behind.p[0] == '=');
}

/* param-value = paramtext / quoted-string; its quotes are not in *value_r */
static bool take_param_value(struct span *in, struct span *value_r)
{
	bool is_quoted = in->n > 0 && in->p[0] == '"';
	size_t n = is_quoted ? 1 : 0;

	while (n < in->n && in->p[n] != '"' &&
	       (is_quoted || is_in_value(*in, n) || (in->p[n] != ';' && in->p[n] != ':' && in->p[n] != ',')))
		n++;
	if (is_quoted != (n < in->n && in->p[n] == '"'))
		return false;
	*value_r = is_quoted ? span_sub(*in, 1, n - 1) : span_sub(*in, 0, n);
	*in = span_sub(*in, is_quoted ? n + 1 : n, SIZE_MAX);
	return true;
}

/* param = param-name "=" param-value *("," param-value), with the semicolon before it */
static bool take_param(struct span *in, struct span *name_r, struct span *first_r)
{
	struct span value;

	*in = span_sub(*in, 1, SIZE_MAX);
	if (!take_name(in, name_r) || span_take_byte(in, '=') != PARSE_OK || !take_param_value(in, first_r))
		return false;
	while (span_take_byte(in, ',') == PARSE_OK)
		if (!take_param_value(in, &value))
			return false;
	return true;
}

static bool parse(struct span text, struct ical_line *line)
{
	struct span name, value;

	for (size_t i = 0; i < text.n; i++)
		if (is_control(text.p[i]))
			return false;
	if (!take_name(&text, &line->name))
		return false;
	line->params = text;
	while (text.n > 0 && text.p[0] == ';')
		if (!take_param(&text, &name, &value))
			return false;
	line->params.n -= text.n;
	line->value = span_sub(text, 1, SIZE_MAX);
	return text.n > 0 && text.p[0] == ':';
}

enum parse ical_lines_next(struct ical_lines *lines, struct ical_line *line_r)
{
	struct span first;

	do {
		if (!take_physical(&lines->rest, &first))
			return PARSE_MORE;
		lines->number++;
	} while (first.n == 0);
	line_r->number = lines->number;
	if (parse(unfold(lines, first, line_r), line_r))
		return PARSE_OK;
	lines->number = line_r->number;
	return PARSE_BAD;
}

bool ical_line_param(const struct ical_line *line, const char *name, struct span *value_r)
{
	struct span at = line->params, is;

	while (at.n > 0 && take_param(&at, &is, value_r))
		if (span_is_nocase(is, name))
			return true;
	return false;
}

/* --- writing --- */

void ical_lines_copy(struct span bytes, struct buf *out)
{
	struct span line;

	while (take_physical(&bytes, &line)) {
		if (line.n == 0)
			continue;
		buf_span(out, line);
		buf_text(out, "\r\n");
	}
}

void ical_text_unescape(struct span value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' && i + 1 < value.n) {
			i++;
			buf_byte(out, ascii_lower(value.p[i]) == 'n' ? '\n' : value.p[i]);
		} else {
			buf_byte(out, value.p[i]);
		}
	}
}

void ical_text_escape(struct span text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\n') {
			buf_text(out, "\\n");
		} else if (!is_control(c)) {
			if (c == '\\' || c == ';' || c == ',')
				buf_byte(out, '\\');
			buf_byte(out, c);
		}
	}
}

void ical_line_write(struct span line, struct buf *out)
{
	size_t room = FOLD_AT;

	while (line.n > room) {
		size_t n = room;

		while (n > room - 4 && ((unsigned char)line.p[n] & 0xc0) == 0x80)
			n--;
		buf_span(out, span_sub(line, 0, n));
		buf_text(out, "\r\n ");
		line = span_sub(line, n, SIZE_MAX);
		room = FOLD_AT - 1;
	}
	buf_span(out, line);
	buf_text(out, "\r\n");
}

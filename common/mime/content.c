/* Content-Type and Content-Disposition: a type and its parameters (RFC 2045, 5.1; RFC 2183; RFC 2231).
 *
 * A parameter that was cut into numbered pieces (RFC 2231, 3) becomes one, in the order of the numbers. Where a piece
 * is marked as extended, the whole keeps the mark ("filename*") and the charset and percent signs as they are written:
 * the client decodes it, as it would had it not been cut. */
#include "common/mime/mime_private.h"

#include <string.h>

/* A parameter as it stands in the field, before pieces are joined. */
struct piece {
	struct span name; /* without "*0" and "*" */
	struct span value;
	uint32_t number;  /* of the piece; NOT_CUT where it has none */
	bool is_extended; /* the name ends in '*' */
	bool is_used;
};

enum { NOT_CUT = UINT32_MAX };

struct pieces {
	struct piece list[MIME_MAX_PARAMS];
	size_t count;
};

static struct span unquoted(struct span inside, struct arena *arena)
{
	struct buf out = {0};
	struct span copy;

	if (inside.n == 0)
		return SPAN("");
	if (memchr(inside.p, '\\', inside.n) == NULL && memchr(inside.p, '\n', inside.n) == NULL &&
	    memchr(inside.p, '\r', inside.n) == NULL)
		return inside;
	mime_unquote(inside, &out);
	copy = arena_span(arena, buf_view(&out));
	buf_done(&out);
	return copy;
}

/* A value in quotes. Where the closing one is missing it ends with its line, and nothing behind it can be trusted. */
static struct span take_quoted_value(struct span *at, struct arena *arena)
{
	struct span value = mime_take_quoted(at);
	bool is_closed = value.p + value.n < at->p;
	size_t lf;

	if (!is_closed && (lf = span_find_byte(value, '\n')) != SIZE_MAX)
		value = mime_trim(span_sub(value, 0, lf));
	return unquoted(value, arena);
}

/* A value without quotes: as real mail has it, everything up to the next white space or ';', '/' and '=' too. */
static struct span take_bare_value(struct span *at)
{
	struct span value = {at->p, 0};

	while (value.n < at->n && at->p[value.n] != ';' && !mime_is(at->p[value.n], MIME_SPACE) &&
	       at->p[value.n] != '(')
		value.n++;
	mime_step(at, value.n);
	return value;
}

static void skip_to_semicolon(struct span *at)
{
	while (at->n > 0 && at->p[0] != ';') {
		if (at->p[0] == '"')
			(void)mime_take_quoted(at);
		else
			mime_step(at, 1);
		mime_skip(at, NULL);
	}
}

/* "title*1*": takes the marks off the name. */
static void split_name(struct piece *piece)
{
	struct span name = piece->name;
	uint64_t number;
	size_t star;

	piece->number = NOT_CUT;
	if (name.n > 1 && name.p[name.n - 1] == '*') {
		piece->is_extended = true;
		name.n--;
	}
	piece->name = name;
	star = span_find_byte(name, '*');
	if (star != SIZE_MAX && star > 0 && span_to_u64(span_sub(name, star + 1, name.n), 9999, &number)) {
		piece->number = (uint32_t)number;
		piece->name = span_sub(name, 0, star);
	}
}

/* ";" attribute "=" value. False at the end of the field. */
static bool take_piece(struct span *at, struct arena *arena, struct piece *piece_r)
{
	for (;;) {
		mime_skip(at, NULL);
		while (at->n > 0 && at->p[0] == ';') {
			mime_step(at, 1);
			mime_skip(at, NULL);
		}
		if (at->n == 0)
			return false;
		*piece_r = (struct piece){.name = mime_take_run(at, MIME_TOKEN)};
		mime_skip(at, NULL);
		if (piece_r->name.n > 0 && at->n > 0 && at->p[0] == '=')
			break;
		skip_to_semicolon(at);
	}
	mime_step(at, 1);
	mime_skip(at, NULL);
	if (at->n > 0 && at->p[0] == '"')
		piece_r->value = take_quoted_value(at, arena);
	else
		piece_r->value = take_bare_value(at);
	mime_skip(at, NULL);
	skip_to_semicolon(at);
	split_name(piece_r);
	return true;
}

static bool is_same(const struct piece *a, const struct piece *b)
{
	return !b->is_used && b->number != NOT_CUT && span_equal_nocase(a->name, b->name);
}

/* A piece that is not extended among such as are: what would be taken for an encoding is encoded. */
static void add_encoded(struct span value, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c > 0x20 && c < 0x7f && c != '%' && c != '\'') {
			buf_byte(out, (char)c);
		} else {
			buf_byte(out, '%');
			buf_byte(out, hex[c >> 4]);
			buf_byte(out, hex[c & 15]);
		}
	}
}

/* Joins all pieces of the parameter that pieces->list[first] belongs to. */
static struct mime_param join(struct pieces *pieces, size_t first, struct arena *arena)
{
	struct piece *one = &pieces->list[first];
	struct mime_param param = {.name = one->name};
	struct buf value = {0};
	bool is_extended = false;

	for (size_t i = first; i < pieces->count; i++)
		is_extended |= is_same(one, &pieces->list[i]) && pieces->list[i].is_extended;
	for (;;) {
		struct piece *next = NULL;

		for (size_t i = first; i < pieces->count; i++)
			if (is_same(one, &pieces->list[i]) && (next == NULL || pieces->list[i].number < next->number))
				next = &pieces->list[i];
		if (next == NULL)
			break;
		next->is_used = true;
		if (is_extended && !next->is_extended)
			add_encoded(next->value, &value);
		else
			buf_span(&value, next->value);
	}
	param.value = arena_span(arena, buf_view(&value));
	buf_done(&value);
	if (is_extended)
		param.name = span_of(arena_printf(arena, "%.*s*", (int)one->name.n, one->name.p));
	return param;
}

static void parse_params(struct span at, struct arena *arena, struct mime_content *content)
{
	struct pieces pieces;

	pieces.count = 0;
	while (pieces.count < MIME_MAX_PARAMS && take_piece(&at, arena, &pieces.list[pieces.count]))
		pieces.count++;
	if (pieces.count == 0)
		return;
	content->params = arena_bytes(arena, pieces.count * sizeof *content->params);
	for (size_t i = 0; i < pieces.count; i++) {
		struct piece *piece = &pieces.list[i];
		struct mime_param *param = &content->params[content->param_count];

		if (piece->is_used)
			continue;
		if (piece->number != NOT_CUT)
			*param = join(&pieces, i, arena);
		else
			*param = (struct mime_param){
				.name = {piece->name.p, piece->name.n + (piece->is_extended ? 1 : 0)},
				.value = piece->value,
			};
		content->param_count++;
	}
}

void mime_content_parse(struct span value, bool has_subtype, struct arena *arena, struct mime_content *content_r)
{
	*content_r = (struct mime_content){0};
	mime_skip(&value, NULL);
	content_r->type = mime_take_run(&value, MIME_TOKEN);
	mime_skip(&value, NULL);
	if (has_subtype && content_r->type.n > 0) {
		if (value.n > 0 && value.p[0] == '/') {
			mime_step(&value, 1);
			mime_skip(&value, NULL);
			content_r->subtype = mime_take_run(&value, MIME_TOKEN);
		}
		mime_skip(&value, NULL);
	}
	parse_params(value, arena, content_r); /* also where the first ';' is missing */
}

struct span mime_content_param(const struct mime_content *content, const char *name)
{
	for (size_t i = 0; i < content->param_count; i++)
		if (span_is_nocase(content->params[i].name, name))
			return content->params[i].value;
	return (struct span){0};
}

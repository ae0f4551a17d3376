/* Properties of collections, which the store keeps as CalDAV has them: the whole element as text. */
#include "admin/calendar.h"
#include "common/base/utf8.h"

static const struct {
	const char *text;
	char meaning;
} entities[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};

/* "#233;" or "#xe9;" */
static bool take_reference(struct span *in, struct buf *out)
{
	struct span at = span_sub(*in, 1, SIZE_MAX);
	bool is_hex = span_take_byte(&at, 'x') == PARSE_OK;
	uint32_t code = 0;

	for (; at.n > 0 && at.p[0] != ';'; at = span_sub(at, 1, SIZE_MAX)) {
		char c = ascii_lower(at.p[0]);

		if (ascii_is_digit(c))
			code = code * (is_hex ? 16 : 10) + (uint32_t)(c - '0');
		else if (is_hex && c >= 'a' && c <= 'f')
			code = code * 16 + (uint32_t)(c - 'a') + 10;
		else
			return false;
		if (code > 0x10ffff)
			return false;
	}
	if (at.n == 0)
		return false;
	utf8_put(out, code);
	*in = span_sub(at, 1, SIZE_MAX);
	return true;
}

static void take_entity(struct span *in, struct buf *out)
{
	if (in->n > 1 && in->p[0] == '#' && take_reference(in, out))
		return;
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (span_take_text(in, entities[i].text) == PARSE_OK) {
			buf_byte(out, entities[i].meaning);
			return;
		}
	buf_byte(out, '&');
}

/* What stands between the tags. */
static void text_of(struct span xml, struct buf *out)
{
	while (xml.n > 0) {
		char c = xml.p[0];
		size_t end = c == '<' ? span_find_byte(xml, '>') : 0;

		xml = span_sub(xml, end == SIZE_MAX ? xml.n : end + 1, SIZE_MAX);
		if (c == '&')
			take_entity(&xml, out);
		else if (c != '<')
			buf_byte(out, c);
	}
}

struct span admin_property_text(const struct store_property *list, size_t count, const char *name, struct arena *arena)
{
	struct buf text = {0};
	struct span copy = {0};

	for (size_t i = 0; i < count; i++)
		if (span_is(list[i].name, name))
			text_of(list[i].value, &text);
	copy = arena_span(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

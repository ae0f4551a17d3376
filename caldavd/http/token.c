/* Tokens, lists, entity tags. */
#include "caldavd/http/token.h"

#include <string.h>

static bool is_tchar(char c)
{
	return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool http_is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_tchar(s.p[i]))
			return false;
	return s.n > 0;
}

bool http_list_next(struct span *list, struct span *element_r)
{
	while (list->n > 0) {
		size_t comma = span_find_byte(*list, ',');

		*element_r = span_trim(span_sub(*list, 0, comma));
		*list = comma == SIZE_MAX ? (struct span){0} : span_sub(*list, comma + 1, SIZE_MAX);
		if (element_r->n > 0)
			return true;
	}
	return false;
}

/* etagc = %x21 / %x23-7E / obs-text */
static bool is_etagc(char c)
{
	return c == 0x21 || (unsigned char)c >= 0x80 || (c >= 0x23 && c <= 0x7e);
}

enum parse http_entity_tag_parse(struct span *in, struct http_entity_tag *tag_r)
{
	struct span at = *in;
	size_t n = 1;

	tag_r->is_weak = span_take_text(&at, "W/") == PARSE_OK;
	if (at.n == 0 || at.p[0] != '"')
		return PARSE_BAD;
	while (n < at.n && is_etagc(at.p[n]))
		n++;
	if (n == at.n || at.p[n] != '"')
		return PARSE_BAD;
	tag_r->opaque = span_sub(at, 0, n + 1);
	*in = span_sub(at, n + 1, SIZE_MAX);
	return PARSE_OK;
}

static void skip_blanks(struct span *in)
{
	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = span_sub(*in, 1, SIZE_MAX);
}

bool http_names_entity_tag(struct span value, struct span tag, bool weak)
{
	struct http_entity_tag one;

	if (span_is(value, "*"))
		return tag.p != NULL;
	for (;;) {
		skip_blanks(&value);
		if (value.n > 0 && value.p[0] == ',') {
			value = span_sub(value, 1, SIZE_MAX);
			continue;
		}
		if (value.n == 0 || http_entity_tag_parse(&value, &one) != PARSE_OK)
			return false;
		if (tag.p != NULL && span_equal(one.opaque, tag) && (weak || !one.is_weak))
			return true;
		skip_blanks(&value);
		if (value.n > 0 && value.p[0] != ',')
			return false;
	}
}

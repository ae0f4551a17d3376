/* The text of an HTML page, for SEARCH: without tags, comments, scripts and styles, entities as characters. A tag that
 * only dresses letters up leaves the word whole; any other one parts words. */
#include "common/mime/mime_private.h"
#include "common/base/must.h"
#include "common/base/utf8.h"

#include <string.h>

enum { TAG_NAME_MAX = 16, ENTITY_MAX = 10 };

struct page {
	struct span at;
	struct buf *out;
	bool no_quote[2]; /* no further '"' (0), '\'' (1) stands in the page: not looked for again, which keeps time
			     linear */
	const char *tag;  /* the next '<', or the end; NULL: not looked for yet */
	bool no_end;      /* no further "-->" */
};

static bool is_name_byte(char c)
{
	return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || ascii_is_digit(c);
}

/* Behind the name of a tag: to the '>' that ends it, which may not stand in a quoted attribute. */
static void skip_attributes(struct page *page)
{
	while (page->at.n > 0 && page->at.p[0] != '>') {
		char c = page->at.p[0];
		size_t end = SIZE_MAX;
		bool *none = &page->no_quote[c == '\''];

		mime_step(&page->at, 1);
		if ((c == '"' || c == '\'') && !*none) {
			end = span_find_byte(page->at, c);
			*none = end == SIZE_MAX;
		}
		if (end != SIZE_MAX)
			mime_step(&page->at, end + 1);
	}
	if (page->at.n > 0)
		mime_step(&page->at, 1);
}

/* Behind "<!": a comment, or a declaration. */
static void skip_comment(struct page *page)
{
	size_t end;

	if (page->at.n < 2 || page->at.p[0] != '-' || page->at.p[1] != '-' || page->no_end) {
		skip_attributes(page);
		return;
	}
	end = span_find(page->at, SPAN("-->"));
	if (end == SIZE_MAX) {
		page->no_end = true;
		skip_attributes(page);
	} else {
		mime_step(&page->at, end + 3);
	}
}

/* To the end tag of an element whose inside is no text. Without one it goes on to the end of the page. */
static void skip_element(struct page *page, struct span name)
{
	while (page->at.n > 0) {
		size_t end = span_find(page->at, SPAN("</"));

		if (end == SIZE_MAX) {
			mime_step(&page->at, page->at.n);
			return;
		}
		mime_step(&page->at, end + 2);
		if (span_starts_nocase(page->at, name)) {
			mime_step(&page->at, name.n);
			skip_attributes(page);
			return;
		}
	}
}

static bool is_one_of(struct span name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is_nocase(name, list[i]))
			return true;
	return false;
}

/* page->at.p[0] is '<', and a tag begins there. */
static void take_tag(struct page *page)
{
	static const char *const textless[] = {"script", "style", "title"};
	static const char *const dressing[] = {"a",   "abbr",  "b",    "big",    "code",   "em",  "font", "i",
					       "ins", "small", "span", "strike", "strong", "sub", "sup",  "tt",
					       "u",   "s",     "wbr",  "mark",   "bdo",    "q",   "cite", "kbd"};
	struct span name;
	bool is_end;

	mime_step(&page->at, 1);
	if (page->at.p[0] == '!') {
		mime_step(&page->at, 1);
		skip_comment(page);
		return;
	}
	is_end = page->at.p[0] == '/' || page->at.p[0] == '?';
	if (is_end)
		mime_step(&page->at, 1);
	name = span_sub(page->at, 0, 0);
	while (name.n < page->at.n && name.n < TAG_NAME_MAX && is_name_byte(page->at.p[name.n]))
		name.n++;
	mime_step(&page->at, name.n);
	skip_attributes(page);
	if (!is_one_of(name, dressing, array_count(dressing)))
		buf_byte(page->out, ' ');
	if (!is_end && is_one_of(name, textless, array_count(textless) - 1))
		skip_element(page, name);
}

static bool is_tag(struct span at)
{
	return at.n > 1 && (at.p[1] == '/' || at.p[1] == '!' || at.p[1] == '?' ||
			    (ascii_lower(at.p[1]) >= 'a' && ascii_lower(at.p[1]) <= 'z'));
}

static uint32_t number_of(struct span digits)
{
	bool is_hex = digits.n > 0 && ascii_lower(digits.p[0]) == 'x';
	uint32_t number = 0;

	for (size_t i = is_hex ? 1 : 0; i < digits.n; i++) {
		char c = ascii_lower(digits.p[i]);
		uint32_t digit = ascii_is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)(c - 'a' + 10);

		if (digit >= (is_hex ? 16u : 10u) || number > 0x10ffff)
			return 0;
		number = number * (is_hex ? 16 : 10) + digit;
	}
	return number;
}

/* page->at.p[0] is '&'. What is no entity stands for itself. */
static void take_entity(struct page *page)
{
	struct span name = span_sub(page->at, 1, 0);
	uint32_t code;
	bool is_number = page->at.n > 1 && page->at.p[1] == '#';

	if (is_number)
		name.p++;
	while (name.n < ENTITY_MAX && name.p + name.n < page->at.p + page->at.n && is_name_byte(name.p[name.n]))
		name.n++;
	code = is_number ? number_of(name) : mime_html_entity(name);
	if (code == 0) {
		buf_byte(page->out, '&');
		mime_step(&page->at, 1);
		return;
	}
	if (code != 0xad && code != 0x200b && code != 0x200c) /* soft hyphen and zero-width blanks cut words in two */
		utf8_put(page->out, code);
	mime_step(&page->at, (size_t)(name.p + name.n - page->at.p));
	if (page->at.n > 0 && page->at.p[0] == ';')
		mime_step(&page->at, 1);
}

/* Bytes at the front that are neither '<' nor '&'. The next '<' is remembered: looking for it anew at each '&' of a
 * long text would take quadratic time. */
static size_t plain_prefix(struct page *page)
{
	struct span text = page->at;
	size_t entity;

	if (page->tag == NULL || page->tag < text.p) {
		size_t tag = span_find_byte(text, '<');

		page->tag = text.p + (tag == SIZE_MAX ? text.n : tag);
	}
	text.n = (size_t)(page->tag - text.p);
	entity = span_find_byte(text, '&');
	return entity != SIZE_MAX ? entity : text.n;
}

void mime_html_to_text(struct span html, struct buf *out)
{
	struct page page = {.at = html, .out = out};

	while (page.at.n > 0) {
		size_t plain = plain_prefix(&page);

		buf_bytes(out, page.at.p, plain);
		mime_step(&page.at, plain);
		if (page.at.n == 0)
			break;
		if (page.at.p[0] == '&') {
			take_entity(&page);
		} else if (is_tag(page.at)) {
			take_tag(&page);
		} else {
			buf_byte(out, '<');
			mime_step(&page.at, 1);
		}
	}
}

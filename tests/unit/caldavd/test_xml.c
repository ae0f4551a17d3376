/* XML bodies: what is taken, what is refused, and that refusing is quick. */
#include "caldavd/dav/xml.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool parses(struct span text)
{
	struct arena *arena = arena_create();
	char *block = alloc_bytes(text.n + (text.n == 0));
	const char *problem;
	xmlDoc *doc;
	bool ok;

	memcpy(block, text.p, text.n);
	doc = xml_parse(span_from(block, text.n), arena, &problem);
	ok = doc != NULL;
	assert_true(ok || strlen(problem) > 0);
	xmlFreeDoc(doc);
	free(block);
	arena_destroy(&arena);
	return ok;
}

#define UTF16 "<\0a\0 \0b\0=\0'\0c\0'\0/\0>\0"

static void documents(void **state)
{
	static const struct {
		struct span text;
		bool want;
	} cases[] = {
		{SPAN("<a/>"), true},
		{SPAN("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- <a b='c'> \" -->\n<a b='\">'>text > \" "
		      "'</a>\n"),
		 true},
		{SPAN("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xc3\xa4</a>"), true},
		{SPAN("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe4</a>"), true},
		{SPAN("\xef\xbb\xbf<a xmlns=\"DAV:\"/>"), true},
		{SPAN("\xff\xfe" UTF16), true},
		{SPAN(UTF16), false}, /* without a byte order mark it is a guess */
		{SPAN("<a><![CDATA[<b c=\"]]></a>"), true},
		{SPAN("<\xc3\xa4 b = \"c\" ></\xc3\xa4 >"), true},
		{SPAN("<a><?pi \"'?></a>"), true},
		{SPAN("<a><!--></a>--></a>"), true},
		{SPAN(""), false},
		{SPAN("<a>"), false},
		{SPAN("<a b/>"), false},
		{SPAN("<a b='<'/>"), false},
		{SPAN("<a b='c/>"), false},
		{SPAN("<a <b/>"), false},
		{SPAN("<a>\x01</a>"), false},
		{SPAN("<a>\xef\xbf\xbf</a>"), false},
		{SPAN("<a><!-- \x01 <b> --></a>"), false},
		{SPAN("<!DOCTYPE a><a/>"), false},
		{SPAN("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), false},
		{SPAN("<a><!DOCTYPE a></a>"), false},
		{SPAN("<![CDATA[<a/>]]>"), false},
		{SPAN("<z:a/>"), false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		if (parses(cases[i].text) != cases[i].want)
			fail_msg("%.*s", (int)cases[i].text.n, cases[i].text.p);
		for (size_t n = 0; n < cases[i].text.n; n++)
			(void)parses(span_sub(cases[i].text, 0, n));
	}
}

static bool attributes(const char *before, size_t count, const char *after, bool wide)
{
	struct buf text = {0}, utf16 = {0};
	bool ok;

	buf_text(&text, before);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, " a%zu=''", i);
	buf_text(&text, after);
	for (size_t i = 0; i < text.n && wide; i++) {
		buf_byte(&utf16, text.p[i]);
		buf_byte(&utf16, '\0');
	}
	ok = parses(wide ? buf_view(&utf16) : buf_view(&text));
	buf_done(&text);
	buf_done(&utf16);
	return ok;
}

static bool elements(size_t count)
{
	struct buf text = {0};
	bool ok;

	buf_text(&text, "<a>");
	for (size_t i = 0; i < count; i++)
		buf_text(&text, "<b></b>");
	buf_text(&text, "</a>");
	ok = parses(buf_view(&text));
	buf_done(&text);
	return ok;
}

/* The parser would take minutes for each of the large ones. */
static void crowds(void **state)
{
	static const struct {
		const char *before, *after;
	} hidden[] = {
		{"<a", "/>"},
		{"<a><b", "/></a>"},
		{"<a b\"><c", " d=\"\"/></a>"},
		{"<?xml version=\"1.0\" x><a", "?><a/>"},
		{"<a><!-- -- <b", "--></a>"},
		{"<a><? <b", "?></a>"},
		{"<a><!x '><b", "'></a>"},
		{"<?xml version=\"1.0\" encoding=\"UTF-7\"?><a", "/>"},
		{"<![CDATA[<a", "]]><a/>"},
		{"<!-- -->x<!-- <a", "--><a/>"},
	};
	int64_t begin = clock_uptime_ms();

	(void)state;
	assert_true(attributes("<a", 64, "/>", false));
	assert_false(attributes("<a", 65, "/>", false));
	for (size_t i = 0; i < array_count(hidden); i++)
		assert_false(attributes(hidden[i].before, 400000, hidden[i].after, false));
	assert_false(attributes("\xff\xfe<a", 400000, "/>", true));
	assert_false(attributes("<a", 400000, "/>", true));
	assert_true(elements(90000));
	assert_false(elements(110000));
	assert_true(clock_uptime_ms() - begin < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(documents), cmocka_unit_test(crowds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

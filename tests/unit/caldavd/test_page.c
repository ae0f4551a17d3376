/* Forms as browsers send them; days and months. */
#include "caldavd/page/page_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define URLENCODED        "application/x-www-form-urlencoded"
#define MULTIPART         "multipart/form-data; boundary=b"
#define PART(name, value) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value)                                                                                         \
	"--b\r\nContent-Disposition: form-data; name=\"" name                                                          \
	"\"; filename=\"x.ics\"\r\nContent-Type: text/calendar\r\n\r\n" value "\r\n"
#define END "--b--\r\n"

static const struct form_case {
	const char *type, *body;
	bool ok;
	const char *name, *value; /* of one field; NULL: none is looked at */
	bool is_file;
} cases[] = {
	{URLENCODED, "", true, NULL, NULL, false},
	{URLENCODED, "a=b&c=d", true, "c", "d", false},
	{URLENCODED, "a=b+c%20%C3%A9&c", true, "a", "b c \xc3\xa9", false},
	{URLENCODED "; charset=UTF-8", "a&c=d", true, "a", "", false},
	{URLENCODED, "a=b=c", true, "a", "b=c", false},
	{URLENCODED, "a=%", false, NULL, NULL, false},
	{URLENCODED, "a=%2", false, NULL, NULL, false},
	{URLENCODED, "a=%g0", false, NULL, NULL, false},
	{URLENCODED, "a=%ff", false, NULL, NULL, false},
	{URLENCODED, "a=b&a=c", false, NULL, NULL, false},
	{URLENCODED, "a=b&&c=d", false, NULL, NULL, false},
	{URLENCODED, "=b", false, NULL, NULL, false},
	{MULTIPART, PART("a", "b") END, true, "a", "b", false},
	{MULTIPART, PART("a", "") END, true, "a", "", false},
	{MULTIPART, PART("a", "x\r\n-b\r\n--c\r\n") END, true, "a", "x\r\n-b\r\n--c\r\n", false},
	{MULTIPART, PART("a", "b") FILE_PART("f", "BEGIN") END, true, "f", "BEGIN", true},
	{MULTIPART, FILE_PART("f", "") PART("c", "d") "--b--", true, "c", "d", false},
	{MULTIPART, FILE_PART("f", "\xff") END, true, "f", "\xff", true}, /* of a file it does not matter */
	{"multipart/form-data; charset=utf-8; boundary=\"b\"", PART("a", "b") END, true, "a", "b", false},
	{MULTIPART, "--b--", true, NULL, NULL, false},
	{MULTIPART, "", false, NULL, NULL, false},
	{MULTIPART, END "x", false, NULL, NULL, false},
	{MULTIPART, "\r\n" PART("a", "b") END, false, NULL, NULL, false},
	{MULTIPART, PART("a", "b") PART("a", "c") END, false, NULL, NULL, false},
	{MULTIPART, PART("a", "\xff") END, false, NULL, NULL, false},
	{MULTIPART, PART("", "b") END, false, NULL, NULL, false},
	{MULTIPART, "--b\r\n\r\nx\r\n" END, false, NULL, NULL, false},
	{MULTIPART, "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n" END, false, NULL, NULL, false},
	{MULTIPART, "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n" END, false, NULL, NULL, false},
	{MULTIPART, "--b \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n" END, false, NULL, NULL, false},
	{"multipart/form-data", PART("a", "b") END, false, NULL, NULL, false},
	{"multipart/form-data; boundary=", PART("a", "b") END, false, NULL, NULL, false},
	{"multipart/form-data; boundary=\"b", PART("a", "b") END, false, NULL, NULL, false},
};

/* In a block of just that size, so that a read behind its end is seen. */
static bool parse(const struct form_case *c, size_t n, struct arena *arena, struct page_form *form, char **block)
{
	*block = alloc_bytes(n + (n == 0));
	memcpy(*block, c->body, n);
	return page_form_parse(span_of(c->type), span_from(*block, n), arena, form);
}

static void forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct page_form form;
		char *block;

		if (parse(&cases[i], strlen(cases[i].body), arena, &form, &block) != cases[i].ok)
			fail_msg("case %zu: %s", i, cases[i].body);
		if (cases[i].name != NULL) {
			struct span value = cases[i].is_file ? page_form_file(&form, cases[i].name)
							     : page_form_value(&form, cases[i].name);

			assert_non_null(value.p);
			assert_int_equal(value.n, strlen(cases[i].value));
			assert_memory_equal(value.p, cases[i].value, value.n);
			value = cases[i].is_file ? page_form_value(&form, cases[i].name)
						 : page_form_file(&form, cases[i].name);
			assert_null(value.p);
		}
		free(block);
		arena_destroy(&arena);
	}
}

/* A multipart form that is cut off is none; and nothing is read behind the cut. */
static void forms_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		size_t length = strlen(cases[i].body);

		for (size_t n = 0; n < length; n++) {
			struct arena *arena = arena_create();
			struct page_form form;
			char *block;
			bool ok = parse(&cases[i], n, arena, &form, &block);

			if (cases[i].ok && strncmp(cases[i].type, "multipart", 9) == 0)
				assert_true(!ok || strncmp(cases[i].body + n, "\r\n", 3) == 0);
			free(block);
			arena_destroy(&arena);
		}
	}
}

static void form_bounds(void **state)
{
	struct arena *arena = arena_create();
	struct page_form form;
	struct buf body = {0};

	(void)state;
	for (int i = 0; i < PAGE_FIELDS_MAX; i++)
		buf_printf(&body, "%sf%d=x", i == 0 ? "" : "&", i);
	assert_true(page_query_parse(buf_view(&body), arena, &form));
	buf_text(&body, "&g=x");
	assert_false(page_query_parse(buf_view(&body), arena, &form));
	for (size_t n = PAGE_FIELD_MAX - 1; n <= PAGE_FIELD_MAX + 1; n++) {
		body.n = 0;
		buf_text(&body, "a=");
		for (size_t i = 0; i < n; i++)
			buf_byte(&body, 'x');
		assert_int_equal(page_query_parse(buf_view(&body), arena, &form), n <= PAGE_FIELD_MAX);
	}
	buf_done(&body);
	arena_destroy(&arena);
}

static void form_types(void **state)
{
	(void)state;
	assert_true(page_form_is_type(SPAN(URLENCODED)));
	assert_true(page_form_is_type(SPAN("Multipart/Form-Data ; boundary=x")));
	assert_false(page_form_is_type(SPAN("text/plain")));
	assert_false(page_form_is_type(SPAN("application/json; x=" URLENCODED)));
	assert_false(page_form_is_type((struct span){0}));
}

static void colours(void **state)
{
	static const struct {
		const char *text, *colour;
	} table[] = {
		{"#12aBcD", "#12abcd"}, {" #12345678 ", "#123456"}, {"#12345", NULL},    {"#1234567", NULL},
		{"red", NULL},          {"#12345g", NULL},          {"#123456;}", NULL}, {"", NULL},
		{"12345678", NULL},     {"#1234567}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_count(table); i++) {
		char colour[PAGE_COLOUR_TEXT] = "";

		assert_int_equal(page_colour_of(span_of(table[i].text), colour), table[i].colour != NULL);
		if (table[i].colour != NULL)
			assert_string_equal(colour, table[i].colour);
	}
}

static void escapes(void **state)
{
	struct buf out = {0};

	(void)state;
	xml_write_text(SPAN("<a href=\"x\" b='y'>&amp;\r\n\x01\x7f\xff\xc3\xa9"), &out);
	assert_string_equal(buf_cstr(&out),
			    "&lt;a href=&quot;x&quot; b='y'&gt;&amp;amp;&#13;\n\xef\xbf\xbd&#127;\xef\xbf\xbd\xc3\xa9");
	buf_done(&out);
}

static void days(void **state)
{
	int64_t year;
	int month, day;

	(void)state;
	assert_int_equal(page_day_of(1970, 1, 1), 0);
	assert_int_equal(page_day_of(2026, 11, 24), 20781);
	assert_int_equal(page_day_at(-1), -1);
	assert_int_equal(page_day_at(PAGE_DAY), 1);
	for (int64_t at = page_day_of(1599, 12, 1); at < page_day_of(2401, 3, 3); at++) {
		page_day_split(at, &year, &month, &day);
		assert_int_equal(page_day_of(year, month, day), at);
		assert_in_range(day, 1, 31);
		assert_in_range(month, 1, 12);
	}
}

static void zones(void **state)
{
	/* an hour forward at 1000000, and back at 2000000 */
	const struct page_zone zone = {.count = 3, .list = {{0, 3600}, {1000000, 7200}, {2000000, 3600}}};
	const struct page_zone utc = {0};

	(void)state;
	assert_int_equal(page_wall_of(&utc, 5), 5);
	assert_int_equal(page_seconds_of(&utc, 5), 5);
	assert_int_equal(page_wall_of(&zone, -5), 3595);
	assert_int_equal(page_wall_of(&zone, 999999), 1003599);
	assert_int_equal(page_wall_of(&zone, 1000000), 1007200);
	assert_int_equal(page_wall_of(&zone, 2000000), 2003600);
	for (int64_t at = 10000; at < 3000000; at += 100)
		if (at < 1996400 || at >= 2000000) /* the hour that comes twice: it is the second time */
			assert_int_equal(page_seconds_of(&zone, page_wall_of(&zone, at)), at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),      cmocka_unit_test(forms_cut_off), cmocka_unit_test(form_bounds),
		cmocka_unit_test(form_types), cmocka_unit_test(colours),       cmocka_unit_test(escapes),
		cmocka_unit_test(days),       cmocka_unit_test(zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

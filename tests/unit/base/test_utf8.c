/* UTF-8: what is valid, taking and writing code points, cutting (RFC 3629). */
#include "common/base/utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void validity(void **state)
{
	static const struct {
		const char *bytes;
		bool is_valid;
		const char *clean; /* with '?' for U+FFFD */
	} cases[] = {
		{"", true, ""},
		{"plain ASCII, longer than eight", true, "plain ASCII, longer than eight"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", true, "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"},
		{"\xc0\x80", false, "??"},           /* overlong */
		{"\xe0\x9f\xbf", false, "???"},      /* overlong */
		{"\xf0\x8f\xbf\xbf", false, "????"}, /* overlong */
		{"\xed\xa0\x80", false, "???"},      /* a surrogate */
		{"\xf4\x90\x80\x80", false, "????"}, /* above U+10FFFF */
		{"\xf5\x80", false, "??"},
		{"a\x80z", false, "a?z"},
		{"12345678\xff", false, "12345678?"},
		{"\xc3", false, "?"},
		{"\xe2\x82", false, "??"},
		{"\xf0\x9f\x98", false, "???"},
		{"\xc3(", false, "?("},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].bytes), at = 0;
		char *exact = malloc(n + 1);
		struct buf out = {0}, want = {0};

		memcpy(exact, cases[i].bytes, n);
		exact = realloc(exact, n > 0 ? n : 1);
		for (; cases[i].clean[at] != '\0'; at++)
			if (cases[i].clean[at] == '?')
				utf8_put(&want, UTF8_REPLACEMENT);
			else
				buf_byte(&want, cases[i].clean[at]);
		assert_int_equal(utf8_is_valid(span_from(exact, n)), cases[i].is_valid);
		utf8_clean(span_from(exact, n), &out);
		assert_true(span_equal(buf_view(&out), buf_view(&want)));
		free(exact);
		buf_done(&out);
		buf_done(&want);
	}
}

static void every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x110010; code++) {
		char bytes[UTF8_MAX_BYTES];
		size_t n = utf8_format(bytes, code);
		struct span at = span_from(bytes, n);
		bool is_scalar = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);

		assert_true(utf8_is_valid(at));
		assert_int_equal(utf8_take(&at), is_scalar ? code : UTF8_REPLACEMENT);
		assert_int_equal(at.n, 0);
	}
}

static void cutting(void **state)
{
	static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
	struct span text = span_of("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");

	(void)state;
	for (size_t max = 0; max <= 10; max++)
		assert_int_equal(utf8_cut(text, max).n, want[max]);
	assert_int_equal(utf8_cut(text, 100).n, 10);
	assert_int_equal(utf8_ascii_prefix(text), 1);
	assert_int_equal(utf8_ascii_prefix(span_of("0123456789abcdef\xff")), 16);
	assert_int_equal(utf8_ascii_prefix(span_of("")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(validity), cmocka_unit_test(every_code_point),
					   cmocka_unit_test(cutting)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

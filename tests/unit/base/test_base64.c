/* Base64 both ways (RFC 4648, 10). */
#include "common/base/base64.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static void both_ways(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {{"", ""},
		     {"f", "Zg=="},
		     {"fo", "Zm8="},
		     {"foo", "Zm9v"},
		     {"foob", "Zm9vYg=="},
		     {"fooba", "Zm9vYmE="},
		     {"foobar", "Zm9vYmFy"},
		     {"\xff\xfe\xfb", "//77"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf text = {0}, bytes = {0};

		base64_encode(span_of(cases[i].bytes), &text);
		assert_string_equal(buf_cstr(&text), cases[i].text);
		assert_true(base64_decode(buf_view(&text), &bytes));
		assert_true(span_is(buf_view(&bytes), cases[i].bytes));
		buf_done(&text);
		buf_done(&bytes);
	}
}

static void broken(void **state)
{
	static const char *const cases[] = {
		"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9\xff", "=m9v", "Zm-_", "Zm9v\n"};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(base64_decode(span_of(cases[i]), &out));
		assert_int_equal(out.n, 0);
	}
	buf_done(&out);
}

static void loose(void **state)
{
	static const struct {
		const char *text, *bytes;
	} cases[] = {{"", ""},
		     {"Zm9v\r\nYmFy\r\n", "foobar"},
		     {"Zm9vYg", "foob"},
		     {"Zm9vYmE", "fooba"},
		     {"Zm9vYg==Zm9v", "foobfoo"},
		     {" Z*m-9_v ", "foo"},
		     {"====", ""},
		     {"Z", ""},
		     {"Zm9vYmFyZm9vYmFy\nZm9vYmFyZm9vYmFy", "foobarfoobarfoobarfoobar"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = {0};

		base64_decode_loose(span_of(cases[i].text), &out);
		assert_string_equal(buf_cstr(&out), cases[i].bytes);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways), cmocka_unit_test(broken),
					   cmocka_unit_test(loose)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

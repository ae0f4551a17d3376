/* Spans: comparing, finding, taking. */
#include "common/base/span.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void comparing(void **state)
{
	(void)state;
	assert_true(span_is(SPAN("abc"), "abc") && !span_is(SPAN("abc"), "ab") && !span_is(SPAN("ab\0"), "ab"));
	assert_true(span_is_nocase(SPAN("aBc"), "AbC") && !span_is_nocase(SPAN("a["), "a{"));
	assert_true(span_equal((struct span){0}, SPAN("")));
	assert_true(span_compare(SPAN("a"), SPAN("b")) < 0 && span_compare(SPAN("ab"), SPAN("a")) > 0);
	assert_true(span_compare(SPAN("\xff"), SPAN("a")) > 0 && span_compare(SPAN("a"), SPAN("a")) == 0);
	assert_true(span_starts(SPAN("abc"), SPAN("ab")) && span_starts(SPAN("a"), SPAN("")) &&
		    !span_starts(SPAN("a"), SPAN("ab")));
	assert_true(span_starts_nocase(SPAN("ABc"), SPAN("ab")));
	assert_true(span_of(NULL).n == 0);
}

static void cutting(void **state)
{
	(void)state;
	assert_true(span_is(span_sub(SPAN("abcd"), 1, 2), "bc"));
	assert_true(span_is(span_sub(SPAN("abcd"), 3, SIZE_MAX), "d"));
	assert_true(span_is(span_sub(SPAN("abcd"), 9, 2), ""));
	assert_true(span_sub((struct span){0}, 0, 1).p == NULL);
	assert_true(span_is(span_trim(SPAN(" \ta b\t ")), "a b") && span_trim(SPAN(" \t")).n == 0);
}

static void finding(void **state)
{
	(void)state;
	assert_int_equal(span_find_byte(SPAN("a\0b"), 'b'), 2);
	assert_int_equal(span_find_byte(SPAN("abc"), 'x'), SIZE_MAX);
	assert_int_equal(span_find_byte((struct span){0}, 'x'), SIZE_MAX);
	assert_int_equal(span_find(SPAN("abcabd"), SPAN("abd")), 3);
	assert_int_equal(span_find(SPAN("ab"), SPAN("abd")), SIZE_MAX);
	assert_int_equal(span_find(SPAN("ab"), SPAN("")), 0);
}

/* Takes from a copy of the first n bytes, in a block of exactly that size. */
static enum parse take_u64(const char *text, size_t n, uint64_t max, uint64_t *number_r, size_t *left_r)
{
	char *block = malloc(n);
	struct span in = {block, n};
	enum parse r;

	memcpy(block, text, n);
	r = span_take_u64(&in, max, number_r);
	*left_r = in.n;
	free(block);
	return r;
}

static void numbers(void **state)
{
	static const struct {
		const char *bytes;
		uint64_t max;
		enum parse want;
		uint64_t number;
	} cases[] = {
		{"0 ", 9, PARSE_OK, 0},
		{"0012,", 99, PARSE_OK, 12},
		{"18446744073709551615.", UINT64_MAX, PARSE_OK, UINT64_MAX},
		{"18446744073709551616.", UINT64_MAX, PARSE_BAD, 0},
		{"10x", 9, PARSE_BAD, 0},
		{"12", 99, PARSE_MORE, 0},
		{"", 99, PARSE_MORE, 0},
		{"x", 99, PARSE_BAD, 0},
		{"-1 ", 99, PARSE_BAD, 0},
	};
	uint64_t number = 0;
	size_t left;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum parse got = PARSE_MORE;

		for (size_t n = 0; got == PARSE_MORE && n <= strlen(cases[i].bytes); n++) {
			got = take_u64(cases[i].bytes, n, cases[i].max, &number, &left);
			assert_true(got == PARSE_OK || left == n);
		}
		assert_int_equal(got, cases[i].want);
		assert_true(got != PARSE_OK || number == cases[i].number);
	}
	assert_true(span_to_u64(SPAN("42"), 42, &number) && number == 42);
	assert_false(span_to_u64(SPAN("43"), 42, &number) || span_to_u64(SPAN(""), 42, &number) ||
		     span_to_u64(SPAN("4x"), 42, &number) ||
		     span_to_u64(SPAN("18446744073709551616"), UINT64_MAX, &number));
}

static void taking(void **state)
{
	struct span in = SPAN("FeTch x");
	uint32_t number;

	(void)state;
	assert_int_equal(span_take_text(&in, "fetch"), PARSE_BAD);
	assert_int_equal(span_take_text_nocase(&in, "fetch x y"), PARSE_MORE);
	assert_int_equal(in.n, 7);
	assert_int_equal(span_take_text_nocase(&in, "FETCH"), PARSE_OK);
	assert_int_equal(span_take_byte(&in, 'x'), PARSE_BAD);
	assert_int_equal(span_take_byte(&in, ' '), PARSE_OK);
	assert_int_equal(span_take_u32(&in, 1, &number), PARSE_BAD);
	assert_int_equal(span_take_byte(&in, 'x'), PARSE_OK);
	assert_int_equal(span_take_byte(&in, 'x'), PARSE_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparing), cmocka_unit_test(cutting), cmocka_unit_test(finding),
		cmocka_unit_test(numbers),   cmocka_unit_test(taking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Growing byte strings; numbers in decimal. */
#include "common/base/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void growing(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_true(buf_view(&b).n == 0);
	for (unsigned i = 0; i < 10000; i++)
		buf_byte(&b, (char)('a' + i % 26));
	assert_int_equal(b.n, 10000);
	for (unsigned i = 0; i < 10000; i++)
		assert_true(b.p[i] == (char)('a' + i % 26));
	buf_done(&b);
	assert_true(b.p == NULL && b.n == 0 && b.capacity == 0);
	buf_done(&b);
}

static void writing(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_bytes(&b, NULL, 0);
	buf_text(&b, "a");
	buf_span(&b, SPAN("b\0c"));
	memcpy(buf_room(&b, 3), "def", 3);
	buf_added(&b, 3);
	buf_u64(&b, 42);
	buf_printf(&b, "%s=%d", "x", -1);
	assert_memory_equal(buf_cstr(&b), "ab\0cdef42x=-1", 14);
	assert_int_equal(b.n, 13);
	buf_done(&b);
}

static void consuming(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_consume(&b, 0);
	buf_text(&b, "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(buf_cstr(&b), "cdef");
	buf_consume(&b, 4);
	assert_int_equal(b.n, 0);
	buf_text(&b, "x");
	assert_string_equal(buf_cstr(&b), "x");
	buf_done(&b);
}

static void decimal(void **state)
{
	static const uint64_t cases[] = {0,   1,   9,    10,    11,         99,          100,
					 101, 999, 1000, 65535, 4294967295, 10000000000, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char ours[21] = {0}, theirs[21];

		assert_int_equal(format_u64(ours, cases[i]), snprintf(theirs, sizeof theirs, "%" PRIu64, cases[i]));
		assert_string_equal(ours, theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing),
		cmocka_unit_test(writing),
		cmocka_unit_test(consuming),
		cmocka_unit_test(decimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

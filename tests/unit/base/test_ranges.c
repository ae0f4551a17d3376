/* Number sets: against written-out cases, and against a plain array of flags with many random steps. */
#include "common/base/ranges.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 64 };

static void assert_written(const struct ranges *set, const char *want)
{
	struct buf out = {0};

	ranges_write(set, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_done(&out);
}

static void adding_and_removing(void **state)
{
	struct ranges set = {0}, other = {0};

	(void)state;
	assert_written(&set, "");
	ranges_add(&set, 5, 7);
	ranges_add(&set, 8, 8);
	ranges_add(&set, 1, 1);
	assert_written(&set, "1,5:8");
	ranges_add(&set, 3, 3);
	ranges_add(&set, 2, 4);
	assert_written(&set, "1:8");
	ranges_remove(&set, 3, 4);
	ranges_remove(&set, 8, 100);
	assert_written(&set, "1:2,5:7");
	assert_int_equal(ranges_size(&set), 5);
	assert_true(ranges_has(&set, 5) && !ranges_has(&set, 4) && !ranges_has(&set, 8));
	ranges_add(&other, 2, 5);
	ranges_add_all(&other, &set);
	assert_written(&other, "1:7");
	ranges_copy(&other, &set);
	ranges_remove(&other, 1, 1);
	ranges_add(&other, 100, 200);
	ranges_intersect(&set, &other);
	assert_written(&set, "2,5:7");
	ranges_clear(&set);
	assert_written(&set, "");
	ranges_done(&set);
	ranges_done(&other);
	ranges_done(&other);
}

static void ends(void **state)
{
	struct ranges set = {0};
	unsigned count = 0;

	(void)state;
	ranges_add(&set, 0, 0);
	ranges_add(&set, UINT32_MAX, UINT32_MAX);
	ranges_add(&set, UINT32_MAX - 1, UINT32_MAX);
	assert_written(&set, "0,4294967294:4294967295");
	RANGES_FOREACH_NUMBER(&set, range, number)
	count++;
	assert_int_equal(count, 3);
	ranges_remove(&set, 0, UINT32_MAX - 1);
	assert_written(&set, "4294967295");
	ranges_add(&set, 0, UINT32_MAX);
	assert_int_equal(ranges_size(&set), 4294967296);
	ranges_remove(&set, 1, UINT32_MAX);
	assert_written(&set, "0");
	ranges_done(&set);
}

static void check(const struct ranges *set, const bool *flags)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		assert_int_equal(ranges_has(set, i), flags[i]);
		size += flags[i];
	}
	assert_int_equal(ranges_size(set), size);
	for (size_t i = 0; i + 1 < set->count; i++)
		assert_true(set->list[i].last + 1 < set->list[i + 1].first);
}

static void random_steps(void **state)
{
	struct ranges set = {0};
	bool flags[NUMBERS] = {false};
	uint32_t seed = 4711;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		uint32_t first, last;
		bool add;

		seed = seed * 1664525 + 1013904223;
		first = seed >> 8 & 63;
		last = first + (seed >> 16 & 7);
		add = (seed >> 24 & 1) != 0;
		if (last >= NUMBERS)
			last = NUMBERS - 1;
		for (uint32_t i = first; i <= last; i++)
			flags[i] = add;
		if (add)
			ranges_add(&set, first, last);
		else
			ranges_remove(&set, first, last);
		check(&set, flags);
	}
	ranges_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_and_removing),
		cmocka_unit_test(ends),
		cmocka_unit_test(random_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

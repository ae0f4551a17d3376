/* Arenas: many pieces, freed in one stroke. */
#include "common/base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static void pieces(void **state)
{
	struct arena *arena = arena_create();
	char *p[300];

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		p[i] = arena_bytes(arena, i);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, i);
	}
	for (size_t i = 0; i < 300; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(p[i][k] == (char)i);
	assert_true(arena_used(arena) >= 300 * 299 / 2);
	memset(arena_bytes(arena, 1000000), 1, 1000000);
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	memset(arena_bytes(arena, 100), 1, 100);
	arena_destroy(&arena);
	assert_null(arena);
	arena_destroy(&arena);
}

static void copies(void **state)
{
	struct arena *arena = arena_create();
	struct span s = arena_span(arena, SPAN("a\0b"));
	const uint64_t *zeros = arena_zero(arena, 10, sizeof *zeros);

	(void)state;
	assert_true(span_equal(s, SPAN("a\0b")) && s.p[3] == '\0');
	assert_true(arena_span(arena, (struct span){0}).n == 0);
	assert_string_equal(arena_text(arena, SPAN("xyz")), "xyz");
	assert_string_equal(arena_printf(arena, "%s=%d", "n", 5), "n=5");
	for (size_t i = 0; i < 10; i++)
		assert_true(zeros[i] == 0);
	arena_destroy(&arena);
}

static void growing(void **state)
{
	struct arena *arena = arena_create();
	void *array = NULL;
	size_t capacity = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		arena_grow(arena, &array, &capacity, i + 1, sizeof(uint32_t));
		((uint32_t *)array)[i] = (uint32_t)i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(((uint32_t *)array)[i], i);
	assert_true(capacity >= 1000 && capacity <= 2048);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pieces), cmocka_unit_test(copies),
					   cmocka_unit_test(growing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the tests of this folder share: inputs in heap blocks of exactly their size, so that the address sanitizer sees
 * a read one byte too far. */
#ifndef MIME_TEST_H
#define MIME_TEST_H

#include "tests/unit/mime/mime_check.h"
#include "common/base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A copy of the first n bytes; end it with test_span_free() */
static inline struct span test_span(const char *bytes, size_t n)
{
	char *copy = alloc_bytes(n);

	if (n > 0)
		memcpy(copy, bytes, n);
	return span_from(copy, n);
}

static inline void test_span_free(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* The message cut off at each byte: what is derived holds together every time. */
static inline void test_cut(const char *message, size_t size)
{
	struct arena *arena = arena_create();

	for (size_t n = 0; n <= size; n++) {
		struct span cut = test_span(message, n);

		check_derived(cut, SIZE_MAX, arena);
		arena_reset(arena);
		test_span_free(cut);
	}
	arena_destroy(&arena);
}

static inline void assert_span(struct span got, const char *want)
{
	char *text = alloc_text_n(got.p == NULL ? "" : got.p, got.n);

	assert_string_equal(text, want);
	assert_int_equal(got.n, strlen(want));
	free(text);
}

#endif

/* The heap, and what happens when it is empty. */
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "trivet: out of memory\n";

	(void)!write(2, text, sizeof text - 1);
	abort();
}

_Noreturn void must_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "trivet: %s:%d: must be: %s\n", file, line, what);
	abort();
}

void *alloc_bytes(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *alloc_zero(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *alloc_resize(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	p = realloc(p, bytes > 0 ? bytes : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

char *alloc_text(const char *text)
{
	return text == NULL ? NULL : alloc_text_n(text, strlen(text));
}

char *alloc_text_n(const char *bytes, size_t n)
{
	char *copy = alloc_bytes(n + 1);

	if (n > 0)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	return copy;
}

void alloc_grow(void **array, size_t *capacity, size_t want, size_t element_size)
{
	size_t next = *capacity > 0 ? *capacity : 8;

	if (want <= *capacity)
		return;
	must(want <= SIZE_MAX / 4);
	while (next < want)
		next *= 2;
	*array = alloc_resize(*array, next, element_size);
	*capacity = next;
}

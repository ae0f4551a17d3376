/* Arenas: blocks in a list, a pointer that moves up in the newest. */
#include "common/base/arena.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 2048, LARGEST_BLOCK = 65536, ALIGN = 16 };

struct block {
	struct block *older;
	size_t size, used;
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	struct block *newest;
	size_t used;
};

struct arena *arena_create(void)
{
	return alloc_zero(1, sizeof(struct arena));
}

static void free_older(struct block *block)
{
	while (block != NULL) {
		struct block *older = block->older;

		free(block);
		block = older;
	}
}

void arena_destroy(struct arena **arena)
{
	if (*arena == NULL)
		return;
	free_older((*arena)->newest);
	free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *block = arena->newest;

	if (block != NULL) {
		free_older(block->older);
		block->older = NULL;
		block->used = 0;
		if (block->size > LARGEST_BLOCK) {
			free(block);
			arena->newest = NULL;
		}
	}
	arena->used = 0;
}

void *arena_bytes(struct arena *arena, size_t size)
{
	struct block *block = arena->newest;
	void *p;

	must(size <= SIZE_MAX / 2);
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (block == NULL || block->size - block->used < size) {
		size_t room = block == NULL ? FIRST_BLOCK : block->size * 2;

		if (room > LARGEST_BLOCK)
			room = LARGEST_BLOCK;
		if (room < size)
			room = size;
		block = alloc_bytes(sizeof *block + room);
		*block = (struct block){.older = arena->newest, .size = room};
		arena->newest = block;
	}
	p = block->bytes + block->used;
	block->used += size;
	arena->used += size;
	return p;
}

void *arena_zero(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	must(!__builtin_mul_overflow(count, size, &bytes));
	p = arena_bytes(arena, bytes);
	memset(p, 0, bytes);
	return p;
}

char *arena_text(struct arena *arena, struct span s)
{
	char *copy = arena_bytes(arena, s.n + 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

struct span arena_span(struct arena *arena, struct span s)
{
	return (struct span){arena_text(arena, s), s.n};
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;
	char *text;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	must(n >= 0);
	text = arena_bytes(arena, (size_t)n + 1);
	(void)vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

void arena_grow(struct arena *arena, void **array, size_t *capacity, size_t want, size_t element_size)
{
	size_t next = *capacity > 0 ? *capacity : 8, bytes;
	void *larger;

	if (want <= *capacity)
		return;
	must(want <= SIZE_MAX / 4);
	while (next < want)
		next *= 2;
	must(!__builtin_mul_overflow(next, element_size, &bytes));
	larger = arena_bytes(arena, bytes);
	if (*capacity > 0)
		memcpy(larger, *array, *capacity * element_size);
	*array = larger;
	*capacity = next;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

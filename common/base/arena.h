/* Memory that lives as long as one command: many small pieces, freed in one stroke. One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "common/base/span.h"

struct arena; /* its owner frees it; everything taken from it goes with it */

struct arena *arena_create(void);
void arena_destroy(struct arena **arena); /* NULL is accepted, NULL is left behind */
void arena_reset(struct arena *arena);    /* empties it, keeps one block for the next command */

void *arena_bytes(struct arena *arena, size_t size);              /* aligned for anything, not cleared */
void *arena_zero(struct arena *arena, size_t count, size_t size); /* cleared; the product is checked */
#define arena_new(arena, type) ((type *)arena_zero(arena, 1, sizeof(type)))
struct span arena_span(struct arena *arena, struct span s); /* a copy; a NUL stands behind it, outside the span */
char *arena_text(struct arena *arena, struct span s);       /* a copy as a C string; a NUL inside would cut it */
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* alloc_grow() for an array that lives in the arena: the old array stays until the arena goes. */
void arena_grow(struct arena *arena, void **array, size_t *capacity, size_t want, size_t element_size);

size_t arena_used(const struct arena *arena); /* bytes handed out since the last reset */

#endif

/* Memory from the heap that is always there: when it runs out the process ends with a message (STYLE.md: small
 * allocations never fail; a size that a client chose is bounded by the caller first). Any thread. Freed by free(). */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

void *alloc_bytes(size_t size);                         /* not cleared */
void *alloc_zero(size_t count, size_t size);            /* cleared; the product is checked */
void *alloc_resize(void *p, size_t count, size_t size); /* realloc(); the product is checked */
char *alloc_text(const char *text);                     /* a copy; NULL gives NULL */
char *alloc_text_n(const char *bytes, size_t n);        /* a copy of n bytes with a NUL behind */

/* Makes room for at least `want` elements in an array that grows by doubling.
 * array, capacity  both are updated; *array may be NULL with *capacity 0 */
void alloc_grow(void **array, size_t *capacity, size_t want, size_t element_size);

#endif

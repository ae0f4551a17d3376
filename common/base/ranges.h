/* A set of 32-bit numbers (UIDs, message numbers) as sorted, disjoint, non-adjacent ranges. One thread at a time. */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include "common/base/buf.h"

struct range {
	uint32_t first, last; /* first <= last */
};

struct ranges {
	struct range *list; /* owned; ascending, with at least one missing number between two ranges */
	size_t count, capacity;
};

void ranges_done(struct ranges *set); /* frees, and leaves an empty set */
void ranges_clear(struct ranges *set);
void ranges_add(struct ranges *set, uint32_t first, uint32_t last); /* any order; O(1) at the end */
void ranges_add_all(struct ranges *set, const struct ranges *other);
void ranges_remove(struct ranges *set, uint32_t first, uint32_t last);
bool ranges_has(const struct ranges *set, uint32_t number); /* O(log n) */
uint64_t ranges_size(const struct ranges *set);             /* how many numbers */
void ranges_copy(struct ranges *to, const struct ranges *from);
void ranges_intersect(struct ranges *set, const struct ranges *other); /* what is in both stays in set */

/* As IMAP writes it: "1:3,5,8:9" (RFC 9051, 9: sequence-set without '*'). Nothing for an empty set. */
void ranges_write(const struct ranges *set, struct buf *out);

#define RANGES_FOREACH_NUMBER(set, range, number)                                                                      \
	for (const struct range *range = (set)->list; range < (set)->list + (set)->count; range++)                     \
		for (uint64_t number = range->first; number <= range->last; number++)

#endif

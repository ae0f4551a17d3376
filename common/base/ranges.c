/* Sets of numbers as sorted ranges. */
#include "common/base/ranges.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <string.h>

void ranges_done(struct ranges *set)
{
	free(set->list);
	*set = (struct ranges){0};
}

void ranges_clear(struct ranges *set)
{
	set->count = 0;
}

/* Index of the first range that ends at or behind number; count where there is none. */
static size_t first_ending_at(const struct ranges *set, uint64_t number)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->list[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void replace(struct ranges *set, size_t at, size_t gone, const struct range *with, size_t with_count)
{
	void *list = set->list;

	alloc_grow(&list, &set->capacity, set->count - gone + with_count, sizeof *set->list);
	set->list = list;
	if (at + gone < set->count)
		memmove(set->list + at + with_count, set->list + at + gone,
			(set->count - at - gone) * sizeof *set->list);
	if (with_count > 0)
		memcpy(set->list + at, with, with_count * sizeof *with);
	set->count = set->count - gone + with_count;
}

void ranges_add(struct ranges *set, uint32_t first, uint32_t last)
{
	struct range merged = {first, last};
	size_t at, end;

	must(first <= last);
	if (set->count > 0 && first == (uint64_t)set->list[set->count - 1].last + 1) {
		set->list[set->count - 1].last = last; /* the common case: in ascending order */
		return;
	}
	/* an adjacent range in front is joined too: hence first - 1 */
	at = first_ending_at(set, first > 0 ? first - 1 : 0);
	for (end = at; end < set->count && set->list[end].first <= (uint64_t)last + 1; end++) {
		if (set->list[end].first < merged.first)
			merged.first = set->list[end].first;
		if (set->list[end].last > merged.last)
			merged.last = set->list[end].last;
	}
	replace(set, at, end - at, &merged, 1);
}

void ranges_add_all(struct ranges *set, const struct ranges *other)
{
	for (size_t i = 0; i < other->count; i++)
		ranges_add(set, other->list[i].first, other->list[i].last);
}

void ranges_remove(struct ranges *set, uint32_t first, uint32_t last)
{
	struct range rest[2];
	size_t at, end, count = 0;

	must(first <= last);
	at = first_ending_at(set, first);
	for (end = at; end < set->count && set->list[end].first <= last; end++) {
		if (set->list[end].first < first)
			rest[count++] = (struct range){set->list[end].first, first - 1};
		if (set->list[end].last > last)
			rest[count++] = (struct range){last + 1, set->list[end].last};
	}
	if (end > at)
		replace(set, at, end - at, rest, count);
}

bool ranges_has(const struct ranges *set, uint32_t number)
{
	size_t at = first_ending_at(set, number);

	return at < set->count && set->list[at].first <= number;
}

uint64_t ranges_size(const struct ranges *set)
{
	uint64_t size = 0;

	for (size_t i = 0; i < set->count; i++)
		size += (uint64_t)set->list[i].last - set->list[i].first + 1;
	return size;
}

void ranges_copy(struct ranges *to, const struct ranges *from)
{
	to->count = 0;
	replace(to, 0, 0, from->list, from->count);
}

void ranges_intersect(struct ranges *set, const struct ranges *other)
{
	struct ranges both = {0};

	for (size_t i = 0, k = 0; i < set->count && k < other->count;) {
		struct range a = set->list[i], b = other->list[k];
		uint32_t first = a.first > b.first ? a.first : b.first, last = a.last < b.last ? a.last : b.last;

		if (first <= last)
			ranges_add(&both, first, last);
		if (a.last < b.last)
			i++;
		else
			k++;
	}
	ranges_done(set);
	*set = both;
}

void ranges_write(const struct ranges *set, struct buf *out)
{
	for (size_t i = 0; i < set->count; i++) {
		if (i > 0)
			buf_byte(out, ',');
		buf_u64(out, set->list[i].first);
		if (set->list[i].last > set->list[i].first) {
			buf_byte(out, ':');
			buf_u64(out, set->list[i].last);
		}
	}
}

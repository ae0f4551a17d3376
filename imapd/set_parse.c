/* sequence-set (RFC 9051, 9; RFC 5182). Clients send sets of many thousand UIDs on one line (CLIENTS.md, IMAP 18): the
 * commas are counted first, so that the array is taken from the arena once. */
#include "imapd/parse_private.h"

#include <stdlib.h>

/* seq-number. A client's 4294967295, which some mean as "to the end", must not become '*', which names the last
 * message. */
static bool take_number(const char **p, const char *end, uint32_t *number_r)
{
	const char *at = *p;
	uint64_t number = 0;

	if (at < end && *at == '*') {
		*number_r = IMAP_STAR;
		*p = at + 1;
		return true;
	}
	if (at == end || *at < '1' || *at > '9')
		return false;
	for (; at < end && ascii_is_digit(*at); at++) {
		number = number * 10 + (uint64_t)(*at - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*number_r = number == IMAP_STAR ? IMAP_STAR - 1 : (uint32_t)number;
	*p = at;
	return true;
}

static bool take_range(const char **p, const char *end, struct imap_range *range_r)
{
	if (!take_number(p, end, &range_r->first))
		return false;
	range_r->last = range_r->first;
	if (*p == end || **p != ':')
		return true;
	++*p;
	return take_number(p, end, &range_r->last);
}

/* How many ranges the set in front of at has at most. */
static size_t count_ranges(struct span at)
{
	size_t count = 1;

	for (size_t i = 0; i < at.n && at.p[i] != ' ' && at.p[i] != ')'; i++)
		count += at.p[i] == ',';
	return count;
}

bool imap_take_set(struct imap_parse_context *context, struct span *at, struct imap_set *set_r)
{
	const char *p = at->p, *end = at->p + at->n;
	size_t most;

	*set_r = (struct imap_set){0};
	if (imap_take(at, '$')) {
		set_r->is_saved = true;
		return true;
	}
	most = count_ranges(*at);
	if (most > context->max_set_ranges) {
		(void)imap_fail(context, "Too many numbers in a sequence set");
		return false;
	}
	set_r->list = arena_bytes(context->arena, most * sizeof *set_r->list);
	do {
		if (!take_range(&p, end, &set_r->list[set_r->count]))
			return false;
		set_r->count++;
	} while (p < end && *p == ',' && p++ < end);
	*at = span_from(p, (size_t)(end - p));
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct imap_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

bool imap_take_ranges(struct imap_parse_context *context, struct span *at, struct ranges *ranges_r)
{
	struct imap_set set;

	if (!imap_take_set(context, at, &set) || set.is_saved)
		return false;
	for (size_t i = 0; i < set.count; i++) {
		struct imap_range *range = &set.list[i];

		if (range->first == IMAP_STAR || range->last == IMAP_STAR)
			return false;
		if (range->first > range->last)
			*range = (struct imap_range){range->last, range->first};
	}
	qsort(set.list, set.count, sizeof *set.list, compare_ranges); /* adding in ascending order is cheap */
	for (size_t i = 0; i < set.count; i++)
		ranges_add(ranges_r, set.list[i].first, set.list[i].last);
	return true;
}

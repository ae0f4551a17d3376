/* Instances in an array, by their starts; beside each the latest end so far, so that both ends of what overlaps a range
 * are found by bisection. */
#include "common/ical/times.h"
#include "common/base/alloc.h"
#include "common/ical/ical_private.h"

#include <stdlib.h>

struct item {
	int64_t start, end;
	int64_t reach; /* of this one and all before it: behind which none of them overlaps */
	bool is_busy, is_tentative;
};

struct ical_times {
	struct item *list;
	size_t count;
};

struct collecting {
	struct ical_times *times;
	size_t capacity;
	int64_t reach;
};

static bool take(void *arg, const struct ical_instance *instance)
{
	struct collecting *job = arg;
	struct ical_times *times = job->times;
	void *list = times->list;
	/* what has no duration counts at its start (RFC 4791, 9.9) */
	int64_t reach = instance->end > instance->start ? instance->end : instance->start + 1;

	if (reach > job->reach)
		job->reach = reach;
	alloc_grow(&list, &job->capacity, times->count + 1, sizeof *times->list);
	times->list = list;
	times->list[times->count++] = (struct item){.start = instance->start,
						    .end = instance->end,
						    .reach = job->reach,
						    .is_busy = !instance->is_transparent,
						    .is_tentative = instance->is_tentative};
	return true;
}

struct ical_times *ical_times_make(struct ical_object *object, const struct ical_zone *zone,
				   const struct ical_range *within, size_t max)
{
	struct collecting job = {.reach = INT64_MIN};

	if (object->kind != ICAL_KIND_EVENT)
		return NULL;
	job.times = alloc_zero(1, sizeof *job.times);
	if (ical_object_instances(object, zone, within->from, within->to, max, take, &job) != ICAL_GOOD)
		ical_times_destroy(&job.times);
	return job.times;
}

void ical_times_destroy(struct ical_times **times)
{
	struct ical_times *gone = *times;

	*times = NULL;
	if (gone == NULL)
		return;
	free(gone->list);
	free(gone);
}

size_t ical_times_bytes(const struct ical_times *times)
{
	return sizeof *times + times->count * sizeof *times->list;
}

/* How many start before `to`. */
static size_t started(const struct ical_times *times, int64_t to)
{
	size_t low = 0, high = times->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (times->list[middle].start < to)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first behind which something reaches beyond `from`. */
static size_t reaching(const struct ical_times *times, int64_t from)
{
	size_t low = 0, high = times->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (times->list[middle].reach > from)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool ical_times_overlap(const struct ical_times *times, const struct ical_range *range)
{
	size_t end = started(times, range->to);

	return end > 0 && times->list[end - 1].reach > range->from;
}

void ical_times_busy(const struct ical_times *times, struct ical_busy *busy, const struct ical_range *range)
{
	size_t end = started(times, range->to);

	for (size_t i = reaching(times, range->from); i < end; i++) {
		const struct item *item = &times->list[i];

		if (item->is_busy && item->end > range->from)
			ical_busy_add_period(busy, item->start, item->end,
					     item->is_tentative ? ICAL_BUSY_TENTATIVE : ICAL_BUSY);
	}
}

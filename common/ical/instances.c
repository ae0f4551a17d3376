/* Instances of an object: what the rule gives, with overridden instances in their places (RFC 5545, 3.8.4.4). */
#include "common/ical/ical_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct override {
	icalcomponent *component;
	int64_t recurrence;     /* what it stands for */
	bool is_and_future;     /* RANGE=THISANDFUTURE: and for all that follow */
	int64_t shift, seconds; /* of those */
};

struct instances {
	struct ical_object *object;
	icaltimezone *zone;
	int64_t from, to;
	size_t max;
	struct override *overrides;
	size_t override_count, override_capacity;
	struct ical_instance *list;
	size_t count, capacity;
	icalcomponent *master;
	struct ical_span_of_time time; /* of the master */
	bool is_too_much;
};

/* RFC 4791, 9.9, for events; what has neither end nor duration counts at its start. */
static bool overlaps(const struct instances *job, int64_t start, int64_t end)
{
	if (end <= start)
		return start >= job->from && start < job->to;
	return start < job->to && end > job->from;
}

static void add(struct instances *job, icalcomponent *component, int64_t start, int64_t seconds, int64_t recurrence,
		bool is_all_day)
{
	icalproperty *transp = icalcomponent_get_first_property(component, ICAL_TRANSP_PROPERTY);
	enum icalproperty_status status = icalcomponent_get_status(component);
	void *list = job->list;

	if (!overlaps(job, start, start + seconds))
		return;
	if (job->count == job->max) {
		job->is_too_much = true;
		return;
	}
	alloc_grow(&list, &job->capacity, job->count + 1, sizeof *job->list);
	job->list = list;
	job->list[job->count++] = (struct ical_instance){
		.start = start,
		.end = start + seconds,
		.recurrence = recurrence,
		.is_all_day = is_all_day,
		.is_transparent = status == ICAL_STATUS_CANCELLED ||
				  (transp != NULL && icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENT),
		.is_tentative = status == ICAL_STATUS_TENTATIVE,
	};
}

static const struct override *override_of(const struct instances *job, int64_t recurrence)
{
	const struct override *future = NULL;

	for (size_t i = 0; i < job->override_count; i++) {
		const struct override *o = &job->overrides[i];

		if (o->recurrence == recurrence)
			return o;
		if (o->is_and_future && o->recurrence < recurrence &&
		    (future == NULL || o->recurrence > future->recurrence))
			future = o;
	}
	return future;
}

static bool take_start(void *arg, const struct ical_start *start)
{
	struct instances *job = arg;
	const struct override *override = override_of(job, start->at);
	int64_t seconds = start->duration >= 0 ? start->duration : job->time.seconds;

	if (override != NULL && override->recurrence == start->at)
		return true; /* it comes by itself */
	if (override != NULL)
		add(job, override->component, start->at + override->shift, override->seconds, start->at,
		    start->time.is_date);
	else
		add(job, job->master, start->at, seconds, start->at, start->time.is_date);
	return !job->is_too_much;
}

static void add_override(struct instances *job, icalcomponent *component, icalproperty *property)
{
	icalparameter *range = icalproperty_get_first_parameter(property, ICAL_RANGE_PARAMETER);
	struct icaltimetype of = icalproperty_get_datetime_with_component(property, component);
	struct ical_span_of_time time;
	void *list = job->overrides;
	struct override *o;

	ical_component_time(component, &time);
	alloc_grow(&list, &job->override_capacity, job->override_count + 1, sizeof *job->overrides);
	job->overrides = list;
	o = &job->overrides[job->override_count++];
	*o = (struct override){
		.component = component, .recurrence = ical_seconds(of, job->zone), .seconds = time.seconds};
	o->is_and_future = range != NULL && icalparameter_get_range(range) == ICAL_RANGE_THISANDFUTURE;
	if (icaltime_is_null_time(time.start))
		return;
	o->shift = ical_seconds(time.start, job->zone) - o->recurrence;
	add(job, component, o->recurrence + o->shift, o->seconds, o->recurrence, time.start.is_date);
}

static int64_t longest(const struct instances *job)
{
	int64_t longest = job->time.seconds;

	for (size_t i = 0; i < job->override_count; i++) {
		int64_t n = llabs(job->overrides[i].shift) + job->overrides[i].seconds;

		if (job->overrides[i].is_and_future && n > longest)
			longest = n;
	}
	return longest;
}

static int64_t clamp_sum(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
	return sum;
}

static void expand_master(struct instances *job)
{
	int64_t reach;

	ical_component_time(job->master, &job->time);
	reach = longest(job);
	if (!ical_starts(job->master, job->zone, clamp_sum(job->from, -reach), clamp_sum(job->to, reach), take_start,
			 job))
		job->is_too_much = true;
}

static int by_start(const void *a, const void *b)
{
	const struct ical_instance *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->recurrence > y->recurrence) - (x->recurrence < y->recurrence);
}

static void find_components(struct instances *job)
{
	icalcomponent *root = job->object->root;

	for (icalcomponent *c = icalcomponent_get_first_component(root, job->object->component); c != NULL;
	     c = icalcomponent_get_next_component(root, job->object->component)) {
		icalproperty *of = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);

		if (of != NULL)
			add_override(job, c, of);
		else
			job->master = c;
	}
}

enum ical_verdict ical_object_instances(struct ical_object *object, const struct ical_zone *zone, int64_t from,
					int64_t to, size_t max, ical_instance_fn *fn, void *arg)
{
	struct instances job = {.object = object, .from = from, .to = to, .max = max};

	if (zone != NULL)
		job.zone = zone->zone;
	find_components(&job);
	if (job.master != NULL)
		expand_master(&job);
	if (job.count > 1)
		qsort(job.list, job.count, sizeof *job.list, by_start);
	for (size_t i = 0; i < job.count && !job.is_too_much; i++)
		if (!fn(arg, &job.list[i]))
			break;
	free(job.list);
	free(job.overrides);
	return job.is_too_much ? ICAL_TOO_MUCH : ICAL_GOOD;
}

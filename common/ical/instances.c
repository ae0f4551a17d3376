/* Instances of an object: what the rule gives, with overridden instances in their places (RFC 5545, 3.8.4.4). */
#include "common/ical/recurrence_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

struct override {
	icalcomponent *component;
	struct ical_span_of_time span;
	struct icaltimetype recurrence_time;
	int64_t recurrence;            /* what it stands for */
	bool is_and_future;            /* RANGE=THISANDFUTURE: and for all that follow */
	int64_t shift;                 /* of those, in seconds */
	bool is_shift_of_wall;         /* in time of the clock, where its zone is the rule's */
	const struct override *future; /* the last with that range, up to this one */
};

struct walk {
	icaltimezone *zone;
	int64_t from, to;           /* widened by the reach asked for */
	struct override *overrides; /* ascending by what they stand for */
	size_t count, capacity;
	struct master { /* one, but some programs make several */
		icalcomponent *component;
		struct ical_span_of_time span;
	} * masters, *master; /* all; the one at work */
	size_t master_count, master_capacity;
	bool recurs, is_enough;
	ical_occurrence_fn *fn;
	void *arg;
};

static void give(struct walk *walk, struct ical_occurrence *occurrence)
{
	if (!walk->is_enough)
		walk->is_enough = !walk->fn(walk->arg, occurrence);
}

/* duration: -1: as the component says */
static void give_start(struct walk *walk, icalcomponent *component, const struct ical_span_of_time *span,
		       struct icaltimetype time, struct icaltimetype recurrence, int64_t duration)
{
	struct ical_occurrence occurrence = {
		.component = component, .span = span, .time = time, .recurrence_time = recurrence};

	if (!icaltime_is_null_time(time)) {
		occurrence.start = ical_seconds(time, walk->zone);
		occurrence.end = duration >= 0 ? ical_clamp_wall(occurrence.start + duration)
					       : ical_end_of(time, span->days, span->seconds, walk->zone);
	}
	occurrence.recurrence =
		icaltime_is_null_time(recurrence) ? occurrence.start : ical_seconds(recurrence, walk->zone);
	give(walk, &occurrence);
}

/* --- overridden instances --- */

static void add_override(struct walk *walk, icalcomponent *component, icalproperty *property)
{
	icalparameter *range = icalproperty_get_first_parameter(property, ICAL_RANGE_PARAMETER);
	struct override *o;
	void *list = walk->overrides;

	alloc_grow(&list, &walk->capacity, walk->count + 1, sizeof *walk->overrides);
	walk->overrides = list;
	o = &walk->overrides[walk->count++];
	*o = (struct override){.component = component};
	o->recurrence_time = icalproperty_get_datetime_with_component(property, component);
	o->recurrence = ical_seconds(o->recurrence_time, walk->zone);
	ical_component_time(component, &o->span);
	o->is_and_future = range != NULL && icalparameter_get_range(range) == ICAL_RANGE_THISANDFUTURE &&
			   !icaltime_is_null_time(o->span.start);
	if (!o->is_and_future)
		return;
	o->is_shift_of_wall = o->span.start.zone == o->recurrence_time.zone;
	o->shift = o->is_shift_of_wall ? ical_wall(o->span.start) - ical_wall(o->recurrence_time)
				       : ical_seconds(o->span.start, walk->zone) - o->recurrence;
}

static int by_recurrence(const void *a, const void *b)
{
	const struct override *x = a, *y = b;

	return (x->recurrence > y->recurrence) - (x->recurrence < y->recurrence);
}

static void sort_overrides(struct walk *walk)
{
	const struct override *future = NULL;

	if (walk->count > 1)
		qsort(walk->overrides, walk->count, sizeof *walk->overrides, by_recurrence);
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->overrides[i].is_and_future)
			future = &walk->overrides[i];
		walk->overrides[i].future = future;
	}
}

/* The last override that stands for that time or an earlier one. */
static const struct override *override_until(const struct walk *walk, int64_t recurrence)
{
	size_t low = 0, high = walk->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (walk->overrides[middle].recurrence <= recurrence)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL : &walk->overrides[low - 1];
}

static struct icaltimetype shifted(const struct walk *walk, const struct override *o, const struct ical_start *start)
{
	struct icaltimetype like = o->span.start;
	icaltimezone *zone = (icaltimezone *)like.zone;
	int64_t at;

	if (o->is_shift_of_wall)
		return ical_wall_time(ical_clamp_wall(ical_wall(start->time) + o->shift), like);
	if (zone == NULL)
		zone = walk->zone == NULL ? icaltimezone_get_utc_timezone() : walk->zone;
	at = ical_clamp_wall(start->at + o->shift);
	return ical_wall_time(ical_wall(icaltime_from_timet_with_zone((time_t)at, 0, zone)), like);
}

static bool take_start(void *arg, const struct ical_start *start)
{
	struct walk *walk = arg;
	const struct override *o = override_until(walk, start->at);
	struct icaltimetype recurrence = walk->recurs ? start->time : icaltime_null_time();

	if (o != NULL && o->recurrence == start->at)
		return true; /* it comes by itself */
	if (o != NULL && o->future != NULL)
		give_start(walk, o->future->component, &o->future->span, shifted(walk, o->future, start), recurrence,
			   -1);
	else
		give_start(walk, walk->master->component, &walk->master->span, start->time, recurrence,
			   start->duration);
	return !walk->is_enough;
}

/* --- the object --- */

static void add_master(struct walk *walk, icalcomponent *component)
{
	void *list = walk->masters;

	alloc_grow(&list, &walk->master_capacity, walk->master_count + 1, sizeof *walk->masters);
	walk->masters = list;
	walk->masters[walk->master_count].component = component;
	ical_component_time(component, &walk->masters[walk->master_count++].span);
	walk->recurs |= icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY) != NULL ||
			icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY) != NULL;
}

static void find_components(struct walk *walk, struct ical_object *object)
{
	for (icalcomponent *c = icalcomponent_get_first_component(object->root, object->component); c != NULL;
	     c = icalcomponent_get_next_component(object->root, object->component)) {
		icalproperty *of = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);

		if (of != NULL)
			add_override(walk, c, of);
		else
			add_master(walk, c);
	}
	sort_overrides(walk);
	walk->recurs |= walk->count > 0;
}

/* A day more where days are counted: clocks are put forward and back. */
static int64_t length_of(const struct ical_span_of_time *span)
{
	return span->days == 0 ? span->seconds : (span->days + 1) * ICAL_DAY + span->seconds;
}

static int64_t longest_rdate(icalcomponent *master)
{
	int64_t longest = 0;

	for (icalproperty *p = icalcomponent_get_first_property(master, ICAL_RDATE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(master, ICAL_RDATE_PROPERTY)) {
		struct icalperiodtype period = icalproperty_get_rdate(p).period;
		int64_t n = 0;

		if (!icalperiodtype_is_null_period(period))
			n = icaltime_is_null_time(period.end)
				    ? icaldurationtype_as_int(period.duration)
				    : ical_seconds(period.end, NULL) - ical_seconds(period.start, NULL);
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* How far an occurrence may lie from where the rule has it, or end behind it. */
static int64_t longest(const struct walk *walk)
{
	int64_t longest = length_of(&walk->master->span), of_rdates = longest_rdate(walk->master->component);

	if (of_rdates > longest)
		longest = of_rdates;
	for (size_t i = 0; i < walk->count; i++) {
		const struct override *o = &walk->overrides[i];
		int64_t n = llabs(o->shift) + ICAL_DAY + length_of(&o->span);

		if (o->is_and_future && n > longest)
			longest = n;
	}
	return longest;
}

static bool walk_master(struct walk *walk, int64_t from, int64_t to, int64_t reach, uint64_t *work)
{
	const struct master *master = walk->master;

	if (icaltime_is_null_time(master->span.start)) {
		give_start(walk, master->component, &master->span, master->span.start, icaltime_null_time(), -1);
		return true;
	}
	reach = ical_clamp_sum(reach, longest(walk));
	return ical_starts(master->component, walk->zone, ical_clamp_sum(from, -reach), ical_clamp_sum(to, reach), work,
			   take_start, walk);
}

enum ical_verdict ical_occurrences(struct ical_object *object, const struct ical_zone *zone, int64_t from, int64_t to,
				   int64_t reach, ical_occurrence_fn *fn, void *arg)
{
	struct walk walk = {.zone = zone == NULL ? NULL : zone->zone, .fn = fn, .arg = arg};
	uint64_t work = 0;
	bool ok = true;

	find_components(&walk, object);
	for (size_t i = 0; i < walk.count && !walk.is_enough; i++)
		give_start(&walk, walk.overrides[i].component, &walk.overrides[i].span, walk.overrides[i].span.start,
			   walk.overrides[i].recurrence_time, -1);
	for (size_t i = 0; i < walk.master_count && ok && !walk.is_enough; i++) {
		walk.master = &walk.masters[i];
		ok = walk_master(&walk, from, to, reach, &work);
	}
	free(walk.overrides);
	free(walk.masters);
	return ok ? ICAL_GOOD : ICAL_TOO_MUCH;
}

/* --- which of them --- */

static bool event_overlaps(const struct ical_occurrence *o, int64_t from, int64_t to)
{
	if (o->end <= o->start)
		return from <= o->start && to > o->start;
	return from < o->end && to > o->start;
}

static bool journal_overlaps(const struct ical_occurrence *o, int64_t from, int64_t to)
{
	return o->time.is_date ? from < o->end && to > o->start : from <= o->start && to > o->start;
}

static bool instant_of(icalcomponent *component, icalproperty_kind kind, icaltimezone *zone, int64_t *at_r)
{
	icalproperty *property = icalcomponent_get_first_property(component, kind);
	struct icaltimetype time;

	if (property == NULL)
		return false;
	time = icalproperty_get_datetime_with_component(property, component);
	*at_r = ical_seconds(time, zone);
	return !icaltime_is_null_time(time);
}

/* A to-do that nobody has said when to do: by when it was made, and done. */
static bool undated_overlaps(icalcomponent *component, icaltimezone *zone, int64_t from, int64_t to)
{
	int64_t created, completed;
	bool has_created = instant_of(component, ICAL_CREATED_PROPERTY, zone, &created);
	bool has_completed = instant_of(component, ICAL_COMPLETED_PROPERTY, zone, &completed);

	if (has_created && has_completed)
		return (from <= created || from <= completed) && (to >= created || to >= completed);
	if (has_completed)
		return from <= completed && to >= completed;
	return !has_created || to > created;
}

static bool todo_overlaps(const struct ical_occurrence *o, icaltimezone *zone, int64_t from, int64_t to)
{
	if (icaltime_is_null_time(o->time))
		return undated_overlaps(o->component, zone, from, to);
	if (o->span->is_due)
		return from < o->start && to >= o->start;
	if (!o->span->has_end)
		return from <= o->start && to > o->start;
	if (o->span->is_nominal)
		return from <= o->end && (to > o->start || to >= o->end);
	return (from < o->end || from <= o->start) && (to > o->start || to >= o->end);
}

bool ical_occurrence_overlaps(const struct ical_occurrence *occurrence, const struct ical_zone *zone, int64_t from,
			      int64_t to)
{
	switch (icalcomponent_isa(occurrence->component)) {
	case ICAL_VTODO_COMPONENT:
		return todo_overlaps(occurrence, zone == NULL ? NULL : zone->zone, from, to);
	case ICAL_VJOURNAL_COMPONENT:
		return !icaltime_is_null_time(occurrence->time) && journal_overlaps(occurrence, from, to);
	default:
		return !icaltime_is_null_time(occurrence->time) && event_overlaps(occurrence, from, to);
	}
}

struct instances {
	const struct ical_zone *zone;
	int64_t from, to;
	size_t max, count, capacity;
	struct ical_instance *list;
	const icalcomponent *component; /* what is_transparent and is_tentative are of */
	bool is_transparent, is_tentative;
	bool is_too_much;
};

static void read_status(struct instances *job, icalcomponent *component)
{
	icalproperty *transp = icalcomponent_get_first_property(component, ICAL_TRANSP_PROPERTY);
	enum icalproperty_status status = icalcomponent_get_status(component);

	job->component = component;
	job->is_tentative = status == ICAL_STATUS_TENTATIVE;
	job->is_transparent = status == ICAL_STATUS_CANCELLED ||
			      (transp != NULL && icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENT);
}

static bool take_occurrence(void *arg, const struct ical_occurrence *o)
{
	struct instances *job = arg;
	void *list = job->list;

	if (icaltime_is_null_time(o->time) || !ical_occurrence_overlaps(o, job->zone, job->from, job->to))
		return true;
	if (job->count == job->max) {
		job->is_too_much = true;
		return false;
	}
	if (job->component != o->component)
		read_status(job, o->component);
	alloc_grow(&list, &job->capacity, job->count + 1, sizeof *job->list);
	job->list = list;
	job->list[job->count++] = (struct ical_instance){
		.start = o->start,
		.end = o->end,
		.recurrence = o->recurrence,
		.is_all_day = o->time.is_date,
		.is_transparent = job->is_transparent,
		.is_tentative = job->is_tentative,
	};
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct ical_instance *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->recurrence > y->recurrence) - (x->recurrence < y->recurrence);
}

enum ical_verdict ical_object_instances(struct ical_object *object, const struct ical_zone *zone, int64_t from,
					int64_t to, size_t max, ical_instance_fn *fn, void *arg)
{
	struct instances job = {.zone = zone, .from = from, .to = to, .max = max};
	enum ical_verdict verdict = ical_occurrences(object, zone, from, to, 0, take_occurrence, &job);

	if (job.is_too_much)
		verdict = ICAL_TOO_MUCH;
	if (job.count > 1)
		qsort(job.list, job.count, sizeof *job.list, by_start);
	for (size_t i = 0; i < job.count && verdict == ICAL_GOOD; i++)
		if (!fn(arg, &job.list[i]))
			break;
	free(job.list);
	return verdict;
}

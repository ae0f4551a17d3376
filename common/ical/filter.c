/* comp-filter and time-range (RFC 4791, 9.7.1, 9.9).
 *
 * A filter is satisfied by one component: it has the properties, the components and an instance in the range, all of
 * them. The master of a recurring object stands for its instances but those that are overridden. Times come last, and
 * for all components together, because instances are dear. */
#include "common/ical/recurrence_private.h"
#include "common/ical/filter_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

enum { WALKS_MAX = 2000000 }; /* components looked at, all walks through the instances together */

struct matching {
	struct ical_object *object;
	const struct ical_zone *zone;
	size_t components, walked;
	bool is_too_much;
};

static bool comp_matches(struct matching *m, icalcomponent *parent, const struct ical_comp_filter *filter);

static icaltimezone *zone_of(const struct matching *m)
{
	return m->zone == NULL ? NULL : m->zone->zone;
}

/* --- walking through instances --- */

static bool walk(struct matching *m, const struct ical_range *range, int64_t reach, ical_occurrence_fn *fn, void *arg)
{
	m->walked += m->components;
	if (m->walked > WALKS_MAX) {
		m->is_too_much = true;
		return false;
	}
	return ical_occurrences(m->object, m->zone, range->from, range->to, reach, fn, arg) == ICAL_GOOD;
}

struct candidates { /* components that match but for their times */
	struct matching *m;
	const struct ical_range *range;
	icalcomponent **list; /* ascending by address */
	size_t count, capacity;
	bool is_hit;
};

static int by_address(const void *a, const void *b)
{
	icalcomponent *const *x = a, *const *y = b;

	return (*x > *y) - (*x < *y);
}

static bool take_candidate(void *arg, const struct ical_occurrence *o)
{
	struct candidates *c = arg;

	c->is_hit = ical_occurrence_overlaps(o, c->m->zone, c->range->from, c->range->to) &&
		    bsearch(&o->component, c->list, c->count, sizeof *c->list, by_address) != NULL;
	return !c->is_hit;
}

static bool any_overlaps(struct candidates *c)
{
	if (c->count == 0)
		return false;
	qsort(c->list, c->count, sizeof *c->list, by_address);
	if (!walk(c->m, c->range, 0, take_candidate, c) && !c->is_hit)
		c->m->is_too_much = true;
	return c->is_hit;
}

/* --- alarms --- */

struct alarm {
	struct matching *m;
	icalcomponent *owner;
	const struct ical_range *range;
	bool is_at_end;        /* RELATED=END */
	int64_t days, seconds; /* from there to the trigger */
	int64_t repeat, every;
	bool is_hit;
};

/* Is one of the triggers at, at + every, …, repeat of them besides the first, in the range? */
static bool triggers_in(const struct alarm *alarm, int64_t at)
{
	int64_t n = 0, last;

	if (at >= alarm->range->to)
		return false;
	if (at >= alarm->range->from)
		return true;
	if (alarm->repeat <= 0 || alarm->every <= 0)
		return false;
	if (__builtin_sub_overflow(alarm->range->from, at, &last))
		return false;
	n = last / alarm->every + (last % alarm->every != 0);
	return n <= alarm->repeat && at + n * alarm->every < alarm->range->to;
}

static bool take_alarm(void *arg, const struct ical_occurrence *o)
{
	struct alarm *alarm = arg;
	int64_t at;

	if (o->component != alarm->owner || icaltime_is_null_time(o->time))
		return true;
	if (alarm->is_at_end)
		at = o->end + alarm->days * ICAL_DAY + alarm->seconds;
	else
		at = ical_end_of(o->time, alarm->days, alarm->seconds, zone_of(alarm->m));
	alarm->is_hit = triggers_in(alarm, at);
	return !alarm->is_hit;
}

static void read_repeat(struct alarm *alarm, icalcomponent *component)
{
	icalproperty *repeat = icalcomponent_get_first_property(component, ICAL_REPEAT_PROPERTY);
	icalproperty *every = icalcomponent_get_first_property(component, ICAL_DURATION_PROPERTY);

	if (repeat == NULL || every == NULL)
		return;
	alarm->repeat = icalproperty_get_repeat(repeat);
	alarm->every = icaldurationtype_as_int(icalproperty_get_duration(every));
}

/* One that stands for itself alone needs no walk through the instances. */
static bool is_lone_override(icalcomponent *component)
{
	icalproperty *of = icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY);

	return of != NULL && icalproperty_get_first_parameter(of, ICAL_RANGE_PARAMETER) == NULL;
}

static bool lone_override_triggers(struct alarm *alarm)
{
	struct ical_span_of_time span;
	struct ical_occurrence o = {.component = alarm->owner, .span = &span};

	ical_component_time(alarm->owner, &span);
	o.time = span.start;
	if (!icaltime_is_null_time(o.time)) {
		o.start = ical_seconds(o.time, zone_of(alarm->m));
		o.end = ical_end_of(o.time, span.days, span.seconds, zone_of(alarm->m));
	}
	(void)take_alarm(alarm, &o);
	return alarm->is_hit;
}

static bool alarm_overlaps(struct matching *m, icalcomponent *owner, icalcomponent *component,
			   const struct ical_range *range)
{
	struct alarm alarm = {.m = m, .owner = owner, .range = range};
	icalproperty *property = icalcomponent_get_first_property(component, ICAL_TRIGGER_PROPERTY);
	icalparameter *related;
	struct icaltriggertype trigger;
	int64_t sign, reach;

	if (property == NULL)
		return false;
	trigger = icalproperty_get_trigger(property);
	read_repeat(&alarm, component);
	if (!icaltime_is_null_time(trigger.time))
		return triggers_in(&alarm, ical_seconds(trigger.time, zone_of(m)));
	related = icalproperty_get_first_parameter(property, ICAL_RELATED_PARAMETER);
	alarm.is_at_end = related != NULL && icalparameter_get_related(related) == ICAL_RELATED_END;
	sign = trigger.duration.is_neg ? -1 : 1;
	alarm.days = sign * ((int64_t)trigger.duration.weeks * 7 + trigger.duration.days);
	alarm.seconds = sign * ((int64_t)trigger.duration.hours * 3600 + (int64_t)trigger.duration.minutes * 60 +
				trigger.duration.seconds);
	if (is_lone_override(owner))
		return lone_override_triggers(&alarm);
	reach = llabs(alarm.days) * ICAL_DAY + llabs(alarm.seconds) + ICAL_DAY;
	if (alarm.repeat > 0 && alarm.every > 0)
		reach = ical_clamp_sum(reach, alarm.repeat * alarm.every);
	if (!walk(m, range, reach, take_alarm, &alarm) && !alarm.is_hit)
		m->is_too_much = true;
	return alarm.is_hit;
}

/* --- components whose instances are not counted --- */

static bool is_overlapped(int64_t start, int64_t end, const struct ical_range *range)
{
	return range->from < end && range->to > start;
}

static bool instant(icalcomponent *component, icalproperty_kind kind, icaltimezone *zone, int64_t *at_r)
{
	icalproperty *property = icalcomponent_get_first_property(component, kind);
	struct icaltimetype time;

	if (property == NULL)
		return false;
	time = icalproperty_get_datetime_with_component(property, component);
	*at_r = ical_seconds(time, zone);
	return !icaltime_is_null_time(time);
}

static bool freebusy_overlaps(struct matching *m, icalcomponent *component, const struct ical_range *range)
{
	int64_t start, end;

	if (instant(component, ICAL_DTSTART_PROPERTY, zone_of(m), &start) &&
	    instant(component, ICAL_DTEND_PROPERTY, zone_of(m), &end))
		return range->from <= end && range->to > start;
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_FREEBUSY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_FREEBUSY_PROPERTY)) {
		struct icalperiodtype period = icalproperty_get_freebusy(p);

		start = ical_seconds(period.start, zone_of(m));
		end = icaltime_is_null_time(period.end) ? start + icaldurationtype_as_int(period.duration)
							: ical_seconds(period.end, zone_of(m));
		if (is_overlapped(start, end, range))
			return true;
	}
	return false;
}

/* What it says is for the time between its bounds, each of which may be missing (RFC 7953, 3.1). */
static bool availability_overlaps(struct matching *m, icalcomponent *component, const struct ical_range *range)
{
	struct ical_span_of_time time;
	int64_t start = INT64_MIN, end = INT64_MAX;

	(void)instant(component, ICAL_DTSTART_PROPERTY, zone_of(m), &start);
	ical_component_time(component, &time);
	if (time.has_end)
		end = ical_end_of(time.start, time.days, time.seconds, zone_of(m));
	else
		(void)instant(component, ICAL_DTEND_PROPERTY, zone_of(m), &end);
	return is_overlapped(start, end, range);
}

static bool others_overlap(struct matching *m, icalcomponent *parent, icalcomponent *component,
			   const struct ical_range *range)
{
	switch (icalcomponent_isa(component)) {
	case ICAL_VALARM_COMPONENT:
		return alarm_overlaps(m, parent, component, range);
	case ICAL_VFREEBUSY_COMPONENT:
		return freebusy_overlaps(m, component, range);
	case ICAL_VAVAILABILITY_COMPONENT:
		return availability_overlaps(m, component, range);
	default:
		return false; /* the standard defines it for no other */
	}
}

/* --- filters --- */

static bool has_all(struct matching *m, icalcomponent *component, const struct ical_comp_filter *filter)
{
	for (const struct ical_prop_filter *f = filter->props; f != NULL; f = f->next)
		if (!ical_property_matches(component, f, m->zone))
			return false;
	for (const struct ical_comp_filter *f = filter->comps; f != NULL; f = f->next)
		if (!comp_matches(m, component, f))
			return false;
	return true;
}

static void add_candidate(struct candidates *candidates, icalcomponent *component)
{
	void *list = candidates->list;

	alloc_grow(&list, &candidates->capacity, candidates->count + 1, sizeof *candidates->list);
	candidates->list = list;
	candidates->list[candidates->count++] = component;
}

static bool comp_matches(struct matching *m, icalcomponent *parent, const struct ical_comp_filter *filter)
{
	struct candidates candidates = {.m = m, .range = filter->range};
	icalcompiter i = icalcomponent_begin_component(parent, ICAL_ANY_COMPONENT);
	bool has_instances = parent == m->object->root && m->object->kind <= ICAL_KIND_JOURNAL;
	bool matches = false;

	for (icalcomponent *c = icalcompiter_deref(&i); c != NULL && !matches && !m->is_too_much;
	     c = icalcompiter_next(&i)) {
		if (!ical_component_is(c, filter->name))
			continue;
		if (filter->is_not_defined)
			return false;
		if (!has_all(m, c, filter))
			continue;
		if (filter->range == NULL)
			matches = true;
		else if (has_instances && icalcomponent_isa(c) == m->object->component)
			add_candidate(&candidates, c);
		else
			matches = others_overlap(m, parent, c, filter->range);
	}
	if (!matches && !m->is_too_much)
		matches = filter->is_not_defined || any_overlaps(&candidates);
	free(candidates.list);
	return matches;
}

enum ical_verdict ical_object_matches(struct ical_object *object, const struct ical_comp_filter *filter,
				      const struct ical_zone *zone, bool *matches_r)
{
	struct matching m = {.object = object, .zone = zone};

	m.components = (size_t)icalcomponent_count_components(object->root, ICAL_ANY_COMPONENT);
	*matches_r = !filter->is_not_defined && ical_component_is(object->root, filter->name) &&
		     has_all(&m, object->root, filter);
	return m.is_too_much ? ICAL_TOO_MUCH : ICAL_GOOD;
}

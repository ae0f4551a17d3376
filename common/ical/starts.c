/* A recurring component's starts: several rules and lists, merged. */
#include "common/ical/ical_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

struct starts {
	struct ical_start *list;
	size_t count, capacity;
	unsigned steps;
	icaltimezone *zone;
	int64_t from, to;
};

int64_t ical_seconds(struct icaltimetype time, icaltimezone *zone)
{
	if (time.zone != NULL)
		zone = (icaltimezone *)time.zone; /* libical's own type has lost its const */
	return (int64_t)icaltime_as_timet_with_zone(time, zone == NULL ? icaltimezone_get_utc_timezone() : zone);
}

static void add(struct starts *starts, struct icaltimetype time, int64_t duration)
{
	void *list = starts->list;

	alloc_grow(&list, &starts->capacity, starts->count + 1, sizeof *starts->list);
	starts->list = list;
	starts->list[starts->count++] =
		(struct ical_start){.time = time, .at = ical_seconds(time, starts->zone), .duration = duration};
}

/* Rules without a count may begin where the wanted time does. */
static void jump(icalrecur_iterator *iterator, const struct starts *starts, const struct icalrecurrencetype *rule,
		 struct icaltimetype start)
{
	struct icaltimetype from;

	if (rule->count != 0 || starts->from <= ical_seconds(start, starts->zone) || rule->interval > 1)
		return;
	from = icaltime_from_timet_with_zone((time_t)(starts->from - 2 * 86400), start.is_date,
					     start.zone == NULL ? icaltimezone_get_utc_timezone() : start.zone);
	from.zone = start.zone;
	from.is_date = start.is_date;
	if (icaltime_compare(from, start) > 0)
		(void)icalrecur_iterator_set_start(iterator, from);
}

static bool add_rule(struct starts *starts, icalproperty *property, struct icaltimetype start, bool is_exception)
{
	struct icalrecurrencetype rule =
		is_exception ? icalproperty_get_exrule(property) : icalproperty_get_rrule(property);
	icalrecur_iterator *iterator = icalrecur_iterator_new(rule, start);
	struct icaltimetype time;
	bool ok = true;

	if (iterator == NULL)
		return true; /* a rule libical refuses gives nothing */
	jump(iterator, starts, &rule, start);
	for (time = icalrecur_iterator_next(iterator); !icaltime_is_null_time(time);
	     time = icalrecur_iterator_next(iterator)) {
		if (++starts->steps > ICAL_STEPS_MAX) {
			ok = false;
			break;
		}
		if (ical_seconds(time, starts->zone) > starts->to)
			break;
		add(starts, time, -1);
	}
	icalrecur_iterator_free(iterator);
	return ok;
}

static void add_rdate(struct starts *starts, icalcomponent *component, icalproperty *property)
{
	struct icaldatetimeperiodtype rdate = icalproperty_get_rdate(property);
	struct icaltimetype time;

	if (icalperiodtype_is_null_period(rdate.period)) {
		add(starts, icalproperty_get_datetime_with_component(property, component), -1);
		return;
	}
	time = rdate.period.start;
	time.zone = icalproperty_get_datetime_with_component(property, component).zone;
	add(starts, time,
	    icaltime_is_null_time(rdate.period.end)
		    ? icaldurationtype_as_int(rdate.period.duration)
		    : ical_seconds(rdate.period.end, starts->zone) - ical_seconds(rdate.period.start, starts->zone));
}

static int by_time(const void *a, const void *b)
{
	const struct ical_start *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (y->duration > x->duration) - (y->duration < x->duration); /* the one with a duration of its own first */
}

/* --- exceptions --- */

/* An EXDATE that is a date takes away every start on that day. */
static bool is_exdate(icalcomponent *component, const struct ical_start *start, icaltimezone *zone)
{
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_EXDATE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_EXDATE_PROPERTY)) {
		struct icaltimetype except = icalproperty_get_datetime_with_component(p, component);

		if (except.is_date ? icaltime_compare_date_only(except, start->time) == 0
				   : ical_seconds(except, zone) == start->at)
			return true;
	}
	return false;
}

static bool has_start(const struct starts *starts, int64_t at)
{
	for (size_t i = 0; i < starts->count; i++)
		if (starts->list[i].at == at)
			return true;
	return false;
}

static bool collect(struct starts *starts, struct starts *exceptions, icalcomponent *component,
		    struct icaltimetype start)
{
	bool ok = true;

	add(starts, start, -1);
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); p != NULL && ok;
	     p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY))
		switch (icalproperty_isa(p)) {
		case ICAL_RRULE_PROPERTY:
			ok = add_rule(starts, p, start, false);
			break;
		case ICAL_EXRULE_PROPERTY:
			ok = add_rule(exceptions, p, start, true);
			break;
		case ICAL_RDATE_PROPERTY:
			add_rdate(starts, component, p);
			break;
		default:
			break;
		}
	return ok;
}

bool ical_starts(icalcomponent *component, icaltimezone *zone, int64_t from, int64_t to, ical_start_fn *fn, void *arg)
{
	struct starts starts = {.zone = zone, .from = from, .to = to}, exceptions = starts;
	struct ical_span_of_time time;
	bool ok, is_wanted = true;

	ical_component_time(component, &time);
	if (icaltime_is_null_time(time.start))
		return true;
	ok = collect(&starts, &exceptions, component, time.start);
	if (starts.count > 1)
		qsort(starts.list, starts.count, sizeof *starts.list, by_time);
	for (size_t i = 0; i < starts.count && is_wanted; i++) {
		const struct ical_start *at = &starts.list[i];

		if ((i > 0 && at[-1].at == at->at) || at->at > to || has_start(&exceptions, at->at) ||
		    is_exdate(component, at, zone))
			continue;
		is_wanted = fn(arg, at);
	}
	free(starts.list);
	free(exceptions.list);
	return ok;
}

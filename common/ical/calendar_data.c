/* Objects as clients want to see them (RFC 4791, 9.6): a tree is made of what is wanted, by libical, and printed.
 * Expanded instances have times in UTC, or stay dates and floating times, and nothing refers to a rule or zone any
 * more. */
#include "common/ical/calendar_data.h"
#include "common/ical/filter_private.h"
#include "common/ical/ical_private.h"

#include <stdlib.h>
#include <string.h>

/* --- expand (RFC 4791, 9.6.5) --- */

struct expansion {
	const struct ical_shape *shape;
	const struct ical_zone *zone;
	icalcomponent *to;
	size_t count;
	bool is_too_much;
};

/* Takes a property's value and whatever said how to read it. */
static void set_time(icalcomponent *component, icalproperty_kind kind, struct icaltimetype time)
{
	icalproperty *property = icalcomponent_get_first_property(component, kind);

	if (property == NULL)
		return;
	icalproperty_remove_parameter_by_kind(property, ICAL_TZID_PARAMETER);
	icalproperty_remove_parameter_by_kind(property, ICAL_VALUE_PARAMETER);
	icalproperty_set_value(property, time.is_date ? icalvalue_new_date(time) : icalvalue_new_datetime(time));
	if (time.is_date)
		icalproperty_add_parameter(property, icalparameter_new_value(ICAL_VALUE_DATE));
}

static struct icaltimetype in_utc(int64_t seconds)
{
	return icaltime_from_timet_with_zone((time_t)seconds, 0, icaltimezone_get_utc_timezone());
}

static bool is_floating(struct icaltimetype time)
{
	return !time.is_date && time.zone == NULL;
}

/* The start as it is to be shown. */
static struct icaltimetype shown(struct icaltimetype time, int64_t seconds)
{
	return time.is_date || is_floating(time) ? time : in_utc(seconds);
}

static struct icaltimetype shown_end(const struct ical_occurrence *o)
{
	struct icaltimetype end = o->time;

	if (!o->time.is_date && !is_floating(o->time))
		return in_utc(o->end);
	icaltime_adjust(&end, (int)o->span->days, 0, 0, end.is_date ? 0 : (int)o->span->seconds);
	return end;
}

static void remove_all(icalcomponent *component, icalproperty_kind kind)
{
	icalproperty *property;

	while ((property = icalcomponent_get_first_property(component, kind)) != NULL) {
		icalcomponent_remove_property(component, property);
		icalproperty_free(property);
	}
}

static bool take(void *arg, const struct ical_occurrence *o)
{
	struct expansion *e = arg;
	const struct ical_range *range = e->shape->expand;
	icalcomponent *component;

	if (!ical_occurrence_overlaps(o, e->zone, range->from, range->to))
		return true;
	if (++e->count > e->shape->max_instances) {
		e->is_too_much = true;
		return false;
	}
	component = icalcomponent_new_clone(o->component);
	remove_all(component, ICAL_RRULE_PROPERTY);
	remove_all(component, ICAL_RDATE_PROPERTY);
	remove_all(component, ICAL_EXRULE_PROPERTY);
	remove_all(component, ICAL_EXDATE_PROPERTY);
	remove_all(component, ICAL_RECURRENCEID_PROPERTY);
	if (!icaltime_is_null_time(o->time)) {
		if (!o->span->is_due)
			set_time(component, ICAL_DTSTART_PROPERTY, shown(o->time, o->start));
		set_time(component, ICAL_DTEND_PROPERTY, shown_end(o));
		set_time(component, ICAL_DUE_PROPERTY, shown_end(o));
	}
	if (!icaltime_is_null_time(o->recurrence_time))
		icalcomponent_add_property(component,
					   icalproperty_new_recurrenceid(shown(o->recurrence_time, o->recurrence)));
	icalcomponent_add_component(e->to, component);
	return true;
}

static icalcomponent *expanded(struct ical_object *object, const struct ical_shape *shape, const struct ical_zone *zone)
{
	struct expansion e = {.shape = shape, .zone = zone, .to = icalcomponent_new(ICAL_VCALENDAR_COMPONENT)};

	for (icalproperty *p = icalcomponent_get_first_property(object->root, ICAL_ANY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(object->root, ICAL_ANY_PROPERTY))
		icalcomponent_add_property(e.to, icalproperty_new_clone(p));
	if (ical_occurrences(object, zone, shape->expand->from, shape->expand->to, 0, take, &e) == ICAL_GOOD &&
	    !e.is_too_much)
		return e.to;
	icalcomponent_free(e.to);
	return NULL;
}

/* --- limit-recurrence-set (RFC 4791, 9.6.6) --- */

static bool touches(const struct ical_range *range, int64_t start, int64_t end)
{
	return start < range->to && (end > range->from || (end <= start && start >= range->from));
}

/* An override matters where it stands, or where what it stands for would have been. */
static bool override_matters(icalcomponent *component, icalproperty *of, const struct ical_range *range,
			     icaltimezone *zone)
{
	icalparameter *parameter = icalproperty_get_first_parameter(of, ICAL_RANGE_PARAMETER);
	int64_t was = ical_seconds(icalproperty_get_datetime_with_component(of, component), zone), start = was;
	struct ical_span_of_time span;
	int64_t length;

	ical_component_time(component, &span);
	if (!icaltime_is_null_time(span.start))
		start = ical_seconds(span.start, zone);
	length = icaltime_is_null_time(span.start) ? 0 : ical_end_of(span.start, span.days, span.seconds, zone) - start;
	if (parameter != NULL && icalparameter_get_range(parameter) == ICAL_RANGE_THISANDFUTURE)
		return was < range->to || start < range->to;
	return touches(range, start, start + length) || touches(range, was, was + length);
}

static void limit_recurrence(icalcomponent *root, icalcomponent_kind kind, const struct ical_range *range,
			     icaltimezone *zone)
{
	icalcomponent *next;

	for (icalcomponent *c = icalcomponent_get_first_component(root, kind); c != NULL; c = next) {
		icalproperty *of = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);

		next = icalcomponent_get_next_component(root, kind);
		if (of == NULL || override_matters(c, of, range, zone))
			continue;
		icalcomponent_remove_component(root, c);
		icalcomponent_free(c);
	}
}

/* --- limit-freebusy-set (RFC 4791, 9.6.7) --- */

static void limit_freebusy_of(icalcomponent *component, const struct ical_range *range)
{
	icalproperty *next;

	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_FREEBUSY_PROPERTY); p != NULL;
	     p = next) {
		struct icalperiodtype period = icalproperty_get_freebusy(p);
		int64_t start = ical_seconds(period.start, NULL);
		int64_t end = icaltime_is_null_time(period.end) ? start + icaldurationtype_as_int(period.duration)
								: ical_seconds(period.end, NULL);

		next = icalcomponent_get_next_property(component, ICAL_FREEBUSY_PROPERTY);
		if (touches(range, start, end))
			continue;
		icalcomponent_remove_property(component, p);
		icalproperty_free(p);
	}
}

static void limit_freebusy(icalcomponent *root, const struct ical_range *range)
{
	for (icalcomponent *c = icalcomponent_get_first_component(root, ICAL_VFREEBUSY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(root, ICAL_VFREEBUSY_COMPONENT))
		limit_freebusy_of(c, range);
}

/* --- zones (RFC 7809, 3.1.1) --- */

static void drop_known_zones(icalcomponent *root)
{
	icalcomponent *next;

	ical_zones_load();
	for (icalcomponent *c = icalcomponent_get_first_component(root, ICAL_VTIMEZONE_COMPONENT); c != NULL;
	     c = next) {
		icalproperty *tzid = icalcomponent_get_first_property(c, ICAL_TZID_PROPERTY);

		next = icalcomponent_get_next_component(root, ICAL_VTIMEZONE_COMPONENT);
		if (tzid == NULL || ical_zone_find(span_of(icalproperty_get_tzid(tzid))) == NULL)
			continue;
		icalcomponent_remove_component(root, c);
		icalcomponent_free(c);
	}
}

/* --- printing --- */

static void print_text(char *text, struct buf *out)
{
	if (text != NULL)
		buf_text(out, text);
	free(text);
}

static const struct ical_prop_choice *find_prop(const struct ical_comp_choice *choice, icalproperty *property)
{
	for (const struct ical_prop_choice *p = choice->props; p != NULL; p = p->next)
		if (ical_property_is(property, p->name))
			return p;
	return NULL;
}

static void print_properties(icalcomponent *component, const struct ical_comp_choice *choice, struct buf *out)
{
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY)) {
		const struct ical_prop_choice *wanted = find_prop(choice, p);

		if (wanted == NULL && !choice->has_all_props)
			continue;
		if (wanted == NULL || !wanted->has_no_value) {
			print_text(icalproperty_as_ical_string_r(p), out);
			continue;
		}
		for (size_t i = 0; i < wanted->name.n; i++)
			buf_byte(out, ascii_upper(wanted->name.p[i]));
		buf_text(out, ":\r\n");
	}
}

static void print_line(const char *word, struct span name, struct buf *out)
{
	buf_text(out, word);
	for (size_t i = 0; i < name.n; i++)
		buf_byte(out, ascii_upper(name.p[i]));
	buf_text(out, "\r\n");
}

/* choice is the component's own. Its depth is that of the tree, which is bounded. */
static void print(icalcomponent *component, const struct ical_comp_choice *choice, struct buf *out)
{
	print_line("BEGIN:", choice->name, out);
	print_properties(component, choice, out);
	for (icalcomponent *c = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT)) {
		const struct ical_comp_choice *wanted = choice->comps;

		while (wanted != NULL && !ical_component_is(c, wanted->name))
			wanted = wanted->next;
		if (wanted != NULL)
			print(c, wanted, out);
		else if (choice->has_all_comps)
			print_text(icalcomponent_as_ical_string_r(c), out);
	}
	print_line("END:", choice->name, out);
}

static bool takes_place(const struct ical_object *object)
{
	return (object->kind & (ICAL_KIND_EVENT | ICAL_KIND_TODO | ICAL_KIND_JOURNAL)) != 0;
}

enum ical_verdict ical_object_write(struct ical_object *object, const struct ical_shape *shape,
				    const struct ical_zone *zone, struct buf *out)
{
	icalcomponent *root = shape->expand != NULL && takes_place(object) ? expanded(object, shape, zone)
									   : icalcomponent_new_clone(object->root);

	if (root == NULL)
		return ICAL_TOO_MUCH;
	if (shape->expand == NULL && shape->limit_recurrence != NULL && takes_place(object))
		limit_recurrence(root, object->component, shape->limit_recurrence, zone == NULL ? NULL : zone->zone);
	if (shape->limit_freebusy != NULL)
		limit_freebusy(root, shape->limit_freebusy);
	if (shape->without_zones)
		drop_known_zones(root);
	if (shape->choice != NULL && span_is_nocase(shape->choice->name, "VCALENDAR"))
		print(root, shape->choice, out);
	else
		print_text(icalcomponent_as_ical_string_r(root), out);
	icalcomponent_free(root);
	return ICAL_GOOD;
}

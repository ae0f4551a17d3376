/* VTIMEZONEs of clients that say what the database says. libical follows the rules of each one that comes, from its
 * first year on, which takes longer than all the rest of an object; the database's zones it has followed already. Most
 * differ in the past: then they are the same from a year on, and it is enough that all times of the object come later.
 */
#include "common/ical/zone_private.h"

#include <string.h>

/* Its only element. False: it has none, or several. */
static bool only(const short *list, short *element_r)
{
	*element_r = list[0];
	return list[0] != ICAL_RECURRENCE_ARRAY_MAX && list[1] == ICAL_RECURRENCE_ARRAY_MAX;
}

static bool is_empty(const short *list)
{
	return list[0] == ICAL_RECURRENCE_ARRAY_MAX;
}

/* FREQ=YEARLY;BYMONTH=m;BYDAY=d and no more. */
static bool take_rule(icalcomponent *observance, const struct icalrecurrencetype *rule, struct icaltimetype start,
		      struct ical_zone_ending *ending)
{
	int is_daylight = icalcomponent_isa(observance) == ICAL_XDAYLIGHT_COMPONENT;
	struct ical_zone_rule *last = &ending->last[is_daylight];

	if (last->month != 0 || start.is_date || icaltime_is_utc(start) || rule->freq != ICAL_YEARLY_RECURRENCE ||
	    rule->interval > 1 || rule->count != 0 || rule->rscale != NULL || !only(rule->by_month, &last->month) ||
	    !only(rule->by_day, &last->day) || !is_empty(rule->by_second) || !is_empty(rule->by_minute) ||
	    !is_empty(rule->by_hour) || !is_empty(rule->by_month_day) || !is_empty(rule->by_year_day) ||
	    !is_empty(rule->by_week_no) || !is_empty(rule->by_set_pos))
		return false;
	last->time = start.hour * 3600 + start.minute * 60 + start.second;
	last->offset_from =
		icalproperty_get_tzoffsetfrom(icalcomponent_get_first_property(observance, ICAL_TZOFFSETFROM_PROPERTY));
	last->offset_to =
		icalproperty_get_tzoffsetto(icalcomponent_get_first_property(observance, ICAL_TZOFFSETTO_PROPERTY));
	return true;
}

static void take_year(struct ical_zone_ending *ending, int year)
{
	/* the year behind it may begin with what comes at its end; the one after that does not */
	if (ending->since < year + 2)
		ending->since = year + 2;
}

static bool take_observance(icalcomponent *observance, struct ical_zone_ending *ending)
{
	icalproperty *dtstart = icalcomponent_get_first_property(observance, ICAL_DTSTART_PROPERTY);
	icalproperty *rrule = icalcomponent_get_first_property(observance, ICAL_RRULE_PROPERTY);
	struct icalrecurrencetype rule;

	if (dtstart == NULL || icalcomponent_count_properties(observance, ICAL_DTSTART_PROPERTY) != 1 ||
	    icalcomponent_count_properties(observance, ICAL_TZOFFSETFROM_PROPERTY) != 1 ||
	    icalcomponent_count_properties(observance, ICAL_TZOFFSETTO_PROPERTY) != 1 ||
	    icalcomponent_count_properties(observance, ICAL_RRULE_PROPERTY) > 1)
		return false;
	take_year(ending, icalproperty_get_dtstart(dtstart).year);
	for (icalproperty *p = icalcomponent_get_first_property(observance, ICAL_RDATE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(observance, ICAL_RDATE_PROPERTY))
		take_year(ending, icalproperty_get_rdate(p).time.year);
	if (rrule == NULL)
		return true;
	rule = icalproperty_get_rrule(rrule);
	if (icaltime_is_null_time(rule.until))
		return take_rule(observance, &rule, icalproperty_get_dtstart(dtstart), ending);
	take_year(ending, rule.until.year);
	return true;
}

bool ical_zone_ending_of(icalcomponent *vtimezone, struct ical_zone_ending *ending_r)
{
	*ending_r = (struct ical_zone_ending){.since = 0};
	for (icalcomponent *c = icalcomponent_get_first_component(vtimezone, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(vtimezone, ICAL_ANY_COMPONENT))
		if ((icalcomponent_isa(c) != ICAL_XSTANDARD_COMPONENT &&
		     icalcomponent_isa(c) != ICAL_XDAYLIGHT_COMPONENT) ||
		    !take_observance(c, ending_r))
			return false;
	return ending_r->last[0].month != 0 && ending_r->last[1].month != 0;
}

/* --- the object's --- */

static bool is_the_same(const struct ical_zone_rule *a, const struct ical_zone_rule *b)
{
	return a->month == b->month && a->day == b->day && a->time == b->time && a->offset_from == b->offset_from &&
	       a->offset_to == b->offset_to;
}

/* The year from which on the VTIMEZONE and libical's zone of that name are the same; 0: they are not. */
static int same_since(icalcomponent *vtimezone, const char *tzid)
{
	const struct ical_zone_entry *entry = ical_zone_entry_of(span_of(tzid));
	struct ical_zone_ending own;
	icaltimezone *zone;

	if (entry == NULL || entry->ending.since == 0)
		return 0;
	/* as it looks for a TZID that has no VTIMEZONE, and only by just that name */
	if ((zone = icaltimezone_get_builtin_timezone_from_tzid(tzid)) == NULL)
		zone = icaltimezone_get_builtin_timezone(tzid);
	if (zone != entry->zone || !ical_zone_ending_of(vtimezone, &own) ||
	    !is_the_same(&own.last[0], &entry->ending.last[0]) || !is_the_same(&own.last[1], &entry->ending.last[1]))
		return 0;
	return own.since > entry->ending.since ? own.since : entry->ending.since;
}

static int year_of(icalproperty *property)
{
	icalvalue *value = icalproperty_get_value(property);
	struct icaldatetimeperiodtype either;

	switch (value == NULL ? ICAL_NO_VALUE : icalvalue_isa(value)) {
	case ICAL_DATETIME_VALUE:
		return icalvalue_get_datetime(value).year;
	case ICAL_DATE_VALUE:
		return icalvalue_get_date(value).year;
	case ICAL_DATETIMEPERIOD_VALUE:
		either = icalvalue_get_datetimeperiod(value);
		return icaltime_is_null_time(either.time) ? either.period.start.year : either.time.year;
	default:
		return 0;
	}
}

/* Are all times in the component and in what it holds, as far as they are of this zone, of that year or later? */
static bool is_later(icalcomponent *component, const char *tzid, int year)
{
	if (icalcomponent_isa(component) == ICAL_VTIMEZONE_COMPONENT)
		return true;
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY)) {
		icalparameter *parameter = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
		const char *named = parameter == NULL ? NULL : icalparameter_get_tzid(parameter);

		if (named != NULL && strcmp(named, tzid) == 0 && year_of(p) < year)
			return false;
	}
	for (icalcomponent *c = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT))
		if (!is_later(c, tzid, year))
			return false;
	return true;
}

icalcomponent *ical_zone_set_aside(icalcomponent *root)
{
	icalcomponent *vtimezone = icalcomponent_get_first_component(root, ICAL_VTIMEZONE_COMPONENT);
	icalproperty *property;
	const char *tzid;
	int since;

	if (vtimezone == NULL || icalcomponent_get_next_component(root, ICAL_VTIMEZONE_COMPONENT) != NULL)
		return NULL;
	property = icalcomponent_get_first_property(vtimezone, ICAL_TZID_PROPERTY);
	tzid = property == NULL ? NULL : icalproperty_get_tzid(property);
	since = tzid == NULL ? 0 : same_since(vtimezone, tzid);
	if (since == 0 || !is_later(root, tzid, since))
		return NULL;
	icalcomponent_remove_component(root, vtimezone);
	return vtimezone;
}

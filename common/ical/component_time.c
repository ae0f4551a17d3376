/* When a component is: DTSTART, DTEND, DUE and DURATION put together (RFC 5545, 3.6.1-3.6.3). */
#include "common/ical/recurrence_private.h"

static struct icaltimetype time_of(icalcomponent *component, icalproperty *property)
{
	struct icaltimetype time = icaltime_null_time();

	if (property != NULL)
		time = icalproperty_get_datetime_with_component(property, component);
	return icaltime_is_null_time(time) ? time : icaltime_normalize(time); /* libical reads a month 13 */
}

static void take_duration(struct ical_span_of_time *time, icalproperty *property)
{
	struct icaldurationtype duration = icalproperty_get_duration(property);

	time->is_nominal = time->has_end = true;
	if (duration.is_neg)
		return;
	time->days = (int64_t)duration.weeks * 7 + duration.days;
	time->seconds = (int64_t)duration.hours * 3600 + (int64_t)duration.minutes * 60 + duration.seconds;
	if (time->days < 0 || time->seconds < 0) /* numbers that libical has wrapped around */
		time->days = time->seconds = 0;
}

static void take_end(struct ical_span_of_time *time, struct icaltimetype end)
{
	time->has_end = true;
	if (time->start.is_date)
		time->days = ical_floor_div(ical_wall(end) - ical_wall(time->start), ICAL_DAY);
	else
		time->seconds = ical_seconds(end, NULL) - ical_seconds(time->start, NULL);
	if (time->days < 0)
		time->days = 0;
	if (time->seconds < 0)
		time->seconds = 0;
}

void ical_component_time(icalcomponent *component, struct ical_span_of_time *time_r)
{
	icalproperty *duration = icalcomponent_get_first_property(component, ICAL_DURATION_PROPERTY);
	bool is_todo = icalcomponent_isa(component) == ICAL_VTODO_COMPONENT;
	struct icaltimetype start, end;

	*time_r = (struct ical_span_of_time){.start = icaltime_null_time()};
	start = time_of(component, icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY));
	end = time_of(component,
		      icalcomponent_get_first_property(component, is_todo ? ICAL_DUE_PROPERTY : ICAL_DTEND_PROPERTY));
	if (icaltime_is_null_time(start) && is_todo && !icaltime_is_null_time(end)) {
		time_r->start = end;
		time_r->is_due = time_r->has_end = true;
		return;
	}
	time_r->start = start;
	if (icaltime_is_null_time(start))
		return;
	if (!icaltime_is_null_time(end))
		take_end(time_r, end);
	else if (duration != NULL)
		take_duration(time_r, duration);
	else if (start.is_date && !is_todo)
		time_r->days = 1;
}

const icaltimezone *ical_zone_of_property(icalcomponent *component, icalproperty *property)
{
	icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
	const char *tzid = parameter == NULL ? NULL : icalparameter_get_tzid(parameter);
	icaltimezone *zone = NULL;

	if (tzid == NULL)
		return NULL;
	for (icalcomponent *c = component; c != NULL && zone == NULL; c = icalcomponent_get_parent(c))
		zone = icalcomponent_get_timezone(c, tzid);
	if (zone == NULL)
		zone = icaltimezone_get_builtin_timezone_from_tzid(tzid);
	return zone == NULL ? icaltimezone_get_builtin_timezone(tzid) : zone;
}

int64_t ical_clamp_sum(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

int64_t ical_clamp_wall(int64_t wall)
{
	int64_t last = ical_day_of(ICAL_LAST_YEAR + 1, 1, 1) * ICAL_DAY - 1, first = ical_day_of(1, 1, 1) * ICAL_DAY;

	return wall > last ? last : wall < first ? first : wall;
}

int64_t ical_end_of(struct icaltimetype start, int64_t days, int64_t seconds, icaltimezone *zone)
{
	if (days != 0)
		start = ical_wall_time(ical_clamp_wall(ical_wall(start) + days * ICAL_DAY), start);
	return ical_clamp_wall(ical_seconds(start, zone) + seconds);
}

/* prop-filter and param-filter (RFC 4791, 9.7.2, 9.7.3). */
#include "common/ical/recurrence_private.h"
#include "common/ical/filter_private.h"
#include "common/ical/content_line.h"

#include <string.h>

bool ical_property_is(icalproperty *property, struct span name)
{
	icalproperty_kind kind = icalproperty_isa(property);
	const char *own =
		kind == ICAL_X_PROPERTY ? icalproperty_get_x_name(property) : icalproperty_kind_to_string(kind);

	return own != NULL && span_is_nocase(name, own);
}

/* libical does not tell the names of components that are in no standard. */
bool ical_component_is(icalcomponent *component, struct span name)
{
	const char *own = icalcomponent_kind_to_string(icalcomponent_isa(component));

	return own != NULL && icalcomponent_isa(component) != ICAL_X_COMPONENT && span_is_nocase(name, own);
}

void ical_property_text(icalproperty *property, struct buf *out)
{
	icalvalue *value = icalproperty_get_value(property);
	const char *text;

	if (value == NULL)
		return;
	switch (icalvalue_isa(value)) {
	case ICAL_TEXT_VALUE:
	case ICAL_STRING_VALUE:
		buf_text(out, (text = icalvalue_get_text(value)) == NULL ? "" : text);
		break;
	case ICAL_X_VALUE:
		ical_text_unescape(span_of(icalvalue_get_x(value)), out);
		break;
	default:
		buf_text(out, (text = icalvalue_as_ical_string(value)) == NULL ? "" : text);
		break;
	}
}

/* --- parameters --- */

static bool param_is(icalparameter *parameter, struct span name)
{
	icalparameter_kind kind = icalparameter_isa(parameter);
	const char *own;

	if (kind == ICAL_X_PARAMETER)
		own = icalparameter_get_xname(parameter);
	else if (kind == ICAL_IANA_PARAMETER)
		own = icalparameter_get_iana_name(parameter);
	else
		own = icalparameter_kind_to_string(kind);
	return own != NULL && span_is_nocase(name, own);
}

/* Its value as it is meant: without quotes, and RFC 6868 undone. */
static void param_text(icalparameter *parameter, struct buf *out)
{
	const char *line = icalparameter_as_ical_string(parameter), *at = line == NULL ? NULL : strchr(line, '=');

	for (at = at == NULL ? "" : at + 1; *at != '\0'; at++)
		if (*at == '^' && (at[1] == '^' || at[1] == 'n' || at[1] == '\'')) {
			at++;
			buf_byte(out, *at == 'n' ? '\n' : *at == '\'' ? '"' : '^');
		} else if (*at != '"') {
			buf_byte(out, *at);
		}
}

static bool param_matches(icalproperty *property, const struct ical_param_filter *filter)
{
	for (icalparameter *p = icalproperty_get_first_parameter(property, ICAL_ANY_PARAMETER); p != NULL;
	     p = icalproperty_get_next_parameter(property, ICAL_ANY_PARAMETER)) {
		struct buf text = {0};
		bool matches;

		if (!param_is(p, filter->name))
			continue;
		if (filter->is_not_defined)
			return false;
		if (filter->match == NULL)
			return true;
		param_text(p, &text);
		matches = ical_text_matches(filter->match, buf_view(&text));
		buf_done(&text);
		if (matches)
			return true;
	}
	return filter->is_not_defined;
}

/* --- times --- */

static bool is_in(int64_t at, const struct ical_range *range)
{
	return range->from <= at && range->to > at;
}

static bool time_matches(icalcomponent *component, icalproperty *property, const struct ical_range *range,
			 const struct ical_zone *zone)
{
	icalvalue *value = icalproperty_get_value(property);
	icalvalue_kind kind = value == NULL ? ICAL_NO_VALUE : icalvalue_isa(value);
	struct icaltimetype time;

	if (kind != ICAL_DATE_VALUE && kind != ICAL_DATETIME_VALUE && kind != ICAL_DATETIMEDATE_VALUE)
		return false;
	time = icalproperty_get_datetime_with_component(property, component);
	return !icaltime_is_null_time(time) && is_in(ical_seconds(time, zone == NULL ? NULL : zone->zone), range);
}

/* DTEND and DUE that are there only by DTSTART and DURATION count for time ranges (RFC 4791, 9.9). */
static bool effective_end_matches(icalcomponent *component, const struct ical_prop_filter *filter,
				  const struct ical_zone *zone)
{
	icalcomponent_kind kind = icalcomponent_isa(component);
	icaltimezone *libical = zone == NULL ? NULL : zone->zone;
	struct ical_span_of_time time;

	if (filter->range == NULL || filter->match != NULL || filter->params != NULL ||
	    !(kind == ICAL_VEVENT_COMPONENT ? span_is_nocase(filter->name, "DTEND")
					    : kind == ICAL_VTODO_COMPONENT && span_is_nocase(filter->name, "DUE")))
		return false;
	ical_component_time(component, &time);
	return !icaltime_is_null_time(time.start) && time.is_nominal &&
	       is_in(ical_end_of(time.start, time.days, time.seconds, libical), filter->range);
}

/* --- properties --- */

static bool instance_matches(icalcomponent *component, icalproperty *property, const struct ical_prop_filter *filter,
			     const struct ical_zone *zone)
{
	struct buf text = {0};
	bool matches = true;

	if (filter->range != NULL && !time_matches(component, property, filter->range, zone))
		return false;
	for (const struct ical_param_filter *f = filter->params; f != NULL; f = f->next)
		if (!param_matches(property, f))
			return false;
	if (filter->match == NULL)
		return true;
	ical_property_text(property, &text);
	matches = ical_text_matches(filter->match, buf_view(&text));
	buf_done(&text);
	return matches;
}

bool ical_property_matches(icalcomponent *component, const struct ical_prop_filter *filter,
			   const struct ical_zone *zone)
{
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY)) {
		if (!ical_property_is(p, filter->name))
			continue;
		if (filter->is_not_defined)
			return false;
		if (instance_matches(component, p, filter, zone))
			return true;
	}
	return filter->is_not_defined || effective_end_matches(component, filter, zone);
}

/* Zones by names of others: Windows and Outlook say "W. Europe Standard Time", sometimes with a blank behind it, and
 * send no VTIMEZONE along. In the tree, and there alone, such a TZID becomes the name that the database has. */
#include "common/ical/ical_private.h"

static void name_zone(icalcomponent *root, icalproperty *property)
{
	icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
	const char *tzid = parameter == NULL ? NULL : icalparameter_get_tzid(parameter);
	struct ical_zone *zone;

	if (tzid == NULL || icalcomponent_get_timezone(root, tzid) != NULL ||
	    icaltimezone_get_builtin_timezone(tzid) != NULL ||
	    icaltimezone_get_builtin_timezone_from_tzid(tzid) != NULL)
		return;
	zone = ical_zone_of_name(span_of(tzid));
	if (zone != NULL)
		icalparameter_set_tzid(parameter, ical_zone_name(zone));
	ical_zone_destroy(&zone);
}

static void name_zones(icalcomponent *root, icalcomponent *component)
{
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY))
		name_zone(root, p);
}

void ical_name_zones(icalcomponent *root)
{
	for (icalcomponent *c = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT))
		name_zones(root, c);
}

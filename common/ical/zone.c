/* Time zones, by name or as a client spells them out. */
#include "common/ical/zone_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

static struct ical_zone *create(icaltimezone *libical, bool is_own)
{
	struct ical_zone *zone = alloc_zero(1, sizeof *zone);

	zone->zone = libical;
	zone->is_own = is_own;
	return zone;
}

struct ical_zone *ical_zone_of_name(struct span name)
{
	const struct ical_zone_entry *entry = ical_zone_entry_of(name);

	return entry == NULL ? NULL : create(entry->zone, false);
}

static icalcomponent *only_child(icalcomponent *root)
{
	icalcomponent *child = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT);

	if (child == NULL || icalcomponent_isa(child) != ICAL_VTIMEZONE_COMPONENT ||
	    icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT) != NULL)
		return NULL;
	return child;
}

static struct ical_zone *zone_of_component(icalcomponent *vtimezone)
{
	icalcomponent *copy = icalcomponent_new_clone(vtimezone);
	icaltimezone *zone = icaltimezone_new();

	if (!icaltimezone_set_component(zone, copy)) {
		icalcomponent_free(copy);
		icaltimezone_free(zone, 1);
		return NULL;
	}
	return create(zone, true);
}

struct ical_zone *ical_zone_parse(struct span text, const char **problem_r)
{
	struct ical_zone *zone = NULL;
	icalcomponent *root = NULL, *child;

	ical_zones_load();
	if (span_find_byte(text, '\0') == SIZE_MAX)
		root = ical_parse(text);
	if (root == NULL || icalcomponent_isa(root) != ICAL_VCALENDAR_COMPONENT)
		*problem_r = "it is not one VCALENDAR";
	else if (icalcomponent_count_errors(root) > 0)
		*problem_r = "a property in it cannot be understood";
	else if ((child = only_child(root)) == NULL)
		*problem_r = "it is not exactly one VTIMEZONE";
	else if ((*problem_r = ical_vtimezone_problem(child)) == NULL && (zone = zone_of_component(child)) == NULL)
		*problem_r = "the VTIMEZONE cannot be understood";
	if (root != NULL)
		icalcomponent_free(root);
	return zone;
}

void ical_zone_destroy(struct ical_zone **zone)
{
	struct ical_zone *gone = *zone;

	*zone = NULL;
	if (gone == NULL)
		return;
	if (gone->is_own)
		icaltimezone_free(gone->zone, 1);
	free(gone);
}

const char *ical_zone_name(const struct ical_zone *zone)
{
	const char *location = zone->is_own ? NULL : icaltimezone_get_location(zone->zone);

	return location != NULL ? location : icaltimezone_get_tzid(zone->zone);
}

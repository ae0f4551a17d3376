/* Time zones: by their name in the time zone database, or as a calendar spells them out (RFC 5545, 3.6.5; RFC 7809).
 * Any thread; a zone once made is not changed. */
#ifndef ICAL_ZONE_H
#define ICAL_ZONE_H

#include "common/base/buf.h"
#include "common/ical/ical.h"

struct ical_zone; /* what floating times mean; NULL stands for UTC */

/* By name: of the database ("Europe/Berlin"), or one of those that Windows and Exchange use ("W. Europe Standard Time",
 * "(UTC+01:00) Amsterdam, Berlin, …"), blanks at the ends forgiven. NULL: nobody knows it. */
struct ical_zone *ical_zone_of_name(struct span name);
/* From a VCALENDAR with exactly one VTIMEZONE (the value of calendar-timezone). NULL: it is not that; *problem_r says
 * why, in arena. */
struct ical_zone *ical_zone_parse(struct span text, struct arena *arena, const char **problem_r);
void ical_zone_destroy(struct ical_zone **zone); /* NULL is accepted */

#endif

/* What the files about time zones share. */
#ifndef ICAL_ZONE_PRIVATE_H
#define ICAL_ZONE_PRIVATE_H

#include "common/ical/ical_private.h"

/* What comes every year: FREQ=YEARLY;BYMONTH=month;BYDAY=day. */
struct ical_zone_rule {
	short month, day;                 /* as libical has them; month 0: none */
	int time, offset_from, offset_to; /* seconds */
};
/* The end of a VTIMEZONE: two rules that go on for ever, and nothing beside them from a year on. */
struct ical_zone_ending {
	int since;                     /* from the beginning of this year on; 0: it does not end like that */
	struct ical_zone_rule last[2]; /* of STANDARD, DAYLIGHT */
};

struct ical_zone_entry {
	struct ical_zone_info info;
	icaltimezone *zone;       /* as libical gives it for the name: UTC has no component there */
	icalcomponent *vtimezone; /* never NULL, never changed */
	struct ical_zone_ending ending;
};

/* Any spelling that ical_zone_of_name() takes. */
const struct ical_zone_entry *ical_zone_entry_of(struct span name);

/* The database's name for a name of Windows; NULL: it is none. */
const char *ical_windows_zone(struct span name);
const char *ical_windows_zone_at(size_t at, const char **id_r); /* one by one, for tests; NULL behind the last */

/* Why a VTIMEZONE of a client cannot be used: it lacks what it needs, or libical would take hours or more memory than
 * there is to follow its rules. NULL: it can be used. */
const char *ical_vtimezone_problem(icalcomponent *vtimezone);

/* False: it does not end like that. */
bool ical_zone_ending_of(icalcomponent *vtimezone, struct ical_zone_ending *ending_r);

/* A copy under another TZID; the caller's. alias_of: NULL or for TZID-ALIAS-OF. */
icalcomponent *ical_vtimezone_copy(const struct ical_zone_entry *entry, const char *tzid, const char *alias_of);

#endif

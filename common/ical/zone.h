/* Time zones: by their name in the time zone database, or as a calendar spells them out (RFC 5545, 3.6.5; RFC 7809),
 * and the database itself (RFC 7808): the system's zoneinfo, read once, at the first use of any function here. Any
 * thread; a zone once made is not changed. */
#ifndef ICAL_ZONE_H
#define ICAL_ZONE_H

#include "common/base/buf.h"
#include "common/ical/ical.h"

struct ical_zone; /* what floating times mean; NULL stands for UTC */

/* By name: of the database ("Europe/Berlin"), in any case; one of those that Windows and Exchange use ("W. Europe
 * Standard Time", "(UTC+01:00) Amsterdam, Berlin, …"); or one with a prefix that makes it globally unique
 * ("/freeassociation.sourceforge.net/Europe/Berlin"). Blanks at the ends are forgiven. NULL: nobody knows it. */
struct ical_zone *ical_zone_of_name(struct span name);
/* From a VCALENDAR with exactly one VTIMEZONE (the value of calendar-timezone). NULL: it is not that; *problem_r, a
 * constant, says why. */
struct ical_zone *ical_zone_parse(struct span text, const char **problem_r);
void ical_zone_destroy(struct ical_zone **zone); /* NULL is accepted */

/* Of the database, or the TZID of what was parsed. Valid as long as the zone. */
const char *ical_zone_name(const struct ical_zone *zone);

/* --- the database --- */

/* Reads it. Only for those who ask libical itself for zones: its table is changed at each such question until then, and
 * by no question afterwards. Takes a fifth of a second and about 20 MiB, once. */
void ical_zones_load(void);

struct ical_zone_info {
	const char *name;
	const char *alias_of; /* the zone that it is another name of; NULL: of none */
	const char *etag;     /* of what ical_zone_write() gives: hexadecimal digits, the same as long as the data is */
	int64_t modified;     /* when the file of the zone was, seconds since 1970 */
};
/* All zones one by one, by name (ASCII, without case); NULL behind the last. Valid for ever. */
const struct ical_zone_info *ical_zone_at(size_t at);
/* NULL: ical_zone_of_name() would not know it either. */
const struct ical_zone_info *ical_zone_find(struct span name);
const char *ical_zone_version(void); /* of the database: "2025b"; "" where it does not say */

/* Appends a VCALENDAR with the VTIMEZONE of the name: all its past, and rules that go on for ever, each from the year
 * it has been in force since. TZID is the name as the database has it, and TZID-ALIAS-OF names what it is an alias of
 * (RFC 7808, 7.2). False: nobody knows it. */
bool ical_zone_write(struct span name, struct buf *out);

struct ical_observance {            /* RFC 7808, 5.4 */
	const char *name;           /* TZNAME: "CEST"; valid during the call */
	int64_t onset;              /* seconds since 1970 */
	int offset_from, offset_to; /* seconds east of UTC */
	bool is_daylight;
};
typedef bool ical_observance_fn(void *arg, const struct ical_observance *observance); /* false: enough */

/* The observances of [from, to), ascending; the first of them is what is in effect at from, with onset == from and both
 * offsets equal. Only up to the year 2500. False: nobody knows the name, or from is not before to. */
bool ical_zone_observances(struct span name, int64_t from, int64_t to, ical_observance_fn *fn, void *arg);

/* The object with a VTIMEZONE of the database for each TZID that it names and does not define (Outlook does so), under
 * the very name that it uses; all else as it came. False: nothing was missing that is known here, or it is no
 * iCalendar; then out is as it was. */
bool ical_add_missing_zones(struct span object, struct buf *out);

#endif

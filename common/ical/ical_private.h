/* What the files of common/ical share. */
#ifndef ICAL_ICAL_PRIVATE_H
#define ICAL_ICAL_PRIVATE_H

#include "common/ical/filter.h"
#include "common/ical/zone.h"

#include <libical/ical.h>

struct ical_object {
	icalcomponent *root;
	enum ical_kind kind;
	icalcomponent_kind component;
	char *text; /* that it was read from */
	size_t size;
};

struct ical_zone {
	icaltimezone *zone;
	bool is_own; /* not of libical's table */
};

enum {
	ICAL_STEPS_MAX = 200000, /* instances of one component, before it is given up */
	ICAL_WORLD = 14 * 3600,  /* the farthest a zone is from UTC */
};

static inline icaltimezone *ical_zone_or_utc(const struct ical_zone *zone)
{
	return zone == NULL ? icaltimezone_get_utc_timezone() : zone->zone;
}

/* The component that text holds, the caller's to free; NULL: none. text holds no NUL. */
icalcomponent *ical_parse(struct span text);

/* --- times --- */

/* Start and length of one component. A length in days is nominal: the clock shows the same, whatever it did meanwhile
 * (RFC 5545, 3.3.6); seconds are exact. */
struct ical_span_of_time {
	struct icaltimetype start; /* DTSTART, of a to-do without it DUE; null where it has none */
	int64_t days, seconds;
	bool has_end;    /* by DTEND, DUE or DURATION */
	bool is_due;     /* start is DUE */
	bool is_nominal; /* the length is DURATION's: days and seconds are what it says */
};
/* What TZID names, as libical finds it for properties that are dates; it does not for those that are periods. */
const icaltimezone *ical_zone_of_property(icalcomponent *component, icalproperty *property);
void ical_component_time(icalcomponent *component, struct ical_span_of_time *time_r);

/* Seconds since 1970. zone: for floating times; NULL: UTC. */
int64_t ical_seconds(struct icaltimetype time, icaltimezone *zone);
int64_t ical_clamp_wall(int64_t wall); /* into the years that four digits hold */
/* Where something of that length ends that starts there; with the year 9999 at the latest. */
int64_t ical_end_of(struct icaltimetype start, int64_t days, int64_t seconds, icaltimezone *zone);
int64_t ical_clamp_sum(int64_t a, int64_t b); /* does not overflow */

/* --- starts.c --- */

/* The starts that RRULE, RDATE, EXRULE and EXDATE give, DTSTART among them, up to `to` (in UTC seconds), each once,
 * ascending; those before `from` may be left out. false from fn: enough. work: counted up, see ICAL_WORK_MAX. Returns
 * false where they were too many or too hard to find. */
struct ical_start {
	struct icaltimetype time;
	int64_t at;       /* in seconds */
	int64_t duration; /* of an RDATE that is a period; -1: the component's */
};
typedef bool ical_start_fn(void *arg, const struct ical_start *start);
bool ical_starts(icalcomponent *component, icaltimezone *zone, int64_t from, int64_t to, uint64_t *work,
		 ical_start_fn *fn, void *arg);

/* --- instances.c --- */

struct ical_occurrence {
	icalcomponent *component;
	const struct ical_span_of_time *span; /* of the component */
	struct icaltimetype time;             /* its start; null: it has none, and start and end mean nothing */
	struct icaltimetype recurrence_time;  /* what RECURRENCE-ID names; null: the object does not recur */
	int64_t start, end, recurrence;
};
typedef bool ical_occurrence_fn(void *arg, const struct ical_occurrence *occurrence); /* false: enough */

/* All occurrences that touch [from - reach, to + reach], and some besides: first the overridden ones, then those of
 * the rule, ascending. Events, to-dos and journals without a start are one occurrence each. */
enum ical_verdict ical_occurrences(struct ical_object *object, const struct ical_zone *zone, int64_t from, int64_t to,
				   int64_t reach, ical_occurrence_fn *fn, void *arg);

/* RFC 4791, 9.9: the tables of VEVENT, VTODO and VJOURNAL. */
bool ical_occurrence_overlaps(const struct ical_occurrence *occurrence, const struct ical_zone *zone, int64_t from,
			      int64_t to);

/* --- zone_names.c --- */

/* TZIDs that no VTIMEZONE of the object and no zone of the database has, but Windows and Outlook mean something by. */
void ical_name_zones(icalcomponent *root);

/* --- rules.c --- */

/* Why the component's rules cannot be followed from that start, or NULL. */
const char *ical_rules_problem(icalcomponent *component, struct icaltimetype start, uint64_t *work);
/* Why the VTIMEZONEs beside the components cannot be given to libical, which follows their rules without a bound, or
 * NULL. To be asked before any time in them is looked at. Forgives more than ical_vtimezone_problem(): what clients
 * once made of their zones must not keep their events away. */
const char *ical_zones_problem(icalcomponent *root);

/* --- zone_ending.c --- */

/* The object's only VTIMEZONE, taken out of the tree, where for the times of the object it says just what libical's
 * zone of that name says, which is used instead as long as it is out; to be given back by
 * icalcomponent_add_component(). NULL: there is none such. To be asked after ical_zones_problem(). */
icalcomponent *ical_zone_set_aside(icalcomponent *root);

#endif

/* A stream of iCalendar as a list of its components, read by ical_tree_read(), for what takes streams apart. */
#ifndef ICAL_COLLECTION_PRIVATE_H
#define ICAL_COLLECTION_PRIVATE_H

#include "common/base/arena.h"
#include "common/ical/ical.h"

struct ical_tree_zone {    /* a VTIMEZONE */
	struct span bytes; /* as in the source, from BEGIN to END */
	struct span tzid;
	size_t calendar;
	size_t order; /* of all zones, from 0 */
	size_t mark;  /* for who visits zones and wants each once */
};

struct ical_tree_component {
	struct span bytes;
	struct span kind; /* VEVENT, … in the case of the source */
	struct span uid;  /* its meaning; n == 0: it has none */
	size_t calendar;
	size_t line;                   /* of its BEGIN, from 1 */
	size_t first_ref, ref_count;   /* in refs */
	size_t first_zone, zone_count; /* in used */
};

/* Everything in it lies in the arena or in the source. */
struct ical_tree {
	struct span *heads; /* of each VCALENDAR: its own properties but METHOD, with CRLF */
	size_t calendar_count, calendar_capacity;
	struct ical_tree_component *components; /* in the order of the source */
	size_t component_count, component_capacity;
	struct ical_tree_zone *zones; /* sorted by tzid, then by order */
	size_t zone_count, zone_capacity;
	struct span *refs; /* TZIDs that a component names */
	size_t ref_count, ref_capacity;
	struct ical_tree_zone **used; /* the zones that a component names, each once, in the order of naming */
	size_t used_count, used_capacity;
};

/* ICAL_MALFORMED, or ICAL_TOO_MUCH where the source is larger than anybody's calendar; *problem_r in arena. */
enum ical_verdict ical_tree_read(struct span source, struct arena *arena, struct ical_tree *tree,
				 const char **problem_r);

/* The zone that `tzid` means in a calendar: of that calendar, else the first of that name in the stream; NULL: none. */
struct ical_tree_zone *ical_tree_find_zone(struct ical_tree *tree, struct span tzid, size_t calendar);

#endif

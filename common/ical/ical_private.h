/* What the files of common/ical share. */
#ifndef ICAL_ICAL_PRIVATE_H
#define ICAL_ICAL_PRIVATE_H

#include "common/ical/zone.h"

#include <libical/ical.h>

struct ical_object {
	icalcomponent *root;
	enum ical_kind kind;
	icalcomponent_kind component;
};

struct ical_zone {
	icaltimezone *zone;
	bool is_own; /* not of libical's table */
};

enum {
	ICAL_STEPS_MAX = 200000, /* of a rule, before it is given up */
	ICAL_WORLD = 14 * 3600,  /* the farthest a zone is from UTC */
};

/* Start and end of one component, as RFC 4791, 9.9 wants them compared. */
struct ical_span_of_time {
	struct icaltimetype start; /* null where it has none */
	int64_t seconds;           /* how long; 0 where it has no duration */
	bool has_end;
};
void ical_component_time(icalcomponent *component, struct ical_span_of_time *time_r);

/* Seconds since 1970. zone: for floating times; NULL: UTC. */
int64_t ical_seconds(struct icaltimetype time, icaltimezone *zone);

/* The starts that RRULE, RDATE, EXRULE and EXDATE give, DTSTART among them, up to `to` (in UTC seconds), ascending,
 * each once. false from fn: enough. Returns false where ICAL_STEPS_MAX was not enough. */
struct ical_start {
	struct icaltimetype time;
	int64_t at;       /* in seconds */
	int64_t duration; /* of an RDATE that is a period; -1: the component's */
};
typedef bool ical_start_fn(void *arg, const struct ical_start *start);
bool ical_starts(icalcomponent *component, icaltimezone *zone, int64_t from, int64_t to, ical_start_fn *fn, void *arg);

#endif

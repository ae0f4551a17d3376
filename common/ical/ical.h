/* Calendar objects (RFC 5545) as CalDAV keeps them (RFC 4791, 4.1): checked, and their instances found, over libical,
 * which alone judges syntax and rules. An object is one thread's at a time; several may be at work side by side. */
#ifndef ICAL_ICAL_H
#define ICAL_ICAL_H

#include "common/base/arena.h"
#include "common/base/span.h"

enum ical_kind { /* bits */
		 ICAL_KIND_EVENT = 1,
		 ICAL_KIND_TODO = 2,
		 ICAL_KIND_JOURNAL = 4,
		 ICAL_KIND_FREEBUSY = 8,
		 ICAL_KIND_AVAILABILITY = 16, /* RFC 7953 */
};

enum ical_verdict {
	ICAL_GOOD,
	ICAL_MALFORMED,     /* no iCalendar: valid-calendar-data */
	ICAL_NOT_AN_OBJECT, /* iCalendar, but not one object: valid-calendar-object-resource */
	ICAL_NOT_SUPPORTED, /* a kind of component nobody keeps */
	ICAL_TOO_MUCH,      /* a rule whose instances cannot be counted in reasonable time */
};

#define ICAL_OPEN_START INT64_MIN /* before all times */
#define ICAL_OPEN_END   INT64_MAX /* behind all times: it recurs for ever, or has no time at all */

struct ical_summary {
	enum ical_kind kind;
	struct span uid;
	/* In seconds since 1970: no instance begins before first or ends behind last. Floating and all-day times are
	 * widened by the width of the world, so the bounds hold in every zone. */
	int64_t first, last;
	bool recurs;
	/* One instance, which is exactly [first, last) in every zone: who asks for times need not look into the object.
	 */
	bool is_plain;
	bool is_transparent; /* of a plain event: TRANSP (RFC 5545, 3.8.2.7), or cancelled */
	bool is_tentative;
};

struct ical_object;
struct ical_zone; /* zone.h */

/* text: the whole of it. On ICAL_GOOD the object is the caller's; else *problem_r says in one line, in arena, what is
 * wrong. Everything in the summary lies in arena. summary_r: NULL for what has been judged before, as everything in the
 * store has: its rules, which may take seconds, are then not followed to their ends. */
enum ical_verdict ical_object_open(struct span text, struct arena *arena, struct ical_object **object_r,
				   struct ical_summary *summary_r, const char **problem_r);
void ical_object_close(struct ical_object **object); /* NULL is accepted */

struct ical_instance {
	int64_t start, end; /* seconds since 1970; end is not in it; equal where it has no duration */
	int64_t recurrence; /* the start it would have by the rule: what RECURRENCE-ID names */
	bool is_all_day;
	bool is_transparent; /* TRANSP (RFC 5545, 3.8.2.7), or cancelled */
	bool is_tentative;
};
typedef bool ical_instance_fn(void *arg, const struct ical_instance *instance); /* false: enough */

/* Instances that overlap [from, to) by RFC 4791, 9.9, in the order of their starts; of events, to-dos and journals.
 * zone: what floating times mean; NULL: UTC. ICAL_TOO_MUCH: more than max of them, or a rule that does not get there.
 */
enum ical_verdict ical_object_instances(struct ical_object *object, const struct ical_zone *zone, int64_t from,
					int64_t to, size_t max, ical_instance_fn *fn, void *arg);

#endif

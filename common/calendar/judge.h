/* What may be an object of a calendar, and what the store is told of it (RFC 4791, 4.1): common/ical's judgement in the
 * store's words, the same for everybody who puts something into a calendar. Any thread. */
#ifndef CALENDAR_JUDGE_H
#define CALENDAR_JUDGE_H

#include "common/ical/ical.h"
#include "common/store/object.h"

enum calendar_flag {                     /* struct store_object_facts.flags; 1 has meant something once */
		     CALENDAR_PLAIN = 2, /* one instance, exactly from first to last in every zone */
		     CALENDAR_TRANSPARENT = 4,
		     CALENDAR_TENTATIVE = 8,
};

/* components: what the calendar takes; 0: all. ICAL_GOOD: facts_r is set, its UID lies in arena. Else *problem_r says
 * why, in one line. */
enum ical_verdict calendar_judge(struct span bytes, unsigned components, struct arena *arena,
				 struct store_object_facts *facts_r, const char **problem_r);

#endif

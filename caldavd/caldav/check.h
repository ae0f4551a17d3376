/* May these bytes be an object of this calendar (RFC 4791, 4.1 and 5.3.2.1)? */
#ifndef CALDAVD_CALDAV_CHECK_H
#define CALDAVD_CALDAV_CHECK_H

#include "caldavd/dav/dav.h"
#include "common/calendar/judge.h"

/* True: facts_r is what the store is told of them; its UID lies in the arena. False: the answer is set. */
bool caldav_check(struct dav_request *r, const struct store_collection *calendar, struct span bytes,
		  struct store_object_facts *facts_r);
/* The same without an answer: the condition that fails (with its prefix) and why. */
const char *caldav_judge(const struct caldavd *daemon, const struct store_collection *calendar, struct span bytes,
			 struct arena *arena, struct store_object_facts *facts_r, const char **problem_r);
/* Is this the media type of iCalendar? Nothing said counts as that. */
bool caldav_is_calendar_type(struct span content_type);

#endif

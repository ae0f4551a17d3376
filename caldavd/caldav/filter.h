/* C:filter of calendar-query (RFC 4791, 9.7). */
#ifndef CALDAVD_CALDAV_FILTER_H
#define CALDAVD_CALDAV_FILTER_H

#include "caldavd/caldav/calendar_data.h"

/* The filter on VCALENDAR, in the arena. NULL: it is malformed, the answer is set. */
const struct ical_comp_filter *caldav_filter_parse(struct dav_request *r, const xmlNode *filter);

/* What the index can answer of it. */
struct caldav_index {
	unsigned components;     /* 0: all */
	struct ical_range range; /* no object outside of it matches */
	bool is_exact;           /* nothing else is asked for: component and range decide */
};
void caldav_filter_index(const struct ical_comp_filter *filter, struct caldav_index *index_r);

#endif

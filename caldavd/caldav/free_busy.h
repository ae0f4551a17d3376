/* Free and busy times of calendars. */
#ifndef CALDAVD_CALDAV_FREE_BUSY_H
#define CALDAVD_CALDAV_FREE_BUSY_H

#include "caldavd/dav/property.h"
#include "common/ical/freebusy.h"

/* Of one calendar. False: the store failed. */
bool caldav_gather_busy(struct dav_request *r, const struct dav_resource *calendar, const struct ical_range *range,
			struct ical_busy *busy);
bool caldav_gather_home_busy(struct dav_request *r, const struct dav_resource *home, const struct ical_range *range,
			     struct ical_busy *busy);
void caldav_answer_busy(struct dav_request *r, struct ical_busy *busy);

#endif

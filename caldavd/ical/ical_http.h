/* iCalendar over plain HTTP: whole calendars under addresses of their own, for programs that know no WebDAV. Rows of
 * caldavd/routes.c. */
#ifndef CALDAVD_ICAL_ICAL_HTTP_H
#define CALDAVD_ICAL_ICAL_HTTP_H

#include "caldavd/dav/dav.h"

void ical_http_calendar_run(struct dav_request *r);  /* /ical/USER/CALENDAR */
void ical_http_subscribe_run(struct dav_request *r); /* /subscribe/SECRET.ics, .ifb */
void ical_http_free_busy_run(struct dav_request *r); /* /freebusy/USER.ifb */

/* 405 with Allow. allowed: "GET, HEAD". */
void ical_http_refuse_method(struct dav_request *r, const char *allowed);
/* The tag of a calendar with its quotes, as caldav_export_run() gives it as a weak one. In the arena. */
struct span ical_http_tag(struct dav_request *r, const struct store_collection *calendar);

#endif

/* What the actions share. Only caldavd/timezones includes this. */
#ifndef CALDAVD_TIMEZONES_TIMEZONES_PRIVATE_H
#define CALDAVD_TIMEZONES_TIMEZONES_PRIVATE_H

#include "caldavd/timezones/timezones.h"
#include "common/ical/zone.h"

#define TIMEZONES_PUBLISHER "IANA"

void timezones_capabilities(struct dav_request *r);
void timezones_list(struct dav_request *r); /* and find */
void timezones_get(struct dav_request *r, const struct ical_zone_info *zone);
void timezones_expand(struct dav_request *r, const struct ical_zone_info *zone);
void timezones_leapseconds(struct dav_request *r);
bool timezones_has_leapseconds(void);

/* A "problem details" object (RFC 7807). error: "invalid-start" (RFC 7808, 10.1.1). */
void timezones_problem(struct dav_request *r, unsigned status, const char *error, const char *title);
void timezones_json(struct dav_request *r, struct span body);
void timezones_json_string(struct span text, struct buf *out); /* with its quotes */
void timezones_json_time(int64_t at, struct buf *out);         /* "2026-03-01T00:00:00Z", with its quotes */

/* The value of a parameter of the query in *value_r (p NULL: it is not there). False: it comes twice, or is malformed.
 */
bool timezones_parameter(struct dav_request *r, const char *name, struct span *value_r);

/* Sets ETag; true: the client has this already, and the answer is 304. weak: what may be compressed. */
bool timezones_is_known(struct dav_request *r, const char *etag, bool weak);

#endif

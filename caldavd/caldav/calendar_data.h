/* The element C:calendar-data in the answers of reports (RFC 4791, 9.6): objects as the request wants to see them. The
 * contents of a page of objects are read at once. */
#ifndef CALDAVD_CALDAV_CALENDAR_DATA_H
#define CALDAVD_CALDAV_CALENDAR_DATA_H

#include "caldavd/dav/property.h"
#include "common/ical/calendar_data.h"

/* A page of objects whose contents are read together ends behind so many bytes of them: a client that does not read
 * its answer holds little. */
enum { CALDAV_PAGE_BYTES = 256 * 1024 };

struct caldav_content {
	uint64_t blob;
	struct span bytes; /* p NULL: it could not be read */
};

/* What floating times mean. */
struct caldav_zone {
	struct ical_zone *zone; /* NULL: UTC */
	uint64_t key;           /* the same for the same rules */
};
void caldav_zone_done(struct caldav_zone *zone); /* harmless twice */

struct caldav_view {
	struct dav_request *r;
	bool wants_data, is_plain; /* plain: the bytes as they are */
	struct ical_shape shape;
	struct ical_range expand, limit_recurrence, limit_freebusy;
	struct caldav_zone zone;
	struct caldav_content *contents; /* of the page, by blob */
	size_t count;
	struct buf scratch;
};

/* Looks for C:calendar-data in the selection, parses it, and puts the view into the selection. False: it is malformed,
 * the answer is set. */
bool caldav_view_init(struct caldav_view *view, struct dav_request *r, struct dav_selection *selection);
void caldav_view_done(struct caldav_view *view); /* harmless twice */
/* Reads the contents of these into r->arena. False: the store failed. */
bool caldav_view_prepare(struct caldav_view *view, const struct store_object *objects, size_t count);
/* The content of one of them. */
struct span caldav_view_bytes(const struct caldav_view *view, const struct store_object *object);

/* C:time-range (RFC 4791, 9.9), C:expand …: start and end in UTC; either may be missing where `may_be_open`. False:
 * malformed, the answer is set. */
bool caldav_parse_range(struct dav_request *r, const xmlNode *node, bool may_be_open, struct ical_range *range_r);
/* What floating times mean: C:timezone or C:timezone-id of a query, else the calendar's own. NULL: UTC. False: the
 * answer is set. The zone is the caller's. */
bool caldav_find_zone(struct dav_request *r, const xmlNode *query, struct caldav_zone *zone_r);
/* The calendar's own alone. */
void caldav_zone_of(struct dav_request *r, const struct dav_resource *calendar, struct caldav_zone *zone_r);

#endif

/* Free and busy time (RFC 4791, 7.10; RFC 7953): what objects say about a range of time, put together. One thread at a
 * time. */
#ifndef ICAL_FREEBUSY_H
#define ICAL_FREEBUSY_H

#include "common/ical/filter.h"

enum ical_busy_type { ICAL_BUSY, ICAL_BUSY_TENTATIVE, ICAL_BUSY_UNAVAILABLE };

struct ical_busy;
struct ical_busy *ical_busy_create(const struct ical_range *range);
void ical_busy_destroy(struct ical_busy **busy); /* NULL is accepted */

/* Events that are neither transparent nor cancelled, VFREEBUSY objects, and VAVAILABILITY by its priority.
 * ICAL_TOO_MUCH: a rule that does not get there. */
enum ical_verdict ical_busy_add(struct ical_busy *busy, struct ical_object *object, const struct ical_zone *zone);
/* The same for what is known already. */
void ical_busy_add_period(struct ical_busy *busy, int64_t start, int64_t end, enum ical_busy_type type);

/* A VCALENDAR with one VFREEBUSY: periods cut to the range, merged, sorted. now: DTSTAMP. */
void ical_busy_write(struct ical_busy *busy, int64_t now, struct buf *out);

#endif

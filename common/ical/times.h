/* The instances of an object in few bytes, so that who keeps them need not parse and expand it again: a month's query
 * over a thousand recurring events is then a thousand binary searches. Not changed once made; any thread. */
#ifndef ICAL_TIMES_H
#define ICAL_TIMES_H

#include "common/ical/filter.h"
#include "common/ical/freebusy.h"

struct ical_times;

/* The instances of an event, a to-do or a journal within `within`, at most max of them. NULL: it has more, or a rule
 * that does not get there, or times of another kind (VFREEBUSY, VAVAILABILITY, a VTODO without DTSTART and DURATION).
 */
struct ical_times *ical_times_make(struct ical_object *object, const struct ical_zone *zone,
				   const struct ical_range *within, size_t max);
void ical_times_destroy(struct ical_times **times);
size_t ical_times_bytes(const struct ical_times *times); /* of memory */

/* Does an instance overlap the range (RFC 4791, 9.9)? The range must lie in `within`. */
bool ical_times_overlap(const struct ical_times *times, const struct ical_range *range);
/* Of an event: its busy instances. */
void ical_times_busy(const struct ical_times *times, struct ical_busy *busy, const struct ical_range *range);

#endif

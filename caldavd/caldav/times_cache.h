/* The instances of recurring objects, kept so that a query over a month need not parse and expand each of them again.
 * Contents never change, so what is kept never gets wrong. Shared by all workers. */
#ifndef CALDAVD_CALDAV_TIMES_CACHE_H
#define CALDAVD_CALDAV_TIMES_CACHE_H

#include "common/ical/times.h"

struct times_cache;

struct times_cache *times_cache_create(uint64_t bytes_max);
void times_cache_destroy(struct times_cache **cache); /* NULL is accepted */

enum times_answer { TIMES_UNKNOWN, TIMES_NO, TIMES_YES };
/* Has the content an instance that overlaps the range, TIMES_UNKNOWN also for ranges beyond the years around now that
 * are kept. zone_key: see struct caldav_zone. */
enum times_answer times_cache_overlap(struct times_cache *cache, uint64_t blob, uint64_t zone_key,
				      const struct ical_range *range);
/* Its busy instances. False: they are not known. */
bool times_cache_busy(struct times_cache *cache, uint64_t blob, uint64_t zone_key, struct ical_busy *busy,
		      const struct ical_range *range);
/* Takes the instances of an object, where they can be kept. */
void times_cache_add(struct times_cache *cache, uint64_t blob, uint64_t zone_key, struct ical_object *object,
		     const struct ical_zone *zone);

#endif

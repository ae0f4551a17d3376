/* What stands behind the question mark of an address (RFC 3986, 3.4): NAME=VALUE, parted by '&'. Any thread. */
#ifndef CALDAVD_ICAL_QUERY_H
#define CALDAVD_ICAL_QUERY_H

#include "common/base/arena.h"
#include "common/base/span.h"

struct query_pair {
	struct span name, value; /* percent-decoded; '+' is a plus */
};

/* Takes one pair off the front, in arena; empty ones are passed over. PARSE_MORE: none is left. PARSE_BAD: malformed,
 * or no UTF-8. */
enum parse query_next(struct span *query, struct arena *arena, struct query_pair *pair_r);

/* A time in seconds since 1970: "2026-03-01T12:00:00Z", "2026-03-01T12:00:00+01:00" (RFC 3339), "20260301T120000Z" (RFC
 * 5545, 3.3.5), or a date alone, which is its beginning in UTC. Years from 1 to 9999. */
bool query_time(struct span text, int64_t *at_r);
/* A positive duration in seconds: "P2W", "P1DT12H" (RFC 5545, 3.3.6), at most ten years. */
bool query_duration(struct span text, int64_t *seconds_r);

#endif

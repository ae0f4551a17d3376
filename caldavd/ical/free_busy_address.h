/* Addresses that answer with free and busy times. */
#ifndef CALDAVD_ICAL_FREE_BUSY_ADDRESS_H
#define CALDAVD_ICAL_FREE_BUSY_ADDRESS_H

#include "caldavd/caldav/free_busy.h"

/* The range that the query asks for by start, end and period; from a week ago to two months ahead where it says
 * nothing. False: it is malformed or too long, the answer is set. */
bool free_busy_range(struct dav_request *r, struct ical_range *range_r);

#endif

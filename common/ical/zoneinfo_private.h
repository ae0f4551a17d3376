/* Files of the time zone database. */
#ifndef ICAL_ZONEINFO_PRIVATE_H
#define ICAL_ZONEINFO_PRIVATE_H

#include "common/base/buf.h"

/* file: TZif of version 2 or later (RFC 8536). Appends a VTIMEZONE with name as its TZID and X-LIC-LOCATION, not
 * folded. False: it is no such file, and nothing is appended. */
bool ical_zoneinfo_write(struct span file, const char *name, struct buf *out);

#endif

/* Dates of fields (RFC 9110, 5.6.7). Any thread. */
#ifndef CALDAVD_HTTP_DATE_H
#define CALDAVD_HTTP_DATE_H

#include "common/base/buf.h"

/* HTTP-date in any of its three forms, as seconds since 1970. False: it is none. */
bool http_date_parse(struct span text, int64_t *at_r);
void http_date_write(int64_t at, struct buf *out); /* IMF-fixdate */

#endif

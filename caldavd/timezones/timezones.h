/* The time zone data distribution service (RFC 7808), for everybody, without log-in. */
#ifndef CALDAVD_TIMEZONES_TIMEZONES_H
#define CALDAVD_TIMEZONES_TIMEZONES_H

#include "caldavd/dav/dav.h"

/* Rows of caldavd/routes.c. */
void timezones_run(struct dav_request *r);            /* /timezones/… */
void timezones_well_known_run(struct dav_request *r); /* /.well-known/timezone */

#endif

/* A calendar as one text (what webcal subscribers and kiosks get). */
#ifndef CALDAVD_CALDAV_EXPORT_H
#define CALDAVD_CALDAV_EXPORT_H

#include "caldavd/dav/dav.h"

/* Answers with all of r->resource, a calendar, each time zone once; streamed. The owner reads it, whoever asks. */
void caldav_export_run(struct dav_request *r);

#endif

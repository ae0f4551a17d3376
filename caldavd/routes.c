/* Addresses beside WebDAV. */
#include "caldavd/caldav/attachment.h"
#include "caldavd/dav/dav.h"
#include "caldavd/ical/ical_http.h"
#include "caldavd/timezones/timezones.h"
#include "common/base/must.h"

static void robots(struct dav_request *r)
{
	if (!span_is(span_of(r->method->name), "GET") && !span_is(span_of(r->method->name), "HEAD")) {
		ical_http_refuse_method(r, "GET, HEAD");
		return;
	}
	http_answer(r->x, 200, "text/plain; charset=utf-8", SPAN("User-agent: *\nDisallow: /\n"));
}

/* clang-format off */
const struct dav_route dav_routes[] = {
	/* first        second  run                      body             traits */
	{ "robots.txt", NULL,   robots,                  DAV_BODY_NONE,   DAV_FOR_ALL },
	{ "ical",       NULL,   ical_http_calendar_run,  DAV_BODY_IMPORT, 0 },
	{ "subscribe",  NULL,   ical_http_subscribe_run, DAV_BODY_NONE,   DAV_FOR_ALL | DAV_SECRET },
	{ "freebusy",   NULL,   ical_http_free_busy_run, DAV_BODY_NONE,   0 },
	{ "attachments", NULL,  caldav_attachment_get_run, DAV_BODY_NONE, 0 },
	{ "timezones",  NULL,   timezones_run,           DAV_BODY_NONE,   DAV_FOR_ALL | DAV_SLASHES },
	{ ".well-known", "timezone", timezones_well_known_run, DAV_BODY_NONE, DAV_FOR_ALL },
};
/* clang-format on */
const size_t dav_routes_count = array_count(dav_routes);

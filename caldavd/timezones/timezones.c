/* From addresses to actions (RFC 7808, 5), and how failures are told (4.1.7). */
#include "caldavd/timezones/timezones.h"
#include "caldavd/http/token.h"
#include "caldavd/ical/query.h"
#include "caldavd/timezones/timezones_private.h"

#include <time.h>

/* --- what the actions share --- */

void timezones_json_string(struct span text, struct buf *out)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ')
			buf_printf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_byte(out, (char)c);
	}
	buf_byte(out, '"');
}

void timezones_json_time(int64_t at, struct buf *out)
{
	time_t seconds = (time_t)at;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	buf_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec);
}

void timezones_json(struct dav_request *r, struct span body)
{
	http_answer(r->x, 200, "application/json; charset=utf-8", body);
}

void timezones_problem(struct dav_request *r, unsigned status, const char *error, const char *title)
{
	struct buf body = {0};

	buf_printf(&body, "{\"type\":\"urn:ietf:params:tzdist:error:%s\",\"title\":\"%s\",\"status\":%u}\n", error,
		   title, status);
	http_field_span(r->x, "Content-Language", SPAN("en"));
	http_answer(r->x, status, "application/problem+json; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

bool timezones_parameter(struct dav_request *r, const char *name, struct span *value_r)
{
	struct span query = r->target.query;
	struct query_pair pair;
	enum parse got;

	*value_r = (struct span){0};
	while ((got = query_next(&query, r->arena, &pair)) != PARSE_MORE) {
		if (!span_is(pair.name, name))
			continue;
		if (got == PARSE_BAD || value_r->p != NULL)
			return false;
		*value_r = pair.value;
	}
	return true;
}

bool timezones_is_known(struct dav_request *r, const char *etag, bool weak)
{
	struct span condition = http_request_field(r->x, "If-None-Match");
	struct span tag = span_of(arena_printf(r->arena, "\"%s\"", etag));

	http_field(r->x, "ETag", "%s\"%s\"", weak ? "W/" : "", etag);
	if (condition.p == NULL || !http_names_entity_tag(condition, tag, true))
		return false;
	http_answer(r->x, 304, NULL, SPAN(""));
	return true;
}

/* --- which action --- */

/* A slash in a name parts segments where the client has not encoded it. count: of the segments that are the name. */
static const struct ical_zone_info *find_zone(struct dav_request *r, const struct span *segments, size_t count)
{
	const struct ical_zone_info *zone;
	struct buf name = {0};

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_byte(&name, '/');
		buf_span(&name, segments[i]);
	}
	zone = ical_zone_find(buf_view(&name));
	/* names of Windows, and the like, are no identifiers here */
	if (zone != NULL && !span_equal_nocase(buf_view(&name), span_of(zone->name)))
		zone = NULL;
	buf_done(&name);
	if (zone == NULL)
		timezones_problem(r, 404, "tzid-not-found", "Time zone identifier was not found on this server");
	return zone;
}

static void run_zones(struct dav_request *r, const struct span *rest, size_t count)
{
	bool expands = count > 1 && span_is(rest[count - 1], "observances");
	const struct ical_zone_info *zone;

	if (count == 0) {
		timezones_list(r);
		return;
	}
	if ((zone = find_zone(r, rest, count - expands)) == NULL)
		return;
	if (expands)
		timezones_expand(r, zone);
	else
		timezones_get(r, zone);
}

void timezones_run(struct dav_request *r)
{
	const struct span *rest = r->target.segments + 1;
	size_t count = r->target.segment_count - 1;
	struct span method = span_of(r->method->name);

	if (span_is(method, "OPTIONS")) {
		http_field_span(r->x, "Allow", SPAN("OPTIONS, GET, HEAD"));
		http_answer(r->x, 200, NULL, SPAN(""));
	} else if (!span_is(method, "GET") && !span_is(method, "HEAD")) {
		http_field_span(r->x, "Allow", SPAN("OPTIONS, GET, HEAD"));
		timezones_problem(r, 405, "invalid-action", "That method is not possible here");
	} else if (count == 1 && span_is(rest[0], "capabilities")) {
		timezones_capabilities(r);
	} else if (count == 1 && span_is(rest[0], "leapseconds") && timezones_has_leapseconds()) {
		timezones_leapseconds(r);
	} else if (count >= 1 && span_is(rest[0], "zones")) {
		run_zones(r, rest + 1, count - 1);
	} else {
		timezones_problem(r, 404, "invalid-action", "There is no such action");
	}
}

/* Without the host, so that it holds behind any proxy (RFC 7808, 4.2.1.3). */
void timezones_well_known_run(struct dav_request *r)
{
	http_field(r->x, "Location", "%.*s/timezones", (int)r->daemon->options.base_path.n,
		   r->daemon->options.base_path.p);
	http_answer_text(r->x, 301, "The time zones are there");
}

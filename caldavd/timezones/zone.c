/* get and expand: one zone, as a VTIMEZONE or as what it means (RFC 7808, 5.3 and 5.4). Both have the strong entity tag
 * of the zone. */
#include "caldavd/http/token.h"
#include "caldavd/ical/query.h"
#include "caldavd/timezones/timezones_private.h"

static const int64_t last_known = 16725225600; /* 2500-01-01: what is told of rules that go on for ever */

/* --- get --- */

static bool is_refused(struct span parameters)
{
	size_t q = span_find(parameters, SPAN("q=0"));
	struct span weight = q == SIZE_MAX ? (struct span){0} : span_sub(parameters, q + 2, SIZE_MAX);

	for (size_t i = 0; i < weight.n; i++)
		if (weight.p[i] != '0' && weight.p[i] != '.')
			return false;
	return weight.n > 0;
}

static bool takes_calendar(struct dav_request *r)
{
	struct span accept = http_request_field(r->x, "Accept"), element;
	bool any = false;

	while (http_list_next(&accept, &element)) {
		size_t end = span_find_byte(element, ';');
		struct span type = span_trim(span_sub(element, 0, end));

		any = true;
		if ((span_is_nocase(type, "text/calendar") || span_is(type, "text/*") || span_is(type, "*/*")) &&
		    (end == SIZE_MAX || !is_refused(span_sub(element, end, SIZE_MAX))))
			return true;
	}
	return !any;
}

/* Zones are told whole: no value of start and end is offered. */
static bool asks_for_part(struct dav_request *r, const char *name, const char *error)
{
	struct span value;

	if (timezones_parameter(r, name, &value) && value.p == NULL)
		return false;
	timezones_problem(r, 400, error, "Time zones are not truncated here");
	return true;
}

void timezones_get(struct dav_request *r, const struct ical_zone_info *zone)
{
	struct buf body = {0};

	if (asks_for_part(r, "start", "invalid-start") || asks_for_part(r, "end", "invalid-end"))
		return;
	if (!takes_calendar(r)) {
		timezones_problem(r, 406, "invalid-format", "Time zones are there as text/calendar");
		return;
	}
	if (timezones_is_known(r, zone->etag, false))
		return;
	if (ical_zone_write(span_of(zone->name), &body))
		http_answer(r->x, 200, "text/calendar; charset=utf-8", buf_view(&body));
	else
		timezones_problem(r, 500, "invalid-action", "The time zone cannot be read");
	buf_done(&body);
}

/* --- expand --- */

struct expansion {
	struct buf *out;
	bool is_begun;
};

static bool write_observance(void *arg, const struct ical_observance *observance)
{
	struct expansion *e = arg;

	buf_text(e->out, e->is_begun ? ",\n{\"name\":" : "\n{\"name\":");
	e->is_begun = true;
	timezones_json_string(span_of(observance->name), e->out);
	buf_text(e->out, ",\"onset\":");
	timezones_json_time(observance->onset, e->out);
	buf_printf(e->out, ",\"utc-offset-from\":%d,\"utc-offset-to\":%d}", observance->offset_from,
		   observance->offset_to);
	return true;
}

/* A date-time in UTC (RFC 3339). */
static bool take_time(struct dav_request *r, const char *name, int64_t *at_r)
{
	struct span value;

	return timezones_parameter(r, name, &value) && value.n == 20 && value.p[4] == '-' && value.p[19] == 'Z' &&
	       query_time(value, at_r);
}

static void answer_observances(struct dav_request *r, const struct ical_zone_info *zone, int64_t from, int64_t to)
{
	struct buf body = {0};
	struct expansion expansion = {.out = &body};

	buf_text(&body, "{\"tzid\":");
	timezones_json_string(span_of(zone->name), &body);
	if (to > last_known) {
		to = last_known;
		buf_text(&body, ",\"end\":");
		timezones_json_time(to, &body);
	}
	buf_text(&body, ",\"observances\":[");
	if (ical_zone_observances(span_of(zone->name), from, to, write_observance, &expansion)) {
		buf_text(&body, "]}\n");
		timezones_json(r, buf_view(&body));
	} else {
		timezones_problem(r, 500, "invalid-action", "The time zone cannot be read");
	}
	buf_done(&body);
}

void timezones_expand(struct dav_request *r, const struct ical_zone_info *zone)
{
	int64_t from, to;

	if (!take_time(r, "start", &from) || from >= last_known)
		timezones_problem(r, 400, "invalid-start", "start is one date-time in UTC, before the year 2500");
	else if (!take_time(r, "end", &to) || to <= from)
		timezones_problem(r, 400, "invalid-end", "end is one date-time in UTC, behind start");
	else if (!timezones_is_known(r, zone->etag, false))
		answer_observances(r, zone, from, to);
}

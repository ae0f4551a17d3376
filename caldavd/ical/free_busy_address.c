/* /freebusy/USER.ifb?start=…&end=… or &period=…: the user's busy times, for himself, as programs before CalDAV ask for
 * them. */
#include "caldavd/ical/free_busy_address.h"
#include "caldavd/ical/ical_http.h"
#include "caldavd/ical/query.h"
#include "common/base/clock.h"

enum { DAY = 86400, BEFORE = 7 * DAY, AHEAD = 61 * DAY, RANGE_MAX = 5 * 366 * DAY };
static const int64_t last_second = 253402300799; /* of the year 9999: iCalendar has no later one */

struct asked {
	int64_t start, end, period;
	bool has_start, has_end, has_period;
};

/* Parameters of other names are other programs' own: Outlook adds some. */
static bool take_pair(const struct query_pair *pair, struct asked *asked)
{
	if (span_is(pair->name, "start"))
		return !asked->has_start && (asked->has_start = true) && query_time(pair->value, &asked->start);
	if (span_is(pair->name, "end"))
		return !asked->has_end && (asked->has_end = true) && query_time(pair->value, &asked->end);
	if (span_is(pair->name, "period"))
		return !asked->has_period && (asked->has_period = true) && query_duration(pair->value, &asked->period);
	return true;
}

static bool parse(struct dav_request *r, struct asked *asked)
{
	struct span query = r->target.query;
	struct query_pair pair;
	enum parse got;

	while ((got = query_next(&query, r->arena, &pair)) == PARSE_OK)
		if (!take_pair(&pair, asked))
			return false;
	return got == PARSE_MORE && !(asked->has_end && asked->has_period);
}

bool free_busy_range(struct dav_request *r, struct ical_range *range_r)
{
	struct asked asked = {0};
	int64_t now = clock_now();

	if (!parse(r, &asked)) {
		http_answer_text(r->x, 400, "A range is start= and end=, in UTC, or start= and period=");
		return false;
	}
	range_r->from = asked.has_start ? asked.start : now - BEFORE;
	if (asked.has_end)
		range_r->to = asked.end;
	else if (asked.has_period)
		range_r->to = range_r->from + asked.period;
	else
		range_r->to = asked.has_start ? asked.start + BEFORE + AHEAD : now + AHEAD;
	if (range_r->from < range_r->to && range_r->to - range_r->from <= RANGE_MAX && range_r->to <= last_second)
		return true;
	http_answer_text(r->x, 400, "A range ends behind its start, at most five years");
	return false;
}

/* "USER.ifb", or "USER". */
static enum store_status find(struct dav_request *r, struct dav_resource *home_r)
{
	struct span name = r->target.segment_count == 2 ? r->target.segments[1] : (struct span){0};
	struct span segments[HTTP_SEGMENTS_MAX] = {SPAN("calendars")};
	struct http_target target = {.segments = segments, .segment_count = 2};

	*home_r = (struct dav_resource){.type = DAV_NOTHING};
	if (name.n > 4 && span_equal_nocase(span_sub(name, name.n - 4, 4), SPAN(".ifb")))
		name.n -= 4;
	if (name.n == 0)
		return STORE_OK;
	segments[1] = r->user.mail.n > 0 && span_equal_nocase(name, r->user.mail) ? r->user.name : name;
	return dav_resource_find(r, &target, home_r);
}

void ical_http_free_busy_run(struct dav_request *r)
{
	struct span method = span_of(r->method->name);
	struct ical_range range;
	struct ical_busy *busy;
	enum store_status status;

	if (!span_is(method, "GET") && !span_is(method, "HEAD")) {
		ical_http_refuse_method(r, "OPTIONS, GET, HEAD");
		return;
	}
	if ((status = find(r, &r->resource)) != STORE_OK) {
		dav_fail(r, status);
		return;
	}
	if (r->resource.type != DAV_HOME) {
		http_answer_text(r->x, 404, "There is no such user");
		return;
	}
	if (!free_busy_range(r, &range))
		return;
	busy = ical_busy_create(&range);
	if (caldav_gather_home_busy(r, &r->resource, &range, busy))
		caldav_answer_busy(r, busy);
	else
		dav_fail(r, STORE_BUSY);
	ical_busy_destroy(&busy);
}

/* leapseconds (RFC 7808, 5.6 and 6.4), from the list that comes with the system's time zones: lines "SECONDS OFFSET",
 * and "#@ SECONDS" for how long it holds; seconds since 1900. */
#include "caldavd/timezones/timezones_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char list_path[] = "/usr/share/zoneinfo/leap-seconds.list";

#define SECONDS_1900_TO_1970 INT64_C(2208988800)

bool timezones_has_leapseconds(void)
{
	return access(list_path, R_OK) == 0;
}

/* Seconds since 1900 as a date of JSON. */
static void write_date(uint64_t at, struct buf *out)
{
	time_t seconds = (time_t)((int64_t)at - SECONDS_1900_TO_1970);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	buf_printf(out, "\"%04d-%02d-%02d\"", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static void skip_blanks(struct span *in)
{
	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = span_sub(*in, 1, SIZE_MAX);
}

static bool take_number(struct span *in, uint64_t *number_r)
{
	uint64_t number = 0;
	size_t n = 0;

	skip_blanks(in);
	for (; n < in->n && n < 12 && ascii_is_digit(in->p[n]); n++)
		number = number * 10 + (uint64_t)(in->p[n] - '0');
	*in = span_sub(*in, n, SIZE_MAX);
	*number_r = number;
	return n > 0;
}

struct leaps {
	uint64_t expires;
	struct buf list;
};

static void take_line(struct leaps *leaps, struct span line)
{
	uint64_t at, offset;

	if (span_take_text(&line, "#@") == PARSE_OK) {
		if (take_number(&line, &at))
			leaps->expires = at;
		return;
	}
	if (!take_number(&line, &at) || !take_number(&line, &offset))
		return;
	buf_printf(&leaps->list, "%s{\"utc-offset\":%llu,\"onset\":", leaps->list.n > 0 ? "," : "",
		   (unsigned long long)offset);
	write_date(at, &leaps->list);
	buf_byte(&leaps->list, '}');
}

static bool read_list(struct leaps *leaps)
{
	FILE *file = fopen(list_path, "re");
	char line[256];

	if (file == NULL)
		return false;
	while (fgets(line, sizeof line, file) != NULL)
		take_line(leaps, span_from(line, strcspn(line, "\r\n")));
	(void)fclose(file);
	return leaps->expires > 0 && leaps->list.n > 0;
}

void timezones_leapseconds(struct dav_request *r)
{
	struct leaps leaps = {0};
	struct buf body = {0};

	if (!read_list(&leaps)) {
		timezones_problem(r, 500, "invalid-action", "The leap seconds cannot be read");
	} else {
		buf_text(&body, "{\"expires\":");
		write_date(leaps.expires, &body);
		buf_text(&body, ",\"publisher\":\"" TIMEZONES_PUBLISHER "\",\"version\":");
		timezones_json_string(span_of(ical_zone_version()), &body);
		buf_text(&body, ",\"leapseconds\":[");
		buf_span(&body, buf_view(&leaps.list));
		buf_text(&body, "]}\n");
		r->x->may_compress = true;
		timezones_json(r, buf_view(&body));
	}
	buf_done(&leaps.list);
	buf_done(&body);
}

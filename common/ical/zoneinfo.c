/* A file of the time zone database (TZif, RFC 8536, with the POSIX rule at its end) as a VTIMEZONE (RFC 5545, 3.6.5).
 *
 * libical can do that too, but not well: 3.0 guesses yearly rules from the days that occur, and so is wrong in a
 * hundred zones for some past years (London 1977, Jerusalem 2013, Easter Island 2020) and in some for all years to
 * come. Here the past is a list of times (RDATE), and the only rules are those of the file's end, each from the first
 * year that it holds without a break. */
#include "common/ical/zoneinfo_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HEADER = 44,
	TYPES_MAX = 256,
	ABBREVIATION_MAX = 32,
	DAY = 86400,
	FIRST_YEAR = 1800, /* nobody's clock was changed before: what lies there says how it all began */
	LAST_YEAR = 2500,  /* a list that goes on until then is damaged */
	OFFSET_MAX = 26 * 3600,
};

struct type {
	int offset;
	bool is_daylight;
	struct span abbreviation;
};

struct change {
	int64_t at;
	struct type from, to;
	bool is_written;
};

struct rule { /* Mm.w.d/time */
	int month, week, weekday;
	int time; /* seconds from midnight, a week to both sides */
	struct type from, to;
};

struct zoneinfo {
	struct span data; /* not read yet */
	struct change *changes;
	size_t count;
	struct type initial;
	struct rule rules[2];
	size_t rule_count;
};

/* --- TZif --- */

static bool take(struct span *in, size_t n, struct span *taken_r)
{
	if (n > in->n)
		return false;
	*taken_r = span_sub(*in, 0, n);
	*in = span_sub(*in, n, SIZE_MAX);
	return true;
}

static int64_t number(struct span bytes)
{
	uint64_t n = bytes.n > 0 && ((unsigned char)bytes.p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes.n; i++)
		n = n << 8 | (unsigned char)bytes.p[i];
	return (int64_t)n;
}

struct header {
	size_t ut, standard, leaps, times, types, chars;
};

static bool take_header(struct span *in, struct header *header_r)
{
	size_t *counts[] = {&header_r->ut,    &header_r->standard, &header_r->leaps,
			    &header_r->times, &header_r->types,    &header_r->chars};
	struct span header;

	if (!take(in, HEADER, &header) || !span_starts(header, SPAN("TZif")) || header.p[4] < '2')
		return false;
	for (size_t i = 0; i < 6; i++)
		*counts[i] = (size_t)(uint32_t)number(span_sub(header, 20 + 4 * i, 4));
	return true;
}

static struct type type_at(struct span types, struct span chars, size_t i)
{
	struct span bytes = span_sub(types, 6 * i, 6);
	struct span name = span_sub(chars, (unsigned char)bytes.p[5], SIZE_MAX);

	return (struct type){
		.offset = (int)number(span_sub(bytes, 0, 4)),
		.is_daylight = bytes.p[4] != 0,
		.abbreviation = span_sub(name, 0, span_find_byte(name, '\0')),
	};
}

static bool is_same(const struct type *a, const struct type *b)
{
	return a->offset == b->offset && a->is_daylight == b->is_daylight &&
	       span_equal(a->abbreviation, b->abbreviation);
}

static int64_t seconds(int64_t year, int month, int day) /* at midnight, UTC */
{
	struct tm tm = {.tm_year = (int)(year - 1900), .tm_mon = month - 1, .tm_mday = day};

	return (int64_t)timegm(&tm);
}

static bool read_changes(struct zoneinfo *info, const struct header *header)
{
	struct span times, indexes, types, chars, rest;
	int64_t last = INT64_MIN;
	struct type now;

	if (header->types == 0 || header->types > TYPES_MAX || header->times > info->data.n / 9 ||
	    !take(&info->data, 8 * header->times, &times) || !take(&info->data, header->times, &indexes) ||
	    !take(&info->data, 6 * header->types, &types) || !take(&info->data, header->chars, &chars) ||
	    !take(&info->data, 12 * header->leaps + header->standard + header->ut, &rest))
		return false;
	info->changes = alloc_zero(header->times + 1, sizeof *info->changes);
	info->initial = now = type_at(types, chars, 0);
	if (now.offset < -OFFSET_MAX || now.offset > OFFSET_MAX)
		return false;
	for (size_t i = 0; i < header->times; i++) {
		struct change change = {.at = number(span_sub(times, 8 * i, 8)), .from = now};

		if ((unsigned char)indexes.p[i] >= header->types || change.at <= last ||
		    change.at > seconds(LAST_YEAR, 1, 1))
			return false;
		last = change.at;
		now = change.to = type_at(types, chars, (unsigned char)indexes.p[i]);
		if (now.offset < -OFFSET_MAX || now.offset > OFFSET_MAX)
			return false;
		if (change.at < seconds(FIRST_YEAR, 1, 1))
			info->initial = now;
		else if (!is_same(&change.from, &change.to))
			info->changes[info->count++] = change;
	}
	return true;
}

/* --- the rule at the end: std offset [dst [offset] "," start ["/" time] "," end ["/" time]] --- */

static bool take_int(struct span *in, int max, int *number_r)
{
	int n = 0;
	size_t digits = 0;

	for (; digits < in->n && ascii_is_digit(in->p[digits]) && n <= max; digits++)
		n = 10 * n + (in->p[digits] - '0');
	*in = span_sub(*in, digits, SIZE_MAX);
	*number_r = n;
	return digits > 0 && n <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct span *in, int *seconds_r)
{
	int sign = 1, hours, minutes = 0, secs = 0;

	if (span_take_byte(in, '-') == PARSE_OK)
		sign = -1;
	else
		(void)span_take_byte(in, '+');
	if (!take_int(in, 167, &hours) || (span_take_byte(in, ':') == PARSE_OK && !take_int(in, 59, &minutes)) ||
	    (span_take_byte(in, ':') == PARSE_OK && !take_int(in, 59, &secs)))
		return false;
	*seconds_r = sign * (hours * 3600 + minutes * 60 + secs);
	return true;
}

static bool take_abbreviation(struct span *in, struct span *name_r)
{
	bool is_quoted = span_take_byte(in, '<') == PARSE_OK;
	size_t n = 0;

	while (n < in->n &&
	       (is_quoted ? in->p[n] != '>' : ascii_lower(in->p[n]) >= 'a' && ascii_lower(in->p[n]) <= 'z'))
		n++;
	*name_r = span_sub(*in, 0, n);
	*in = span_sub(*in, n, SIZE_MAX);
	return n > 0 && n <= ABBREVIATION_MAX && (!is_quoted || span_take_byte(in, '>') == PARSE_OK);
}

/* The forms by the day of the year do not occur in the database. */
static bool take_rule(struct span *in, struct rule *rule)
{
	rule->time = 2 * 3600;
	return span_take_byte(in, ',') == PARSE_OK && span_take_byte(in, 'M') == PARSE_OK &&
	       take_int(in, 12, &rule->month) && rule->month > 0 && span_take_byte(in, '.') == PARSE_OK &&
	       take_int(in, 5, &rule->week) && rule->week > 0 && span_take_byte(in, '.') == PARSE_OK &&
	       take_int(in, 6, &rule->weekday) && (span_take_byte(in, '/') != PARSE_OK || take_time(in, &rule->time));
}

static bool read_rules(struct zoneinfo *info, struct span text)
{
	struct type standard = {.is_daylight = false}, daylight = {.is_daylight = true};
	struct rule *begin = &info->rules[0], *end = &info->rules[1];
	int west;

	if (text.n == 0)
		return true;
	if (!take_abbreviation(&text, &standard.abbreviation) || !take_time(&text, &west))
		return false;
	standard.offset = -west;
	if (text.n == 0)
		return true;
	daylight.offset = standard.offset + 3600;
	if (!take_abbreviation(&text, &daylight.abbreviation))
		return false;
	if (text.n > 0 && text.p[0] != ',') {
		if (!take_time(&text, &west))
			return false;
		daylight.offset = -west;
	}
	begin->from = end->to = standard;
	begin->to = end->from = daylight;
	info->rule_count = 2;
	return take_rule(&text, begin) && take_rule(&text, end) && text.n == 0;
}

static bool read_zoneinfo(struct span file, struct zoneinfo *info)
{
	struct header header;
	struct span skipped;
	size_t end;

	info->data = file;
	if (!take_header(&info->data, &header) || header.times > file.n || header.types > file.n ||
	    header.chars > file.n || header.leaps > file.n || header.standard > file.n || header.ut > file.n ||
	    !take(&info->data,
		  5 * header.times + 6 * header.types + header.chars + 8 * header.leaps + header.standard + header.ut,
		  &skipped) ||
	    !take_header(&info->data, &header) || !read_changes(info, &header) ||
	    span_take_byte(&info->data, '\n') != PARSE_OK)
		return false;
	end = span_find_byte(info->data, '\n');
	return end != SIZE_MAX && read_rules(info, span_sub(info->data, 0, end));
}

/* --- rules --- */

static int days_in(int64_t year, int month)
{
	return (int)((month == 12 ? seconds(year + 1, 1, 1) : seconds(year, month + 1, 1)) / DAY -
		     seconds(year, month, 1) / DAY);
}

static int floor_days(int seconds_of_day)
{
	return seconds_of_day >= 0 ? seconds_of_day / DAY : -((DAY - 1 - seconds_of_day) / DAY);
}

/* When a rule changes the clock, in UTC. */
static int64_t rule_at(const struct rule *rule, int64_t year)
{
	int64_t first = seconds(year, rule->month, 1) / DAY;
	int weekday = (int)(((first + 4) % 7 + 7) % 7), day = (rule->weekday - weekday + 7) % 7 + 7 * (rule->week - 1);

	while (day >= days_in(year, rule->month))
		day -= 7;
	return (first + day) * DAY + rule->time - rule->from.offset;
}

static int64_t year_of(int64_t at)
{
	time_t time = (time_t)at;
	struct tm tm;

	return gmtime_r(&time, &tm) == NULL ? 1970 : tm.tm_year + 1900;
}

/* The change that a rule makes in a year, where the file lists it. */
static struct change *find_change(const struct zoneinfo *info, const struct rule *rule, int64_t at)
{
	for (size_t i = info->count; i > 0 && info->changes[i - 1].at >= at; i--) {
		struct change *change = &info->changes[i - 1];

		if (change->at == at && is_same(&change->from, &rule->from) && is_same(&change->to, &rule->to))
			return change;
	}
	return NULL;
}

/* The first year of a rule: from the first time behind the list back as long as the list agrees, whose times are marked
 * as written. */
static int64_t first_year(struct zoneinfo *info, const struct rule *rule)
{
	int64_t last = info->count == 0 ? seconds(1970, 1, 1) : info->changes[info->count - 1].at;
	int64_t year = year_of(last) - 1;
	struct change *change;

	while (rule_at(rule, year) <= last)
		year++;
	while ((change = find_change(info, rule, rule_at(rule, year - 1))) != NULL) {
		change->is_written = true;
		year--;
	}
	return year;
}

/* --- writing --- */

static void write_offset(const char *name, int offset, struct buf *out)
{
	int n = abs(offset);

	buf_printf(out, "%s:%c%02d%02d", name, offset < 0 ? '-' : '+', n / 3600, n / 60 % 60);
	if (n % 60 != 0)
		buf_printf(out, "%02d", n % 60);
	buf_text(out, "\r\n");
}

static void write_wall(const char *name, int64_t at, struct buf *out)
{
	time_t time = (time_t)at;
	struct tm tm = {0};

	(void)gmtime_r(&time, &tm);
	buf_printf(out, "%s:%04d%02d%02dT%02d%02d%02d\r\n", name, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		   tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void begin_observance(const struct type *from, const struct type *to, int64_t at, struct buf *out)
{
	buf_printf(out, "BEGIN:%s\r\nTZNAME:%.*s\r\n", to->is_daylight ? "DAYLIGHT" : "STANDARD",
		   (int)to->abbreviation.n, to->abbreviation.p);
	write_offset("TZOFFSETFROM", from->offset, out);
	write_offset("TZOFFSETTO", to->offset, out);
	write_wall("DTSTART", at + from->offset, out);
}

static void end_observance(const struct type *to, struct buf *out)
{
	buf_printf(out, "END:%s\r\n", to->is_daylight ? "DAYLIGHT" : "STANDARD");
}

static void write_days(const char *name, int first, struct buf *out)
{
	for (int i = 0; i < 7; i++)
		buf_printf(out, "%s%d", i == 0 ? name : ",", first + i);
}

/* Times before or behind their day ("/24", "/-1") move the seven days that the weekday is looked for in. Where that
 * leaves the month (Cairo: the night after the last Thursday of October), days are counted from the end of the year,
 * which no leap day moves. */
static void write_rule(const struct rule *rule, int64_t year, struct buf *out)
{
	static const char weekdays[][3] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
	int shift = floor_days(rule->time), length = days_in(2001, rule->month);
	int first = (rule->week == 5 ? length - 6 : 7 * rule->week - 6) + shift;
	const char *weekday = weekdays[((rule->weekday + shift) % 7 + 7) % 7];

	begin_observance(&rule->from, &rule->to, rule_at(rule, year), out);
	if (shift == 0) {
		buf_printf(out, "RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s\r\n", rule->month,
			   rule->week == 5 ? -1 : rule->week, weekday);
	} else {
		buf_text(out, "RRULE:FREQ=YEARLY");
		if (first >= 1 && first + 6 <= length) {
			buf_printf(out, ";BYMONTH=%d", rule->month);
			write_days(";BYMONTHDAY=", first, out);
		} else {
			write_days(";BYYEARDAY=",
				   (int)((seconds(2001, rule->month, 1) - seconds(2002, 1, 1)) / DAY) + first - 1, out);
		}
		buf_printf(out, ";BYDAY=%s\r\n", weekday);
	}
	end_observance(&rule->to, out);
}

/* All changes from one to the same other, in one component. */
static void write_alike(struct zoneinfo *info, size_t first, struct buf *out)
{
	const struct change *like = &info->changes[first];

	begin_observance(&like->from, &like->to, like->at, out);
	for (size_t i = first + 1; i < info->count; i++) {
		struct change *change = &info->changes[i];

		if (change->is_written || change->from.offset != like->from.offset || !is_same(&change->to, &like->to))
			continue;
		change->is_written = true;
		write_wall("RDATE", change->at + change->from.offset, out);
	}
	end_observance(&like->to, out);
}

static void write_zone(struct zoneinfo *info, const char *name, struct buf *out)
{
	int64_t years[2];

	buf_printf(out, "BEGIN:VTIMEZONE\r\nTZID:%s\r\nX-LIC-LOCATION:%s\r\n", name, name);
	for (size_t i = 0; i < info->rule_count; i++)
		years[i] = first_year(info, &info->rules[i]);
	if (info->count == 0 && info->rule_count == 0) {
		begin_observance(&info->initial, &info->initial, seconds(1601, 1, 1) - info->initial.offset, out);
		end_observance(&info->initial, out);
	}
	for (size_t i = 0; i < info->count; i++)
		if (!info->changes[i].is_written)
			write_alike(info, i, out);
	for (size_t i = 0; i < info->rule_count; i++)
		write_rule(&info->rules[i], years[i], out);
	buf_text(out, "END:VTIMEZONE\r\n");
}

bool ical_zoneinfo_write(struct span file, const char *name, struct buf *out)
{
	struct zoneinfo info = {.count = 0};
	bool ok = read_zoneinfo(file, &info);

	if (ok)
		write_zone(&info, name, out);
	free(info.changes);
	return ok;
}

/* Time zones: which names are known, what the database gives, and that it is right by the C library's reckoning. */
#include "common/base/arena.h"
#include "common/base/must.h"
#include "common/ical/zone.h"
#include "common/ical/zone_private.h"
#include "common/ical/zoneinfo_private.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define BEGIN "BEGIN:VCALENDAR\r\n"
#define HEAD  BEGIN "VERSION:2.0\r\nPRODID:x\r\n"
#define END   "END:VCALENDAR\r\n"

#define OBSERVANCE(rule)                                                                                               \
	"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\n" rule                 \
	"END:STANDARD\r\n"
#define ZONE(rule) HEAD "BEGIN:VTIMEZONE\r\nTZID:Mine\r\n" OBSERVANCE(rule) "END:VTIMEZONE\r\n" END

static void names(void **state)
{
	static const struct {
		struct span name;
		const char *want; /* NULL: unknown */
	} cases[] = {
		{SPAN("Europe/Berlin"), "Europe/Berlin"},
		{SPAN(" Europe/Berlin\t"), "Europe/Berlin"},
		{SPAN("europe/BERLIN"), "Europe/Berlin"},
		{SPAN("US/Eastern"), "US/Eastern"},
		{SPAN("UTC"), "UTC"},
		{SPAN("Etc/GMT+12"), "Etc/GMT+12"},
		{SPAN("W. Europe Standard Time"), "Europe/Berlin"},
		{SPAN("W. Europe Standard Time "), "Europe/Berlin"},
		{SPAN("w. europe standard time"), "Europe/Berlin"},
		{SPAN("Malay Peninsula Standard Time"), "Asia/Singapore"},
		{SPAN("tzone://Microsoft/Utc"), "Etc/UTC"},
		{SPAN("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"), "Europe/Berlin"},
		{SPAN("(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"), "Europe/Berlin"},
		{SPAN("(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna"), "Europe/Berlin"},
		{SPAN("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien"), "Europe/Berlin"},
		{SPAN("(UTC) Coordinated Universal Time"), "Etc/UTC"},
		{SPAN("(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London"), "Europe/London"},
		{SPAN("(UTC-05:00) Eastern Time (US & Canada)"), "America/New_York"},
		{SPAN("(UTC+06:30) Yangon (Rangoon)"), "Asia/Yangon"},
		{SPAN("/freeassociation.sourceforge.net/Europe/Berlin"), "Europe/Berlin"},
		{SPAN("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin"), "Europe/Berlin"},
		{SPAN("/citadel.org/20211207_1/Europe/Berlin"), "Europe/Berlin"},
		{SPAN("/mozilla.org/20070129_1/America/Argentina/Buenos_Aires"), "America/Argentina/Buenos_Aires"},
		{SPAN("/softwarestudio.org/Olson_20011030_5/UTC"), "UTC"},
		{SPAN("/Europe/Berlin"), "Europe/Berlin"},
		{SPAN(""), NULL},
		{SPAN(" "), NULL},
		{SPAN("/"), NULL},
		{SPAN("///"), NULL},
		{SPAN("Europe/Berlin\0"), NULL},
		{SPAN("Europe/Berli"), NULL},
		{SPAN("Europe//Berlin"), NULL},
		{SPAN("./Europe/Berlin"), NULL},
		{SPAN("../zoneinfo/Europe/Berlin"), NULL},
		{SPAN("posix/Europe/Berlin"), NULL},
		{SPAN("Factory"), NULL},
		{SPAN("tzdata.zi"), NULL},
		{SPAN("x/Europe/Berlin"), NULL},
		{SPAN("(UTC+01:00) W. Europe Standard Time"), NULL},
		{SPAN("Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"), NULL},
		{SPAN("(UTC+01:00"), NULL},
		{SPAN("Customized Time Zone"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct ical_zone *zone = ical_zone_of_name(cases[i].name);
		const struct ical_zone_info *info = ical_zone_find(cases[i].name);

		assert_int_equal(zone == NULL, info == NULL);
		if (info == NULL ? cases[i].want != NULL
				 : cases[i].want == NULL || strcmp(info->name, cases[i].want) != 0)
			fail_msg("case %zu: %s", i, info == NULL ? "unknown" : info->name);
		if (zone != NULL)
			assert_string_equal(ical_zone_name(zone), cases[i].want);
		ical_zone_destroy(&zone);
		ical_zone_destroy(&zone);
	}
}

static void windows_names(void **state)
{
	const char *id, *name;
	size_t count = 0;

	(void)state;
	for (; (name = ical_windows_zone_at(count, &id)) != NULL; count++) {
		const struct ical_zone_info *info = ical_zone_find(span_of(id));

		if (info == NULL || (strcmp(info->name, name) != 0 && strcmp(id, "UTC") != 0) ||
		    ical_zone_find(span_of(name)) == NULL)
			fail_msg("%s: %s", id, info == NULL ? "unknown" : info->name);
	}
	assert_int_equal(count, 139);
}

static void the_list(void **state)
{
	const struct ical_zone_info *info, *last = NULL;
	size_t count = 0, aliases = 0;

	(void)state;
	for (; (info = ical_zone_at(count)) != NULL; count++, last = info) {
		assert_int_equal(strlen(info->etag), 32);
		assert_true(info->modified > 0);
		assert_ptr_equal(ical_zone_find(span_of(info->name)), info);
		assert_true(last == NULL || strcasecmp(last->name, info->name) < 0);
		aliases += info->alias_of != NULL;
		if (info->alias_of != NULL)
			assert_non_null(ical_zone_find(span_of(info->alias_of)));
	}
	assert_true(count > 400 && aliases > 50);
	info = ical_zone_find(SPAN("US/Eastern"));
	assert_string_equal(info->alias_of, "America/New_York");
	assert_string_not_equal(info->etag, ical_zone_find(SPAN("America/New_York"))->etag);
	assert_null(ical_zone_find(SPAN("Europe/Berlin"))->alias_of);
	assert_int_equal(strlen(ical_zone_version()), 5); /* 2025b */
}

/* --- writing --- */

static void lines_of(const char *name, const char *from, struct buf *out)
{
	struct buf all = {0};
	size_t at;

	assert_true(ical_zone_write(span_of(name), &all));
	at = span_find(buf_view(&all), span_of(from));
	if (at == SIZE_MAX)
		fail_msg("%s", buf_cstr(&all));
	buf_span(out, span_sub(buf_view(&all), at, SIZE_MAX));
	buf_done(&all);
}

static void written(void **state)
{
	struct buf got = {0};

	(void)state;
	lines_of("Europe/Berlin", "DTSTART:19810329", &got);
	assert_string_equal(buf_cstr(&got), "DTSTART:19810329T020000\r\n"
					    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
					    "END:DAYLIGHT\r\n"
					    "BEGIN:STANDARD\r\n"
					    "TZNAME:CET\r\n"
					    "TZOFFSETFROM:+0200\r\n"
					    "TZOFFSETTO:+0100\r\n"
					    "DTSTART:19961027T030000\r\n"
					    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
					    "END:STANDARD\r\n"
					    "END:VTIMEZONE\r\n" END);
	got.n = 0;
	lines_of(" W. Europe Standard Time", "BEGIN:VCALENDAR", &got);
	assert_true(span_starts(buf_view(&got), SPAN("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Trivet//EN\r\n"
						     "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n")));
	assert_true(span_find(buf_view(&got), SPAN("TZID-ALIAS-OF")) == SIZE_MAX);
	got.n = 0;
	lines_of("UTC", "TZID:UTC", &got);
	assert_true(span_find(buf_view(&got), SPAN("TZOFFSETTO:+0000\r\n")) != SIZE_MAX);
	got.n = 0;
	lines_of("US/Eastern", "TZID:US/Eastern", &got);
	assert_true(span_find(buf_view(&got), SPAN("TZID-ALIAS-OF:America/New_York\r\n")) != SIZE_MAX);
	got.n = 0;
	assert_false(ical_zone_write(SPAN("Nowhere"), &got));
	assert_int_equal(got.n, 0);
	buf_done(&got);
}

/* What is written can be read again, under the limits that hold for clients. */
static void all_can_be_parsed(void **state)
{
	const struct ical_zone_info *info;

	(void)state;
	for (size_t i = 0; (info = ical_zone_at(i)) != NULL; i++) {
		struct arena *arena = arena_create();
		struct ical_zone *zone;
		struct buf text = {0};
		const char *problem;

		assert_true(ical_zone_write(span_of(info->name), &text));
		zone = ical_zone_parse(buf_view(&text), &problem);
		if (zone == NULL)
			fail_msg("%s: %s", info->name, problem);
		assert_string_equal(ical_zone_name(zone), info->name);
		ical_zone_destroy(&zone);
		buf_done(&text);
		arena_destroy(&arena);
	}
}

/* Files of the database that are cut off, or where a byte is another: refused or read, but not read beyond their end.
 */
static void damaged_files(void **state)
{
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
	struct buf out = {0};
	char bytes[8192];
	size_t n;

	(void)state;
	assert_non_null(file);
	n = fread(bytes, 1, sizeof bytes, file);
	(void)fclose(file);
	for (size_t cut = 0; cut <= n; cut++) {
		char *exact = malloc(cut + 1);

		assert_non_null(exact);
		memcpy(exact + 1, bytes, cut);
		assert_int_equal(ical_zoneinfo_write(span_from(exact + 1, cut), "x", &out), cut == n);
		assert_int_equal(out.n > 0, cut == n);
		free(exact);
	}
	for (size_t i = 0; i < n; i++) {
		char *exact = malloc(n);

		assert_non_null(exact);
		memcpy(exact, bytes, n);
		exact[i] ^= (char)0xff;
		(void)ical_zoneinfo_write(span_from(exact, n), "x", &out);
		out.n = 0;
		free(exact);
	}
	buf_done(&out);
}

/* --- observances --- */

static int64_t at(const char *utc) /* 20260101T120000 */
{
	struct tm tm = {0};

	assert_non_null(strptime(utc, "%Y%m%dT%H%M%S", &tm));
	return timegm(&tm);
}

static bool note(void *arg, const struct ical_observance *o)
{
	struct buf *out = arg;
	time_t onset = (time_t)o->onset;
	struct tm tm;
	char text[32];

	assert_non_null(gmtime_r(&onset, &tm));
	strftime(text, sizeof text, "%Y%m%dT%H%M%S", &tm);
	buf_printf(out, "%s %s%s %d %d\n", text, o->name, o->is_daylight ? "*" : "", o->offset_from, o->offset_to);
	return true;
}

static void observances(void **state)
{
	static const struct {
		const char *name, *from, *to, *want;
	} cases[] = {
		/* RFC 7808, 5.4.1 */
		{"America/New_York", "20080101T000000", "20090101T000000",
		 "20080101T000000 EST -18000 -18000\n20080309T070000 EDT* -18000 -14400\n"
		 "20081102T060000 EST -14400 -18000\n"},
		/* far away; exactly at a change: it is in effect, and at the end it is outside */
		{"Eastern Standard Time", "24000312T070000", "24001105T060000", "24000312T070000 EDT* -14400 -14400\n"},
		{"Europe/Berlin", "18000101T000000", "18940101T000000",
		 "18000101T000000 LMT 3208 3208\n18930331T230632 CET 3208 3600\n"},
		{"Asia/Kolkata", "20260101T000000", "20270101T000000", "20260101T000000 IST 19800 19800\n"},
		{"UTC", "18000101T000000", "20270101T000000", "18000101T000000 UTC 0 0\n"},
		{"Etc/GMT+12", "20260101T000000", "20270101T000000", "20260101T000000 -12 -43200 -43200\n"},
	};
	struct buf got = {0};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		got.n = 0;
		assert_true(
			ical_zone_observances(span_of(cases[i].name), at(cases[i].from), at(cases[i].to), note, &got));
		if (strcmp(buf_cstr(&got), cases[i].want) != 0)
			fail_msg("case %zu: %s", i, buf_cstr(&got));
	}
	assert_false(ical_zone_observances(SPAN("Nowhere"), 0, 1, note, &got));
	assert_false(ical_zone_observances(SPAN("UTC"), 1, 1, note, &got));
	buf_done(&got);
}

struct reckoning {
	const char *name;
	icaltimezone *zone;
	int64_t until;
	struct ical_observance last;
	size_t wrong;
	bool has_last;
};

static int offset_at(int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	assert_non_null(localtime_r(&time, &tm));
	return (int)tm.tm_gmtoff;
}

static int libical_offset_at(icaltimezone *zone, int64_t seconds)
{
	struct icaltimetype time = icaltime_from_timet_with_zone((time_t)seconds, 0, icaltimezone_get_utc_timezone());

	return icaltimezone_get_utc_offset_of_utc_time(zone, &time, NULL);
}

/* Between two onsets the C library's offset is the one of the first, at both ends and each week between. */
static void reckon(struct reckoning *r, int64_t to)
{
	if (libical_offset_at(r->zone, r->last.onset) != r->last.offset_to ||
	    libical_offset_at(r->zone, to - 1) != r->last.offset_to) {
		print_message("%s: libical has another offset from %lld to %lld\n", r->name, (long long)r->last.onset,
			      (long long)to);
		r->wrong++;
	}
	for (int64_t t = r->last.onset; t < to; t += 7 * 86400)
		if (offset_at(t) != r->last.offset_to && r->wrong++ == 0)
			print_message("%s: %d, not %d, at %lld\n", r->name, offset_at(t), r->last.offset_to,
				      (long long)t);
	if (offset_at(to - 1) != r->last.offset_to && r->wrong++ == 0)
		print_message("%s: %d, not %d, at the end %lld\n", r->name, offset_at(to - 1), r->last.offset_to,
			      (long long)to);
}

static bool take(void *arg, const struct ical_observance *o)
{
	struct reckoning *r = arg;

	if (r->has_last) {
		assert_true(o->onset >= r->last.onset);
		reckon(r, o->onset);
		r->wrong += o->offset_from != r->last.offset_to;
	}
	r->last = *o;
	r->has_last = true;
	return true;
}

static void as_the_c_library(void **state)
{
	const struct ical_zone_info *info;
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; (info = ical_zone_at(i)) != NULL; i++) {
		struct reckoning r = {.name = info->name, .zone = ical_zone_entry_of(span_of(info->name))->zone};

		assert_int_equal(setenv("TZ", info->name, 1), 0);
		tzset();
		assert_true(ical_zone_observances(span_of(info->name), at("19700101T000000"), at("21000101T000000"),
						  take, &r));
		assert_true(r.has_last);
		reckon(&r, at("21000101T000000"));
		wrong += r.wrong > 0;
	}
	unsetenv("TZ");
	tzset();
	assert_int_equal(wrong, 0);
}

/* --- VTIMEZONEs of clients --- */

static void parsed(void **state)
{
	static const struct {
		struct span text;
		bool want;
	} cases[] = {
		{SPAN(ZONE("")), true},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n")), true},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14\r\n")), true},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29\r\n")), true},
		/* libical would follow these till memory ends, or for ever */
		{SPAN(ZONE("RRULE:FREQ=SECONDLY\r\n")), false},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=3;BYSECOND=0,1,2\r\n")), false},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")), false},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=6SU\r\n")), false},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=1SU;BYMONTHDAY=20\r\n")), false},
		{SPAN(ZONE("RRULE:FREQ=DAILY\r\n")), false},
		{SPAN(ZONE("RRULE:FREQ=YEARLY;INTERVAL=1000\r\n")), false},
		/* not exactly one, or not complete */
		{SPAN(""), false},
		{SPAN("hello"), false},
		{SPAN(HEAD END), false},
		{SPAN(HEAD "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\n" END), false},
		{SPAN(HEAD "BEGIN:VTIMEZONE\r\n" OBSERVANCE("") "END:VTIMEZONE\r\n" END), false},
		{SPAN(HEAD
		      "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\n"
		      "END:VTIMEZONE\r\n" END),
		 false},
		{SPAN(HEAD "BEGIN:VTIMEZONE\r\nTZID:1\r\n" OBSERVANCE(
			 "") "END:VTIMEZONE\r\nBEGIN:VTIMEZONE\r\nTZID:2\r\n" OBSERVANCE("") "END:VTIMEZONE\r\n" END),
		 false},
		{SPAN(HEAD "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nBEGIN:VTIMEZONE\r\nTZID:1\r\n" OBSERVANCE(
			 "") "END:VTIMEZONE\r\n" END),
		 false},
		{SPAN("BEGIN:VTIMEZONE\r\nTZID:1\r\n" OBSERVANCE("") "END:VTIMEZONE\r\n"), false},
		{SPAN(ZONE("") "\0"), false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		const char *problem = NULL;
		struct ical_zone *zone = ical_zone_parse(cases[i].text, &problem);

		if ((zone != NULL) != cases[i].want || (problem == NULL) != cases[i].want)
			fail_msg("case %zu: %s", i, problem);
		if (zone != NULL)
			assert_string_equal(ical_zone_name(zone), "Mine");
		ical_zone_destroy(&zone);
		arena_destroy(&arena);
	}
}

static void too_many_rules(void **state)
{
	struct arena *arena = arena_create();
	struct buf text = {0};
	const char *problem;

	(void)state;
	buf_text(&text, HEAD "BEGIN:VTIMEZONE\r\nTZID:Mine\r\n");
	for (int i = 0; i < 5000; i++)
		buf_text(&text, OBSERVANCE("RRULE:FREQ=YEARLY\r\n"));
	buf_text(&text, "END:VTIMEZONE\r\n" END);
	assert_null(ical_zone_parse(buf_view(&text), &problem));
	buf_done(&text);
	arena_destroy(&arena);
}

/* --- what an object lacks --- */

#define AT(tzid) "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=" tzid ":20260101T120000\r\nEND:VEVENT\r\n"

static void missing(void **state)
{
	static const struct {
		const char *text;
		const char *want[3]; /* TZIDs added, as they are written */
	} cases[] = {
		{HEAD AT("Europe/Berlin") END, {"Europe/Berlin"}},
		{HEAD AT("Europe/Berlin") AT("W. Europe Standard Time ") AT("Europe/Berlin") END,
		 {"Europe/Berlin", "W. Europe Standard Time"}},
		{HEAD AT("\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\"") END,
		 {"(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome\\, Stockholm\\, Vienna"}},
		{HEAD "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n" AT("Europe/Berlin") AT("Asia/Tokyo")
			 END,
		 {"Asia/Tokyo"}},
		{HEAD AT("Europe/Berlin") "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n" END, {NULL}},
		{HEAD AT("Mine") END, {NULL}},
		{HEAD AT("") END, {NULL}},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" END, {NULL}},
		{HEAD END, {NULL}},
		{HEAD AT("Europe/Berlin"), {NULL}},
		{"\xef\xbb\xbf" BEGIN AT("Asia/Tokyo") "X-A:b\n" END, {"Asia/Tokyo"}},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span source = span_of(cases[i].text);
		struct buf got = {0};
		size_t begin = span_find(source, SPAN("BEGIN:VEVENT")), from, added, count = 0, rest;

		buf_text(&got, "before");
		assert_int_equal(ical_add_missing_zones(source, &got), cases[i].want[0] != NULL);
		buf_consume(&got, 6);
		assert_int_equal(got.n > 0, cases[i].want[0] != NULL);
		if (got.n == 0) {
			buf_done(&got);
			continue;
		}
		/* the source, with the zones in one place before the first component */
		added = got.n - source.n;
		assert_true(span_equal(span_sub(buf_view(&got), 0, begin), span_sub(source, 0, begin)));
		assert_true(span_equal(span_sub(buf_view(&got), begin + added, SIZE_MAX),
				       span_sub(source, begin, SIZE_MAX)));
		for (from = begin;
		     (rest = span_find(span_sub(buf_view(&got), from, added), SPAN("\r\nTZID:"))) != SIZE_MAX &&
		     from + rest < begin + added;
		     from += rest + 7, count++) {
			struct buf unfolded = {0};
			struct span line = span_sub(buf_view(&got), from + rest + 7, 200);

			for (size_t c = 0; c < line.n; c++) { /* folded where it is long */
				if (line.p[c] == '\r' && c + 2 < line.n && line.p[c + 2] == ' ')
					c += 2;
				else if (line.p[c] == '\r')
					break;
				else
					buf_byte(&unfolded, line.p[c]);
			}
			assert_true(count < 3 && cases[i].want[count] != NULL);
			assert_string_equal(buf_cstr(&unfolded), cases[i].want[count]);
			buf_done(&unfolded);
		}
		assert_true(count == 3 || cases[i].want[count] == NULL);
		assert_false(ical_add_missing_zones(buf_view(&got), &got));
		buf_done(&got);
	}
}

/* --- threads --- */

static void *work(void *arg)
{
	static const char *const wanted[] = {"Europe/Berlin", "US/Eastern", "Zulu",      "Africa/Casablanca",
					     "UTC",           "Asia/Gaza",  "Etc/GMT+3", "Tokyo Standard Time",
					     "Nowhere/At_All"};
	size_t *failures = arg;

	for (size_t i = 0; i < 40 * array_count(wanted); i++) {
		const char *name = wanted[i % array_count(wanted)];
		bool is_known = strcmp(name, "Nowhere/At_All") != 0;
		struct ical_zone *zone = ical_zone_of_name(span_of(name));
		struct arena *arena = arena_create();
		struct buf text = {0};
		const char *problem;

		*failures += (zone != NULL) != is_known;
		ical_zone_destroy(&zone);
		*failures += ical_zone_write(span_of(name), &text) != is_known;
		if (is_known) {
			struct icaltimetype time = icaltime_from_timet_with_zone((time_t)i * 86400 * 100, 0, NULL);

			zone = ical_zone_parse(buf_view(&text), &problem);
			*failures += zone == NULL ||
				     icaltimezone_get_utc_offset(zone->zone, &time, NULL) !=
					     icaltimezone_get_utc_offset(ical_zone_entry_of(span_of(name))->zone, &time,
									 NULL);
			ical_zone_destroy(&zone);
		}
		*failures += ical_zone_observances(span_of(name), 0, 1000000000, note, &text) != is_known;
		buf_done(&text);
		arena_destroy(&arena);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t ids[4];
	size_t failures[4] = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, work, &failures[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(ids[i], NULL), 0);
		assert_int_equal(failures[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads), /* first: the database is not read yet */
		cmocka_unit_test(names),          cmocka_unit_test(windows_names),     cmocka_unit_test(the_list),
		cmocka_unit_test(written),        cmocka_unit_test(all_can_be_parsed), cmocka_unit_test(damaged_files),
		cmocka_unit_test(observances),    cmocka_unit_test(as_the_c_library),  cmocka_unit_test(parsed),
		cmocka_unit_test(too_many_rules), cmocka_unit_test(missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is an object and what is not, its bounds, and its instances. */
#include "common/base/buf.h"
#include "common/base/must.h"
#include "common/ical/ical.h"
#include "common/ical/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HEAD        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
#define TAIL        "END:VCALENDAR\r\n"
#define EVENT(text) HEAD "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" text "END:VEVENT\r\n" TAIL
#define ZONE                                                                                                           \
	"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n"          \
	"TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

static int64_t at(const char *utc) /* 20260101T120000 */
{
	struct tm tm = {0};

	assert_non_null(strptime(utc, "%Y%m%dT%H%M%S", &tm));
	return timegm(&tm);
}

static void verdicts(void **state)
{
	static const struct {
		const char *text;
		enum ical_verdict want;
	} cases[] = {
		{EVENT("DTSTART:20260101T120000Z\r\n"), ICAL_GOOD},
		{"", ICAL_MALFORMED},
		{"BEGIN:VCALENDAR\r\n", ICAL_MALFORMED},
		{"hello", ICAL_MALFORMED},
		{EVENT("DTSTART:tomorrow\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=SOMETIMES\r\n"), ICAL_MALFORMED},
		/* what libical does not know (RFC 9073) */
		{EVENT("DTSTART:20260101T120000Z\r\nSTYLED-DESCRIPTION;FMTTYPE=text/html:<b>x</b>\r\n"
		       "BEGIN:PARTICIPANT\r\nUID:p\r\nPARTICIPANT-TYPE:SPEAKER\r\nEND:PARTICIPANT\r\n"),
		 ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nno line\r\n"), ICAL_MALFORMED},
		/* an unquoted parameter with an escape, as iPhones write it */
		{EVENT("DTSTART:20260101T120000Z\r\nX-A;X-B=Str. 1\\; Linz;X-C=1:geo:48.3\r\n"), ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nX-A;X-B=\\;X-C=1:geo:48.3\r\n"), ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nX-A;X-B=Str. 1; Linz:geo:48.3\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART:20260101T120000Z\r\nEND:VTODO\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART:20260101T120000Z\r\n") EVENT("DTSTART:20260101T120000Z\r\n"), ICAL_MALFORMED},
		{"BEGIN:VCALENDAR\r\nPRODID:x\r\n" TAIL, ICAL_NOT_AN_OBJECT},
		{"BEGIN:VCALENDAR\r\nVERSION:1.0\r\nPRODID:x\r\n" TAIL, ICAL_MALFORMED},
		{"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" TAIL, ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nDESCRIPTION:\r\nLOCATION;X-A=1:\r\nDTEND:\r\nEXDATE:\r\n"),
		 ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nRELATED-TO;VALUE=UID:x\r\n"), ICAL_GOOD},
		{EVENT("DTSTART:\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART;VALUE=OTHER:20260101T120000Z\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART:20260101T120000Z\r\nDTEND:x\r\n"), ICAL_MALFORMED},
		{EVENT("DTSTART:20260101T120000Z\r\nEXDATE:20060914T050000/PT2H\r\n"), ICAL_MALFORMED},
		{HEAD TAIL, ICAL_NOT_AN_OBJECT},
		{HEAD ZONE TAIL, ICAL_NOT_AN_OBJECT},
		{HEAD "METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nEND:VEVENT\r\n" TAIL,
		 ICAL_NOT_AN_OBJECT},
		{HEAD "BEGIN:VEVENT\r\nDTSTART:20260101T120000Z\r\nEND:VEVENT\r\n" TAIL, ICAL_NOT_AN_OBJECT},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT\r\n" TAIL,
		 ICAL_NOT_AN_OBJECT},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nBEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\n" TAIL,
		 ICAL_NOT_AN_OBJECT},
		{HEAD "BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\n" TAIL, ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=SECONDLY;COUNT=1000000\r\n"), ICAL_TOO_MUCH},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=SECONDLY\r\n"), ICAL_GOOD},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" TAIL, ICAL_GOOD},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		const char *problem;
		enum ical_verdict got = ical_object_open(span_of(cases[i].text), arena, &object, &summary, &problem);

		if (got != cases[i].want || (got == ICAL_GOOD) != (object != NULL))
			fail_msg("case %zu: %d %s", i, got, problem);
		ical_object_close(&object);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
}

static void a_nul_is_no_calendar(void **state)
{
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary summary;
	const char *problem;

	(void)state;
	assert_int_equal(ical_object_open(SPAN("BEGIN:VCALENDAR\0"), arena, &object, &summary, &problem),
			 ICAL_MALFORMED);
	arena_destroy(&arena);
}

static void bounds(void **state)
{
	static const struct {
		const char *text, *first, *last; /* NULL: open */
		int world;                       /* hours to both sides */
	} cases[] = {
		{EVENT("DTSTART:20260101T120000Z\r\nDTEND:20260101T130000Z\r\n"), "20260101T120000", "20260101T130000",
		 0},
		{EVENT("DTSTART:20260101T120000Z\r\nDURATION:PT2H\r\n"), "20260101T120000", "20260101T140000", 0},
		{EVENT("DTSTART:20260101T120000\r\n"), "20260101T120000", "20260101T120000", 14},
		{EVENT("DTSTART;VALUE=DATE:20260101\r\n"), "20260101T000000", "20260102T000000", 14},
		{HEAD ZONE
		 "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Mine:20260101T120000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n" TAIL,
		 "20260101T090000", "20260101T100000", 0},
		{EVENT("DTSTART:20260101T120000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"), "20260101T120000",
		 "20260103T130000", 0},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=DAILY\r\n"), "20260101T120000", NULL, 0},
		{EVENT("DTSTART:20260101T120000Z\r\nRDATE:20251231T120000Z\r\n"), "20251231T120000", "20260101T120000",
		 0},
		{EVENT(""), NULL, NULL, 0},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
		      "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260102T120000Z\r\nDTSTART:20260105T120000Z\r\n"
		      "END:VEVENT\r\n" TAIL,
		 "20260101T120000", "20260105T120000", 0},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
		      "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260102T120000Z\r\nDTSTART:20251231T120000Z\r\n"
		      "END:VEVENT\r\n" TAIL,
		 "20251231T120000", "20260103T120000", 0},
		/* moved by an hour, made longer by another; a day is added in any case */
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
		      "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260102T120000Z\r\n"
		      "DTSTART:20260102T130000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n" TAIL,
		 "20251231T110000", "20260104T140000", 0},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		const char *problem;
		int64_t first = cases[i].first == NULL ? ICAL_OPEN_START : at(cases[i].first) - cases[i].world * 3600;
		int64_t last = cases[i].last == NULL ? ICAL_OPEN_END : at(cases[i].last) + cases[i].world * 3600;

		assert_int_equal(ical_object_open(span_of(cases[i].text), arena, &object, &summary, &problem),
				 ICAL_GOOD);
		if (summary.first != first || summary.last != last)
			fail_msg("case %zu: %lld %lld", i, (long long)summary.first, (long long)summary.last);
		assert_true(span_is(summary.uid, "1"));
		assert_int_equal(summary.kind, ICAL_KIND_EVENT);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
}

/* Rules that no day fits, or whose days are far between or hard to find. All are judged at once. */
static void broken_rules(void **state)
{
	static const struct {
		const char *rule;
		enum ical_verdict want;
	} cases[] = {
		{"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ICAL_TOO_MUCH},
		{"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5", ICAL_TOO_MUCH},
		{"RRULE:FREQ=MONTHLY;BYDAY=1SU;BYMONTHDAY=25", ICAL_TOO_MUCH},
		{"RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", ICAL_TOO_MUCH},
		{"RRULE:FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3", ICAL_TOO_MUCH},
		{"RRULE:FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31", ICAL_TOO_MUCH},
		{"RRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=1", ICAL_TOO_MUCH},
		{"RRULE:FREQ=MINUTELY;INTERVAL=60;BYMINUTE=1", ICAL_TOO_MUCH},
		{"RRULE:FREQ=SECONDLY;INTERVAL=60;BYSECOND=1", ICAL_TOO_MUCH},
		{"RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", ICAL_TOO_MUCH},
		{"RRULE:FREQ=SECONDLY\r\nEXRULE:FREQ=SECONDLY", ICAL_TOO_MUCH},
		{"RRULE:FREQ=DAILY\r\nEXRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ICAL_TOO_MUCH},
		{"RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;BYSETPOS=5", ICAL_TOO_MUCH},
		{"RRULE:RSCALE=CHINESE;FREQ=YEARLY;UNTIL=25000101T000000Z", ICAL_TOO_MUCH},
		{"RRULE:RSCALE=RUSSIAN;FREQ=YEARLY", ICAL_TOO_MUCH},
		{"RRULE:FREQ=YEARLY;UNTIL=20250101T000000Z;BYMONTH=2;BYMONTHDAY=30", ICAL_GOOD},
		{"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=7", ICAL_GOOD},
		{"RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3;BYMINUTE=4", ICAL_GOOD},
		{"RRULE:FREQ=YEARLY;BYSECOND=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYHOUR=1,2,3,4,5,6",
		 ICAL_GOOD},
		{"RRULE:FREQ=DAILY;COUNT=1", ICAL_GOOD},
		{"RRULE:FREQ=DAILY;UNTIL=20250101T000000Z", ICAL_GOOD},
		{"RRULE:FREQ=DAILY;COUNT=199999", ICAL_GOOD},
		{"RRULE:RSCALE=CHINESE;FREQ=YEARLY", ICAL_GOOD},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		struct buf text = {0};
		clock_t begin = clock();
		const char *problem;
		enum ical_verdict got;

		buf_printf(&text, EVENT("DTSTART:20260101T120000Z\r\n%s\r\n"), cases[i].rule);
		got = ical_object_open(buf_view(&text), arena, &object, &summary, &problem);
		if (got != cases[i].want)
			fail_msg("%s: %d %s", cases[i].rule, got, problem);
		if (clock() - begin > 60 * CLOCKS_PER_SEC)
			fail_msg("%s: %ld ms", cases[i].rule, (clock() - begin) / (CLOCKS_PER_SEC / 1000));
		ical_object_close(&object);
		buf_done(&text);
		arena_destroy(&arena);
	}
}

/* libical would follow these by itself, and for how long. */
static void broken_zones(void **state)
{
	static const char *const rules[] = {"FREQ=SECONDLY", "FREQ=DAILY;BYMONTH=3",
					    "FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYSETPOS=6", "RSCALE=CHINESE;FREQ=YEARLY",
					    "FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1"};

	(void)state;
	for (size_t i = 0; i < array_count(rules); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		struct buf text = {0};
		const char *problem;

		buf_printf(&text,
			   HEAD "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:%s\r\n"
				"TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0400\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
				"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=X:20260101T000000\r\nEND:VEVENT\r\n" TAIL,
			   rules[i]);
		assert_int_equal(ical_object_open(buf_view(&text), arena, &object, &summary, &problem), ICAL_TOO_MUCH);
		buf_done(&text);
		arena_destroy(&arena);
	}
}

static void nesting(void **state)
{
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary summary;
	struct buf text = {0};
	const char *problem;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_text(&text, i % 2 == 0 ? "BEGIN:VEVENT\r\n" : "BEG\r\n IN:VEVENT\r\n");
	assert_int_equal(ical_object_open(buf_view(&text), arena, &object, &summary, &problem), ICAL_MALFORMED);
	buf_done(&text);
	arena_destroy(&arena);
}

/* CPU time to open an object with so many exceptions, dates and overrides. */
static clock_t time_to_open(int many)
{
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary summary;
	struct buf text = {0};
	const char *problem;
	clock_t begin;

	buf_text(&text, HEAD "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20000101T000000Z\r\n");
	buf_printf(&text, "RRULE:FREQ=HOURLY;COUNT=%d\r\n", 3 * many);
	for (int i = 0; i < many; i++) {
		buf_printf(&text, "EXDATE:2000%02d%02dT%02d%02d00Z\r\n", i / 28 % 12 + 1, i % 28 + 1, i % 24, i % 60);
		buf_printf(&text, "RDATE:2001%02d%02dT%02d%02d00Z\r\n", i / 28 % 12 + 1, i % 28 + 1, i % 24, i % 60);
	}
	buf_text(&text, "END:VEVENT\r\n");
	for (int i = 0; i < many; i++)
		buf_printf(&text,
			   "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:2002%02d%02dT%02d0000Z\r\n"
			   "DTSTART:2002%02d%02dT%02d1000Z\r\nEND:VEVENT\r\n",
			   i / 28 % 12 + 1, i % 28 + 1, i % 24, i / 28 % 12 + 1, i % 28 + 1, i % 24);
	buf_text(&text, TAIL);
	begin = clock();
	assert_int_equal(ical_object_open(buf_view(&text), arena, &object, &summary, &problem), ICAL_GOOD);
	begin = clock() - begin;
	ical_object_close(&object);
	buf_done(&text);
	arena_destroy(&arena);
	return begin;
}

/* They must not be looked through once for each instance: eight times as many take about eight times as long, not 64.
 */
static void many_of_all(void **state)
{
	clock_t some, many;

	(void)state;
	(void)time_to_open(10); /* zones are read once */
	some = time_to_open(1000);
	many = time_to_open(8000);
	if (many > 25 * some + CLOCKS_PER_SEC)
		fail_msg("%ld and %ld ms", some / (CLOCKS_PER_SEC / 1000), many / (CLOCKS_PER_SEC / 1000));
}

static void byte_order_mark(void **state)
{
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary summary;
	const char *problem;

	(void)state;
	assert_int_equal(ical_object_open(SPAN("\xEF\xBB\xBF" EVENT("DTSTART:20260101T120000Z\r\n")), arena, &object,
					  &summary, &problem),
			 ICAL_GOOD);
	ical_object_close(&object);
	arena_destroy(&arena);
}

static void plain_events(void **state)
{
	static const struct {
		const char *text;
		bool is_plain, is_transparent, is_tentative;
	} cases[] = {
		{EVENT("DTSTART:20260101T120000Z\r\nDTEND:20260101T130000Z\r\n"), true, false, false},
		{EVENT("DTSTART;TZID=Europe/Berlin:20260101T120000\r\nDURATION:P1D\r\n"), true, false, false},
		{EVENT("DTSTART:20260101T120000Z\r\nTRANSP:TRANSPARENT\r\n"), true, true, false},
		{EVENT("DTSTART:20260101T120000Z\r\nTRANSP:OPAQUE\r\nSTATUS:TENTATIVE\r\n"), true, false, true},
		{EVENT("DTSTART:20260101T120000Z\r\nSTATUS:CANCELLED\r\n"), true, true, false},
		{EVENT("DTSTART:20260101T120000\r\n"), false, false, false},
		{EVENT("DTSTART;VALUE=DATE:20260101\r\nTRANSP:TRANSPARENT\r\n"), false, false, false},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=DAILY;COUNT=1\r\n"), false, false, false},
		{EVENT("DTSTART:20260101T120000Z\r\nRDATE:20260101T120000Z\r\n"), false, false, false},
		{EVENT("DTSTART:20260101T120000Z\r\nEXDATE:20260102T120000Z\r\n"), false, false, false},
		{EVENT("DTSTART:20260101T120000Z\r\nEXRULE:FREQ=DAILY;COUNT=1\r\n"), false, false, false},
		{EVENT("DTSTART:20260101T120000Z\r\nRECURRENCE-ID:20260101T120000Z\r\n"), false, false, false},
		{EVENT(""), false, false, false},
		{HEAD "BEGIN:VTODO\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nEND:VTODO\r\n" TAIL, false, false, false},
		{HEAD "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\n"
		      "RECURRENCE-ID:20260101T120000Z\r\nDTSTART:20260101T130000Z\r\nEND:VEVENT\r\n" TAIL,
		 false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		const char *problem;

		assert_int_equal(ical_object_open(span_of(cases[i].text), arena, &object, &summary, &problem),
				 ICAL_GOOD);
		if (summary.is_plain != cases[i].is_plain || summary.is_transparent != cases[i].is_transparent ||
		    summary.is_tentative != cases[i].is_tentative)
			fail_msg("case %zu: %d %d %d", i, summary.is_plain, summary.is_transparent,
				 summary.is_tentative);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
}

static bool note(void *arg, const struct ical_instance *instance)
{
	struct buf *out = arg;
	time_t start = (time_t)instance->start;
	char text[32];

	strftime(text, sizeof text, "%m%dT%H%M", gmtime(&start));
	buf_printf(out, "%s%s+%lld", out->n > 0 ? " " : "", text, (long long)(instance->end - instance->start) / 60);
	if (instance->is_transparent)
		buf_text(out, "t");
	return true;
}

static void instances(void **state)
{
	static const struct {
		const char *text, *zone, *from, *to, *want;
	} cases[] = {
		{EVENT("DTSTART:20260101T120000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nEXDATE:20260103T120000Z\r\n"),
		 NULL, "20260102T123000", "20260105T120000", "0102T1200+60 0104T1200+60"},
		{EVENT("DTSTART:20260101T120000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nEXDATE;VALUE=DATE:"
		       "20260103\r\n"),
		 NULL, "20260102T123000", "20260105T120000", "0102T1200+60 0104T1200+60"},
		{EVENT("DTSTART:20260101T120000Z\r\n"), NULL, "20260101T120000", "20260101T120001", "0101T1200+0"},
		{EVENT("DTSTART:20260101T120000Z\r\n"), NULL, "20260101T120001", "20260102T120000", ""},
		{EVENT("DTSTART:20260101T120000Z\r\nDURATION:PT1H\r\n"), NULL, "20260101T130000", "20260102T120000",
		 ""},
		{EVENT("DTSTART:20260701T120000\r\nDURATION:PT1H\r\n"), "Europe/Berlin", "20260701T000000",
		 "20260702T000000", "0701T1000+60"},
		{EVENT("DTSTART:20260101T120000Z\r\nTRANSP:TRANSPARENT\r\n"), NULL, "20260101T000000",
		 "20260102T000000", "0101T1200+0t"},
		/* across the change of the clocks the local hour stays */
		{EVENT("DTSTART;TZID=Europe/Berlin:20260328T090000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"), NULL,
		 "20260301T000000", "20260401T000000", "0328T0800+0 0329T0700+0 0330T0700+0"},
		{HEAD
		 "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
		 "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260102T120000Z\r\n"
		 "DTSTART:20260102T150000Z\r\nDURATION:PT30M\r\nEND:VEVENT\r\n" TAIL,
		 NULL, "20260101T000000", "20260110T000000", "0101T1200+60 0102T1500+30 0103T1200+60 0104T1200+60"},
		{HEAD
		 "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T120000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
		 "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260103T120000Z\r\n"
		 "DTSTART:20260103T150000Z\r\nDURATION:PT30M\r\nEND:VEVENT\r\n" TAIL,
		 NULL, "20260101T000000", "20260110T000000", "0101T1200+60 0102T1200+60 0103T1500+30 0104T1500+30"},
		/* days are days of the clock, a DTEND is an exact time away (RFC 5545, 3.8.5.3) */
		{EVENT("DTSTART;TZID=Europe/Berlin:20260327T090000\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"),
		 NULL, "20260301T000000", "20260401T000000", "0327T0800+1440 0328T0800+1380 0329T0700+1440"},
		{EVENT("DTSTART;TZID=Europe/Berlin:20260327T090000\r\nDTEND;TZID=Europe/Berlin:20260328T090000\r\n"
		       "RRULE:FREQ=DAILY;COUNT=3\r\n"),
		 NULL, "20260301T000000", "20260401T000000", "0327T0800+1440 0328T0800+1440 0329T0700+1440"},
		{EVENT("DTSTART:20260101T120000Z\r\nRDATE;VALUE=PERIOD:20260102T100000Z/PT2H\r\n"), NULL,
		 "20260101T000000", "20260110T000000", "0101T1200+0 0102T1000+120"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		struct ical_zone *zone = cases[i].zone == NULL ? NULL : ical_zone_of_name(span_of(cases[i].zone));
		struct buf got = {0};
		const char *problem;

		assert_int_equal(ical_object_open(span_of(cases[i].text), arena, &object, &summary, &problem),
				 ICAL_GOOD);
		assert_int_equal(
			ical_object_instances(object, zone, at(cases[i].from), at(cases[i].to), 100, note, &got),
			ICAL_GOOD);
		if (strcmp(buf_cstr(&got), cases[i].want) != 0)
			fail_msg("case %zu: %s", i, buf_cstr(&got));
		buf_done(&got);
		ical_zone_destroy(&zone);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
}

/* All calendars of the corpus are judged; those that are said to be one object are one, but for times that are none
 * ("%(now)s0324T124500"), a VERSION:2.1 and the like. */
static void corpus(void **state)
{
	const char *folder = getenv("TRIVET_CORPUS");
	char *path = NULL, *line = NULL;
	size_t size = 0, good = 0;
	FILE *manifest;

	(void)state;
	assert_true(asprintf(&path, "%s/MANIFEST.tsv", folder = folder == NULL ? "../shared/corpus" : folder) > 0);
	manifest = fopen(path, "r");
	free(path);
	if (manifest == NULL)
		skip();
	while (getline(&line, &size, manifest) > 0) {
		struct arena *arena = arena_create();
		bool is_storable = strstr(line, "\tCalDAV-storable") != NULL;
		struct ical_object *object;
		struct ical_summary summary;
		const char *problem;
		char *text = NULL;
		size_t capacity = 0;
		ssize_t n;
		FILE *file;

		line[strcspn(line, "\t")] = '\0';
		assert_true(asprintf(&path, "%s/%s", folder, line) > 0);
		if (strncmp(line, "ical/", 5) == 0 && (file = fopen(path, "r")) != NULL) {
			n = getdelim(&text, &capacity, -1, file);
			fclose(file);
			if (ical_object_open(span_from(text, n < 0 ? 0 : (size_t)n), arena, &object, &summary,
					     &problem) == ICAL_GOOD)
				good++;
			else if (is_storable && strncmp(problem, "Can't parse as", 14) != 0 &&
				 strncmp(problem, "Invalid VALUE", 13) != 0 && strstr(problem, "a kind of") == NULL &&
				 strstr(problem, "VERSION") == NULL)
				fail_msg("%s: %s", line, problem);
			ical_object_close(&object);
		}
		free(path);
		free(text);
		arena_destroy(&arena);
	}
	free(line);
	fclose(manifest);
	assert_true(good > 200);
}

/* Without a summary rules are not followed: one that is refused when it is judged costs nothing; syntax is judged. */
static void judged_before(void **state)
{
	static const struct {
		const char *text;
		enum ical_verdict judged, read;
	} cases[] = {
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=DAILY\r\n"), ICAL_GOOD, ICAL_GOOD},
		{EVENT("DTSTART:20260101T120000Z\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n"), ICAL_TOO_MUCH,
		 ICAL_GOOD},
		{EVENT("DTSTART:tomorrow\r\n"), ICAL_MALFORMED, ICAL_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		const char *problem;

		assert_int_equal(ical_object_open(span_of(cases[i].text), arena, &object, &summary, &problem),
				 cases[i].judged);
		ical_object_close(&object);
		assert_int_equal(ical_object_open(span_of(cases[i].text), arena, &object, NULL, &problem),
				 cases[i].read);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
}

static void too_many(void **state)
{
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary summary;
	struct buf got = {0};
	const char *problem;

	(void)state;
	assert_int_equal(ical_object_open(SPAN(EVENT("DTSTART:20000101T120000Z\r\nRRULE:FREQ=SECONDLY\r\n")), arena,
					  &object, &summary, &problem),
			 ICAL_GOOD);
	assert_int_equal(
		ical_object_instances(object, NULL, at("20260101T000000"), at("20260101T000002"), 100, note, &got),
		ICAL_GOOD);
	assert_string_equal(buf_cstr(&got), "0101T0000+0 0101T0000+0");
	assert_int_equal(
		ical_object_instances(object, NULL, at("20260101T000000"), at("20260101T010000"), 100, note, &got),
		ICAL_TOO_MUCH);
	assert_int_equal(
		ical_object_instances(object, NULL, at("20260101T000000"), at("20270101T000000"), 100, note, &got),
		ICAL_TOO_MUCH);
	buf_done(&got);
	ical_object_close(&object);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),        cmocka_unit_test(a_nul_is_no_calendar),
		cmocka_unit_test(bounds),          cmocka_unit_test(instances),
		cmocka_unit_test(corpus),          cmocka_unit_test(too_many),
		cmocka_unit_test(broken_rules),    cmocka_unit_test(broken_zones),
		cmocka_unit_test(nesting),         cmocka_unit_test(many_of_all),
		cmocka_unit_test(byte_order_mark), cmocka_unit_test(plain_events),
		cmocka_unit_test(judged_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the tests of calendar objects share: texts, times, and an object opened. */
#ifndef ICAL_TEST_H
#define ICAL_TEST_H

#include "common/base/buf.h"
#include "common/base/must.h"
#include "common/ical/filter.h"
#include "common/ical/ical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HEAD              "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
#define TAIL              "END:VCALENDAR\r\n"
#define COMP(name, lines) "BEGIN:" name "\r\nUID:1\r\nDTSTAMP:20060101T000000Z\r\n" lines "END:" name "\r\n"
#define EVENT(lines)      HEAD COMP("VEVENT", lines) TAIL
#define TODO(lines)       HEAD COMP("VTODO", lines) TAIL

/* US/Eastern as the examples of RFC 4791, 7.8 and appendix B have it. */
#define US_EASTERN                                                                                                     \
	"BEGIN:VTIMEZONE\r\nLAST-MODIFIED:20040110T032845Z\r\nTZID:US/Eastern\r\n"                                     \
	"BEGIN:DAYLIGHT\r\nDTSTART:20000404T020000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\r\nTZNAME:EDT\r\n"         \
	"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\n"                                                   \
	"BEGIN:STANDARD\r\nDTSTART:20001026T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nTZNAME:EST\r\n"       \
	"TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

/* abcd2.ics of appendix B */
#define ABCD2                                                                                                          \
	HEAD US_EASTERN "BEGIN:VEVENT\r\nDTSTAMP:20060206T001121Z\r\nDTSTART;TZID=US/"                                 \
			"Eastern:20060102T120000\r\nDURATION:PT1H\r\n"                                                 \
			"RRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY:Event "                                                   \
			"#2\r\nUID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\n"                             \
			"BEGIN:VEVENT\r\nDTSTAMP:20060206T001121Z\r\nDTSTART;TZID=US/"                                 \
			"Eastern:20060104T140000\r\nDURATION:PT1H\r\n"                                                 \
			"RECURRENCE-ID;TZID=US/Eastern:20060104T120000\r\nSUMMARY:Event #2 bis\r\n"                    \
			"UID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\n"                                   \
			"BEGIN:VEVENT\r\nDTSTAMP:20060206T001121Z\r\nDTSTART;TZID=US/"                                 \
			"Eastern:20060106T140000\r\nDURATION:PT1H\r\n"                                                 \
			"RECURRENCE-ID;TZID=US/Eastern:20060106T120000\r\nSUMMARY:Event #2 bis bis\r\n"                \
			"UID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\n" TAIL

/* "20260101T120000", UTC; "-": open */
static inline int64_t test_time(const char *utc, int64_t open)
{
	struct tm tm = {0};

	if (strcmp(utc, "-") == 0)
		return open;
	if (strptime(utc, "%Y%m%dT%H%M%S", &tm) == NULL)
		fail_msg("%s is no time", utc);
	return timegm(&tm);
}

static inline struct ical_range test_range(const char *from, const char *to)
{
	return (struct ical_range){test_time(from, ICAL_OPEN_START), test_time(to, ICAL_OPEN_END)};
}

static inline struct ical_object *test_open(const char *text, struct arena *arena)
{
	struct ical_object *object;
	struct ical_summary summary;
	const char *problem;

	if (ical_object_open(span_of(text), arena, &object, &summary, &problem) != ICAL_GOOD)
		fail_msg("%s: %s", problem, text);
	return object;
}

#endif

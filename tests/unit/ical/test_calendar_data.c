/* Objects as clients want to see them (RFC 4791, 9.6), with the examples of 7.8.1 to 7.8.4. */
#include "tests/unit/ical/ical_test.h"
#include "common/base/utf8.h"
#include "common/ical/calendar_data.h"
#include "common/ical/zone.h"

static enum ical_verdict write_shape(const char *text, const struct ical_shape *shape, const char *zone_name,
				     struct buf *out)
{
	struct arena *arena = arena_create();
	struct ical_object *object = test_open(text, arena);
	struct ical_zone *zone = zone_name == NULL ? NULL : ical_zone_of_name(span_of(zone_name));
	enum ical_verdict verdict = ical_object_write(object, shape, zone, out);

	ical_zone_destroy(&zone);
	ical_object_close(&object);
	arena_destroy(&arena);
	return verdict;
}

static void check(const char *text, const struct ical_shape *shape, const char *zone, const char *want)
{
	struct buf out = {0};

	assert_int_equal(write_shape(text, shape, zone, &out), ICAL_GOOD);
	assert_string_equal(buf_cstr(&out), want);
	buf_done(&out);
}

/* --- parts --- */

static const char partial_abcd2[] =
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" US_EASTERN
	"BEGIN:VEVENT\r\nDTSTART;TZID=US/Eastern:20060102T120000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=5\r\n"
	"SUMMARY:Event #2\r\nUID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nDTSTART;TZID=US/Eastern:20060104T140000\r\nDURATION:PT1H\r\n"
	"RECURRENCE-ID;TZID=US/Eastern:20060104T120000\r\nSUMMARY:Event #2 bis\r\n"
	"UID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nDTSTART;TZID=US/Eastern:20060106T140000\r\nDURATION:PT1H\r\n"
	"RECURRENCE-ID;TZID=US/Eastern:20060106T120000\r\nSUMMARY:Event #2 bis bis\r\n"
	"UID:00959BC664CA650E933C892C@example.com\r\nEND:VEVENT\r\n" TAIL;

/* RFC 4791, 7.8.1 */
static void partial(void **state)
{
	static const char *const names[] = {"SUMMARY", "UID",   "DTSTART", "DTEND",  "DURATION",
					    "RRULE",   "RDATE", "EXRULE",  "EXDATE", "RECURRENCE-ID"};
	struct ical_prop_choice props[array_count(names)], version = {.name = SPAN("VERSION")};
	struct ical_comp_choice zone = {.name = SPAN("VTIMEZONE")};
	struct ical_comp_choice event = {.name = SPAN("VEVENT"), .props = props, .next = &zone};
	struct ical_comp_choice root = {.name = SPAN("VCALENDAR"), .props = &version, .comps = &event};
	struct ical_shape shape = {.choice = &root};

	(void)state;
	for (size_t i = 0; i < array_count(names); i++)
		props[i] = (struct ical_prop_choice){.name = span_of(names[i]),
						     .next = i + 1 < array_count(names) ? &props[i + 1] : NULL};
	check(ABCD2, &shape, NULL, partial_abcd2);
}

static void choices(void **state)
{
	static const char text[] =
		HEAD COMP("VEVENT", "DTSTART:20060102T120000Z\r\nX-A;X-B=\"1;2\":value\r\n"
				    "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n") TAIL;
	struct ical_prop_choice a = {.name = SPAN("x-a"), .has_no_value = true};
	struct ical_comp_choice alarm = {.name = SPAN("VALARM")};
	struct ical_comp_choice event = {.name = SPAN("vevent"), .props = &a};
	struct ical_comp_choice root = {.name = SPAN("VCALENDAR"), .has_all_props = true, .comps = &event};
	struct ical_shape shape = {.choice = &root}, all = {.choice = NULL};

	(void)state;
	check(text, &all, NULL, text);
	check(text, &shape, NULL, HEAD "BEGIN:VEVENT\r\nX-A;X-B=\"1;2\":\r\nEND:VEVENT\r\n" TAIL);
	event.comps = &alarm;
	event.props = NULL;
	check(text, &shape, NULL,
	      HEAD "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:PT0S\r\nEND:VALARM\r\nEND:VEVENT\r\n" TAIL);
	event.comps = NULL;
	event.has_all_props = true; /* and no components */
	check(text, &shape, NULL, HEAD COMP("VEVENT", "DTSTART:20060102T120000Z\r\nX-A;X-B=\"1;2\":value\r\n") TAIL);
	event.has_all_comps = true;
	check(text, &shape, NULL, text);
	root.comps = NULL;
	check(text, &shape, NULL, HEAD TAIL);
	root.has_all_comps = true;
	root.has_all_props = false;
	check(text, &shape, NULL,
	      "BEGIN:VCALENDAR\r\n" COMP("VEVENT", "DTSTART:20060102T120000Z\r\nX-A;X-B=\"1;2\":value\r\n"
						   "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n")
		      TAIL);
}

/* What libical does not keep is kept; line ends and folds are made new. */
static void every_line_as_it_came(void **state)
{
	struct ical_shape all = {.choice = NULL};
	struct buf text = {0}, out = {0};
	struct span rest;

	(void)state;
	check("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nATTENDEE;MEMBER=\"mailto:a\",\"mailto:b\":mailto:c\nGEO:1;2\n"
	      "X-A:a\\,b\nNEW-NAME;P=1:x\nSUMM\n ARY:fol\n  "
	      "ded\nBEGIN:PARTICIPANT\nUID:2\nEND:PARTICIPANT\nEND:VEVENT\n"
	      "END:VCALENDAR",
	      &all, NULL,
	      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nATTENDEE;MEMBER=\"mailto:a\",\"mailto:b\":mailto:c\r\nGEO:1;"
	      "2\r\n"
	      "X-A:a\\,b\r\nNEW-NAME;P=1:x\r\nSUMMARY:fol ded\r\nBEGIN:PARTICIPANT\r\nUID:2\r\nEND:PARTICIPANT\r\n"
	      "END:VEVENT\r\nEND:VCALENDAR\r\n");
	buf_text(&text, HEAD "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:");
	for (int i = 0; i < 100; i++)
		buf_text(&text, "\xe2\x82\xac");
	buf_text(&text, "\r\nEND:VEVENT\r\n" TAIL);
	assert_int_equal(write_shape(buf_cstr(&text), &all, NULL, &out), ICAL_GOOD);
	for (rest = buf_view(&out); rest.n > 0;) {
		size_t n = span_find(rest, SPAN("\r\n"));

		assert_true(n <= 75 && utf8_is_valid(span_sub(rest, 0, n)));
		rest = span_sub(rest, n + 2, SIZE_MAX);
	}
	buf_done(&text);
	buf_done(&out);
}

static void without_zones(void **state)
{
	static const char own[] = HEAD
		"BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n"
		"TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Mine:20260101T120000\r\nEND:VEVENT\r\n" TAIL;
	struct ical_shape shape = {.without_zones = true};

	(void)state;
	check(HEAD US_EASTERN COMP("VEVENT", "DTSTART;TZID=US/Eastern:20060102T120000\r\n") TAIL, &shape, NULL,
	      HEAD COMP("VEVENT", "DTSTART;TZID=US/Eastern:20060102T120000\r\n") TAIL);
	check(own, &shape, NULL, own);
}

/* --- expand --- */

static void check_expanded(const char *text, const char *from, const char *to, const char *zone, const char *want)
{
	struct ical_range range = test_range(from, to);
	struct ical_shape shape = {.expand = &range, .max_instances = 100};

	check(text, &shape, zone, want);
}

#define UID_2 "UID:00959BC664CA650E933C892C@example.com\r\n"

/* RFC 4791, 7.8.3, with the Z that the erratum adds */
static void expanded(void **state)
{
	(void)state;
	check_expanded(ABCD2, "20060103T000000", "20060105T000000", NULL,
		       HEAD
		       "BEGIN:VEVENT\r\nDTSTART:20060103T170000Z\r\nDURATION:PT1H\r\n"
		       "RECURRENCE-ID:20060103T170000Z\r\nDTSTAMP:20060206T001121Z\r\nSUMMARY:Event #2\r\n" UID_2
		       "END:VEVENT\r\n"
		       "BEGIN:VEVENT\r\nDTSTART:20060104T190000Z\r\nDURATION:PT1H\r\n"
		       "RECURRENCE-ID:20060104T170000Z\r\nDTSTAMP:20060206T001121Z\r\nSUMMARY:Event #2 bis\r\n" UID_2
		       "END:VEVENT\r\n" TAIL);
}

#define ONE_EVENT(lines) "BEGIN:VEVENT\r\n" lines "UID:1\r\nDTSTAMP:20060101T000000Z\r\nEND:VEVENT\r\n"

static void kinds_of_times(void **state)
{
	(void)state;
	/* one that does not recur has no RECURRENCE-ID */
	check_expanded(
		EVENT("DTSTART;TZID=Europe/Berlin:20260701T120000\r\nDTEND;TZID=Europe/London:20260701T120000\r\n"),
		"20260101T000000", "20270101T000000", NULL,
		HEAD ONE_EVENT("DTSTART:20260701T100000Z\r\nDTEND:20260701T110000Z\r\n") TAIL);
	/* dates stay dates, floating times floating */
	check_expanded(EVENT("DTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:20260103\r\nRRULE:FREQ=WEEKLY\r\n"),
		       "20260108T000000", "20260109T000000", "Europe/Berlin",
		       HEAD ONE_EVENT("DTSTART;VALUE=DATE:20260108\r\nDTEND;VALUE=DATE:20260110\r\n"
				      "RECURRENCE-ID;VALUE=DATE:20260108\r\n") TAIL);
	check_expanded(
		EVENT("DTSTART:20260101T120000\r\nDURATION:P1D\r\nRRULE:FREQ=WEEKLY\r\nEXDATE:20260101T120000\r\n"),
		"20260101T000000", "20260109T000000", "Europe/Berlin",
		HEAD ONE_EVENT("DTSTART:20260108T120000\r\nDURATION:P1D\r\nRECURRENCE-ID:20260108T120000\r\n") TAIL);
	/* a day of 23 hours */
	check_expanded(
		EVENT("DTSTART;TZID=Europe/Berlin:20260327T120000\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"),
		"20260328T230000", "20260329T000000", NULL,
		HEAD ONE_EVENT("DTSTART:20260328T110000Z\r\nDTEND:20260329T100000Z\r\n"
			       "RECURRENCE-ID:20260328T110000Z\r\n") TAIL);
	/* longer than the calendar */
	check_expanded(EVENT("DTSTART:20260101T120000Z\r\nDTEND:99991231T000000Z\r\nRDATE:20270101T000000Z\r\n"),
		       "20270201T000000", "20270202T000000", NULL,
		       HEAD ONE_EVENT("DTSTART:20260101T120000Z\r\nDTEND:99991231T000000Z\r\n"
				      "RECURRENCE-ID:20260101T120000Z\r\n")
			       ONE_EVENT("DTSTART:20270101T000000Z\r\nDTEND:99991231T235959Z\r\n"
					 "RECURRENCE-ID:20270101T000000Z\r\n") TAIL);
	/* a period of RDATE has its own length */
	check_expanded(EVENT("DTSTART:20260101T120000Z\r\nRDATE;VALUE=PERIOD:20260102T100000Z/PT2H\r\n"),
		       "20260102T000000", "20260103T000000", NULL,
		       HEAD ONE_EVENT("DTSTART:20260102T100000Z\r\nDTEND:20260102T120000Z\r\n"
				      "RECURRENCE-ID:20260102T100000Z\r\n") TAIL);
	check_expanded(TODO("DUE:20260101T120000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"), "20260102T110000",
		       "20260103T000000", NULL,
		       HEAD "BEGIN:VTODO\r\nDUE:20260102T120000Z\r\nRECURRENCE-ID:20260102T120000Z\r\nUID:1\r\n"
			    "DTSTAMP:20060101T000000Z\r\nEND:VTODO\r\n" TAIL);
	check_expanded(TODO("SUMMARY:x\r\n"), "20260102T110000", "20260103T000000", NULL, TODO("SUMMARY:x\r\n"));
}

static void this_and_future(void **state)
{
	(void)state;
	check_expanded(
		HEAD COMP("VEVENT", "DTSTART;TZID=Europe/Berlin:20260327T090000\r\nDURATION:PT1H\r\n"
				    "RRULE:FREQ=DAILY;COUNT=4\r\n")
			COMP("VEVENT", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260328T090000\r\n"
				       "DTSTART;TZID=Europe/Berlin:20260328T110000\r\nDURATION:PT30M\r\n"
				       "SUMMARY:later\r\n") TAIL,
		"20260327T000000", "20260330T000000", NULL,
		HEAD "BEGIN:VEVENT\r\nDTSTART:20260327T080000Z\r\nDURATION:PT1H\r\nRECURRENCE-ID:20260327T080000Z\r\n"
		     "UID:1\r\nDTSTAMP:20060101T000000Z\r\nEND:VEVENT\r\n"
		     "BEGIN:VEVENT\r\nDTSTART:20260328T100000Z\r\nDURATION:PT30M\r\nRECURRENCE-ID:20260328T080000Z\r\n"
		     "UID:1\r\nDTSTAMP:20060101T000000Z\r\nSUMMARY:later\r\nEND:VEVENT\r\n"
		     "BEGIN:VEVENT\r\nDTSTART:20260329T090000Z\r\nDURATION:PT30M\r\nRECURRENCE-ID:20260329T070000Z\r\n"
		     "UID:1\r\nDTSTAMP:20060101T000000Z\r\nSUMMARY:later\r\nEND:VEVENT\r\n" TAIL);
}

static void chosen_and_expanded(void **state)
{
	struct ical_prop_choice id = {.name = SPAN("RECURRENCE-ID"), .has_no_value = true};
	struct ical_prop_choice start = {.name = SPAN("DTSTART"), .next = &id};
	struct ical_comp_choice event = {.name = SPAN("VEVENT"), .props = &start};
	struct ical_comp_choice root = {.name = SPAN("VCALENDAR"), .comps = &event};
	struct ical_range range = test_range("20060103T000000", "20060104T000000");
	struct ical_shape shape = {.choice = &root, .expand = &range, .max_instances = 1};
	struct buf out = {0};

	(void)state;
	check(ABCD2, &shape, NULL,
	      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20060103T170000Z\r\nRECURRENCE-ID:\r\nEND:VEVENT\r\n" TAIL);
	range.to += 86400;
	buf_text(&out, "before");
	assert_int_equal(write_shape(ABCD2, &shape, NULL, &out), ICAL_TOO_MUCH);
	assert_string_equal(buf_cstr(&out), "before");
	buf_done(&out);
}

/* --- limits --- */

/* RFC 4791, 7.8.2: of abcd2.ics not "bis bis". */
static void limited_recurrence(void **state)
{
	struct ical_range range = test_range("20060103T000000", "20060105T000000");
	struct ical_shape shape = {.limit_recurrence = &range};
	struct buf out = {0};

	(void)state;
	assert_int_equal(write_shape(ABCD2, &shape, NULL, &out), ICAL_GOOD);
	assert_non_null(strstr(buf_cstr(&out), "SUMMARY:Event #2\r\n"));
	assert_non_null(strstr(buf_cstr(&out), "BEGIN:VTIMEZONE"));
	assert_non_null(strstr(buf_cstr(&out), "Event #2 bis\r\n"));
	assert_null(strstr(buf_cstr(&out), "Event #2 bis bis"));
	out.n = 0;
	/* where it was, not where it is */
	range = test_range("20060104T170000", "20060104T173000");
	assert_int_equal(write_shape(ABCD2, &shape, NULL, &out), ICAL_GOOD);
	assert_non_null(strstr(buf_cstr(&out), "Event #2 bis\r\n"));
	out.n = 0;
	/* one for all that follow, far behind it */
	range = test_range("20260101T000000", "20260102T000000");
	assert_int_equal(write_shape(HEAD COMP("VEVENT", "DTSTART:20060101T090000Z\r\nRRULE:FREQ=DAILY\r\n") COMP(
					     "VEVENT", "RECURRENCE-ID;RANGE=THISANDFUTURE:20060201T090000Z\r\n"
						       "DTSTART:20060201T100000Z\r\nSUMMARY:future\r\n")
					     COMP("VEVENT", "RECURRENCE-ID:20060301T090000Z\r\n"
							    "DTSTART:20060301T100000Z\r\nSUMMARY:past\r\n") TAIL,
				     &shape, NULL, &out),
			 ICAL_GOOD);
	assert_non_null(strstr(buf_cstr(&out), "SUMMARY:future"));
	assert_null(strstr(buf_cstr(&out), "SUMMARY:past"));
	buf_done(&out);
}

/* RFC 4791, 7.8.4 */
static void limited_freebusy(void **state)
{
	struct ical_range range = test_range("20060102T000000", "20060103T000000");
	struct ical_shape shape = {.limit_freebusy = &range};

	(void)state;
	check(HEAD
	      "BEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20050530T123421Z\r\nDTSTART:20060101T000000Z\r\n"
	      "DTEND:20060108T000000Z\r\nFREEBUSY;FBTYPE=BUSY:20060101T010000Z/PT1H,20060102T100000Z/20060102T120000Z,"
	      "20060103T000000Z/PT1H\r\nFREEBUSY:20060107T000000Z/PT1H\r\nEND:VFREEBUSY\r\n" TAIL,
	      &shape, NULL,
	      HEAD "BEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20050530T123421Z\r\nDTSTART:20060101T000000Z\r\n"
		   "DTEND:20060108T000000Z\r\nFREEBUSY;FBTYPE=BUSY:20060102T100000Z/20060102T120000Z\r\n"
		   "END:VFREEBUSY\r\n" TAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partial),
		cmocka_unit_test(choices),
		cmocka_unit_test(expanded),
		cmocka_unit_test(every_line_as_it_came),
		cmocka_unit_test(without_zones),
		cmocka_unit_test(kinds_of_times),
		cmocka_unit_test(this_and_future),
		cmocka_unit_test(chosen_and_expanded),
		cmocka_unit_test(limited_recurrence),
		cmocka_unit_test(limited_freebusy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Free and busy time put together (RFC 4791, 7.10; RFC 7953), and instances in few bytes against the instances
 * themselves. */
#include "tests/unit/ical/ical_test.h"
#include "common/ical/freebusy.h"
#include "common/ical/times.h"
#include "common/ical/zone.h"

static struct ical_busy *gather(const char *const *texts, const char *from, const char *to, const char *zone_name)
{
	struct ical_range range = test_range(from, to);
	struct ical_busy *busy = ical_busy_create(&range);
	struct ical_zone *zone = zone_name == NULL ? NULL : ical_zone_of_name(span_of(zone_name));

	for (; *texts != NULL; texts++) {
		struct arena *arena = arena_create();
		struct ical_object *object = test_open(*texts, arena);

		assert_int_equal(ical_busy_add(busy, object, zone), ICAL_GOOD);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
	ical_zone_destroy(&zone);
	return busy;
}

/* The FREEBUSY lines alone, by a blank apart: "BUSY:20060104T150000Z/20060104T160000Z". */
static void lines_of(struct ical_busy *busy, struct buf *out)
{
	struct buf text = {0};
	char *line, *rest;

	ical_busy_write(busy, test_time("20050125T090000", 0), &text);
	rest = (char *)(uintptr_t)buf_cstr(&text);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, "FREEBUSY;FBTYPE=", 16) == 0)
			buf_printf(out, "%s%.*s", out->n > 0 ? " " : "", (int)strcspn(line + 16, "\r"), line + 16);
	buf_done(&text);
}

static void check(const char *const *texts, const char *from, const char *to, const char *zone, const char *want)
{
	struct ical_busy *busy = gather(texts, from, to, zone);
	struct buf got = {0};

	lines_of(busy, &got);
	assert_string_equal(buf_cstr(&got), want);
	buf_done(&got);
	ical_busy_destroy(&busy);
	ical_busy_destroy(&busy);
}

/* abcd3.ics of appendix B */
#define ABCD3                                                                                                          \
	HEAD US_EASTERN COMP("VEVENT", "DTSTART;TZID=US/Eastern:20060104T100000\r\nDURATION:PT1H\r\n"                  \
				       "STATUS:TENTATIVE\r\nSUMMARY:Event #3\r\n") TAIL

/* RFC 4791, 7.10.1, whose range is the fourth until 22:00 as its words have it */
static void of_the_standard(void **state)
{
	static const char *const texts[] = {ABCD2, ABCD3, TODO("DTSTART:20060104T150000Z\r\nDURATION:PT5H\r\n"), NULL};
	struct ical_busy *busy = gather(texts, "20060104T140000", "20060104T220000", NULL);
	struct buf text = {0};
	const char *id;

	(void)state;
	check(texts, "20060104T140000", "20060104T220000", NULL,
	      "BUSY:20060104T190000Z/20060104T200000Z BUSY-TENTATIVE:20060104T150000Z/20060104T160000Z");
	ical_busy_write(busy, test_time("20050125T090000", 0), &text);
	id = strstr(buf_cstr(&text), "UID:");
	assert_non_null(id);
	assert_int_equal(strncmp(buf_cstr(&text), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:", 36), 0);
	assert_non_null(strstr(id, "\r\nDTSTAMP:20050125T090000Z\r\nDTSTART:20060104T140000Z\r\n"
				   "DTEND:20060104T220000Z\r\nFREEBUSY"));
	buf_done(&text);
	ical_busy_destroy(&busy);
}

static void events(void **state)
{
	static const char *const quiet[] = {
		EVENT("DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\nTRANSP:TRANSPARENT\r\n"),
		EVENT("DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\n"),
		EVENT("DTSTART:20260101T100000Z\r\n"), NULL};
	static const char *const merged[] = {
		EVENT("DTSTART:20251231T230000Z\r\nDURATION:PT2H\r\n"), /* cut at the beginning */
		EVENT("DTSTART:20260101T010000Z\r\nDURATION:PT1H\r\n"), /* touches it */
		EVENT("DTSTART:20260101T050000Z\r\nDURATION:PT3H\r\nSTATUS:TENTATIVE\r\n"),
		EVENT("DTSTART:20260101T060000Z\r\nDURATION:PT1H\r\n"), /* in the midst of it */
		EVENT("DTSTART:20260101T060000Z\r\nDURATION:PT30M\r\n"),
		EVENT("DTSTART:20260101T233000Z\r\nDURATION:PT9H\r\n"),
		NULL};
	static const char *const all_day[] = {EVENT("DTSTART;VALUE=DATE:20260101\r\n"), NULL};
	static const char *const overridden[] = {
		HEAD COMP("VEVENT", "DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
			COMP("VEVENT", "RECURRENCE-ID:20260102T100000Z\r\nDTSTART:20260102T100000Z\r\n"
				       "DURATION:PT1H\r\nTRANSP:TRANSPARENT\r\n") TAIL,
		NULL};

	(void)state;
	check(quiet, "20260101T000000", "20260102T000000", NULL, "");
	check(merged, "20260101T000000", "20260102T000000", NULL,
	      "BUSY:20260101T000000Z/20260101T020000Z BUSY:20260101T060000Z/20260101T070000Z "
	      "BUSY:20260101T233000Z/20260102T000000Z BUSY-TENTATIVE:20260101T050000Z/20260101T060000Z "
	      "BUSY-TENTATIVE:20260101T070000Z/20260101T080000Z");
	check(all_day, "20251231T000000", "20260103T000000", "Europe/Berlin", "BUSY:20251231T230000Z/20260101T230000Z");
	check(overridden, "20260101T000000", "20260105T000000", NULL,
	      "BUSY:20260101T100000Z/20260101T110000Z BUSY:20260103T100000Z/20260103T110000Z");
}

static void freebusy_objects(void **state)
{
	static const char *const texts[] = {
		HEAD COMP("VFREEBUSY", "DTSTART:20260101T000000Z\r\nDTEND:20260102T000000Z\r\n"
				       "FREEBUSY:20260101T010000Z/PT1H,20260101T030000Z/20260101T040000Z\r\n"
				       "FREEBUSY;FBTYPE=FREE:20260101T050000Z/PT1H\r\n"
				       "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260101T070000Z/PT1H\r\n"
				       "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260101T090000Z/PT1H\r\n"
				       "FREEBUSY;FBTYPE=X-OTHER:20260101T110000Z/PT1H\r\n") TAIL,
		NULL};

	(void)state;
	check(texts, "20260101T000000", "20260102T000000", NULL,
	      "BUSY:20260101T010000Z/20260101T020000Z BUSY:20260101T030000Z/20260101T040000Z "
	      "BUSY:20260101T110000Z/20260101T120000Z BUSY-UNAVAILABLE:20260101T090000Z/20260101T100000Z "
	      "BUSY-TENTATIVE:20260101T070000Z/20260101T080000Z");
}

#define AVAILABLE(id, lines) "BEGIN:AVAILABLE\r\nUID:" id "\r\nDTSTAMP:20060101T000000Z\r\n" lines "END:AVAILABLE\r\n"

static void availability(void **state)
{
	/* RFC 7953, 4: available from 8 to 18, a meeting at 12 */
	static const char *const simple[] = {
		HEAD COMP("VAVAILABILITY", "DTSTART:20260101T000000Z\r\n" AVAILABLE(
						   "a", "DTSTART:20260105T080000Z\r\nDTEND:20260105T180000Z\r\n"
							"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n")) TAIL,
		EVENT("DTSTART:20260106T120000Z\r\nDURATION:PT2H\r\n"), NULL};
	/* mornings and afternoons; an odd day is overridden */
	static const char *const several[] = {
		HEAD COMP("VAVAILABILITY",
			  "BUSYTYPE:BUSY-TENTATIVE\r\n" AVAILABLE("a", "DTSTART:20260105T080000Z\r\nDURATION:PT4H\r\n"
								       "RRULE:FREQ=DAILY\r\n")
				  AVAILABLE("b", "DTSTART:20260105T140000Z\r\nDURATION:PT2H\r\nRRULE:FREQ=DAILY\r\n")
					  AVAILABLE("a", "RECURRENCE-ID:20260107T080000Z\r\n"
							 "DTSTART:20260107T060000Z\r\nDURATION:PT1H\r\n")) TAIL,
		NULL};
	/* holidays, more important, over the usual week; they end at noon */
	static const char *const layers[] = {
		HEAD COMP("VAVAILABILITY", "PRIORITY:1\r\nBUSYTYPE:BUSY\r\nDTSTART:20260106T060000Z\r\n"
					   "DTEND:20260106T120000Z\r\n") TAIL,
		HEAD COMP("VAVAILABILITY", "PRIORITY:9\r\n" AVAILABLE("a", "DTSTART:20260105T080000Z\r\n"
									   "DURATION:PT10H\r\nRRULE:FREQ=DAILY\r\n"))
			TAIL,
		HEAD COMP("VAVAILABILITY", "DTSTART:20260106T000000Z\r\nDTEND:20260107T000000Z\r\n")
			TAIL, /* the least */
		NULL};
	static const char *const until[] = {HEAD COMP("VAVAILABILITY", "DTEND:20260106T030000Z\r\n") TAIL, NULL};

	(void)state;
	check(simple, "20260106T000000", "20260107T000000", NULL,
	      "BUSY:20260106T120000Z/20260106T140000Z BUSY-UNAVAILABLE:20260106T000000Z/20260106T080000Z "
	      "BUSY-UNAVAILABLE:20260106T180000Z/20260107T000000Z");
	check(several, "20260107T000000", "20260108T000000", NULL,
	      "BUSY-TENTATIVE:20260107T000000Z/20260107T060000Z BUSY-TENTATIVE:20260107T070000Z/20260107T140000Z "
	      "BUSY-TENTATIVE:20260107T160000Z/20260108T000000Z");
	check(layers, "20260106T000000", "20260107T000000", NULL,
	      "BUSY:20260106T060000Z/20260106T120000Z BUSY-UNAVAILABLE:20260106T000000Z/20260106T060000Z "
	      "BUSY-UNAVAILABLE:20260106T180000Z/20260107T000000Z");
	check(until, "20260106T000000", "20260107T000000", NULL, "BUSY-UNAVAILABLE:20260106T000000Z/20260106T030000Z");
}

static void too_many(void **state)
{
	struct ical_range range = test_range("20260101T000000", "20270101T000000");
	struct ical_busy *busy = ical_busy_create(&range);
	struct arena *arena = arena_create();
	struct ical_object *object =
		test_open(EVENT("DTSTART:20260101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=MINUTELY\r\n"), arena);

	(void)state;
	assert_int_equal(ical_busy_add(busy, object, NULL), ICAL_TOO_MUCH);
	ical_object_close(&object);
	arena_destroy(&arena);
	ical_busy_destroy(&busy);
}

/* --- times --- */

static bool take(void *arg, const struct ical_instance *instance)
{
	(void)instance;
	*(bool *)arg = true;
	return false;
}

/* Each hour of a week, and each range that ends there, is answered as by the instances. */
static void compare(const char *text)
{
	struct ical_range within = test_range("20260101T000000", "20260108T000000");
	struct arena *arena = arena_create();
	struct ical_object *object = test_open(text, arena);
	struct ical_times *times = ical_times_make(object, NULL, &within, 1000);

	assert_non_null(times);
	assert_true(ical_times_bytes(times) > 0);
	for (int64_t from = within.from; from < within.to; from += 3600)
		for (int64_t to = from + 1; to <= within.to; to += 6 * 3600 + 1799) {
			struct ical_range range = {from, to};
			struct ical_busy *busy = ical_busy_create(&range), *direct = ical_busy_create(&range);
			struct buf got = {0}, want = {0};
			bool overlaps = false;

			assert_int_equal(ical_object_instances(object, NULL, from, to, 1000, take, &overlaps),
					 ICAL_GOOD);
			assert_int_equal(ical_times_overlap(times, &range), overlaps);
			ical_times_busy(times, busy, &range);
			assert_int_equal(ical_busy_add(direct, object, NULL), ICAL_GOOD);
			lines_of(busy, &got);
			lines_of(direct, &want);
			assert_string_equal(buf_cstr(&got), buf_cstr(&want));
			buf_done(&got);
			buf_done(&want);
			ical_busy_destroy(&busy);
			ical_busy_destroy(&direct);
		}
	ical_times_destroy(&times);
	ical_times_destroy(&times);
	ical_object_close(&object);
	arena_destroy(&arena);
}

static void times(void **state)
{
	struct ical_range within = test_range("20260101T000000", "20260108T000000");
	struct arena *arena = arena_create();
	struct ical_object *object = test_open(EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=DAILY\r\n"), arena);
	struct ical_object *todo = test_open(TODO("SUMMARY:x\r\n"), arena);

	(void)state;
	assert_null(ical_times_make(object, NULL, &within, 3));
	assert_null(ical_times_make(todo, NULL, &within, 100));
	ical_object_close(&object);
	ical_object_close(&todo);
	arena_destroy(&arena);
	compare(EVENT("DTSTART:20260102T120000Z\r\nDURATION:PT1H\r\n"));
	compare(EVENT("DTSTART:20260102T120000Z\r\n"));
	compare(EVENT("DTSTART:20240102T120000Z\r\n"));
	compare(EVENT("DTSTART:20251220T120000Z\r\nDURATION:P20D\r\nSTATUS:TENTATIVE\r\n"));
	compare(EVENT("DTSTART:20250102T120000Z\r\nDURATION:PT30M\r\nRRULE:FREQ=HOURLY;INTERVAL=7\r\n"));
	/* a long one before many short ones */
	compare(HEAD COMP("VEVENT", "DTSTART:20250101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n")
			COMP("VEVENT", "RECURRENCE-ID:20260102T100000Z\r\nDTSTART:20260102T090000Z\r\nDURATION:P3D\r\n"
				       "TRANSP:TRANSPARENT\r\n")
				COMP("VEVENT", "RECURRENCE-ID:20260103T100000Z\r\nDTSTART:20260101T090000Z\r\n"
					       "DURATION:P4D\r\nSTATUS:TENTATIVE\r\n") TAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_standard), cmocka_unit_test(events), cmocka_unit_test(freebusy_objects),
		cmocka_unit_test(availability),    cmocka_unit_test(times),  cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

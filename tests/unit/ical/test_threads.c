/* Several threads, each with objects of its own: what libical and the zones share must not be seen half made. Meant for
 * the thread sanitizer. */
#include "tests/unit/ical/ical_test.h"
#include "common/ical/calendar_data.h"
#include "common/ical/freebusy.h"
#include "common/ical/zone.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 12 };

static const char *const texts[] = {
	ABCD2,
	EVENT("DTSTART;TZID=Europe/"
	      "Berlin:20260327T120000\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY;UNTIL=20260601T000000Z\r\n"),
	EVENT("DTSTART;TZID=America/New_York:20260327T120000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,FR\r\n"),
	EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:RSCALE=HEBREW;FREQ=YEARLY\r\n"),
	TODO("DUE;TZID=Asia/Tokyo:20260301T120000\r\nRRULE:FREQ=MONTHLY\r\nSUMMARY:\xc3\x84pfel\r\n"),
	EVENT("DTSTART:tomorrow\r\n"),
};

struct result {
	struct buf out;
	size_t good;
};

static void use(struct ical_object *object, struct result *result)
{
	struct ical_range range = test_range("20260101T000000", "20260701T000000");
	struct ical_shape shape = {.expand = &range, .max_instances = 1000};
	struct ical_text_match text = {.text = SPAN("\xc3\xa4pfel"), .collation = ICAL_UNICODE_CASEMAP};
	struct ical_prop_filter summary = {.name = SPAN("SUMMARY"), .match = &text};
	struct ical_comp_filter inner = {.name = SPAN("VTODO"), .range = &range, .props = &summary};
	struct ical_comp_filter filter = {.name = SPAN("VCALENDAR"), .comps = &inner};
	struct ical_zone *zone = ical_zone_of_name(SPAN("Australia/Sydney"));
	struct ical_busy *busy = ical_busy_create(&range);
	bool matches;

	(void)ical_object_write(object, &shape, zone, &result->out);
	(void)ical_object_matches(object, &filter, zone, &matches);
	(void)ical_busy_add(busy, object, zone);
	buf_byte(&result->out, matches ? '1' : '0');
	result->good++;
	ical_busy_destroy(&busy);
	ical_zone_destroy(&zone);
}

static void *work(void *arg)
{
	struct result *result = arg;

	for (size_t i = 0; i < ROUNDS * array_count(texts); i++) {
		struct arena *arena = arena_create();
		struct ical_object *object;
		struct ical_summary summary;
		const char *problem;

		if (ical_object_open(span_of(texts[i % array_count(texts)]), arena, &object, &summary, &problem) ==
		    ICAL_GOOD)
			use(object, result);
		ical_object_close(&object);
		arena_destroy(&arena);
	}
	return NULL;
}

static void side_by_side(void **state)
{
	struct result results[THREADS] = {{{0}, 0}};
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &results[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(results[i].good, ROUNDS * (array_count(texts) - 1));
		assert_true(span_equal(buf_view(&results[i].out), buf_view(&results[0].out)));
	}
	for (size_t i = 0; i < THREADS; i++)
		buf_done(&results[i].out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(side_by_side)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A calendar object, whatever it is: judged, matched, written and counted, each in bounded time. */
#include "common/base/alloc.h"
#include "common/ical/calendar_data.h"
#include "common/ical/freebusy.h"
#include "common/ical/times.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { MANY = 500 };

static const struct ical_range range = {1767225600, 1782864000}; /* the first half of 2026 */

static bool take(void *arg, const struct ical_instance *instance)
{
	size_t *count = arg;

	if (instance->end < instance->start || ++*count > MANY)
		abort();
	return true;
}

static void match(struct ical_object *object)
{
	static const char *const names[] = {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"};
	struct ical_text_match text = {.text = SPAN("xyzzy"), .collation = ICAL_UNICODE_CASEMAP, .is_negated = true};
	struct ical_param_filter param = {.name = SPAN("X-P"), .match = &text};
	struct ical_prop_filter end = {.name = SPAN("DTEND"), .range = &range};
	struct ical_prop_filter summary = {.name = SPAN("SUMMARY"), .match = &text, .params = &param};
	struct ical_comp_filter alarm = {.name = SPAN("VALARM"), .range = &range};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct ical_comp_filter inner = {.name = span_of(names[i]), .range = &range};
		struct ical_comp_filter filter = {.name = SPAN("VCALENDAR"), .comps = &inner};
		bool matches;

		(void)ical_object_matches(object, &filter, NULL, &matches);
		inner.range = NULL;
		inner.comps = &alarm;
		(void)ical_object_matches(object, &filter, NULL, &matches);
		inner.comps = NULL;
		inner.props = &summary;
		(void)ical_object_matches(object, &filter, NULL, &matches);
		inner.props = &end;
		(void)ical_object_matches(object, &filter, NULL, &matches);
	}
}

/* What is written of an object is an object. */
static void write_and_reread(struct ical_object *object, const struct ical_shape *shape, struct arena *arena)
{
	struct buf out = {0};
	struct ical_object *again;
	struct ical_summary summary;
	const char *problem;

	if (ical_object_write(object, shape, NULL, &out) == ICAL_GOOD) {
		enum ical_verdict verdict = ical_object_open(buf_view(&out), arena, &again, &summary, &problem);

		if (verdict == ICAL_MALFORMED)
			abort();
		ical_object_close(&again);
	}
	buf_done(&out);
}

static void count(struct ical_object *object)
{
	struct ical_busy *busy = ical_busy_create(&range);
	struct ical_times *times = ical_times_make(object, NULL, &range, MANY);
	struct buf out = {0};
	size_t instances = 0;

	(void)ical_object_instances(object, NULL, range.from, range.to, MANY, take, &instances);
	if (times != NULL) {
		(void)ical_times_overlap(times, &range);
		ical_times_busy(times, busy, &range);
	}
	(void)ical_busy_add(busy, object, NULL);
	ical_busy_write(busy, range.from, &out);
	buf_done(&out);
	ical_times_destroy(&times);
	ical_busy_destroy(&busy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct ical_shape shapes[] = {
		{.choice = NULL},
		{.expand = &range, .max_instances = MANY},
		{.limit_recurrence = &range, .limit_freebusy = &range, .without_zones = true},
	};
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary summary;
	const char *problem;

	if (ical_object_open(span_from(data, size), arena, &object, &summary, &problem) == ICAL_GOOD) {
		if (summary.first > summary.last)
			abort();
		match(object);
		count(object);
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
			write_and_reread(object, &shapes[i], arena);
		ical_object_close(&object);
	}
	arena_destroy(&arena);
	return 0;
}

/* VTIMEZONEs in whose place the database's zone may be used, and those that must be taken by their word. */
#include "common/ical/zone_private.h"
#include "tests/unit/ical/ical_test.h"

#define RULE(name, from, to, start, rule)                                                                              \
	"BEGIN:" name "\r\nTZOFFSETFROM:" from "\r\nTZOFFSETTO:" to "\r\nDTSTART:" start "\r\n" rule "END:" name "\r"  \
	"\n"
#define MARCH                   "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
#define OCTOBER                 "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
#define SUMMER                  RULE("DAYLIGHT", "+0100", "+0200", "19700329T020000", MARCH)
#define WINTER                  RULE("STANDARD", "+0200", "+0100", "19701025T030000", OCTOBER)
#define ZONE(tzid, observances) "BEGIN:VTIMEZONE\r\nTZID:" tzid "\r\n" observances "END:VTIMEZONE\r\n"
#define BERLIN(observances)     ZONE("Europe/Berlin", observances)
#define IN_BERLIN(lines)        "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" lines "END:VEVENT\r\n"
#define AT(date)                "DTSTART;TZID=Europe/Berlin:" date "\r\n"
#define LATE                    IN_BERLIN(AT("20260701T120000"))

static void only_what_says_the_same(void **state)
{
	static const struct {
		const char *text;
		bool is_aside;
	} cases[] = {
		{HEAD BERLIN(SUMMER WINTER) LATE TAIL, true},
		{HEAD BERLIN(WINTER SUMMER) LATE TAIL, true},
		{HEAD BERLIN(SUMMER WINTER) IN_BERLIN(AT("19980101T000000") "RRULE:FREQ=YEARLY\r\n") TAIL, true},
		/* history that has come to its end before */
		{HEAD BERLIN(SUMMER WINTER RULE("STANDARD", "+0100", "+0000", "19500101T000000",
						"RDATE:19510101T000000\r\n")) LATE TAIL,
		 true},
		{HEAD BERLIN(SUMMER WINTER RULE("STANDARD", "+0100", "+0000", "19500101T000000",
						"RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1SU;UNTIL=20251231T000000Z\r\n"))
			 LATE TAIL,
		 false}, /* … and has not */
		{HEAD BERLIN(SUMMER WINTER RULE("STANDARD", "+0100", "+0000", "19500101T000000",
						"RDATE:20300101T000000\r\n")) LATE TAIL,
		 false},
		{HEAD BERLIN(SUMMER WINTER RULE("STANDARD", "+0100", "+0000", "19500101T000000",
						"RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1SU;COUNT=200\r\n")) LATE TAIL,
		 false},
		{HEAD BERLIN(SUMMER WINTER SUMMER) LATE TAIL, false},
		/* times before the two are the same */
		{HEAD BERLIN(SUMMER WINTER) IN_BERLIN(AT("19971231T235959")) TAIL, false},
		{HEAD BERLIN(SUMMER WINTER)
			 IN_BERLIN(AT("20260701T120000") "EXDATE;TZID=Europe/Berlin:19800701T120000\r\n") TAIL,
		 false},
		{HEAD BERLIN(SUMMER WINTER) IN_BERLIN(
			 AT("20260701T120000") "RDATE;TZID=Europe/Berlin;VALUE=PERIOD:19800701T120000/PT1H\r\n") TAIL,
		 false},
		{HEAD BERLIN(SUMMER WINTER) IN_BERLIN(AT("20260701T120000") "X-AT;TZID=Europe/Berlin:when\r\n") TAIL,
		 false},
		{HEAD BERLIN(SUMMER WINTER) LATE IN_BERLIN(
			 "RECURRENCE-ID;TZID=Europe/Berlin:19800701T120000\r\n" AT("20260702T120000")) TAIL,
		 false},
		/* other rules */
		{HEAD BERLIN(SUMMER) LATE TAIL, false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T020000", OCTOBER)) LATE TAIL, false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030001", OCTOBER)) LATE TAIL, false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0000", "19701025T030000", OCTOBER)) LATE TAIL, false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0100", "+0100", "19701025T030000", OCTOBER)) LATE TAIL, false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030000Z", OCTOBER)) LATE TAIL, false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030000",
					 "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=4SU\r\n")) LATE TAIL,
		 false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030000",
					 "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=-1SU\r\n")) LATE TAIL,
		 false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030000",
					 "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;INTERVAL=2\r\n")) LATE TAIL,
		 false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030000",
					 "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;BYHOUR=4\r\n")) LATE TAIL,
		 false},
		{HEAD BERLIN(SUMMER RULE("STANDARD", "+0200", "+0100", "19701025T030000",
					 "RRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=25\r\n")) LATE TAIL,
		 false},
		/* names that libical does not look up as they are, or for which it has several */
		{HEAD ZONE("europe/berlin", SUMMER WINTER) IN_BERLIN("DTSTART;TZID=europe/berlin:20260701T120000\r\n")
			 TAIL,
		 false},
		{HEAD ZONE("Nowhere", SUMMER WINTER) IN_BERLIN("DTSTART;TZID=Nowhere:20260701T120000\r\n") TAIL, false},
		{HEAD ZONE("America/New_York", SUMMER WINTER)
			 IN_BERLIN("DTSTART;TZID=America/New_York:20260701T120000\r\n") TAIL,
		 false},
		{HEAD BERLIN(SUMMER WINTER) BERLIN(SUMMER WINTER) LATE TAIL, false},
		{HEAD LATE TAIL, false},
	};

	(void)state;
	ical_zones_load();
	for (size_t i = 0; i < array_count(cases); i++) {
		icalcomponent *root = ical_parse(span_of(cases[i].text)), *aside;

		assert_non_null(root);
		aside = ical_zone_set_aside(root);
		if ((aside != NULL) != cases[i].is_aside)
			fail_msg("%s", cases[i].text);
		if (aside != NULL)
			icalcomponent_add_component(root, aside);
		icalcomponent_free(root);
	}
}

/* The VTIMEZONE that a client makes of the last rules of the zone. */
static icalcomponent *spell_out(const struct ical_zone_entry *entry)
{
	struct buf text = {0};
	icalcomponent *vtimezone;

	buf_printf(&text, "BEGIN:VTIMEZONE\r\nTZID:%s\r\n", entry->info.name);
	for (int i = 0; i < 2; i++) {
		static const char *const days[] = {"", "SU", "MO", "TU", "WE", "TH", "FR", "SA"};
		const struct ical_zone_rule *rule = &entry->ending.last[i];
		const char *kind = i == 0 ? "STANDARD" : "DAYLIGHT";
		int from = abs(rule->offset_from), to = abs(rule->offset_to);

		buf_printf(&text,
			   "BEGIN:%s\r\nDTSTART:19700101T%02d%02d%02d\r\nTZOFFSETFROM:%c%02d%02d\r\n"
			   "TZOFFSETTO:%c%02d%02d\r\nRRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s\r\nEND:%s\r\n",
			   kind, rule->time / 3600, rule->time / 60 % 60, rule->time % 60,
			   rule->offset_from < 0 ? '-' : '+', from / 3600, from / 60 % 60,
			   rule->offset_to < 0 ? '-' : '+', to / 3600, to / 60 % 60, rule->month,
			   icalrecurrencetype_day_position(rule->day),
			   days[icalrecurrencetype_day_day_of_week(rule->day)], kind);
	}
	buf_text(&text, "END:VTIMEZONE\r\n");
	vtimezone = ical_parse(buf_view(&text));
	assert_non_null(vtimezone);
	buf_done(&text);
	return vtimezone;
}

/* In every hour of the years in which clocks have changed, and in some of the others. */
static void compare(icaltimezone *one, icaltimezone *other, int since, const char *name)
{
	for (int year = since; year <= 2100; year += year < since + 4 ? 1 : 13)
		for (int hour = 0; hour < 366 * 24; hour++) {
			struct icaltimetype time = {.year = year, .month = 1, .day = 1, .hour = hour, .minute = 30};
			int a, b;

			time = icaltime_normalize(time);
			a = icaltimezone_get_utc_offset(one, &time, NULL);
			b = icaltimezone_get_utc_offset(other, &time, NULL);
			if (a != b)
				fail_msg("%s: %s: %d, %d", name, icaltime_as_ical_string(time), a, b);
		}
}

static void the_same_is_the_same(void **state)
{
	size_t count = 0, compared = 0;

	(void)state;
	for (size_t i = 0; ical_zone_at(i) != NULL; i++) {
		const struct ical_zone_entry *entry = ical_zone_entry_of(span_of(ical_zone_at(i)->name));
		icalcomponent *vtimezone;
		icaltimezone *own;

		count++;
		if (entry->ending.since == 0 || entry->info.alias_of != NULL)
			continue;
		if (++compared % 6 != 0 && strcmp(entry->info.name, "Europe/Berlin") != 0 &&
		    strcmp(entry->info.name, "America/New_York") != 0)
			continue; /* many are alike */
		vtimezone = spell_out(entry);
		own = icaltimezone_new();
		assert_true(icaltimezone_set_component(own, vtimezone));
		compare(own, entry->zone, entry->ending.since, entry->info.name);
		icaltimezone_free(own, 1);
	}
	printf("%zu zones, %zu with two rules at their end\n", count, compared);
	assert_true(compared > 30);
}

/* What is set aside comes back: filters and answers look at it. */
static void the_object_keeps_it(void **state)
{
	struct arena *arena = arena_create();
	struct ical_object *object = test_open(HEAD BERLIN(SUMMER WINTER) LATE TAIL, arena);

	(void)state;
	assert_int_equal(icalcomponent_count_components(object->root, ICAL_VTIMEZONE_COMPONENT), 1);
	assert_non_null(icalcomponent_get_timezone(object->root, "Europe/Berlin"));
	ical_object_close(&object);
	arena_destroy(&arena);
}

/* A zone of that name that is another one: the object's word counts. */
static void the_object_is_believed(void **state)
{
	struct arena *arena = arena_create();
	struct ical_object *object;
	struct ical_summary same, other;
	const char *problem;

	(void)state;
	assert_int_equal(ical_object_open(SPAN(HEAD BERLIN(SUMMER WINTER) LATE TAIL), arena, &object, &same, &problem),
			 ICAL_GOOD);
	ical_object_close(&object);
	assert_int_equal(
		ical_object_open(SPAN(HEAD BERLIN(RULE("STANDARD", "+0500", "+0500", "19700101T000000", "")) LATE TAIL),
				 arena, &object, &other, &problem),
		ICAL_GOOD);
	ical_object_close(&object);
	assert_int_equal(same.first, test_time("20260701T100000", 0));
	assert_int_equal(other.first, test_time("20260701T070000", 0));
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_says_the_same),
		cmocka_unit_test(the_same_is_the_same),
		cmocka_unit_test(the_object_keeps_it),
		cmocka_unit_test(the_object_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Filters of calendar-query (RFC 4791, 9.7) and their time ranges (9.9), with the examples of 7.8. */
#include "tests/unit/ical/ical_test.h"

static bool matches(const char *text, const struct ical_comp_filter *inner, const char *zone_name)
{
	struct ical_comp_filter filter = {.name = SPAN("VCALENDAR"), .comps = inner};
	struct arena *arena = arena_create();
	struct ical_object *object = test_open(text, arena);
	struct ical_zone *zone = zone_name == NULL ? NULL : ical_zone_of_name(span_of(zone_name));
	bool got;

	assert_int_equal(ical_object_matches(object, &filter, zone, &got), ICAL_GOOD);
	ical_zone_destroy(&zone);
	ical_object_close(&object);
	arena_destroy(&arena);
	return got;
}

static bool matches_in(const char *text, const char *component, const char *from, const char *to, const char *zone)
{
	struct ical_range range = test_range(from, to);
	struct ical_comp_filter filter = {.name = span_of(component), .range = &range};

	return matches(text, &filter, zone);
}

/* --- time ranges --- */

struct range_case {
	const char *text, *from, *to;
	bool want;
	const char *zone;
};

static void play(const struct range_case *cases, size_t count, const char *component)
{
	for (size_t i = 0; i < count; i++)
		if (matches_in(cases[i].text, component, cases[i].from, cases[i].to, cases[i].zone) != cases[i].want)
			fail_msg("%s, case %zu: %s\n%s %s", component, i, cases[i].text, cases[i].from, cases[i].to);
}

#define NOON     "20060102T120000"
#define ONE      "20060102T130000"
#define ELEVEN   "20060102T110000"
#define NOON_1   "20060102T120001"
#define ONE_1    "20060102T130001"
#define MIDNIGHT "20060102T000000"
#define NEXT     "20060103T000000"

static void events(void **state)
{
	static const struct range_case cases[] = {
		/* DTEND */
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), ELEVEN, NOON, false, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), ELEVEN, NOON_1, true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), ONE, ONE_1, false, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), NOON_1, ONE, true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), "-", ELEVEN, false, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), "-", ONE, true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), ONE_1, "-", false, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n"), ELEVEN, "-", true, NULL},
		/* DURATION above zero */
		{EVENT("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n"), ONE, ONE_1, false, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n"), NOON_1, ONE, true, NULL},
		/* none, or zero: the start counts */
		{EVENT("DTSTART:" NOON "Z\r\nDURATION:PT0S\r\n"), NOON, NOON_1, true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDURATION:PT0S\r\n"), ELEVEN, NOON, false, NULL},
		{EVENT("DTSTART:" NOON "Z\r\n"), NOON, NOON_1, true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\n"), NOON_1, ONE, false, NULL},
		/* a date: its day, where the zone has it */
		{EVENT("DTSTART;VALUE=DATE:20060102\r\n"), MIDNIGHT, NOON, true, NULL},
		{EVENT("DTSTART;VALUE=DATE:20060102\r\n"), NEXT, "20060104T000000", false, NULL},
		{EVENT("DTSTART;VALUE=DATE:20060102\r\n"), "20060101T230000", "20060101T233000", true, "Europe/Berlin"},
		{EVENT("DTSTART;VALUE=DATE:20060102\r\n"), "20060102T230000", NEXT, false, "Europe/Berlin"},
		{EVENT("DTSTART;VALUE=DATE:20060102\r\nDURATION:P2D\r\n"), "20060103T120000", "-", true, NULL},
		/* floating */
		{EVENT("DTSTART:" NOON "\r\nDURATION:PT1H\r\n"), ELEVEN, NOON, true, "Europe/Berlin"},
		{EVENT("DTSTART:" NOON "\r\nDURATION:PT1H\r\n"), ELEVEN, NOON, false, NULL},
		/* for ever, and very long */
		{EVENT("DTSTART:" NOON "Z\r\nRRULE:FREQ=WEEKLY\r\n"), "20360102T000000", "20360103T000000", false,
		 NULL},
		{EVENT("DTSTART:" NOON "Z\r\nRRULE:FREQ=WEEKLY\r\n"), "20351231T000000", "20360101T000000", true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nRRULE:FREQ=SECONDLY\r\n"), "20060102T120000", "-", true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nRRULE:FREQ=SECONDLY\r\n"), "20360102T120000", "20360102T120001", true,
		 NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDURATION:P30D\r\nRRULE:FREQ=YEARLY\r\n"), "20100120T000000",
		 "20100120T000001", true, NULL},
		{EVENT("DTSTART:" NOON "Z\r\nDURATION:P30D\r\nRRULE:FREQ=YEARLY\r\n"), "20100220T000000",
		 "20100220T000001", false, NULL},
		/* overridden instances are where they are, and not where they were */
		{ABCD2, "20060104T170000", "20060104T180000", false, NULL},
		{ABCD2, "20060104T190000", "20060104T200000", true, NULL},
		{ABCD2, "20060105T170000", "20060105T180000", true, NULL},
		{ABCD2, "20060107T000000", "20060108T000000", false, NULL},
	};

	(void)state;
	play(cases, array_count(cases), "VEVENT");
	assert_false(matches_in(cases[0].text, "VTODO", "-", "-", NULL));
}

static void todos(void **state)
{
	static const struct range_case cases[] = {
		/* DTSTART, DURATION */
		{TODO("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n"), ONE, ONE_1, true, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n"), ONE_1, NEXT, false, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n"), ELEVEN, NOON, false, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n"), ELEVEN, NOON_1, true, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDURATION:PT0S\r\n"), ELEVEN, NOON, true, NULL},
		/* DTSTART, DUE */
		{TODO("DTSTART:" NOON "Z\r\nDUE:" ONE "Z\r\n"), ONE, ONE_1, false, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDUE:" ONE "Z\r\n"), NOON_1, ONE, true, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDUE:" ONE "Z\r\n"), ELEVEN, NOON, false, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDUE:" NOON "Z\r\n"), NOON, NOON_1, true, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDUE:" NOON "Z\r\n"), ELEVEN, NOON, true, NULL},
		/* DTSTART */
		{TODO("DTSTART:" NOON "Z\r\n"), NOON, NOON_1, true, NULL},
		{TODO("DTSTART:" NOON "Z\r\n"), NOON_1, ONE, false, NULL},
		{TODO("DTSTART:" NOON "Z\r\n"), ELEVEN, NOON, false, NULL},
		/* DUE */
		{TODO("DUE:" NOON "Z\r\n"), ELEVEN, NOON, true, NULL},
		{TODO("DUE:" NOON "Z\r\n"), NOON, ONE, false, NULL},
		{TODO("DUE:" NOON "Z\r\n"), "-", ELEVEN, false, NULL},
		/* COMPLETED, CREATED */
		{TODO("CREATED:" NOON "Z\r\nCOMPLETED:" ONE "Z\r\n"), ONE, ONE_1, true, NULL},
		{TODO("CREATED:" NOON "Z\r\nCOMPLETED:" ONE "Z\r\n"), ONE_1, NEXT, false, NULL},
		{TODO("CREATED:" NOON "Z\r\nCOMPLETED:" ONE "Z\r\n"), ELEVEN, NOON, true, NULL},
		{TODO("CREATED:" NOON "Z\r\nCOMPLETED:" ONE "Z\r\n"), MIDNIGHT, ELEVEN, false, NULL},
		{TODO("COMPLETED:" NOON "Z\r\n"), ELEVEN, NOON, true, NULL},
		{TODO("COMPLETED:" NOON "Z\r\n"), NOON, ONE, true, NULL},
		{TODO("COMPLETED:" NOON "Z\r\n"), NOON_1, ONE, false, NULL},
		{TODO("COMPLETED:" NOON "Z\r\n"), MIDNIGHT, ELEVEN, false, NULL},
		{TODO("CREATED:" NOON "Z\r\n"), ELEVEN, NOON, false, NULL},
		{TODO("CREATED:" NOON "Z\r\n"), ELEVEN, NOON_1, true, NULL},
		{TODO("CREATED:" NOON "Z\r\n"), "20200101T000000", "-", true, NULL},
		/* nothing */
		{TODO(""), "20200101T000000", "20200101T000001", true, NULL},
		/* recurring, and one by DUE alone */
		{TODO("DTSTART:" NOON "Z\r\nDUE:" ONE "Z\r\nRRULE:FREQ=DAILY\r\n"), "20080102T123000",
		 "20080102T124500", true, NULL},
		{TODO("DTSTART:" NOON "Z\r\nDUE:" ONE "Z\r\nRRULE:FREQ=DAILY\r\n"), "20080102T133000",
		 "20080102T134500", false, NULL},
		{TODO("DUE:" ONE "Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"), "20060104T125959", "20060104T130000", true,
		 NULL},
	};

	(void)state;
	play(cases, array_count(cases), "VTODO");
}

static void journals_and_freebusy(void **state)
{
	static const struct range_case journals[] = {
		{HEAD COMP("VJOURNAL", "DTSTART:" NOON "Z\r\n") TAIL, NOON, NOON_1, true, NULL},
		{HEAD COMP("VJOURNAL", "DTSTART:" NOON "Z\r\n") TAIL, NOON_1, ONE, false, NULL},
		{HEAD COMP("VJOURNAL", "DTSTART;VALUE=DATE:20060102\r\n") TAIL, NOON, ONE, true, NULL},
		{HEAD COMP("VJOURNAL", "DTSTART;VALUE=DATE:20060102\r\n") TAIL, NEXT, "-", false, NULL},
		{HEAD COMP("VJOURNAL", "") TAIL, "-", "-", false, NULL},
	};
	static const struct range_case busy[] = {
		{HEAD COMP("VFREEBUSY", "DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n") TAIL, ONE, ONE_1, true, NULL},
		{HEAD COMP("VFREEBUSY", "DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n") TAIL, ELEVEN, NOON, false, NULL},
		{HEAD COMP("VFREEBUSY", "FREEBUSY:" NOON "Z/PT1H,20060103T000000Z/20060103T010000Z\r\n") TAIL, ONE,
		 NEXT, false, NULL},
		{HEAD COMP("VFREEBUSY", "FREEBUSY:" NOON "Z/PT1H,20060103T000000Z/20060103T010000Z\r\n") TAIL,
		 "20060103T003000", "20060103T004500", true, NULL},
		{HEAD COMP("VFREEBUSY", "") TAIL, "-", "-", false, NULL},
	};
	static const struct range_case availability[] = {
		{HEAD COMP("VAVAILABILITY", "DTSTART:" NOON "Z\r\nDTEND:" ONE "Z\r\n") TAIL, ONE, NEXT, false, NULL},
		{HEAD COMP("VAVAILABILITY", "DTSTART:" NOON "Z\r\n") TAIL, ONE, NEXT, true, NULL},
		{HEAD COMP("VAVAILABILITY", "DTEND:" NOON "Z\r\n") TAIL, ONE, NEXT, false, NULL},
		{HEAD COMP("VAVAILABILITY", "") TAIL, ONE, NEXT, true, NULL},
	};

	(void)state;
	play(journals, array_count(journals), "VJOURNAL");
	play(busy, array_count(busy), "VFREEBUSY");
	play(availability, array_count(availability), "VAVAILABILITY");
}

#define ALARM(lines) "BEGIN:VALARM\r\nACTION:AUDIO\r\n" lines "END:VALARM\r\n"

/* The filter is that of RFC 4791, 7.8.5. */
static void alarms(void **state)
{
	static const struct {
		const char *component;
		struct range_case range;
	} cases[] = {
		{"VEVENT", {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:-PT1H\r\n")), ELEVEN, NOON, true, NULL}},
		{"VEVENT", {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:-PT1H\r\n")), NOON, ONE, false, NULL}},
		{"VEVENT", {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:PT0S\r\n")), NOON, ONE, true, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n" ALARM("TRIGGER;RELATED=END:PT0S\r\n")), ONE, ONE_1,
		  true, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\n" ALARM("TRIGGER;RELATED=END:PT0S\r\n")), NOON, ONE,
		  false, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20050101T000000Z\r\n")),
		  "20050101T000000", "20050101T000001", true, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON
			"Z\r\nRRULE:FREQ=SECONDLY\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20050101T000000Z\r\n")),
		  NOON, "-", false, NULL}},
		/* repeated: 11:00, 11:20, 11:40 */
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:-PT1H\r\nREPEAT:2\r\nDURATION:PT20M\r\n")),
		  "20060102T114000", NOON, true, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:-PT1H\r\nREPEAT:2\r\nDURATION:PT20M\r\n")),
		  "20060102T112001", "20060102T114000", false, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:-PT1H\r\nREPEAT:2\r\nDURATION:PT20M\r\n")), NOON, ONE,
		  false, NULL}},
		/* of each instance */
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\nRRULE:FREQ=DAILY\r\n" ALARM("TRIGGER:-P2D\r\n")), "20090101T120000",
		  "20090101T120001", true, NULL}},
		{"VEVENT",
		 {EVENT("DTSTART:" NOON "Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\n" ALARM("TRIGGER:-P2D\r\n")),
		  "20060102T120000", "20060102T120001", false, NULL}},
		/* of an overridden one alone */
		{"VEVENT",
		 {HEAD COMP("VEVENT", "DTSTART:" NOON "Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
			  COMP("VEVENT", "RECURRENCE-ID:20060103T120000Z\r\nDTSTART:20060103T150000Z\r\n" ALARM(
						 "TRIGGER:-PT1H\r\n")) TAIL,
		  "20060103T140000", "20060103T140001", true, NULL}},
		{"VEVENT",
		 {HEAD COMP("VEVENT", "DTSTART:" NOON "Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
			  COMP("VEVENT", "RECURRENCE-ID:20060103T120000Z\r\nDTSTART:20060103T150000Z\r\n" ALARM(
						 "TRIGGER:-PT1H\r\n")) TAIL,
		  "20060104T110000", "20060104T110001", false, NULL}},
		{"VTODO", {TODO("DUE:" NOON "Z\r\n" ALARM("TRIGGER;RELATED=END:-PT1H\r\n")), ELEVEN, NOON, true, NULL}},
		{"VTODO", {TODO(ALARM("TRIGGER:-PT1H\r\n")), "-", "-", false, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct ical_range range = test_range(cases[i].range.from, cases[i].range.to);
		struct ical_comp_filter alarm = {.name = SPAN("VALARM"), .range = &range};
		struct ical_comp_filter filter = {.name = span_of(cases[i].component), .comps = &alarm};

		if (matches(cases[i].range.text, &filter, NULL) != cases[i].range.want)
			fail_msg("case %zu: %s", i, cases[i].range.text);
	}
}

/* --- properties and parameters --- */

#define RICH                                                                                                           \
	EVENT("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\nSUMMARY;LANGUAGE=de:Stra\xc3\x9f"                                 \
	      "e\\, \xc3\x84pfel\\nund mehr\r\nCATEGORIES:Work,Home\\, sweet\r\nX-FOO:a\\;b\r\n"                       \
	      "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=\"Lisa D, jr\":mailto:lisa@example.com\r\n"                           \
	      "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bernard@example.com\r\nSTATUS:CONFIRMED\r\n")

static bool has(const char *name, const char *text, enum ical_collation collation, bool is_negated)
{
	struct ical_text_match match = {.text = span_of(text), .collation = collation, .is_negated = is_negated};
	struct ical_prop_filter prop = {.name = span_of(name), .match = &match};
	struct ical_comp_filter filter = {.name = SPAN("VEVENT"), .props = &prop};

	return matches(RICH, &filter, NULL);
}

static void texts(void **state)
{
	(void)state;
	assert_true(has("SUMMARY", "pfel\nund", ICAL_OCTET, false));
	assert_false(has("SUMMARY", "PFEL", ICAL_OCTET, false));
	assert_true(has("summary", "STRA", ICAL_ASCII_CASEMAP, false));
	assert_true(has("SUMMARY", "e, ", ICAL_ASCII_CASEMAP, false));
	assert_false(has("SUMMARY", "\\,", ICAL_OCTET, false));
	assert_false(has("SUMMARY", "\xc3\xa4pfel", ICAL_ASCII_CASEMAP, false)); /* ä is no letter of ASCII */
	assert_true(has("SUMMARY", "\xc3\xa4pfel", ICAL_UNICODE_CASEMAP, false));
	assert_true(has("SUMMARY", "A\xcc\x88PFEL", ICAL_UNICODE_CASEMAP, false)); /* A and a diaeresis */
	assert_true(has("SUMMARY", "STRASSE", ICAL_UNICODE_CASEMAP, false));
	assert_false(has("SUMMARY", "\xff", ICAL_UNICODE_CASEMAP, false));
	assert_true(has("SUMMARY", "", ICAL_UNICODE_CASEMAP, false));
	assert_false(has("SUMMARY", "pfel", ICAL_OCTET, true));
	assert_true(has("SUMMARY", "Birnen", ICAL_OCTET, true));
	assert_false(has("LOCATION", "x", ICAL_OCTET, true)); /* what is not there neither matches nor not */
	assert_true(has("CATEGORIES", "home, sweet", ICAL_ASCII_CASEMAP, false));
	assert_true(has("CATEGORIES", "Work", ICAL_OCTET, false));
	assert_true(has("X-FOO", "a;b", ICAL_OCTET, false));
	assert_true(has("STATUS", "confirmed", ICAL_ASCII_CASEMAP, false));
	assert_true(has("ATTENDEE", "mailto:lisa@example.com", ICAL_ASCII_CASEMAP, false));
	assert_true(has("UID", "1", ICAL_OCTET, false));
}

static bool has_param(const char *address, const char *name, const char *text, bool is_not_defined)
{
	struct ical_text_match match = {.text = span_of(text)}, of = {.text = span_of(address)};
	struct ical_param_filter param = {
		.name = span_of(name), .is_not_defined = is_not_defined, .match = text == NULL ? NULL : &match};
	struct ical_prop_filter prop = {.name = SPAN("ATTENDEE"), .match = &of, .params = &param};
	struct ical_comp_filter filter = {.name = SPAN("VEVENT"), .props = &prop};

	return matches(RICH, &filter, NULL);
}

/* RFC 4791, 7.8.7: of one and the same ATTENDEE. */
static void parameters(void **state)
{
	(void)state;
	assert_true(has_param("mailto:lisa@example.com", "PARTSTAT", "NEEDS-ACTION", false));
	assert_false(has_param("mailto:bernard@example.com", "PARTSTAT", "NEEDS-ACTION", false));
	assert_true(has_param("mailto:lisa@example.com", "cn", "Lisa D, jr", false));
	assert_true(has_param("mailto:lisa@example.com", "CN", NULL, false));
	assert_false(has_param("mailto:bernard@example.com", "CN", NULL, false));
	assert_true(has_param("mailto:bernard@example.com", "CN", NULL, true));
	assert_false(has_param("mailto:lisa@example.com", "CN", NULL, true));
}

static bool prop_in(const char *text, const char *component, const char *name, const char *from, const char *to)
{
	struct ical_range range = test_range(from, to);
	struct ical_prop_filter prop = {.name = span_of(name), .range = &range};
	struct ical_comp_filter filter = {.name = span_of(component), .props = &prop};

	return matches(text, &filter, NULL);
}

static void property_ranges(void **state)
{
	static const char todo[] = TODO("DTSTART:" NOON "Z\r\nDURATION:PT1H\r\nCOMPLETED:20060110T000000Z\r\n");

	(void)state;
	assert_true(prop_in(todo, "VTODO", "COMPLETED", "20060110T000000", "20060110T000001"));
	assert_false(prop_in(todo, "VTODO", "COMPLETED", "20060109T000000", "20060110T000000"));
	assert_true(prop_in(todo, "VTODO", "DTSTAMP", "-", "20060102T000000"));
	assert_true(prop_in(todo, "VTODO", "DUE", ONE, ONE_1)); /* in effect */
	assert_false(prop_in(todo, "VTODO", "DUE", NOON, ONE));
	assert_true(prop_in(RICH, "VEVENT", "DTEND", ONE, ONE_1));
	assert_false(prop_in(RICH, "VEVENT", "DUE", "-", "-"));
	assert_false(prop_in(RICH, "VEVENT", "SUMMARY", "-", "-"));
	assert_false(prop_in(RICH, "VEVENT", "CREATED", "-", "-"));
}

/* --- together --- */

/* RFC 4791, 7.8.9: to-dos that are neither done nor cancelled. */
static void open_todos(void **state)
{
	struct ical_text_match cancelled = {.text = SPAN("CANCELLED"), .is_negated = true};
	struct ical_prop_filter status = {.name = SPAN("STATUS"), .match = &cancelled};
	struct ical_prop_filter completed = {.name = SPAN("COMPLETED"), .is_not_defined = true, .next = &status};
	struct ical_comp_filter filter = {.name = SPAN("VTODO"), .props = &completed};

	(void)state;
	assert_true(matches(TODO("STATUS:NEEDS-ACTION\r\n"), &filter, NULL));
	assert_false(matches(TODO("STATUS:CANCELLED\r\n"), &filter, NULL));
	assert_false(matches(TODO("STATUS:NEEDS-ACTION\r\nCOMPLETED:20060110T000000Z\r\n"), &filter, NULL));
	assert_false(matches(EVENT("STATUS:NEEDS-ACTION\r\n"), &filter, NULL));
}

/* One component must have all: the master of ABCD2 is "Event #2", and not on the fourth. */
static void of_one_component(void **state)
{
	struct ical_range fourth = test_range("20060104T000000", "20060105T000000");
	struct ical_text_match bis = {.text = SPAN("bis")}, no_bis = {.text = SPAN("bis"), .is_negated = true};
	struct ical_prop_filter summary = {.name = SPAN("SUMMARY"), .match = &bis};
	struct ical_prop_filter no_id = {.name = SPAN("RECURRENCE-ID"), .is_not_defined = true};
	struct ical_comp_filter filter = {.name = SPAN("VEVENT"), .range = &fourth, .props = &summary};

	(void)state;
	assert_true(matches(ABCD2, &filter, NULL));
	summary.match = &no_bis;
	assert_false(matches(ABCD2, &filter, NULL));
	filter.props = &no_id;
	assert_false(matches(ABCD2, &filter, NULL));
	fourth = test_range("20060105T000000", "20060106T000000");
	assert_true(matches(ABCD2, &filter, NULL));
}

static void components(void **state)
{
	struct ical_comp_filter none = {.name = SPAN("VALARM"), .is_not_defined = true};
	struct ical_comp_filter event = {.name = SPAN("VEVENT"), .comps = &none};
	struct ical_comp_filter no_todo = {.name = SPAN("VTODO"), .is_not_defined = true};
	struct ical_comp_filter zone = {.name = SPAN("VTIMEZONE")};
	struct ical_comp_filter both = {.name = SPAN("VTIMEZONE"), .next = &event};
	struct ical_comp_filter root = {.name = SPAN("VTODO")};
	struct arena *arena = arena_create();
	struct ical_object *object = test_open(ABCD2, arena);
	bool got;

	(void)state;
	assert_true(matches(ABCD2, &event, NULL));
	assert_false(matches(EVENT("DTSTART:" NOON "Z\r\n" ALARM("TRIGGER:PT0S\r\n")), &event, NULL));
	assert_true(matches(ABCD2, &no_todo, NULL));
	assert_false(matches(TODO(""), &no_todo, NULL));
	assert_true(matches(ABCD2, &zone, NULL));
	assert_true(matches(ABCD2, &both, NULL));
	assert_false(matches(EVENT("DTSTART:" NOON "Z\r\n"), &both, NULL));
	assert_true(matches(ABCD2, NULL, NULL));
	assert_int_equal(ical_object_matches(object, &root, NULL, &got), ICAL_GOOD);
	assert_false(got);
	ical_object_close(&object);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),     cmocka_unit_test(todos),
		cmocka_unit_test(alarms),     cmocka_unit_test(journals_and_freebusy),
		cmocka_unit_test(texts),      cmocka_unit_test(parameters),
		cmocka_unit_test(open_todos), cmocka_unit_test(property_ranges),
		cmocka_unit_test(components), cmocka_unit_test(of_one_component),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

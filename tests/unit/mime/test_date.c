/* Dates (RFC 5322, 3.3 and 4.3, and what else stands there). */
#include "tests/unit/mime/mime_test.h"

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* INT64_MIN: not understood */
		int zone;
	} cases[] = {
		{"Tue, 3 Mar 2026 10:00:00 +0100", 1772528400, 60},
		{"3 Mar 2026 10:00:00 +0100 (CET) and more", 1772528400, 60},
		{"Tue,3 Mar 2026 10:00 +0100", 1772528400, 60},
		{"  tuesday (x), 03\r\n March 2026 10 : 00 : 00 +01:00", 1772528400, 60},
		{"Tue, 3 Mar 26 09:00:00 GMT", 1772528400, 0},
		{"Tue, 3-Mar-2026 04:00:00 EST", 1772528400, -300},
		{"Tue Mar  3 09:00:00 2026", 1772528400, 0},
		{"Tue Mar  3 10:00:00 CET 2026", 1772528400, 60},
		{"Mar 3, 09:00:00 +0000 2026", 1772528400, 0},
		{"Tue, 3 Mar 2026 09:00:00", 1772528400, 0},
		{"Tue, 3 Mar 2026 09:00:00 X", 1772528400, 0},
		{"Tue, 3 Mar 2026 09:00:00 Nowhere", 1772528400, 0},
		{"Tue, 3 Mar 2026 09.00.00 -0000", 1772528400, 0},
		{"3 Mar 2026", 1772496000, 0},
		{"Thu, 13 Feb 1969 23:32 -0330 (Newfoundland Time)", -27723480, -210},
		{"21 Nov 97 09:55:06 -0600", 880127706, -360},
		{"1 Jan 126 00:00:00 +0000", 1767225600, 0},
		{"31 Dec 2016 23:59:60 +0000", 1483228799, 0},
		{"29 Feb 2024 00:00:00 +0000", 1709164800, 0},
		{"1 Jan 0001 00:00:00 +0000", -62135596800, 0},
		{"1 Jan 2026 00:00:00 +9999", 1767225600, 0},
		{"29 Feb 2023 00:00:00 +0000", INT64_MIN, 0},
		{"32 Jan 2026 00:00:00 +0000", INT64_MIN, 0},
		{"0 Jan 2026 00:00:00 +0000", INT64_MIN, 0},
		{"1 Foo 2026 00:00:00 +0000", INT64_MIN, 0},
		{"1 Jan 2026 24:00:00 +0000", INT64_MIN, 0},
		{"1 Jan 2026 00:60:00 +0000", INT64_MIN, 0},
		{"1 Jan 20260 00:00:00 +0000", INT64_MIN, 0},
		{"Someday", INT64_MIN, 0},
		{"", INT64_MIN, 0},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].text); n++) {
			struct span text = test_span(cases[i].text, n);
			int64_t seconds = INT64_MIN;
			int zone = 0;
			bool ok = mime_date_parse(text, &seconds, &zone);

			if (n == strlen(cases[i].text)) {
				assert_int_equal(ok, cases[i].seconds != INT64_MIN);
				assert_int_equal(seconds, cases[i].seconds);
				assert_int_equal(zone, cases[i].zone);
			}
			test_span_free(text);
		}
}

static void days(void **state)
{
	static const struct {
		const char *header;
		int32_t day;
	} cases[] = {
		{"Date: 2 Jan 1970 00:30:00 +0200\n\n", 1}, /* the first in UTC: the zone is disregarded */
		{"Date: 1 Jan 1970 23:30:00 -0500\n\n", 0},
		{"Date: 31 Dec 1969 23:59:59 +0000\n\n", -1},
		{"Date: never\n\n", INT32_MIN},
		{"\n", INT32_MIN},
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct mime_derived d;

		mime_derive(span_of(cases[i].header), 0, arena, &d);
		assert_int_equal(d.sent_day, cases[i].day);
	}
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(days)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Queries of addresses. */
#include "caldavd/ical/query.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In a block of exactly that size. */
static struct span block(const char *text, size_t n)
{
	char *copy = alloc_bytes(n + (n == 0));

	memcpy(copy, text, n);
	return span_from(copy, n);
}

static void pairs(void **state)
{
	static const struct {
		const char *query, *want; /* "NAME=VALUE;…", "!" where one is malformed */
	} cases[] = {
		{"", ""},
		{"a=b", "a=b;"},
		{"a=b&c=d", "a=b;c=d;"},
		{"&&a&&", "a=;"},
		{"a==b=", "a==b=;"},
		{"=b", "=b;"},
		{"a%3Db=%26%2526", "a=b=&%26;"},
		{"a+b=c+d", "a+b=c+d;"},
		{"a=%C3%a9", "a=\xc3\xa9;"},
		{"a=%C3&b=c", "!b=c;"},
		{"a=%", "!"},
		{"a=%4", "!"},
		{"a=%4g", "!"},
		{"a=%00", "!"},
		{"%zz=1&b=2", "!b=2;"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct span in = block(cases[i].query, strlen(cases[i].query)), rest = in;
		struct query_pair pair;
		char got[200] = "";
		enum parse parse;

		while ((parse = query_next(&rest, arena, &pair)) != PARSE_MORE) {
			if (parse == PARSE_BAD)
				strcat(got, "!");
			else
				strcat(got, arena_printf(arena, "%.*s=%.*s;", (int)pair.name.n, pair.name.p,
							 (int)pair.value.n, pair.value.p));
		}
		assert_string_equal(got, cases[i].want);
		arena_destroy(&arena);
		free((char *)in.p);
	}
}

static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"19700101T000000Z", 0},
		{"1970-01-01", 0},
		{"19700102", 86400},
		{"2026-03-01T12:30:15+01:00", 1772364615},
		{"2026-03-01T11:30:15Z", 1772364615},
		{"20260301T060015-05:30", 1772364615},
		{"2024-02-29", 1709164800},
		{"0001-01-01", -62135596800},
		{"9999-12-31T23:59:59Z", 253402300799},
	};
	static const char *const bad[] = {"",
					  "2026",
					  "2026-3-1",
					  "2026-0301",
					  "202603-01",
					  "2025-02-29",
					  "1900-02-29",
					  "2026-13-01",
					  "2026-00-01",
					  "2026-01-00",
					  "0000-01-01",
					  "2026-01-01T",
					  "2026-01-01T00:00Z",
					  "2026-01-01T00:00:00",
					  "2026-01-01T24:00:00Z",
					  "2026-01-01T00:60:00Z",
					  "2026-01-01T00:00:61Z",
					  "2026-01-01T00:00:00ZZ",
					  "2026-01-01T00:00:00+24:00",
					  "2026-01-01T00:00:00+0100",
					  "2026-01-01 00:00:00Z",
					  "-026-01-01",
					  "+2026-01-01"};
	int64_t at;

	(void)state;
	for (size_t i = 0; i < array_count(good); i++)
		for (size_t n = 0; n <= strlen(good[i].text); n++) {
			struct span in = block(good[i].text, n);
			bool ok = query_time(in, &at);

			if (n == strlen(good[i].text)) {
				assert_true(ok);
				assert_true(at == good[i].want);
			} else { /* a date is the only front of a time that is one itself */
				assert_true(!ok || n == 8 || n == 10);
			}
			free((char *)in.p);
		}
	for (size_t i = 0; i < array_count(bad); i++)
		assert_false(query_time(span_of(bad[i]), &at));
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* 0: malformed */
	} cases[] = {
		{"P1D", 86400},
		{"P2W", 1209600},
		{"P1W1D", 691200},
		{"PT1H", 3600},
		{"P1DT2H3M4S", 93784},
		{"PT90S", 90},
		{"P3660D", 316224000},
		{"P3661D", 0},
		{"", 0},
		{"P", 0},
		{"PT", 0},
		{"P1DT", 0},
		{"P0D", 0},
		{"1D", 0},
		{"P1", 0},
		{"PD", 0},
		{"P1H", 0},
		{"PT1D", 0},
		{"P1D1W", 0},
		{"P1D1D", 0},
		{"PT1M1H", 0},
		{"-P1D", 0},
		{"P-1D", 0},
		{"P1DX", 0},
		{"P1Y", 0},
		{"P99999999999999999999D", 0},
		{"P316224000W", 0},
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].text); n++) {
			struct span in = block(cases[i].text, n);
			bool ok = query_duration(in, &seconds);

			if (n == strlen(cases[i].text)) {
				assert_true(ok == (cases[i].want != 0));
				assert_true(!ok || seconds == cases[i].want);
			}
			free((char *)in.p);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(times),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

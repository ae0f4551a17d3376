/* The arguments of POP3's commands. */
#include "common/base/must.h"
#include "pop3d/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void arguments(void **state)
{
	static const struct {
		const char *name, *rest, *first, *second; /* first "!": refused */
	} cases[] = {
		{"STAT", "", NULL, NULL},
		{"STAT", "  ", NULL, NULL},
		{"STAT", "1", "!", NULL},
		{"list", "", NULL, NULL},
		{"LIST", "7", "7", NULL},
		{"LIST", "7 8", "!", NULL},
		{"Retr", "", "!", NULL},
		{"RETR", "3 ", "3", NULL},
		{"TOP", "3", "!", NULL},
		{"TOP", "3 4", "3", "4"},
		{"TOP", "3 4 5", "!", NULL},
		{"PASS", "two  words ", "two  words ", NULL},
		{"PASS", " ", " ", NULL},
		{"PASS", "", "!", NULL},
		{"USER", "anna b", "anna b", NULL},
		{"AUTH", "PLAIN", "PLAIN", NULL},
		{"AUTH", "PLAIN =", "PLAIN", "="},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct pop3_command_row *row = pop3_command_find(span_of(cases[i].name));
		const char *first = cases[i].first, *second = cases[i].second;
		struct pop3_command command;
		bool ok;

		assert_non_null(row);
		ok = pop3_arguments_parse(row, span_of(cases[i].rest), &command);
		if (ok != (first == NULL || strcmp(first, "!") != 0))
			fail_msg("case %zu", i);
		if (!ok)
			continue;
		assert_int_equal(command.count, (first != NULL) + (second != NULL));
		if ((first != NULL && !span_is(command.arguments[0], first)) ||
		    (second != NULL && !span_is(command.arguments[1], second)))
			fail_msg("case %zu", i);
	}
	assert_null(pop3_command_find(SPAN("APOP")));
	assert_null(pop3_command_find(SPAN("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(arguments)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

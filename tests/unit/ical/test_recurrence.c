/* The recurrence tables of the corpus: every rule gives the instances that are written beside it. Rows whose outcome
 * RFC 5545 leaves open (DTSTART does not match the rule) and rows that an independent library sees differently are only
 * played. */
#include "common/base/buf.h"
#include "common/ical/recurrence_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ID, TZID, DTSTART, RECURRENCE, FROM, LIMIT, IS_FIRST, OPINION, INSTANCES, COLUMNS };

struct list {
	struct buf text;
	size_t count, limit;
};

static bool note(void *arg, const struct ical_start *start)
{
	struct list *list = arg;
	char text[64];

	snprintf(text, sizeof text, "%s", icaltime_as_ical_string(start->time));
	text[strcspn(text, "Z")] = '\0';
	buf_printf(&list->text, "%s%s", list->count > 0 ? "," : "", text);
	return ++list->count < list->limit;
}

/* The zone that the source of some rows brings itself. */
#define US_EASTERN                                                                                                     \
	"BEGIN:VTIMEZONE\r\nTZID:US-Eastern\r\n"                                                                       \
	"BEGIN:STANDARD\r\nDTSTART:19871025T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"                     \
	"TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n"                                                   \
	"BEGIN:DAYLIGHT\r\nDTSTART:19870405T020000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\r\n"                       \
	"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

static void write_object(char **column, struct buf *out)
{
	char *line, *rest = column[RECURRENCE];

	buf_text(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" US_EASTERN "BEGIN:VEVENT\r\nUID:1\r\nDTSTART");
	if (strchr(column[DTSTART], 'T') == NULL)
		buf_text(out, ";VALUE=DATE");
	else if (strcmp(column[TZID], "-") != 0)
		buf_printf(out, ";TZID=%s", column[TZID]);
	buf_printf(out, ":%s\r\n", column[DTSTART]);
	while ((line = strtok_r(rest, "|", &rest)) != NULL) {
		struct span trimmed = span_trim(span_of(line));

		buf_span(out, trimmed);
		buf_text(out, "\r\n");
	}
	buf_text(out, "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

/* Times in UTC are written with a Z in some rows and without in others, dates with the time of midnight in some. */
static void strip(char *instances, bool is_date)
{
	char *to = instances;

	for (const char *from = instances; *from != '\0'; from++) {
		if (is_date && strncmp(from, "T000000", 7) == 0)
			from += 6;
		else if (*from != 'Z')
			*to++ = *from;
	}
	*to = '\0';
}

/* Is the row one whose instances bind? */
static bool is_binding(char **column)
{
	return strcmp(column[IS_FIRST], "yes") == 0 && strcmp(column[OPINION], "no") != 0 &&
	       strncmp(column[INSTANCES], "ERROR", 5) != 0;
}

/* The text of the list of differences, in heap memory. */
static char *read_differences(void)
{
	FILE *file = fopen("tests/unit/ical/recurrence_differences.txt", "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(file);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	return text;
}

static bool is_explained(const char *differences, const char *id)
{
	char line[64];

	snprintf(line, sizeof line, "\n%s\t", id);
	return strstr(differences, line) != NULL;
}

/* Where the last wanted instance lies: a rule without an end is not followed beyond. */
static int64_t end_of(const char *instances, const char *tzid)
{
	const char *last = strrchr(instances, ',');
	struct icaltimetype time = icaltime_from_string(last == NULL ? instances : last + 1);
	icaltimezone *zone = icaltimezone_get_builtin_timezone(tzid);

	return ical_seconds(time, zone) + ICAL_DAY; /* some zones are known to the object only */
}

static bool play(char **column, const char *differences)
{
	struct arena *arena = arena_create();
	struct list list = {.limit = strtoul(column[LIMIT], NULL, 10)};
	struct buf text = {0};
	struct ical_object *object;
	struct ical_summary summary;
	const char *problem;
	uint64_t work = 0;
	bool ok;

	if (list.limit == 0)
		list.limit = SIZE_MAX;
	write_object(column, &text);
	strip(column[INSTANCES], strchr(column[DTSTART], 'T') == NULL);
	if (ical_object_open(buf_view(&text), arena, &object, &summary, &problem) == ICAL_GOOD) {
		icalcomponent *event = icalcomponent_get_first_component(object->root, ICAL_VEVENT_COMPONENT);
		int64_t to = list.limit == SIZE_MAX ? ICAL_OPEN_END - 1 : end_of(column[INSTANCES], column[TZID]);

		(void)ical_starts(event, NULL, ICAL_OPEN_START, to, &work, note, &list);
		ical_object_close(&object);
	}
	ok = !is_binding(column) ||
	     (strcmp(buf_cstr(&list.text), column[INSTANCES]) == 0) != is_explained(differences, column[ID]);
	if (!ok)
		print_error("%s: %s\n  got  %.300s\n  want %.300s\n", column[ID], column[DTSTART], buf_cstr(&list.text),
			    column[INSTANCES]);
	buf_done(&list.text);
	buf_done(&text);
	arena_destroy(&arena);
	return ok;
}

/* column: pointers into line. rscale-expect.tsv has no second opinion. */
static void split(char *line, char **column, bool has_opinion)
{
	char *rest = line;

	line[strcspn(line, "\n")] = '\0';
	for (size_t n = 0; n < COLUMNS; n++) {
		column[n] = n == OPINION && !has_opinion ? "unchecked" : strsep(&rest, "\t");
		if (column[n] == NULL)
			fail_msg("too few columns: %s", line);
	}
}

static void play_table(const char *name, bool has_opinion)
{
	const char *corpus = getenv("TRIVET_CORPUS");
	char *path = NULL, *line = NULL, *column[COLUMNS], *differences;
	size_t size = 0, rows = 0, wrong = 0;
	FILE *file;

	assert_true(asprintf(&path, "%s/recurrence/%s", corpus == NULL ? "../shared/corpus" : corpus, name) > 0);
	file = fopen(path, "r");
	free(path);
	if (file == NULL)
		skip();
	differences = read_differences();
	assert_true(getline(&line, &size, file) > 0); /* the names of the columns */
	while (getline(&line, &size, file) > 0) {
		split(line, column, has_opinion);
		rows++;
		wrong += !play(column, differences);
	}
	free(differences);
	free(line);
	fclose(file);
	print_message("%zu rows, %zu wrong\n", rows, wrong);
	assert_true(rows > 0);
	assert_int_equal(wrong, 0);
}

static void gregorian(void **state)
{
	(void)state;
	play_table("rrule-expect.tsv", true);
}

static void other_calendars(void **state)
{
	(void)state;
	play_table("rscale-expect.tsv", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(gregorian), cmocka_unit_test(other_calendars)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

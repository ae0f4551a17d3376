/* Streams taken apart and put together: what becomes an object, which bytes stay, and how long it takes. */
#include "tests/unit/ical/collection_check.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define BEGIN "BEGIN:VCALENDAR\r\n"
#define END   "END:VCALENDAR\r\n"
#define HEAD  BEGIN "VERSION:2.0\r\nPRODID:x\r\n"

#define EVENT(uid, text) "BEGIN:VEVENT\r\nUID:" uid "\r\n" text "END:VEVENT\r\n"
#define TODO(uid, text)  "BEGIN:VTODO\r\nUID:" uid "\r\n" text "END:VTODO\r\n"
#define ZONE(tzid, text) "BEGIN:VTIMEZONE\r\nTZID:" tzid "\r\n" text "END:VTIMEZONE\r\n"
#define AT(tzid)         "DTSTART;TZID=" tzid ":20260101T120000\r\n"

#define HASH_OF_BARE "0f7d485349d0c09e40bac7067e938128b5299e0713228b3ff179d5a9e30dee37"

#define HEAD_OF_JOIN(name) BEGIN "VERSION:2.0\r\nPRODID:-//Trivet//EN\r\n" name

/* line, uid and text of each piece, one behind the other */
static bool note(void *arg, const struct ical_piece *piece)
{
	struct buf *out = arg;

	buf_printf(out, "%zu %.*s\r\n", piece->line, (int)piece->uid.n, piece->uid.p);
	buf_span(out, piece->text);
	return true;
}

static enum ical_verdict split(struct span source, struct buf *out)
{
	struct arena *arena = arena_create();
	char *exact = alloc_bytes(source.n);
	const char *problem = NULL;
	enum ical_verdict verdict;

	if (source.n > 0)
		memcpy(exact, source.p, source.n);
	verdict = ical_split(span_from(exact, source.n), arena, note, out, &problem);
	assert_int_equal(problem == NULL, verdict == ICAL_GOOD);
	free(exact);
	arena_destroy(&arena);
	return verdict;
}

static void pieces(void **state)
{
	static const struct {
		const char *source, *want;
	} cases[] = {
		{HEAD END, ""},
		{HEAD EVENT("1", "") END, "4 1\r\n" HEAD EVENT("1", "") END},
		/* METHOD goes, other properties stay, also behind the components */
		{BEGIN "METHOD:PUBLISH\r\n" EVENT("1", "") "X-A;B=\"c:d\":e\r\n" END,
		 "3 1\r\n" BEGIN "X-A;B=\"c:d\":e\r\n" EVENT("1", "") END},
		/* overrides come together, wherever they stand */
		{HEAD EVENT("1", "A:1\r\n") EVENT("2", "") EVENT("1", "A:2\r\n") END,
		 "4 1\r\n" HEAD EVENT("1", "A:1\r\n") EVENT("1", "A:2\r\n") END "8 2\r\n" HEAD EVENT("2", "") END},
		/* several calendars; the first one's properties */
		{HEAD EVENT("1", "A:1\r\n") END BEGIN "X:2\r\n" EVENT("1", "A:2\r\n") EVENT("2", "") END,
		 "4 1\r\n" HEAD EVENT("1", "A:1\r\n") EVENT("1", "A:2\r\n") END "15 2\r\n" BEGIN
										"X:2\r\n" EVENT("2", "") END},
		/* zones: only what is named, wherever it stands, each once */
		{HEAD ZONE("A", "") ZONE("B", "") EVENT("1", AT("B") AT("B")) ZONE("C", "") END,
		 "10 1\r\n" HEAD ZONE("B", "") EVENT("1", AT("B") AT("B")) END},
		{HEAD EVENT("1", AT("B")) EVENT("1", AT("A") AT("B")) ZONE("A", "") ZONE("B", "") END,
		 "4 1\r\n" HEAD ZONE("B", "") ZONE("A", "") EVENT("1", AT("B")) EVENT("1", AT("A") AT("B")) END},
		/* a zone's name: escaped in its property, quoted in a parameter, blanks at the ends */
		{HEAD ZONE("(x) a\\, b ", "") EVENT("1", AT("\"(x) a, b\"")) END,
		 "7 1\r\n" HEAD ZONE("(x) a\\, b ", "") EVENT("1", AT("\"(x) a, b\"")) END},
		{HEAD ZONE("A", "") EVENT("1", AT("A ")) END, "7 1\r\n" HEAD ZONE("A", "") EVENT("1", AT("A ")) END},
		/* of an alarm too */
		{HEAD ZONE("A", "") EVENT("1", "BEGIN:VALARM\r\n" AT("A") "END:VALARM\r\n") END,
		 "7 1\r\n" HEAD ZONE("A", "") EVENT("1", "BEGIN:VALARM\r\n" AT("A") "END:VALARM\r\n") END},
		/* calendars that differ about a name: each its own, and one of them in a piece */
		{HEAD ZONE("A", "X:1\r\n") EVENT("1", AT("A")) END HEAD ZONE("A", "X:2\r\n") EVENT("1", AT("A"))
			 EVENT("2", AT("A")) END,
		 "8 1\r\n" HEAD ZONE("A", "X:1\r\n") EVENT("1", AT("A")) EVENT("1", AT("A")) END
		 "24 2\r\n" HEAD ZONE("A", "X:2\r\n") EVENT("2", AT("A")) END},
		/* Lotus Notes has underscores in names */
		{HEAD EVENT("1", "X-LOTUS-CHILD_UID:a\r\n") END,
		 "4 1\r\n" HEAD EVENT("1", "X-LOTUS-CHILD_UID:a\r\n") END},
		/* line ends, empty lines, a byte order mark, no line end at the end */
		{"\xef\xbb\xbf"
		 "BEGIN:VCALENDAR\n\nVERSION:2.0\nBEGIN:VEVENT\n\n\nUID:1\nSUMMARY:a\n b\nEND:VEVENT\nEND:VCALENDAR",
		 "4 1\r\n" BEGIN "VERSION:2.0\r\n" EVENT("1", "SUMMARY:a\r\n b\r\n") END},
		/* folds: where names and values need them away, and kept where they were */
		{HEAD "BEG\r\n IN:VEV\r\n\tENT\r\nUI\r\n D:1\r\n 2\\,3\r\nEND:VEVENT\r\n" END,
		 "4 12,3\r\n" HEAD "BEG\r\n IN:VEV\r\n\tENT\r\nUI\r\n D:1\r\n 2\\,3\r\nEND:VEVENT\r\n" END},
		{"begin:vcalendar\r\nbegin:vevent\r\nuid:1\r\nend:VEVENT\r\nEnd:vCalendar\r\n",
		 "2 1\r\n" BEGIN "begin:vevent\r\nuid:1\r\nend:VEVENT\r\n" END},
		/* the UID of an alarm is not the event's */
		{HEAD "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nUID:a\r\nEND:VALARM\r\nUID:1\r\nEND:VEVENT\r\n" END,
		 "4 1\r\n" HEAD "BEGIN:VEVENT\r\nBEGIN:VALARM\r\nUID:a\r\nEND:VALARM\r\nUID:1\r\nEND:VEVENT\r\n" END},
		{HEAD "BEGIN:X-ANY\r\nUID:1\r\nEND:X-ANY\r\n" END,
		 "4 1\r\n" HEAD "BEGIN:X-ANY\r\nUID:1\r\nEND:X-ANY\r\n" END},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct buf got = {0};
		size_t count;

		assert_int_equal(split(span_of(cases[i].source), &got), ICAL_GOOD);
		if (strcmp(buf_cstr(&got), cases[i].want) != 0)
			fail_msg("case %zu: %s", i, buf_cstr(&got));
		assert_int_equal(check_collection(span_of(cases[i].source), &count), ICAL_GOOD);
		buf_done(&got);
	}
}

static void cut_off(void **state)
{
	const char *source = HEAD ZONE("A", "") EVENT("1", "A;B=\"c\";D=e,\"f\":g\r\n h\r\n") TODO("2", AT("A")) END;
	size_t n = strlen(source);

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		struct buf got = {0};

		assert_int_equal(split(span_from(source, cut), &got),
				 cut >= n - 2 ? ICAL_GOOD : ICAL_MALFORMED); /* the last CRLF may be missing */
		assert_int_equal(got.n > 0, cut >= n - 2);
		buf_done(&got);
	}
}

static void malformed(void **state)
{
	static const struct {
		struct span source;
		const char *want; /* the beginning of the problem */
	} cases[] = {
		{SPAN(""), "line 0: there is no VCALENDAR"},
		{SPAN("\r\n\r\n"), "line 2: there is no VCALENDAR"},
		{SPAN("hello"), "line 1: it is no content line"},
		{SPAN("<html>\n"), "line 1: it is no content line"},
		{SPAN("A:b\r\n" HEAD END), "line 1: it is not in a VCALENDAR"},
		{SPAN(EVENT("1", "")), "line 1: it is not in a VCALENDAR"},
		{SPAN(HEAD END "A:b\r\n"), "line 5: it is not in a VCALENDAR"},
		{SPAN(HEAD HEAD END END), "line 4: a VCALENDAR inside"},
		{SPAN(HEAD "BEGIN:VEVENT\r\nEND:VTODO\r\n" END), "line 5: an END"},
		{SPAN(HEAD "BEGIN:VEVENT\r\n" END), "line 5: an END"},
		{SPAN("END:VCALENDAR\r\n"), "line 1: an END"},
		{SPAN(HEAD "BEGIN:\r\nEND:\r\n" END), "line 4: a BEGIN"},
		{SPAN(HEAD "BEGIN;A=b:VEVENT\r\nEND:VEVENT\r\n" END), "line 4: a BEGIN"},
		{SPAN(HEAD EVENT("1", "")), "line 6: a component is not closed"},
		{SPAN(HEAD EVENT("1", "A;B:c\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A;=b:c\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A;B=\"c:d\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A;B=c\"d:e\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A;B=\"c\"d:e\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A.B:c\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", ":a\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A:b\0c\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A:b\rc\r\n") END), "line 6: it is no content line"},
		{SPAN(HEAD EVENT("1", "A:b\r\n\r\n c\r\n") END), "line 8: it is no content line"},
		{SPAN(" BEGIN:VCALENDAR\r\n"), "line 1: it is no content line"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct buf got = {0};
		const char *problem = NULL;

		assert_int_equal(ical_split(cases[i].source, arena, note, &got, &problem), ICAL_MALFORMED);
		if (!span_starts(span_of(problem), span_of(cases[i].want)))
			fail_msg("case %zu: %s", i, problem);
		assert_int_equal(got.n, 0);
		arena_destroy(&arena);
	}
}

struct uids {
	char uid[8][80];
	size_t count;
	struct buf texts;
};

static bool note_uid(void *arg, const struct ical_piece *piece)
{
	struct uids *uids = arg;

	assert_true(uids->count < 8 && piece->uid.n < sizeof uids->uid[0]);
	memcpy(uids->uid[uids->count], piece->uid.p, piece->uid.n);
	uids->uid[uids->count++][piece->uid.n] = '\0';
	buf_span(&uids->texts, piece->text);
	return true;
}

static void split_uids(const char *source, struct uids *uids)
{
	struct arena *arena = arena_create();
	const char *problem;

	buf_done(&uids->texts);
	*uids = (struct uids){0};
	assert_int_equal(ical_split(span_of(source), arena, note_uid, uids, &problem), ICAL_GOOD);
	arena_destroy(&arena);
}

static void made_uids(void **state)
{
	struct uids a = {0}, b = {0};
	struct buf want = {0};

	(void)state;
	split_uids(HEAD "BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n" END, &a);
	assert_int_equal(a.count, 1);
	/* printf 'BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n' | sha256sum */
	assert_string_equal(a.uid[0], HASH_OF_BARE);
	buf_printf(&want, HEAD "BEGIN:VEVENT\r\nUID:%s\r\nSUMMARY:a\r\nEND:VEVENT\r\n" END, a.uid[0]);
	assert_string_equal(buf_cstr(&a.texts), buf_cstr(&want));
	/* found again though the download is another, folded otherwise, with an empty UID in between */
	split_uids(BEGIN "BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\nCREATED:20250101T000000Z\nSUMM\n ARY:a\n"
			 "LAST-MODIFIED:20250101T000000Z\nEND:VEVENT\n" END,
		   &b);
	assert_string_equal(b.uid[0], a.uid[0]);
	/* the same once more is nothing new, other content is */
	split_uids(HEAD "BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:b\r\nEND:VEVENT\r\n"
			"BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n" END,
		   &b);
	assert_int_equal(b.count, 2);
	assert_string_equal(b.uid[0], a.uid[0]);
	assert_string_not_equal(b.uid[1], a.uid[0]);
	/* an empty UID is none, and its line goes */
	split_uids(HEAD "BEGIN:VEVENT\r\nUID:\r\nSUMMARY:c\r\nEND:VEVENT\r\n" END, &b);
	want.n = 0;
	buf_printf(&want, HEAD "BEGIN:VEVENT\r\nUID:%s\r\nSUMMARY:c\r\nEND:VEVENT\r\n" END, b.uid[0]);
	assert_string_equal(buf_cstr(&b.texts), buf_cstr(&want));
	buf_done(&want);
	buf_done(&a.texts);
	buf_done(&b.texts);
}

static void one_uid_of_several_kinds(void **state)
{
	struct uids a = {0}, b = {0};
	struct buf want = {0};

	(void)state;
	split_uids(HEAD TODO("1", "BEGIN:VALARM\r\nUID:x\r\nEND:VALARM\r\n") EVENT("1", "") TODO("1", "A:b\r\n") END,
		   &a);
	assert_int_equal(a.count, 2);
	assert_string_equal(a.uid[1], "1"); /* the event keeps it, though it comes second */
	assert_int_equal(strlen(a.uid[0]), 64);
	buf_printf(&want,
		   HEAD "BEGIN:VTODO\r\nUID:%s\r\nBEGIN:VALARM\r\nUID:x\r\nEND:VALARM\r\nEND:VTODO\r\n"
			"BEGIN:VTODO\r\nUID:%s\r\nA:b\r\nEND:VTODO\r\n" END HEAD EVENT("1", "") END,
		   a.uid[0], a.uid[0]);
	assert_string_equal(buf_cstr(&a.texts), buf_cstr(&want));
	split_uids(HEAD EVENT("1", "X:y\r\n") "begin:vtodo\r\nUID:1\r\nend:vtodo\r\n" EVENT("2", "") END, &b);
	assert_string_equal(b.uid[1], a.uid[0]); /* by UID and kind alone */
	buf_done(&want);
	buf_done(&a.texts);
	buf_done(&b.texts);
}

static bool enough(void *arg, const struct ical_piece *piece)
{
	(void)piece;
	return ++*(size_t *)arg < 2;
}

static void fn_may_stop(void **state)
{
	struct arena *arena = arena_create();
	const char *problem;
	size_t count = 0;

	(void)state;
	assert_int_equal(ical_split(SPAN(HEAD EVENT("1", "") EVENT("2", "") EVENT("3", "") END), arena, enough, &count,
				    &problem),
			 ICAL_GOOD);
	assert_int_equal(count, 2);
	arena_destroy(&arena);
}

static void joined(void **state)
{
	struct ical_join *join = ical_join_create();
	struct buf got = {0};

	(void)state;
	ical_join_begin(join,
			SPAN("a,b;c\\d\ne\r \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			     "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			     "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
			&got);
	assert_true(ical_join_add(join, SPAN(HEAD ZONE("A", "X:1\r\n") EVENT("1", AT("A")) END), &got));
	assert_false(ical_join_add(join, SPAN(HEAD ZONE("B", "") EVENT("2", "")), &got));
	assert_false(ical_join_add(join, SPAN(""), &got));
	assert_true(ical_join_add(
		join,
		SPAN("BEGIN:VCALENDAR\nX-WR-CALNAME:other\n" ZONE("A", "X:2\r\n") ZONE("B", "") EVENT("2", "") END),
		&got));
	ical_join_end(join, &got);
	assert_string_equal(buf_cstr(&got),
			    HEAD_OF_JOIN("X-WR-CALNAME:a\\,b\\;c\\\\d\\ne "
					 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
					 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
					 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
					 "\r\n \xc3\xa4\xc3\xa4\r\n") ZONE("A", "X:1\r\n") EVENT("1", AT("A"))
				    ZONE("B", "") EVENT("2", "") END);
	buf_done(&got);
	ical_join_destroy(&join);
	ical_join_destroy(&join);

	join = ical_join_create();
	ical_join_begin(join, SPAN(""), &got);
	ical_join_end(join, &got);
	assert_string_equal(buf_cstr(&got), HEAD_OF_JOIN("") END);
	ical_join_destroy(&join);
	buf_done(&got);
}

/* --- size --- */

static bool count_bytes(void *arg, const struct ical_piece *piece)
{
	*(size_t *)arg += piece->text.n;
	return true;
}

static int64_t split_time(size_t events)
{
	struct arena *arena = arena_create();
	struct buf source = {0};
	const char *problem;
	size_t bytes = 0;
	int64_t start;

	buf_text(&source, HEAD ZONE("A", ""));
	for (size_t i = 0; i < events; i++) /* each UID twice, the second half backwards */
		buf_printf(&source, EVENT("an-event-of-a-large-calendar-%zu", AT("A")),
			   i < events / 2 ? i : events - 1 - i);
	buf_text(&source, END);
	start = clock_uptime_ms();
	assert_int_equal(ical_split(buf_view(&source), arena, count_bytes, &bytes, &problem), ICAL_GOOD);
	assert_true(bytes > source.n);
	start = clock_uptime_ms() - start;
	buf_done(&source);
	arena_destroy(&arena);
	return start;
}

static void a_large_calendar(void **state)
{
	(void)state;
	assert_true(split_time(100000) < 20000); /* under a sanitizer; quadratic would be hours */
}

static void deep(void **state)
{
	static const size_t depths[] = {31, 32, 100000};

	(void)state;
	for (size_t i = 0; i < array_count(depths); i++) {
		struct buf source = {0}, got = {0};

		buf_text(&source, HEAD);
		for (size_t d = 0; d < depths[i]; d++)
			buf_text(&source, "BEGIN:VEVENT\r\n");
		for (size_t d = 0; d < depths[i]; d++)
			buf_text(&source, "END:VEVENT\r\n");
		buf_text(&source, END);
		assert_int_equal(split(buf_view(&source), &got), i == 0 ? ICAL_GOOD : ICAL_MALFORMED);
		buf_done(&source);
		buf_done(&got);
	}
}

/* What each piece must repeat is bounded: the properties of the calendar, and the zones. */
static void grows_too_much(void **state)
{
	struct buf source = {0}, got = {0};

	(void)state;
	buf_text(&source, BEGIN);
	for (size_t i = 0; i < 7000; i++)
		buf_text(&source, "X-LONG:x\r\n");
	buf_text(&source, END);
	assert_int_equal(split(buf_view(&source), &got), ICAL_MALFORMED);

	source.n = 0;
	buf_text(&source, BEGIN "BEGIN:VTIMEZONE\r\nTZID:A\r\n");
	for (size_t i = 0; i < 100000; i++)
		buf_text(&source, "X-LONG:x\r\n");
	buf_text(&source, "END:VTIMEZONE\r\n");
	for (size_t i = 0; i < 2000; i++)
		buf_printf(&source, EVENT("%zu", AT("A")), i);
	buf_text(&source, END);
	assert_int_equal(split(buf_view(&source), &got), ICAL_TOO_MUCH);
	assert_int_equal(got.n, 0);
	buf_done(&source);
	buf_done(&got);
}

/* --- the corpus --- */

static void check_file(const char *path, size_t *pieces_r, size_t *refused_r)
{
	struct buf bytes = {0};
	FILE *file = fopen(path, "rb");
	enum ical_verdict verdict;
	size_t got, count;

	assert_non_null(file);
	while ((got = fread(buf_room(&bytes, 65536), 1, 65536, file)) > 0)
		buf_added(&bytes, got);
	(void)fclose(file);
	verdict = check_collection(buf_view(&bytes), &count);
	*pieces_r += count;
	if (verdict != ICAL_GOOD) {
		(*refused_r)++;
		print_message("%s is refused\n", path);
	}
	buf_done(&bytes);
}

static size_t check_folder(const char *folder, size_t *pieces_r, size_t *refused_r)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	size_t files = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct buf path = {0};
		struct stat st;

		buf_printf(&path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.' && stat(buf_cstr(&path), &st) == 0 && S_ISREG(st.st_mode)) {
			check_file(buf_cstr(&path), pieces_r, refused_r);
			files++;
		}
		buf_done(&path);
	}
	if (dir != NULL)
		closedir(dir);
	return files;
}

static void corpus(void **state)
{
	static const char *const folders[] = {"ical", "ical/broken", "ical/fragments"};
	const char *given = getenv("TRIVET_CORPUS");

	(void)state;
	for (size_t i = 0; i < array_count(folders); i++) {
		struct buf path = {0};
		size_t files, count = 0, refused = 0;

		buf_printf(&path, "%s/%s", given != NULL ? given : "../shared/corpus", folders[i]);
		files = check_folder(buf_cstr(&path), &count, &refused);
		if (i == 0 && files == 0) {
			buf_done(&path);
			skip();
		}
		assert_true(i > 0 || refused * 20 < files); /* the broken ones have folders of their own */
		print_message("%s: %zu files, %zu refused, %zu pieces\n", folders[i], files, refused, count);
		buf_done(&path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),      cmocka_unit_test(cut_off),
		cmocka_unit_test(malformed),   cmocka_unit_test(made_uids),
		cmocka_unit_test(fn_may_stop), cmocka_unit_test(one_uid_of_several_kinds),
		cmocka_unit_test(joined),      cmocka_unit_test(a_large_calendar),
		cmocka_unit_test(deep),        cmocka_unit_test(grows_too_much),
		cmocka_unit_test(corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

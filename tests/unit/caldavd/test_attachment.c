/* ATTACH lines in the text of objects, and the names of files. */
#include "caldavd/caldav/attachment_edit.h"
#include "caldavd/caldav/attachment_name.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD   "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
#define ZONE   "BEGIN:VTIMEZONE\r\nTZID:X\r\nATTACH;MANAGED-ID=z:/z\r\nEND:VTIMEZONE\r\n"
#define ALARM  "BEGIN:VALARM\r\nATTACH;MANAGED-ID=v:/v\r\nEND:VALARM\r\n"
#define ONE    "ATTACH;MANAGED-ID=one;SIZE=1:/one\r\n"
#define FOLDED "attach;FMTTYPE=text/plain;MANAGED\r\n -ID=\"one\":/o\r\n\tne\r\n"
#define MASTER "BEGIN:VEVENT\r\nUID:u\r\n"
#define INST   "BEGIN:VEVENT\r\nRECURRENCE-ID:20260302T120000Z\r\n"
#define LOCAL  "BEGIN:VEVENT\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260702T140000\r\n"
#define DAY    "BEGIN:VEVENT\r\nRECURRENCE-ID;VALUE=DATE:20260702\r\n"
#define END    "END:VEVENT\r\n"
#define TAIL   "END:VCALENDAR\r\n"
#define NEW    "ATTACH;MANAGED-ID=new:/new\r\n"

/* In a block of exactly that size. */
static struct span block(const char *text, size_t n)
{
	char *copy = alloc_bytes(n + (n == 0));

	memcpy(copy, text, n);
	return span_from(copy, n);
}

static const struct edit_case {
	enum attachment_action action;
	const char *rid, *text, *want; /* want NULL: it fails */
	enum attachment_edited edited;
	bool left;
} edits[] = {
	{ATTACHMENT_ADD, NULL, HEAD ZONE MASTER ALARM END TAIL, HEAD ZONE MASTER ALARM NEW END TAIL, ATTACHMENT_EDITED,
	 false},
	{ATTACHMENT_ADD, NULL, HEAD MASTER END INST END TAIL, HEAD MASTER NEW END INST NEW END TAIL, ATTACHMENT_EDITED,
	 false},
	{ATTACHMENT_ADD, "M", HEAD MASTER END INST END TAIL, HEAD MASTER NEW END INST END TAIL, ATTACHMENT_EDITED,
	 false},
	{ATTACHMENT_ADD, "20260302T120000Z", HEAD MASTER END INST END TAIL, HEAD MASTER END INST NEW END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_ADD, "20260702T120000Z", HEAD MASTER END LOCAL END TAIL, HEAD MASTER END LOCAL NEW END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_ADD, "20260702T140000", HEAD MASTER END LOCAL END TAIL, HEAD MASTER END LOCAL NEW END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_ADD, "20260702,M", HEAD MASTER END DAY END TAIL, HEAD MASTER NEW END DAY NEW END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_ADD, "M", HEAD INST END TAIL, NULL, ATTACHMENT_NO_RID, false},
	{ATTACHMENT_ADD, "M,20260303T120000Z", HEAD MASTER END INST END TAIL, NULL, ATTACHMENT_NO_RID, false},
	{ATTACHMENT_ADD, "20260702T140000Z", HEAD MASTER END LOCAL END TAIL, NULL, ATTACHMENT_NO_RID, false},
	{ATTACHMENT_ADD, "", HEAD MASTER END TAIL, NULL, ATTACHMENT_NO_RID, false},
	{ATTACHMENT_ADD, "M,", HEAD MASTER END TAIL, NULL, ATTACHMENT_NO_RID, false},
	{ATTACHMENT_UPDATE, NULL, HEAD MASTER ONE END INST FOLDED END TAIL, HEAD MASTER NEW END INST NEW END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_UPDATE, NULL, HEAD ZONE MASTER ALARM END TAIL, NULL, ATTACHMENT_NO_ID, false},
	{ATTACHMENT_REMOVE, NULL, HEAD MASTER ONE END INST FOLDED END TAIL, HEAD MASTER END INST END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_REMOVE, "M", HEAD MASTER ONE ALARM END INST FOLDED END TAIL,
	 HEAD MASTER ALARM END INST FOLDED END TAIL, ATTACHMENT_EDITED, true},
	{ATTACHMENT_REMOVE, "M", HEAD MASTER END INST ONE END TAIL, NULL, ATTACHMENT_NO_ID, true},
	{ATTACHMENT_REMOVE, NULL, HEAD MASTER ONE "\r\n" END "\n" TAIL, HEAD MASTER END "\n" TAIL, ATTACHMENT_EDITED,
	 false},
	{ATTACHMENT_ADD, NULL, "\xef\xbb\xbf" HEAD MASTER END TAIL, "\xef\xbb\xbf" HEAD MASTER NEW END TAIL,
	 ATTACHMENT_EDITED, false},
	{ATTACHMENT_ADD, NULL, "BEGIN:VCALENDAR\nBEGIN:VTODO\nEND:VTODO\nEND:VCALENDAR",
	 "BEGIN:VCALENDAR\nBEGIN:VTODO\n" NEW "END:VTODO\nEND:VCALENDAR", ATTACHMENT_EDITED, false},
	{ATTACHMENT_ADD, NULL, HEAD ZONE TAIL, NULL, ATTACHMENT_BROKEN, false},
	{ATTACHMENT_ADD, NULL, "", NULL, ATTACHMENT_BROKEN, false},
	{ATTACHMENT_ADD, NULL, HEAD MASTER END TAIL TAIL, NULL, ATTACHMENT_BROKEN, false},
	{ATTACHMENT_ADD, NULL, HEAD MASTER END, NULL, ATTACHMENT_BROKEN, false},
	{ATTACHMENT_ADD, NULL, HEAD MASTER "no line\r\n" END TAIL, NULL, ATTACHMENT_BROKEN, false},
};

static enum attachment_edited run(const struct edit_case *c, struct span text, struct buf *out, bool *left)
{
	struct attachment_edit edit = {.action = c->action,
				       .id = SPAN("one"),
				       .line = SPAN("ATTACH;MANAGED-ID=new:/new"),
				       .rid = c->rid == NULL ? (struct span){0} : span_from(c->rid, strlen(c->rid))};
	struct arena *arena = arena_create();
	enum attachment_edited edited = attachment_edit(text, &edit, arena, out, left);

	arena_destroy(&arena);
	return edited;
}

static void editing(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(edits); i++) {
		const struct edit_case *c = &edits[i];

		for (size_t n = 0; n <= strlen(c->text); n++) {
			struct span text = block(c->text, n);
			struct buf out = {0};
			bool left;
			enum attachment_edited edited = run(c, text, &out, &left);

			if (n == strlen(c->text)) {
				assert_int_equal(edited, c->edited);
				assert_true(left == c->left);
				if (c->want != NULL)
					assert_string_equal(buf_cstr(&out), c->want);
			}
			buf_done(&out);
			free((char *)text.p);
		}
	}
}

static void finding(void **state)
{
	struct arena *arena = arena_create();
	struct span *ids;
	size_t count;

	(void)state;
	assert_true(attachment_ids(
		SPAN(HEAD ZONE MASTER ONE "ATTACH;MANAGED-ID=a:/a\r\nATTACH:/no\r\n" ALARM END INST FOLDED END TAIL),
		arena, &ids, &count));
	assert_int_equal(count, 2);
	assert_true(span_is(ids[0], "a") && span_is(ids[1], "one"));
	assert_true(attachment_ids(SPAN(HEAD MASTER END TAIL), arena, &ids, &count));
	assert_int_equal(count, 0);
	assert_false(attachment_ids(SPAN("nonsense"), arena, &ids, &count));
	arena_destroy(&arena);
}

static void writing(void **state)
{
	struct buf out = {0};
	struct attachment_line line = {.id = SPAN("1"),
				       .type = SPAN("text/plain"),
				       .name = SPAN("a\"b^c;d:e,f\n\x01"),
				       .address = SPAN("/a"),
				       .size = 5};

	(void)state;
	attachment_line_write(&line, &out);
	assert_string_equal(buf_cstr(&out),
			    "ATTACH;MANAGED-ID=1;FMTTYPE=text/plain;FILENAME=\"a^'b^^c;d:e,f^n\";SIZE=5:/a");
	buf_done(&out);
}

static void naming(void **state)
{
	static const struct {
		const char *disposition, *want;
	} cases[] = {
		{"attachment; filename=a.txt", "a.txt"},
		{"attachment;filename = \"a b\"", "a b"},
		{"attachment; filename=\"a\\\"b\"", "a\"b"},
		{"attachment; x=y; FILENAME=\"a\"; filename=\"b\"", "a"},
		{"attachment; filename=a; filename*=UTF-8'en'%c3%a9", "\xc3\xa9"},
		{"attachment; filename*=utf-8''x; filename*=utf-8''y", "x"},
		{"attachment; filename*=ISO-8859-1''%e9; filename=b", "b"},
		{"attachment; filename*=UTF-8''%e; filename=b", "b"},
		{"attachment; filename=\"/etc/passwd\"", "passwd"},
		{"attachment; filename=\"c:\\\\x\\\\y\"", "y"},
		{"attachment; filename=\"..\"", "otherwise"},
		{"attachment; filename=\" \"", "otherwise"},
		{"attachment; filename=\"\"", "otherwise"},
		{"attachment; filename=\"unclosed", "otherwise"},
		{"attachment; filename", "otherwise"},
		{"attachment;;filename=a", "otherwise"},
		{"", "otherwise"},
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].disposition); n++) {
			struct span in = block(cases[i].disposition, n),
				    got = attachment_name(in, SPAN("otherwise"), arena);

			if (n == strlen(cases[i].disposition))
				assert_true(span_is(got, cases[i].want));
			assert_true(got.n > 0 && got.n <= 255 && span_find_byte(got, '/') == SIZE_MAX);
			free((char *)in.p);
		}
	assert_true(span_is(attachment_name(SPAN(""), SPAN(""), arena), "attachment"));
	arena_destroy(&arena);
}

static void typing(void **state)
{
	static const struct {
		const char *type, *want;
	} cases[] = {
		{"text/plain", "text/plain"},
		{"text/plain; charset=x", "text/plain"},
		{" a/b ", "a/b"},
		{"text", "application/octet-stream"},
		{"text/", "application/octet-stream"},
		{"/x", "application/octet-stream"},
		{"a/b/c", "application/octet-stream"},
		{"a/b,c", "application/octet-stream"},
		{"a/\"b\"", "application/octet-stream"},
		{"", "application/octet-stream"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		assert_true(span_is(attachment_type(span_of(cases[i].type), (struct span){0}), cases[i].want));
	assert_true(span_is(attachment_type(SPAN("bad"), SPAN("old/one")), "old/one"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(editing), cmocka_unit_test(finding), cmocka_unit_test(writing),
		cmocka_unit_test(naming),  cmocka_unit_test(typing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

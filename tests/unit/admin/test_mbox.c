/* Parting an mbox file, taking the quoting off and putting it on. */
#include "admin/mbox.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/store/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FROM "From a@b Thu Jan  1 00:00:10 1970\n"

static const struct {
	const char *file;
	const char *messages[4]; /* NULL behind the last */
} files[] = {
	{"", {NULL}},
	{"no mbox\n", {NULL}},
	{FROM, {""}},
	{FROM "A: b\n\nbody\n\n", {"A: b\n\nbody\n"}},
	{FROM "A: b\n\nbody\n", {"A: b\n\nbody\n"}},
	{FROM "A: b\n\nbody", {"A: b\n\nbody"}},
	{FROM "A: b\n\n\n" FROM "C: d\n\n\n", {"A: b\n\n", "C: d\n\n"}},
	{FROM "A: b\r\n\r\nbody\r\n\r\n" FROM "C: d\r\n\r\nx\r\n\r\n", {"A: b\r\n\r\nbody\r\n", "C: d\r\n\r\nx\r\n"}},
	{"junk\n\n" FROM "A: b\n\nbody\n\n", {"A: b\n\nbody\n"}},
	/* a sentence that begins with From: behind an empty line, but no date, and no field behind it */
	{FROM "A: b\n\nx\n\nFrom here on\nit goes down\n\n", {"A: b\n\nx\n\nFrom here on\nit goes down\n"}},
	/* not behind an empty line */
	{FROM "A: b\n\nx\n" FROM "C: d\n\n", {"A: b\n\nx\n" FROM "C: d\n"}},
	/* no date, but a field follows */
	{FROM "A: b\n\nx\n\nFrom somebody\nC: d\n\ny\n", {"A: b\n\nx\n", "C: d\n\ny\n"}},
};

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++) {
		size_t n = strlen(files[i].file);
		char *block = alloc_text_n(files[i].file, n);
		struct mbox_message message;
		uint64_t at = 0;
		size_t m = 0;

		for (; m < 4 && files[i].messages[m] != NULL; m++) {
			assert_true(mbox_next(span_from(block, n), &at, &message));
			assert_int_equal(message.bytes.n, strlen(files[i].messages[m]));
			assert_memory_equal(message.bytes.p, files[i].messages[m], message.bytes.n);
		}
		assert_false(mbox_next(span_from(block, n), &at, &message));
		free(block);
	}
}

/* Wherever the file ends: no byte behind it is read, every offset goes forward. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++)
		for (size_t n = 1; n <= strlen(files[i].file); n++) {
			char *block = alloc_bytes(n);
			struct mbox_message message;
			uint64_t at = 0, before = 0;

			memcpy(block, files[i].file, n);
			while (mbox_next(span_from(block, n), &at, &message)) {
				assert_true(at > before && at <= n);
				before = at;
			}
			free(block);
		}
}

static const struct {
	const char *line;
	bool has_date;
	int64_t date;
	int zone;
} dates[] = {
	{"From a@b Tue Nov 14 22:13:20 2023", true, 1700000000, 0},
	{"From a@b  Tue Nov 14 22:13:20 2023 ", true, 1700000000, 0},
	{"From \"a b\"@c Tue Nov 14 22:13:20 2023", true, 1700000000, 0},
	{"From a@b Tue Nov 14 22:13 2023", true, 1700000000 - 20, 0},
	{"From a@b Tue Nov 14 23:13:20 2023 +0100", true, 1700000000, 60},
	{"From a@b Tue Nov 14 23:13:20 +0100 2023", true, 1700000000, 60},
	{"From a@b Tue Nov 14 22:13:20 UTC 2023", true, 1700000000, 0},
	{"From a@b Tue, 14 Nov 2023 23:13:20 +0100", true, 1700000000, 60},
	{"From mboxrd@z Thu Jan  1 00:00:00 1970", false, 0, 0}, /* what archives write that have no date */
	{"From a@b", false, 0, 0},
	{"From ", false, 0, 0},
};

static void test_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(dates); i++) {
		struct buf file = {0};
		struct mbox_message message;
		uint64_t at = 0;

		buf_printf(&file, "%s\nA: b\n\n", dates[i].line);
		assert_true(mbox_next(buf_view(&file), &at, &message));
		assert_int_equal(message.has_date, dates[i].has_date);
		if (dates[i].has_date) {
			assert_int_equal(message.date, dates[i].date);
			assert_int_equal(message.zone, dates[i].zone);
		}
		buf_done(&file);
	}
}

static void check_unquote(const char *from, enum mbox_quoting quoting, const char *want)
{
	struct buf out = {0};

	mbox_unquote(span_of(from), quoting, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_done(&out);
}

static void test_unquote(void **state)
{
	(void)state;
	check_unquote(">From a\n>>From b\nx >From c\n>Fro", MBOX_RD, "From a\n>From b\nx >From c\n>Fro");
	check_unquote(">From a\n>>From b\nx >From c\n>Fro", MBOX_O, "From a\n>>From b\nx >From c\n>Fro");
	check_unquote("", MBOX_RD, "");
	check_unquote(">", MBOX_RD, ">");
}

/* What is written is read again as it was. */
static void test_round_trip(void **state)
{
	static const char *const texts[] = {"A: b\r\n\r\n",
					    "A: b\r\n\r\nFrom x\r\n>From y\r\n\r\nFrom me\r\nto: you\r\n",
					    "A: b\r\n\r\na\rb\r\n\r\n\r\n"};
	struct buf file = {0};
	struct mbox_message message;
	uint64_t at = 0;

	(void)state;
	for (size_t i = 0; i < array_count(texts); i++) {
		mbox_from_write(1700000000, &file);
		mbox_quote(span_of(texts[i]), &file);
		buf_byte(&file, '\n');
	}
	for (size_t i = 0; i < array_count(texts); i++) {
		struct buf plain = {0}, want = {0};

		for (const char *c = texts[i]; *c != '\0'; c++)
			if (c[0] != '\r' || c[1] != '\n')
				buf_byte(&want, *c);
		assert_true(mbox_next(buf_view(&file), &at, &message));
		assert_int_equal(message.date, 1700000000);
		mbox_unquote(message.bytes, MBOX_RD, &plain);
		assert_string_equal(buf_cstr(&plain), buf_cstr(&want));
		buf_done(&plain);
		buf_done(&want);
	}
	assert_false(mbox_next(buf_view(&file), &at, &message));
	buf_done(&file);
}

static void test_status(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(mbox_status_flags(SPAN(" RO")), STORE_FLAG_SEEN);
	assert_int_equal(mbox_status_flags(SPAN(" O")), 0);
	assert_int_equal(mbox_status_flags(SPAN("AFTD")),
			 STORE_FLAG_ANSWERED | STORE_FLAG_FLAGGED | STORE_FLAG_DRAFT | STORE_FLAG_DELETED);
	mbox_status_write(STORE_FLAG_SEEN | STORE_FLAG_FLAGGED, &out);
	assert_string_equal(buf_cstr(&out), "Status: RO\nX-Status: F\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts),      cmocka_unit_test(test_cut),
					   cmocka_unit_test(test_dates),      cmocka_unit_test(test_unquote),
					   cmocka_unit_test(test_round_trip), cmocka_unit_test(test_status)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

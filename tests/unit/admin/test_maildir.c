/* Names of folders and of files in a Maildir++. */
#include "admin/maildir.h"
#include "common/base/must.h"
#include "common/store/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *folder, *name;
} folders[] = {
	{".A", "A"},
	{".A.B", "A/B"},
	{".INBOX.x", "INBOX/x"},
	{".Entw&APw-rfe", "Entwürfe"},
	{".A&-B", "A&B"},
	{".v1&AC4-2", "v1.2"},
	{".&AC4-hidden", ".hidden"},
	{".&AOk-&AC4-&AOk-", "é.é"}, /* runs side by side */
	{".a.&AC4-&AC4-.b", "a/../b"},
};

static void test_folders(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(folders); i++) {
		struct buf name = {0}, folder = {0};

		assert_true(maildir_folder_decode(span_of(folders[i].folder), &name));
		assert_string_equal(buf_cstr(&name), folders[i].name);
		maildir_folder_encode(span_of(folders[i].name), &folder);
		assert_string_equal(buf_cstr(&folder), folders[i].folder);
		buf_done(&name);
		buf_done(&folder);
	}
}

static void test_no_folders(void **state)
{
	static const char *const names[] = {"", ".", "..", "cur", "..A", ".A.", ".A..B", ".A/B"};
	struct buf name = {0};

	(void)state;
	for (size_t i = 0; i < array_count(names); i++) {
		assert_false(maildir_folder_decode(span_of(names[i]), &name));
		assert_int_equal(name.n, 0);
	}
	assert_true(maildir_folder_decode(SPAN(".Entwürfe&"), &name)); /* neither is modified UTF-7 */
	assert_string_equal(buf_cstr(&name), "Entwürfe&");
	buf_done(&name);
}

static const struct {
	const char *file, *base;
	unsigned flags;
	bool is_forwarded;
	uint32_t keywords;
} files[] = {
	{"1.M2.h", "1.M2.h", 0, false, 0},
	{"1.M2.h,S=5:2,", "1.M2.h,S=5", 0, false, 0},
	{"1.M2.h:2,DFRST", "1.M2.h", STORE_FLAG_SYSTEM, false, 0},
	{"1.M2.h:2,PS", "1.M2.h", STORE_FLAG_SEEN, true, 0},
	{"1.M2.h:2,Saz", "1.M2.h", STORE_FLAG_SEEN, false, 1 | 1 << 25},
	{"1.M2.h:1,S", "1.M2.h:1,S", 0, false, 0},
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(files); i++) {
		struct maildir_name name;

		maildir_name_parse(span_of(files[i].file), &name);
		assert_true(span_is(name.base, files[i].base));
		assert_int_equal(name.flags, files[i].flags);
		assert_int_equal(name.is_forwarded, files[i].is_forwarded);
		assert_int_equal(name.keywords, files[i].keywords);
	}
}

static void test_flags(void **state)
{
	struct buf out = {0};

	(void)state;
	maildir_flags_write(STORE_FLAG_SYSTEM, true, 1 | 1 << 25, &out);
	assert_string_equal(buf_cstr(&out), ":2,DFPRSTaz");
	buf_done(&out);
	maildir_flags_write(0, false, 0, &out);
	assert_string_equal(buf_cstr(&out), ":2,");
	buf_done(&out);
}

static void test_keywords(void **state)
{
	struct span names[MAILDIR_KEYWORDS] = {{0}};

	(void)state;
	maildir_keywords_parse(SPAN("0 $Forwarded\n1 Work\n26 TooFar\nx y\n3\n4 \n25 last"), names);
	assert_true(span_is(names[0], "$Forwarded"));
	assert_true(span_is(names[1], "Work"));
	assert_true(span_is(names[25], "last"));
	assert_int_equal(names[3].n + names[4].n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders), cmocka_unit_test(test_no_folders),
					   cmocka_unit_test(test_files), cmocka_unit_test(test_flags),
					   cmocka_unit_test(test_keywords)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

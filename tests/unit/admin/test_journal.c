/* What an import remembers of its batches, wherever the process ended. */
#include "admin/import_journal.h"
#include "admin/import.h"
#include "common/base/must.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/trivet-journal-XXXXXX";
static char path[512];

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct journal *reopen(struct journal **journal, bool forget)
{
	char *error = NULL;
	struct journal *now;

	journal_close(journal);
	now = journal_open(folder, SPAN("1\tu\t\t/some\npath"), forget, &error);
	assert_non_null(now);
	return now;
}

static void find_path(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
	closedir(dir);
}

static struct journal_item item(unsigned n)
{
	struct journal_item made = {.size = n};

	journal_key_make(span_from(&n, sizeof n), &made.key);
	made.content = made.key;
	return made;
}

static void test_answers(void **state)
{
	struct journal *journal = NULL;
	struct journal_item items[3] = {item(1), item(2), item(3)};

	(void)state;
	journal = reopen(&journal, false);
	find_path();
	assert_true(journal_begin(journal, 7, 11, items, 2));
	assert_true(journal_answer(journal, true));
	assert_true(journal_begin(journal, 7, 13, items + 2, 1));
	assert_true(journal_answer(journal, false));
	journal = reopen(&journal, false);
	assert_true(journal_has(journal, &items[0].key) && journal_has(journal, &items[1].key));
	assert_false(journal_has(journal, &items[2].key));
	assert_null(journal_pending(journal));
	assert_true(journal_begin(journal, 8, 14, items + 2, 1));
	journal = reopen(&journal, false); /* the process ended here */
	assert_non_null(journal_pending(journal));
	assert_int_equal(journal_pending(journal)->mailbox, 8);
	assert_int_equal(journal_pending(journal)->uidnext, 14);
	assert_int_equal(journal_pending(journal)->count, 1);
	assert_int_equal(journal_pending(journal)->items[0].size, 3);
	assert_true(journal_answer(journal, true));
	journal = reopen(&journal, false);
	assert_true(journal_has(journal, &items[2].key));
	journal = reopen(&journal, true);
	assert_false(journal_has(journal, &items[0].key));
	journal_close(&journal);
}

/* Cut off at every byte: a batch is pending when all of it was written, and known when its answer was. */
static void test_cut(void **state)
{
	struct journal *journal = NULL;
	struct journal_item items[2] = {item(1), item(2)};
	char bytes[1024];
	size_t n, top;
	FILE *file;

	(void)state;
	journal = reopen(&journal, true);
	assert_true(journal_begin(journal, 7, 11, items, 2) && journal_answer(journal, true));
	journal_close(&journal);
	file = fopen(path, "r");
	n = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	top = strcspn(bytes, "\n") + 1;
	for (size_t cut = top; cut <= n; cut++) {
		file = fopen(path, "w");
		fwrite(bytes, 1, cut, file);
		fclose(file);
		journal = reopen(&journal, false);
		assert_int_equal(journal_has(journal, &items[1].key), cut == n);
		assert_int_equal(journal_pending(journal) != NULL, cut == n - 1 || cut == n - 2);
		journal_close(&journal);
	}
}

static void test_one_at_a_time(void **state)
{
	struct journal *journal = NULL;
	char *error = NULL;

	(void)state;
	journal = reopen(&journal, false);
	assert_null(journal_open(folder, SPAN("1\tu\t\t/some\npath"), false, &error));
	assert_non_null(strstr(error, "running"));
	free(error);
	journal_close(&journal);
}

static void test_lines(void **state)
{
	static const struct {
		struct span from, want;
	} cases[] = {{SPAN("a\nb\r\nc\rd\n\n\r"), SPAN("a\r\nb\r\nc\rd\r\n\r\n\r")},
		     {SPAN("\0\n\0"), SPAN("\0\r\n\0")},
		     {SPAN("\r\r\n"), SPAN("\r\r\n")},
		     {SPAN(""), SPAN("")}};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct buf out = {0};

		import_lines(cases[i].from, &out);
		assert_true(span_equal(buf_view(&out), cases[i].want));
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_cut),
					   cmocka_unit_test(test_one_at_a_time), cmocka_unit_test(test_lines)};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* Configuration files: what is right, and what is wrong, with its file and line. */
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/config/config.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct config_key first_table[] = {
	{"listen", "imap", CONFIG_WORDS, "", 0, 0, NULL, false, "addresses"},
	{"limits", "count", CONFIG_NUMBER, "5", 1, 100, NULL, true, "how many"},
	{"limits", "any", CONFIG_NUMBER, "0", 0, 0, NULL, false, NULL},
	{"limits", "size", CONFIG_SIZE, "64K", 0, 0, NULL, false, "how much"},
	{"limits", "time", CONFIG_DURATION, "30m", 1000, 86400000, NULL, false, "how long"},
	{NULL, NULL, CONFIG_TEXT, NULL, 0, 0, NULL, false, NULL},
};
static const struct config_key second_table[] = {
	{"log", "level", CONFIG_CHOICE, "info", 0, 0, "error info debug", true, "what is logged"},
	{"log", "loud", CONFIG_BOOL, "no", 0, 0, NULL, false, "whether"},
	{"log", "text", CONFIG_TEXT, "", 0, 0, NULL, false, "what you like"},
	{"limits", "late", CONFIG_NUMBER, "7", 0, 0, NULL, false, "of a section that comes again"},
	{NULL, NULL, CONFIG_TEXT, NULL, 0, 0, NULL, false, NULL},
};
static const struct config_key must_be_given[] = {
	{"store", "path", CONFIG_TEXT, NULL, 0, 0, NULL, false, "where"},
	{NULL, NULL, CONFIG_TEXT, NULL, 0, 0, NULL, false, NULL},
};
static const struct config_key *const tables[] = {first_table, second_table, must_be_given};

static char folder[64];

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct config *load(const char *name, size_t table_count, char **error_r)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return config_load(path, tables, table_count, error_r);
}

static struct config *load_text(const char *text)
{
	char *error = NULL;
	struct config *config;

	write_file("test.conf", text);
	config = load("test.conf", 2, &error);
	if (config == NULL)
		fail_msg("%s", error);
	assert_null(error);
	return config;
}

static void test_fallbacks(void **state)
{
	struct config *config = load_text("");
	const char *const *words;

	(void)state;
	assert_int_equal(config_words(config, "listen", "imap", &words), 0);
	assert_int_equal(config_number(config, "limits", "count"), 5);
	assert_int_equal(config_number(config, "limits", "size"), 65536);
	assert_int_equal(config_number(config, "limits", "time"), 1800000);
	assert_string_equal(config_text(config, "log", "level"), "info");
	assert_false(config_bool(config, "log", "loud"));
	config_destroy(&config);
	assert_null(config);
	config_destroy(&config);
}

static void test_values(void **state)
{
	struct config *config =
		load_text("# a comment\n; another\n\n[listen]\nimap = 0.0.0.0:143  [::]:143\tunix:/x ; why\n"
			  "\n[limits]\ncount=7\nsize: 10M\ntime = 500s\n[log]\n level = debug\nloud = Yes\n"
			  "text = a = b\n[limits]\ncount = 8\n");
	const char *const *words;

	(void)state;
	assert_int_equal(config_words(config, "listen", "imap", &words), 3);
	assert_string_equal(words[0], "0.0.0.0:143");
	assert_string_equal(words[1], "[::]:143");
	assert_string_equal(words[2], "unix:/x");
	assert_int_equal(config_number(config, "limits", "count"), 8); /* the last one counts */
	assert_int_equal(config_number(config, "limits", "size"), 10 * 1048576);
	assert_int_equal(config_number(config, "limits", "time"), 500000);
	assert_string_equal(config_text(config, "log", "level"), "debug");
	assert_true(config_bool(config, "log", "loud"));
	assert_string_equal(config_text(config, "log", "text"), "a = b");
	config_destroy(&config);
}

static void test_continued(void **state)
{
	struct config *config =
		load_text("[listen]\nimap =\n  a b\n\tc ; nor that\n  # not this\n  d\n[log]\nlevel = info\n[log]\n"
			  "  level = debug\n");
	const char *const *words;

	(void)state;
	assert_int_equal(config_words(config, "listen", "imap", &words), 4);
	assert_string_equal(words[3], "d");
	assert_string_equal(config_text(config, "listen", "imap"), "a b c d");
	assert_string_equal(config_text(config, "log", "level"), "debug"); /* indented, but nothing stands before it */
	config_destroy(&config);
}

static void test_units(void **state)
{
	static const struct {
		const char *setting;
		uint64_t want; /* UINT64_MAX: refused */
	} cases[] = {
		{"limits.size=0", 0},
		{"limits.size=1", 1},
		{"limits.size=2k", 2048},
		{"limits.size=3G", 3221225472},
		{"limits.size=1T", 1099511627776},
		{"limits.size=16777216T", UINT64_MAX},
		{"limits.size=", UINT64_MAX},
		{"limits.size=K", UINT64_MAX},
		{"limits.size=-1", UINT64_MAX},
		{"limits.size=1KB", UINT64_MAX},
		{"limits.size=1 K", UINT64_MAX},
		{"limits.time=1000ms", 1000},
		{"limits.time=999ms", UINT64_MAX},
		{"limits.time=2h", 7200000},
		{"limits.time=1d", 86400000},
		{"limits.time=2d", UINT64_MAX},
		{"limits.time=10", UINT64_MAX},
		{"limits.time=99999999999999999999s", UINT64_MAX},
		{"limits.count=1", 1},
		{"limits.count=100", 100},
		{"limits.count=101", UINT64_MAX},
		{"limits.count=0", UINT64_MAX},
		{"limits.count=+5", UINT64_MAX},
		{"limits.count=0x5", UINT64_MAX},
		{"limits.any=18446744073709551614", 18446744073709551614u},
		{"limits.any=18446744073709551616", UINT64_MAX},
		{"log.loud=on", 1},
		{"log.loud=TRUE", 1},
		{"log.loud=0", 0},
		{"log.loud=maybe", UINT64_MAX},
		{"log.level=", UINT64_MAX},
		{"log.level=inf", UINT64_MAX},
		{"log.level=error info", UINT64_MAX},
		{"log.nothing=1", UINT64_MAX},
		{"nothing.level=1", UINT64_MAX},
		{"log.level", UINT64_MAX},
		{"level=info", UINT64_MAX},
		{"=.", UINT64_MAX},
		{"", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		char *error = NULL, *setting = alloc_text(cases[i].setting);
		struct config *config = config_load(NULL, tables, 2, &error);
		char section[16] = "", name[16] = "";
		bool ok = config_set(config, setting, &error);

		if (ok != (cases[i].want != UINT64_MAX))
			fail_msg("%s: %s", setting, ok ? "taken" : error);
		assert_true(ok == (error == NULL));
		if (ok) {
			assert_int_equal(sscanf(setting, "%15[^.].%15[^=]", section, name), 2);
			assert_int_equal(config_number(config, section, name), cases[i].want);
		} else {
			assert_int_equal(strncmp(error, setting, strlen(setting)), 0);
		}
		free(error);
		free(setting);
		config_destroy(&config);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *want; /* behind the folder */
	} cases[] = {
		{"[log]\n\nlevl = info\n", "test.conf:3: unknown key 'levl' in [log]"},
		{"[log]\n[lag]\nlevel = info\n", "test.conf:3: unknown section [lag]"},
		{"level = info\n", "test.conf:1: unknown section []"},
		{"[log]\nlevel = loud\n", "test.conf:2: level must be one of: error info debug, not 'loud'"},
		{"[limits]\ncount = 0\n", "test.conf:2: count must be from 1 to 100, not '0'"},
		{"[limits]\ncount = many\n", "test.conf:2: count must be a number, not 'many'"},
		{"[limits]\nsize = big\n", "test.conf:2: size must be a size like 64K, 10M or 1G, not 'big'"},
		{"[limits]\ntime = soon\n",
		 "test.conf:2: time must be a time like 500ms, 30s, 10m, 1h or 2d, not 'soon'"},
		{"[log]\nloud = perhaps\n", "test.conf:2: loud must be yes or no, not 'perhaps'"},
		{"[log]\nnonsense\n", "test.conf:2: this is neither a section nor 'key = value'"},
		{"[log\n", "test.conf:1: this is neither a section nor 'key = value'"},
		{"[log]\nnonsense\nlevl = 1\n", "test.conf:2: this is neither a section nor 'key = value'"},
		{"[log]\nlevl = 1\nnonsense\n", "test.conf:2: unknown key 'levl' in [log]"},
		{"[limits]\ncount = 1\n 2\n", "test.conf:3: count must be a number, not '1 2'"},
		{"[limits]\ncount\n = 1\n", "test.conf:2: this is neither a section nor 'key = value'"},
		{"[log]\ntext = a\vb\n", "test.conf:2: there is a control character in the line"},
		{"include = absent.conf\n", "test.conf:1: cannot read %s/absent.conf: No such file or directory"},
		{"include = bad.conf\n", "bad.conf:2: unknown key 'x' in [log]"},
		{"\ninclude = deep/deep.conf\n", "deep/deep.conf:3: unknown section [y]"},
		{"include = test.conf\n", "test.conf:1: files include one another too deeply"},
		{"[log]\ninclude = good.conf\n", "test.conf:2: unknown key 'include' in [log]"},
		{"[log]\ntext = "
		 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
		 "89012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
		 "9"
		 "012345678901234567890123456789\n",
		 "test.conf:2: the line is too long (go on in the next one, behind a blank)"},
	};
	char path[128], want[512], fmt[512];

	(void)state;
	snprintf(path, sizeof path, "%s/deep", folder);
	(void)mkdir(path, 0700);
	write_file("bad.conf", "[log]\nx = 1\n");
	write_file("good.conf", "[log]\nlevel = debug\n");
	write_file("deep/deep.conf", "include = ../good.conf\n[y]\nz = 1\n");
	for (size_t i = 0; i < array_count(cases); i++) {
		char *error = NULL;
		struct config *config;

		write_file("test.conf", cases[i].text);
		config = load("test.conf", 2, &error);
		assert_null(config);
		assert_non_null(error);
		snprintf(fmt, sizeof fmt, "%s/%s", folder, cases[i].want);
		snprintf(want, sizeof want, fmt, folder);
		assert_string_equal(error, want);
		free(error);
	}
}

static void test_missing(void **state)
{
	char *error = NULL, want[128];

	(void)state;
	write_file("test.conf", "[log]\nlevel = debug\n");
	assert_null(load("test.conf", 3, &error));
	snprintf(want, sizeof want, "%s/test.conf: 'path' in [store] is missing", folder);
	assert_string_equal(error, want);
	free(error);
	assert_null(load("nowhere.conf", 2, &error));
	snprintf(want, sizeof want, "cannot read %s/nowhere.conf: No such file or directory", folder);
	assert_string_equal(error, want);
	free(error);
}

static void test_include(void **state)
{
	struct config *config;

	(void)state;
	write_file("good.conf", "[log]\nlevel = debug\ntext = theirs\n");
	config = load_text("include = good.conf\n[log]\ntext = ours\n");
	assert_string_equal(config_text(config, "log", "level"), "debug");
	assert_string_equal(config_text(config, "log", "text"), "ours");
	config_destroy(&config);
}

static char *dumped(const struct config *config)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	config_dump(config, out);
	fclose(out);
	return text;
}

static void test_dump(void **state)
{
	struct config *config = config_load(NULL, tables, 2, &(char *){NULL}), *again;
	static const char *const settings[] = {"limits.count=42", "log.level=error", "log.text=two  blanks",
					       "log.loud=yes"};
	char *first, *second, *error = NULL, words[4000] = "listen.imap=";

	(void)state;
	for (int i = 0; i < 60; i++)
		snprintf(words + strlen(words), sizeof words - strlen(words), "[2001:db8::%d]:143 ", i);
	words[strlen(words) - 1] = '\0';
	for (size_t i = 0; i < array_count(settings); i++)
		assert_true(config_set(config, settings[i], &error));
	assert_true(config_set(config, words, &error));
	first = dumped(config);
	write_file("dumped.conf", first);
	again = load("dumped.conf", 2, &error);
	if (again == NULL)
		fail_msg("%s", error);
	second = dumped(again);
	assert_string_equal(first, second);
	assert_string_equal(config_text(again, "listen", "imap"), words + strlen("listen.imap="));
	assert_string_equal(config_text(again, "log", "text"), "two  blanks");
	free(first);
	free(second);
	config_destroy(&again);
	config_destroy(&config);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/trivet-config-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fallbacks), cmocka_unit_test(test_values), cmocka_unit_test(test_continued),
		cmocka_unit_test(test_units),     cmocka_unit_test(test_errors), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_include),   cmocka_unit_test(test_dump),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

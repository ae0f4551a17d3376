/* Names of users, and users out of the store. */
#include "common/base/must.h"
#include "common/base/buf.h"
#include "common/directory/directory.h"
#include "common/directory/store_config.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void names(void **state)
{
	static const struct {
		const char *name, *want; /* NULL: not a name */
	} cases[] = {
		{"anna", "anna"},
		{"ANNA", "anna"},
		{" \tAnna ", "anna"},
		{"Anna.B+c@Example.COM", "anna.b+c@example.com"},
		{"an na", "an na"},
		{"J\xc3\xb6rg", "j\xc3\xb6rg"},
		{"jo\xcc\x88rg", "j\xc3\xb6rg"},
		{"", NULL},
		{"  ", NULL},
		{"an\nna", NULL},
		{"an\x7fna", NULL},
		{"an\x01", NULL},
		{"j\xf6rg", NULL},
		{"\xc3", NULL},
		{"\xed\xa0\x80", NULL},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		size_t n = strlen(cases[i].name);
		char *exact = malloc(n + 1); /* of exactly that size where a sanitizer looks: no NUL behind */
		bool is_name;

		memcpy(exact, cases[i].name, n);
		exact = realloc(exact, n > 0 ? n : 1);
		out.n = 0;
		is_name = directory_name_normalize(span_from(exact, n), &out);
		if (is_name != (cases[i].want != NULL))
			fail_msg("case %zu", i);
		if (is_name)
			assert_string_equal(buf_cstr(&out), cases[i].want);
		free(exact);
	}
	out.n = 0;
	assert_false(directory_name_normalize(SPAN("an\0na"), &out));
	buf_done(&out);
}

static void long_names(void **state)
{
	char name[STORE_USER_NAME_MAX + 1];
	struct buf out = {0};

	(void)state;
	memset(name, 'A', sizeof name);
	assert_true(directory_name_normalize(span_from(name, STORE_USER_NAME_MAX), &out));
	assert_int_equal(out.n, STORE_USER_NAME_MAX);
	out.n = 0;
	assert_false(directory_name_normalize(span_from(name, sizeof name), &out));
	buf_done(&out);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void users(void **state)
{
	static const struct config_key *const tables[] = {store_keys, directory_keys};
	char folder[] = "/tmp/trivet-test-XXXXXX", setting[128], *error = NULL;
	struct config *config = config_load(NULL, tables, array_count(tables), &error);
	struct store_user user = {.name = SPAN("anna"),
				  .display_name = SPAN("Anna B"),
				  .mail = SPAN("anna@example.com"),
				  .secrets = SPAN("SCRAM-SHA-256$1:a$b:c"),
				  .is_admin = true};
	struct store_options options;
	struct store *store = NULL;
	struct directory *directory;
	struct directory_user found;
	struct arena *arena = arena_create();
	uint64_t id;

	(void)state;
	assert_non_null(config);
	assert_non_null(mkdtemp(folder));
	snprintf(setting, sizeof setting, "store.path=%s/store", folder);
	assert_true(config_set(config, setting, &error));
	store_options_from(config, &options);
	assert_int_equal(store_open(&options, &store, &error), STORE_OK);
	assert_int_equal(store_user_add(store, &user, &id), STORE_OK);
	directory = directory_create(config, store);
	assert_int_equal(directory_find(directory, SPAN(" Anna"), arena, &found), DIRECTORY_OK);
	assert_int_equal(found.id, id);
	assert_true(span_is(found.name, "anna"));
	assert_true(span_is(found.display_name, "Anna B"));
	assert_true(span_is(found.mail, "anna@example.com"));
	assert_true(span_is(found.secrets, "SCRAM-SHA-256$1:a$b:c"));
	assert_true(found.is_admin && !found.is_disabled);
	assert_int_equal(directory_find(directory, SPAN("bob"), arena, &found), DIRECTORY_UNKNOWN);
	assert_int_equal(directory_find(directory, SPAN(""), arena, &found), DIRECTORY_UNKNOWN);
	assert_int_equal(directory_find(directory, SPAN("anna\0"), arena, &found), DIRECTORY_UNKNOWN);
	assert_int_equal(store_user_set_profile(store, id, SPAN(""), SPAN(""), false, true), STORE_OK);
	assert_int_equal(directory_find(directory, SPAN("anna"), arena, &found), DIRECTORY_OK);
	assert_true(!found.is_admin && found.is_disabled);
	directory_destroy(&directory);
	directory_destroy(&directory);
	store_close(&store);
	config_destroy(&config);
	arena_destroy(&arena);
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void options_of_the_store(void **state)
{
	static const struct config_key *const tables[] = {store_keys};
	static const char *const settings[] = {"store.path=/x",
					       "store.blob_inline_max=8K",
					       "store.blob_in_database=yes",
					       "store.keywords_max=7",
					       "store.mailboxes_max=9",
					       "store.busy_timeout=3s",
					       "store.poll=250ms",
					       "store.mmap=2M",
					       "store.default_quota=1G"};
	char *error = NULL;
	struct config *config = config_load(NULL, tables, array_count(tables), &error);
	struct store_options options;

	(void)state;
	store_options_from(config, &options);
	assert_string_equal(options.path, "/var/lib/trivet");
	assert_int_equal(options.blob_inline_max, 65536);
	assert_int_equal(options.default_quota, 0);
	for (size_t i = 0; i < array_count(settings); i++)
		assert_true(config_set(config, settings[i], &error));
	store_options_from(config, &options);
	assert_string_equal(options.path, "/x");
	assert_int_equal(options.blob_inline_max, 8192);
	assert_true(options.blob_in_database);
	assert_int_equal(options.keywords_max, 7);
	assert_int_equal(options.mailboxes_max, 9);
	assert_int_equal(options.busy_timeout_ms, 3000);
	assert_int_equal(options.poll_ms, 250);
	assert_int_equal(options.mmap_bytes, 2 << 20);
	assert_int_equal(options.default_quota, 1 << 30);
	config_destroy(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(long_names),
		cmocka_unit_test(users),
		cmocka_unit_test(options_of_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

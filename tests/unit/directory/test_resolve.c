/* Whom addresses mean. */
#include "common/base/buf.h"
#include "common/base/must.h"
#include "common/directory/directory.h"
#include "common/directory/store_config.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	char folder[32];
	struct config *config;
	struct store *store;
	struct directory *directory;
	struct arena *arena;
	uint64_t anna, bob;
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static uint64_t add_user(struct fixture *f, const char *name, const char *mail)
{
	struct store_user user = {.name = span_of(name), .mail = span_of(mail)};
	uint64_t id;

	assert_int_equal(store_user_add(f->store, &user, &id), STORE_OK);
	return id;
}

static void alias(struct fixture *f, const char *address, const char *target)
{
	assert_int_equal(store_alias_add(f->store, span_of(address), span_of(target)), STORE_OK);
}

static int setup(void **state)
{
	static const struct config_key *const tables[] = {store_keys, directory_keys};
	struct fixture *f = calloc(1, sizeof *f);
	struct store_options options;
	char *error = NULL, setting[64];

	strcpy(f->folder, "/tmp/trivet-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->config = config_load(NULL, tables, array_count(tables), &error);
	snprintf(setting, sizeof setting, "store.path=%s/store", f->folder);
	assert_true(config_set(f->config, setting, &error));
	store_options_from(f->config, &options);
	assert_int_equal(store_open(&options, &f->store, &error), STORE_OK);
	f->directory = directory_create(f->config, f->store);
	f->arena = arena_create();
	f->anna = add_user(f, "anna", "anna.b@example.com");
	f->bob = add_user(f, "bob", "");
	alias(f, "team@example.com", "anna");
	alias(f, "team@example.com", "bob");
	alias(f, "all@example.com", "team@example.com");
	alias(f, "all@example.com", "anna.b@example.com");
	alias(f, "postmaster", "bob");
	alias(f, "circle@example.com", "circle2@example.com");
	alias(f, "circle2@example.com", "circle@example.com");
	alias(f, "list@example.com", "bob+lists");
	alias(f, "list2+x@example.com", "bob+lists");
	alias(f, "deep0", "deep1");
	alias(f, "deep1", "circle@example.com");
	alias(f, "deep1", "bob");
	alias(f, "half@example.com", "nobody@example.com");
	alias(f, "half@example.com", "bob");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	directory_destroy(&f->directory);
	store_close(&f->store);
	config_destroy(&f->config);
	arena_destroy(&f->arena);
	(void)nftw(f->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* want: "anna", "anna bob", "" for nobody; folder of a single one behind a colon. */
static void is(struct fixture *f, const struct directory_rule *rule, const char *address, const char *want)
{
	struct directory_target *targets;
	struct buf got = {0};
	size_t count;
	enum directory_status status =
		directory_resolve(f->directory, rule, span_of(address), f->arena, &targets, &count);

	assert_int_equal(status, want[0] == '\0' ? DIRECTORY_UNKNOWN : DIRECTORY_OK);
	for (size_t i = 0; i < count; i++) {
		buf_text(&got, i > 0 ? " " : "");
		buf_text(&got, targets[i].user == f->anna ? "anna" : "bob");
		if (count == 1 && targets[i].folder.n > 0)
			buf_printf(&got, ":%.*s", (int)targets[i].folder.n, targets[i].folder.p);
	}
	if (strcmp(buf_cstr(&got), want) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", address, buf_cstr(&got), want);
	buf_done(&got);
}

static void everywhere_ours(void **state)
{
	static const struct directory_rule rule = {.separator = '+'};
	struct fixture *f = *state;

	is(f, &rule, "anna", "anna");
	is(f, &rule, "ANNA@Anywhere.org", "anna");
	is(f, &rule, "Anna.B@EXAMPLE.com", "anna");
	is(f, &rule, "anna.b@elsewhere.org", "");
	is(f, &rule, "nobody@example.com", "");
	is(f, &rule, "team@example.com", "anna bob");
	is(f, &rule, "all@example.com", "anna bob");
	is(f, &rule, "postmaster@example.com", "bob");
	is(f, &rule, "Postmaster", "bob");
	is(f, &rule, "circle@example.com", "");
	is(f, &rule, "half@example.com", "bob");
	is(f, &rule, "list@example.com", "bob:lists");
	is(f, &rule, "list2+X@example.com", "bob:lists");
	is(f, &rule, "deep0", "bob");
	is(f, &rule, "anna+Some/Folder@x", "anna:Some/Folder");
	is(f, &rule, "anna.b+Work@example.com", "anna:Work");
	is(f, &rule, "anna+@x", "anna");
	is(f, &rule, "postmaster+Q@x", "bob:Q");
	is(f, &rule, "", "");
	is(f, &rule, "@", "");
	is(f, &rule, "+", "");
}

static void domains(void **state)
{
	static const char *const ours[] = {"example.com", "Example.ORG"};
	static const struct directory_rule rule = {.domains = ours, .domain_count = 2};
	struct fixture *f = *state;

	is(f, &rule, "bob@example.org", "bob");
	is(f, &rule, "bob@example.net", "");
	is(f, &rule, "bob", "bob");
	is(f, &rule, "postmaster@example.net", "");
	is(f, &rule, "bob+x@example.com", ""); /* no separator */
}

static void a_user_may_be_named_by_an_address(void **state)
{
	static const struct directory_rule rule = {.separator = '+'};
	struct fixture *f = *state;
	struct directory_target *targets;
	size_t count;
	uint64_t id = add_user(f, "c+d@example.com", "");

	assert_int_equal(directory_resolve(f->directory, &rule, SPAN("C+D@example.com"), f->arena, &targets, &count),
			 DIRECTORY_OK);
	assert_true(count == 1 && targets[0].user == id && targets[0].folder.n == 0);
}

/* Aliases that all name one another, and more users than an address may have. */
static void large_ones(void **state)
{
	static const struct directory_rule rule = {0};
	struct fixture *f = *state;
	struct directory_target *targets;
	size_t count;
	char from[16], to[16];

	for (int i = 0; i < 12; i++)
		for (int j = 0; j < 12; j++) {
			snprintf(from, sizeof from, "k%d", i);
			snprintf(to, sizeof to, "k%d", j);
			alias(f, from, to);
		}
	is(f, &rule, "k3", "");
	alias(f, "k7", "anna");
	is(f, &rule, "k3", "anna");
	for (int i = 0; i < 70; i++) {
		snprintf(from, sizeof from, "c%d", i);
		snprintf(to, sizeof to, "c%d", i + 1);
		alias(f, from, to);
	}
	alias(f, "c70", "anna");
	is(f, &rule, "c20", "anna");
	assert_int_equal(directory_resolve(f->directory, &rule, SPAN("c0"), f->arena, &targets, &count),
			 DIRECTORY_UNAVAILABLE);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everywhere_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(domains, setup, teardown),
		cmocka_unit_test_setup_teardown(large_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(a_user_may_be_named_by_an_address, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

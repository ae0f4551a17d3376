/* Users in a fresh store, an auth over them, a clock that the test moves, and what was logged. */
#ifndef TESTS_UNIT_AUTH_AUTH_TEST_H
#define TESTS_UNIT_AUTH_AUTH_TEST_H

#include "common/auth/auth.h"
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/directory/store_config.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { AUTH_TEST_ITERATIONS = 4096, LOG_BYTES = 65536 };

struct auth_test {
	char folder[64];
	struct config *config;
	struct store *store;
	struct directory *directory;
	struct auth *auth;
	struct auth_peer peer; /* trusted, "192.0.2.1:4711" */
	struct auth_identity identity;
	unsigned delay_ms;
};

/* Seconds that are added to both clocks; NULL without TRIVET_FAULTS. */
static inline int64_t *auth_test_clock(void)
{
#ifdef TRIVET_FAULTS
	static int64_t *map;
	char path[] = "/tmp/trivet-clock-XXXXXX";
	int fd;

	if (map == NULL && (fd = mkstemp(path)) >= 0) {
		assert_int_equal(ftruncate(fd, sizeof *map), 0);
		map = mmap(NULL, sizeof *map, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		setenv("TRIVET_TEST_CLOCK", path, 1);
		(void)clock_now(); /* maps it too */
		unlink(path);
		close(fd);
	}
	return map;
#else
	return NULL;
#endif
}

static inline void auth_test_sleep(int64_t seconds)
{
	if (auth_test_clock() == NULL)
		skip();
	*auth_test_clock() += seconds;
}

static int auth_test_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void auth_test_add_user(struct auth_test *t, const char *name, const char *password, bool is_disabled)
{
	struct buf secrets = {0};
	struct store_user user = {.name = span_of(name), .display_name = SPAN(""), .mail = SPAN("")};
	uint64_t id;

	if (password != NULL)
		assert_true(auth_secrets_make(span_of(password), AUTH_TEST_ITERATIONS, &secrets));
	user.secrets = buf_view(&secrets);
	assert_int_equal(store_user_add(t->store, &user, &id), STORE_OK);
	if (is_disabled)
		assert_int_equal(store_user_set_profile(t->store, id, SPAN(""), SPAN(""), false, true), STORE_OK);
	buf_done(&secrets);
}

/* The auth anew, with settings "section.key=value", ended by NULL. */
static inline void auth_test_set(struct auth_test *t, ...)
{
	const char *setting;
	char *error = NULL;
	va_list args;

	va_start(args, t);
	while ((setting = va_arg(args, const char *)) != NULL)
		if (!config_set(t->config, setting, &error))
			fail_msg("%s", error);
	va_end(args);
	auth_destroy(&t->auth);
	t->auth = auth_create(t->config, t->directory, "imap", &error);
	if (t->auth == NULL)
		fail_msg("%s", error);
}

static inline int auth_test_setup(void **state)
{
	static const struct config_key *const tables[] = {store_keys, directory_keys, auth_keys};
	struct auth_test *t = calloc(1, sizeof *t);
	struct store_options options = {.create = true};
	char path[80], *error = NULL;

	(void)auth_test_clock();
	log_open("test", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	strcpy(t->folder, "/tmp/trivet-test-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(path, sizeof path, "%s/store", t->folder);
	options.path = path;
	if (store_open(&options, &t->store, &error) != STORE_OK)
		fail_msg("%s", error);
	if ((t->config = config_load(NULL, tables, array_count(tables), &error)) == NULL)
		fail_msg("%s", error);
	t->directory = directory_create(t->config, t->store);
	auth_test_add_user(t, "anna", "geheim", false);
	auth_test_add_user(t, "bob@example.com", "p\xc3\xa4ss w\xc3\xb6rd", false);
	auth_test_add_user(t, "dora", "geheim", true);
	auth_test_add_user(t, "empty", NULL, false);
	auth_test_add_user(t, "root", "wurzel", false);
	auth_test_set(t, "auth.master_users=root", "auth.iterations=4096", NULL);
	t->peer = (struct auth_peer){
		.remote = "192.0.2.1:4711", .is_trusted = true, .is_tls = true, .about = {.remote = "192.0.2.1:4711"}};
	*state = t;
	return 0;
}

static inline int auth_test_teardown(void **state)
{
	struct auth_test *t = *state;

	auth_identity_done(&t->identity);
	auth_destroy(&t->auth);
	directory_destroy(&t->directory);
	store_close(&t->store);
	config_destroy(&t->config);
	(void)nftw(t->folder, auth_test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(t);
	return 0;
}

#define AUTH_TEST(function) cmocka_unit_test_setup_teardown(function, auth_test_setup, auth_test_teardown)

static inline enum auth_result auth_test_login(struct auth_test *t, const char *user, const char *password)
{
	auth_identity_done(&t->identity);
	return auth_password(t->auth, &t->peer, span_of(user), span_of(password), &t->identity, &t->delay_ms);
}

/* What run() logs, in a text that the next call overwrites. */
static inline const char *auth_test_log_of(struct auth_test *t, void (*run)(struct auth_test *t))
{
	static char text[LOG_BYTES];
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	log_set_level(LOG_LEVEL_DEBUG);
	dup2(fileno(file), STDERR_FILENO);
	run(t);
	dup2(before, STDERR_FILENO);
	close(before);
	log_set_level(LOG_LEVEL_ERROR);
	rewind(file);
	n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

#endif

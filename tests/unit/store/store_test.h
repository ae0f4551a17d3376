/* A fresh store for each test, in a folder below /tmp that goes away with it. Each test program includes this once. */
#ifndef TESTS_UNIT_STORE_STORE_TEST_H
#define TESTS_UNIT_STORE_STORE_TEST_H

#include "common/base/arena.h"
#include "common/base/fault.h"
#include "common/store/mailbox.h"
#include "common/store/store_private.h"
#include "common/store/user.h"

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

struct store_test {
	char folder[64]; /* of the test */
	char path[80];   /* of the store */
	struct store *store;
	struct arena *arena;
	uint64_t user;   /* "anna" */
	int32_t *faults; /* FAULT_POINT_COUNT of them; nothing strikes without TRIVET_FAULTS */
};

static int store_test_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void store_test_remove(const char *folder)
{
	(void)nftw(folder, store_test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The file is named by the environment before the first pass looks for it; all tests of a program share it. */
static inline int32_t *store_test_faults(void)
{
	static int32_t *map;
	char path[] = "/tmp/trivet-faults-XXXXXX";
	int fd;

	if (map == NULL && (fd = mkstemp(path)) >= 0) {
		assert_int_equal(ftruncate(fd, FAULT_POINT_COUNT * sizeof(*map)), 0);
		map = mmap(NULL, FAULT_POINT_COUNT * sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		setenv("TRIVET_TEST_FAULTS", path, 1);
		(void)fault_strikes(FAULT_READ_BROKEN); /* maps it too */
		unlink(path);
		close(fd);
	}
	memset(map, 0, FAULT_POINT_COUNT * sizeof(*map));
	return map;
}

static inline struct store *store_test_open(const struct store_test *t)
{
	struct store_options options = {.path = t->path, .create = true, .busy_timeout_ms = 20000, .poll_ms = 50};
	struct store *store = NULL;
	char *error = NULL;
	enum store_status status = store_open(&options, &store, &error);

	if (status != STORE_OK)
		print_error("store_open: %s\n", error);
	assert_int_equal(status, STORE_OK);
	return store;
}

static inline uint64_t store_test_add_user(const struct store_test *t, const char *name)
{
	struct store_user user = {.name = span_of(name), .display_name = SPAN(""), .mail = SPAN("")};
	uint64_t id = 0;

	assert_int_equal(store_user_add(t->store, &user, &id), STORE_OK);
	return id;
}

static inline int store_test_setup(void **state)
{
	struct store_test *t = calloc(1, sizeof(*t));

	strcpy(t->folder, "/tmp/trivet-test-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->path, sizeof(t->path), "%s/store", t->folder);
	t->faults = store_test_faults();
	t->store = store_test_open(t);
	t->arena = arena_create();
	t->user = store_test_add_user(t, "anna");
	*state = t;
	return 0;
}

static inline int store_test_teardown(void **state)
{
	struct store_test *t = *state;

	memset(t->faults, 0, FAULT_POINT_COUNT * sizeof(*t->faults));
	store_close(&t->store);
	arena_destroy(&t->arena);
	store_test_remove(t->folder);
	free(t);
	return 0;
}

static inline void store_test_needs_faults(void)
{
#ifndef TRIVET_FAULTS
	skip();
#endif
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, store_test_setup, store_test_teardown)

/* Shorthands that fail the test where the store does not say STORE_OK. */
static inline struct store_mailbox store_test_find(const struct store_test *t, const char *name)
{
	struct store_mailbox mailbox;

	assert_int_equal(store_mailbox_find(t->store, t->user, span_of(name), t->arena, &mailbox), STORE_OK);
	return mailbox;
}

static inline struct store_mailbox store_test_create(const struct store_test *t, const char *name)
{
	struct store_mailbox mailbox;

	assert_int_equal(store_mailbox_create(t->store, t->user, span_of(name), 0, &mailbox), STORE_OK);
	return mailbox;
}

#endif

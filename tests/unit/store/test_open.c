/* Opening a store: making one, refusing what is none, clear words about why. */
#include "tests/unit/store/store_test.h"

#include "common/store/sql/schema.h"
#include "common/store/sql/sql.h"

#include <sys/stat.h>
#include <sys/wait.h>

static void refused(const struct store_options *options, const char *word, const char *why)
{
	struct store *store = NULL;
	char *error = NULL;

	assert_int_equal(store_open(options, &store, &error), STORE_BROKEN);
	assert_null(store);
	assert_non_null(error);
	if (strstr(error, word) == NULL || strstr(error, why) == NULL || strchr(error, '\n') != NULL)
		fail_msg("unclear: %s", error);
	free(error);
}

static void makes_its_folders(void **state)
{
	static const char *const folders[] = {"", "/blobs", "/tmp", "/notify"};
	struct store_test *t = *state;
	char path[128];
	struct stat st;

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", t->path, folders[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_string_equal(store_folder(t->store), t->path);
	assert_int_equal(store_options_of(t->store)->keywords_max, STORE_KEYWORDS_MAX);
	assert_int_equal(store_ping(t->store), STORE_OK);
}

static void stays_when_closed(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path};
	uint64_t id = store_test_create(t, "kept").id;
	char path[128], *error = NULL;

	store_close(&t->store);
	store_close(&t->store);
	snprintf(path, sizeof(path), "%s/store.db-wal", t->path);
	assert_int_not_equal(access(path, F_OK), 0); /* the log went into the database */
	assert_int_equal(store_open(&options, &t->store, &error), STORE_OK);
	assert_int_equal(store_test_find(t, "kept").id, id);
}

static void has_one_secret(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path};
	unsigned char first[STORE_SECRET_BYTES], other[STORE_SECRET_BYTES], again[STORE_SECRET_BYTES];
	struct store *second = NULL;
	char *error = NULL;

	store_secret(t->store, "a", first);
	store_secret(t->store, "b", other);
	assert_memory_not_equal(first, other, sizeof first);
	assert_int_equal(store_open(&options, &second, &error), STORE_OK);
	store_secret(second, "a", again);
	assert_memory_equal(first, again, sizeof first);
	store_close(&second);
}

static void needs_create(void **state)
{
	struct store_test *t = *state;
	char path[128];
	struct store_options options = {.path = path};

	snprintf(path, sizeof(path), "%s/none", t->folder);
	refused(&options, path, "No such file");
	assert_int_equal(mkdir(path, 0700), 0);
	refused(&options, path, "store.db is missing");
	snprintf(path, sizeof(path), "%s/none/deeper/still", t->folder);
	options.create = true;
	refused(&options, path, "No such file");
	snprintf(path, sizeof(path), "%s/store.db", t->path);
	refused(&options, path, "not a folder");
}

static void run_sql(const struct store_test *t, const char *sql)
{
	char path[128], *error = NULL;
	struct sql_options options = {.path = path, .create = true, .busy_timeout_ms = 100};
	struct sql_db *db = NULL;

	snprintf(path, sizeof(path), "%s/store.db", t->path);
	assert_int_equal(sql_open(&options, &db, &error), STORE_OK);
	assert_int_equal(sql_script(db, sql), STORE_OK);
	sql_close(&db);
}

static void refuses_newer_schema(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path, .create = true};

	store_close(&t->store);
	run_sql(t, "UPDATE store_info SET value = '999' WHERE name = 'version'");
	refused(&options, t->path, "schema version 999");
}

static void refuses_what_is_no_store(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path, .create = true};

	store_close(&t->store);
	run_sql(t, "DROP TABLE store_info");
	refused(&options, t->path, "not a Trivet store");
}

static void refuses_empty_database(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path};
	char path[128], *error = NULL;

	store_close(&t->store);
	snprintf(path, sizeof(path), "%s/store.db", t->path);
	assert_int_equal(truncate(path, 0), 0);
	refused(&options, t->path, "empty");
	options.create = true;
	assert_int_equal(store_open(&options, &t->store, &error), STORE_OK);
}

/* As another user, for root may write everywhere. */
static void refuses_unwritable(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path};
	int status;
	pid_t pid;

	store_close(&t->store);
	assert_int_equal(chmod(t->folder, 0755), 0);
	assert_int_equal(chmod(t->path, 0555), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		struct store *store = NULL;
		char *error = NULL;

		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(3);
		_exit(store_open(&options, &store, &error) == STORE_BROKEN && strstr(error, "cannot be written") != NULL
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(t->path, 0700), 0);
}

/* Several processes make the same store at once: each gets it, whole. */
static void made_by_many_at_once(void **state)
{
	struct store_test *t = *state;
	int status;

	store_close(&t->store);
	snprintf(t->path, sizeof(t->path), "%s/race", t->folder);
	fflush(NULL);
	for (int i = 0; i < 6; i++) {
		if (fork() == 0) {
			struct store_options options = {.path = t->path, .create = true, .busy_timeout_ms = 20000};
			struct store *store = NULL;
			char *error = NULL;
			enum store_status opened = store_open(&options, &store, &error);

			if (opened != STORE_OK)
				fprintf(stderr, "%s\n", error);
			if (opened == STORE_OK)
				opened = store_ping(store);
			store_close(&store);
			_exit((int)opened);
		}
	}
	for (int i = 0; i < 6; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(makes_its_folders),      STORE_TEST(stays_when_closed),
		STORE_TEST(has_one_secret),         STORE_TEST(needs_create),
		STORE_TEST(refuses_newer_schema),   STORE_TEST(refuses_what_is_no_store),
		STORE_TEST(refuses_empty_database), STORE_TEST(refuses_unwritable),
		STORE_TEST(made_by_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

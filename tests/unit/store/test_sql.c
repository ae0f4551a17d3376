/* The SQL driver: statements and their cache, values, transactions, statuses, faults, the log. */
#include "tests/unit/store/store_test.h"

#include "common/store/sql/sql.h"

struct sql_test {
	char folder[64], path[80];
	struct sql_db *db;
	int32_t *faults;
};

static struct sql_db *open_db(const struct sql_test *t, bool read_only, unsigned busy_ms)
{
	struct sql_options options = {.path = t->path,
				      .create = true,
				      .read_only = read_only,
				      .busy_timeout_ms = busy_ms,
				      .mmap_bytes = 1 << 20};
	struct sql_db *db = NULL;
	char *error = NULL;

	assert_int_equal(sql_open(&options, &db, &error), STORE_OK);
	assert_null(error);
	return db;
}

static int setup(void **state)
{
	struct sql_test *t = calloc(1, sizeof(*t));

	strcpy(t->folder, "/tmp/trivet-test-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->path, sizeof(t->path), "%s/x.db", t->folder);
	t->faults = store_test_faults();
	t->db = open_db(t, false, 1000);
	assert_int_equal(sql_script(t->db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE);"), STORE_OK);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct sql_test *t = *state;

	sql_close(&t->db);
	sql_close(&t->db);
	store_test_remove(t->folder);
	free(t);
	return 0;
}

static enum store_status insert(struct sql_db *db, uint64_t id, struct span value)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(db, "INSERT INTO t (id, v) VALUES (?, ?)", &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, id);
		sql_bind_span(stmt, 2, value);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static uint64_t count(struct sql_db *db)
{
	struct sql_stmt *stmt = NULL;
	uint64_t n;

	assert_int_equal(sql_prepare(db, "SELECT COUNT(*) FROM t", &stmt), STORE_OK);
	assert_int_equal(sql_step_one(stmt), STORE_OK);
	n = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return n;
}

static void values_come_back(void **state)
{
	static const char select[] = "SELECT v, typeof(v) FROM t WHERE id = ?";
	struct sql_test *t = *state;
	struct sql_stmt *stmt = NULL;

	assert_int_equal(insert(t->db, 1, span_from("a\0b", 3)), STORE_OK);
	assert_int_equal(insert(t->db, 2, (struct span){NULL, 0}), STORE_OK);
	assert_int_equal(sql_last_insert_id(t->db), 2);
	assert_int_equal(sql_script(t->db, "INSERT INTO t VALUES (3, NULL), (4, -5)"), STORE_OK);
	assert_int_equal(sql_prepare(t->db, select, &stmt), STORE_OK);
	sql_bind_u64(stmt, 1, 1);
	assert_int_equal(sql_step_one(stmt), STORE_OK);
	assert_true(span_equal(sql_span(stmt, 0), span_from("a\0b", 3)));
	sql_reset(stmt);
	sql_bind_u64(stmt, 1, 2);
	assert_int_equal(sql_step_one(stmt), STORE_OK);
	assert_true(span_is(sql_span(stmt, 1), "blob"));
	assert_false(sql_is_null(stmt, 0));
	assert_non_null(sql_span(stmt, 0).p);
	sql_reset(stmt);
	sql_bind_u64(stmt, 1, 3);
	assert_int_equal(sql_step_one(stmt), STORE_OK);
	assert_true(sql_is_null(stmt, 0));
	assert_null(sql_span(stmt, 0).p);
	assert_int_equal(sql_u64(stmt, 0), 0);
	sql_reset(stmt);
	sql_bind_u64(stmt, 1, 4);
	assert_int_equal(sql_step_one(stmt), STORE_OK);
	assert_int_equal(sql_i64(stmt, 0), -5);
	sql_reset(stmt);
	sql_bind_null(stmt, 1);
	assert_int_equal(sql_step_one(stmt), STORE_NOT_FOUND);
	sql_stmt_free(&stmt);
	sql_stmt_free(&stmt);
}

/* The same text may be in use twice at once, and comes back without what was bound before. */
static void statements_are_kept(void **state)
{
	static const char select[] = "SELECT ?";
	struct sql_test *t = *state;
	struct sql_stmt *a = NULL, *b = NULL, *kept;

	assert_int_equal(sql_prepare(t->db, select, &a), STORE_OK);
	assert_int_equal(sql_prepare(t->db, select, &b), STORE_OK);
	assert_ptr_not_equal(a, b);
	sql_bind_u64(a, 1, 7);
	assert_int_equal(sql_step_one(a), STORE_OK);
	kept = a;
	sql_stmt_free(&a);
	assert_null(a);
	assert_int_equal(sql_prepare(t->db, select, &a), STORE_OK);
	assert_ptr_equal(a, kept);
	assert_int_equal(sql_step_one(a), STORE_OK);
	assert_true(sql_is_null(a, 0));
	sql_stmt_free(&b);
	sql_stmt_free(&a);
	assert_int_equal(sql_prepare(t->db, "SELEC", &a), STORE_BROKEN);
	assert_null(a);
	assert_non_null(strstr(sql_error(t->db), "syntax"));
}

static void statuses(void **state)
{
	struct sql_test *t = *state;
	struct sql_db *other = open_db(t, false, 20), *reader = open_db(t, true, 20);

	assert_int_equal(insert(t->db, 1, SPAN("x")), STORE_OK);
	assert_int_equal(insert(t->db, 2, SPAN("x")), STORE_EXISTS);
	assert_int_equal(insert(reader, 3, SPAN("y")), STORE_BROKEN);
	assert_int_equal(sql_begin_write(t->db), STORE_OK);
	assert_int_equal(sql_begin_write(other), STORE_BUSY);
	assert_false(sql_in_transaction(other));
	sql_rollback(t->db);
	assert_int_equal(sql_script(other, "PRAGMA max_page_count=8"), STORE_OK);
	assert_int_equal(sql_begin_write(other), STORE_OK);
	assert_int_equal(sql_script(other, "INSERT INTO t VALUES (9, zeroblob(1000000))"), STORE_NO_SPACE);
	sql_rollback(other);
	assert_int_equal(count(t->db), 1);
	sql_close(&reader);
	sql_close(&other);
}

static void savepoints(void **state)
{
	struct sql_test *t = *state;

	assert_int_equal(sql_begin_write(t->db), STORE_OK);
	assert_int_equal(sql_savepoint(t->db), STORE_OK);
	assert_int_equal(insert(t->db, 1, SPAN("a")), STORE_OK);
	assert_int_equal(sql_savepoint_keep(t->db), STORE_OK);
	assert_int_equal(sql_savepoint(t->db), STORE_OK);
	assert_int_equal(insert(t->db, 2, SPAN("b")), STORE_OK);
	sql_savepoint_undo(t->db);
	assert_int_equal(sql_commit(t->db), STORE_OK);
	assert_int_equal(count(t->db), 1);
	assert_int_equal(sql_begin_write(t->db), STORE_OK);
	assert_int_equal(insert(t->db, 3, SPAN("c")), STORE_OK);
	sql_rollback(t->db);
	sql_rollback(t->db); /* twice is harmless */
	assert_int_equal(count(t->db), 1);
}

static void faults_strike(void **state)
{
	static const struct {
		enum fault_point point;
		enum store_status want;
	} cases[] = {{FAULT_COMMIT_BUSY, STORE_BUSY},
		     {FAULT_COMMIT_FULL, STORE_NO_SPACE},
		     {FAULT_COMMIT_BROKEN, STORE_BROKEN}};
	struct sql_test *t = *state;

	store_test_needs_faults();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t->faults[cases[i].point] = 1;
		assert_int_equal(sql_begin_write(t->db), STORE_OK);
		assert_int_equal(insert(t->db, 1, SPAN("a")), STORE_OK);
		assert_int_equal(sql_commit(t->db), cases[i].want);
		assert_non_null(strstr(sql_error(t->db), "injected"));
		sql_rollback(t->db);
		assert_non_null(strstr(sql_error(t->db), "injected"));
		assert_int_equal(count(t->db), 0);
	}
	t->faults[FAULT_READ_BROKEN] = 1;
	assert_int_equal(sql_begin_read(t->db), STORE_BROKEN);
	t->faults[FAULT_COMMIT_BROKEN] = 1; /* not for reads */
	assert_int_equal(sql_begin_read(t->db), STORE_OK);
	assert_int_equal(sql_commit(t->db), STORE_OK);
}

static void version_tells_of_others(void **state)
{
	struct sql_test *t = *state;
	struct sql_db *other = open_db(t, false, 100);
	uint64_t version = sql_version(t->db);

	assert_int_equal(insert(t->db, 1, SPAN("a")), STORE_OK);
	assert_int_equal(sql_version(t->db), version);
	assert_int_equal(insert(other, 2, SPAN("b")), STORE_OK);
	assert_int_not_equal(sql_version(t->db), version);
	sql_close(&other);
}

static void log_is_moved(void **state)
{
	struct sql_test *t = *state;
	struct sql_db *other = open_db(t, true, 100);
	uint64_t bytes;

	for (uint64_t i = 1; i < 20; i++)
		assert_int_equal(insert(t->db, i, span_from(&i, sizeof(i))), STORE_OK);
	bytes = sql_log_bytes(t->db);
	assert_true(bytes > 0);
	assert_int_equal(sql_checkpoint(other), STORE_OK);
	assert_int_equal(insert(t->db, 100, SPAN("a")), STORE_OK);
	assert_true(sql_log_bytes(t->db) < bytes); /* it began anew */
	assert_int_equal(sql_checkpoint_all(other, true), STORE_OK);
	assert_int_equal(count(other), 20);
	sql_close(&other);
}

static void open_says_why_not(void **state)
{
	struct sql_test *t = *state;
	char path[] = "/tmp/no/such/folder/x.db", *error = NULL;
	struct sql_options options = {.path = path, .create = true, .busy_timeout_ms = 10};
	struct sql_db *db = NULL;
	FILE *file;

	assert_int_equal(sql_open(&options, &db, &error), STORE_BROKEN);
	assert_null(db);
	assert_non_null(strstr(error, path));
	free(error);
	sql_close(&t->db);
	assert_non_null(file = fopen(t->path, "w"));
	for (int i = 0; i < 10000; i++)
		fputs("this is no database ", file);
	fclose(file);
	options.path = t->path;
	assert_int_equal(sql_open(&options, &db, &error), STORE_BROKEN);
	assert_non_null(strstr(error, "not a database"));
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(statements_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(statuses, setup, teardown),
		cmocka_unit_test_setup_teardown(savepoints, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_strike, setup, teardown),
		cmocka_unit_test_setup_teardown(version_tells_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(log_is_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(open_says_why_not, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Transactions: group commit, failures apart, faults, several processes, sudden death, concurrency. */
#include "tests/unit/store/store_test.h"

#include "common/store/sql/sql.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { THREADS = 16 };

static enum store_status note(struct store_tx *tx, uint64_t id)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, "INSERT INTO blob_data (id, data) VALUES (?, x'00')", &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, id);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status count_tx(struct store_tx *tx, void *arg)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, "SELECT COUNT(*) FROM blob_data", &stmt);

	if (status == STORE_OK && (status = sql_step_one(stmt)) == STORE_OK)
		*(uint64_t *)arg = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return status;
}

static uint64_t count(const struct store_test *t)
{
	uint64_t n = 0;

	assert_int_equal(store_read(t->store, count_tx, &n), STORE_OK);
	return n;
}

/* --- group commit
 * --------------------------------------------------------------------------------------------------------- */

struct gate { /* a closure that holds the first transaction until the others wait */
	sem_t entered, open;
};

static enum store_status gate_tx(struct store_tx *tx, void *arg)
{
	struct gate *gate = arg;

	(void)tx;
	sem_post(&gate->entered);
	sem_wait(&gate->open);
	return STORE_OK;
}

struct call {
	pthread_t thread;
	struct store *store;
	store_tx_fn *fn;
	void *arg;
	uint64_t id;
	int runs;
	enum store_status status;
};

static void *call_thread(void *arg)
{
	struct call *call = arg;

	call->status = store_write(call->store, call->fn, call->arg == NULL ? call : call->arg);
	return NULL;
}

/* Starts a gate and behind it all calls; they have queued up when it opens. */
static void run_in_one_batch(const struct store_test *t, struct call *calls, size_t n)
{
	struct gate gate;
	struct call first = {.store = t->store, .fn = gate_tx, .arg = &gate};

	sem_init(&gate.entered, 0, 0);
	sem_init(&gate.open, 0, 0);
	pthread_create(&first.thread, NULL, call_thread, &first);
	sem_wait(&gate.entered);
	for (size_t i = 0; i < n; i++) {
		calls[i].store = t->store;
		pthread_create(&calls[i].thread, NULL, call_thread, &calls[i]);
	}
	usleep(200000);
	sem_post(&gate.open);
	pthread_join(first.thread, NULL);
	for (size_t i = 0; i < n; i++)
		pthread_join(calls[i].thread, NULL);
	assert_int_equal(first.status, STORE_OK);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.open);
}

static enum store_status note_tx(struct store_tx *tx, void *arg)
{
	struct call *call = arg;

	call->runs++;
	return note(tx, call->id);
}

static void many_share_a_commit(void **state)
{
	struct store_test *t = *state;
	struct call calls[THREADS] = {0};
	uint64_t before = store_commits(t->store);

	for (uint64_t i = 0; i < THREADS; i++)
		calls[i] = (struct call){.fn = note_tx, .id = i + 1};
	run_in_one_batch(t, calls, THREADS);
	assert_int_equal(store_commits(t->store) - before, 2); /* the gate, and all others */
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(calls[i].status, STORE_OK);
	assert_int_equal(count(t), THREADS);
}

static enum store_status note_and_fail_tx(struct store_tx *tx, void *arg)
{
	struct call *call = arg;

	call->runs++;
	(void)note(tx, call->id);
	return store_fail(tx, STORE_CONFLICT, "on purpose");
}

static void failures_stay_apart(void **state)
{
	struct store_test *t = *state;
	struct call calls[THREADS] = {0};

	for (uint64_t i = 0; i < THREADS; i++)
		calls[i] = (struct call){.fn = i % 2 == 0 ? note_tx : note_and_fail_tx, .id = i + 1};
	run_in_one_batch(t, calls, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(calls[i].status, i % 2 == 0 ? STORE_OK : STORE_CONFLICT);
		assert_int_equal(calls[i].runs, 1);
	}
	assert_int_equal(count(t), THREADS / 2);
}

/* As the engine does where it runs out of room: the whole transaction is gone. */
static enum store_status ruin_tx(struct store_tx *tx, void *arg)
{
	struct call *call = arg;

	call->runs++;
	sql_rollback(tx->db);
	return STORE_NO_SPACE;
}

static void a_lost_transaction_is_run_again(void **state)
{
	struct store_test *t = *state;
	struct call calls[THREADS] = {0};

	for (uint64_t i = 0; i < THREADS; i++)
		calls[i] = (struct call){.fn = i == 5 ? ruin_tx : note_tx, .id = i + 1};
	run_in_one_batch(t, calls, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(calls[i].status, i == 5 ? STORE_NO_SPACE : STORE_OK);
	assert_int_equal(count(t), THREADS - 1);
}

/* Sets the fault from inside the batch, so that it strikes this commit and not the gate's. */
static enum store_status fault_tx(struct store_tx *tx, void *arg)
{
	struct call *call = arg;

	if (call->runs++ == 0)
		((int32_t *)call->arg)[FAULT_COMMIT_BUSY] = 1;
	return note(tx, call->id);
}

static void a_failed_commit_is_tried_singly(void **state)
{
	struct store_test *t = *state;
	struct call calls[THREADS] = {0}, fault = {.id = 1, .arg = t->faults};
	uint64_t before = store_commits(t->store);

	store_test_needs_faults();
	calls[0] = (struct call){.fn = fault_tx, .arg = &fault};
	for (uint64_t i = 1; i < THREADS; i++)
		calls[i] = (struct call){.fn = note_tx, .id = i + 1};
	run_in_one_batch(t, calls, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(calls[i].status, STORE_OK);
	assert_int_equal(fault.runs, 2);
	assert_int_equal(count(t), THREADS);
	assert_int_equal(store_commits(t->store) - before, THREADS + 1);
}

/* --- statuses
 * ------------------------------------------------------------------------------------------------------------- */

static void faults_change_nothing(void **state)
{
	static const struct {
		enum fault_point point;
		enum store_status want;
	} cases[] = {{FAULT_COMMIT_BUSY, STORE_BUSY},
		     {FAULT_COMMIT_FULL, STORE_NO_SPACE},
		     {FAULT_COMMIT_BROKEN, STORE_BROKEN}};
	struct store_test *t = *state;

	store_test_needs_faults();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = {.id = 1};

		t->faults[cases[i].point] = 1;
		assert_int_equal(store_write(t->store, note_tx, &call), cases[i].want);
		assert_int_equal(count(t), 0);
	}
	t->faults[FAULT_READ_BROKEN] = 1;
	assert_int_equal(store_read(t->store, count_tx, &(uint64_t){0}), STORE_BROKEN);
	assert_int_equal(store_ping(t->store), STORE_OK);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(store_ping(t->store), STORE_NO_SPACE);
	assert_int_equal(store_write(t->store, note_tx, &(struct call){.id = 1}), STORE_OK);
	assert_int_equal(count(t), 1);
}

static void a_locked_database_is_busy(void **state)
{
	struct store_test *t = *state;
	char path[128], *error = NULL;
	struct store_options options = {.path = t->path, .busy_timeout_ms = 50};
	struct sql_options other_options = {.path = path, .busy_timeout_ms = 1000};
	struct sql_db *other = NULL;
	struct call calls[4] = {0};

	store_close(&t->store);
	assert_int_equal(store_open(&options, &t->store, &error), STORE_OK);
	snprintf(path, sizeof(path), "%s/store.db", t->path);
	assert_int_equal(sql_open(&other_options, &other, &error), STORE_OK);
	assert_int_equal(sql_begin_write(other), STORE_OK);
	for (uint64_t i = 0; i < 4; i++) {
		calls[i] = (struct call){.store = t->store, .fn = note_tx, .id = i + 1};
		pthread_create(&calls[i].thread, NULL, call_thread, &calls[i]);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(calls[i].thread, NULL);
		assert_int_equal(calls[i].status, STORE_BUSY);
		assert_int_equal(calls[i].runs, 0);
	}
	assert_int_equal(count(t), 0); /* readers go on */
	sql_rollback(other);
	assert_int_equal(store_write(t->store, note_tx, &calls[0]), STORE_OK);
	sql_close(&other);
}

static enum store_status write_in_read_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return note(tx, 1);
}

static void reads_cannot_write(void **state)
{
	struct store_test *t = *state;

	assert_int_equal(store_read(t->store, write_in_read_tx, NULL), STORE_BROKEN);
	assert_int_equal(count(t), 0);
}

/* --- processes
 * ------------------------------------------------------------------------------------------------------------ */

enum { PROCESSES = 4, EACH = 50 };

static void child_writes(const struct store_test *t, uint64_t from)
{
	struct store *store = store_test_open(t);

	for (uint64_t i = 0; i < EACH; i++) {
		struct call call = {.id = from + i};

		if (store_write(store, note_tx, &call) != STORE_OK)
			_exit(1);
	}
	store_close(&store);
	_exit(0);
}

static void processes_write_at_once(void **state)
{
	struct store_test *t = *state;
	int status;

	store_close(&t->store); /* a connection must not go through a fork */
	fflush(NULL);
	for (uint64_t i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			child_writes(t, i * EACH + 1);
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	t->store = store_test_open(t);
	assert_int_equal(count(t), PROCESSES * EACH);
}

/* Writes until it is killed, and says after each commit how far it is. */
static void child_writes_on(const struct store_test *t, int to)
{
	struct store *store = store_test_open(t);

	for (uint64_t i = 1;; i++) {
		struct call call = {.id = i};

		if (store_write(store, note_tx, &call) != STORE_OK || write(to, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void killed_writer_loses_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t acknowledged = 0, got;
	int pipes[2], status;
	pid_t pid;

	for (int round = 0; round < 3; round++) {
		store_close(&t->store);
		store_test_remove(t->path);
		assert_int_equal(pipe(pipes), 0);
		fflush(NULL);
		if ((pid = fork()) == 0)
			child_writes_on(t, pipes[1]);
		close(pipes[1]);
		while (read(pipes[0], &got, sizeof(got)) == sizeof(got)) {
			acknowledged = got;
			if (acknowledged == 20)
				kill(pid, SIGKILL);
		}
		close(pipes[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		t->store = store_test_open(t);
		assert_in_range(count(t), acknowledged, acknowledged + 1);
		assert_int_equal(store_write(t->store, note_tx, &(struct call){.id = 1000000}), STORE_OK);
	}
}

/* --- concurrency
 * ---------------------------------------------------------------------------------------------------------- */

struct crowd {
	pthread_t thread;
	const struct store_test *t;
	uint64_t from;
	int failed;
};

static void *crowd_thread(void *arg)
{
	struct crowd *crowd = arg;
	uint64_t n;

	for (uint64_t i = 0; i < EACH; i++) {
		struct call call = {.id = crowd->from + i};

		crowd->failed += store_write(crowd->t->store, note_tx, &call) != STORE_OK;
		crowd->failed += store_read(crowd->t->store, count_tx, &n) != STORE_OK || n <= i;
	}
	return NULL;
}

static void a_crowd_batches_by_itself(void **state)
{
	struct store_test *t = *state;
	struct crowd crowd[THREADS];
	uint64_t before = store_commits(t->store), commits;

	for (uint64_t i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){.t = t, .from = i * EACH + 1};
		pthread_create(&crowd[i].thread, NULL, crowd_thread, &crowd[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(crowd[i].thread, NULL);
		assert_int_equal(crowd[i].failed, 0);
	}
	commits = store_commits(t->store) - before;
	print_message("%d closures in %llu commits\n", THREADS * EACH, (unsigned long long)commits);
	assert_true(commits < THREADS * EACH);
	assert_int_equal(count(t), THREADS * EACH);
}

/* The log must not grow for ever: it is moved, and begins anew. */
static enum store_status big_tx(struct store_tx *tx, void *arg)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status =
		sql_prepare(tx->db, "INSERT OR REPLACE INTO blob_data (id, data) VALUES (?, zeroblob(500000))", &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, *(uint64_t *)arg);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static void log_stays_bounded(void **state)
{
	struct store_test *t = *state;
	char path[128];
	struct stat st;

	for (uint64_t i = 0; i < 300; i++) {
		uint64_t id = i % 10 + 1;

		assert_int_equal(store_write(t->store, big_tx, &id), STORE_OK);
	}
	snprintf(path, sizeof(path), "%s/store.db-wal", t->path);
	assert_int_equal(stat(path, &st), 0);
	print_message("150 MB written, log %lld KB\n", (long long)st.st_size / 1024);
	assert_true(st.st_size < 100 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(many_share_a_commit),
		STORE_TEST(failures_stay_apart),
		STORE_TEST(a_lost_transaction_is_run_again),
		STORE_TEST(a_failed_commit_is_tried_singly),
		STORE_TEST(faults_change_nothing),
		STORE_TEST(a_locked_database_is_busy),
		STORE_TEST(reads_cannot_write),
		STORE_TEST(processes_write_at_once),
		STORE_TEST(killed_writer_loses_nothing),
		STORE_TEST(a_crowd_batches_by_itself),
		STORE_TEST(log_stays_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

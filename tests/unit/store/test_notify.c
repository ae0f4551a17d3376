/* Being told of changes: by this process, by another one, by the poll; the table of watches. */
#include "tests/unit/store/store_test.h"

#include "common/store/notify/watch.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

struct ear {
	_Atomic uint64_t calls, last;
};

static void hear(void *arg, uint64_t mailbox)
{
	struct ear *ear = arg;

	atomic_store(&ear->last, mailbox);
	atomic_fetch_add(&ear->calls, 1);
}

/* Waits until it was called so often; true then. */
static bool heard(struct ear *ear, uint64_t calls)
{
	for (int i = 0; i < 500 && atomic_load(&ear->calls) < calls; i++)
		usleep(10000);
	return atomic_load(&ear->calls) >= calls;
}

struct change {
	uint64_t actor, mailbox;
	bool fail;
};

static enum store_status change_tx(struct store_tx *tx, void *arg)
{
	const struct change *change = arg;
	struct store_mailbox_lock lock;
	enum store_status status = store_mailbox_lock(tx, change->actor, change->mailbox, &lock);

	store_tx_touch(tx, change->mailbox);
	return status == STORE_OK && change->fail ? STORE_CONFLICT : status;
}

/* --- the table
 * ------------------------------------------------------------------------------------------------------------ */

static void table_counts(void **state)
{
	struct watch_table *table = watch_table_create();
	struct ear ear = {0};
	uint64_t *all;

	(void)state;
	watch_listen(table, hear, &ear);
	assert_true(watch_add(table, 7));
	assert_false(watch_add(table, 7));
	assert_false(watch_add(table, 8));
	assert_int_equal(watch_list(table, &all), 2);
	assert_true(all[0] == 7 && all[1] == 8);
	free(all);
	watch_tell(table, 7, 5);
	watch_tell(table, 7, 5); /* told already */
	watch_tell(table, 7, 4);
	watch_tell(table, 9, 1); /* nobody watches */
	assert_int_equal(ear.calls, 1);
	watch_tell(table, 7, 0); /* who knows */
	watch_tell(table, 7, 6);
	assert_int_equal(ear.calls, 3);
	watch_remove(table, 7);
	watch_tell(table, 7, 7);
	assert_int_equal(ear.calls, 4);
	watch_remove(table, 7);
	watch_tell(table, 7, 8);
	assert_int_equal(ear.calls, 4);
	assert_int_equal(watch_count(table), 1);
	assert_false(watch_add(table, 7));
	watch_tell(table, 7, 1); /* a new watch knows nothing */
	assert_int_equal(ear.calls, 5);
	watch_table_destroy(&table);
	watch_table_destroy(&table);
}

static void table_grows_and_forgets(void **state)
{
	struct watch_table *table = watch_table_create();
	uint64_t *all;

	(void)state;
	for (uint64_t round = 0; round < 20; round++) {
		for (uint64_t i = 1; i <= 1000; i++)
			(void)watch_add(table, round * 1000 + i);
		for (uint64_t i = 1; i <= 990; i++)
			watch_remove(table, round * 1000 + i);
	}
	assert_int_equal(watch_count(table), 200);
	assert_int_equal(watch_list(table, &all), 200);
	for (uint64_t i = 0; i < 200; i++)
		assert_int_equal(all[i], i / 10 * 1000 + 991 + i % 10);
	free(all);
	watch_table_destroy(&table);
}

/* --- this process
 * --------------------------------------------------------------------------------------------------------- */

static void own_changes_are_told_once(void **state)
{
	struct store_test *t = *state;
	struct ear ear = {0};
	struct change change = {.actor = t->user, .mailbox = store_test_find(t, "INBOX").id};
	struct change other = {.actor = t->user, .mailbox = store_test_find(t, "Sent").id};

	store_on_change(t->store, hear, &ear);
	assert_int_equal(store_write(t->store, change_tx, &change), STORE_OK);
	store_watch(t->store, change.mailbox);
	assert_int_equal(store_write(t->store, change_tx, &other), STORE_OK);
	assert_int_equal(atomic_load(&ear.calls), 0);
	assert_int_equal(store_write(t->store, change_tx, &change), STORE_OK);
	assert_int_equal(atomic_load(&ear.calls), 1);
	assert_int_equal(atomic_load(&ear.last), change.mailbox);
	change.fail = true;
	assert_int_equal(store_write(t->store, change_tx, &change), STORE_CONFLICT);
	usleep(200000); /* some polls */
	assert_int_equal(atomic_load(&ear.calls), 1);
	store_unwatch(t->store, change.mailbox);
}

static void a_deleted_mailbox_is_told(void **state)
{
	struct store_test *t = *state;
	struct ear ear = {0};
	uint64_t mailbox = store_test_create(t, "a").id;

	store_on_change(t->store, hear, &ear);
	store_watch(t->store, mailbox);
	assert_int_equal(store_mailbox_delete(t->store, t->user, SPAN("a")), STORE_OK);
	assert_int_equal(atomic_load(&ear.last), mailbox);
	store_unwatch(t->store, mailbox);
}

/* --- other processes
 * ------------------------------------------------------------------------------------------------------ */

/* Waits for a byte before each change; ends at the end of the pipe. */
static void child_changes(const struct store_test *t, const struct change *change, int from)
{
	struct store *store = store_test_open(t);
	char byte;

	while (read(from, &byte, 1) == 1)
		if (store_write(store, change_tx, (void *)(uintptr_t)change) != STORE_OK)
			_exit(1);
	store_close(&store);
	_exit(0);
}

static size_t sockets(const struct store_test *t)
{
	const struct dirent *entry;
	char path[128];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/notify", t->path);
	assert_non_null(dir = opendir(path));
	while ((entry = readdir(dir)) != NULL)
		n += strstr(entry->d_name, ".sock") != NULL;
	closedir(dir);
	return n;
}

/* poll_ms so long that only a datagram can tell in time, or the sockets taken away so that only the poll can. */
static void told_by_another_process(struct store_test *t, unsigned poll_ms, bool has_sockets)
{
	struct change change = {.actor = t->user, .mailbox = store_test_find(t, "INBOX").id};
	struct store_options options = {.path = t->path, .poll_ms = poll_ms};
	struct ear ear = {0};
	char command[160], *error = NULL;
	int pipes[2], status;
	pid_t pid;

	store_close(&t->store); /* a connection must not go through a fork */
	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		close(pipes[1]);
		child_changes(t, &change, pipes[0]);
	}
	close(pipes[0]);
	assert_int_equal(store_open(&options, &t->store, &error), STORE_OK);
	store_on_change(t->store, hear, &ear);
	store_watch(t->store, change.mailbox);
	assert_int_equal(sockets(t), 1);
	if (!has_sockets) {
		snprintf(command, sizeof(command), "rm %s/notify/*", t->path);
		assert_int_equal(system(command), 0);
	}
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(write(pipes[1], "x", 1), 1);
		assert_true(heard(&ear, i));
		assert_int_equal(atomic_load(&ear.last), change.mailbox);
	}
	usleep(200000);
	assert_int_equal(atomic_load(&ear.calls), 3); /* and none of them twice */
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	store_unwatch(t->store, change.mailbox);
	store_close(&t->store);
	assert_int_equal(sockets(t), 0);
	t->store = store_test_open(t);
}

static void told_by_datagram(void **state)
{
	told_by_another_process(*state, 3600 * 1000, true);
}

static void told_by_poll(void **state)
{
	told_by_another_process(*state, 20, false);
}

static void told_once_by_both(void **state)
{
	told_by_another_process(*state, 20, true);
}

/* The socket of a process that was killed goes when somebody meets it. */
static void dead_sockets_go(void **state)
{
	struct store_test *t = *state;
	struct change change = {.actor = t->user, .mailbox = store_test_find(t, "INBOX").id};
	int pipes[2], status;
	char byte;
	pid_t pid;

	store_close(&t->store);
	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		struct ear ear = {0};

		t->store = store_test_open(t);
		store_on_change(t->store, hear, &ear);
		(void)!write(pipes[1], "x", 1);
		pause();
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(sockets(t), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	t->store = store_test_open(t);
	assert_int_equal(sockets(t), 1);
	assert_int_equal(store_write(t->store, change_tx, &change), STORE_OK);
	assert_int_equal(sockets(t), 0);
	close(pipes[0]);
	close(pipes[1]);
}

/* --- concurrency
 * ---------------------------------------------------------------------------------------------------------- */

struct worker {
	pthread_t thread;
	const struct store_test *t;
	uint64_t mailbox;
	int failed;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct change change = {.actor = worker->t->user, .mailbox = worker->mailbox};

	for (int i = 0; i < 30; i++) {
		store_watch(worker->t->store, worker->mailbox);
		worker->failed += store_write(worker->t->store, change_tx, &change) != STORE_OK;
		store_unwatch(worker->t->store, worker->mailbox);
	}
	return NULL;
}

static void many_threads_watch(void **state)
{
	struct store_test *t = *state;
	struct worker workers[8];
	struct ear ear = {0};

	store_on_change(t->store, hear, &ear);
	for (size_t i = 0; i < 8; i++) {
		workers[i] = (struct worker){.t = t, .mailbox = store_test_find(t, i % 2 == 0 ? "INBOX" : "Sent").id};
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].failed, 0);
	}
	assert_true(atomic_load(&ear.calls) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_counts),        cmocka_unit_test(table_grows_and_forgets),
		STORE_TEST(own_changes_are_told_once), STORE_TEST(a_deleted_mailbox_is_told),
		STORE_TEST(told_by_datagram),          STORE_TEST(told_by_poll),
		STORE_TEST(told_once_by_both),         STORE_TEST(dead_sockets_go),
		STORE_TEST(many_threads_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

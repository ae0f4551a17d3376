/* Collecting: what nobody needs goes, what somebody may still need stays, beside appends that bring it back. */
#include "tests/unit/store/message_test.h"
#include "common/store/maintain.h"

#include <pthread.h>
#include <sys/stat.h>

static struct store_collected collect(const struct store_test *t, int64_t grace_s, int64_t tombstone_s)
{
	struct store_collected collected;

	assert_int_equal(store_collect(t->store, grace_s, tombstone_s, &collected), STORE_OK);
	return collected;
}

static void expunge(const struct store_test *t, uint64_t box, const char *uids)
{
	struct ranges removed = {0};
	uint64_t modseq;

	message_test_mark(t, box, uids, (unsigned)STORE_FLAG_DELETED);
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	ranges_done(&removed);
}

static uint64_t count_rows(const struct store_test *t)
{
	return message_test_number(t, "SELECT (SELECT COUNT(*) FROM blob) + (SELECT COUNT(*) FROM blob_data)"
				      " + (SELECT COUNT(*) FROM content_head) + (SELECT COUNT(*) FROM content_text)");
}

static void test_contents_after_the_grace(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_collected collected;
	struct span kept = message_test_bytes(t->arena, 1, 5000);

	message_test_reopen(t, 100, false);
	message_test_append_bytes(t, box, kept);
	message_test_append_bytes(t, box, kept);
	message_test_append_bytes(t, box, message_test_bytes(t->arena, 2, 6000));
	message_test_append_bytes(t, box, message_test_bytes(t->arena, 3, 60));
	message_test_reopen(t, 100, true);
	message_test_append_bytes(t, box, message_test_bytes(t->arena, 4, 600000));
	expunge(t, box, "2:9");
	collected = collect(t, 1000, 1000);
	assert_int_equal(collected.blobs, 0);
	assert_int_equal(message_test_files_in(t, "blobs"), 2);
	collected = collect(t, 0, 1000);
	assert_int_equal(collected.blobs, 3);
	assert_int_equal(collected.bytes, 606060);
	assert_int_equal(collected.tombstones, 0);
	assert_int_equal(message_test_files_in(t, "blobs"), 1);
	assert_int_equal(count_rows(t), 3); /* that of kept: its row and what was derived */
	message_test_blob_is(t, message_test_blob(t, box, 1), kept, 4096);
}

static void test_many_contents(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;

	message_test_append(t, box, 1, 200);
	expunge(t, box, "1:199");
	assert_int_equal(collect(t, 0, 1000).blobs, 199);
	assert_int_equal(count_rows(t), 4);
	assert_int_equal(collect(t, 0, 1000).blobs, 0);
}

static void test_contents_come_back_in_the_grace(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);

	message_test_reopen(t, 100, false);
	message_test_append_bytes(t, box, bytes);
	expunge(t, box, "1");
	message_test_append_bytes(t, box, bytes);
	assert_int_equal(collect(t, 0, 0).blobs, 0);
	message_test_blob_is(t, message_test_blob(t, box, 2), bytes, 4096);
}

static void test_tombstones_raise_the_floor(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, other = store_test_create(t, "other").id, since;
	struct ranges removed = {0};
	struct store_snapshot *old, *now;

	message_test_append(t, box, 1, 10);
	message_test_append(t, other, 1, 2);
	since = message_test_mailbox(t, box).modseq;
	old = message_test_newest(t, box);
	expunge(t, box, "2:3");
	expunge(t, box, "7");
	message_test_sql(t, "UPDATE removed SET removed_at = removed_at - 500 WHERE uid < 7");
	assert_int_equal(collect(t, 1000, 1000).tombstones, 0);
	assert_int_equal(collect(t, 1000, 100).tombstones, 2);
	assert_int_equal(store_message_removed_since(t->store, t->user, box, since + 2, &removed), STORE_OK);
	message_test_is(&removed, "7");
	assert_int_equal(store_message_removed_since(t->store, t->user, box, since, &removed), STORE_OK);
	message_test_is(&removed, "2:3,7");
	now = message_test_newest(t, box);
	assert_int_equal(now->count, 7);
	assert_int_equal(message_test_mailbox(t, other).messages, 2);
	store_snapshot_unref(&old);
	store_snapshot_unref(&now);
	ranges_done(&removed);
}

static void make_old_file(const struct store_test *t, const char *name, int64_t age_s)
{
	struct timespec times[2];
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", t->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("left over", file);
	fclose(file);
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= age_s;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

#define HASH "aabb000000000000000000000000000000000000000000000000000000000000"

static void test_left_over_files(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	char path[128];

	message_test_reopen(t, 100, false);
	message_test_append_bytes(t, box, message_test_bytes(t->arena, 1, 5000));
	snprintf(path, sizeof path, "%s/blobs/aa", t->path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/blobs/aa/bb", t->path);
	assert_int_equal(mkdir(path, 0700), 0);
	make_old_file(t, "tmp/0000000000000001", 90000);
	make_old_file(t, "tmp/0000000000000002", 80000);
	make_old_file(t, "blobs/aa/bb/" HASH, 80000);
	assert_int_equal(collect(t, 1000, 1000).blobs, 0);
	assert_int_equal(message_test_files_in(t, "tmp"), 1);
	assert_int_equal(message_test_files_in(t, "blobs"), 2);
	make_old_file(t, "blobs/aa/bb/" HASH, 90000);
	make_old_file(t, "blobs/aa/bb/README", 90000); /* whatever that is, it is not ours */
	assert_int_equal(collect(t, 1000, 1000).blobs, 1);
	assert_int_equal(message_test_files_in(t, "blobs"), 2);
}

/* An old file that a row names stays, however old. */
static void test_files_in_use_stay(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span bytes = SPAN("left over");

	message_test_reopen(t, 5, false);
	message_test_append_bytes(t, box, bytes);
	for (int i = 0; i < 2; i++) {
		char path[512];
		struct store_blob *blob;
		struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

		assert_int_equal(store_blob_open(t->store, message_test_blob(t, box, 1), &blob), STORE_OK);
		snprintf(path, sizeof path, "/proc/self/fd/%d", store_blob_fd(blob));
		assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
		store_blob_close(&blob);
		assert_int_equal(collect(t, 0, 0).blobs, 0);
	}
	message_test_blob_is(t, message_test_blob(t, box, 1), bytes, 100);
}

/* --- beside appends
 * ------------------------------------------------------------------------------------------------------- */

enum { ROUNDS = 150 };

struct collector {
	const struct store_test *t;
	struct store *store;
	_Atomic bool is_over;
};

static void *collect_all_the_time(void *arg)
{
	struct collector *c = arg;
	struct store_collected collected;

	while (!c->is_over)
		if (store_collect(c->store, 0, 0, &collected) != STORE_OK)
			abort();
	return NULL;
}

/* The same large content comes and goes while another process collects: what was acknowledged is readable. */
static void test_appends_beside_a_collector(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct collector c = {.t = t};
	pthread_t thread;

	message_test_reopen(t, 100, false);
	c.store = store_test_open(t);
	assert_int_equal(pthread_create(&thread, NULL, collect_all_the_time, &c), 0);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		struct store_new_message message = {.bytes = bytes};
		struct store_appended appended;
		enum store_status status = store_message_append(t->store, t->user, box, &message, 1, &appended);
		char uid[16];

		assert_true(status == STORE_OK || status == STORE_CONFLICT);
		if (status != STORE_OK)
			continue;
		message_test_blob_is(t, message_test_blob(t, box, message.uid), bytes, 8192);
		snprintf(uid, sizeof uid, "%u", message.uid);
		expunge(t, box, uid);
	}
	c.is_over = true;
	pthread_join(thread, NULL);
	store_close(&c.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_contents_after_the_grace),
		STORE_TEST(test_many_contents),
		STORE_TEST(test_contents_come_back_in_the_grace),
		STORE_TEST(test_tombstones_raise_the_floor),
		STORE_TEST(test_left_over_files),
		STORE_TEST(test_files_in_use_stay),
		STORE_TEST(test_appends_beside_a_collector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

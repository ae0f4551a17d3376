/* Where bytes lie, and reading them: in the database as one piece or in chunks, as files. */
#include "tests/unit/store/message_test.h"
#include "common/store/blob/blob.h"

#include <sys/stat.h>

static const size_t sizes[] = {0, 1, 99, 100, 101, 262143, 262144, 262145, 524288, 1000000};

static void there_and_back(struct store_test *t, bool in_database)
{
	uint64_t box = store_test_create(t, "box").id;

	message_test_reopen(t, 100, in_database);
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct span bytes = message_test_bytes(t->arena, i, sizes[i]);
		uint64_t blob = message_test_blob(t, box, message_test_append_bytes(t, box, bytes));

		message_test_blob_is(t, blob, bytes, 1 << 20);
		message_test_blob_is(t, blob, bytes, 65536);
		message_test_blob_is(t, blob, bytes, 100003);
		if (bytes.n < 1000)
			message_test_blob_is(t, blob, bytes, 1);
	}
}

static void test_there_and_back_in_files(void **state)
{
	struct store_test *t = *state;

	there_and_back(t, false);
	assert_int_equal(message_test_files_in(t, "blobs"), 6);
	assert_int_equal(message_test_files_in(t, "tmp"), 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob_data"), 4);
}

static void test_there_and_back_in_the_database(void **state)
{
	struct store_test *t = *state;

	there_and_back(t, true);
	assert_int_equal(message_test_files_in(t, "blobs"), 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob_data"), 4 + 1 + 1 + 1 + 2 + 2 + 4);
}

static void test_a_plain_file_can_be_sent_as_it_is(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, id;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct store_blob *blob;
	struct stat st;
	char got[5000];

	message_test_reopen(t, 100, false);
	id = message_test_blob(t, box, message_test_append_bytes(t, box, bytes));
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_OK);
	assert_true(store_blob_fd(blob) >= 0);
	assert_int_equal(fstat(store_blob_fd(blob), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(pread(store_blob_fd(blob), got, sizeof got, 0), 5000);
	assert_memory_equal(got, bytes.p, 5000);
	store_blob_close(&blob);
	id = message_test_blob(t, box, message_test_append_bytes(t, box, message_test_bytes(t->arena, 1, 50)));
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_OK);
	assert_int_equal(store_blob_fd(blob), -1);
	store_blob_close(&blob);
}

static void test_it_stays_readable_though_removed(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, id, modseq;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct ranges removed = {0};

	message_test_reopen(t, 100, false);
	id = message_test_blob(t, box, message_test_append_bytes(t, box, bytes));
	message_test_mark(t, box, "1", (unsigned)STORE_FLAG_DELETED);
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	message_test_blob_is(t, id, bytes, 4096);
	ranges_done(&removed);
}

static void test_what_is_not_there_is_broken(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, id;
	struct store_blob *blob;
	char byte;
	size_t got;

	message_test_reopen(t, 100, false);
	assert_int_equal(store_blob_open(t->store, 4711, &blob), STORE_BROKEN);
	assert_null(blob);
	id = message_test_blob(t, box, message_test_append_bytes(t, box, message_test_bytes(t->arena, 1, 50)));
	message_test_sql(t, "UPDATE blob_data SET data = substr(data, 1, 49)");
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_BROKEN);
	message_test_sql(t, "DELETE FROM blob_data");
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_BROKEN);

	message_test_reopen(t, 100, true);
	id = message_test_blob(t, box, message_test_append_bytes(t, box, message_test_bytes(t->arena, 1, 300000)));
	message_test_sql(t, "DELETE FROM blob_data WHERE length(data) < 262144");
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_OK);
	assert_int_equal(store_blob_read(blob, 0, &byte, 1, &got), STORE_OK);
	assert_int_equal(store_blob_read(blob, 262144, &byte, 1, &got), STORE_BROKEN);
	store_blob_close(&blob);
}

static void test_a_lost_file_is_broken_until_it_comes_again(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, id;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct store_blob *blob;
	char blobs[128];

	message_test_reopen(t, 100, false);
	id = message_test_blob(t, box, message_test_append_bytes(t, box, bytes));
	snprintf(blobs, sizeof blobs, "%s/blobs", t->path);
	store_test_remove(blobs);
	assert_int_equal(mkdir(blobs, 0700), 0);
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_BROKEN);
	assert_int_equal(message_test_blob(t, box, message_test_append_bytes(t, box, bytes)), id);
	message_test_blob_is(t, id, bytes, 4096);
}

static void test_faults_of_the_disk(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, id;
	struct store_new_message message = {.bytes = message_test_bytes(t->arena, 1, 5000)};
	struct store_appended appended;
	struct store_blob *blob;

	store_test_needs_faults();
	message_test_reopen(t, 100, false);
	t->faults[FAULT_BLOB_FULL] = 1;
	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_NO_SPACE);
	t->faults[FAULT_BLOB_BROKEN] = 1;
	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_BROKEN);
	assert_int_equal(message_test_files_in(t, "tmp") + message_test_files_in(t, "blobs"), 0);
	assert_int_equal(message_test_mailbox(t, box).messages, 0);
	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_OK);
	id = message_test_blob(t, box, message.uid);
	t->faults[FAULT_BLOB_MISSING] = 1;
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_BROKEN);
	assert_int_equal(store_blob_open(t->store, id, &blob), STORE_OK);
	store_blob_close(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_there_and_back_in_files),
		STORE_TEST(test_there_and_back_in_the_database),
		STORE_TEST(test_a_plain_file_can_be_sent_as_it_is),
		STORE_TEST(test_it_stays_readable_though_removed),
		STORE_TEST(test_what_is_not_there_is_broken),
		STORE_TEST(test_a_lost_file_is_broken_until_it_comes_again),
		STORE_TEST(test_faults_of_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

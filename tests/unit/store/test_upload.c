/* Bytes that arrive piece by piece: the same content as if they had come at once, and nothing left of what is given up.
 */
#include "tests/unit/store/message_test.h"

static struct store_upload *upload_all(const struct store_test *t, uint64_t announced, struct span bytes, size_t piece)
{
	struct store_upload *upload;
	struct span all;

	assert_int_equal(store_upload_open(t->store, announced, &upload), STORE_OK);
	for (size_t at = 0; at < bytes.n; at += piece)
		assert_int_equal(store_upload_write(upload, span_sub(bytes, at, piece)), STORE_OK);
	assert_int_equal(store_upload_finish(upload, &all), STORE_OK);
	assert_true(span_equal(all, bytes));
	return upload;
}

static uint32_t append(const struct store_test *t, uint64_t box, struct store_upload *upload)
{
	struct store_new_message message = {.upload = upload};
	struct store_appended appended;

	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_OK);
	return message.uid;
}

static void go_through(struct store_test *t, bool in_database)
{
	static const struct {
		uint64_t announced;
		size_t size;
	} cases[] = {{0, 0}, {1000, 0}, {50, 50}, {100, 100}, {1000, 100}, {1000, 101}, {1000, 1000}, {300000, 300000}};
	uint64_t box = store_test_create(t, "box").id;

	message_test_reopen(t, 100, in_database);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct span bytes = message_test_bytes(t->arena, i, cases[i].size);
		struct store_upload *upload = upload_all(t, cases[i].announced, bytes, 777);
		uint32_t uid = append(t, box, upload);

		store_upload_close(&upload);
		assert_null(upload);
		message_test_blob_is(t, message_test_blob(t, box, uid), bytes, 4096);
		assert_int_equal(message_test_files_in(t, "tmp"), 0);
	}
	/* two of them are empty: one content */
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob"), 7);
	assert_int_equal(message_test_files_in(t, "blobs"), in_database ? 0 : 3);
}

static void test_uploads_into_files(void **state)
{
	go_through(*state, false);
}

static void test_uploads_into_the_database(void **state)
{
	go_through(*state, true);
}

static void test_what_is_given_up_leaves_nothing(void **state)
{
	struct store_test *t = *state;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct store_upload *upload = NULL;

	message_test_reopen(t, 100, false);
	store_upload_close(&upload);
	assert_int_equal(store_upload_open(t->store, 5000, &upload), STORE_OK);
	store_upload_close(&upload);
	assert_int_equal(store_upload_open(t->store, 5000, &upload), STORE_OK);
	assert_int_equal(store_upload_write(upload, bytes), STORE_OK);
	store_upload_close(&upload);
	upload = upload_all(t, 5000, bytes, 5000);
	store_upload_close(&upload);
	assert_int_equal(message_test_files_in(t, "tmp"), 0);
	assert_int_equal(message_test_files_in(t, "blobs"), 0);
}

static void test_an_upload_serves_more_than_once(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span bytes = message_test_bytes(t->arena, 1, 5000), again;
	struct store_upload *upload, *other;
	struct store_new_message message = {0};
	struct store_appended appended;

	message_test_reopen(t, 100, false);
	upload = upload_all(t, 5000, bytes, 512);
	other = upload_all(t, 6000, bytes, 5000);
	message.upload = upload;
	assert_int_equal(store_message_append(t->store, t->user, 999, &message, 1, &appended), STORE_NOT_FOUND);
	assert_int_equal(append(t, box, upload), 1);
	assert_int_equal(append(t, box, upload), 2);
	assert_int_equal(append(t, box, other), 3);
	assert_int_equal(store_upload_finish(upload, &again), STORE_OK);
	assert_true(span_equal(again, bytes));
	store_upload_close(&upload);
	store_upload_close(&other);
	assert_int_equal(message_test_number(t, "SELECT refs FROM blob"), 3);
	assert_int_equal(message_test_files_in(t, "blobs"), 1);
	assert_int_equal(message_test_files_in(t, "tmp"), 0);
	message_test_blob_is(t, message_test_blob(t, box, 3), bytes, 4096);
}

static void test_the_file_may_be_collected_meanwhile(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct store_upload *upload;
	struct store_new_message message = {0};
	struct store_appended appended;
	char blobs[128];

	message_test_reopen(t, 100, false);
	message.upload = upload = upload_all(t, 5000, bytes, 512);
	assert_int_equal(store_message_append(t->store, t->user, 999, &message, 1, &appended), STORE_NOT_FOUND);
	snprintf(blobs, sizeof blobs, "%s/blobs", t->path);
	store_test_remove(blobs);
	assert_int_equal(mkdir(blobs, 0700), 0);
	assert_int_equal(append(t, box, upload), 1);
	store_upload_close(&upload);
	message_test_blob_is(t, message_test_blob(t, box, 1), bytes, 4096);
}

static void test_a_full_disk(void **state)
{
	struct store_test *t = *state;
	struct store_upload *upload;

	store_test_needs_faults();
	message_test_reopen(t, 100, false);
	assert_int_equal(store_upload_open(t->store, 5000, &upload), STORE_OK);
	t->faults[FAULT_BLOB_FULL] = 1;
	assert_int_equal(store_upload_write(upload, SPAN("abc")), STORE_NO_SPACE);
	store_upload_close(&upload);
	assert_int_equal(message_test_files_in(t, "tmp"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_uploads_into_files),
		STORE_TEST(test_uploads_into_the_database),
		STORE_TEST(test_what_is_given_up_leaves_nothing),
		STORE_TEST(test_an_upload_serves_more_than_once),
		STORE_TEST(test_the_file_may_be_collected_meanwhile),
		STORE_TEST(test_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

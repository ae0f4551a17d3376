/* Going over contents: every set of parts, in any order, with gaps and repetitions. */
#include "tests/unit/store/message_test.h"

enum { COUNT = 60 };

struct seen {
	const struct store_test *t;
	unsigned parts;
	const unsigned *numbers; /* of the messages asked for; UINT_MAX: there is none */
	size_t count, stop_at;
};

static void check_derived(unsigned parts, const struct store_derived *got, const struct store_derived *want)
{
	if (parts & STORE_CONTENT_HEADER)
		assert_true(span_equal(got->header, want->header));
	if (parts & STORE_CONTENT_ENVELOPE)
		assert_true(span_equal(got->envelope, want->envelope));
	if (parts & STORE_CONTENT_STRUCTURE) {
		assert_true(span_equal(got->bodystructure, want->bodystructure));
		assert_true(span_equal(got->parts, want->parts));
	}
	if (parts & STORE_CONTENT_SENT) {
		assert_int_equal(got->sent_at, want->sent_at);
		assert_int_equal(got->sent_day, want->sent_day);
	}
	if (parts & STORE_CONTENT_HEADER_TEXT)
		assert_true(span_equal(got->header_text, want->header_text));
	if (parts & STORE_CONTENT_BODY_TEXT)
		assert_true(span_equal(got->body_text, want->body_text));
	if (parts & (STORE_CONTENT_HEADER | STORE_CONTENT_ENVELOPE | STORE_CONTENT_STRUCTURE | STORE_CONTENT_SENT))
		assert_int_equal(got->version, MESSAGE_TEST_VERSION);
}

static bool on_content(void *arg, size_t index, const struct store_content *content)
{
	struct seen *seen = arg;
	struct store_new_message want;

	assert_int_equal(index, seen->count);
	seen->count++;
	if (seen->numbers[index] == UINT32_MAX) {
		assert_true(content->is_missing || (seen->parts == STORE_CONTENT_BYTES && content->bytes.p == NULL));
		return seen->count != seen->stop_at;
	}
	assert_false(content->is_missing);
	want = message_test_make(seen->t->arena, seen->numbers[index]);
	check_derived(seen->parts, &content->derived, &want.derived);
	if (seen->parts & STORE_CONTENT_BYTES) {
		assert_true(span_equal(content->bytes, want.bytes));
		assert_int_equal(content->size, want.bytes.n);
	}
	return seen->count != seen->stop_at;
}

static void go_over(const struct store_test *t, const uint64_t *blobs, const unsigned *numbers, size_t count)
{
	for (unsigned parts = 1; parts < 128; parts++) {
		struct seen seen = {t, parts, numbers, 0, 0};

		assert_int_equal(store_content_each(t->store, blobs, count, parts, on_content, &seen), STORE_OK);
		assert_int_equal(seen.count, count);
		arena_reset(t->arena);
	}
}

static void blobs_of(const struct store_test *t, uint64_t box, uint64_t blobs[COUNT])
{
	struct store_snapshot *s = message_test_newest(t, box);
	struct store_row row;

	assert_int_equal(s->count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		store_snapshot_row(s, i + 1, &row);
		blobs[i] = row.blob;
	}
	store_snapshot_unref(&s);
}

static void test_all_parts_in_order(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, blobs[COUNT];
	unsigned numbers[COUNT];

	message_test_append(t, box, 0, COUNT);
	blobs_of(t, box, blobs);
	for (unsigned i = 0; i < COUNT; i++)
		numbers[i] = i;
	go_over(t, blobs, numbers, COUNT);
	go_over(t, blobs, numbers, 1);
	assert_int_equal(store_content_each(t->store, blobs, 0, 1, on_content, NULL), STORE_OK);
}

static void test_any_order_with_gaps_and_repetitions(void **state)
{
	static const unsigned orders[][12] = {
		{0, 1, 3, 9, 20, 21, 59, 58, 57, 0, 0, 0},
		{59, 50, 40, 30, 20, 10, 0, 10, 20, 30, 40, 50},
		{5, 5, 6, 6, 5, 7, 13, 22, 23, 24, 24, 25},
	};
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, all[COUNT], blobs[12];

	message_test_append(t, box, 0, COUNT);
	blobs_of(t, box, all);
	for (size_t o = 0; o < 3; o++) {
		for (size_t i = 0; i < 12; i++)
			blobs[i] = all[orders[o][i]];
		go_over(t, blobs, orders[o], 12);
	}
}

static void test_what_is_missing_is_said(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, blobs[COUNT + 2];
	unsigned numbers[COUNT + 2];

	message_test_append(t, box, 0, COUNT);
	blobs_of(t, box, blobs);
	for (unsigned i = 0; i < COUNT; i++)
		numbers[i] = i;
	blobs[COUNT] = blobs[COUNT - 1] + 1;
	blobs[COUNT + 1] = 1000000;
	numbers[COUNT] = numbers[COUNT + 1] = UINT32_MAX;
	numbers[10] = numbers[11] = numbers[30] = UINT32_MAX;
	message_test_sql(t,
			 "DELETE FROM blob_data WHERE id >> 20 IN (11, 12, 31); DELETE FROM content_head WHERE id IN "
			 "(11, 12, 31); DELETE FROM content_text WHERE id IN (11, 12, 31)");
	assert_int_equal(blobs[10], 11);
	go_over(t, blobs, numbers, COUNT + 2);
}

static void test_it_stops_when_told(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, blobs[COUNT];
	unsigned numbers[COUNT];

	message_test_append(t, box, 0, COUNT);
	blobs_of(t, box, blobs);
	for (unsigned i = 0; i < COUNT; i++)
		numbers[i] = i;
	for (size_t stop = 1; stop <= COUNT; stop += 7) {
		struct seen seen = {t, STORE_CONTENT_HEADER, numbers, 0, stop};

		assert_int_equal(store_content_each(t->store, blobs, COUNT, seen.parts, on_content, &seen), STORE_OK);
		assert_int_equal(seen.count, stop);
	}
}

static bool has_no_bytes(void *arg, size_t index, const struct store_content *content)
{
	(void)index;
	assert_false(content->is_missing);
	assert_null(content->bytes.p);
	++*(size_t *)arg;
	return true;
}

static void test_bytes_that_are_elsewhere(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, blobs[2];
	size_t count = 0;

	message_test_reopen(t, 100, true);
	blobs[0] =
		message_test_blob(t, box, message_test_append_bytes(t, box, message_test_bytes(t->arena, 1, 600000)));
	message_test_reopen(t, 100, false);
	blobs[1] = message_test_blob(t, box, message_test_append_bytes(t, box, message_test_bytes(t->arena, 2, 101)));
	assert_int_equal(store_content_each(t->store, blobs, 2, STORE_CONTENT_BYTES | STORE_CONTENT_HEADER,
					    has_no_bytes, &count),
			 STORE_OK);
	assert_int_equal(count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_all_parts_in_order),       STORE_TEST(test_any_order_with_gaps_and_repetitions),
		STORE_TEST(test_what_is_missing_is_said),  STORE_TEST(test_it_stops_when_told),
		STORE_TEST(test_bytes_that_are_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Copying and moving objects, within a collection and between two. */
#include "tests/unit/store/collection_test.h"

struct places {
	uint64_t a,
		b; /* a folder "a" with "one" and "two", a calendar "b" in it with "x.ics" (attachment) and "y.ics" */
};

static struct places make_places(const struct store_test *t)
{
	uint64_t a = collection_test_tree(t);

	return (struct places){a, collection_test_id(t, "a/b")};
}

static enum store_status transfer(const struct store_test *t, uint64_t from, const char *name, uint64_t to,
				  const char *new_name, const char *uid, bool moves, bool overwrite,
				  struct store_object_result *result_r)
{
	struct store_object_target target = {.collection = to, .name = span_of(new_name), .overwrite = overwrite};
	struct store_object_facts facts = {
		.uid = span_of(uid), .component = STORE_JOURNALS, .first = 1, .last = 2, .flags = 3};

	return store_object_copy(t->store, t->user, from, span_of(name), &target, &facts, moves, NULL, t->arena,
				 result_r);
}

static void a_copy_stands_for_itself(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	uint64_t a_modseq = collection_test_get(t, at.a).modseq, b_modseq = collection_test_get(t, at.b).modseq;
	struct store_object source = collection_test_object(t, at.b, "x.ics"), got;
	struct store_object_result result;

	message_test_sql(t, "UPDATE object SET created_at = 7");
	assert_int_equal(transfer(t, at.b, "x.ics", at.a, "copy", "", false, false, &result), STORE_OK);
	assert_true(result.is_new);
	assert_int_equal(result.modseq, a_modseq + 1);
	assert_memory_equal(result.tag, source.tag, STORE_TAG_BYTES);
	assert_int_equal(collection_test_get(t, at.a).modseq, result.modseq);
	assert_int_equal(collection_test_get(t, at.b).modseq, b_modseq);
	got = collection_test_object(t, at.a, "copy");
	assert_int_equal(got.blob, source.blob);
	assert_int_equal(got.facts.uid.n, 0);
	assert_int_equal(got.facts.component, STORE_JOURNALS);
	assert_true(got.facts.first == 1 && got.facts.last == 2 && got.facts.flags == 3);
	assert_true(got.created_at > 7);
	assert_string_equal(collection_test_properties(t, at.a, "copy"), "author=bert");
	collection_test_counts(t, at.a, 3, 16 + TREE_ATTACHED);
	collection_test_counts(t, at.b, 2, 13 + TREE_ATTACHED);
	assert_int_equal(collection_test_used(t), TREE_BYTES + 2 * TREE_ATTACHED + 5);
	assert_int_equal(transfer(t, at.a, "copy", at.a, "copy2", "", false, false, &result), STORE_OK);
	assert_int_equal(collection_test_remove(t, at.b, "x.ics"), STORE_OK);
	collection_test_bytes_are(t, collection_test_object(t, at.a, "copy2").blob, SPAN("first"));
}

static void a_move_takes_all_along(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	uint64_t a_modseq = collection_test_get(t, at.a).modseq, b_modseq = collection_test_get(t, at.b).modseq;
	struct store_object_result result;

	message_test_sql(t, "UPDATE object SET created_at = 7");
	assert_int_equal(transfer(t, at.b, "x.ics", at.a, "moved", "u1", true, false, &result), STORE_OK);
	assert_true(result.is_new);
	assert_int_equal(result.modseq, a_modseq + 1);
	assert_int_equal(collection_test_get(t, at.b).modseq, b_modseq + 1);
	assert_false(collection_test_has(t, at.b, "x.ics"));
	assert_int_equal(collection_test_object(t, at.a, "moved").created_at, 7);
	assert_string_equal(collection_test_properties(t, at.a, "moved"), "author=bert");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM property"), 4);
	collection_test_counts(t, at.a, 3, 16 + TREE_ATTACHED);
	collection_test_counts(t, at.b, 1, 8);
	assert_int_equal(collection_test_used(t), TREE_BYTES + TREE_ATTACHED);
	assert_int_equal(message_test_number(t, "SELECT modseq FROM object_removed WHERE name = CAST('x.ics' AS BLOB)"),
			 b_modseq + 1);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM attachment WHERE object = CAST('moved' AS BLOB)"),
			 1);
}

/* Both changes are the same collection's, and the UID stays. */
static void a_move_within_renames(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	uint64_t modseq = collection_test_get(t, at.b).modseq;
	struct store_object_result result;

	assert_int_equal(transfer(t, at.b, "x.ics", at.b, "z.ics", "u1", true, false, &result), STORE_OK);
	assert_int_equal(result.modseq, modseq + 2);
	assert_int_equal(collection_test_get(t, at.b).modseq, modseq + 2);
	assert_int_equal(message_test_number(t, "SELECT modseq FROM object_removed WHERE name = CAST('x.ics' AS BLOB)"),
			 modseq + 1);
	collection_test_counts(t, at.b, 2, 13 + TREE_ATTACHED);
	assert_string_equal(collection_test_properties(t, at.b, "z.ics"), "author=bert");
	/* and back, where its tombstone was */
	assert_int_equal(transfer(t, at.b, "z.ics", at.b, "x.ics", "u1", true, false, &result), STORE_OK);
	assert_true(result.is_new);
	collection_test_counts(t, at.b, 2, 13 + TREE_ATTACHED);
	assert_int_equal(collection_test_used(t), TREE_BYTES + TREE_ATTACHED);
}

static void what_is_in_the_place_goes_if_it_may(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	struct store_object_result result;
	uint64_t digest = collection_test_digest(t);

	assert_int_equal(transfer(t, at.b, "y.ics", at.b, "x.ics", "u2", true, false, &result), STORE_CONFLICT);
	assert_int_equal(transfer(t, at.a, "one", at.a, "two", "", false, false, &result), STORE_CONFLICT);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(transfer(t, at.b, "y.ics", at.b, "x.ics", "u2", true, true, &result), STORE_OK);
	assert_false(result.is_new);
	assert_string_equal(collection_test_properties(t, at.b, "x.ics"), "");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM attachment"), 0);
	collection_test_counts(t, at.b, 1, 8);
	assert_int_equal(transfer(t, at.a, "one", at.a, "two", "", false, true, &result), STORE_OK);
	assert_false(result.is_new);
	assert_string_equal(collection_test_properties(t, at.a, "two"), "author=anna");
	collection_test_counts(t, at.a, 2, 10);
	/* the one in the place may have the UID */
	assert_int_equal(transfer(t, at.a, "one", at.b, "x.ics", "u2", true, true, &result), STORE_OK);
	assert_string_equal(collection_test_properties(t, at.b, "x.ics"), "author=anna");
	collection_test_counts(t, at.a, 1, 5);
	collection_test_counts(t, at.b, 1, 5);
	assert_int_equal(collection_test_used(t), 10);
}

static void transfers_are_refused(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	uint64_t home = collection_test_home(t).id, digest = collection_test_digest(t);
	const struct {
		uint64_t from, to;
		const char *name, *new_name, *uid;
		enum store_status want;
		const char *holder;
	} cases[] = {
		{at.b, at.b, "x.ics", "z.ics", "u2", STORE_EXISTS, "y.ics"},
		{at.a, at.b, "one", "z.ics", "u1", STORE_EXISTS, "x.ics"},
		{at.a, at.b, "one", "y.ics", "u1", STORE_EXISTS, "x.ics"}, /* not the one in the place */
		{at.a, at.a, "one", "b", "", STORE_EXISTS, ""},            /* a collection */
		{at.a, at.a, "one", "one", "", STORE_DENIED, ""},          /* onto itself */
		{at.a, home, "one", "x", "", STORE_DENIED, ""},
		{at.a, at.a, "one", "x/y", "", STORE_INVALID, NULL},
		{at.a, at.a, "gone", "x", "", STORE_NOT_FOUND, ""},
		{at.a, 999, "one", "x", "", STORE_NOT_FOUND, ""},
		{999, at.a, "one", "x", "", STORE_NOT_FOUND, ""},
	};

	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		size_t k = i / 2;
		struct store_object_result result;

		assert_int_equal(transfer(t, cases[k].from, cases[k].name, cases[k].to, cases[k].new_name, cases[k].uid,
					  i % 2, true, &result),
				 cases[k].want);
		if (cases[k].holder != NULL)
			assert_true(span_is(result.holder, cases[k].holder));
		assert_int_equal(collection_test_digest(t), digest);
	}
}

/* A copy within a collection would have the UID a second time. */
static void a_copy_within_needs_another_uid(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	struct store_object_result result;

	assert_int_equal(transfer(t, at.b, "x.ics", at.b, "z.ics", "u1", false, false, &result), STORE_EXISTS);
	assert_true(span_is(result.holder, "x.ics"));
	assert_int_equal(transfer(t, at.b, "x.ics", at.b, "z.ics", "u3", false, false, &result), STORE_OK);
	collection_test_counts(t, at.b, 3, 18 + 2 * TREE_ATTACHED);
}

static void only_copies_need_room(void **state)
{
	struct store_test *t = *state;
	struct places at = make_places(t);
	struct store_object_result result;

	assert_int_equal(store_user_set_quota(t->store, t->user, 50), STORE_OK); /* less than there is */
	assert_int_equal(transfer(t, at.a, "one", at.a, "x", "", false, false, &result), STORE_OVER_QUOTA);
	assert_int_equal(transfer(t, at.b, "x.ics", at.a, "x", "u1", true, false, &result), STORE_OK);
	assert_int_equal(transfer(t, at.a, "x", at.a, "y", "u1", true, false, &result), STORE_OK);
	assert_int_equal(collection_test_used(t), TREE_BYTES + TREE_ATTACHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(a_copy_stands_for_itself), COLLECTION_TEST(a_move_takes_all_along),
		COLLECTION_TEST(a_move_within_renames),    COLLECTION_TEST(what_is_in_the_place_goes_if_it_may),
		COLLECTION_TEST(transfers_are_refused),    COLLECTION_TEST(a_copy_within_needs_another_uid),
		COLLECTION_TEST(only_copies_need_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

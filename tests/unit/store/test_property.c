/* What is fixed about collections and their objects: properties, secrets, and the number that changes with everything.
 */
#include "tests/unit/store/collection_test.h"

/* --- properties --- */

static void properties_change(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), none;
	struct store_property changes[] = {
		{SPAN("colour"), {0}}, {SPAN("new"), SPAN("1")}, {SPAN("empty"), SPAN("")}, {SPAN("unknown"), {0}}};
	struct store_property *list;
	size_t count;

	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), changes, 4, NULL), STORE_OK);
	assert_string_equal(collection_test_properties(t, a, ""), "empty= new=1");
	collection_test_set(t, a, "", "new", "2");
	assert_string_equal(collection_test_properties(t, a, ""), "empty= new=2");
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN("one"), changes, 2, NULL), STORE_OK);
	assert_string_equal(collection_test_properties(t, a, "one"), "author=anna new=1");
	assert_string_equal(collection_test_properties(t, a, "two"), "");
	none = collection_test_digest(t);
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN("gone"), changes, 4, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_property_change(t->store, t->user, 999, SPAN(""), changes, 4, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_property_change(t->store, t->user, 999, SPAN(""), NULL, 0, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), NULL, 0, NULL), STORE_OK);
	assert_int_equal(store_property_list(t->store, t->user, a, SPAN("gone"), t->arena, &list, &count),
			 STORE_NOT_FOUND);
	assert_int_equal(collection_test_digest(t), none);
}

static void properties_have_limits(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), digest;
	struct span value = message_test_bytes(t->arena, 1, STORE_PROPERTY_VALUE_MAX + 1),
		    name = message_test_bytes(t->arena, 2, STORE_PROPERTY_NAME_MAX + 1);
	struct store_property changes[] = {{SPAN("ok"), SPAN("1")}, {SPAN("p"), value}}, many[1000];

	digest = collection_test_digest(t);
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), changes, 2, NULL), STORE_LIMIT);
	changes[1] = (struct store_property){name, SPAN("1")};
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), changes, 2, NULL), STORE_LIMIT);
	/* with the one there is that would be one too many: none of them stays */
	for (unsigned i = 0; i < 1000; i++)
		many[i] = (struct store_property){span_of(arena_printf(t->arena, "p%u", i)), SPAN("v")};
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), many, 1000, NULL), STORE_LIMIT);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), many, 999, NULL), STORE_OK);
	changes[0] = (struct store_property){SPAN("colour"), {0}};
	changes[1] = (struct store_property){span_sub(name, 0, STORE_PROPERTY_NAME_MAX),
					     span_sub(value, 0, STORE_PROPERTY_VALUE_MAX)};
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), changes, 2, NULL), STORE_OK);
	/* with that one, three as large are too much together */
	digest = collection_test_digest(t);
	for (unsigned i = 0; i < 3; i++)
		many[i].value = changes[1].value;
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), many, 3, NULL), STORE_LIMIT);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(store_property_change(t->store, t->user, a, SPAN(""), many, 2, NULL), STORE_OK);
}

/* --- sharing --- */

static void secrets_come_and_go(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), b = collection_test_id(t, "a/b");
	struct store_collection got;
	struct span first, second, third;

	assert_int_equal(store_collection_share(t->store, t->user, a, true, t->arena, &first), STORE_OK);
	assert_int_equal(first.n, STORE_SHARE_BYTES);
	for (size_t i = 0; i < first.n; i++)
		assert_non_null(memchr("abcdefghijklmnopqrstuvwxyz0123456789", first.p[i], 36));
	assert_int_equal(store_collection_share(t->store, t->user, b, true, t->arena, &third), STORE_OK);
	assert_int_equal(store_collection_shared(t->store, first, t->arena, &got), STORE_OK);
	assert_int_equal(got.id, a);
	assert_true(span_equal(got.share, first));
	assert_int_equal(store_collection_share(t->store, t->user, a, true, t->arena, &second), STORE_OK);
	assert_false(span_equal(first, second));
	assert_int_equal(store_collection_shared(t->store, first, t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_collection_share(t->store, t->user, a, false, t->arena, &first), STORE_OK);
	assert_int_equal(first.n, 0);
	assert_int_equal(store_collection_share(t->store, t->user, a, false, t->arena, NULL), STORE_OK);
	assert_int_equal(store_collection_shared(t->store, second, t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_collection_shared(t->store, SPAN(""), t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_collection_shared(t->store, third, t->arena, &got), STORE_OK);
	assert_int_equal(got.id, b);
	assert_int_equal(store_collection_share(t->store, t->user, 999, true, t->arena, &third), STORE_NOT_FOUND);
	assert_int_equal(third.n, 0);
}

/* --- the state --- */

static void put_one(const struct store_test *t)
{
	collection_test_put(t, collection_test_id(t, "a"), "one", "", "changed");
}

static void remove_one(const struct store_test *t)
{
	assert_int_equal(collection_test_remove(t, collection_test_id(t, "a/b"), "y.ics"), STORE_OK);
}

static void make_one(const struct store_test *t)
{
	collection_test_make(t, collection_test_id(t, "a"), "made", STORE_FOLDER);
}

static void move_one(const struct store_test *t)
{
	assert_int_equal(store_collection_move(t->store, t->user, collection_test_id(t, "a/made"),
					       collection_test_id(t, "a"), SPAN("moved"), NULL),
			 STORE_OK);
}

static void copy_one(const struct store_test *t)
{
	uint64_t id;

	assert_int_equal(store_collection_copy(t->store, t->user, collection_test_id(t, "a/b"),
					       collection_test_id(t, "a"), SPAN("c"), true, NULL, &id),
			 STORE_OK);
}

static void delete_one(const struct store_test *t)
{
	assert_int_equal(store_collection_delete(t->store, t->user, collection_test_id(t, "a/c"), NULL), STORE_OK);
}

static void set_own_property(const struct store_test *t)
{
	collection_test_set(t, collection_test_id(t, "a/b"), "", "colour", "green");
}

static void set_home_property(const struct store_test *t)
{
	collection_test_set(t, collection_test_home(t).id, "", "colour", "green");
}

static void set_object_property(const struct store_test *t)
{
	collection_test_set(t, collection_test_id(t, "a/b"), "x.ics", "author", "cleo");
}

static void set_share(const struct store_test *t)
{
	assert_int_equal(store_collection_share(t->store, t->user, collection_test_id(t, "a/b"), true, t->arena, NULL),
			 STORE_OK);
}

static void every_change_is_seen_in_the_state(void **state)
{
	static void (*const changes[])(const struct store_test *) = {
		put_one,           remove_one,          make_one,  move_one, copy_one, delete_one, set_own_property,
		set_home_property, set_object_property, set_share,
	};
	struct store_test *t = *state;
	uint64_t before, other;

	collection_test_tree(t);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		before = collection_test_state(t);
		assert_int_equal(collection_test_state(t), before);
		changes[i](t);
		assert_int_not_equal(collection_test_state(t), before);
	}
	before = collection_test_state(t);
	collection_test_put(t, collection_test_id(t, "a"), "one", "", "changed"); /* as it is */
	other = store_test_add_user(t, "bert");
	assert_int_equal(collection_test_state(t), before);
	assert_int_equal(store_collection_state(t->store, t->user, other, &before), STORE_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(properties_change),
		COLLECTION_TEST(properties_have_limits),
		COLLECTION_TEST(secrets_come_and_go),
		COLLECTION_TEST(every_change_is_seen_in_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

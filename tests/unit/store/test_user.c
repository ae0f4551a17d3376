/* Users: adding, finding, changing, deleting. */
#include "tests/unit/store/store_test.h"

static void add_makes_mailboxes(void **state)
{
	static const struct {
		const char *name;
		unsigned uses;
	} want[] = {{"INBOX", 0},
		    {"Drafts", STORE_USE_DRAFTS},
		    {"Sent", STORE_USE_SENT},
		    {"Trash", STORE_USE_TRASH},
		    {"Junk", STORE_USE_JUNK},
		    {"Archive", STORE_USE_ARCHIVE}};
	struct store_test *t = *state;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct store_mailbox box = store_test_find(t, want[i].name);

		assert_int_equal(box.uses, want[i].uses);
		assert_int_equal(box.owner, t->user);
		assert_true(box.is_subscribed && box.is_selectable);
	}
}

static void profile_comes_back(void **state)
{
	struct store_test *t = *state;
	struct store_user user = {.name = SPAN("bert@example.com"),
				  .display_name = SPAN("Bert \xc3\x84"),
				  .mail = SPAN("bert@example.com"),
				  .secrets = SPAN("SCRAM-SHA-256$1:a$b:c"),
				  .quota_bytes = 5000,
				  .is_admin = true,
				  .created_at = 77};
	struct store_user got;
	uint64_t id;

	assert_int_equal(store_user_add(t->store, &user, &id), STORE_OK);
	assert_int_equal(store_user_find(t->store, user.name, t->arena, &got), STORE_OK);
	assert_int_equal(got.id, id);
	assert_true(span_equal(got.display_name, user.display_name) && span_equal(got.mail, user.mail));
	assert_true(span_equal(got.secrets, user.secrets));
	assert_int_equal(got.quota_bytes, 5000);
	assert_int_equal(got.created_at, 77);
	assert_true(got.is_admin && !got.is_disabled);
	assert_int_equal(store_user_set_secrets(t->store, id, SPAN("new")), STORE_OK);
	assert_int_equal(store_user_set_quota(t->store, id, 1), STORE_OK);
	assert_int_equal(store_user_set_quota(t->store, id, UINT64_MAX), STORE_INVALID);
	assert_int_equal(store_user_set_profile(t->store, id, SPAN("B"), SPAN(""), false, true), STORE_OK);
	assert_int_equal(store_user_get(t->store, id, t->arena, &got), STORE_OK);
	assert_true(span_is(got.secrets, "new") && span_is(got.display_name, "B") && got.mail.n == 0);
	assert_true(got.is_disabled && !got.is_admin);
	assert_int_equal(got.quota_bytes, 1);
}

static void unknown_is_not_found(void **state)
{
	struct store_test *t = *state;
	struct store_quota quota;
	struct store_user got;

	assert_int_equal(store_user_find(t->store, SPAN("nobody"), t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_user_get(t->store, 0, t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_user_get(t->store, 4711, t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_user_delete(t->store, 4711), STORE_NOT_FOUND);
	assert_int_equal(store_user_set_secrets(t->store, 4711, SPAN("")), STORE_NOT_FOUND);
	assert_int_equal(store_user_set_quota(t->store, 4711, 1), STORE_NOT_FOUND);
	assert_int_equal(store_user_set_profile(t->store, 4711, SPAN(""), SPAN(""), false, false), STORE_NOT_FOUND);
	assert_int_equal(store_quota_get(t->store, 4711, &quota), STORE_NOT_FOUND);
}

static void names_are_checked(void **state)
{
	static const struct span bad[] = {{"", 0}, {"a\0b", 3}, {"a\n", 2}, {"\xff", 1}, {"\x7f", 1}};
	struct store_test *t = *state;
	struct store_user user = {.name = SPAN("anna")};
	char longest[STORE_USER_NAME_MAX + 1];
	uint64_t id;

	assert_int_equal(store_user_add(t->store, &user, &id), STORE_EXISTS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		user.name = bad[i];
		assert_int_equal(store_user_add(t->store, &user, &id), STORE_INVALID);
	}
	memset(longest, 'x', sizeof(longest));
	user.name = span_from(longest, sizeof(longest));
	assert_int_equal(store_user_add(t->store, &user, &id), STORE_INVALID);
	user.name.n--;
	assert_int_equal(store_user_add(t->store, &user, &id), STORE_OK);
}

static void delete_takes_all(void **state)
{
	struct store_test *t = *state;
	uint64_t old = t->user;
	struct store_mailbox *all, *orphans, box = store_test_create(t, "a/b");
	struct store_user *users;
	size_t count, orphan_count;

	assert_int_equal(store_user_delete(t->store, t->user), STORE_OK);
	assert_int_equal(store_user_list(t->store, t->arena, &users, &count), STORE_OK);
	assert_int_equal(count, 0);
	assert_int_equal(store_mailbox_list(t->store, old, t->arena, &all, &count, &orphans, &orphan_count), STORE_OK);
	assert_int_equal(count + orphan_count, 0);
	t->user = store_test_add_user(t, "anna");
	assert_true(t->user > old);
	assert_true(store_test_find(t, "INBOX").id > box.id);
	assert_true(store_test_find(t, "INBOX").uidvalidity > box.uidvalidity);
}

static void list_is_sorted(void **state)
{
	struct store_test *t = *state;
	struct store_user *users;
	size_t count;

	store_test_add_user(t, "zoe");
	store_test_add_user(t, "bert");
	assert_int_equal(store_user_list(t->store, t->arena, &users, &count), STORE_OK);
	assert_int_equal(count, 3);
	assert_true(span_is(users[0].name, "anna") && span_is(users[1].name, "bert") && span_is(users[2].name, "zoe"));
}

static void faults_change_nothing(void **state)
{
	struct store_test *t = *state;
	struct store_user user = {.name = SPAN("bert")}, got;
	uint64_t id;

	store_test_needs_faults();
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(store_user_add(t->store, &user, &id), STORE_NO_SPACE);
	assert_int_equal(store_user_find(t->store, user.name, t->arena, &got), STORE_NOT_FOUND);
	t->faults[FAULT_READ_BROKEN] = 1;
	assert_int_equal(store_user_find(t->store, user.name, t->arena, &got), STORE_BROKEN);
	assert_int_equal(store_user_add(t->store, &user, &id), STORE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(add_makes_mailboxes),   STORE_TEST(profile_comes_back), STORE_TEST(unknown_is_not_found),
		STORE_TEST(names_are_checked),     STORE_TEST(delete_takes_all),   STORE_TEST(list_is_sorted),
		STORE_TEST(faults_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

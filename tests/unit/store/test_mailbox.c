/* Mailboxes: names, trees, renaming, deleting, subscriptions, counters. */
#include "tests/unit/store/store_test.h"

#include "common/store/mailbox_private.h"

#include "common/base/clock.h"

static enum store_status look(const struct store_test *t, const char *name)
{
	struct store_mailbox mailbox;

	return store_mailbox_find(t->store, t->user, span_of(name), t->arena, &mailbox);
}

static enum store_status create(const struct store_test *t, const char *name)
{
	struct store_mailbox mailbox;

	return store_mailbox_create(t->store, t->user, span_of(name), 0, &mailbox);
}

static enum store_status rename_box(const struct store_test *t, const char *from, const char *to)
{
	return store_mailbox_rename(t->store, t->user, span_of(from), span_of(to));
}

static enum store_status delete_box(const struct store_test *t, const char *name)
{
	return store_mailbox_delete(t->store, t->user, span_of(name));
}

struct listing {
	struct store_mailbox *all, *orphans;
	size_t count, orphan_count;
};

static struct listing list(const struct store_test *t)
{
	struct listing got = {0};

	assert_int_equal(
		store_mailbox_list(t->store, t->user, t->arena, &got.all, &got.count, &got.orphans, &got.orphan_count),
		STORE_OK);
	return got;
}

static void names_are_checked(void **state)
{
	static const struct {
		struct span name;
		enum store_status want;
	} cases[] = {
		{{"a", 1}, STORE_OK},
		{{"INBOX", 5}, STORE_OK},
		{{"INBOX/x", 7}, STORE_OK},
		{{"inbox", 5}, STORE_INVALID},
		{{"Inbox/x", 7}, STORE_INVALID},
		{{"inboxes", 7}, STORE_OK},
		{{"", 0}, STORE_INVALID},
		{{"/a", 2}, STORE_INVALID},
		{{"a/", 2}, STORE_INVALID},
		{{"a//b", 4}, STORE_INVALID},
		{{"a\0b", 3}, STORE_INVALID},
		{{"a\x1f", 2}, STORE_INVALID},
		{{"a\x7f", 2}, STORE_INVALID},
		{{"a\xc2\x85", 3}, STORE_INVALID},    /* U+0085 */
		{{"\xc3\xa4", 2}, STORE_OK},          /* ä in NFC */
		{{"a\xcc\x88", 3}, STORE_INVALID},    /* a + U+0308: NFD */
		{{"\xc3", 1}, STORE_INVALID},         /* cut off */
		{{"\xed\xa0\x80", 3}, STORE_INVALID}, /* a surrogate */
		{{"\xe6\x97\xa5\xe6\x9c\xac", 6}, STORE_OK},
		{{"a b*%\\\"&", 8}, STORE_OK},
	};
	char name[STORE_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(mailbox_name_check(cases[i].name), cases[i].want);
	memset(name, 'x', sizeof(name));
	assert_int_equal(mailbox_name_check(span_from(name, STORE_NAME_MAX)), STORE_OK);
	assert_int_equal(mailbox_name_check(span_from(name, STORE_NAME_MAX + 1)), STORE_INVALID);
	for (size_t i = 1; i < sizeof(name); i += 2)
		name[i] = '/';
	assert_int_equal(mailbox_name_check(span_from(name, STORE_DEPTH_MAX * 2 - 1)), STORE_OK);
	assert_int_equal(mailbox_name_check(span_from(name, STORE_DEPTH_MAX * 2 + 1)), STORE_LIMIT);
}

static void create_makes_parents(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox c = store_test_create(t, "a/b/c"), a = store_test_find(t, "a"), found;

	assert_true(a.has_children && a.is_selectable && !a.is_subscribed);
	found = store_test_find(t, "a/b/c");
	assert_int_equal(found.id, c.id);
	assert_int_equal(found.uidvalidity, c.uidvalidity);
	assert_true(c.uidvalidity > a.uidvalidity);
	assert_int_equal(found.uidnext, 1);
	assert_int_equal(found.modseq, 1);
	assert_false(found.has_children);
	assert_int_equal(create(t, "a/b"), STORE_EXISTS);
	assert_int_equal(create(t, "INBOX"), STORE_EXISTS);
	assert_int_equal(look(t, "a/b/d"), STORE_NOT_FOUND);
	assert_int_equal(store_mailbox_get(t->store, t->user, c.id, t->arena, &found), STORE_OK);
	assert_true(span_is(found.name, "a/b/c"));
}

static void others_see_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t anna = t->user, bert = store_test_add_user(t, "bert");
	struct store_mailbox a = store_test_create(t, "secret"), found;
	struct span *names;
	size_t count;
	uint32_t first;

	t->user = bert;
	assert_int_equal(look(t, "secret"), STORE_NOT_FOUND);
	assert_int_equal(rename_box(t, "secret", "mine"), STORE_NOT_FOUND);
	assert_int_equal(delete_box(t, "secret"), STORE_NOT_FOUND);
	assert_int_equal(store_mailbox_get(t->store, bert, a.id, t->arena, &found), STORE_NOT_FOUND);
	assert_int_equal(store_mailbox_recent(t->store, bert, a.id, true, &first), STORE_NOT_FOUND);
	assert_int_equal(store_mailbox_keywords(t->store, bert, a.id, t->arena, &names, &count), STORE_NOT_FOUND);
	assert_int_equal(store_mailbox_keywords(t->store, anna, a.id, t->arena, &names, &count), STORE_OK);
	assert_int_equal(count, 0);
	t->user = 4711;
	assert_int_equal(create(t, "x"), STORE_NOT_FOUND);
}

static void uses_are_unique(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox made;

	assert_int_equal(store_mailbox_create(t->store, t->user, SPAN("Spam"), STORE_USE_JUNK, &made), STORE_CONFLICT);
	assert_int_equal(store_mailbox_create(t->store, t->user, SPAN("All"), STORE_USE_ALL, &made), STORE_OK);
	assert_int_equal(store_test_find(t, "All").uses, STORE_USE_ALL);
	assert_int_equal(store_test_find(t, "Sent").uses, STORE_USE_SENT);
}

static void delete_keeps_parents(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox a, b, again;

	store_test_create(t, "a/b");
	a = store_test_find(t, "a");
	assert_int_equal(delete_box(t, "INBOX"), STORE_DENIED);
	assert_int_equal(delete_box(t, "none"), STORE_NOT_FOUND);
	assert_int_equal(delete_box(t, "a"), STORE_OK);
	b = store_test_find(t, "a");
	assert_false(b.is_selectable);
	assert_true(b.has_children);
	assert_int_not_equal(a.id, b.id);
	assert_int_equal(delete_box(t, "a"), STORE_CONFLICT);
	again = store_test_create(t, "a");
	assert_true(again.uidvalidity > b.uidvalidity);
	assert_true(store_test_find(t, "a").is_selectable);
	assert_int_equal(delete_box(t, "a/b"), STORE_OK);
	assert_int_equal(delete_box(t, "a"), STORE_OK);
	assert_int_equal(look(t, "a"), STORE_NOT_FOUND);
	assert_true(store_test_create(t, "a").uidvalidity > again.uidvalidity);
}

static void rename_takes_children_along(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox deep = store_test_create(t, "a/b/c"), beside = store_test_create(t, "a!"), got;

	store_test_create(t, "ab/c");
	store_test_create(t, "a0");
	assert_int_equal(rename_box(t, "a", "x/y"), STORE_OK);
	got = store_test_find(t, "x/y/b/c");
	assert_int_equal(got.id, deep.id);
	assert_int_equal(got.uidvalidity, deep.uidvalidity);
	assert_true(store_test_find(t, "x").has_children);
	assert_int_equal(look(t, "a"), STORE_NOT_FOUND);
	assert_int_equal(look(t, "a/b"), STORE_NOT_FOUND);
	assert_int_equal(store_test_find(t, "a!").id, beside.id);
	assert_int_equal(look(t, "ab/c"), STORE_OK);
	assert_int_equal(look(t, "a0"), STORE_OK);
	assert_int_equal(rename_box(t, "x", "x/z"), STORE_INVALID);
	assert_int_equal(rename_box(t, "x", "ab"), STORE_EXISTS);
	assert_int_equal(rename_box(t, "x", "x"), STORE_EXISTS);
	assert_int_equal(rename_box(t, "x/y", "x"), STORE_EXISTS);
	assert_int_equal(rename_box(t, "none", "some"), STORE_NOT_FOUND);
	assert_int_equal(rename_box(t, "x", "/"), STORE_INVALID);
	assert_int_equal(rename_box(t, "x", "xy"), STORE_OK);
	assert_int_equal(look(t, "xy/y/b/c"), STORE_OK);
	assert_int_equal(rename_box(t, "xy", "\xc3\xa4"), STORE_OK);
	assert_int_equal(store_test_find(t, "\xc3\xa4/y/b/c").id, deep.id);
}

static void rename_checks_what_grows(void **state)
{
	struct store_test *t = *state;
	char child[STORE_NAME_MAX + 1] = "a/", deep[STORE_DEPTH_MAX * 2] = "b";

	memset(child + 2, 'x', STORE_NAME_MAX - 2);
	store_test_create(t, child);
	assert_int_equal(rename_box(t, "a", "aa"), STORE_INVALID);
	assert_int_equal(look(t, child), STORE_OK);
	for (size_t i = 1; i < STORE_DEPTH_MAX; i++)
		memcpy(deep + i * 2 - 1, "/b", 3);
	store_test_create(t, deep);
	assert_int_equal(rename_box(t, "b", "c/d"), STORE_LIMIT);
	assert_int_equal(look(t, "c"), STORE_NOT_FOUND); /* its parent was not made either */
	assert_int_equal(rename_box(t, "b", "c"), STORE_OK);
}

static void rename_of_inbox_leaves_inbox(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox inbox = store_test_find(t, "INBOX");

	store_test_create(t, "INBOX/child");
	assert_int_equal(rename_box(t, "INBOX", "old/mail"), STORE_OK);
	assert_int_equal(store_test_find(t, "INBOX").id, inbox.id);
	assert_int_equal(look(t, "INBOX/child"), STORE_OK);
	assert_int_not_equal(store_test_find(t, "old/mail").id, inbox.id);
	assert_int_equal(rename_box(t, "INBOX", "INBOX/older"), STORE_OK);
	assert_int_equal(rename_box(t, "old", "INBOX"), STORE_EXISTS);
}

static void listing_is_sorted_and_merged(void **state)
{
	static const char *const want[] = {"INBOX", "Archive", "Drafts", "Junk",  "Sent", "Trash",
					   "a",     "a b",     "a/b",    "a/b/c", "b"};
	struct store_test *t = *state;
	struct listing got;

	store_test_create(t, "a/b/c");
	store_test_create(t, "a b");
	store_test_create(t, "b");
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("a b"), true), STORE_OK);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("a b"), true), STORE_OK);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("b"), true), STORE_OK);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("never"), true), STORE_NOT_FOUND);
	got = list(t);
	assert_int_equal(got.count, 11);
	assert_int_equal(got.orphan_count, 0);
	for (size_t i = 0; i < got.count; i++)
		assert_true(span_is(got.all[i].name, want[i]));
	assert_true(got.all[6].has_children && got.all[8].has_children);
	assert_false(got.all[7].has_children || got.all[9].has_children || got.all[10].has_children);
	assert_true(got.all[0].is_subscribed && got.all[7].is_subscribed && got.all[10].is_subscribed);
	assert_false(got.all[6].is_subscribed);

	assert_int_equal(delete_box(t, "b"), STORE_OK);
	got = list(t);
	assert_int_equal(got.orphan_count, 1);
	assert_true(span_is(got.orphans[0].name, "b"));
	assert_int_equal(got.orphans[0].id, 0);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("b"), true), STORE_OK);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("b"), false), STORE_OK);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("b"), false), STORE_NOT_FOUND);
	assert_int_equal(store_mailbox_subscribe(t->store, t->user, SPAN("a"), false), STORE_OK);
	assert_int_equal(list(t).orphan_count, 0);
}

/* --- inside transactions
 * -------------------------------------------------------------------------------------------------- */

static enum store_status add_mail_tx(struct store_tx *tx, void *arg)
{
	const struct store_mailbox_delta *delta = arg;
	struct store_mailbox_lock lock;
	enum store_status status = store_mailbox_lock(tx, delta->owner, delta->mailbox, &lock);

	return status == STORE_OK ? store_mailbox_count(tx, delta) : status;
}

static void counters_and_quota(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox box = store_test_find(t, "INBOX");
	struct store_mailbox_delta delta = {.mailbox = box.id,
					    .owner = t->user,
					    .uidnext = 3,
					    .messages = 2,
					    .unseen = 2,
					    .bytes = 100,
					    .check_quota = true};
	struct store_quota quota;

	assert_int_equal(store_write(t->store, add_mail_tx, &delta), STORE_OK);
	assert_int_equal(store_user_set_quota(t->store, t->user, 150), STORE_OK);
	assert_int_equal(store_write(t->store, add_mail_tx, &delta), STORE_OVER_QUOTA);
	delta.uidnext = 0;
	delta.bytes = 50;
	delta.messages = 1;
	delta.deleted = 1;
	delta.deleted_bytes = 50;
	assert_int_equal(store_write(t->store, add_mail_tx, &delta), STORE_OK); /* just fits */
	box = store_test_find(t, "INBOX");
	assert_int_equal(box.messages, 3);
	assert_int_equal(box.unseen, 4);
	assert_int_equal(box.uidnext, 3);
	assert_int_equal(box.modseq, 3);
	assert_int_equal(box.bytes, 150);
	assert_int_equal(box.deleted_bytes, 50);
	assert_int_equal(store_quota_get(t->store, t->user, &quota), STORE_OK);
	assert_int_equal(quota.limit_bytes, 150);
	assert_int_equal(quota.used_bytes, 150);
	assert_int_equal(quota.used_messages, 3);
	delta.owner = t->user + 1;
	assert_int_equal(store_write(t->store, add_mail_tx, &delta), STORE_NOT_FOUND);
}

static void recent_is_claimed_once(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox_delta delta = {.owner = t->user, .uidnext = 5};
	uint64_t commits;
	uint32_t first = 0;

	delta.mailbox = store_test_find(t, "INBOX").id;
	assert_int_equal(store_write(t->store, add_mail_tx, &delta), STORE_OK);
	assert_int_equal(store_mailbox_recent(t->store, t->user, delta.mailbox, false, &first), STORE_OK);
	assert_int_equal(first, 1);
	assert_int_equal(store_mailbox_recent(t->store, t->user, delta.mailbox, true, &first), STORE_OK);
	assert_int_equal(first, 1);
	commits = store_commits(t->store);
	assert_int_equal(store_mailbox_recent(t->store, t->user, delta.mailbox, true, &first), STORE_OK);
	assert_int_equal(first, 5);
	assert_int_equal(store_commits(t->store), commits);
}

/* --- many
 * ----------------------------------------------------------------------------------------------------------------- */

enum { MANY = 10000 };

static enum store_status many_tx(struct store_tx *tx, void *arg)
{
	const struct store_test *t = arg;
	enum store_status status = STORE_OK;
	char name[32];

	for (int i = 0; status == STORE_OK && i < MANY; i++) {
		int n = snprintf(name, sizeof(name), "many/%d", i);

		status = mailbox_insert(tx, t->user, span_from(name, (size_t)n), 0, true, NULL);
	}
	return status;
}

static void ten_thousand(void **state)
{
	struct store_test *t = *state;
	struct listing got;
	int64_t start;

	store_test_create(t, "many");
	assert_int_equal(store_write(t->store, many_tx, t), STORE_OK);
	start = clock_uptime_ms();
	got = list(t);
	print_message("list: %lld ms\n", (long long)(clock_uptime_ms() - start));
	assert_int_equal(got.count, MANY + 7);
	start = clock_uptime_ms();
	assert_int_equal(rename_box(t, "many", "other/many"), STORE_OK);
	print_message("rename: %lld ms\n", (long long)(clock_uptime_ms() - start));
	assert_int_equal(look(t, "many/77"), STORE_NOT_FOUND);
	assert_int_equal(look(t, "other/many/9999"), STORE_OK);
	assert_int_equal(list(t).count, MANY + 8);
}

static void limit_of_mailboxes(void **state)
{
	struct store_test *t = *state;
	struct store_options options = {.path = t->path, .mailboxes_max = 8};
	char *error = NULL;

	store_close(&t->store);
	assert_int_equal(store_open(&options, &t->store, &error), STORE_OK);
	assert_int_equal(create(t, "a/b/c"), STORE_LIMIT);
	assert_int_equal(create(t, "a/b"), STORE_OK);
	assert_int_equal(create(t, "c"), STORE_LIMIT);
	assert_int_equal(delete_box(t, "a/b"), STORE_OK);
	assert_int_equal(create(t, "c"), STORE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_checked),      STORE_TEST(create_makes_parents),
		STORE_TEST(others_see_nothing),           STORE_TEST(uses_are_unique),
		STORE_TEST(delete_keeps_parents),         STORE_TEST(rename_takes_children_along),
		STORE_TEST(rename_checks_what_grows),     STORE_TEST(rename_of_inbox_leaves_inbox),
		STORE_TEST(listing_is_sorted_and_merged), STORE_TEST(counters_and_quota),
		STORE_TEST(recent_is_claimed_once),       STORE_TEST(ten_thousand),
		STORE_TEST(limit_of_mailboxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Delivery to many, identities of contents, aliases, and the way from the schema before them. */
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/store/content.h"
#include "tests/unit/store/message_test.h"

static const struct store_delivery_rule keep_all = {0};

static uint32_t count_in(const struct store_test *t, uint64_t user, const char *name)
{
	struct store_mailbox mailbox;

	assert_int_equal(store_mailbox_find(t->store, user, span_of(name), t->arena, &mailbox), STORE_OK);
	return mailbox.messages;
}

static void all_get_it_and_it_is_kept_once(void **state)
{
	struct store_test *t = *state;
	uint64_t bob = store_test_add_user(t, "bob");
	struct store_new_message message = message_test_make(t->arena, 1);
	struct store_target targets[] = {{.user = t->user, .folder = SPAN("junk"), .group = 0},
					 {.user = bob, .folder = SPAN("Nowhere"), .group = 1},
					 {.user = 999, .group = 2}};

	assert_int_equal(store_message_deliver(t->store, targets, 3, &message, &keep_all), STORE_OK);
	assert_int_equal(targets[0].status, STORE_OK);
	assert_int_equal(targets[1].status, STORE_OK);
	assert_int_equal(targets[2].status, STORE_NOT_FOUND);
	assert_int_equal(count_in(t, t->user, "Junk"), 1);
	assert_int_equal(count_in(t, bob, "INBOX"), 1);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob"), 1);
	assert_int_equal(message_test_number(t, "SELECT refs FROM blob"), 2);
}

static void the_same_user_gets_it_once(void **state)
{
	struct store_test *t = *state;
	struct store_new_message message = message_test_make(t->arena, 1);
	struct store_target targets[] = {{.user = t->user, .group = 0}, {.user = t->user, .group = 1}};

	assert_int_equal(store_message_deliver(t->store, targets, 2, &message, &keep_all), STORE_OK);
	assert_false(targets[0].is_duplicate);
	assert_true(targets[1].status == STORE_OK && targets[1].is_duplicate);
	assert_int_equal(count_in(t, t->user, "INBOX"), 1);
}

static void a_full_mailbox_refuses_its_group_alone(void **state)
{
	struct store_test *t = *state;
	uint64_t bob = store_test_add_user(t, "bob"), carl = store_test_add_user(t, "carl");
	struct store_new_message message = message_test_make(t->arena, 1);
	struct store_target targets[] = {
		{.user = t->user, .group = 0}, {.user = bob, .group = 0}, {.user = carl, .group = 1}};

	assert_int_equal(store_user_set_quota(t->store, bob, 5), STORE_OK);
	assert_int_equal(store_message_deliver(t->store, targets, 3, &message, &keep_all), STORE_OK);
	assert_int_equal(targets[0].status, STORE_OVER_QUOTA);
	assert_int_equal(targets[1].status, STORE_OVER_QUOTA);
	assert_int_equal(targets[2].status, STORE_OK);
	assert_int_equal(count_in(t, t->user, "INBOX"), 0);
	assert_int_equal(count_in(t, carl, "INBOX"), 1);
}

static void a_failed_commit_gives_it_to_nobody(void **state)
{
	struct store_test *t = *state;
	struct store_new_message message = message_test_make(t->arena, 1);
	struct store_target target = {.user = t->user};

	store_test_needs_faults();
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(store_message_deliver(t->store, &target, 1, &message, &keep_all), STORE_NO_SPACE);
	assert_int_equal(count_in(t, t->user, "INBOX"), 0);
	assert_int_equal(store_message_deliver(t->store, &target, 1, &message, &keep_all), STORE_OK);
	assert_int_equal(count_in(t, t->user, "INBOX"), 1);
}

static bool deliver_again(const struct store_test *t, const struct store_delivery_rule *rule)
{
	struct store_new_message message = message_test_make(t->arena, 1);
	struct store_target target = {.user = t->user};

	assert_int_equal(store_message_deliver(t->store, &target, 1, &message, rule), STORE_OK);
	assert_int_equal(target.status, STORE_OK);
	return target.is_duplicate;
}

static void duplicates_by_message_id(void **state)
{
	struct store_test *t = *state;
	struct store_delivery_rule rule = {.duplicates_s = 3600, .message_id = SPAN("<1@2>")};
	struct store_delivery_rule other = {.duplicates_s = 3600, .message_id = SPAN("<2@2>")};

	assert_false(deliver_again(t, &rule));
	assert_true(deliver_again(t, &rule));
	assert_false(deliver_again(t, &other));
	assert_false(deliver_again(t, &keep_all));
	other.message_id = SPAN("");
	assert_false(deliver_again(t, &other));
	assert_false(deliver_again(t, &other));
	message_test_sql(t, "UPDATE delivered SET delivered_at = delivered_at - 3601");
	assert_false(deliver_again(t, &rule));
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM delivered"), 1);
	assert_int_equal(count_in(t, t->user, "INBOX"), 6);
	assert_int_equal(store_user_delete(t->store, t->user), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM delivered"), 0);
	assert_int_equal(store_user_delete(t->store, t->user), STORE_NOT_FOUND);
}

static void removal_by_uid(void **state)
{
	struct store_test *t = *state;
	uint64_t inbox = store_test_find(t, "INBOX").id;
	struct ranges uids = message_test_uids("1:2,9");

	message_test_append(t, inbox, 1, 3);
	assert_int_equal(store_message_remove(t->store, t->user, inbox, &uids), STORE_OK);
	assert_int_equal(message_test_mailbox(t, inbox).messages, 1);
	assert_int_equal(store_message_remove(t->store, t->user, inbox, &uids), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT used_messages FROM user WHERE name = CAST('anna' AS BLOB)"), 1);
	ranges_done(&uids);
}

/* --- identities */

static void growth(void **state)
{
	static const struct {
		struct span bytes;
		uint64_t want;
	} cases[] = {
		{SPAN(""), 0},         {SPAN("a\r\n"), 0}, {SPAN("a\n"), 1},        {SPAN("a"), 2},
		{SPAN("\n"), 1},       {SPAN("\r"), 2},    {SPAN("a\n\nb\r\n"), 2}, {SPAN("a\r\nb\nc"), 3},
		{SPAN("\r\r\n\n"), 1}, {SPAN("\0\n"), 1},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		if (store_content_growth(cases[i].bytes) != cases[i].want)
			fail_msg("case %zu", i);
}

static const struct store_identity *identity_of(const struct store_test *t, struct store_snapshot *snapshot,
						uint32_t number)
{
	uint32_t index;
	const struct store_chunk *chunk;

	assert_int_equal(store_snapshot_identify(t->store, snapshot), STORE_OK);
	chunk = store_snapshot_chunk(snapshot, number, &index);
	return chunk->identities + index;
}

static void identities(void **state)
{
	struct store_test *t = *state;
	uint64_t inbox = store_test_find(t, "INBOX").id;
	struct store_snapshot *snapshot;

	message_test_append_bytes(t, inbox, SPAN("a\nb\r\n"));
	message_test_append_bytes(t, inbox, SPAN("other\r\n"));
	message_test_append_bytes(t, inbox, SPAN("a\nb\r\n"));
	snapshot = message_test_newest(t, inbox);
	assert_int_equal(identity_of(t, snapshot, 1)->growth, 1);
	assert_int_equal(identity_of(t, snapshot, 2)->growth, 0);
	assert_memory_equal(identity_of(t, snapshot, 1)->digest, identity_of(t, snapshot, 3)->digest,
			    STORE_DIGEST_BYTES);
	assert_memory_not_equal(identity_of(t, snapshot, 1)->digest, identity_of(t, snapshot, 2)->digest,
				STORE_DIGEST_BYTES);
	store_snapshot_unref(&snapshot);
}

static void what_was_not_counted_is_counted_once(void **state)
{
	struct store_test *t = *state;
	uint64_t inbox = store_test_find(t, "INBOX").id;
	struct span bytes = message_test_bytes(t->arena, 3, 200000); /* more than is read at once */
	struct store_snapshot *snapshot;

	message_test_append_bytes(t, inbox, bytes);
	message_test_sql(t, "UPDATE blob SET growth = -1");
	snapshot = message_test_newest(t, inbox);
	assert_int_equal(identity_of(t, snapshot, 1)->growth, store_content_growth(bytes));
	assert_int_equal(message_test_number(t, "SELECT growth FROM blob"), store_content_growth(bytes));
	store_snapshot_unref(&snapshot);
}

static void a_failed_count_is_not_kept(void **state)
{
	struct store_test *t = *state;
	uint64_t inbox = store_test_find(t, "INBOX").id;
	struct span bytes = message_test_bytes(t->arena, 3, 2000);
	struct store_snapshot *snapshot;

	store_test_needs_faults();
	message_test_reopen(t, 100, false);
	message_test_append_bytes(t, inbox, bytes);
	message_test_sql(t, "UPDATE blob SET growth = -1");
	snapshot = message_test_newest(t, inbox);
	t->faults[FAULT_BLOB_MISSING] = 1;
	assert_int_equal(store_snapshot_identify(t->store, snapshot), STORE_BROKEN);
	assert_int_equal(identity_of(t, snapshot, 1)->growth, store_content_growth(bytes));
	store_snapshot_unref(&snapshot);
}

static void a_count_that_cannot_be_kept_is_told(void **state)
{
	struct store_test *t = *state;
	uint64_t inbox = store_test_find(t, "INBOX").id;
	struct store_snapshot *snapshot;

	store_test_needs_faults();
	message_test_append_bytes(t, inbox, SPAN("a\nb"));
	message_test_sql(t, "UPDATE blob SET growth = -1");
	snapshot = message_test_newest(t, inbox);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(identity_of(t, snapshot, 1)->growth, 3);
	store_snapshot_unref(&snapshot);
}

/* --- addresses */

static void aliases(void **state)
{
	struct store_test *t = *state;
	struct store_alias *list;
	size_t count;

	assert_int_equal(store_alias_add(t->store, SPAN("team@x"), SPAN("bob")), STORE_OK);
	assert_int_equal(store_alias_add(t->store, SPAN("team@x"), SPAN("anna")), STORE_OK);
	assert_int_equal(store_alias_add(t->store, SPAN("team@x"), SPAN("anna")), STORE_EXISTS);
	assert_int_equal(store_alias_add(t->store, SPAN("a@x"), SPAN("anna")), STORE_OK);
	assert_int_equal(store_alias_add(t->store, SPAN("a@x"), SPAN("")), STORE_INVALID);
	assert_int_equal(store_alias_list(t->store, SPAN("team@x"), t->arena, &list, &count), STORE_OK);
	assert_int_equal(count, 2);
	assert_true(span_is(list[0].target, "anna") && span_is(list[1].target, "bob"));
	assert_int_equal(store_alias_list(t->store, SPAN(""), t->arena, &list, &count), STORE_OK);
	assert_int_equal(count, 3);
	assert_int_equal(store_alias_delete(t->store, SPAN("team@x"), SPAN("bob")), STORE_OK);
	assert_int_equal(store_alias_delete(t->store, SPAN("team@x"), SPAN("bob")), STORE_NOT_FOUND);
	assert_int_equal(store_alias_delete(t->store, SPAN("team@x"), SPAN("")), STORE_OK);
	assert_int_equal(store_alias_list(t->store, SPAN("team@x"), t->arena, &list, &count), STORE_OK);
	assert_int_equal(count, 0);
}

static void mail_addresses_are_found_in_lower_case(void **state)
{
	struct store_test *t = *state;
	struct store_user user = {.name = SPAN("bob"), .mail = SPAN("Bob@Example.COM")}, got;
	uint64_t bob;

	assert_int_equal(store_user_add(t->store, &user, &bob), STORE_OK);
	assert_int_equal(store_user_find_mail(t->store, SPAN("bob@example.com"), t->arena, &got), STORE_OK);
	assert_int_equal(got.id, bob);
	assert_int_equal(store_user_find_mail(t->store, SPAN(""), t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_user_set_profile(t->store, bob, SPAN(""), SPAN("B@Y"), false, false), STORE_OK);
	assert_int_equal(store_user_find_mail(t->store, SPAN("b@y"), t->arena, &got), STORE_OK);
}

/* What versions 2 and 3 brought is taken away; opening brings it again. */
static void migrates_from_version_1(void **state)
{
	struct store_test *t = *state;
	uint64_t inbox = store_test_find(t, "INBOX").id;
	struct store_snapshot *snapshot;

	message_test_append_bytes(t, inbox, SPAN("a\nb"));
	message_test_sql(t, "DROP INDEX user_mail; DROP TABLE delivered; DROP TABLE alias;"
			    "ALTER TABLE blob DROP COLUMN growth;"
			    "DROP TABLE collection; DROP TABLE object; DROP TABLE object_removed; DROP TABLE property;"
			    "DROP TABLE collection_lock; DROP TABLE attachment;"
			    "UPDATE user SET mail = CAST('Anna@X' AS BLOB);"
			    "UPDATE store_info SET value = '1' WHERE name = 'version'");
	store_close(&t->store);
	t->store = store_test_open(t);
	assert_int_equal(message_test_number(t, "SELECT CAST(value AS INTEGER) FROM store_info WHERE name = 'version'"),
			 3);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection"), 5);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM user WHERE mail = CAST('anna@x' AS BLOB)"), 1);
	snapshot = message_test_newest(t, inbox);
	assert_int_equal(identity_of(t, snapshot, 1)->growth, 3);
	store_snapshot_unref(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(all_get_it_and_it_is_kept_once),
		STORE_TEST(the_same_user_gets_it_once),
		STORE_TEST(a_full_mailbox_refuses_its_group_alone),
		STORE_TEST(a_failed_commit_gives_it_to_nobody),
		STORE_TEST(duplicates_by_message_id),
		STORE_TEST(removal_by_uid),
		cmocka_unit_test(growth),
		STORE_TEST(identities),
		STORE_TEST(what_was_not_counted_is_counted_once),
		STORE_TEST(a_failed_count_is_not_kept),
		STORE_TEST(a_count_that_cannot_be_kept_is_told),
		STORE_TEST(aliases),
		STORE_TEST(mail_addresses_are_found_in_lower_case),
		STORE_TEST(migrates_from_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

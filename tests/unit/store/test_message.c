/* Messages: adding, flags, copying, moving, removing, and the journal of what was removed. */
#include "tests/unit/store/message_test.h"

static void test_append_gives_uids_and_counts(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox box = store_test_create(t, "box");
	struct store_new_message messages[3];
	struct store_appended appended;
	struct store_mailbox after;

	for (unsigned i = 0; i < 3; i++)
		messages[i] = message_test_make(t->arena, i);
	messages[1].flags = (unsigned)STORE_FLAG_SEEN;
	messages[2].flags = (unsigned)(STORE_FLAG_DELETED | STORE_FLAG_GHOST);
	assert_int_equal(store_message_append(t->store, t->user, box.id, messages, 3, &appended), STORE_OK);
	assert_int_equal(appended.uidvalidity, box.uidvalidity);
	assert_int_equal(appended.modseq, box.modseq + 1);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(messages[i].uid, i + 1);
	after = message_test_mailbox(t, box.id);
	assert_int_equal(after.uidnext, 4);
	assert_int_equal(after.messages, 3);
	assert_int_equal(after.unseen, 2);
	assert_int_equal(after.deleted, 1);
	assert_int_equal(after.bytes, messages[0].bytes.n + messages[1].bytes.n + messages[2].bytes.n);
	assert_int_equal(after.deleted_bytes, messages[2].bytes.n);
	assert_int_equal(after.modseq, appended.modseq);
}

static void test_append_of_the_same_bytes_has_one_content(void **state)
{
	struct store_test *t = *state;
	uint64_t a = store_test_create(t, "a").id, b = store_test_create(t, "b").id;

	message_test_append(t, a, 1, 1);
	message_test_append(t, b, 1, 1);
	message_test_append(t, b, 1, 1);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob"), 1);
	assert_int_equal(message_test_number(t, "SELECT refs FROM blob"), 3);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM content_head"), 1);
}

static void test_append_fails_whole(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_new_message messages[2] = {message_test_make(t->arena, 1), message_test_make(t->arena, 2)};
	struct store_appended appended;
	struct store_quota quota;
	uint64_t stranger = store_test_add_user(t, "bob");

	assert_int_equal(store_message_append(t->store, stranger, box, messages, 2, &appended), STORE_NOT_FOUND);
	assert_int_equal(store_message_append(t->store, t->user, 999999, messages, 2, &appended), STORE_NOT_FOUND);
	assert_int_equal(store_user_set_quota(t->store, t->user, messages[0].bytes.n + messages[1].bytes.n - 1),
			 STORE_OK);
	assert_int_equal(store_message_append(t->store, t->user, box, messages, 2, &appended), STORE_OVER_QUOTA);
	assert_int_equal(message_test_mailbox(t, box).messages, 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob"), 0);
	assert_int_equal(store_message_append(t->store, t->user, box, messages, 1, &appended), STORE_OK);
	assert_int_equal(store_quota_get(t->store, t->user, &quota), STORE_OK);
	assert_int_equal(quota.used_bytes, messages[0].bytes.n);
	assert_int_equal(quota.used_messages, 1);
}

static void test_append_ends_where_uids_end(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_new_message messages[2] = {message_test_make(t->arena, 1), message_test_make(t->arena, 2)};
	struct store_appended appended;

	message_test_sql(t, "UPDATE mailbox SET uidnext = 4294967294 WHERE name = CAST('box' AS BLOB)");
	assert_int_equal(store_message_append(t->store, t->user, box, messages, 2, &appended), STORE_LIMIT);
	assert_int_equal(store_message_append(t->store, t->user, box, messages, 1, &appended), STORE_OK);
	assert_int_equal(messages[0].uid, UINT32_MAX - 1);
	assert_int_equal(store_message_append(t->store, t->user, box, messages, 1, &appended), STORE_LIMIT);
}

static void test_append_that_fails_changes_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_new_message message = message_test_make(t->arena, 1);
	struct store_appended appended;

	store_test_needs_faults();
	t->faults[FAULT_COMMIT_BUSY] = 1;
	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_BUSY);
	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_OK);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(store_message_append(t->store, t->user, box, &message, 1, &appended), STORE_NO_SPACE);
	assert_int_equal(message_test_mailbox(t, box).messages, 1);
	assert_int_equal(message_test_mailbox(t, box).uidnext, 2);
}

static void test_flags_change_and_tell(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .flags = (unsigned)STORE_FLAG_SEEN};
	struct store_flagged flagged;
	struct store_snapshot *snapshot;
	struct store_row row;

	message_test_append(t, box, 1, 5);
	assert_int_equal(message_test_flags(t, box, "2:3,6:9", &change, &flagged), STORE_OK);
	message_test_is(&flagged.changed, "2:3");
	message_test_is(&flagged.missing, "6:9");
	message_test_is(&flagged.conflicted, "");
	assert_int_equal(flagged.modseq, message_test_mailbox(t, box).modseq);
	assert_int_equal(message_test_mailbox(t, box).unseen, 3);
	snapshot = message_test_newest(t, box);
	store_snapshot_row(snapshot, 2, &row);
	assert_int_equal(row.flags, STORE_FLAG_SEEN);
	assert_int_equal(row.modseq, flagged.modseq);
	store_snapshot_row(snapshot, 1, &row);
	assert_int_equal(row.flags, 0);
	assert_true(row.modseq < flagged.modseq);
	store_snapshot_unref(&snapshot);
	store_flagged_done(&flagged);
}

static void test_flags_that_are_so_take_no_modseq(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, modseq;
	struct store_flag_change change = {.how = STORE_FLAGS_REPLACE, .flags = (unsigned)STORE_FLAG_FLAGGED};
	struct store_flagged flagged;

	message_test_append(t, box, 1, 3);
	message_test_mark(t, box, "1:2", (unsigned)STORE_FLAG_FLAGGED);
	modseq = message_test_mailbox(t, box).modseq;
	assert_int_equal(message_test_flags(t, box, "1:2,7", &change, &flagged), STORE_OK);
	message_test_is(&flagged.changed, "");
	message_test_is(&flagged.missing, "7");
	assert_int_equal(message_test_mailbox(t, box).modseq, modseq);
	store_flagged_done(&flagged);
	assert_int_equal(message_test_flags(t, box, "1:3", &change, &flagged), STORE_OK);
	message_test_is(&flagged.changed, "3");
	assert_int_equal(flagged.modseq, modseq + 1);
	store_flagged_done(&flagged);
}

static void test_flags_unchangedsince(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .flags = (unsigned)STORE_FLAG_DRAFT};
	struct store_flagged flagged;

	message_test_append(t, box, 1, 4);
	change.has_unchangedsince = true;
	change.unchangedsince = message_test_mailbox(t, box).modseq;
	message_test_mark(t, box, "2,4", (unsigned)STORE_FLAG_SEEN);
	assert_int_equal(message_test_flags(t, box, "1:9", &change, &flagged), STORE_OK);
	message_test_is(&flagged.changed, "1,3");
	message_test_is(&flagged.conflicted, "2,4");
	message_test_is(&flagged.missing, "5:9");
	store_flagged_done(&flagged);
	change.unchangedsince = 0;
	assert_int_equal(message_test_flags(t, box, "1:4", &change, &flagged), STORE_OK);
	message_test_is(&flagged.conflicted, "1:4");
	store_flagged_done(&flagged);
}

static void test_keywords_beyond_the_flags(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span names[100], other[] = {SPAN("KEYWORD-70"), SPAN("keyword-3")};
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .keywords = names, .keyword_count = 100};
	struct store_flagged flagged;
	struct store_snapshot *snapshot;
	struct store_row row;

	for (unsigned i = 0; i < 100; i++)
		names[i] = span_of(arena_printf(t->arena, "keyword-%u", i));
	message_test_append(t, box, 1, 2);
	assert_int_equal(message_test_flags(t, box, "1", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
	change = (struct store_flag_change){.how = STORE_FLAGS_REMOVE, .keywords = other, .keyword_count = 2};
	assert_int_equal(message_test_flags(t, box, "1:2", &change, &flagged), STORE_OK);
	message_test_is(&flagged.changed, "1");
	store_flagged_done(&flagged);
	snapshot = message_test_newest(t, box);
	assert_int_equal(snapshot->keywords->count, 100);
	store_snapshot_row(snapshot, 1, &row);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(store_row_has_keyword(&row, i), i != 70 && i != 3);
	assert_int_equal(store_snapshot_keyword(snapshot, SPAN("Keyword-99")), 99);
	assert_int_equal(store_snapshot_keyword(snapshot, SPAN("keyword-100")), UINT32_MAX);
	store_snapshot_row(snapshot, 2, &row);
	assert_int_equal(row.more.n, 0);
	store_snapshot_unref(&snapshot);
	change = (struct store_flag_change){.how = STORE_FLAGS_REPLACE, .keywords = &names[99], .keyword_count = 1};
	assert_int_equal(message_test_flags(t, box, "1", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
	snapshot = message_test_newest(t, box);
	store_snapshot_row(snapshot, 1, &row);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(store_row_has_keyword(&row, i), i == 99);
	store_snapshot_unref(&snapshot);
}

static void test_keywords_have_limits(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct span *names = arena_zero(t->arena, STORE_KEYWORDS_MAX + 1, sizeof *names),
		    twice[] = {SPAN("A"), SPAN("a")};
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .keywords = twice, .keyword_count = 2};
	struct store_flagged flagged;

	message_test_append(t, box, 1, 1);
	assert_int_equal(message_test_flags(t, box, "1", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM keyword"), 1);
	for (unsigned i = 0; i <= STORE_KEYWORDS_MAX; i++)
		names[i] = span_of(arena_printf(t->arena, "k%u", i));
	change.keywords = names;
	change.keyword_count = STORE_KEYWORDS_MAX;
	assert_int_equal(message_test_flags(t, box, "1", &change, &flagged), STORE_LIMIT);
	store_flagged_done(&flagged);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM keyword"), 1);
	names[0] = SPAN("");
	change.keyword_count = 1;
	assert_int_equal(message_test_flags(t, box, "1", &change, &flagged), STORE_INVALID);
	store_flagged_done(&flagged);
}

static void copied_is(const struct store_copied *copied, const char *from, const char *to)
{
	struct ranges set = {0};

	for (size_t i = 0; i < copied->count; i++)
		ranges_add(&set, copied->from[i], copied->from[i]);
	message_test_is(&set, from);
	ranges_clear(&set);
	for (size_t i = 0; i < copied->count; i++)
		ranges_add(&set, copied->to[i], copied->to[i]);
	message_test_is(&set, to);
	ranges_done(&set);
}

static void test_copy_takes_flags_dates_and_keywords_along(void **state)
{
	struct store_test *t = *state;
	struct store_mailbox from = store_test_create(t, "from"), to = store_test_create(t, "to");
	struct span names[] = {SPAN("one"), SPAN("two"), SPAN("three")}, there[] = {SPAN("Three")};
	struct store_flag_change change = {
		.how = STORE_FLAGS_ADD, .flags = (unsigned)STORE_FLAG_DELETED, .keywords = names, .keyword_count = 3};
	struct store_flagged flagged;
	struct store_copied copied;
	struct ranges uids = message_test_uids("2:3,8");
	struct store_snapshot *snapshot;
	struct store_row row, was;

	message_test_append(t, from.id, 1, 4);
	message_test_append(t, to.id, 100, 1);
	change.keyword_count = 2;
	assert_int_equal(message_test_flags(t, from.id, "1", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
	change.keywords = &names[1];
	assert_int_equal(message_test_flags(t, from.id, "3", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
	change = (struct store_flag_change){.keywords = there, .keyword_count = 1};
	assert_int_equal(message_test_flags(t, to.id, "1", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);

	assert_int_equal(store_message_copy(t->store, t->user, from.id, &uids, to.id, false, &copied), STORE_OK);
	assert_int_equal(copied.uidvalidity, to.uidvalidity);
	copied_is(&copied, "2:3", "2:3");
	store_copied_done(&copied);
	snapshot = message_test_newest(t, from.id);
	assert_int_equal(snapshot->count, 4);
	store_snapshot_row(snapshot, 3, &was);
	store_snapshot_unref(&snapshot);
	snapshot = message_test_newest(t, to.id);
	assert_int_equal(snapshot->count, 3);
	assert_int_equal(snapshot->keywords->count, 2); /* "one" is on no message that was copied */
	store_snapshot_row(snapshot, 3, &row);
	assert_int_equal(row.date, was.date);
	assert_int_equal(row.zone, 60);
	assert_int_equal(row.blob, was.blob);
	assert_true(store_row_has_keyword(&row, store_snapshot_keyword(snapshot, SPAN("three"))));
	assert_true(store_row_has_keyword(&row, store_snapshot_keyword(snapshot, SPAN("two"))));
	assert_int_equal(row.flags & STORE_FLAG_SYSTEM, STORE_FLAG_DELETED);
	store_snapshot_unref(&snapshot);
	assert_int_equal(message_test_mailbox(t, to.id).deleted, 1);
	assert_int_equal(message_test_number(t, "SELECT SUM(refs) FROM blob"), 7);
	ranges_done(&uids);
}

static void test_copy_minds_the_quota_and_the_owner(void **state)
{
	struct store_test *t = *state;
	uint64_t from = store_test_create(t, "from").id, to = store_test_create(t, "to").id;
	uint64_t stranger = store_test_add_user(t, "bob");
	struct store_copied copied;
	struct ranges uids = message_test_uids("1:2"), none = message_test_uids("7");

	message_test_append(t, from, 1, 2);
	assert_int_equal(store_user_set_quota(t->store, t->user, message_test_mailbox(t, from).bytes + 10), STORE_OK);
	assert_int_equal(store_message_copy(t->store, t->user, from, &uids, to, false, &copied), STORE_OVER_QUOTA);
	store_copied_done(&copied);
	assert_int_equal(message_test_mailbox(t, to).messages, 0);
	assert_int_equal(message_test_number(t, "SELECT SUM(refs) FROM blob"), 2);
	assert_int_equal(store_message_copy(t->store, stranger, from, &uids, to, false, &copied), STORE_NOT_FOUND);
	store_copied_done(&copied);
	assert_int_equal(store_message_copy(t->store, t->user, from, &none, to, true, &copied), STORE_OK);
	assert_int_equal(copied.count, 0);
	store_copied_done(&copied);
	assert_int_equal(store_message_copy(t->store, t->user, from, &uids, to, true, &copied), STORE_OK);
	assert_int_equal(copied.count, 2);
	store_copied_done(&copied);
	ranges_done(&uids);
	ranges_done(&none);
}

static void test_move_leaves_tombstones(void **state)
{
	struct store_test *t = *state;
	uint64_t from = store_test_create(t, "from").id, to = store_test_create(t, "to").id, since;
	struct store_copied copied;
	struct ranges uids = message_test_uids("2:4"), removed = {0};

	message_test_append(t, from, 1, 5);
	message_test_mark(t, from, "3", (unsigned)STORE_FLAG_SEEN);
	since = message_test_mailbox(t, from).modseq;
	assert_int_equal(store_message_copy(t->store, t->user, from, &uids, to, true, &copied), STORE_OK);
	copied_is(&copied, "2:4", "1:3");
	store_copied_done(&copied);
	assert_int_equal(message_test_mailbox(t, from).messages, 2);
	assert_int_equal(message_test_mailbox(t, from).unseen, 2);
	assert_int_equal(message_test_mailbox(t, to).messages, 3);
	assert_int_equal(message_test_mailbox(t, to).unseen, 2);
	assert_int_equal(store_message_removed_since(t->store, t->user, from, since, &removed), STORE_OK);
	message_test_is(&removed, "2:4");
	assert_int_equal(message_test_number(t, "SELECT SUM(refs) FROM blob"), 5);
	ranges_done(&removed);
	ranges_done(&uids);
}

static void test_move_into_the_same_mailbox(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_copied copied;
	struct ranges uids = message_test_uids("1,3");

	message_test_append(t, box, 1, 3);
	assert_int_equal(store_message_copy(t->store, t->user, box, &uids, box, true, &copied), STORE_OK);
	copied_is(&copied, "1,3", "4:5");
	store_copied_done(&copied);
	assert_int_equal(message_test_mailbox(t, box).messages, 3);
	assert_int_equal(message_test_mailbox(t, box).uidnext, 6);
	assert_int_equal(store_message_copy(t->store, t->user, box, &uids, box, false, &copied), STORE_OK);
	assert_int_equal(copied.count, 0);
	store_copied_done(&copied);
	ranges_done(&uids);
}

static void test_expunge_takes_what_is_marked(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, modseq, since;
	struct ranges removed = {0}, uids = message_test_uids("1:3");
	struct store_quota quota;

	message_test_append(t, box, 1, 6);
	since = message_test_mailbox(t, box).modseq;
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	message_test_is(&removed, "");
	assert_int_equal(modseq, 0);
	assert_int_equal(message_test_mailbox(t, box).modseq, since);
	message_test_mark(t, box, "2,5:6", (unsigned)STORE_FLAG_DELETED);
	assert_int_equal(store_message_expunge(t->store, t->user, box, &uids, &removed, &modseq), STORE_OK);
	message_test_is(&removed, "2");
	assert_int_equal(modseq, message_test_mailbox(t, box).modseq);
	assert_int_equal(message_test_mailbox(t, box).deleted, 2);
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	message_test_is(&removed, "5:6");
	assert_int_equal(message_test_mailbox(t, box).deleted_bytes, 0);
	assert_int_equal(message_test_mailbox(t, box).uidnext, 7);
	assert_int_equal(store_message_removed_since(t->store, t->user, box, since, &removed), STORE_OK);
	message_test_is(&removed, "2,5:6");
	assert_int_equal(store_message_removed_since(t->store, t->user, box, modseq - 1, &removed), STORE_OK);
	message_test_is(&removed, "5:6");
	assert_int_equal(store_message_removed_since(t->store, t->user, box, modseq, &removed), STORE_OK);
	message_test_is(&removed, "");
	assert_int_equal(store_quota_get(t->store, t->user, &quota), STORE_OK);
	assert_int_equal(quota.used_messages, 3);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs = 0 AND freed_at > 0"), 3);
	ranges_done(&removed);
	ranges_done(&uids);
}

static void test_removed_since_before_the_floor(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, modseq;
	struct ranges removed = {0};

	message_test_append(t, box, 1, 6);
	message_test_mark(t, box, "1,3:4,6", (unsigned)STORE_FLAG_DELETED);
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	message_test_sql(t, "UPDATE mailbox SET removed_floor = modseq; DELETE FROM removed");
	assert_int_equal(store_message_removed_since(t->store, t->user, box, modseq - 1, &removed), STORE_OK);
	message_test_is(&removed, "1,3:4,6");
	assert_int_equal(store_message_removed_since(t->store, t->user, box, modseq, &removed), STORE_OK);
	message_test_is(&removed, "");
	ranges_done(&removed);
}

static void test_deleting_a_mailbox_frees_contents(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id;
	struct store_quota quota;
	struct store_snapshot *snapshot;

	message_test_append(t, box, 1, 3);
	assert_int_equal(store_mailbox_delete(t->store, t->user, SPAN("box")), STORE_OK);
	assert_int_equal(store_quota_get(t->store, t->user, &quota), STORE_OK);
	assert_int_equal(quota.used_messages, 0);
	assert_int_equal(quota.used_bytes, 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs > 0"), 0);
	assert_int_equal(store_snapshot_newest(t->store, t->user, box, &snapshot), STORE_NOT_FOUND);
	assert_null(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_append_gives_uids_and_counts),
		STORE_TEST(test_append_of_the_same_bytes_has_one_content),
		STORE_TEST(test_append_fails_whole),
		STORE_TEST(test_append_ends_where_uids_end),
		STORE_TEST(test_append_that_fails_changes_nothing),
		STORE_TEST(test_flags_change_and_tell),
		STORE_TEST(test_flags_that_are_so_take_no_modseq),
		STORE_TEST(test_flags_unchangedsince),
		STORE_TEST(test_keywords_beyond_the_flags),
		STORE_TEST(test_keywords_have_limits),
		STORE_TEST(test_copy_takes_flags_dates_and_keywords_along),
		STORE_TEST(test_copy_minds_the_quota_and_the_owner),
		STORE_TEST(test_move_leaves_tombstones),
		STORE_TEST(test_move_into_the_same_mailbox),
		STORE_TEST(test_expunge_takes_what_is_marked),
		STORE_TEST(test_removed_since_before_the_floor),
		STORE_TEST(test_deleting_a_mailbox_frees_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

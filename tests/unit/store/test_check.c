/* Checking and repairing: each kind of damage is found, told once, repaired where it can be, and then it is gone. */
#include "tests/unit/store/message_test.h"
#include "common/store/maintain.h"

#include <sys/stat.h>

struct report {
	size_t count;
	char kinds[512]; /* one word a problem */
	size_t repaired;
};

static void on_problem(void *arg, const char *kind, const char *text, bool repaired)
{
	struct report *report = arg;

	assert_true(strlen(text) > 10);
	report->count++;
	report->repaired += repaired;
	if (strlen(report->kinds) + strlen(kind) + 2 < sizeof report->kinds) {
		strcat(report->kinds, report->count == 1 ? "" : " ");
		strcat(report->kinds, kind);
	}
}

static void derive(struct span message, struct arena *arena, struct store_derived *derived_r)
{
	*derived_r = (struct store_derived){.version = MESSAGE_TEST_VERSION,
					    .header = arena_span(arena, span_sub(message, 0, 8))};
}

static struct report run_check(const struct store_test *t, bool repair, bool skip_content)
{
	struct report report = {0};
	struct store_check check = {.repair = repair,
				    .derived_version = MESSAGE_TEST_VERSION,
				    .derive = derive,
				    .problem = on_problem,
				    .arg = &report,
				    .skip_content = skip_content};
	uint64_t problems = 0;

	assert_int_equal(store_check(t->store, &check, &problems), STORE_OK);
	assert_int_equal(problems, report.count - report.repaired);
	return report;
}

static void is_clean(const struct store_test *t)
{
	struct report report = run_check(t, false, false);

	assert_string_equal(report.kinds, "");
}

/* Found, found again (looking changes nothing), repaired, gone. */
static void is_repaired(const struct store_test *t, const char *kinds)
{
	struct report report = run_check(t, false, false);

	assert_string_equal(report.kinds, kinds);
	assert_int_equal(report.repaired, 0);
	report = run_check(t, true, false);
	assert_string_equal(report.kinds, kinds);
	assert_int_equal(report.repaired, report.count);
	is_clean(t);
}

/* A mailbox with five messages, one removed, two keywords; another with a copy. */
static uint64_t fill(const struct store_test *t)
{
	uint64_t box = store_test_create(t, "box").id, other = store_test_create(t, "other").id, modseq;
	struct span names[] = {SPAN("one"), SPAN("two")};
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .keywords = names, .keyword_count = 2};
	struct ranges removed = {0}, uids = message_test_uids("1:2");
	struct store_flagged flagged;
	struct store_copied copied;

	message_test_append(t, box, 1, 6);
	assert_int_equal(message_test_flags(t, box, "1", &change, &flagged), STORE_OK);
	store_flagged_done(&flagged);
	message_test_mark(t, box, "3", (unsigned)STORE_FLAG_DELETED);
	assert_int_equal(store_message_expunge(t->store, t->user, box, NULL, &removed, &modseq), STORE_OK);
	message_test_mark(t, box, "4", (unsigned)(STORE_FLAG_DELETED | STORE_FLAG_SEEN));
	assert_int_equal(store_message_copy(t->store, t->user, box, &uids, other, false, &copied), STORE_OK);
	store_copied_done(&copied);
	ranges_done(&removed);
	ranges_done(&uids);
	return box;
}

static void test_a_sound_store(void **state)
{
	struct store_test *t = *state;

	is_clean(t);
	fill(t);
	is_clean(t);
	assert_int_equal(run_check(t, true, false).count, 0);
}

#define BOX "name = CAST('box' AS BLOB)"

static void test_counters(void **state)
{
	struct store_test *t = *state;
	uint64_t box = fill(t);
	struct store_mailbox before = message_test_mailbox(t, box), after;

	message_test_sql(t, "UPDATE mailbox SET messages = 9, unseen = 9, deleted = 9, deleted_bytes = 9 WHERE " BOX);
	is_repaired(t, "counter counter counter counter");
	message_test_sql(t, "UPDATE mailbox SET bytes = 9 WHERE " BOX);
	is_repaired(t, "counter");
	after = message_test_mailbox(t, box);
	assert_int_equal(after.messages, before.messages);
	assert_int_equal(after.unseen, before.unseen);
	assert_int_equal(after.deleted, before.deleted);
	assert_int_equal(after.bytes, before.bytes);
	assert_int_equal(after.deleted_bytes, before.deleted_bytes);
	assert_true(after.modseq > before.modseq);
}

static void test_uids_and_modseqs(void **state)
{
	struct store_test *t = *state;
	uint64_t box = fill(t);
	struct store_snapshot *snapshot = message_test_newest(t, box);

	message_test_sql(t, "UPDATE mailbox SET uidnext = 5 WHERE " BOX);
	is_repaired(t, "uidnext");
	assert_int_equal(message_test_mailbox(t, box).uidnext, 7);
	message_test_sql(t, "UPDATE mailbox SET modseq = 2 WHERE " BOX);
	is_repaired(t, "modseq");
	assert_true(message_test_mailbox(t, box).modseq > snapshot->modseq);
	message_test_sql(t, "UPDATE mailbox SET recent_from = 100 WHERE " BOX);
	is_repaired(t, "recent");
	message_test_sql(t, "UPDATE mailbox SET uidvalidity = 0 WHERE " BOX);
	is_repaired(t, "uidvalidity");
	assert_int_not_equal(message_test_mailbox(t, box).uidvalidity, 0);
	store_snapshot_unref(&snapshot);
}

static void test_rows(void **state)
{
	struct store_test *t = *state;
	uint64_t box = fill(t);
	struct store_snapshot *snapshot;
	struct store_row row;

	message_test_sql(t, "UPDATE message SET mailbox = 99 WHERE id & 4294967295 = 5");
	is_repaired(t, "message");
	message_test_sql(t, "INSERT INTO removed SELECT id, modseq, 1, 0 FROM mailbox WHERE " BOX);
	is_repaired(t, "tombstone");
	message_test_sql(t, "DELETE FROM keyword WHERE number = 1");
	is_repaired(t, "keyword keyword"); /* the message and its copy */
	message_test_sql(t, "UPDATE message SET more = x'0001' WHERE id & 4294967295 = 6");
	is_repaired(t, "keyword");
	snapshot = message_test_newest(t, box);
	store_snapshot_row(snapshot, 1, &row);
	assert_true(store_row_has_keyword(&row, 0));
	assert_false(store_row_has_keyword(&row, 1));
	store_snapshot_unref(&snapshot);
}

static void test_strays(void **state)
{
	struct store_test *t = *state;

	fill(t);
	message_test_sql(
		t,
		"INSERT INTO removed VALUES (99, 1, 1, 0); INSERT INTO keyword VALUES (99, 0, x'41');"
		"INSERT INTO content_head SELECT 99, version, sent_at, sent_day, envelope, bodystructure, parts, header"
		" FROM content_head WHERE id = 1; INSERT INTO blob_data VALUES (99 << 20, x'00')");
	is_repaired(t, "stray stray stray");
	message_test_sql(t, "INSERT INTO message SELECT (99 << 32) + 1, 99, modseq, flags, size, date, zone, blob, more"
			    " FROM message WHERE blob = 1 LIMIT 1; UPDATE blob SET refs = refs + 1 WHERE id = 1");
	/* only without the message is the count of references wrong */
	assert_string_equal(run_check(t, false, false).kinds, "stray");
	assert_string_equal(run_check(t, true, false).kinds, "stray references");
	is_clean(t);
}

static void test_users(void **state)
{
	struct store_test *t = *state;

	fill(t);
	message_test_sql(t, "UPDATE user SET used_bytes = 1");
	is_repaired(t, "quota");
	message_test_sql(t, "UPDATE user SET mailboxes = 1, used_messages = 1");
	is_repaired(t, "quota");
	message_test_sql(t, "UPDATE mailbox SET owner = 99 WHERE " BOX);
	assert_string_equal(run_check(t, true, false).kinds, "quota owner");
	assert_string_equal(run_check(t, true, false).kinds, "owner");
}

static void test_references(void **state)
{
	struct store_test *t = *state;

	fill(t);
	message_test_sql(t, "UPDATE blob SET refs = 7 WHERE refs = 2");
	is_repaired(t, "references references");
	message_test_sql(t, "UPDATE blob SET refs = 0, freed_at = 5 WHERE refs = 2");
	is_repaired(t, "references references");
	message_test_sql(t, "UPDATE blob SET refs = 1, freed_at = 0 WHERE refs = 0");
	is_repaired(t, "references");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs = 0 AND freed_at > 0"), 1);
	message_test_sql(t, "UPDATE message SET size = size + 1 WHERE id & 4294967295 = 6;"
			    "UPDATE mailbox SET bytes = bytes + 1 WHERE " BOX
			    "; UPDATE user SET used_bytes = used_bytes + 1");
	assert_string_equal(run_check(t, true, false).kinds, "size");
}

static void test_derived(void **state)
{
	struct store_test *t = *state;

	fill(t);
	message_test_sql(t, "DELETE FROM content_text WHERE id = 1");
	is_repaired(t, "derived");
	message_test_sql(t, "DELETE FROM content_head WHERE id = 2");
	is_repaired(t, "derived");
	message_test_sql(t, "UPDATE content_head SET version = 3");
	assert_string_equal(run_check(t, true, true).kinds, "derived derived derived derived derived");
	is_clean(t);
	assert_int_equal(
		message_test_number(t, "SELECT COUNT(*) FROM content_head WHERE header = CAST('Subject:' AS BLOB)"), 5);
}

static void test_bytes(void **state)
{
	struct store_test *t = *state;
	uint64_t box = fill(t);
	char blobs[128];

	message_test_reopen(t, 100, false);
	message_test_append_bytes(t, box, message_test_bytes(t->arena, 1, 300000));
	is_clean(t);
	message_test_sql(t, "UPDATE blob_data SET data = CAST('x' || substr(data, 2) AS BLOB) WHERE id = 1 << 20");
	assert_string_equal(run_check(t, false, true).kinds, "");
	assert_string_equal(run_check(t, true, false).kinds, "blob-hash");
	message_test_sql(t, "UPDATE content_head SET version = 0 WHERE id = 1");
	assert_string_equal(run_check(t, true, true).kinds, "blob-hash derived"); /* not from wrong bytes */
	message_test_sql(t, "DELETE FROM content_head WHERE id = 1; DELETE FROM blob_data WHERE id = 1 << 20");
	assert_string_equal(run_check(t, true, false).kinds, "blob-missing derived");
	snprintf(blobs, sizeof blobs, "%s/blobs", t->path);
	store_test_remove(blobs);
	assert_string_equal(run_check(t, true, true).kinds, "blob-missing derived blob-missing");
	message_test_sql(t, "DELETE FROM blob WHERE id = 1");
	assert_string_equal(run_check(t, true, true).kinds, "blob-missing blob-missing blob-missing stray");
}

static void test_a_fault_ends_it(void **state)
{
	struct store_test *t = *state;
	struct report report = {0};
	struct store_check check = {.repair = true, .problem = on_problem, .arg = &report};
	uint64_t problems = 0;

	store_test_needs_faults();
	fill(t);
	message_test_sql(t, "UPDATE mailbox SET messages = 9 WHERE " BOX);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(store_check(t->store, &check, &problems), STORE_NO_SPACE);
	assert_int_equal(report.repaired, 0);
	is_repaired(t, "counter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_a_sound_store),
		STORE_TEST(test_counters),
		STORE_TEST(test_uids_and_modseqs),
		STORE_TEST(test_rows),
		STORE_TEST(test_strays),
		STORE_TEST(test_users),
		STORE_TEST(test_references),
		STORE_TEST(test_derived),
		STORE_TEST(test_bytes),
		STORE_TEST(test_a_fault_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Many objects: going over them, what has changed since when, and putting many at once. */
#include "tests/unit/store/collection_test.h"

struct seen {
	const struct store_test *t;
	const char *text;
	size_t max; /* 0: all */
	size_t count;
};

static bool on_object(void *arg, const struct store_object *object)
{
	struct seen *seen = arg;

	seen->text = arena_printf(seen->t->arena, "%s%s%.*s", seen->text, seen->count > 0 ? " " : "",
				  (int)object->name.n, object->name.p);
	assert_true(object->size > 0 && object->blob > 0 && object->modseq > 0);
	return ++seen->count != seen->max;
}

static const char *each(const struct store_test *t, uint64_t id, struct span after, size_t max, size_t stop)
{
	struct seen seen = {.t = t, .text = "", .max = stop};

	assert_int_equal(store_object_each(t->store, t->user, id, after, max, on_object, &seen), STORE_OK);
	return seen.text;
}

static const char *between(const struct store_test *t, uint64_t id, int64_t from, int64_t to, unsigned components)
{
	struct seen seen = {.t = t, .text = ""};

	assert_int_equal(store_object_each_between(t->store, t->user, id, from, to, components, on_object, &seen),
			 STORE_OK);
	return seen.text;
}

static void by_name_in_pieces(void **state)
{
	struct store_test *t = *state;
	uint64_t dir = collection_test_make(t, collection_test_home(t).id, "dir", STORE_FOLDER);
	const char *names[] = {"b", "\xc3\xa4", "a", "B", "ab"};

	assert_string_equal(each(t, dir, (struct span){0}, 10, 0), "");
	for (size_t i = 0; i < 5; i++)
		collection_test_put(t, dir, names[i], "", "text");
	assert_string_equal(each(t, dir, (struct span){0}, SIZE_MAX, 0), "B a ab b \xc3\xa4");
	assert_string_equal(each(t, dir, (struct span){0}, 2, 0), "B a");
	assert_string_equal(each(t, dir, SPAN("a"), 2, 0), "ab b");
	assert_string_equal(each(t, dir, SPAN("aa"), 1, 0), "ab");
	assert_string_equal(each(t, dir, SPAN("\xc3\xa4"), 2, 0), "");
	assert_string_equal(each(t, dir, (struct span){0}, 10, 3), "B a ab");
	assert_string_equal(each(t, dir, (struct span){0}, 0, 0), "");
}

static void put_timed(const struct store_test *t, uint64_t id, const char *name, int64_t first, int64_t last,
		      unsigned component)
{
	struct store_object_put wanted = collection_test_new(id, name, "", "text");
	struct store_object_result result;

	wanted.facts.first = first;
	wanted.facts.last = last;
	wanted.facts.component = component;
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_OK);
}

/* In the order of their ends, so that the expectation can be written down; the API promises none. */
static void by_time_and_kind(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar");

	put_timed(t, id, "old", 100, 200, STORE_EVENTS);
	put_timed(t, id, "point", 300, 300, STORE_EVENTS);
	put_timed(t, id, "todo", 250, 350, STORE_TODOS);
	put_timed(t, id, "endless", 400, INT64_MAX, STORE_EVENTS);
	put_timed(t, id, "other", INT64_MIN, INT64_MAX, 0);
	assert_string_equal(between(t, id, 300, 301, STORE_EVENTS), "point");
	assert_string_equal(between(t, id, 299, 300, STORE_EVENTS), "");
	assert_string_equal(between(t, id, 301, 400, STORE_EVENTS), "");
	assert_string_equal(between(t, id, 301, 401, STORE_EVENTS), "endless");
	assert_string_equal(between(t, id, 0, 100, STORE_EVENTS), "");
	assert_string_equal(between(t, id, 0, 101, STORE_EVENTS), "old");
	assert_string_equal(between(t, id, 200, 201, STORE_EVENTS), "old");
	assert_string_equal(between(t, id, 201, 260, STORE_EVENTS | STORE_TODOS), "todo");
	assert_string_equal(between(t, id, 5000, 6000, STORE_EVENTS | STORE_JOURNALS), "endless");
	assert_string_equal(between(t, id, 0, 50, 0), "other");
	assert_string_equal(between(t, id, INT64_MIN, INT64_MAX, STORE_JOURNALS), "");
}

/* --- what has changed --- */

struct told {
	const struct store_test *t;
	uint64_t collection, last, modseq;
	const char *text;
	size_t count, stop;
};

static bool on_change(void *arg, const struct store_object_change *change)
{
	static const unsigned char none[STORE_TAG_BYTES];
	struct told *told = arg;

	told->text = arena_printf(told->t->arena, "%s%s%s%.*s", told->text, told->count > 0 ? " " : "",
				  change->is_removed ? "-" : "+", (int)change->object.name.n, change->object.name.p);
	assert_true(change->object.modseq > told->last);
	told->last = change->object.modseq;
	assert_int_equal(change->is_removed, change->object.blob == 0);
	assert_int_equal(change->is_removed, change->object.size == 0);
	assert_int_equal(change->is_removed, memcmp(change->object.tag, none, STORE_TAG_BYTES) == 0);
	return ++told->count != told->stop;
}

static struct told changes(const struct store_test *t, uint64_t id, uint64_t since, size_t max)
{
	struct told told = {.t = t, .text = "", .last = since};

	assert_int_equal(store_object_changes(t->store, t->user, id, since, 0, max, on_change, &told, &told.modseq),
			 STORE_OK);
	return told;
}

static enum store_status try_changes(const struct store_test *t, uint64_t id, uint64_t since)
{
	struct told told = {.t = t, .text = ""};
	enum store_status status =
		store_object_changes(t->store, t->user, id, since, 0, 10, on_change, &told, &told.modseq);

	assert_true(status == STORE_OK || told.count == 0);
	return status;
}

static void changes_are_told_in_their_order(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), since = collection_test_get(t, id).modseq;
	struct told told = changes(t, id, since, 10);

	assert_string_equal(told.text, "");
	assert_int_equal(told.modseq, since);
	for (const char *name = "abcde"; *name != '\0'; name++)
		collection_test_put(t, id, arena_printf(t->arena, "%c", *name), "", "text");
	assert_int_equal(collection_test_remove(t, id, "b"), STORE_OK);
	collection_test_put(t, id, "a", "", "changed");
	assert_int_equal(collection_test_remove(t, id, "d"), STORE_OK);
	collection_test_put(t, id, "c", "", "changed");
	collection_test_put(t, id, "e", "", "text"); /* as it is */
	told = changes(t, id, since, 10);
	assert_string_equal(told.text, "+e -b +a -d +c");
	assert_int_equal(told.modseq, collection_test_get(t, id).modseq);
	assert_int_equal(told.last, told.modseq);
	assert_string_equal(changes(t, id, told.modseq, 10).text, "");
	assert_string_equal(changes(t, id, told.modseq - 1, 10).text, "+c");
	assert_string_equal(changes(t, id, told.modseq - 2, SIZE_MAX).text, "-d +c");
	assert_string_equal(changes(t, id, since, 0).text, "");
	told = (struct told){.t = t, .text = "", .stop = 2};
	assert_int_equal(store_object_changes(t->store, t->user, id, since, 0, 10, on_change, &told, &told.modseq),
			 STORE_OK);
	assert_string_equal(told.text, "+e -b");
	/* a name that is used again was never gone */
	collection_test_put(t, id, "b", "", "again");
	assert_string_equal(changes(t, id, since, 10).text, "+e +a -d +c +b");
}

static void pages_miss_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), since = collection_test_get(t, id).modseq;
	struct told all, page = {.last = since};
	const char *text = "";

	for (unsigned i = 0; i < 12; i++)
		collection_test_put(t, id, arena_printf(t->arena, "o%u", i), "", "text");
	for (unsigned i = 0; i < 12; i += 3)
		assert_int_equal(collection_test_remove(t, id, arena_printf(t->arena, "o%u", i)), STORE_OK);
	for (unsigned i = 1; i < 12; i += 3)
		collection_test_put(t, id, arena_printf(t->arena, "o%u", i), "", "changed");
	all = changes(t, id, since, SIZE_MAX);
	assert_int_equal(all.count, 12);
	for (size_t max = 1; max < 13; max++) {
		text = "";
		page.last = since;
		do {
			page = changes(t, id, page.last, max);
			assert_true(page.count <= max);
			text = arena_printf(t->arena, "%s%s%s", text, *text != '\0' && page.count > 0 ? " " : "",
					    page.text);
		} while (page.count == max);
		assert_string_equal(text, all.text);
	}
}

static bool count_change(void *arg, const struct store_object_change *change)
{
	assert_false(change->is_removed);
	assert_true(change->object.size > 0 && change->object.blob > 0);
	(*(size_t *)arg)++;
	return true;
}

/* Who has nothing yet is not told what went, in one piece or in many. */
static void from_nothing_there_is_nothing_gone(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), modseq;
	size_t count = 0;

	for (const char *name = "abcd"; *name != '\0'; name++)
		collection_test_put(t, id, arena_printf(t->arena, "%c", *name), "", "text");
	assert_int_equal(collection_test_remove(t, id, "b"), STORE_OK);
	assert_string_equal(changes(t, id, 0, 10).text, "+a +c +d");
	assert_string_equal(changes(t, id, 0, 2).text, "+a +c");
	assert_int_equal(store_object_changes(t->store, t->user, id, 0, 0, SIZE_MAX, count_change, &count, &modseq),
			 STORE_OK);
	assert_int_equal(count, 3);
	assert_int_equal(modseq, collection_test_get(t, id).modseq);
}

static void the_journal_ends_somewhere(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), first, second;
	struct store_collected collected;

	for (const char *name = "abcd"; *name != '\0'; name++)
		collection_test_put(t, id, arena_printf(t->arena, "%c", *name), "", "text");
	assert_int_equal(collection_test_remove(t, id, "a"), STORE_OK);
	first = collection_test_get(t, id).modseq;
	message_test_sql(t, "UPDATE object_removed SET removed_at = removed_at - 500");
	assert_int_equal(collection_test_remove(t, id, "b"), STORE_OK);
	second = collection_test_get(t, id).modseq;
	assert_int_equal(try_changes(t, id, second), STORE_OK);
	assert_int_equal(try_changes(t, id, second + 1), STORE_GONE);
	assert_int_equal(try_changes(t, id, UINT64_MAX), STORE_GONE);
	assert_int_equal(store_collect(t->store, 1000, 1000, &collected), STORE_OK);
	assert_int_equal(collected.tombstones, 0);
	assert_int_equal(try_changes(t, id, 1), STORE_OK);
	assert_int_equal(store_collect(t->store, 1000, 100, &collected), STORE_OK);
	assert_int_equal(collected.tombstones, 1);
	assert_int_equal(collection_test_get(t, id).removed_floor, first);
	assert_int_equal(collection_test_get(t, collection_test_id(t, "tasks")).removed_floor, 0);
	assert_int_equal(try_changes(t, id, first - 1), STORE_GONE);
	assert_int_equal(try_changes(t, id, first), STORE_OK);
	assert_string_equal(changes(t, id, first, 10).text, "-b");
	assert_string_equal(changes(t, id, 0, 10).text, "+c +d");
	assert_int_equal(store_collect(t->store, 1000, 0, &collected), STORE_OK);
	assert_int_equal(collected.tombstones, 1);
	assert_int_equal(try_changes(t, id, first), STORE_GONE);
	assert_string_equal(changes(t, id, second, 10).text, "");
}

/* --- putting many --- */

static struct store_object_counts put_all(const struct store_test *t, uint64_t id, const struct store_object_put *puts,
					  size_t count, bool replace)
{
	struct store_object_counts counts;

	assert_int_equal(store_object_put_all(t->store, t->user, id, puts, count, replace, NULL, &counts), STORE_OK);
	return counts;
}

static void counts_are(struct store_object_counts got, size_t created, size_t changed, size_t unchanged, size_t removed)
{
	assert_int_equal(got.created, created);
	assert_int_equal(got.changed, changed);
	assert_int_equal(got.unchanged, unchanged);
	assert_int_equal(got.removed, removed);
}

static void many_are_merged(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), modseq;
	struct store_object_put puts[] = {collection_test_new(0, "a", "ua", "text"),
					  collection_test_new(0, "b", "ub", "text"),
					  collection_test_new(0, "c", "uc", "text!")};

	counts_are(put_all(t, id, puts, 2, false), 2, 0, 0, 0);
	modseq = collection_test_get(t, id).modseq;
	counts_are(put_all(t, id, puts, 2, false), 0, 0, 2, 0);
	assert_int_equal(collection_test_get(t, id).modseq, modseq);
	puts[0].bytes = SPAN("changed");
	counts_are(put_all(t, id, puts, 3, false), 1, 1, 1, 0);
	assert_int_equal(collection_test_get(t, id).modseq, modseq + 2);
	assert_string_equal(changes(t, id, modseq, 10).text, "+a +c");
	counts_are(put_all(t, id, puts, 0, false), 0, 0, 0, 0);
	collection_test_counts(t, id, 3, 16);
	assert_int_equal(collection_test_used(t), 16);
}

static void many_replace_the_others(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), modseq;
	/* of what goes, the UID is taken up again */
	struct store_object_put puts[] = {collection_test_new(0, "c", "ua", "new"),
					  collection_test_new(0, "b", "ub", "text")};

	collection_test_put(t, id, "a", "ua", "text");
	collection_test_put(t, id, "b", "ub", "text");
	collection_test_put(t, id, "d", "ud", "text");
	collection_test_set(t, id, "a", "p", "v");
	modseq = collection_test_get(t, id).modseq;
	counts_are(put_all(t, id, puts, 2, true), 1, 0, 1, 2);
	assert_string_equal(each(t, id, (struct span){0}, 10, 0), "b c");
	assert_string_equal(changes(t, id, modseq, 10).text, "-a -d +c");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM property"), 0);
	collection_test_counts(t, id, 2, 7);
	counts_are(put_all(t, id, NULL, 0, true), 0, 0, 0, 2);
	collection_test_counts(t, id, 0, 0);
	assert_int_equal(collection_test_used(t), 0);
	counts_are(put_all(t, id, NULL, 0, true), 0, 0, 0, 0);
}

/* What one gives up another may take, in whichever order they come. */
static void many_change_their_uids(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), digest;
	struct store_object_put swap[] = {collection_test_new(0, "a", "ub", "a!"),
					  collection_test_new(0, "b", "ua", "b!")},
				turn[] = {collection_test_new(0, "new", "ua", "n"),
					  collection_test_new(0, "b", "uc", "b!!"),
					  collection_test_new(0, "c", "ub", "c!!"),
					  collection_test_new(0, "a", "ud", "a!!")},
				bad[] = {collection_test_new(0, "a", "uc", "1"), collection_test_new(0, "b", "ux", "2"),
					 collection_test_new(0, "c", "ux", "3")};
	struct store_object_counts counts;

	collection_test_put(t, id, "a", "ua", "a");
	collection_test_put(t, id, "b", "ub", "b");
	collection_test_put(t, id, "c", "uc", "c");
	counts_are(put_all(t, id, swap, 2, false), 0, 2, 0, 0);
	assert_true(span_is(collection_test_object(t, id, "a").facts.uid, "ub"));
	assert_true(span_is(collection_test_object(t, id, "b").facts.uid, "ua"));
	counts_are(put_all(t, id, turn, 4, true), 1, 3, 0, 0);
	assert_true(span_is(collection_test_object(t, id, "new").facts.uid, "ua"));
	assert_true(span_is(collection_test_object(t, id, "b").facts.uid, "uc"));
	assert_true(span_is(collection_test_object(t, id, "c").facts.uid, "ub"));
	assert_true(span_is(collection_test_object(t, id, "a").facts.uid, "ud"));
	digest = collection_test_digest(t);
	/* b's, which gets the one that c wants, too */
	assert_int_equal(store_object_put_all(t->store, t->user, id, bad, 3, false, NULL, &counts), STORE_EXISTS);
	bad[1] = collection_test_new(0, "b", "uc", "4"); /* b keeps it */
	assert_int_equal(store_object_put_all(t->store, t->user, id, bad, 2, false, NULL, &counts), STORE_EXISTS);
	bad[1] = collection_test_new(0, "b", "ue", "b!!"); /* as it is, so that nothing is written */
	assert_int_equal(store_object_put_all(t->store, t->user, id, bad, 2, false, NULL, &counts), STORE_EXISTS);
	assert_int_equal(collection_test_digest(t), digest);
}

static void many_or_none(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), digest, home = collection_test_home(t).id;
	struct store_object_put good = collection_test_new(0, "new", "un", "text"), bad;
	struct store_object_counts counts;
	struct store_lock lock = {.path = SPAN("calendar/locked"), .expires_at = INT64_MAX / 2};

	collection_test_put(t, id, "a", "ua", "text");
	collection_test_put(t, id, "locked", "ul", "text");
	assert_int_equal(store_lock_take(t->store, t->user, t->user, &lock, t->arena), STORE_OK);
	assert_int_equal(store_user_set_quota(t->store, t->user, 100), STORE_OK);
	digest = collection_test_digest(t);
#define FAILS(want, replace, collection)                                                                               \
	do {                                                                                                           \
		const struct store_object_put puts[] = {good, bad};                                                    \
		assert_int_equal(store_object_put_all(t->store, t->user, collection, puts, 2, replace, NULL, &counts), \
				 want);                                                                                \
		counts_are(counts, 0, 0, 0, 0);                                                                        \
		assert_int_equal(collection_test_digest(t), digest);                                                   \
	} while (0)
	bad = collection_test_new(0, "b", "ua", "text"); /* a has that UID */
	FAILS(STORE_EXISTS, false, id);
	bad = collection_test_new(0, "b", "un", "text"); /* the other one */
	FAILS(STORE_EXISTS, false, id);
	bad = collection_test_new(0, "b/c", "ub", "text");
	FAILS(STORE_INVALID, false, id);
	bad = collection_test_new(0, "a", "ua", "text");
	bad.expect = STORE_EXPECT_NOTHING;
	FAILS(STORE_CONFLICT, false, id);
	FAILS(STORE_LOCKED, true, id); /* one that would go */
	bad = collection_test_new(0, "locked", "ul", "other");
	FAILS(STORE_LOCKED, false, id);
	bad = collection_test_new(0, "b", "ub", "");
	bad.bytes = message_test_bytes(t->arena, 1, 200);
	FAILS(STORE_OVER_QUOTA, false, id);
	bad = collection_test_new(0, "b", "ub", "text");
	FAILS(STORE_NOT_FOUND, false, 999);
	FAILS(STORE_DENIED, false, home);
#undef FAILS
}

static void pages_from_nothing_outlive_a_collection_of_tombstones(void **state)
{
	struct store_test *t = *state;
	uint64_t id = collection_test_id(t, "calendar"), modseq, floor;
	struct store_collected collected;
	struct told told = {.t = t, .text = ""};

	collection_test_put(t, id, "a", "", "1");
	collection_test_put(t, id, "b", "", "2");
	collection_test_remove(t, id, "b");
	assert_int_equal(store_collect(t->store, 0, -10, &collected), STORE_OK);
	floor = collection_test_get(t, id).removed_floor;
	modseq = floor - 1;
	collection_test_put(t, id, "c", "", "3");
	assert_int_equal(store_object_changes(t->store, t->user, id, modseq, 0, 10, on_change, &told, &told.modseq),
			 STORE_GONE);
	assert_int_equal(store_object_changes(t->store, t->user, id, modseq, floor, 10, on_change, &told, &told.modseq),
			 STORE_OK);
	assert_string_equal(told.text, "+c");
	assert_int_equal(
		store_object_changes(t->store, t->user, id, modseq, floor - 1, 10, on_change, &told, &told.modseq),
		STORE_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(by_name_in_pieces),
		COLLECTION_TEST(by_time_and_kind),
		COLLECTION_TEST(changes_are_told_in_their_order),
		COLLECTION_TEST(pages_miss_nothing),
		COLLECTION_TEST(from_nothing_there_is_nothing_gone),
		COLLECTION_TEST(the_journal_ends_somewhere),
		COLLECTION_TEST(many_are_merged),
		COLLECTION_TEST(many_replace_the_others),
		COLLECTION_TEST(many_change_their_uids),
		COLLECTION_TEST(many_or_none),
		COLLECTION_TEST(pages_from_nothing_outlive_a_collection_of_tombstones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

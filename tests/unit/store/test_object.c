/* Objects: putting them, their bytes, removing them, and what a failure leaves. */
#include "tests/unit/store/collection_test.h"

#include <pthread.h>
#include <sys/wait.h>

static uint64_t calendar_of(const struct store_test *t)
{
	return collection_test_id(t, "calendar");
}

static enum store_status put(const struct store_test *t, uint64_t collection, const char *name, const char *uid,
			     const char *bytes, struct store_object_result *result_r)
{
	struct store_object_put wanted = collection_test_new(collection, name, uid, bytes);

	return collection_test_do_put(t, &wanted, result_r);
}

static void a_new_object_comes_back(void **state)
{
	struct store_test *t = *state;
	uint64_t cal = calendar_of(t), modseq = collection_test_get(t, cal).modseq;
	struct store_object_put wanted = collection_test_new(cal, "x.ics", "uid-1", "BEGIN:VCALENDAR");
	struct store_object_result result;
	struct store_object got, found;

	wanted.facts.first = -5000000000;
	wanted.facts.last = INT64_MAX;
	wanted.facts.flags = 6;
	wanted.facts.component = STORE_TODOS;
	wanted.facts.type = SPAN("text/calendar");
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_OK);
	assert_true(result.is_new);
	assert_int_equal(result.modseq, modseq + 1);
	assert_int_equal(collection_test_get(t, cal).modseq, result.modseq);
	got = collection_test_object(t, cal, "x.ics");
	assert_int_equal(got.collection, cal);
	assert_true(span_is(got.name, "x.ics"));
	assert_int_equal(got.modseq, result.modseq);
	assert_int_equal(got.size, 15);
	assert_memory_equal(got.tag, result.tag, STORE_TAG_BYTES);
	assert_true(span_is(got.facts.uid, "uid-1") && span_is(got.facts.type, "text/calendar"));
	assert_true(got.facts.first == -5000000000 && got.facts.last == INT64_MAX);
	assert_int_equal(got.facts.flags, 6);
	assert_int_equal(got.facts.component, STORE_TODOS);
	assert_int_equal(got.schedule_tag.n, 0);
	assert_true(got.created_at > 0 && got.created_at == got.modified_at);
	collection_test_bytes_are(t, got.blob, wanted.bytes);
	collection_test_counts(t, cal, 1, 15);
	assert_int_equal(collection_test_used(t), 15);
	assert_int_equal(store_object_find_uid(t->store, t->user, cal, SPAN("uid-1"), t->arena, &found), STORE_OK);
	assert_true(span_is(found.name, "x.ics"));
	assert_int_equal(store_object_find_uid(t->store, t->user, cal, SPAN("uid-2"), t->arena, &found),
			 STORE_NOT_FOUND);
	assert_int_equal(store_object_find_uid(t->store, t->user, cal, SPAN(""), t->arena, &found), STORE_NOT_FOUND);
	assert_int_equal(store_object_get(t->store, t->user, cal, SPAN("X.ics"), t->arena, &found), STORE_NOT_FOUND);
}

static void a_changed_object_is_another_content(void **state)
{
	struct store_test *t = *state;
	uint64_t cal = calendar_of(t), blob;
	struct store_object_result first, again, changed, twin;
	struct store_object got;

	assert_int_equal(put(t, cal, "x", "u", "one", &first), STORE_OK);
	message_test_sql(t, "UPDATE object SET created_at = 7, modified_at = 7");
	blob = collection_test_object(t, cal, "x").blob;
	assert_int_equal(put(t, cal, "x", "u", "one", &again), STORE_OK);
	assert_false(again.is_new);
	assert_int_equal(again.modseq, first.modseq);
	assert_memory_equal(again.tag, first.tag, STORE_TAG_BYTES);
	assert_int_equal(collection_test_get(t, cal).modseq, first.modseq);
	assert_int_equal(collection_test_object(t, cal, "x").modified_at, 7);
	assert_int_equal(put(t, cal, "x", "u", "other", &changed), STORE_OK);
	assert_false(changed.is_new);
	assert_int_equal(changed.modseq, first.modseq + 1);
	assert_memory_not_equal(changed.tag, first.tag, STORE_TAG_BYTES);
	got = collection_test_object(t, cal, "x");
	assert_int_equal(got.created_at, 7);
	assert_true(got.modified_at > 7);
	assert_int_not_equal(got.blob, blob);
	collection_test_counts(t, cal, 1, 5);
	assert_int_equal(collection_test_used(t), 5);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs = 0 AND freed_at > 0"), 1);
	assert_int_equal(put(t, cal, "twin", "", "other", &twin), STORE_OK);
	assert_memory_equal(twin.tag, changed.tag, STORE_TAG_BYTES);
	assert_int_equal(collection_test_object(t, cal, "twin").blob, got.blob);
	collection_test_counts(t, cal, 2, 10);
}

static void another_type_is_a_change(void **state)
{
	struct store_test *t = *state;
	uint64_t dir = collection_test_make(t, collection_test_home(t).id, "dir", STORE_FOLDER);
	struct store_object_put wanted = collection_test_new(dir, "x", "", "one");
	struct store_object_result first, changed;

	assert_int_equal(collection_test_do_put(t, &wanted, &first), STORE_OK);
	wanted.facts.type = SPAN("text/html");
	assert_int_equal(collection_test_do_put(t, &wanted, &changed), STORE_OK);
	assert_int_equal(changed.modseq, first.modseq + 1);
	assert_true(span_is(collection_test_object(t, dir, "x").facts.type, "text/html"));
	collection_test_counts(t, dir, 1, 3);
}

static void expectations_hold_or_nothing_is_put(void **state)
{
	struct store_test *t = *state;
	uint64_t cal = calendar_of(t), digest;
	struct store_object_put wanted = collection_test_new(cal, "x", "u", "one");
	struct store_object_result first, result;

	wanted.expect = STORE_EXPECT_TAG;
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_CONFLICT);
	wanted.expect = STORE_EXPECT_NOTHING;
	assert_int_equal(collection_test_do_put(t, &wanted, &first), STORE_OK);
	digest = collection_test_digest(t);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_CONFLICT); /* though it is the same */
	wanted.bytes = SPAN("two");
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_CONFLICT);
	wanted.expect = STORE_EXPECT_TAG;
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_CONFLICT);
	assert_int_equal(collection_test_digest(t), digest);
	memcpy(wanted.tag, first.tag, STORE_TAG_BYTES);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_OK);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_CONFLICT); /* of old */
	collection_test_bytes_are(t, collection_test_object(t, cal, "x").blob, SPAN("two"));
}

static void a_uid_has_one_holder(void **state)
{
	struct store_test *t = *state;
	uint64_t cal = calendar_of(t), tasks = collection_test_id(t, "tasks"), digest;
	struct store_object_result result;

	assert_int_equal(put(t, cal, "x", "u", "one", &result), STORE_OK);
	assert_int_equal(result.holder.n, 0);
	assert_int_equal(put(t, cal, "none1", "", "none", &result), STORE_OK);
	assert_int_equal(put(t, cal, "none2", "", "none", &result), STORE_OK);
	digest = collection_test_digest(t);
	assert_int_equal(put(t, cal, "y", "u", "two", &result), STORE_EXISTS);
	assert_true(span_is(result.holder, "x"));
	assert_int_equal(put(t, cal, "none1", "u", "two", &result), STORE_EXISTS);
	assert_true(span_is(result.holder, "x"));
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(put(t, tasks, "y", "u", "two", &result), STORE_OK); /* each collection by itself */
	assert_int_equal(put(t, cal, "x", "v", "three", &result), STORE_OK); /* lets go of it */
	assert_int_equal(put(t, cal, "y", "u", "two", &result), STORE_OK);
	assert_int_equal(collection_test_remove(t, cal, "y"), STORE_OK);
	assert_int_equal(put(t, cal, "z", "u", "two", &result), STORE_OK);
}

static void places_that_take_no_object(void **state)
{
	struct store_test *t = *state;
	uint64_t home = collection_test_home(t).id, dir = collection_test_make(t, home, "dir", STORE_FOLDER), digest;
	const struct {
		uint64_t collection;
		const char *name;
		enum store_status want;
	} cases[] = {
		{home, "x", STORE_DENIED},    {dir, "sub", STORE_EXISTS},   {dir, "", STORE_INVALID},
		{dir, ".", STORE_INVALID},    {dir, "..", STORE_INVALID},   {dir, "a/b", STORE_INVALID},
		{dir, "\x1f", STORE_INVALID}, {dir, "\xc3", STORE_INVALID}, {999, "x", STORE_NOT_FOUND},
	};
	struct store_object_result result;

	collection_test_make(t, dir, "sub", STORE_FOLDER);
	digest = collection_test_digest(t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(put(t, cases[i].collection, cases[i].name, "", "text", &result), cases[i].want);
	assert_int_equal(put(t, dir, "sub", "", "text", &result), STORE_EXISTS);
	assert_int_equal(result.holder.n, 0);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(put(t, collection_test_id(t, "inbox"), "x", "", "text", &result), STORE_OK);
}

static void the_quota_bounds_what_is_added(void **state)
{
	struct store_test *t = *state;
	uint64_t cal = calendar_of(t), digest;
	struct store_object_result result;

	assert_int_equal(store_user_set_quota(t->store, t->user, 10), STORE_OK);
	assert_int_equal(put(t, cal, "x", "", "12345678", &result), STORE_OK);
	digest = collection_test_digest(t);
	assert_int_equal(put(t, cal, "y", "", "123", &result), STORE_OVER_QUOTA);
	assert_int_equal(put(t, cal, "x", "", "12345678901", &result), STORE_OVER_QUOTA);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(put(t, cal, "x", "", "1234567890", &result), STORE_OK);
	assert_int_equal(store_user_set_quota(t->store, t->user, 5), STORE_OK);
	assert_int_equal(put(t, cal, "x", "", "1234567", &result), STORE_OK); /* less than before */
	assert_int_equal(put(t, cal, "y", "", "1", &result), STORE_OVER_QUOTA);
	assert_int_equal(collection_test_remove(t, cal, "x"), STORE_OK);
	assert_int_equal(put(t, cal, "y", "", "12345", &result), STORE_OK);
}

/* --- bytes --- */

static void put_upload(struct store_test *t, const char *name, struct span bytes)
{
	struct store_object_put wanted = collection_test_new(calendar_of(t), name, "", "");
	struct store_object_result result;
	struct store_object got;
	struct span all;

	assert_int_equal(store_upload_open(t->store, bytes.n, &wanted.upload), STORE_OK);
	for (size_t at = 0; at < bytes.n; at += 777)
		assert_int_equal(store_upload_write(wanted.upload, span_sub(bytes, at, 777)), STORE_OK);
	assert_int_equal(store_upload_finish(wanted.upload, &all), STORE_OK);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_OK);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_OK); /* once more: as it is */
	store_upload_close(&wanted.upload);
	got = collection_test_object(t, calendar_of(t), name);
	assert_int_equal(got.size, bytes.n);
	collection_test_bytes_are(t, got.blob, bytes);
	message_test_blob_is(t, got.blob, bytes, 4096);
}

static void bytes_lie_where_they_fit(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 101, 5000, 600000};
	struct store_test *t = *state;
	struct span bytes, got;
	uint64_t blob;

	for (int in_database = 0; in_database < 2; in_database++) {
		message_test_reopen(t, 100, in_database);
		for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
			put_upload(t, "up",
				   message_test_bytes(t->arena, 10 + i + 100 * (unsigned)in_database, sizes[i]));
		bytes = message_test_bytes(t->arena, 30 + (unsigned)in_database, 5000);
		put_upload(t, "same", bytes);
		blob = collection_test_object(t, calendar_of(t), "same").blob;
		assert_int_equal(store_object_bytes(t->store, blob, 4999, t->arena, &got), STORE_LIMIT);
	}
	assert_int_equal(message_test_files_in(t, "blobs"), 4);
	put_upload(t, "small", SPAN("small"));
	blob = collection_test_object(t, calendar_of(t), "small").blob;
	assert_int_equal(store_object_bytes(t->store, blob, 4, t->arena, &got), STORE_LIMIT);
	assert_int_equal(store_object_bytes(t->store, 9999, 4, t->arena, &got), STORE_BROKEN);
}

static void a_collected_file_comes_back(void **state)
{
	struct store_test *t = *state;
	struct span bytes = message_test_bytes(t->arena, 1, 5000);
	struct store_collected collected;

	message_test_reopen(t, 100, false);
	put_upload(t, "x", bytes);
	assert_int_equal(collection_test_remove(t, calendar_of(t), "x"), STORE_OK);
	assert_int_equal(store_collect(t->store, 0, 1000, &collected), STORE_OK);
	assert_int_equal(collected.blobs, 1);
	assert_int_equal(message_test_files_in(t, "blobs"), 0);
	put_upload(t, "x", bytes);
	assert_int_equal(store_collect(t->store, 0, 1000, &collected), STORE_OK);
	assert_int_equal(collected.blobs, 0);
}

/* A message and an object of the same bytes share them; what is derived is the message's. */
static void content_is_shared_with_mail(void **state)
{
	struct store_test *t = *state;
	uint64_t box = store_test_create(t, "box").id, cal = calendar_of(t), blob;
	struct store_object_result result;

	for (unsigned number = 1; number < 3; number++) {
		struct store_new_message message = message_test_make(t->arena, number);
		const char *bytes = arena_text(t->arena, message.bytes), *name = number == 1 ? "before" : "after";
		uint32_t uid = number == 2 ? message_test_append(t, box, number, 1) : 0;

		assert_int_equal(put(t, cal, name, "", bytes, &result), STORE_OK);
		if (number == 1)
			uid = message_test_append(t, box, number, 1);
		blob = collection_test_object(t, cal, name).blob;
		assert_int_equal(message_test_blob(t, box, uid), blob);
	}
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs = 2"), 2);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM content_head h JOIN content_text x ON x.id = h.id"
						" WHERE h.version = 7 AND x.header_text <> x''"),
			 2);
	collection_test_is_clean(t);
	assert_int_equal(collection_test_remove(t, cal, "before"), STORE_OK);
	assert_int_equal(collection_test_remove(t, cal, "after"), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs = 1"), 2);
	assert_int_equal(put(t, cal, "alone", "", "no message", &result), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM content_head"), 2); /* and so not derived */
}

/* --- removing --- */

static void removing_takes_what_hangs_on_it(void **state)
{
	struct store_test *t = *state;
	uint64_t b, modseq;
	struct store_object object;

	collection_test_tree(t);
	b = collection_test_id(t, "a/b");
	object = collection_test_object(t, b, "x.ics");
	modseq = collection_test_get(t, b).modseq;
	object.tag[3] ^= 1;
	assert_int_equal(store_object_remove(t->store, t->user, b, SPAN("x.ics"), object.tag, NULL), STORE_CONFLICT);
	object.tag[3] ^= 1;
	assert_int_equal(store_object_remove(t->store, t->user, b, SPAN("x.ics"), object.tag, NULL), STORE_OK);
	assert_int_equal(collection_test_get(t, b).modseq, modseq + 1);
	collection_test_counts(t, b, 1, 8);
	assert_int_equal(collection_test_used(t), TREE_BYTES - 5);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM attachment"), 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM property"), 3);
	assert_int_equal(message_test_number(t, "SELECT modseq FROM object_removed WHERE name = CAST('x.ics' AS BLOB)"),
			 modseq + 1);
	assert_int_equal(collection_test_remove(t, b, "x.ics"), STORE_NOT_FOUND);
	assert_int_equal(collection_test_remove(t, 999, "x.ics"), STORE_NOT_FOUND);
	collection_test_put(t, b, "x.ics", "u1", "again");
	assert_string_equal(collection_test_properties(t, b, "x.ics"), "");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM object_removed WHERE collection ="
						" (SELECT id FROM collection WHERE name = CAST('b' AS BLOB))"),
			 0);
}

static void what_hangs_on_it_outlives_a_change(void **state)
{
	struct store_test *t = *state;
	uint64_t b;

	collection_test_tree(t);
	b = collection_test_id(t, "a/b");
	collection_test_put(t, b, "x.ics", "u1", "something else");
	assert_string_equal(collection_test_properties(t, b, "x.ics"), "author=bert");
	collection_test_counts(t, b, 2, 14 + 8 + TREE_ATTACHED);
}

/* --- whose it is, and faults --- */

static bool on_object(void *arg, const struct store_object *object)
{
	(void)object;
	(*(size_t *)arg)++;
	return true;
}

static bool on_change(void *arg, const struct store_object_change *change)
{
	(void)change;
	(*(size_t *)arg)++;
	return true;
}

static void strangers_find_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), bert = store_test_add_user(t, "bert"), digest, modseq;
	struct store_collection his;
	struct store_object_put wanted = collection_test_new(a, "new", "", "text");
	struct store_object_target to = {.collection = a, .name = SPAN("x")};
	struct store_object_facts facts = {0};
	struct store_object_result result;
	struct store_object_counts counts;
	struct store_object object;
	struct span name = SPAN("one");
	size_t seen = 0;

	assert_int_equal(store_collection_home(t->store, bert, bert, t->arena, &his), STORE_OK);
	assert_int_equal(store_collection_make(t->store, bert,
					       &(struct store_new_collection){
						       .parent = his.id, .name = SPAN("his"), .kind = STORE_FOLDER},
					       NULL, &his.id),
			 STORE_OK);
	digest = collection_test_digest(t);
#define STRANGE(call) assert_int_equal(call, STORE_NOT_FOUND)
	STRANGE(store_object_get(t->store, bert, a, name, t->arena, &object));
	STRANGE(store_object_find_uid(t->store, bert, collection_test_id(t, "a/b"), SPAN("u1"), t->arena, &object));
	STRANGE(store_object_each(t->store, bert, a, SPAN(""), 9, on_object, &seen));
	STRANGE(store_object_each_between(t->store, bert, a, INT64_MIN, INT64_MAX, 0, on_object, &seen));
	STRANGE(store_object_changes(t->store, bert, a, 0, 0, SIZE_MAX, on_change, &seen, &modseq));
	STRANGE(store_object_put(t->store, bert, &wanted, NULL, t->arena, &result));
	STRANGE(store_object_put_all(t->store, bert, a, &wanted, 1, true, NULL, &counts));
	STRANGE(store_object_remove(t->store, bert, a, name, NULL, NULL));
	STRANGE(store_object_copy(t->store, bert, a, name, &to, &facts, true, NULL, t->arena, &result));
	to.collection = his.id;
	STRANGE(store_object_copy(t->store, bert, a, name, &to, &facts, false, NULL, t->arena, &result));
	STRANGE(store_object_copy(t->store, t->user, a, name, &to, &facts, true, NULL, t->arena, &result));
#undef STRANGE
	assert_int_equal(seen, 0);
	assert_int_equal(collection_test_digest(t), digest);
}

static void failures_change_nothing(void **state)
{
	static const struct {
		enum fault_point point;
		enum store_status want;
	} cases[] = {{FAULT_COMMIT_BUSY, STORE_BUSY},
		     {FAULT_COMMIT_FULL, STORE_NO_SPACE},
		     {FAULT_COMMIT_BROKEN, STORE_BROKEN}};
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), digest = collection_test_digest(t);
	struct store_object_put wanted[] = {collection_test_new(a, "one", "", "changed"),
					    collection_test_new(a, "new", "", "new")};
	struct store_object_target to = {.collection = collection_test_id(t, "a/b"), .name = SPAN("x")};
	struct store_object_facts facts = {0};
	struct store_object_result result;
	struct store_object_counts counts;

	store_test_needs_faults();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
#define FAILS(call)                                                                                                    \
	do {                                                                                                           \
		t->faults[cases[i].point] = 1;                                                                         \
		assert_int_equal(call, cases[i].want);                                                                 \
		assert_int_equal(collection_test_digest(t), digest);                                                   \
	} while (0)
		FAILS(collection_test_do_put(t, &wanted[0], &result));
		FAILS(store_object_put_all(t->store, t->user, a, wanted, 2, true, NULL, &counts));
		assert_int_equal(counts.created + counts.changed + counts.removed, 0);
		FAILS(collection_test_remove(t, a, "one"));
		FAILS(store_object_copy(t->store, t->user, a, SPAN("one"), &to, &facts, true, NULL, t->arena, &result));
#undef FAILS
	}
	message_test_reopen(t, 10, false);
	wanted[1].bytes = message_test_bytes(t->arena, 1, 5000);
	t->faults[FAULT_BLOB_FULL] = 1;
	assert_int_equal(store_object_put_all(t->store, t->user, a, wanted, 2, true, NULL, &counts), STORE_NO_SPACE);
	assert_int_equal(collection_test_digest(t), digest);
}

/* --- many at once --- */

enum { WRITERS = 4, EACH = 25 };

struct writer {
	pthread_t thread;
	const struct store_test *t;
	struct store *store;
	uint64_t collection;
	int number, failed;
};

/* Own names in one collection, and one name for which all are rivals. */
static void *write_objects(void *arg)
{
	struct writer *w = arg;
	struct arena *arena = arena_create();
	uint64_t last = 0;

	for (int i = 0; i < EACH; i++) {
		const char *text = arena_printf(arena, "%d-%d", w->number, i);
		struct store_object_put wanted = collection_test_new(w->collection, text, text, text);
		struct store_object_result result;

		w->failed += store_object_put(w->store, w->t->user, &wanted, NULL, arena, &result) != STORE_OK ||
			     result.modseq <= last;
		last = result.modseq;
		wanted = collection_test_new(w->collection, "rival", "rival", text);
		w->failed += store_object_put(w->store, w->t->user, &wanted, NULL, arena, &result) != STORE_OK ||
			     result.modseq <= last;
		last = result.modseq;
	}
	arena_destroy(&arena);
	return NULL;
}

struct order {
	uint64_t last;
	size_t count;
};

static bool in_order(void *arg, const struct store_object_change *change)
{
	struct order *order = arg;

	assert_true(change->object.modseq > order->last);
	order->last = change->object.modseq;
	order->count++;
	return true;
}

/* Every change took the next modseq: none twice, none left out. */
static void all_are_there(const struct store_test *t, uint64_t collection)
{
	struct order order = {0};
	uint64_t modseq;

	assert_int_equal(store_object_changes(t->store, t->user, collection, 0, 0, 1000000, in_order, &order, &modseq),
			 STORE_OK);
	assert_int_equal(order.count, WRITERS * EACH + 1);
	assert_int_equal(modseq, 1 + 2 * WRITERS * EACH);
	assert_int_equal(collection_test_get(t, collection).objects, WRITERS * EACH + 1);
}

static void threads_put_at_once(void **state)
{
	struct store_test *t = *state;
	struct writer writers[WRITERS];
	uint64_t cal = calendar_of(t);

	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){.t = t, .store = t->store, .collection = cal, .number = i};
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_objects, &writers[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].failed, 0);
	}
	all_are_there(t, cal);
}

static void processes_put_at_once(void **state)
{
	struct store_test *t = *state;
	uint64_t cal = calendar_of(t);
	int status;

	store_close(&t->store); /* a connection must not go through a fork */
	fflush(NULL);
	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0) {
			struct writer w = {.t = t, .store = store_test_open(t), .collection = cal, .number = i};

			write_objects(&w);
			store_close(&w.store);
			_exit(w.failed != 0);
		}
	for (int i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	t->store = store_test_open(t);
	all_are_there(t, cal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(a_new_object_comes_back),
		COLLECTION_TEST(a_changed_object_is_another_content),
		COLLECTION_TEST(another_type_is_a_change),
		COLLECTION_TEST(expectations_hold_or_nothing_is_put),
		COLLECTION_TEST(a_uid_has_one_holder),
		COLLECTION_TEST(places_that_take_no_object),
		COLLECTION_TEST(the_quota_bounds_what_is_added),
		COLLECTION_TEST(bytes_lie_where_they_fit),
		COLLECTION_TEST(a_collected_file_comes_back),
		COLLECTION_TEST(content_is_shared_with_mail),
		COLLECTION_TEST(removing_takes_what_hangs_on_it),
		COLLECTION_TEST(what_hangs_on_it_outlives_a_change),
		COLLECTION_TEST(strangers_find_nothing),
		COLLECTION_TEST(failures_change_nothing),
		COLLECTION_TEST(threads_put_at_once),
		COLLECTION_TEST(processes_put_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

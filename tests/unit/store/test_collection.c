/* Collections: what a user begins with, making, deleting, moving and copying them, and where paths lead. */
#include "tests/unit/store/collection_test.h"

static const enum store_collection_kind folder = STORE_FOLDER;

static enum store_status move(const struct store_test *t, uint64_t id, uint64_t parent, const char *name)
{
	return store_collection_move(t->store, t->user, id, parent, span_of(name), NULL);
}

static enum store_status copy(const struct store_test *t, uint64_t id, uint64_t parent, const char *name, bool deep,
			      uint64_t *id_r)
{
	return store_collection_copy(t->store, t->user, id, parent, span_of(name), deep, NULL, id_r);
}

/* A chain of so many folders; the last one. */
static uint64_t make_chain(const struct store_test *t, uint64_t parent, const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++)
		parent = collection_test_make(t, parent, name, folder);
	return parent;
}

/* Collections of nobody's making, so many that with the others there are `count`. */
static void fill_up(const struct store_test *t, uint64_t parent, unsigned count)
{
	message_test_sql(
		t,
		arena_printf(t->arena,
			     "WITH RECURSIVE n (i) AS (SELECT (SELECT COUNT(*) FROM collection WHERE owner = %llu)"
			     " UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %u) INSERT INTO collection (owner,"
			     " parent, name, kind, components, modseq, objects, bytes, removed_floor, created_at,"
			     " modified_at) SELECT %llu, %llu, CAST('n' || i AS BLOB), 1, 0, 1, 0, 0, 0, 0, 0 FROM n",
			     (unsigned long long)t->user, count, (unsigned long long)t->user,
			     (unsigned long long)parent));
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection"), count);
}

static void a_user_begins_with_these(void **state)
{
	static const struct {
		const char *name;
		enum store_collection_kind kind;
		unsigned components;
	} want[] = {{"calendar", STORE_CALENDAR, STORE_EVENTS | STORE_AVAILABILITY},
		    {"inbox", STORE_INBOX, 0},
		    {"outbox", STORE_OUTBOX, 0},
		    {"tasks", STORE_CALENDAR, STORE_TODOS}};
	struct store_test *t = *state;
	struct store_collection home = collection_test_home(t), *list;
	size_t count;

	assert_int_equal(home.kind, STORE_HOME);
	assert_int_equal(home.parent, 0);
	assert_int_equal(home.name.n, 0);
	assert_int_equal(home.owner, t->user);
	assert_int_equal(store_collection_list(t->store, t->user, home.id, t->arena, &list, &count), STORE_OK);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++) {
		assert_true(span_is(list[i].name, want[i].name));
		assert_int_equal(list[i].kind, want[i].kind);
		assert_int_equal(list[i].components, want[i].components);
		assert_int_equal(list[i].parent, home.id);
		assert_int_equal(list[i].share.n, 0);
		assert_true(list[i].modseq > 0);
		assert_true(list[i].created_at > 0);
	}
	assert_int_equal(store_collection_list(t->store, t->user, list[0].id, t->arena, &list, &count), STORE_OK);
	assert_int_equal(count, 0);
}

static void made_as_told(void **state)
{
	struct store_test *t = *state;
	struct store_collection home = collection_test_home(t), got;
	struct store_property properties[] = {{SPAN("colour"), SPAN("red")}, {SPAN("about"), SPAN("")}};
	struct store_new_collection make = {.parent = home.id,
					    .name = SPAN("w\xc3\xb6rk"),
					    .kind = STORE_CALENDAR,
					    .components = STORE_EVENTS | STORE_JOURNALS,
					    .properties = properties,
					    .property_count = 2};
	uint64_t id;

	assert_int_equal(store_collection_make(t->store, t->user, &make, NULL, &id), STORE_OK);
	got = collection_test_get(t, id);
	assert_true(span_equal(got.name, make.name));
	assert_int_equal(got.kind, STORE_CALENDAR);
	assert_int_equal(got.components, make.components);
	assert_int_equal(got.owner, t->user);
	assert_int_equal(got.parent, home.id);
	assert_int_equal(got.objects + got.bytes + got.removed_floor + got.share.n, 0);
	assert_string_equal(collection_test_properties(t, id, ""), "about= colour=red");
	assert_true(collection_test_home(t).modseq > home.modseq);
}

static void making_is_refused(void **state)
{
	struct store_test *t = *state;
	uint64_t home = collection_test_home(t).id, dir = collection_test_make(t, home, "dir", folder), id, digest;
	char *longest = arena_bytes(t->arena, STORE_COLLECTION_NAME_MAX + 2);
	const struct {
		uint64_t parent;
		const char *name;
		enum store_status want;
	} cases[] = {
		{home, "dir", STORE_EXISTS},
		{home, "calendar", STORE_EXISTS},
		{dir, "file", STORE_EXISTS}, /* an object */
		{home, "", STORE_INVALID},
		{home, ".", STORE_INVALID},
		{home, "..", STORE_INVALID},
		{home, "a/b", STORE_INVALID},
		{home, "a\nb", STORE_INVALID},
		{home, "a\x7f", STORE_INVALID},
		{home, "\xff", STORE_INVALID},
		{home, longest, STORE_INVALID},
		{collection_test_id(t, "calendar"), "x", STORE_DENIED},
		{collection_test_id(t, "inbox"), "x", STORE_DENIED},
		{collection_test_id(t, "outbox"), "x", STORE_DENIED},
		{999, "x", STORE_NOT_FOUND},
	};

	memset(longest, 'x', STORE_COLLECTION_NAME_MAX + 1);
	longest[STORE_COLLECTION_NAME_MAX + 1] = '\0';
	collection_test_put(t, dir, "file", "", "text");
	digest = collection_test_digest(t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(collection_test_try(t, cases[i].parent, cases[i].name, folder, &id), cases[i].want);
	assert_int_equal(collection_test_digest(t), digest);
	longest[STORE_COLLECTION_NAME_MAX] = '\0';
	collection_test_make(t, home, longest, folder);
	collection_test_make(t, home, "...", folder);
}

static void making_has_limits(void **state)
{
	struct store_test *t = *state;
	uint64_t home = collection_test_home(t).id, last = make_chain(t, home, "d", STORE_COLLECTION_DEPTH_MAX), id;
	struct store_property property = {SPAN("p"), message_test_bytes(t->arena, 1, STORE_PROPERTY_VALUE_MAX + 1)};
	struct store_new_collection make = {
		.parent = home, .name = SPAN("x"), .kind = folder, .properties = &property, .property_count = 1};

	assert_int_equal(collection_test_try(t, last, "d", folder, &id), STORE_LIMIT);
	assert_int_equal(store_collection_make(t->store, t->user, &make, NULL, &id), STORE_LIMIT);
	fill_up(t, home, 9999);
	collection_test_make(t, home, "x", folder);
	assert_int_equal(collection_test_try(t, home, "y", folder, &id), STORE_LIMIT);
	assert_int_equal(copy(t, collection_test_id(t, "x"), home, "y", false, &id), STORE_LIMIT);
	assert_int_equal(move(t, collection_test_id(t, "x"), home, "y"), STORE_OK); /* not one more */
	store_test_add_user(t, "bert");                                             /* has his own count */
}

/* --- deleting --- */

static void deleting_takes_all(void **state)
{
	struct store_test *t = *state;
	uint64_t kept = collection_test_make(t, collection_test_home(t).id, "kept", folder), a, modseq;

	collection_test_put(t, kept, "one", "", "first");
	collection_test_set(t, kept, "one", "p", "v");
	a = collection_test_tree(t);
	assert_int_equal(collection_test_used(t), 5 + TREE_BYTES + TREE_ATTACHED);
	modseq = collection_test_home(t).modseq;
	assert_int_equal(store_collection_delete(t->store, t->user, a, NULL), STORE_OK);
	assert_int_equal(collection_test_used(t), 5);
	assert_true(collection_test_home(t).modseq > modseq);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection"), 6);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM object"), 1);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM property"), 1);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM object_removed"), 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM attachment"), 0);
	assert_int_equal(message_test_number(t, "SELECT SUM(refs) FROM blob"), 1);
	assert_int_equal(store_collection_delete(t->store, t->user, a, NULL), STORE_NOT_FOUND);
	assert_true(collection_test_make(t, collection_test_home(t).id, "a", folder) > a); /* never used twice */
}

static void some_cannot_go(void **state)
{
	static const char *const paths[] = {"", "inbox", "outbox"};
	struct store_test *t = *state;
	uint64_t digest = collection_test_digest(t), home = collection_test_home(t).id, id;

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		uint64_t fixed = collection_test_id(t, paths[i]);

		assert_int_equal(store_collection_delete(t->store, t->user, fixed, NULL), STORE_DENIED);
		assert_int_equal(move(t, fixed, home, "x"), STORE_DENIED);
		assert_int_equal(copy(t, fixed, home, "x", false, &id), STORE_DENIED);
		assert_int_equal(copy(t, fixed, home, "x", true, &id), STORE_DENIED);
	}
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(store_collection_delete(t->store, t->user, collection_test_id(t, "calendar"), NULL), STORE_OK);
}

/* --- moving --- */

static void moving_keeps_all(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), home = collection_test_home(t).id,
		 to = collection_test_make(t, home, "to", folder), b = collection_test_id(t, "a/b");
	struct store_collection before = collection_test_get(t, a), after;
	uint64_t home_modseq = collection_test_home(t).modseq, to_modseq = collection_test_get(t, to).modseq;
	struct span secret;

	assert_int_equal(store_collection_share(t->store, t->user, b, true, t->arena, &secret), STORE_OK);
	before = collection_test_get(t, a);
	assert_int_equal(move(t, a, to, "new"), STORE_OK);
	after = collection_test_get(t, a);
	assert_true(span_is(after.name, "new"));
	assert_int_equal(after.parent, to);
	assert_int_equal(after.modseq, before.modseq);
	assert_int_equal(after.objects, 2);
	assert_true(collection_test_home(t).modseq > home_modseq);
	assert_true(collection_test_get(t, to).modseq > to_modseq);
	assert_int_equal(collection_test_id(t, "to/new/b"), b);
	assert_non_null(collection_test_place(t, "to/new/b/x.ics").object);
	assert_string_equal(collection_test_properties(t, b, "x.ics"), "author=bert");
	assert_int_equal(collection_test_used(t), TREE_BYTES + TREE_ATTACHED);
	assert_int_equal(store_collection_shared(t->store, secret, t->arena, &after), STORE_OK);
	assert_int_equal(after.id, b);
	assert_int_equal(move(t, a, to, "newer"), STORE_OK); /* only another name */
	assert_int_equal(collection_test_id(t, "to/newer"), a);
}

static void moving_is_refused(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), home = collection_test_home(t).id, b = collection_test_id(t, "a/b"),
		 dir = collection_test_make(t, a, "dir", folder), digest;
	const struct {
		uint64_t id, parent;
		const char *name;
		enum store_status want;
	} cases[] = {
		{a, a, "x", STORE_DENIED},      {a, dir, "x", STORE_DENIED},      {a, b, "x", STORE_DENIED},
		{dir, b, "x", STORE_DENIED},                                   /* a calendar takes none */
		{dir, a, "b", STORE_EXISTS},    {dir, a, "one", STORE_EXISTS}, /* an object */
		{dir, a, "dir", STORE_EXISTS},                                 /* itself */
		{dir, a, "x/y", STORE_INVALID}, {dir, 999, "x", STORE_NOT_FOUND}, {999, home, "x", STORE_NOT_FOUND},
	};

	digest = collection_test_digest(t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(move(t, cases[i].id, cases[i].parent, cases[i].name), cases[i].want);
	assert_int_equal(collection_test_digest(t), digest);
}

/* It is the whole tree that must not be too deep, not only its root. */
static void trees_do_not_grow_too_deep(void **state)
{
	struct store_test *t = *state;
	uint64_t home = collection_test_home(t).id, last = make_chain(t, home, "d", STORE_COLLECTION_DEPTH_MAX - 2),
		 tree = collection_test_make(t, home, "tree", folder), digest, id;

	make_chain(t, tree, "sub", 2);
	digest = collection_test_digest(t);
	assert_int_equal(move(t, tree, last, "x"), STORE_LIMIT);
	assert_int_equal(copy(t, tree, last, "x", true, &id), STORE_LIMIT);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(copy(t, tree, last, "x", false, &id), STORE_OK);
	assert_int_equal(store_collection_delete(t->store, t->user, collection_test_id(t, "tree/sub/sub"), NULL),
			 STORE_OK);
	assert_int_equal(move(t, tree, last, "y"), STORE_OK);
}

/* --- copying --- */

static void a_deep_copy_has_all(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), home = collection_test_home(t).id,
		 modseq = collection_test_home(t).modseq, id, b;
	struct store_object object;
	struct span secret;

	assert_int_equal(store_collection_share(t->store, t->user, a, true, t->arena, &secret), STORE_OK);
	assert_int_equal(copy(t, a, home, "copy", true, &id), STORE_OK);
	assert_int_not_equal(id, a);
	assert_true(collection_test_home(t).modseq > modseq);
	assert_int_equal(collection_test_id(t, "copy"), id);
	b = collection_test_id(t, "copy/b");
	assert_int_equal(collection_test_get(t, b).kind, STORE_CALENDAR);
	assert_int_equal(collection_test_get(t, id).share.n, 0);
	collection_test_counts(t, id, 2, 11);
	collection_test_counts(t, b, 2, 13 + TREE_ATTACHED);
	assert_string_equal(collection_test_properties(t, id, ""), "colour=red");
	assert_string_equal(collection_test_properties(t, id, "one"), "author=anna");
	assert_string_equal(collection_test_properties(t, b, ""), "colour=blue");
	assert_string_equal(collection_test_properties(t, b, "x.ics"), "author=bert");
	assert_int_equal(collection_test_used(t), 2 * (TREE_BYTES + TREE_ATTACHED));
	object = collection_test_object(t, b, "y.ics");
	assert_true(span_is(object.facts.uid, "u2"));
	collection_test_bytes_are(t, object.blob, SPAN("fourth.."));
	assert_false(collection_test_has(t, id, "gone"));
	/* each stands for itself */
	assert_int_equal(store_collection_delete(t->store, t->user, a, NULL), STORE_OK);
	collection_test_bytes_are(t, object.blob, SPAN("fourth.."));
	assert_int_equal(collection_test_used(t), TREE_BYTES + TREE_ATTACHED);
}

static void a_shallow_copy_has_itself(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), id, used = collection_test_used(t);

	assert_int_equal(copy(t, a, a, "copy", false, &id), STORE_OK); /* into itself: that comes to an end */
	collection_test_counts(t, id, 0, 0);
	assert_string_equal(collection_test_properties(t, id, ""), "colour=red");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM property"), 5);
	assert_int_equal(collection_test_used(t), used);
	assert_int_equal(collection_test_place(t, "a/copy/b").depth, 2);
}

static void copying_is_refused(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), home = collection_test_home(t).id,
		 dir = collection_test_make(t, a, "dir", folder), digest, id;
	const struct {
		uint64_t id, parent;
		const char *name;
		enum store_status want;
	} cases[] = {
		{a, a, "x", STORE_DENIED},
		{a, dir, "x", STORE_DENIED},
		{dir, collection_test_id(t, "a/b"), "x", STORE_DENIED},
		{dir, a, "b", STORE_EXISTS},
		{dir, a, "one", STORE_EXISTS},
		{dir, a, ".", STORE_INVALID},
		{dir, 999, "x", STORE_NOT_FOUND},
		{999, home, "x", STORE_NOT_FOUND},
	};

	digest = collection_test_digest(t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(copy(t, cases[i].id, cases[i].parent, cases[i].name, true, &id), cases[i].want);
	/* the first collection finds room, the second does not: nothing stays */
	assert_int_equal(store_user_set_quota(t->store, t->user, TREE_BYTES + TREE_ATTACHED + 11), STORE_OK);
	assert_int_equal(copy(t, a, home, "x", true, &id), STORE_OVER_QUOTA);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(store_user_set_quota(t->store, t->user, 2 * (TREE_BYTES + TREE_ATTACHED)), STORE_OK);
	assert_int_equal(copy(t, a, home, "x", true, &id), STORE_OK);
}

static void a_deep_copy_counts_all_it_makes(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), home = collection_test_home(t).id, id;

	fill_up(t, home, 9999);
	assert_int_equal(copy(t, a, home, "x", true, &id), STORE_LIMIT);
	assert_int_equal(store_collection_delete(t->store, t->user, collection_test_id(t, "n9998"), NULL), STORE_OK);
	assert_int_equal(copy(t, a, home, "x", true, &id), STORE_OK);
}

static bool remember(void *arg, const struct store_object_change *change)
{
	uint64_t *last = arg;

	assert_true(change->object.modseq > *last); /* each has its own */
	*last = change->object.modseq;
	return true;
}

static void a_copy_is_told_in_pages(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_make(t, collection_test_home(t).id, "a", folder), id, last = 0, modseq;

	for (int i = 0; i < 7; i++)
		collection_test_put(t, a, arena_printf(t->arena, "o%d", i), "", "text");
	assert_int_equal(copy(t, a, collection_test_home(t).id, "b", true, &id), STORE_OK);
	for (int page = 0; page < 4; page++)
		assert_int_equal(store_object_changes(t->store, t->user, id, last, 0, 2, remember, &last, &modseq),
				 STORE_OK);
	assert_int_equal(last, modseq);
	assert_int_equal(modseq, collection_test_get(t, id).modseq);
	assert_true(collection_test_put(t, id, "more", "", "text") > last);
}

/* --- paths --- */

static void paths_lead(void **state)
{
	static const struct {
		const char *path, *collection, *object;
		size_t depth;
	} cases[] = {
		{"", "", NULL, 0},
		{"calendar", "calendar", NULL, 1},
		{"nothing", "", NULL, 0},
		{"nothing/at/all", "", NULL, 0},
		{"a", "a", NULL, 1},
		{"a/one", "a", "one", 1},
		{"a/One", "a", NULL, 1},
		{"a/one/more", "a", "one", 1},
		{"a/one/more/still", "a", "one", 1},
		{"a/none", "a", NULL, 1},
		{"a/b", "b", NULL, 2},
		{"a/b/x.ics", "b", "x.ics", 2},
		{"a/b/x.ics/more", "b", "x.ics", 2},
		{"a/b/none", "b", NULL, 2},
		{"a/b/none/x.ics", "b", NULL, 2},
		{"a/d/d/d/file", "d", "file", 4},
		{"a/d/d/d/d/file", "d", NULL, 4},
	};
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), last = make_chain(t, a, "d", 3);
	struct store_place place;
	struct span *names;

	collection_test_put(t, last, "file", "", "text");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		place = collection_test_place(t, cases[i].path);
		assert_true(span_is(place.collection.name, cases[i].collection));
		assert_int_equal(place.depth, cases[i].depth);
		if (cases[i].object == NULL) {
			assert_null(place.object);
		} else {
			assert_non_null(place.object);
			assert_true(span_is(place.object->name, cases[i].object));
			assert_int_equal(place.object->collection, place.collection.id);
		}
	}
	(void)collection_test_names(t, "a", &names);
	assert_int_equal(store_place_find(t->store, t->user, t->user + 1, names, 1, t->arena, &place), STORE_NOT_FOUND);
	assert_int_equal(store_place_find(t->store, 999, 999, names, 1, t->arena, &place), STORE_NOT_FOUND);
}

/* --- whose it is --- */

static void strangers_find_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), bert = store_test_add_user(t, "bert"), id, digest, bert_home;
	struct store_collection got, *list;
	struct store_property property = {SPAN("p"), SPAN("v")}, *properties;
	struct store_new_collection make = {.parent = a, .name = SPAN("x"), .kind = STORE_FOLDER};
	struct span secret;
	size_t count;

	assert_int_equal(store_collection_home(t->store, bert, bert, t->arena, &got), STORE_OK);
	bert_home = got.id;
	digest = collection_test_digest(t);
	assert_int_equal(store_collection_get(t->store, bert, a, t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_collection_home(t->store, bert, t->user, t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_collection_list(t->store, bert, a, t->arena, &list, &count), STORE_NOT_FOUND);
	assert_int_equal(count, 0);
	assert_int_equal(store_collection_list(t->store, bert, 0, t->arena, &list, &count), STORE_NOT_FOUND);
	assert_int_equal(store_collection_make(t->store, bert, &make, NULL, &id), STORE_NOT_FOUND);
	assert_int_equal(store_collection_delete(t->store, bert, a, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_collection_move(t->store, bert, a, bert_home, SPAN("x"), NULL), STORE_NOT_FOUND);
	assert_int_equal(store_collection_move(t->store, t->user, a, bert_home, SPAN("x"), NULL), STORE_NOT_FOUND);
	assert_int_equal(store_collection_copy(t->store, bert, a, bert_home, SPAN("x"), true, NULL, &id),
			 STORE_NOT_FOUND);
	assert_int_equal(store_collection_copy(t->store, t->user, a, bert_home, SPAN("x"), true, NULL, &id),
			 STORE_NOT_FOUND);
	assert_int_equal(store_collection_share(t->store, bert, a, true, t->arena, &secret), STORE_NOT_FOUND);
	assert_int_equal(store_property_list(t->store, bert, a, SPAN(""), t->arena, &properties, &count),
			 STORE_NOT_FOUND);
	assert_int_equal(store_property_change(t->store, bert, a, SPAN("one"), &property, 1, NULL), STORE_NOT_FOUND);
	assert_int_equal(collection_test_digest(t), digest);
}

static void a_deleted_user_leaves_nothing(void **state)
{
	struct store_test *t = *state;
	struct store_lock lock = {.path = SPAN("a"), .expires_at = INT64_MAX / 2};
	uint64_t bert = store_test_add_user(t, "bert"), anna = t->user, box = store_test_create(t, "box").id;

	collection_test_tree(t);
	message_test_append(t, box, 1, 3);
	assert_int_equal(store_lock_take(t->store, anna, anna, &lock, t->arena), STORE_OK);
	t->user = bert;
	collection_test_put(t, collection_test_id(t, "calendar"), "x.ics", "u", "first");
	assert_int_equal(store_user_delete(t->store, anna), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection"), 5);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM object"), 1);
	assert_int_equal(
		message_test_number(t, "SELECT (SELECT COUNT(*) FROM object_removed) + (SELECT COUNT(*) FROM property)"
				       " + (SELECT COUNT(*) FROM collection_lock) + (SELECT COUNT(*) FROM attachment)"
				       " + (SELECT COUNT(*) FROM message)"),
		0);
	assert_int_equal(message_test_number(t, "SELECT SUM(refs) FROM blob"), 1);
	assert_int_equal(store_user_delete(t->store, bert), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM blob WHERE refs <> 0 OR freed_at = 0"), 0);
	assert_int_equal(
		message_test_number(t, "SELECT (SELECT COUNT(*) FROM collection) + (SELECT COUNT(*) FROM object)"), 0);
}

/* --- faults --- */

static void failed_commits_change_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), home = collection_test_home(t).id, digest = collection_test_digest(t), id;
	struct store_property property = {SPAN("p"), SPAN("v")};
	struct span secret;

	store_test_needs_faults();
#define FAILS(call)                                                                                                    \
	do {                                                                                                           \
		t->faults[FAULT_COMMIT_FULL] = 1;                                                                      \
		assert_int_equal(call, STORE_NO_SPACE);                                                                \
		assert_int_equal(t->faults[FAULT_COMMIT_FULL], 0);                                                     \
		assert_int_equal(collection_test_digest(t), digest);                                                   \
	} while (0)
	FAILS(collection_test_try(t, a, "x", folder, &id));
	FAILS(store_collection_delete(t->store, t->user, a, NULL));
	FAILS(move(t, a, home, "x"));
	FAILS(copy(t, a, home, "x", true, &id));
	FAILS(store_collection_share(t->store, t->user, a, true, t->arena, &secret));
	assert_int_equal(secret.n, 0);
	FAILS(store_property_change(t->store, t->user, a, SPAN(""), &property, 1, NULL));
	FAILS(store_user_delete(t->store, t->user));
#undef FAILS
	t->faults[FAULT_READ_BROKEN] = 1;
	assert_int_equal(store_collection_state(t->store, t->user, t->user, &id), STORE_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(a_user_begins_with_these),
		COLLECTION_TEST(made_as_told),
		COLLECTION_TEST(making_is_refused),
		COLLECTION_TEST(making_has_limits),
		COLLECTION_TEST(deleting_takes_all),
		COLLECTION_TEST(some_cannot_go),
		COLLECTION_TEST(moving_keeps_all),
		COLLECTION_TEST(moving_is_refused),
		COLLECTION_TEST(trees_do_not_grow_too_deep),
		COLLECTION_TEST(a_deep_copy_has_all),
		COLLECTION_TEST(a_shallow_copy_has_itself),
		COLLECTION_TEST(copying_is_refused),
		COLLECTION_TEST(a_deep_copy_counts_all_it_makes),
		COLLECTION_TEST(a_copy_is_told_in_pages),
		COLLECTION_TEST(paths_lead),
		COLLECTION_TEST(strangers_find_nothing),
		COLLECTION_TEST(a_deleted_user_leaves_nothing),
		COLLECTION_TEST(failed_commits_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

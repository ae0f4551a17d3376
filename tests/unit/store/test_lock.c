/* Locks: which go together, how long they hold, and that nothing changes against them. */
#include "common/base/clock.h"
#include "tests/unit/store/collection_test.h"

/* Seconds that are added to both clocks; NULL without TRIVET_FAULTS. Looked for before the first look at a clock. */
static int64_t *test_clock(void)
{
#ifdef TRIVET_FAULTS
	static int64_t *map;
	char path[] = "/tmp/trivet-clock-XXXXXX";
	int fd;

	if (map == NULL && (fd = mkstemp(path)) >= 0) {
		assert_int_equal(ftruncate(fd, sizeof *map), 0);
		map = mmap(NULL, sizeof *map, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		setenv("TRIVET_TEST_CLOCK", path, 1);
		(void)clock_now(); /* maps it too */
		unlink(path);
		close(fd);
	}
	return map;
#else
	return NULL;
#endif
}

static void sleep_for(int64_t seconds)
{
	if (test_clock() == NULL)
		skip();
	*test_clock() += seconds;
}

enum how { EXCLUSIVE = 0, SHARED = 1, DEEP = 2 };

static enum store_status try_take(const struct store_test *t, const char *path, unsigned how, struct span *token_r)
{
	struct store_lock lock = {.path = span_of(path),
				  .is_shared = how & SHARED,
				  .is_deep = (how & DEEP) != 0,
				  .holder = SPAN("<a/>"),
				  .expires_at = clock_now() + 100};
	enum store_status status = store_lock_take(t->store, t->user, t->user, &lock, t->arena);

	*token_r = lock.token;
	return status;
}

static struct span take(const struct store_test *t, const char *path, unsigned how)
{
	struct span token;

	assert_int_equal(try_take(t, path, how, &token), STORE_OK);
	return token;
}

static enum store_status release(const struct store_test *t, const char *path, struct span token)
{
	return store_lock_release(t->store, t->user, t->user, span_of(path), token);
}

static size_t count_locks(const struct store_test *t, const char *path)
{
	struct store_lock *list;
	size_t count;

	assert_int_equal(store_lock_list(t->store, t->user, t->user, span_of(path), t->arena, &list, &count), STORE_OK);
	return count;
}

static void a_lock_comes_back(void **state)
{
	struct store_test *t = *state;
	struct span token = take(t, "a/b", SHARED | DEEP), other = take(t, "a/b", SHARED);
	struct store_lock *list;
	size_t count;

	assert_int_equal(token.n, STORE_LOCK_TOKEN_BYTES);
	assert_true(span_starts(token, SPAN("urn:uuid:")));
	assert_false(span_equal(token, other));
	assert_int_equal(release(t, "a/b", other), STORE_OK);
	assert_int_equal(store_lock_list(t->store, t->user, t->user, SPAN("a/b"), t->arena, &list, &count), STORE_OK);
	assert_int_equal(count, 1);
	assert_true(span_equal(list[0].token, token));
	assert_true(span_is(list[0].path, "a/b") && span_is(list[0].holder, "<a/>"));
	assert_true(list[0].is_shared && list[0].is_deep);
	assert_true(list[0].expires_at > clock_now());
	/* it holds for what is below, by whichever path it is asked for */
	assert_int_equal(count_locks(t, "a/b/c/d"), 1);
	assert_int_equal(count_locks(t, "a"), 0);
	assert_int_equal(count_locks(t, "a/bc"), 0);
	assert_int_equal(count_locks(t, ""), 0);
	assert_int_equal(release(t, "a", token), STORE_NOT_FOUND);
	assert_int_equal(release(t, "a/b", other), STORE_NOT_FOUND);
	assert_int_equal(release(t, "a/b/c", token), STORE_OK);
	assert_int_equal(release(t, "a/b", token), STORE_NOT_FOUND);
	assert_int_equal(count_locks(t, "a/b"), 0);
}

static void some_go_together(void **state)
{
	static const struct {
		const char *first;
		unsigned first_how;
		const char *second;
		unsigned second_how;
		enum store_status want;
	} cases[] = {
		{"a", EXCLUSIVE, "a", EXCLUSIVE, STORE_LOCKED},
		{"a", EXCLUSIVE, "a", SHARED, STORE_LOCKED},
		{"a", SHARED, "a", EXCLUSIVE, STORE_LOCKED},
		{"a", SHARED, "a", SHARED, STORE_OK},
		{"a", EXCLUSIVE, "a/b", EXCLUSIVE, STORE_OK}, /* a collection's own does not reach its members */
		{"a", EXCLUSIVE | DEEP, "a/b", EXCLUSIVE, STORE_LOCKED},
		{"a", EXCLUSIVE | DEEP, "a/b/c", SHARED, STORE_LOCKED},
		{"a", SHARED | DEEP, "a/b/c", SHARED, STORE_OK},
		{"a", SHARED | DEEP, "a/b/c", EXCLUSIVE, STORE_LOCKED},
		{"a/b", EXCLUSIVE, "a", EXCLUSIVE, STORE_OK},
		{"a/b", EXCLUSIVE, "a", EXCLUSIVE | DEEP, STORE_LOCKED},
		{"a/b", SHARED, "a", EXCLUSIVE | DEEP, STORE_LOCKED},
		{"a/b", SHARED, "a", SHARED | DEEP, STORE_OK},
		{"a", EXCLUSIVE | DEEP, "ab", EXCLUSIVE, STORE_OK}, /* not below it */
		{"ab", EXCLUSIVE, "a", EXCLUSIVE | DEEP, STORE_OK},
		{"", EXCLUSIVE | DEEP, "x", EXCLUSIVE, STORE_LOCKED}, /* the home */
		{"x", EXCLUSIVE, "", EXCLUSIVE | DEEP, STORE_LOCKED},
		{"", EXCLUSIVE, "x", EXCLUSIVE, STORE_OK},
	};
	struct store_test *t = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct span first = take(t, cases[i].first, cases[i].first_how), second;

		assert_int_equal(try_take(t, cases[i].second, cases[i].second_how, &second), cases[i].want);
		if (cases[i].want == STORE_OK)
			assert_int_equal(release(t, cases[i].second, second), STORE_OK);
		assert_int_equal(release(t, cases[i].first, first), STORE_OK);
	}
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection_lock"), 0);
}

static void locks_end_by_themselves(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t);
	struct store_object_put wanted = collection_test_new(a, "one", "", "changed");
	struct span token = take(t, "a/one", EXCLUSIVE), none;
	struct store_object_result result;
	struct store_collected collected;
	struct store_lock lock;

	sleep_for(90);
	assert_int_equal(try_take(t, "a/one", EXCLUSIVE, &none), STORE_LOCKED);
	assert_int_equal(
		store_lock_refresh(t->store, t->user, t->user, SPAN("a/one"), token, clock_now() + 50, t->arena, &lock),
		STORE_OK);
	assert_true(span_equal(lock.token, token) && span_is(lock.path, "a/one") && span_is(lock.holder, "<a/>"));
	assert_in_range(lock.expires_at, clock_now() + 49, clock_now() + 50);
	sleep_for(45);
	assert_int_equal(count_locks(t, "a/one"), 1);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_LOCKED);
	sleep_for(10);
	assert_int_equal(count_locks(t, "a/one"), 0);
	assert_int_equal(
		store_lock_refresh(t->store, t->user, t->user, SPAN("a/one"), token, clock_now() + 50, t->arena, &lock),
		STORE_NOT_FOUND);
	assert_int_equal(release(t, "a/one", token), STORE_NOT_FOUND);
	assert_int_equal(collection_test_do_put(t, &wanted, &result), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection_lock"), 1);
	token = take(t, "a/one", EXCLUSIVE); /* the old row goes */
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection_lock"), 1);
	assert_int_equal(
		store_lock_refresh(t->store, t->user, t->user, SPAN("a/two"), token, clock_now() + 50, t->arena, &lock),
		STORE_NOT_FOUND); /* not that path's */
	sleep_for(200);
	assert_int_equal(store_collect(t->store, 1000, 1000, &collected), STORE_OK);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection_lock"), 0);
}

static void there_is_a_limit(void **state)
{
	struct store_test *t = *state;
	uint64_t anna = t->user;
	struct span token, last = SPAN("");
	const char *path = "";

	for (int i = 0; i < STORE_LOCKS_MAX; i++) {
		path = arena_printf(t->arena, "a/%d", i);
		last = take(t, path, EXCLUSIVE);
	}
	assert_int_equal(try_take(t, "b", EXCLUSIVE, &token), STORE_LIMIT);
	t->user = store_test_add_user(t, "bert"); /* his own count */
	take(t, "b", EXCLUSIVE);
	t->user = anna;
	assert_int_equal(release(t, path, last), STORE_OK);
	take(t, "b", EXCLUSIVE);
}

static void strangers_find_nothing(void **state)
{
	struct store_test *t = *state;
	uint64_t bert = store_test_add_user(t, "bert");
	struct span token = take(t, "a", EXCLUSIVE);
	struct store_lock lock = {.path = SPAN("b"), .expires_at = clock_now() + 100}, *list;
	size_t count;

	assert_int_equal(store_lock_take(t->store, bert, t->user, &lock, t->arena), STORE_NOT_FOUND);
	assert_int_equal(store_lock_refresh(t->store, bert, t->user, SPAN("a"), token, 5, t->arena, &lock),
			 STORE_NOT_FOUND);
	assert_int_equal(store_lock_refresh(t->store, bert, bert, SPAN("a"), token, 5, t->arena, &lock),
			 STORE_NOT_FOUND);
	assert_int_equal(store_lock_release(t->store, bert, t->user, SPAN("a"), token), STORE_NOT_FOUND);
	assert_int_equal(store_lock_release(t->store, bert, bert, SPAN("a"), token), STORE_NOT_FOUND);
	assert_int_equal(store_lock_list(t->store, bert, t->user, SPAN("a"), t->arena, &list, &count), STORE_NOT_FOUND);
	assert_int_equal(count, 0);
	assert_int_equal(count_locks(t, "a"), 1);
	lock.path = SPAN("a"); /* the same path below another home */
	assert_int_equal(store_lock_take(t->store, bert, bert, &lock, t->arena), STORE_OK);
}

static int by_path(const void *a, const void *b)
{
	return span_compare(((const struct store_lock *)a)->path, ((const struct store_lock *)b)->path);
}

/* The paths of those that are in the way of whoever holds this token (p NULL: none). */
static const char *obstacles(const struct store_test *t, const char *path, struct span token)
{
	struct store_guard guard = {&token, token.p != NULL};
	struct store_lock *list;
	size_t count;
	const char *text = "";

	assert_int_equal(
		store_lock_obstacles(t->store, t->user, t->user, span_of(path), &guard, t->arena, &list, &count),
		STORE_OK);
	qsort(list, count, sizeof *list, by_path);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(t->arena, "%s%s%.*s", text, i > 0 ? " " : "", (int)list[i].path.n, list[i].path.p);
	return text;
}

static void what_is_in_the_way_is_named(void **state)
{
	struct store_test *t = *state;
	struct span none = {0}, token, above;
	struct store_lock *list;
	size_t count;

	assert_string_equal(obstacles(t, "a", none), "");
	token = take(t, "a/b/c", EXCLUSIVE);
	take(t, "a/d", DEEP);
	take(t, "ab", EXCLUSIVE); /* not below it */
	assert_string_equal(obstacles(t, "a", none), "a/b/c a/d");
	assert_string_equal(obstacles(t, "a", token), "a/d");
	assert_string_equal(obstacles(t, "a/b", token), "");
	assert_string_equal(obstacles(t, "a/d/e", none), "a/d");
	above = take(t, "a", EXCLUSIVE); /* then what is below it does not matter yet */
	assert_string_equal(obstacles(t, "a", none), "a");
	assert_string_equal(obstacles(t, "a", above), "a/b/c a/d");
	assert_string_equal(obstacles(t, "a/b", none), "a"); /* which would lose a member */
	assert_string_equal(obstacles(t, "a/b", above), "a/b/c");
	assert_int_equal(store_lock_obstacles(t->store, store_test_add_user(t, "bert"), t->user, SPAN("a"), NULL,
					      t->arena, &list, &count),
			 STORE_NOT_FOUND);
	assert_int_equal(count, 0);
}

static enum store_status put_locked(const struct store_test *t, uint64_t collection, const char *name,
				    struct span token, struct span *token_r, struct store_object_result *result_r)
{
	struct store_object_put wanted = collection_test_new(collection, name, "", "");
	struct store_guard guard = {&token, token.p != NULL};
	struct store_lock lock = {.path = span_of(arena_printf(t->arena, "a/%s", name)),
				  .expires_at = clock_now() + 100};
	enum store_status status;

	wanted.expect = STORE_EXPECT_NOTHING;
	status = store_object_put_locked(t->store, t->user, &wanted, &guard, &lock, t->arena, result_r);
	*token_r = lock.token;
	return status;
}

/* An object that is made to be locked: never one without the other. */
static void an_object_comes_with_its_lock(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t), digest;
	struct span none = {0}, token, above;
	struct store_object_result result;

	assert_int_equal(put_locked(t, a, "new", none, &token, &result), STORE_OK);
	assert_true(result.is_new && collection_test_has(t, a, "new"));
	assert_int_equal(count_locks(t, "a/new"), 1);
	assert_int_equal(release(t, "a/new", token), STORE_OK);
	digest = collection_test_digest(t);
	assert_int_equal(put_locked(t, a, "new", none, &token, &result), STORE_CONFLICT);
	assert_int_equal(collection_test_digest(t), digest);
	above = take(t, "a", DEEP);
	digest = collection_test_digest(t);
	assert_int_equal(put_locked(t, a, "other", none, &token, &result), STORE_LOCKED);
	assert_int_equal(result.modseq, 0); /* it may not come */
	assert_int_equal(put_locked(t, a, "other", above, &token, &result), STORE_LOCKED);
	assert_int_not_equal(result.modseq, 0); /* it may, but not with another lock */
	assert_int_equal(collection_test_digest(t), digest);
	assert_false(collection_test_has(t, a, "other"));
	assert_int_equal(release(t, "a", above), STORE_OK);
	digest = collection_test_digest(t);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(put_locked(t, a, "other", none, &token, &result), STORE_NO_SPACE);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(put_locked(t, a, "other", none, &token, &result), STORE_OK);
}

/* --- the guard --- */

struct change {
	const struct store_test *t;
	struct store_guard guard;
	uint64_t a, b;
};

static enum store_status put(const struct change *c, uint64_t collection, const char *name)
{
	/* other bytes each time, so that it is a change */
	struct store_object_put wanted = collection_test_new(
		collection, name, "",
		arena_printf(c->t->arena, "%zu %llu", arena_used(c->t->arena), (unsigned long long)c->a));
	struct store_object_result result;

	return store_object_put(c->t->store, c->t->user, &wanted, &c->guard, c->t->arena, &result);
}

static enum store_status transfer(const struct change *c, const char *name, bool moves)
{
	struct store_object_target to = {.collection = c->b, .name = SPAN("to.ics"), .overwrite = true};
	struct store_object_facts facts = {0};
	struct store_object_result result;

	return store_object_copy(c->t->store, c->t->user, c->a, span_of(name), &to, &facts, moves, &c->guard,
				 c->t->arena, &result);
}

static enum store_status change_one(const struct change *c)
{
	return put(c, c->a, "one");
}

static enum store_status put_new(const struct change *c)
{
	return put(c, c->a, "new");
}

static enum store_status put_all(const struct change *c)
{
	struct store_object_put wanted = collection_test_new(0, "new", "", "text");
	struct store_object_counts counts;

	return store_object_put_all(c->t->store, c->t->user, c->a, &wanted, 1, false, &c->guard, &counts);
}

static enum store_status replace_all(const struct change *c)
{
	struct store_object_counts counts;

	return store_object_put_all(c->t->store, c->t->user, c->a, NULL, 0, true, &c->guard, &counts);
}

static enum store_status remove_one(const struct change *c)
{
	return store_object_remove(c->t->store, c->t->user, c->a, SPAN("one"), NULL, &c->guard);
}

static enum store_status copy_one(const struct change *c)
{
	return transfer(c, "one", false);
}

static enum store_status move_one(const struct change *c)
{
	return transfer(c, "one", true);
}

static enum store_status set_property(const struct change *c, uint64_t collection, const char *object)
{
	struct store_property property = {SPAN("p"), SPAN("v")};

	return store_property_change(c->t->store, c->t->user, collection, span_of(object), &property, 1, &c->guard);
}

static enum store_status set_own(const struct change *c)
{
	return set_property(c, c->a, "");
}

static enum store_status set_object(const struct change *c)
{
	return set_property(c, c->a, "one");
}

static enum store_status make_below(const struct change *c)
{
	struct store_new_collection make = {.parent = c->a, .name = SPAN("new"), .kind = STORE_FOLDER};
	uint64_t id;

	return store_collection_make(c->t->store, c->t->user, &make, &c->guard, &id);
}

static enum store_status delete_b(const struct change *c)
{
	return store_collection_delete(c->t->store, c->t->user, c->b, &c->guard);
}

static enum store_status delete_a(const struct change *c)
{
	return store_collection_delete(c->t->store, c->t->user, c->a, &c->guard);
}

static enum store_status move_b(const struct change *c)
{
	return store_collection_move(c->t->store, c->t->user, c->b, collection_test_home(c->t).id, SPAN("moved"),
				     &c->guard);
}

static enum store_status copy_b(const struct change *c)
{
	uint64_t id;

	return store_collection_copy(c->t->store, c->t->user, c->b, c->a, SPAN("new"), true, &c->guard, &id);
}

/* Each change of a fresh tree (see collection_test_tree()): with a lock on the path it is refused without the token,
 * and done with it; where it does not concern the change, it is done without. */
static void nothing_changes_against_a_lock(void **state)
{
	static const struct {
		enum store_status (*change)(const struct change *);
		const char *path;
		unsigned how;
		bool is_free;
	} cases[] = {
		{change_one, "a/one", EXCLUSIVE, false},
		{change_one, "a/one", SHARED, false},
		{change_one, "a", DEEP, false},
		{change_one, "", DEEP, false},
		{change_one, "a", EXCLUSIVE, true}, /* no member comes or goes */
		{change_one, "a/two", EXCLUSIVE, true},
		{change_one, "a/one/x", EXCLUSIVE, true},
		{put_new, "a/new", EXCLUSIVE, false}, /* where nothing is yet */
		{put_new, "a", EXCLUSIVE, false},
		{put_new, "", EXCLUSIVE, true},
		{put_all, "a/new", EXCLUSIVE, false},
		{put_all, "a", EXCLUSIVE, false},
		{put_all, "a/one", EXCLUSIVE, true},
		{replace_all, "a/one", EXCLUSIVE, false},
		{replace_all, "a", EXCLUSIVE, false},
		{remove_one, "a/one", EXCLUSIVE, false},
		{remove_one, "a", EXCLUSIVE, false},
		{remove_one, "a/two", EXCLUSIVE, true},
		{copy_one, "a/b/to.ics", EXCLUSIVE, false},
		{copy_one, "a/b", EXCLUSIVE, false},
		{copy_one, "a/one", EXCLUSIVE, true}, /* a lock does not keep from reading */
		{copy_one, "a", EXCLUSIVE, true},
		{move_one, "a/b/to.ics", EXCLUSIVE, false},
		{move_one, "a/one", EXCLUSIVE, false},
		{move_one, "a", EXCLUSIVE, false},
		{set_own, "a", EXCLUSIVE, false},
		{set_own, "a/one", EXCLUSIVE, true},
		{set_own, "", EXCLUSIVE, true},
		{set_object, "a/one", EXCLUSIVE, false},
		{set_object, "a", EXCLUSIVE, true},
		{make_below, "a", EXCLUSIVE, false},
		{make_below, "a/new", EXCLUSIVE, false},
		{make_below, "a/b", EXCLUSIVE, true},
		{delete_b, "a/b/x.ics", EXCLUSIVE, false}, /* it goes too */
		{delete_b, "a/b", EXCLUSIVE, false},
		{delete_b, "a", EXCLUSIVE, false},
		{delete_b, "", EXCLUSIVE, true},
		{delete_b, "a/one", EXCLUSIVE, true},
		{delete_a, "a/b/x.ics", EXCLUSIVE, false},
		{move_b, "a/b/x.ics", EXCLUSIVE, false},
		{move_b, "a", EXCLUSIVE, false},
		{move_b, "moved", EXCLUSIVE, false},
		{move_b, "", EXCLUSIVE, false},
		{copy_b, "a/new", EXCLUSIVE, false},
		{copy_b, "a", EXCLUSIVE, false},
		{copy_b, "a/b/x.ics", DEEP, true},
	};
	struct store_test *t = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct span tokens[2] = {SPAN("urn:uuid:of-another")};
		struct change c = {.t = t};
		uint64_t digest;

		t->user = store_test_add_user(t, arena_printf(t->arena, "user%zu", i));
		c.a = collection_test_tree(t);
		c.b = collection_test_id(t, "a/b");
		tokens[1] = take(t, cases[i].path, cases[i].how);
		if (!cases[i].is_free) {
			digest = collection_test_digest(t);
			assert_int_equal(cases[i].change(&c), STORE_LOCKED);
			c.guard = (struct store_guard){tokens, 1};
			assert_int_equal(cases[i].change(&c), STORE_LOCKED);
			assert_int_equal(collection_test_digest(t), digest);
			c.guard = (struct store_guard){tokens, 2};
		}
		assert_int_equal(cases[i].change(&c), STORE_OK);
	}
}

/* RFC 4918, 6.2: each of those who share a lock may change what it is on, and all must be held that are in the way. */
static void guards_take_what_they_need(void **state)
{
	struct store_test *t = *state;
	struct change c = {.t = t, .a = collection_test_tree(t), .b = collection_test_id(t, "a/b")};
	struct span first = take(t, "a/one", SHARED), second = take(t, "a/one", SHARED),
		    above = take(t, "a", EXCLUSIVE), tokens[2];

	for (int i = 0; i < 2; i++) {
		tokens[0] = i == 0 ? first : second;
		c.guard = (struct store_guard){tokens, 1};
		assert_int_equal(change_one(&c), STORE_OK);
		assert_int_equal(remove_one(&c), STORE_LOCKED); /* the collection's is needed too */
	}
	tokens[0] = above;
	assert_int_equal(remove_one(&c), STORE_LOCKED);
	assert_int_equal(change_one(&c), STORE_LOCKED);
	tokens[1] = second;
	c.guard.count = 2;
	assert_int_equal(remove_one(&c), STORE_OK);
	assert_int_equal(count_locks(t, "a/one"), 0);
}

static void locks_go_with_what_they_are_on(void **state)
{
	struct store_test *t = *state;
	struct change c = {.t = t, .a = collection_test_tree(t), .b = collection_test_id(t, "a/b")};
	struct span tokens[] = {take(t, "a/one", EXCLUSIVE), take(t, "a/two", EXCLUSIVE),
				take(t, "a/b/x.ics", EXCLUSIVE), take(t, "a/b", EXCLUSIVE), take(t, "a/bc", EXCLUSIVE)};

	c.guard = (struct store_guard){tokens, 5};
	assert_int_equal(remove_one(&c), STORE_OK);
	assert_int_equal(count_locks(t, "a/one"), 0);
	assert_int_equal(transfer(&c, "two", true), STORE_OK);
	assert_int_equal(count_locks(t, "a/two"), 0);
	assert_int_equal(count_locks(t, "a/b/to.ics"), 0);
	assert_int_equal(count_locks(t, "a/b/x.ics"), 1);
	assert_int_equal(move_b(&c), STORE_OK);
	assert_int_equal(count_locks(t, "a/b/x.ics"), 0);
	assert_int_equal(count_locks(t, "a/b"), 0);
	assert_int_equal(count_locks(t, "moved/x.ics"), 0);
	assert_int_equal(count_locks(t, "a/bc"), 1);
	tokens[0] = take(t, "moved/x.ics", EXCLUSIVE);
	assert_int_equal(delete_b(&c), STORE_OK);
	assert_int_equal(count_locks(t, "moved/x.ics"), 0);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM collection_lock"), 1);
}

/* A path is found by its collection, however deep that is. */
static void the_deepest_place_is_guarded(void **state)
{
	struct store_test *t = *state;
	struct change c = {.t = t, .a = collection_test_home(t).id};
	const char *path = "";

	for (int i = 0; i < STORE_COLLECTION_DEPTH_MAX; i++) {
		c.a = collection_test_make(t, c.a, "d", STORE_FOLDER);
		path = arena_printf(t->arena, "%sd/", path);
	}
	take(t, arena_printf(t->arena, "%sone", path), EXCLUSIVE);
	assert_int_equal(change_one(&c), STORE_LOCKED);
	assert_int_equal(put_new(&c), STORE_OK);
}

static void failed_commits_change_nothing(void **state)
{
	struct store_test *t = *state;
	struct span token = take(t, "a", EXCLUSIVE), other;
	struct store_lock lock;
	uint64_t digest = collection_test_digest(t);

	store_test_needs_faults();
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(try_take(t, "b", EXCLUSIVE, &other), STORE_NO_SPACE);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(
		store_lock_refresh(t->store, t->user, t->user, SPAN("a"), token, INT64_MAX / 2, t->arena, &lock),
		STORE_NO_SPACE);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(release(t, "a", token), STORE_NO_SPACE);
	assert_int_equal(collection_test_digest(t), digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(a_lock_comes_back),
		COLLECTION_TEST(some_go_together),
		COLLECTION_TEST(locks_end_by_themselves),
		COLLECTION_TEST(there_is_a_limit),
		COLLECTION_TEST(strangers_find_nothing),
		COLLECTION_TEST(what_is_in_the_way_is_named),
		COLLECTION_TEST(an_object_comes_with_its_lock),
		COLLECTION_TEST(nothing_changes_against_a_lock),
		COLLECTION_TEST(guards_take_what_they_need),
		COLLECTION_TEST(locks_go_with_what_they_are_on),
		COLLECTION_TEST(the_deepest_place_is_guarded),
		COLLECTION_TEST(failed_commits_change_nothing),
	};

	(void)test_clock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Collections and objects for tests of the store. Whatever a test does, the store it leaves behind must be sound: the
 * teardown checks that. */
#ifndef TESTS_UNIT_STORE_COLLECTION_TEST_H
#define TESTS_UNIT_STORE_COLLECTION_TEST_H

#include "common/store/blob/blob.h"
#include "common/store/lock.h"
#include "common/store/maintain.h"
#include "common/store/object.h"
#include "tests/unit/store/message_test.h"

static inline struct store_collection collection_test_get(const struct store_test *t, uint64_t id)
{
	struct store_collection got;

	assert_int_equal(store_collection_get(t->store, t->user, id, t->arena, &got), STORE_OK);
	return got;
}

static inline struct store_collection collection_test_home(const struct store_test *t)
{
	struct store_collection home;

	assert_int_equal(store_collection_home(t->store, t->user, t->user, t->arena, &home), STORE_OK);
	return home;
}

/* The names of a path as spans in the arena. */
static inline size_t collection_test_names(const struct store_test *t, const char *path, struct span **names_r)
{
	struct span rest = span_of(path);
	size_t count = 0;

	*names_r = arena_zero(t->arena, 64, sizeof **names_r);
	while (rest.n > 0) {
		size_t n = span_find_byte(rest, '/');

		(*names_r)[count++] = span_sub(rest, 0, n);
		rest = n == SIZE_MAX ? SPAN("") : span_sub(rest, n + 1, SIZE_MAX);
	}
	return count;
}

static inline struct store_place collection_test_place(const struct store_test *t, const char *path)
{
	struct span *names;
	size_t count = collection_test_names(t, path, &names);
	struct store_place place;

	assert_int_equal(store_place_find(t->store, t->user, t->user, names, count, t->arena, &place), STORE_OK);
	return place;
}

/* The collection at the end of the path. */
static inline uint64_t collection_test_id(const struct store_test *t, const char *path)
{
	struct store_place place = collection_test_place(t, path);
	struct span *names;

	assert_int_equal(place.depth, collection_test_names(t, path, &names));
	return place.collection.id;
}

static inline enum store_status collection_test_try(const struct store_test *t, uint64_t parent, const char *name,
						    enum store_collection_kind kind, uint64_t *id_r)
{
	struct store_new_collection make = {.parent = parent, .name = span_of(name), .kind = kind};

	return store_collection_make(t->store, t->user, &make, NULL, id_r);
}

static inline uint64_t collection_test_make(const struct store_test *t, uint64_t parent, const char *name,
					    enum store_collection_kind kind)
{
	uint64_t id = 0;

	assert_int_equal(collection_test_try(t, parent, name, kind, &id), STORE_OK);
	return id;
}

/* --- objects --- */

static inline struct store_object_put collection_test_new(uint64_t collection, const char *name, const char *uid,
							  const char *bytes)
{
	return (struct store_object_put){.collection = collection,
					 .name = span_of(name),
					 .facts = {.uid = span_of(uid), .component = STORE_EVENTS},
					 .bytes = span_of(bytes)};
}

static inline enum store_status collection_test_do_put(const struct store_test *t, const struct store_object_put *put,
						       struct store_object_result *result_r)
{
	return store_object_put(t->store, t->user, put, NULL, t->arena, result_r);
}

/* Its modseq. */
static inline uint64_t collection_test_put(const struct store_test *t, uint64_t collection, const char *name,
					   const char *uid, const char *bytes)
{
	struct store_object_put put = collection_test_new(collection, name, uid, bytes);
	struct store_object_result result;

	assert_int_equal(collection_test_do_put(t, &put, &result), STORE_OK);
	return result.modseq;
}

static inline struct store_object collection_test_object(const struct store_test *t, uint64_t collection,
							 const char *name)
{
	struct store_object object;

	assert_int_equal(store_object_get(t->store, t->user, collection, span_of(name), t->arena, &object), STORE_OK);
	return object;
}

static inline bool collection_test_has(const struct store_test *t, uint64_t collection, const char *name)
{
	struct store_object object;

	return store_object_get(t->store, t->user, collection, span_of(name), t->arena, &object) == STORE_OK;
}

static inline void collection_test_bytes_are(const struct store_test *t, uint64_t blob, struct span want)
{
	struct span bytes;

	assert_int_equal(store_object_bytes(t->store, blob, want.n, t->arena, &bytes), STORE_OK);
	assert_true(span_equal(bytes, want));
}

static inline enum store_status collection_test_remove(const struct store_test *t, uint64_t collection,
						       const char *name)
{
	return store_object_remove(t->store, t->user, collection, span_of(name), NULL, NULL);
}

/* A file that belongs to an object. */
struct collection_test_attachment {
	const struct store_test *t;
	uint64_t collection;
	const char *object;
	unsigned number; /* of its bytes */
	struct blob_prepared prepared;
};

static inline enum store_status collection_test_attach_tx(struct store_tx *tx, void *arg)
{
	const struct collection_test_attachment *job = arg;
	unsigned long long user = job->t->user, collection = job->collection, size = job->prepared.size;
	uint64_t blob = 0;
	enum store_status status = blob_add(tx, &job->prepared, NULL, &blob);

	if (status != STORE_OK)
		return status;
	return sql_script(
		tx->db,
		arena_printf(
			job->t->arena,
			"INSERT INTO attachment VALUES (x'%08x%016llx', %llu, %llu, CAST('%s' AS BLOB), %llu, %llu,"
			" x'41', x'42'); UPDATE collection SET bytes = bytes + %llu WHERE id = %llu;"
			" UPDATE user SET used_bytes = used_bytes + %llu WHERE id = %llu",
			job->number, collection, user, collection, job->object, (unsigned long long)blob, size, size,
			collection, size, user));
}

static inline void collection_test_attach(const struct store_test *t, uint64_t collection, const char *object,
					  unsigned number, size_t size)
{
	struct collection_test_attachment job = {.t = t, .collection = collection, .object = object, .number = number};

	assert_int_equal(blob_prepare(t->store, message_test_bytes(t->arena, number, size), &job.prepared), STORE_OK);
	assert_int_equal(store_write(t->store, collection_test_attach_tx, &job), STORE_OK);
}

static inline void collection_test_set(const struct store_test *t, uint64_t collection, const char *object,
				       const char *name, const char *value)
{
	struct store_property change = {span_of(name), span_of(value)};

	assert_int_equal(store_property_change(t->store, t->user, collection, span_of(object), &change, 1, NULL),
			 STORE_OK);
}

/* "name=value name=value", by name. */
static inline const char *collection_test_properties(const struct store_test *t, uint64_t collection,
						     const char *object)
{
	struct store_property *list;
	size_t count;
	const char *text = "";

	assert_int_equal(store_property_list(t->store, t->user, collection, span_of(object), t->arena, &list, &count),
			 STORE_OK);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(t->arena, "%s%s%s=%s", text, i > 0 ? " " : "", list[i].name.p, list[i].value.p);
	return text;
}

/* a (with objects, one gone) above a/b (with an attachment), properties everywhere. */
static inline uint64_t collection_test_tree(const struct store_test *t)
{
	uint64_t a = collection_test_make(t, collection_test_home(t).id, "a", STORE_FOLDER),
		 b = collection_test_make(t, a, "b", STORE_CALENDAR);

	collection_test_put(t, a, "one", "", "first");
	collection_test_put(t, a, "gone", "", "second");
	collection_test_put(t, a, "two", "", "third!");
	collection_test_put(t, b, "x.ics", "u1", "first"); /* the same bytes again */
	collection_test_put(t, b, "y.ics", "u2", "fourth..");
	assert_int_equal(collection_test_remove(t, a, "gone"), STORE_OK);
	collection_test_attach(t, b, "x.ics", 1, 100);
	collection_test_set(t, a, "", "colour", "red");
	collection_test_set(t, a, "one", "author", "anna");
	collection_test_set(t, b, "", "colour", "blue");
	collection_test_set(t, b, "x.ics", "author", "bert");
	return a;
}

enum { TREE_BYTES = 5 + 6 + 5 + 8, TREE_ATTACHED = 100 };

/* --- what is counted --- */

static inline uint64_t collection_test_used(const struct store_test *t)
{
	struct store_user user;

	assert_int_equal(store_user_get(t->store, t->user, t->arena, &user), STORE_OK);
	return user.used_bytes;
}

static inline uint64_t collection_test_state(const struct store_test *t)
{
	uint64_t state;

	assert_int_equal(store_collection_state(t->store, t->user, t->user, &state), STORE_OK);
	return state;
}

static inline void collection_test_counts(const struct store_test *t, uint64_t collection, uint64_t objects,
					  uint64_t bytes)
{
	struct store_collection got = collection_test_get(t, collection);

	assert_int_equal(got.objects, objects);
	assert_int_equal(got.bytes, bytes);
}

/* A number that says what is in all tables that collections have to do with. */
static inline enum store_status collection_test_digest_tx(struct store_tx *tx, void *arg)
{
	static const char *const rows[] = {
		"SELECT quote(id) || quote(used_bytes) || quote(used_messages) FROM user ORDER BY id",
		"SELECT quote(id) || quote(owner) || quote(parent) || quote(name) || quote(kind) || quote(components) "
		"||"
		" quote(modseq) || quote(objects) || quote(bytes) || quote(removed_floor) || quote(share)"
		" FROM collection ORDER BY id",
		"SELECT quote(collection) || quote(name) || quote(modseq) || quote(tag) || quote(size) || quote(blob) "
		"||"
		" quote(component) || quote(flags) || quote(first) || quote(last) || quote(uid) || quote(type)"
		" FROM object ORDER BY collection, name",
		"SELECT quote(collection) || quote(name) || quote(modseq) FROM object_removed ORDER BY 1",
		"SELECT quote(collection) || quote(object) || quote(name) || quote(value) FROM property ORDER BY 1",
		"SELECT quote(token) || quote(owner) || quote(path) || quote(expires_at) FROM collection_lock ORDER BY "
		"1",
		"SELECT quote(id) || quote(collection) || quote(object) || quote(blob) FROM attachment ORDER BY id",
		"SELECT quote(id) || quote(refs) || quote(freed_at > 0) || quote(place) FROM blob ORDER BY id",
	};
	uint64_t *digest = arg;
	enum store_status status = STORE_OK;

	*digest = 14695981039346656037U;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == STORE_OK; i++) {
		struct sql_stmt *stmt = NULL;
		bool row = false;

		status = sql_prepare(tx->db, rows[i], &stmt);
		while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row)
			for (size_t k = 0; k < sql_span(stmt, 0).n; k++)
				*digest = (*digest ^ (unsigned char)sql_span(stmt, 0).p[k]) * 1099511628211U;
		sql_stmt_free(&stmt);
	}
	return status;
}

static inline uint64_t collection_test_digest(const struct store_test *t)
{
	uint64_t digest = 0;

	assert_int_equal(store_read(t->store, collection_test_digest_tx, &digest), STORE_OK);
	return digest;
}

/* --- soundness --- */

struct collection_test_report {
	size_t count, repaired;
	char kinds[256]; /* one word a problem */
};

static inline void collection_test_problem(void *arg, const char *kind, const char *text, bool repaired)
{
	struct collection_test_report *report = arg;

	assert_true(strlen(text) > 10);
	report->repaired += repaired;
	snprintf(report->kinds + strlen(report->kinds), sizeof report->kinds - strlen(report->kinds), "%s%s",
		 report->count++ > 0 ? " " : "", kind);
}

static inline struct collection_test_report collection_test_check(const struct store_test *t, bool repair)
{
	struct collection_test_report report = {0};
	struct store_check check = {.repair = repair,
				    .derived_version = MESSAGE_TEST_VERSION,
				    .problem = collection_test_problem,
				    .arg = &report};
	uint64_t problems = 0;

	assert_int_equal(store_check(t->store, &check, &problems), STORE_OK);
	assert_int_equal(problems, report.count - report.repaired);
	return report;
}

static inline void collection_test_is_clean(const struct store_test *t)
{
	assert_string_equal(collection_test_check(t, false).kinds, "");
}

static inline int collection_test_teardown(void **state)
{
	struct store_test *t = *state;
	struct collection_test_report report = {0};
	struct store_check check = {
		.derived_version = MESSAGE_TEST_VERSION, .problem = collection_test_problem, .arg = &report};
	uint64_t problems = 0;
	int failed;

	memset(t->faults, 0, FAULT_POINT_COUNT * sizeof *t->faults);
	failed = store_check(t->store, &check, &problems) != STORE_OK || problems > 0;
	if (failed)
		print_error("the store is not sound: %s\n", report.kinds);
	(void)store_test_teardown(state);
	return failed ? -1 : 0;
}

#define COLLECTION_TEST(function) cmocka_unit_test_setup_teardown(function, store_test_setup, collection_test_teardown)

#endif

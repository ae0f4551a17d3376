/* Checking collections: each kind of damage is found, told once, repaired where it can be, and then it is gone. */
#include "tests/unit/store/collection_test.h"

#define A "(SELECT id FROM collection WHERE name = CAST('a' AS BLOB))"
#define B "(SELECT id FROM collection WHERE name = CAST('b' AS BLOB))"

/* Found, found again (looking changes nothing), repaired, gone. */
static void is_repaired(const struct store_test *t, const char *kinds)
{
	struct collection_test_report report = collection_test_check(t, false);

	assert_string_equal(report.kinds, kinds);
	assert_int_equal(report.repaired, 0);
	report = collection_test_check(t, true);
	assert_string_equal(report.kinds, kinds);
	assert_int_equal(report.repaired, report.count);
	collection_test_is_clean(t);
}

/* Found, and still there after a repair; `undo` makes it good. */
static void is_told(const struct store_test *t, const char *kinds, const char *undo)
{
	assert_string_equal(collection_test_check(t, false).kinds, kinds);
	assert_string_equal(collection_test_check(t, true).kinds, kinds);
	assert_string_equal(collection_test_check(t, false).kinds, kinds);
	message_test_sql(t, undo);
	collection_test_is_clean(t);
}

static void a_sound_store(void **state)
{
	struct store_test *t = *state;
	uint64_t digest;

	collection_test_is_clean(t);
	collection_test_tree(t);
	digest = collection_test_digest(t);
	assert_int_equal(collection_test_check(t, true).count, 0);
	assert_int_equal(collection_test_digest(t), digest);
}

static void counters(void **state)
{
	struct store_test *t = *state;
	uint64_t digest;

	collection_test_tree(t);
	digest = collection_test_digest(t);
	message_test_sql(t, "UPDATE collection SET objects = 9 WHERE id = " A);
	is_repaired(t, "counter");
	message_test_sql(t, "UPDATE collection SET bytes = bytes - 1 WHERE id = " B);
	is_repaired(t, "counter");
	message_test_sql(t, "UPDATE collection SET bytes = bytes + 1, objects = 3");
	is_repaired(t, "counter counter counter counter counter counter counter");
	message_test_sql(t, "UPDATE user SET used_bytes = 1");
	is_repaired(t, "quota");
	assert_int_equal(collection_test_digest(t), digest);
	message_test_sql(t, "DELETE FROM object WHERE name = CAST('two' AS BLOB)");
	is_repaired(t, "counter quota references");
	message_test_sql(t, "DELETE FROM attachment");
	is_repaired(t, "counter quota references");
	assert_int_equal(collection_test_used(t), TREE_BYTES - 6);
}

static void modseqs_and_tombstones(void **state)
{
	struct store_test *t = *state;
	uint64_t a = collection_test_tree(t);

	message_test_sql(t, "UPDATE collection SET modseq = modseq - 3 WHERE id = " A);
	is_repaired(t, "modseq");
	assert_int_equal(collection_test_get(t, a).modseq, message_test_number(t, "SELECT modseq FROM object_removed"));
	message_test_sql(t, "DELETE FROM object_removed; UPDATE collection SET modseq = 1 WHERE id = " B);
	is_repaired(t, "modseq");
	message_test_sql(t,
			 "INSERT INTO object_removed SELECT collection, name, 1, 0 FROM object WHERE collection = " A);
	is_repaired(t, "tombstone");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM object_removed"), 0);
	assert_true(collection_test_has(t, a, "one"));
	/* one that is right stays */
	assert_int_equal(collection_test_remove(t, a, "one"), STORE_OK);
	message_test_sql(t,
			 "INSERT INTO object_removed SELECT collection, name, 1, 0 FROM object WHERE collection = " A);
	is_repaired(t, "tombstone");
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM object_removed"), 1);
}

static void strays(void **state)
{
	struct store_test *t = *state;

	collection_test_tree(t);
	message_test_sql(t, "INSERT INTO object_removed VALUES (99, x'41', 1, 0)");
	is_told(t, "stray", "DELETE FROM object_removed WHERE collection = 99");
	message_test_sql(t, "INSERT INTO property VALUES (99, x'', x'41', x'42'), (98, x'', x'41', x'42')");
	is_told(t, "stray stray", "DELETE FROM property WHERE collection > 90");
	message_test_sql(
		t, "INSERT INTO attachment SELECT x'41', owner, 99, object, blob, size, name, type FROM attachment;"
		   " UPDATE blob SET refs = 2 WHERE id = (SELECT blob FROM attachment LIMIT 1)");
	is_told(t, "stray",
		"DELETE FROM attachment WHERE collection = 99;"
		" UPDATE blob SET refs = 1 WHERE id = (SELECT blob FROM attachment)");
	message_test_sql(t, "UPDATE object SET collection = 99 WHERE name = CAST('two' AS BLOB)");
	assert_string_equal(collection_test_check(t, true).kinds, "counter stray quota");
	is_told(t, "stray",
		"UPDATE object SET collection = " A
		" WHERE collection = 99; UPDATE collection SET objects = 2, bytes = 11"
		" WHERE id = " A "; UPDATE user SET used_bytes = used_bytes + 6");
}

static void contents(void **state)
{
	struct store_test *t = *state;
	const char *undo =
		"UPDATE object SET size = 6 WHERE name = CAST('two' AS BLOB); UPDATE collection SET bytes = 11"
		" WHERE id = " A "; UPDATE user SET used_bytes = used_bytes - 1";

	collection_test_tree(t);
	message_test_sql(t,
			 "UPDATE object SET size = 7 WHERE name = CAST('two' AS BLOB); UPDATE collection SET bytes = 12"
			 " WHERE id = " A "; UPDATE user SET used_bytes = used_bytes + 1");
	is_told(t, "blob-missing", undo);
	message_test_sql(t, "UPDATE attachment SET size = 101; UPDATE collection SET bytes = bytes + 1 WHERE id = " B
			    "; UPDATE user SET used_bytes = used_bytes + 1");
	is_told(t, "blob-missing",
		"UPDATE attachment SET size = 100; UPDATE collection SET bytes = bytes - 1 WHERE id = " B
		"; UPDATE user SET used_bytes = used_bytes - 1");
	message_test_sql(t, "UPDATE blob SET refs = 9 WHERE refs = 2"); /* one content, two objects */
	is_repaired(t, "references");
	message_test_sql(t, "UPDATE blob SET refs = 0, freed_at = 5 WHERE id = (SELECT blob FROM attachment)");
	is_repaired(t, "references");
	message_test_sql(t, "UPDATE blob SET freed_at = 5 WHERE refs = 2");
	is_repaired(t, "references");
	message_test_sql(t, "UPDATE attachment SET blob = 99");
	assert_string_equal(collection_test_check(t, true).kinds, "blob-missing references");
	is_told(t, "blob-missing",
		"UPDATE attachment SET blob = (SELECT id FROM blob WHERE size = 100);"
		" UPDATE blob SET refs = 1, freed_at = 0 WHERE size = 100");
	message_test_sql(t, "UPDATE object SET blob = 99 WHERE name = CAST('two' AS BLOB)");
	assert_string_equal(collection_test_check(t, true).kinds, "blob-missing references");
	is_told(t, "blob-missing",
		"UPDATE object SET blob = (SELECT id FROM blob WHERE size = 6 AND refs = 0 AND id ="
		" (SELECT MAX(id) FROM blob WHERE size = 6)) WHERE blob = 99;"
		" UPDATE blob SET refs = 1, freed_at = 0 WHERE id = (SELECT MAX(id) FROM blob WHERE size = 6)");
}

/* The bytes of objects are compared too, and nothing is derived from them. */
static void bytes(void **state)
{
	struct store_test *t = *state;

	collection_test_tree(t);
	assert_int_equal(message_test_number(t, "SELECT COUNT(*) FROM content_head"), 0);
	message_test_sql(t,
			 "UPDATE blob_data SET data = CAST('FOURTH..' AS BLOB) WHERE data = CAST('fourth..' AS BLOB)");
	is_told(t, "blob-hash",
		"UPDATE blob_data SET data = CAST('fourth..' AS BLOB) WHERE data = CAST('FOURTH..' AS BLOB)");
	message_test_sql(t, "UPDATE blob_data SET id = id + (1000 << 20) WHERE data = CAST('fourth..' AS BLOB)");
	assert_string_equal(collection_test_check(t, false).kinds, "blob-missing stray");
	message_test_sql(t, "UPDATE blob_data SET id = id - (1000 << 20) WHERE data = CAST('fourth..' AS BLOB)");
	collection_test_is_clean(t);
}

static void owners(void **state)
{
	struct store_test *t = *state;

	collection_test_tree(t);
	message_test_sql(t, "UPDATE collection SET owner = 99 WHERE name = CAST('outbox' AS BLOB)");
	is_told(t, "owner", "UPDATE collection SET owner = (SELECT id FROM user) WHERE owner = 99");
	message_test_sql(t, "UPDATE collection SET parent = 99 WHERE name = CAST('outbox' AS BLOB)");
	is_told(t, "owner", "UPDATE collection SET parent = (SELECT MIN(id) FROM collection) WHERE parent = 99");
}

static void a_fault_ends_it(void **state)
{
	struct store_test *t = *state;
	struct collection_test_report report = {0};
	struct store_check check = {.repair = true, .problem = collection_test_problem, .arg = &report};
	uint64_t problems = 0, digest;

	store_test_needs_faults();
	collection_test_tree(t);
	message_test_sql(t, "UPDATE collection SET objects = 9 WHERE id = " A);
	digest = collection_test_digest(t);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(store_check(t->store, &check, &problems), STORE_NO_SPACE);
	assert_int_equal(report.count, 0);
	assert_int_equal(collection_test_digest(t), digest);
	is_repaired(t, "counter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTION_TEST(a_sound_store),
		COLLECTION_TEST(counters),
		COLLECTION_TEST(modseqs_and_tombstones),
		COLLECTION_TEST(strays),
		COLLECTION_TEST(contents),
		COLLECTION_TEST(bytes),
		COLLECTION_TEST(owners),
		COLLECTION_TEST(a_fault_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

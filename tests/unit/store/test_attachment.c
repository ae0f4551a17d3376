/* Attachments of objects: given, taken, kept, adopted; what they count. */
#include "common/store/attachment.h"
#include "tests/unit/store/collection_test.h"

static uint64_t calendar(const struct store_test *t)
{
	return collection_test_id(t, "calendar");
}

static struct store_upload *upload(const struct store_test *t, struct span bytes)
{
	struct store_upload *made;
	struct span all;

	assert_int_equal(store_upload_open(t->store, bytes.n, &made), STORE_OK);
	assert_int_equal(store_upload_write(made, bytes), STORE_OK);
	assert_int_equal(store_upload_finish(made, &all), STORE_OK);
	return made;
}

struct step {
	const char *object, *text;
	const char *add; /* its id; NULL: none */
	size_t size;
	const char *gone; /* NULL: none */
};

static enum store_status try_step(const struct store_test *t, uint64_t collection, const struct step *step)
{
	struct store_object_put put = collection_test_new(collection, step->object, step->object, step->text);
	struct store_attachment_change change = {.put = &put, .name = SPAN("a.txt"), .type = SPAN("text/plain")};
	struct store_object_result result;
	struct store_object old = collection_test_object(t, collection, step->object);
	enum store_status status;

	memcpy(put.tag, old.tag, STORE_TAG_BYTES);
	if (step->add != NULL) {
		change.id = span_of(step->add);
		change.upload = upload(t, message_test_bytes(t->arena, (unsigned)step->size, step->size));
	}
	change.gone = span_of(step->gone);
	status = store_attachment_change(t->store, t->user, &change, NULL, &result);
	store_upload_close(&change.upload);
	return status;
}

static void add(const struct store_test *t, uint64_t collection, const char *object, const char *id, size_t size)
{
	struct step step = {object, arena_printf(t->arena, "%s has %s", object, id), id, size, NULL};

	assert_int_equal(try_step(t, collection, &step), STORE_OK);
}

/* "a b", by id. */
static const char *ids(const struct store_test *t, uint64_t collection, const char *object)
{
	struct store_attachment *list;
	size_t count;
	const char *text = "";

	assert_int_equal(store_attachment_list(t->store, t->user, collection, span_of(object), t->arena, &list, &count),
			 STORE_OK);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(t->arena, "%s%s%.*s", text, i > 0 ? " " : "", (int)list[i].id.n, list[i].id.p);
	return text;
}

static void changes(void **state)
{
	const struct store_test *t = *state;
	uint64_t c = calendar(t), modseq;
	struct store_attachment got;
	struct step replace = {"e", "e has b", "b", 70000, "a"}, removes = {"e", "e has none", NULL, 0, "b"};

	collection_test_put(t, c, "e", "e", "bare");
	modseq = collection_test_get(t, c).modseq;
	add(t, c, "e", "a", 1000);
	assert_int_equal(collection_test_get(t, c).modseq, modseq + 1);
	collection_test_counts(t, c, 1, strlen("e has a") + 1000);
	assert_int_equal(collection_test_used(t), strlen("e has a") + 1000);
	assert_int_equal(store_attachment_get(t->store, t->user, SPAN("a"), t->arena, &got), STORE_OK);
	assert_true(got.collection == c && got.size == 1000 && span_is(got.object, "e") && span_is(got.name, "a.txt") &&
		    span_is(got.type, "text/plain"));
	collection_test_bytes_are(t, got.blob, message_test_bytes(t->arena, 1000, 1000));
	collection_test_bytes_are(t, collection_test_object(t, c, "e").blob, SPAN("e has a"));
	assert_int_equal(store_attachment_get(t->store, t->user + 1, SPAN("a"), t->arena, &got), STORE_NOT_FOUND);

	assert_int_equal(try_step(t, c, &replace), STORE_OK);
	assert_string_equal(ids(t, c, "e"), "b");
	assert_int_equal(store_attachment_get(t->store, t->user, SPAN("a"), t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(try_step(t, c, &removes), STORE_OK);
	assert_string_equal(ids(t, c, "e"), "");
	collection_test_counts(t, c, 1, strlen("e has none"));
}

/* What cannot be done changes nothing. */
static void refusals(void **state)
{
	const struct store_test *t = *state;
	uint64_t c = calendar(t), digest;
	static const struct {
		struct step step;
		enum store_status want;
	} cases[] = {
		{{"e", "x", NULL, 0, "none"}, STORE_NOT_FOUND},
		{{"e", "x", NULL, 0, "other"}, STORE_NOT_FOUND}, /* another object's */
		{{"e", "x", "mine", 10, NULL}, STORE_EXISTS},
		{{"e", "x", "0123456789012345678901234567890123456789012345678901234567890123456789", 10, NULL},
		 STORE_INVALID},
		{{"e", "x", "large", 5000, NULL}, STORE_OVER_QUOTA},
	};
	struct store_object_put put = collection_test_new(c, "e", "e", "x");
	struct store_attachment_change change = {.put = &put};
	struct store_object_result result;

	collection_test_put(t, c, "e", "e", "bare");
	collection_test_put(t, c, "o", "o", "bare");
	add(t, c, "e", "mine", 10);
	add(t, c, "o", "other", 11);
	assert_int_equal(store_user_set_quota(t->store, t->user, 4000), STORE_OK);
	digest = collection_test_digest(t);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(try_step(t, c, &cases[i].step), cases[i].want);
	assert_int_equal(store_attachment_change(t->store, t->user, &change, NULL, &result), STORE_CONFLICT);
	put.name = SPAN("none");
	assert_int_equal(store_attachment_change(t->store, t->user, &change, NULL, &result), STORE_NOT_FOUND);
	assert_int_equal(store_attachment_change(t->store, t->user + 1, &change, NULL, &result), STORE_NOT_FOUND);
	assert_int_equal(collection_test_digest(t), digest);
}

static enum store_status keep(const struct store_test *t, uint64_t collection, const char *object,
			      const struct span *list, size_t count)
{
	struct store_object is = collection_test_object(t, collection, object);

	return store_attachment_keep(t->store, t->user, collection, span_of(object), is.tag, list, count);
}

static void keeping(void **state)
{
	const struct store_test *t = *state;
	uint64_t c = calendar(t), other = collection_test_make(t, collection_test_home(t).id, "other", STORE_CALENDAR);
	struct span b = SPAN("b"), both[] = {SPAN("b"), SPAN("x")};
	unsigned char wrong[STORE_TAG_BYTES] = {0};
	uint64_t used;

	collection_test_put(t, c, "e", "e", "bare");
	add(t, c, "e", "a", 100);
	add(t, c, "e", "b", 200);
	assert_int_equal(store_attachment_keep(t->store, t->user, c, SPAN("e"), wrong, &b, 1), STORE_OK);
	assert_string_equal(ids(t, c, "e"), "a b"); /* it has been changed meanwhile */
	assert_int_equal(keep(t, c, "e", &b, 1), STORE_OK);
	assert_string_equal(ids(t, c, "e"), "b");
	collection_test_counts(t, c, 1, strlen("e has b") + 200);

	/* moved by putting it elsewhere: what it names goes along, what nobody knows is not made up */
	collection_test_put(t, other, "m", "e", "moved");
	used = collection_test_used(t);
	assert_int_equal(keep(t, other, "m", both, 2), STORE_OK);
	assert_string_equal(ids(t, other, "m"), "b");
	assert_string_equal(ids(t, c, "e"), "");
	collection_test_counts(t, c, 1, strlen("e has b"));
	collection_test_counts(t, other, 1, strlen("moved") + 200);
	assert_int_equal(collection_test_used(t), used);
	assert_int_equal(collection_test_remove(t, c, "e"), STORE_OK);
	assert_string_equal(ids(t, other, "m"), "b");

	/* within one collection, too */
	collection_test_put(t, other, "n", "n", "other");
	assert_int_equal(keep(t, other, "n", &b, 1), STORE_OK);
	assert_string_equal(ids(t, other, "n"), "b");
	collection_test_counts(t, other, 2, strlen("moved") + strlen("other") + 200);
	assert_int_equal(keep(t, other, "n", NULL, 0), STORE_OK);
	collection_test_counts(t, other, 2, strlen("moved") + strlen("other"));
	assert_int_equal(store_attachment_keep(t->store, t->user, c, SPAN("none"), wrong, &b, 1), STORE_OK);
}

static enum store_status copy(const struct store_test *t, uint64_t collection, const char *name, uint64_t to,
			      const char *to_name)
{
	struct store_object_target target = {.collection = to, .name = span_of(to_name), .overwrite = true};
	struct store_object_facts facts = {.uid = span_of(to_name), .component = STORE_EVENTS};
	struct store_object_result result;

	return store_object_copy(t->store, t->user, collection, span_of(name), &target, &facts, false, NULL, t->arena,
				 &result);
}

static enum store_status remove_attachment(const struct store_test *t, uint64_t collection, const char *object,
					   const char *id)
{
	struct step step = {object, arena_printf(t->arena, "%s without %s", object, id), NULL, 0, id};

	return try_step(t, collection, &step);
}

/* A copy has what the object has, under the same ids; what happens to one of them does not concern the other. */
static void copying(void **state)
{
	const struct store_test *t = *state;
	uint64_t c = calendar(t), other = collection_test_make(t, collection_test_home(t).id, "other", STORE_CALENDAR),
		 whole = 0, text = strlen("e has b");
	struct span a = SPAN("a");
	struct store_attachment got;

	collection_test_put(t, c, "e", "e", "bare");
	add(t, c, "e", "a", 100);
	add(t, c, "e", "b", 2000);
	assert_int_equal(copy(t, c, "e", other, "f"), STORE_OK);
	assert_string_equal(ids(t, other, "f"), "a b");
	assert_string_equal(ids(t, c, "e"), "a b");
	collection_test_counts(t, other, 1, text + 2100);
	assert_int_equal(collection_test_used(t), 2 * (text + 2100));
	assert_int_equal(copy(t, c, "e", other, "f"), STORE_OK); /* once more, over it */
	assert_int_equal(copy(t, other, "f", other, "g"), STORE_OK);
	assert_string_equal(ids(t, other, "g"), "a b");
	assert_int_equal(collection_test_used(t), 3 * (text + 2100));

	assert_int_equal(store_collection_copy(t->store, t->user, other, collection_test_home(t).id, SPAN("whole"),
					       true, NULL, &whole),
			 STORE_OK);
	assert_string_equal(ids(t, whole, "f"), "a b");
	assert_string_equal(ids(t, whole, "g"), "a b");
	collection_test_counts(t, whole, 2, 2 * (text + 2100));

	assert_int_equal(collection_test_remove(t, c, "e"), STORE_OK); /* the one that had them first */
	assert_string_equal(ids(t, other, "f"), "a b");
	assert_int_equal(store_attachment_get(t->store, t->user, SPAN("b"), t->arena, &got), STORE_OK);
	assert_true(span_is(got.id, "b") && got.size == 2000);
	collection_test_bytes_are(t, got.blob, message_test_bytes(t->arena, 2000, 2000));
	assert_int_equal(remove_attachment(t, other, "f", "b"), STORE_OK);
	assert_string_equal(ids(t, other, "f"), "a");
	assert_string_equal(ids(t, other, "g"), "a b");
	assert_int_equal(remove_attachment(t, other, "f", "b"), STORE_NOT_FOUND);
	assert_int_equal(keep(t, other, "g", &a, 1), STORE_OK);
	assert_string_equal(ids(t, other, "f"), "a");
	assert_string_equal(ids(t, other, "g"), "a");
	/* put elsewhere, while several have it: it is taken from none of them */
	collection_test_put(t, c, "p", "p", "put");
	assert_int_equal(keep(t, c, "p", &a, 1), STORE_OK);
	assert_string_equal(ids(t, c, "p"), "a");
	assert_string_equal(ids(t, other, "f"), "a");
	assert_string_equal(ids(t, other, "g"), "a");
	collection_test_counts(t, c, 1, strlen("put") + 100);
	assert_int_equal(collection_test_remove(t, c, "p"), STORE_OK);
	assert_int_equal(store_collection_delete(t->store, t->user, whole, NULL), STORE_OK);
	assert_int_equal(store_attachment_get(t->store, t->user, SPAN("b"), t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_attachment_get(t->store, t->user, span_from("a\0", 2), t->arena, &got), STORE_NOT_FOUND);
	assert_int_equal(store_user_set_quota(t->store, t->user, collection_test_used(t) + 100), STORE_OK);
	assert_int_equal(copy(t, other, "f", c, "h"), STORE_OVER_QUOTA); /* they count */
	assert_false(collection_test_has(t, c, "h"));
}

static void faults(void **state)
{
	const struct store_test *t = *state;
	uint64_t c = calendar(t), digest;
	struct step step = {"e", "e has a", "a", 70000, NULL};

	collection_test_put(t, c, "e", "e", "bare");
	digest = collection_test_digest(t);
	t->faults[FAULT_COMMIT_FULL] = 1;
	assert_int_equal(try_step(t, c, &step), STORE_NO_SPACE);
	assert_int_equal(collection_test_digest(t), digest);
	assert_int_equal(try_step(t, c, &step), STORE_OK);
	assert_string_equal(ids(t, c, "e"), "a");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		COLLECTION_TEST(changes), COLLECTION_TEST(refusals), COLLECTION_TEST(keeping),
		COLLECTION_TEST(copying), COLLECTION_TEST(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

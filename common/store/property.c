/* Properties of collections and their objects: text under a name, which the store does not look into. */
#include "common/store/collection_private.h"

/* Of a collection or object: whoever lists it reads all of them, and they do not count against the quota. */
enum { PROPERTIES_MAX = 1000, PROPERTIES_BYTES_MAX = 256 * 1024 };

static const char sql_list[] = "SELECT name, value FROM property WHERE collection = ? AND object = ? ORDER BY name";
static const char sql_put[] = "INSERT INTO property (collection, object, name, value) VALUES (?, ?, ?, ?)";
static const char sql_delete[] = "DELETE FROM property WHERE collection = ? AND object = ? AND name = ?";
static const char sql_delete_all[] = "DELETE FROM property WHERE collection = ? AND object = ?";
static const char sql_count[] = "SELECT COUNT(*), COALESCE(SUM(LENGTH(value)), 0) FROM property"
				" WHERE collection = ? AND object = ?";
static const char sql_copy[] =
	"INSERT INTO property (collection, object, name, value) SELECT ?3, ?4, name, value FROM property"
	" WHERE collection = ?1 AND object = ?2";

enum store_status property_check(const struct store_property *properties, size_t count)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		if (properties[i].name.n > STORE_PROPERTY_NAME_MAX || properties[i].value.n > STORE_PROPERTY_VALUE_MAX)
			return STORE_LIMIT;
		bytes += properties[i].value.n;
	}
	return count > PROPERTIES_MAX || bytes > PROPERTIES_BYTES_MAX ? STORE_LIMIT : STORE_OK;
}

static enum store_status delete_one(struct store_tx *tx, uint64_t collection, struct span object, struct span name)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_delete, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_span(stmt, 2, object);
		sql_bind_span(stmt, 3, name);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status property_put(struct store_tx *tx, uint64_t collection, struct span object,
			       const struct store_property *property)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = delete_one(tx, collection, object, property->name);

	if (status != STORE_OK || property->value.p == NULL)
		return status;
	status = sql_prepare(tx->db, sql_put, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_span(stmt, 2, object);
		sql_bind_span(stmt, 3, property->name);
		sql_bind_span(stmt, 4, property->value);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status property_delete_all(struct store_tx *tx, uint64_t collection, struct span object)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_delete_all, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_span(stmt, 2, object);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status property_copy_all(struct store_tx *tx, uint64_t from, struct span object, uint64_t to,
				    struct span name)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_copy, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, from);
		sql_bind_span(stmt, 2, object);
		sql_bind_u64(stmt, 3, to);
		sql_bind_span(stmt, 4, name);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* --- listing --- */

struct list {
	uint64_t actor, collection;
	struct span object;
	struct arena *arena;
	struct store_property *list;
	size_t count, capacity;
};

static enum store_status check_there(struct store_tx *tx, uint64_t actor, uint64_t collection, struct span object,
				     struct store_collection *above_r)
{
	struct arena *arena = arena_create();
	struct store_object found;
	enum store_status status = collection_read(tx, actor, collection, arena, above_r);

	if (status == STORE_OK && object.n > 0)
		status = object_look(tx, collection, object, arena, &found);
	above_r->name = above_r->share = (struct span){0};
	arena_destroy(&arena);
	return status;
}

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	struct list *job = arg;
	struct store_collection above;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = check_there(tx, job->actor, job->collection, job->object, &above);

	job->count = 0;
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_list, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		sql_bind_span(stmt, 2, job->object);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(job->arena, (void **)&job->list, &job->capacity, job->count + 1, sizeof *job->list);
		job->list[job->count++] = (struct store_property){.name = arena_span(job->arena, sql_span(stmt, 0)),
								  .value = arena_span(job->arena, sql_span(stmt, 1))};
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_property_list(struct store *store, uint64_t actor, uint64_t collection, struct span object,
				      struct arena *arena, struct store_property **list_r, size_t *count_r)
{
	struct list job = {.actor = actor, .collection = collection, .object = object, .arena = arena};
	enum store_status status = store_read(store, list_tx, &job);

	*list_r = job.list;
	*count_r = status == STORE_OK ? job.count : 0;
	return status;
}

/* --- changing --- */

struct change {
	uint64_t actor, collection;
	struct span object;
	const struct store_property *changes;
	size_t count;
	const struct store_guard *guard;
};

static enum store_status check_count(struct store_tx *tx, const struct change *job)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_count, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		sql_bind_span(stmt, 2, job->object);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK && (sql_u64(stmt, 0) > PROPERTIES_MAX || sql_u64(stmt, 1) > PROPERTIES_BYTES_MAX))
		status = STORE_LIMIT;
	sql_stmt_free(&stmt);
	return status;
}

/* What lists the collection, or the object, sees a change. */
static enum store_status change_tx(struct store_tx *tx, void *arg)
{
	const struct change *job = arg;
	struct store_collection above;
	enum store_status status = check_there(tx, job->actor, job->collection, job->object, &above);

	if (status == STORE_OK)
		status = guard_check(tx, job->actor, job->collection, job->object, GUARD_ITSELF, job->guard);
	for (size_t i = 0; i < job->count && status == STORE_OK; i++)
		status = property_put(tx, job->collection, job->object, &job->changes[i]);
	if (status == STORE_OK)
		status = check_count(tx, job);
	if (status != STORE_OK || job->count == 0)
		return status;
	return job->object.n == 0 ? collection_touch_above(tx, job->actor, job->collection)
				  : collection_touch(tx, job->actor, job->collection);
}

enum store_status store_property_change(struct store *store, uint64_t actor, uint64_t collection, struct span object,
					const struct store_property *changes, size_t count,
					const struct store_guard *guard)
{
	struct change job = {actor, collection, object, changes, count, guard};
	enum store_status status = property_check(changes, count);

	return status == STORE_OK ? store_write(store, change_tx, &job) : status;
}

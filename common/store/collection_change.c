/* Collections: making, deleting, moving, copying them, and what every change to one settles. */
#include "common/store/collection_private.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <unistr.h>

enum { COLLECTIONS_MAX = 10000 /* a user */ };

static const char sql_begin[] = "SELECT kind, modseq FROM collection WHERE id = ? AND owner = ?";
static const char sql_end[] = "UPDATE collection SET modseq = ?1, objects = objects + ?2, bytes = bytes + ?3,"
			      " modified_at = ?4 WHERE id = ?5";
static const char sql_use[] = "UPDATE user SET used_bytes = used_bytes + ? WHERE id = ?";
static const char sql_insert[] =
	"INSERT INTO collection (owner, parent, name, kind, components, modseq, objects, bytes, removed_floor, "
	"created_at, modified_at)"
	" VALUES (?, ?, ?, ?, ?, 1, 0, 0, 0, ?, ?)";
static const char sql_how_many[] = "SELECT COUNT(*) FROM collection WHERE owner = ?";
static const char sql_delete[] = "DELETE FROM collection WHERE id = ?";
static const char sql_delete_removed[] = "DELETE FROM object_removed WHERE collection = ?";
static const char sql_delete_objects[] = "DELETE FROM object WHERE collection = ?";
static const char sql_delete_properties[] = "DELETE FROM property WHERE collection = ?";
static const char sql_delete_attachments[] = "DELETE FROM attachment WHERE collection = ?";
static const char sql_blobs[] = "SELECT blob, size FROM object WHERE collection = ?1"
				" UNION ALL SELECT blob, size FROM attachment WHERE collection = ?1";
static const char sql_child[] = "SELECT id FROM collection WHERE owner = ? AND parent = ? LIMIT 1";
static const char sql_homes[] = "SELECT id FROM collection WHERE owner = ? AND parent = 0 LIMIT 1";
static const char sql_rename[] = "UPDATE collection SET parent = ?, name = ? WHERE id = ?";
static const char sql_parent[] = "SELECT parent FROM collection WHERE id = ?";
static const char sql_tree[] =
	"WITH RECURSIVE tree (id, level) AS (SELECT id, 1 FROM collection WHERE id = ?1 AND owner = ?2"
	" UNION ALL SELECT c.id, t.level + 1 FROM tree t JOIN collection c ON c.owner = ?2 AND c.parent = t.id)"
	" SELECT COUNT(*), MAX(level) FROM tree";

bool collection_name_is_good(struct span name)
{
	if (name.n == 0 || name.n > STORE_COLLECTION_NAME_MAX || span_is(name, ".") || span_is(name, "..") ||
	    u8_check((const uint8_t *)name.p, name.n) != NULL)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f || name.p[i] == '/')
			return false;
	return true;
}

/* --- what every change settles --- */

enum store_status collection_change_begin(struct store_tx *tx, uint64_t actor, uint64_t id,
					  struct collection_change *change_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_begin, &stmt);

	*change_r = (struct collection_change){.id = id, .owner = actor};
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, id);
		sql_bind_u64(stmt, 2, actor);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		change_r->kind = (enum store_collection_kind)sql_u64(stmt, 0);
		change_r->modseq = sql_u64(stmt, 1);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status collection_count_bytes(struct store_tx *tx, uint64_t owner, int64_t bytes)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = STORE_OK;

	if (bytes > 0)
		status = store_quota_check(tx, owner, (uint64_t)bytes);
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_use, &stmt);
	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, bytes);
		sql_bind_u64(stmt, 2, owner);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status write_change(struct store_tx *tx, const struct collection_change *change)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_end, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, change->modseq);
		sql_bind_i64(stmt, 2, change->objects);
		sql_bind_i64(stmt, 3, change->bytes);
		sql_bind_i64(stmt, 4, clock_now());
		sql_bind_u64(stmt, 5, change->id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status collection_change_end(struct store_tx *tx, const struct collection_change *change)
{
	enum store_status status = write_change(tx, change);

	if (status == STORE_OK && change->bytes != 0)
		status = collection_count_bytes(tx, change->owner, change->bytes);
	return status;
}

enum store_status collection_change_end_both(struct store_tx *tx, const struct collection_change *from,
					     const struct collection_change *to)
{
	enum store_status status = write_change(tx, from);

	if (status == STORE_OK)
		status = write_change(tx, to);
	if (status == STORE_OK && from->bytes + to->bytes != 0)
		status = collection_count_bytes(tx, to->owner, from->bytes + to->bytes);
	return status;
}

enum store_status collection_touch(struct store_tx *tx, uint64_t actor, uint64_t id)
{
	struct collection_change change;
	enum store_status status = collection_change_begin(tx, actor, id, &change);

	change.modseq++;
	return status == STORE_OK ? collection_change_end(tx, &change) : status;
}

static enum store_status one_number(struct store_tx *tx, const char *sql, uint64_t parameter, uint64_t *number_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, parameter);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		*number_r = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return status;
}

enum store_status collection_touch_above(struct store_tx *tx, uint64_t actor, uint64_t id)
{
	uint64_t parent = 0;
	enum store_status status = one_number(tx, sql_parent, id, &parent);

	return status == STORE_OK ? collection_touch(tx, actor, parent != 0 ? parent : id) : status;
}

/* --- making --- */

enum store_status collection_insert(struct store_tx *tx, uint64_t owner, const struct store_new_collection *make,
				    uint64_t *id_r)
{
	struct sql_stmt *stmt = NULL;
	int64_t now = clock_now();
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_u64(stmt, 2, make->parent);
		sql_bind_span(stmt, 3, make->name);
		sql_bind_u64(stmt, 4, make->kind);
		sql_bind_u64(stmt, 5, make->components);
		sql_bind_i64(stmt, 6, now);
		sql_bind_i64(stmt, 7, now);
		status = sql_run(stmt); /* a name that is taken: STORE_EXISTS */
	}
	if (status == STORE_OK)
		*id_r = sql_last_insert_id(tx->db);
	sql_stmt_free(&stmt);
	for (size_t i = 0; i < make->property_count && status == STORE_OK; i++)
		status = property_put(tx, *id_r, SPAN(""), &make->properties[i]);
	return status;
}

enum store_status collection_make_first(struct store_tx *tx, uint64_t owner)
{
	static const struct store_new_collection first[] = {
		{.name = {"calendar", 8}, .kind = STORE_CALENDAR, .components = STORE_EVENTS | STORE_AVAILABILITY},
		{.name = {"tasks", 5}, .kind = STORE_CALENDAR, .components = STORE_TODOS},
		{.name = {"inbox", 5}, .kind = STORE_INBOX},
		{.name = {"outbox", 6}, .kind = STORE_OUTBOX},
	};
	struct store_new_collection home = {.name = SPAN(""), .kind = STORE_HOME};
	uint64_t root, id;
	enum store_status status = collection_insert(tx, owner, &home, &root);

	for (size_t i = 0; i < array_count(first) && status == STORE_OK; i++) {
		struct store_new_collection make = first[i];

		make.parent = root;
		status = collection_insert(tx, owner, &make, &id);
	}
	return status;
}

struct change_job {
	uint64_t actor, id, parent;
	struct span name;
	const struct store_new_collection *make;
	const struct store_guard *guard;
	bool deep, replaces;
	uint64_t new_id;
};

/* What comes to a place: so many collections more than there were, so many levels of them. */
struct arrival {
	uint64_t count, levels;
};

static enum store_status measure_tree(struct store_tx *tx, uint64_t owner, uint64_t id, struct arrival *arrival_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_tree, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, id);
		sql_bind_u64(stmt, 2, owner);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		*arrival_r = (struct arrival){.count = sql_u64(stmt, 0), .levels = sql_u64(stmt, 1)};
	sql_stmt_free(&stmt);
	return status;
}

/* Is the parent one that takes collections, the place free and not too deep? */
static enum store_status check_place(struct store_tx *tx, uint64_t actor, uint64_t parent, struct span name,
				     struct arrival arrival, const struct store_guard *guard)
{
	struct arena *arena = arena_create();
	struct store_collection above;
	struct store_object object;
	uint64_t up = parent, count = 0;
	size_t depth = 0;
	enum store_status status = collection_read(tx, actor, parent, arena, &above);

	if (status == STORE_OK && above.kind != STORE_HOME && above.kind != STORE_FOLDER)
		status = STORE_DENIED;
	while (status == STORE_OK && up != 0 && depth++ <= STORE_COLLECTION_DEPTH_MAX)
		status = one_number(tx, sql_parent, up, &up);
	if (status == STORE_OK && depth + arrival.levels - 1 > STORE_COLLECTION_DEPTH_MAX)
		status = STORE_LIMIT;
	if (status == STORE_OK)
		status = one_number(tx, sql_how_many, actor, &count);
	if (status == STORE_OK && count + arrival.count > COLLECTIONS_MAX)
		status = STORE_LIMIT;
	if (status == STORE_OK)
		status = guard_check(tx, actor, parent, name, GUARD_MEMBER, guard);
	if (status == STORE_OK && (status = object_look(tx, parent, name, arena, &object)) == STORE_OK)
		status = STORE_EXISTS;
	else if (status == STORE_NOT_FOUND &&
		 (status = collection_look(tx, actor, parent, name, arena, &above)) == STORE_OK)
		status = STORE_EXISTS;
	arena_destroy(&arena);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status make_tx(struct store_tx *tx, void *arg)
{
	struct change_job *job = arg;
	enum store_status status =
		check_place(tx, job->actor, job->make->parent, job->make->name, (struct arrival){1, 1}, job->guard);

	if (status == STORE_OK)
		status = collection_insert(tx, job->actor, job->make, &job->new_id);
	if (status == STORE_OK)
		status = collection_touch(tx, job->actor, job->make->parent);
	return status;
}

enum store_status store_collection_make(struct store *store, uint64_t actor, const struct store_new_collection *make,
					const struct store_guard *guard, uint64_t *id_r)
{
	struct change_job job = {.actor = actor, .make = make, .guard = guard};
	enum store_status status = collection_name_is_good(make->name) ? STORE_OK : STORE_INVALID;

	if (status == STORE_OK)
		status = property_check(make->properties, make->property_count);
	if (status == STORE_OK)
		status = store_write(store, make_tx, &job);
	*id_r = job.new_id;
	return status;
}

/* --- deleting --- */

static enum store_status drop_contents(struct store_tx *tx, uint64_t id, uint64_t *bytes_r)
{
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_blobs, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, id);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		*bytes_r += sql_u64(stmt, 1);
		status = blob_refer(tx, sql_u64(stmt, 0), -1);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* The first row's number, or 0. */
static enum store_status find_one(struct store_tx *tx, const char *sql, const uint64_t *numbers, int count,
				  uint64_t *number_r)
{
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	*number_r = 0;
	if (status == STORE_OK) {
		for (int i = 0; i < count; i++)
			sql_bind_u64(stmt, i + 1, numbers[i]);
		status = sql_step(stmt, &row);
	}
	if (status == STORE_OK && row)
		*number_r = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return status;
}

/* Children first; no deeper than STORE_COLLECTION_DEPTH_MAX. */
static enum store_status erase(struct store_tx *tx, uint64_t owner, uint64_t id)
{
	static const char *const rows[] = {sql_delete_objects, sql_delete_removed, sql_delete_properties,
					   sql_delete_attachments, sql_delete};
	uint64_t key[] = {owner, id}, child = 0, bytes = 0;
	enum store_status status;

	while ((status = find_one(tx, sql_child, key, 2, &child)) == STORE_OK && child != 0)
		if ((status = erase(tx, owner, child)) != STORE_OK)
			return status;
	if (status == STORE_OK)
		status = drop_contents(tx, id, &bytes);
	if (status == STORE_OK && bytes > 0)
		status = collection_count_bytes(tx, owner, -(int64_t)bytes);
	for (size_t i = 0; i < array_count(rows) && status == STORE_OK; i++)
		status = collection_run(tx, rows[i], &id, 1);
	return status;
}

enum store_status collection_erase_all(struct store_tx *tx, uint64_t owner)
{
	uint64_t home = 0;
	enum store_status status;

	while ((status = find_one(tx, sql_homes, &owner, 1, &home)) == STORE_OK && home != 0)
		if ((status = erase(tx, owner, home)) != STORE_OK)
			return status;
	return status == STORE_OK ? lock_delete_all(tx, owner) : status;
}

static bool may_go(const struct store_collection *collection)
{
	return collection->kind == STORE_FOLDER || collection->kind == STORE_CALENDAR;
}

/* Is `id` on the way from `from` up to the home? */
static enum store_status is_above(struct store_tx *tx, uint64_t id, uint64_t from, bool *is_r)
{
	enum store_status status = STORE_OK;

	*is_r = false;
	for (size_t depth = 0; from != 0 && status == STORE_OK && depth <= 2 * STORE_COLLECTION_DEPTH_MAX; depth++) {
		if (from == id) {
			*is_r = true;
			return STORE_OK;
		}
		status = one_number(tx, sql_parent, from, &from);
	}
	return status;
}

static enum store_status drop(struct store_tx *tx, uint64_t actor, const struct store_collection *collection,
			      const struct store_guard *guard)
{
	enum store_status status = may_go(collection) ? STORE_OK : STORE_DENIED;

	if (status == STORE_OK)
		status = guard_check(tx, actor, collection->parent, collection->name, GUARD_MEMBER | GUARD_DEEP, guard);
	if (status == STORE_OK)
		status = guard_drop(tx, actor, collection->parent, collection->name);
	return status == STORE_OK ? erase(tx, actor, collection->id) : status;
}

enum store_status collection_clear(struct store_tx *tx, uint64_t actor, uint64_t parent, struct span name,
				   uint64_t spared, const struct store_guard *guard)
{
	struct arena *arena = arena_create();
	struct store_collection collection;
	bool is_around = false;
	enum store_status status = collection_look(tx, actor, parent, name, arena, &collection);

	if (status == STORE_OK && (status = is_above(tx, collection.id, spared, &is_around)) == STORE_OK && is_around)
		status = STORE_DENIED;
	if (status == STORE_OK)
		status = drop(tx, actor, &collection, guard);
	arena_destroy(&arena);
	return status;
}

static enum store_status delete_tx(struct store_tx *tx, void *arg)
{
	const struct change_job *job = arg;
	struct arena *arena = arena_create();
	struct store_collection collection;
	enum store_status status = collection_read(tx, job->actor, job->id, arena, &collection);

	if (status == STORE_OK)
		status = drop(tx, job->actor, &collection, job->guard);
	if (status == STORE_OK)
		status = collection_touch(tx, job->actor, collection.parent);
	arena_destroy(&arena);
	return status;
}

enum store_status store_collection_delete(struct store *store, uint64_t actor, uint64_t id,
					  const struct store_guard *guard)
{
	struct change_job job = {.actor = actor, .id = id, .guard = guard};

	return store_write(store, delete_tx, &job);
}

/* --- moving and copying --- */

/* What is at the place goes, where it is to be replaced. */
static enum store_status clear_place(struct store_tx *tx, const struct change_job *job)
{
	enum store_status status;

	if (!job->replaces)
		return STORE_OK;
	status = collection_clear(tx, job->actor, job->parent, job->name, job->id, job->guard);
	if (status == STORE_NOT_FOUND)
		status = object_clear(tx, job->actor, job->parent, job->name, NULL, job->guard);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status rename_row(struct store_tx *tx, const struct change_job *job)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_rename, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->parent);
		sql_bind_span(stmt, 2, job->name);
		sql_bind_u64(stmt, 3, job->id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status move_tx(struct store_tx *tx, void *arg)
{
	const struct change_job *job = arg;
	struct arena *arena = arena_create();
	struct store_collection collection;
	struct arrival tree = {0};
	bool is_inside = false;
	enum store_status status = collection_read(tx, job->actor, job->id, arena, &collection);

	if (status == STORE_OK && !may_go(&collection))
		status = STORE_DENIED;
	if (status == STORE_OK && (status = is_above(tx, job->id, job->parent, &is_inside)) == STORE_OK && is_inside)
		status = STORE_DENIED;
	if (status == STORE_OK)
		status = guard_check(tx, job->actor, collection.parent, collection.name, GUARD_MEMBER | GUARD_DEEP,
				     job->guard);
	if (status == STORE_OK)
		status = clear_place(tx, job);
	if (status == STORE_OK)
		status = measure_tree(tx, job->actor, job->id, &tree);
	tree.count = 0;
	if (status == STORE_OK)
		status = check_place(tx, job->actor, job->parent, job->name, tree, job->guard);
	if (status == STORE_OK)
		status = guard_drop(tx, job->actor, collection.parent, collection.name);
	if (status == STORE_OK)
		status = rename_row(tx, job);
	if (status == STORE_OK)
		status = collection_touch(tx, job->actor, collection.parent);
	if (status == STORE_OK && collection.parent != job->parent)
		status = collection_touch(tx, job->actor, job->parent);
	arena_destroy(&arena);
	return status;
}

enum store_status store_collection_move(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					struct span name, const struct store_guard *guard)
{
	struct change_job job = {.actor = actor, .id = id, .parent = parent, .name = name, .guard = guard};

	return collection_name_is_good(name) ? store_write(store, move_tx, &job) : STORE_INVALID;
}

enum store_status store_collection_move_over(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					     struct span name, const struct store_guard *guard)
{
	struct change_job job = {
		.actor = actor, .id = id, .parent = parent, .name = name, .guard = guard, .replaces = true};

	return collection_name_is_good(name) ? store_write(store, move_tx, &job) : STORE_INVALID;
}

/* Each takes a modseq of its own, as if they had been put one by one: changes are told in pages that end with one. */
static const char sql_copy_objects[] =
	"INSERT INTO object (" OBJECT_COLUMNS ") SELECT ?2, name, ?3 + ROW_NUMBER() OVER (ORDER BY modseq), tag, size,"
	" blob, component, flags, first, last, uid, type, schedule_tag, created_at, modified_at FROM object"
	" WHERE collection = ?1";
static const char sql_copied_blobs[] = "SELECT blob, size FROM object WHERE collection = ?";
static const char sql_copy_properties[] =
	"INSERT INTO property (collection, object, name, value) SELECT ?2, object, name, value FROM property"
	" WHERE collection = ?1";
static const char sql_copy_own_properties[] =
	"INSERT INTO property (collection, object, name, value) SELECT ?2, object, name, value FROM property"
	" WHERE collection = ?1 AND object = X''";

static enum store_status copy_objects(struct store_tx *tx, uint64_t from, uint64_t to, uint64_t owner)
{
	struct collection_change change;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = collection_change_begin(tx, owner, to, &change);
	const uint64_t numbers[] = {from, to, change.modseq};

	if (status == STORE_OK)
		status = collection_run(tx, sql_copy_objects, numbers, 3);
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_copied_blobs, &stmt);
	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, to);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		change.objects++;
		change.modseq++;
		change.bytes += sql_i64(stmt, 1);
		status = blob_refer(tx, sql_u64(stmt, 0), 1);
	}
	sql_stmt_free(&stmt);
	if (status == STORE_OK)
		status = attachment_copy_all(tx, from, (struct span){0}, &change, (struct span){0});
	return status == STORE_OK ? collection_change_end(tx, &change) : status;
}

static const char sql_children[] = "SELECT " COLLECTION_COLUMNS " FROM collection WHERE owner = ? AND parent = ?";

static enum store_status copy_tree(struct store_tx *tx, uint64_t owner, const struct store_collection *from,
				   uint64_t parent, struct span name, bool deep, struct arena *arena, uint64_t *id_r)
{
	struct store_new_collection make = {
		.parent = parent, .name = name, .kind = from->kind, .components = from->components};
	struct store_collection *children = NULL;
	size_t count = 0, capacity = 0;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	uint64_t both[2], ignored = 0;
	enum store_status status = collection_insert(tx, owner, &make, id_r);

	both[0] = from->id;
	both[1] = *id_r;
	if (status == STORE_OK)
		status = collection_run(tx, deep ? sql_copy_properties : sql_copy_own_properties, both, 2);
	if (!deep || status != STORE_OK)
		return status;
	status = copy_objects(tx, from->id, *id_r, owner);
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_children, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_u64(stmt, 2, from->id);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(arena, (void **)&children, &capacity, count + 1, sizeof *children);
		collection_from_columns(stmt, arena, &children[count++]);
	}
	sql_stmt_free(&stmt);
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		status = copy_tree(tx, owner, &children[i], *id_r, children[i].name, true, arena, &ignored);
	return status;
}

static enum store_status copy_tx(struct store_tx *tx, void *arg)
{
	struct change_job *job = arg;
	struct arena *arena = arena_create();
	struct arrival tree = {1, 1};
	struct store_collection collection;
	bool is_inside = false;
	enum store_status status = collection_read(tx, job->actor, job->id, arena, &collection);

	if (status == STORE_OK && !may_go(&collection))
		status = STORE_DENIED;
	if (status == STORE_OK && job->deep && (status = is_above(tx, job->id, job->parent, &is_inside)) == STORE_OK &&
	    is_inside)
		status = STORE_DENIED;
	if (status == STORE_OK)
		status = clear_place(tx, job);
	if (status == STORE_OK && job->deep)
		status = measure_tree(tx, job->actor, job->id, &tree);
	if (status == STORE_OK)
		status = check_place(tx, job->actor, job->parent, job->name, tree, job->guard);
	if (status == STORE_OK)
		status = copy_tree(tx, job->actor, &collection, job->parent, job->name, job->deep, arena, &job->new_id);
	if (status == STORE_OK)
		status = collection_touch(tx, job->actor, job->parent);
	arena_destroy(&arena);
	return status;
}

static enum store_status copy(struct store *store, struct change_job job, uint64_t *id_r)
{
	enum store_status status =
		collection_name_is_good(job.name) ? store_write(store, copy_tx, &job) : STORE_INVALID;

	*id_r = job.new_id;
	return status;
}

enum store_status store_collection_copy(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					struct span name, bool deep, const struct store_guard *guard, uint64_t *id_r)
{
	struct change_job job = {
		.actor = actor, .id = id, .parent = parent, .name = name, .deep = deep, .guard = guard};

	return copy(store, job, id_r);
}

enum store_status store_collection_copy_over(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					     struct span name, bool deep, const struct store_guard *guard,
					     uint64_t *id_r)
{
	struct change_job job = {.actor = actor,
				 .id = id,
				 .parent = parent,
				 .name = name,
				 .deep = deep,
				 .guard = guard,
				 .replaces = true};

	return copy(store, job, id_r);
}

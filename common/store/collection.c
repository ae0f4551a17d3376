/* Collections: looking at them, and where a path leads. */
#include "common/store/collection_private.h"

static const char sql_get[] = "SELECT " COLLECTION_COLUMNS " FROM collection WHERE id = ? AND owner = ?";
static const char sql_look[] =
	"SELECT " COLLECTION_COLUMNS " FROM collection WHERE owner = ? AND parent = ? AND name = ?";
static const char sql_list[] =
	"SELECT " COLLECTION_COLUMNS " FROM collection WHERE owner = ? AND parent = ? ORDER BY name";
static const char sql_shared[] = "SELECT " COLLECTION_COLUMNS " FROM collection WHERE share = ?";
static const char sql_state[] = "SELECT id, modseq FROM collection WHERE owner = ? ORDER BY id";

void collection_from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_collection *collection_r)
{
	*collection_r = (struct store_collection){
		.id = sql_u64(stmt, 0),
		.owner = sql_u64(stmt, 1),
		.parent = sql_u64(stmt, 2),
		.name = arena_span(arena, sql_span(stmt, 3)),
		.kind = (enum store_collection_kind)sql_u64(stmt, 4),
		.components = (unsigned)sql_u64(stmt, 5),
		.modseq = sql_u64(stmt, 6),
		.objects = sql_u64(stmt, 7),
		.bytes = sql_u64(stmt, 8),
		.removed_floor = sql_u64(stmt, 9),
		.created_at = sql_i64(stmt, 10),
		.modified_at = sql_i64(stmt, 11),
		.share = arena_span(arena, sql_span(stmt, 12)),
	};
}

static enum store_status first_row(struct sql_stmt **stmt, struct arena *arena, struct store_collection *collection_r)
{
	enum store_status status = sql_step_one(*stmt);

	if (status == STORE_OK)
		collection_from_columns(*stmt, arena, collection_r);
	sql_stmt_free(stmt);
	return status;
}

enum store_status collection_read(struct store_tx *tx, uint64_t actor, uint64_t id, struct arena *arena,
				  struct store_collection *collection_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_get, &stmt);

	if (status != STORE_OK)
		return status;
	sql_bind_u64(stmt, 1, id);
	sql_bind_u64(stmt, 2, actor);
	return first_row(&stmt, arena, collection_r);
}

enum store_status collection_look(struct store_tx *tx, uint64_t owner, uint64_t parent, struct span name,
				  struct arena *arena, struct store_collection *collection_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_look, &stmt);

	if (status != STORE_OK)
		return status;
	sql_bind_u64(stmt, 1, owner);
	sql_bind_u64(stmt, 2, parent);
	sql_bind_span(stmt, 3, name);
	return first_row(&stmt, arena, collection_r);
}

enum store_status collection_run(struct store_tx *tx, const char *sql, const uint64_t *numbers, int count)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		for (int i = 0; i < count; i++)
			sql_bind_u64(stmt, i + 1, numbers[i]);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* --- one --- */

struct get {
	uint64_t actor, id;
	struct span secret;
	struct arena *arena;
	struct store_collection *collection_r;
};

static enum store_status get_tx(struct store_tx *tx, void *arg)
{
	const struct get *job = arg;

	return collection_read(tx, job->actor, job->id, job->arena, job->collection_r);
}

enum store_status store_collection_get(struct store *store, uint64_t actor, uint64_t id, struct arena *arena,
				       struct store_collection *collection_r)
{
	struct get job = {.actor = actor, .id = id, .arena = arena, .collection_r = collection_r};

	return store_read(store, get_tx, &job);
}

static enum store_status home_tx(struct store_tx *tx, void *arg)
{
	const struct get *job = arg;

	return collection_look(tx, job->actor, 0, SPAN(""), job->arena, job->collection_r);
}

enum store_status store_collection_home(struct store *store, uint64_t actor, uint64_t owner, struct arena *arena,
					struct store_collection *collection_r)
{
	struct get job = {.actor = actor, .arena = arena, .collection_r = collection_r};

	return actor != owner ? STORE_NOT_FOUND : store_read(store, home_tx, &job);
}

static enum store_status shared_tx(struct store_tx *tx, void *arg)
{
	const struct get *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_shared, &stmt);

	if (status != STORE_OK)
		return status;
	sql_bind_span(stmt, 1, job->secret);
	return first_row(&stmt, job->arena, job->collection_r);
}

enum store_status store_collection_shared(struct store *store, struct span secret, struct arena *arena,
					  struct store_collection *collection_r)
{
	struct get job = {.secret = secret, .arena = arena, .collection_r = collection_r};

	return secret.n == 0 ? STORE_NOT_FOUND : store_read(store, shared_tx, &job);
}

/* --- a path --- */

struct find_place {
	uint64_t owner;
	const struct span *names;
	size_t count;
	struct arena *arena;
	struct store_place *place;
};

static enum store_status find_object(struct store_tx *tx, const struct find_place *job)
{
	struct store_place *place = job->place;
	struct store_object object;
	enum store_status status = object_look(tx, place->collection.id, job->names[place->depth], job->arena, &object);

	if (status == STORE_OK) {
		place->object = arena_new(job->arena, struct store_object);
		*place->object = object;
	}
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status place_tx(struct store_tx *tx, void *arg)
{
	const struct find_place *job = arg;
	struct store_place *place = job->place;
	enum store_status status = collection_look(tx, job->owner, 0, SPAN(""), job->arena, &place->collection);

	place->depth = 0;
	place->object = NULL;
	while (status == STORE_OK && place->depth < job->count) {
		/* the last name is mostly an object's, and calendars hold nothing else */
		bool is_mostly_object = place->depth + 1 == job->count || place->collection.kind != STORE_FOLDER;
		struct store_collection next;

		if (is_mostly_object && ((status = find_object(tx, job)) != STORE_OK || place->object != NULL))
			return status;
		status = collection_look(tx, job->owner, place->collection.id, job->names[place->depth], job->arena,
					 &next);
		if (status == STORE_NOT_FOUND)
			return is_mostly_object ? STORE_OK : find_object(tx, job);
		if (status == STORE_OK) {
			place->collection = next;
			place->depth++;
		}
	}
	return status;
}

enum store_status store_place_find(struct store *store, uint64_t actor, uint64_t owner, const struct span *names,
				   size_t count, struct arena *arena, struct store_place *place_r)
{
	struct find_place job = {.owner = owner, .names = names, .count = count, .arena = arena, .place = place_r};

	return actor != owner ? STORE_NOT_FOUND : store_read(store, place_tx, &job);
}

/* --- many --- */

struct list {
	uint64_t owner, parent;
	struct arena *arena;
	struct store_collection *list;
	size_t count, capacity;
	uint64_t state;
};

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	struct list *job = arg;
	struct store_collection above;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = collection_read(tx, job->owner, job->parent, job->arena, &above);

	job->count = 0;
	if (status == STORE_OK && (status = sql_prepare(tx->db, sql_list, &stmt)) == STORE_OK) {
		sql_bind_u64(stmt, 1, job->owner);
		sql_bind_u64(stmt, 2, job->parent);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(job->arena, (void **)&job->list, &job->capacity, job->count + 1, sizeof *job->list);
		collection_from_columns(stmt, job->arena, &job->list[job->count++]);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_collection_list(struct store *store, uint64_t actor, uint64_t parent, struct arena *arena,
					struct store_collection **list_r, size_t *count_r)
{
	struct list job = {.owner = actor, .parent = parent, .arena = arena};
	enum store_status status = store_read(store, list_tx, &job);

	*list_r = job.list;
	*count_r = status == STORE_OK ? job.count : 0;
	return status;
}

static enum store_status state_tx(struct store_tx *tx, void *arg)
{
	struct list *job = arg;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_state, &stmt);

	job->state = 14695981039346656037U; /* FNV-1a, word by word */
	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, job->owner);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		job->state = (job->state ^ sql_u64(stmt, 0)) * 1099511628211U;
		job->state = (job->state ^ sql_u64(stmt, 1)) * 1099511628211U;
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_collection_state(struct store *store, uint64_t actor, uint64_t owner, uint64_t *state_r)
{
	struct list job = {.owner = owner};
	enum store_status status = actor != owner ? STORE_NOT_FOUND : store_read(store, state_tx, &job);

	*state_r = job.state;
	return status;
}

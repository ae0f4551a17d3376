/* Attachments: rows beside objects. What removes, copies or moves objects takes care of theirs (object_change.c). Of
 * the first object that has it a row's key is the id; a copy of that object has a row with the id, a NUL and a number,
 * which refers to the same content. */
#include "common/store/attachment.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/store/collection_private.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3 }; /* where a collector takes a file away between preparing and adding */

static const char sql_get[] =
	"SELECT id, collection, object, blob, size, name, type FROM attachment WHERE id >= ? AND id < ? AND owner = ?"
	" ORDER BY id LIMIT 2";
static const char sql_list[] =
	"SELECT id, collection, object, blob, size, name, type FROM attachment WHERE collection = ? AND object = ?"
	" AND owner = ? ORDER BY id";
static const char sql_list_all[] =
	"SELECT id, collection, object, blob, size, name, type FROM attachment WHERE collection = ? AND owner = ?"
	" ORDER BY id";
static const char sql_insert[] = "INSERT INTO attachment (id, owner, collection, object, blob, size, name, type) "
				 "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_delete[] = "DELETE FROM attachment WHERE id = ? AND owner = ?";
static const char sql_adopt[] = "UPDATE attachment SET collection = ?, object = ? WHERE id = ?";

/* --- reading --- */

static void from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_attachment *attachment_r)
{
	struct span key = arena_span(arena, sql_span(stmt, 0));

	*attachment_r = (struct store_attachment){.id = span_sub(key, 0, span_find_byte(key, '\0')),
						  .key = key,
						  .collection = sql_u64(stmt, 1),
						  .object = arena_span(arena, sql_span(stmt, 2)),
						  .blob = sql_u64(stmt, 3),
						  .size = sql_u64(stmt, 4),
						  .name = arena_span(arena, sql_span(stmt, 5)),
						  .type = arena_span(arena, sql_span(stmt, 6))};
}

/* The row of any object that has it. *several_r: there are others. */
static enum store_status look(struct store_tx *tx, uint64_t actor, struct span id, struct arena *arena,
			      struct store_attachment *attachment_r, bool *several_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status =
		span_find_byte(id, '\0') == SIZE_MAX ? sql_prepare(tx->db, sql_get, &stmt) : STORE_NOT_FOUND;

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, id);
		sql_bind_span(stmt, 2, span_of(arena_printf(arena, "%.*s\1", (int)id.n, id.p)));
		sql_bind_u64(stmt, 3, actor);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		from_columns(stmt, arena, attachment_r);
		status = sql_step(stmt, several_r);
	}
	sql_stmt_free(&stmt);
	return status;
}

struct listing {
	uint64_t actor, collection;
	struct span name; /* of the object, or the id of one attachment */
	struct arena *arena;
	struct store_attachment *list;
	size_t count;
};

static enum store_status list(struct store_tx *tx, struct listing *job)
{
	struct sql_stmt *stmt = NULL;
	size_t capacity = 0;
	bool row = false;
	bool is_all = job->name.p == NULL;
	enum store_status status = sql_prepare(tx->db, is_all ? sql_list_all : sql_list, &stmt);

	job->list = NULL;
	job->count = 0;
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		if (!is_all)
			sql_bind_span(stmt, 2, job->name);
		sql_bind_u64(stmt, is_all ? 2 : 3, job->actor);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(job->arena, (void **)&job->list, &capacity, job->count + 1, sizeof *job->list);
		from_columns(stmt, job->arena, &job->list[job->count++]);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	return list(tx, arg);
}

static enum store_status get_tx(struct store_tx *tx, void *arg)
{
	struct listing *job = arg;
	bool ignored;

	return look(tx, job->actor, job->name, job->arena, job->list, &ignored);
}

enum store_status store_attachment_get(struct store *store, uint64_t actor, struct span id, struct arena *arena,
				       struct store_attachment *attachment_r)
{
	struct listing job = {.actor = actor, .name = id, .arena = arena, .list = attachment_r};

	return store_read(store, get_tx, &job);
}

enum store_status store_attachment_list(struct store *store, uint64_t actor, uint64_t collection, struct span object,
					struct arena *arena, struct store_attachment **list_r, size_t *count_r)
{
	struct listing job = {.actor = actor, .collection = collection, .name = object, .arena = arena};
	enum store_status status = store_read(store, list_tx, &job);

	*list_r = job.list;
	*count_r = job.count;
	return status;
}

/* --- changing --- */

static enum store_status drop(struct store_tx *tx, struct collection_change *change, const struct store_attachment *one)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_delete, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, one->key);
		sql_bind_u64(stmt, 2, change->owner);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	change->bytes -= (int64_t)one->size;
	return status == STORE_OK ? blob_refer(tx, one->blob, -1) : status;
}

/* The row; the content has its reference already. */
static enum store_status insert(struct store_tx *tx, struct collection_change *change,
				const struct store_attachment *one)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, one->key);
		sql_bind_u64(stmt, 2, change->owner);
		sql_bind_u64(stmt, 3, change->id);
		sql_bind_span(stmt, 4, one->object);
		sql_bind_u64(stmt, 5, one->blob);
		sql_bind_u64(stmt, 6, one->size);
		sql_bind_span(stmt, 7, one->name);
		sql_bind_span(stmt, 8, one->type);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	change->bytes += (int64_t)one->size;
	return status;
}

static enum store_status add(struct store_tx *tx, struct collection_change *change,
			     const struct store_attachment_change *job, const struct blob_prepared *prepared)
{
	struct store_attachment one = {
		.key = job->id, .object = job->put->name, .size = prepared->size, .name = job->name, .type = job->type};
	enum store_status status = blob_add(tx, prepared, NULL, &one.blob);

	return status == STORE_OK ? insert(tx, change, &one) : status;
}

/* A row of its own for another object, in which the key is made anew. */
static enum store_status add_copy(struct store_tx *tx, struct collection_change *to, const struct store_attachment *one,
				  struct span object)
{
	struct store_attachment copy = *one;
	struct buf key = {0};
	char number[17];
	enum store_status status = blob_refer(tx, one->blob, 1);

	snprintf(number, sizeof number, "%016llx", (unsigned long long)random_u64());
	buf_span(&key, one->id);
	buf_byte(&key, '\0');
	buf_text(&key, number);
	copy.key = buf_view(&key);
	copy.object = object;
	if (status == STORE_OK)
		status = insert(tx, to, &copy);
	buf_done(&key);
	return status;
}

enum store_status attachment_copy_all(struct store_tx *tx, uint64_t from, struct span object,
				      struct collection_change *to, struct span name)
{
	struct listing listing = {.actor = to->owner, .collection = from, .name = object, .arena = arena_create()};
	enum store_status status = list(tx, &listing);

	for (size_t i = 0; i < listing.count && status == STORE_OK; i++)
		status = add_copy(tx, to, &listing.list[i], object.p != NULL ? name : listing.list[i].object);
	arena_destroy(&listing.arena);
	return status;
}

struct change {
	uint64_t actor;
	const struct store_attachment_change *job;
	const struct store_guard *guard;
	struct blob_prepared object, attachment;
	struct arena *arena;
	struct store_object_result *result;
	bool is_unexpected;
};

/* The new bytes in the place of the old ones. */
static enum store_status rewrite(struct store_tx *tx, struct change *c, struct collection_change *change,
				 const struct store_object *old)
{
	struct store_object object = *old;
	enum store_status status = blob_add(tx, &c->object, NULL, &object.blob);

	object.modseq = ++change->modseq;
	object.size = c->object.size;
	object.facts = c->job->put->facts;
	object.modified_at = clock_now();
	memcpy(object.tag, c->object.hash, STORE_TAG_BYTES);
	if (status == STORE_OK)
		status = object_delete_row(tx, old);
	if (status == STORE_OK)
		status = object_insert(tx, &object);
	change->bytes += (int64_t)object.size - (int64_t)old->size;
	memcpy(c->result->tag, object.tag, STORE_TAG_BYTES);
	c->result->modseq = object.modseq;
	return status;
}

static enum store_status drop_gone(struct store_tx *tx, struct change *c, struct collection_change *change)
{
	struct listing listing = {
		.actor = c->actor, .collection = change->id, .name = c->job->put->name, .arena = c->arena};
	enum store_status status;

	if (c->job->gone.n == 0)
		return STORE_OK;
	status = list(tx, &listing);
	for (size_t i = 0; i < listing.count && status == STORE_OK; i++)
		if (span_equal(listing.list[i].id, c->job->gone))
			return drop(tx, change, &listing.list[i]);
	return status == STORE_OK ? STORE_NOT_FOUND : status;
}

static enum store_status change_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;
	const struct store_object_put *put = c->job->put;
	struct collection_change change;
	struct store_object old;
	enum store_status status = collection_change_begin(tx, c->actor, put->collection, &change);

	*c->result = (struct store_object_result){0};
	c->is_unexpected = false;
	arena_reset(c->arena);
	if (status == STORE_OK)
		status = object_look(tx, put->collection, put->name, c->arena, &old);
	if (status == STORE_OK && memcmp(old.tag, put->tag, STORE_TAG_BYTES) != 0) {
		c->is_unexpected = true;
		return STORE_CONFLICT;
	}
	if (status == STORE_OK)
		status = guard_check(tx, c->actor, put->collection, put->name, GUARD_ITSELF, c->guard);
	if (status == STORE_OK)
		status = rewrite(tx, c, &change, &old);
	if (status == STORE_OK)
		status = drop_gone(tx, c, &change);
	if (status == STORE_OK && c->job->upload != NULL)
		status = add(tx, &change, c->job, &c->attachment);
	return status == STORE_OK ? collection_change_end(tx, &change) : status;
}

static enum store_status prepare(struct store *store, struct change *c)
{
	enum store_status status = blob_prepare(store, c->job->put->bytes, &c->object);

	if (status == STORE_OK && c->job->upload != NULL)
		status = blob_prepare_upload(store, c->job->upload, &c->attachment);
	return status;
}

enum store_status store_attachment_change(struct store *store, uint64_t actor,
					  const struct store_attachment_change *change, const struct store_guard *guard,
					  struct store_object_result *result_r)
{
	struct change c = {.actor = actor, .job = change, .guard = guard, .result = result_r};
	enum store_status status = STORE_CONFLICT;

	if (change->id.n > STORE_ATTACHMENT_ID_MAX || span_find_byte(change->id, '\0') != SIZE_MAX ||
	    change->name.n > STORE_ATTACHMENT_NAME_MAX || change->type.n > STORE_ATTACHMENT_TYPE_MAX)
		return STORE_INVALID;
	c.arena = arena_create();
	for (int i = 0; i < TRIES && status == STORE_CONFLICT && !c.is_unexpected; i++)
		if ((status = prepare(store, &c)) == STORE_OK)
			status = store_write(store, change_tx, &c);
	arena_destroy(&c.arena);
	return status;
}

/* --- keeping --- */

struct keeping {
	uint64_t actor, collection;
	struct span object;
	const unsigned char *tag;
	const struct span *ids;
	size_t count;
	struct arena *arena;
};

static bool is_kept(const struct keeping *job, struct span id)
{
	for (size_t i = 0; i < job->count; i++)
		if (span_equal(job->ids[i], id))
			return true;
	return false;
}

static enum store_status drop_others(struct store_tx *tx, const struct keeping *job, struct collection_change *change)
{
	struct listing listing = {
		.actor = job->actor, .collection = job->collection, .name = job->object, .arena = job->arena};
	enum store_status status = list(tx, &listing);

	for (size_t i = 0; i < listing.count && status == STORE_OK; i++)
		if (!is_kept(job, listing.list[i].id))
			status = drop(tx, change, &listing.list[i]);
	return status;
}

static enum store_status set_place(struct store_tx *tx, const struct keeping *job, struct span key)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_adopt, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		sql_bind_span(stmt, 2, job->object);
		sql_bind_span(stmt, 3, key);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static bool has(const struct listing *listing, struct span id)
{
	for (size_t i = 0; i < listing->count; i++)
		if (span_equal(listing->list[i].id, id))
			return true;
	return false;
}

static enum store_status share(struct store_tx *tx, const struct keeping *job, const struct store_attachment *one)
{
	struct collection_change to;
	enum store_status status = collection_change_begin(tx, job->actor, job->collection, &to);

	if (status == STORE_OK)
		status = add_copy(tx, &to, one, job->object);
	return status == STORE_OK ? collection_change_end(tx, &to) : status;
}

/* Clients move an event by putting it into another calendar and removing the old one: then its attachments must not go
 * with that. Of what several have nobody knows whose it was: each keeps its own. */
static enum store_status adopt(struct store_tx *tx, const struct keeping *job, struct span id)
{
	struct listing own = {
		.actor = job->actor, .collection = job->collection, .name = job->object, .arena = job->arena};
	struct store_attachment one;
	struct collection_change from, to;
	bool several = false;
	enum store_status status = list(tx, &own);

	if (status != STORE_OK || has(&own, id))
		return status;
	if ((status = look(tx, job->actor, id, job->arena, &one, &several)) != STORE_OK)
		return status == STORE_NOT_FOUND ? STORE_OK : status;
	if (several)
		return share(tx, job, &one);
	status = set_place(tx, job, one.key);
	if (status != STORE_OK || one.collection == job->collection)
		return status;
	if ((status = collection_change_begin(tx, job->actor, one.collection, &from)) != STORE_OK ||
	    (status = collection_change_begin(tx, job->actor, job->collection, &to)) != STORE_OK)
		return status;
	from.bytes -= (int64_t)one.size;
	to.bytes += (int64_t)one.size;
	return collection_change_end_both(tx, &from, &to);
}

static enum store_status keep_tx(struct store_tx *tx, void *arg)
{
	const struct keeping *job = arg;
	struct collection_change change;
	struct store_object object;
	enum store_status status = collection_change_begin(tx, job->actor, job->collection, &change);

	arena_reset(job->arena);
	if (status == STORE_OK)
		status = object_look(tx, job->collection, job->object, job->arena, &object);
	if (status != STORE_OK || memcmp(object.tag, job->tag, STORE_TAG_BYTES) != 0)
		return status == STORE_NOT_FOUND ? STORE_OK : status;
	status = drop_others(tx, job, &change);
	if (status == STORE_OK && change.bytes != 0)
		status = collection_change_end(tx, &change);
	for (size_t i = 0; i < job->count && status == STORE_OK; i++)
		status = adopt(tx, job, job->ids[i]);
	return status;
}

enum store_status store_attachment_keep(struct store *store, uint64_t actor, uint64_t collection, struct span object,
					const unsigned char tag[STORE_TAG_BYTES], const struct span *ids, size_t count)
{
	struct keeping job = {.actor = actor,
			      .collection = collection,
			      .object = object,
			      .tag = tag,
			      .ids = ids,
			      .count = count,
			      .arena = arena_create()};
	enum store_status status = store_write(store, keep_tx, &job);

	arena_destroy(&job.arena);
	return status;
}

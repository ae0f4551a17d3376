/* Objects: putting, removing, copying and moving them. */
#include "common/store/collection_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 3 }; /* where a collector takes a file away between preparing and adding */

static const char sql_insert[] =
	"INSERT INTO object (" OBJECT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_delete[] = "DELETE FROM object WHERE collection = ? AND name = ?";
static const char sql_holder[] = "SELECT name FROM object WHERE collection = ? AND uid = ?";
static const char sql_free_uid[] = "UPDATE object SET uid = NULL WHERE collection = ? AND name = ?";
static const char sql_bury[] = "INSERT INTO object_removed (collection, name, modseq, removed_at) VALUES (?, ?, ?, ?)";
static const char sql_forget[] = "DELETE FROM object_removed WHERE collection = ? AND name = ?";
static const char sql_names[] = "SELECT name FROM object WHERE collection = ?";
static const char sql_attachments[] = "SELECT blob, size FROM attachment WHERE collection = ? AND object = ?";
static const char sql_delete_attachments[] = "DELETE FROM attachment WHERE collection = ? AND object = ?";
static const char sql_attached_bytes[] =
	"SELECT COALESCE(SUM(size), 0) FROM attachment WHERE collection = ? AND object = ?";
static const char sql_move_attachments[] =
	"UPDATE attachment SET collection = ?3, object = ?4 WHERE collection = ?1 AND object = ?2";

/* --- rows --- */

enum store_status object_insert(struct store_tx *tx, const struct store_object *object)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, object->collection);
		sql_bind_span(stmt, 2, object->name);
		sql_bind_u64(stmt, 3, object->modseq);
		sql_bind_span(stmt, 4, span_from(object->tag, STORE_TAG_BYTES));
		sql_bind_u64(stmt, 5, object->size);
		sql_bind_u64(stmt, 6, object->blob);
		sql_bind_u64(stmt, 7, object->facts.component);
		sql_bind_u64(stmt, 8, object->facts.flags);
		sql_bind_i64(stmt, 9, object->facts.first);
		sql_bind_i64(stmt, 10, object->facts.last);
		if (object->facts.uid.n > 0)
			sql_bind_span(stmt, 11, object->facts.uid);
		else
			sql_bind_null(stmt, 11);
		sql_bind_span(stmt, 12, object->facts.type);
		sql_bind_span(stmt, 13, object->schedule_tag);
		sql_bind_i64(stmt, 14, object->created_at);
		sql_bind_i64(stmt, 15, object->modified_at);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status run_named(struct store_tx *tx, const char *sql, uint64_t collection, struct span name)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_span(stmt, 2, name);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status object_delete_row(struct store_tx *tx, const struct store_object *object)
{
	enum store_status status = run_named(tx, sql_delete, object->collection, object->name);

	return status == STORE_OK ? blob_refer(tx, object->blob, -1) : status;
}

enum store_status object_bury(struct store_tx *tx, uint64_t collection, struct span name, uint64_t modseq)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_bury, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_span(stmt, 2, name);
		sql_bind_u64(stmt, 3, modseq);
		sql_bind_i64(stmt, 4, clock_now());
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status object_forget_grave(struct store_tx *tx, uint64_t collection, struct span name)
{
	return run_named(tx, sql_forget, collection, name);
}

/* --- putting --- */

struct put {
	uint64_t actor;
	const struct store_object_put *puts;
	struct blob_prepared *prepared;
	size_t count;
	const struct store_guard *guard;
	struct store_lock *lock; /* that comes with the object; NULL: none */
	struct arena *arena;
	struct store_object_result *result;
	struct store_object_counts counts;
	bool replace;
	bool is_unexpected; /* `expect` does not hold */
	uint64_t collection;
};

static bool is_as_expected(const struct store_object_put *put, const struct store_object *old)
{
	switch (put->expect) {
	case STORE_EXPECT_ANYTHING:
		return true;
	case STORE_EXPECT_NOTHING:
		return old == NULL;
	case STORE_EXPECT_TAG:
		return old != NULL && memcmp(old->tag, put->tag, STORE_TAG_BYTES) == 0;
	}
	return false;
}

/* Another object that has the UID: its name in arena, or empty. */
static enum store_status find_holder(struct store_tx *tx, uint64_t collection, struct span uid, struct span name,
				     struct arena *arena, struct span *holder_r)
{
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = STORE_OK;

	*holder_r = (struct span){0};
	if (uid.n == 0 || (status = sql_prepare(tx->db, sql_holder, &stmt)) != STORE_OK)
		return status;
	sql_bind_u64(stmt, 1, collection);
	sql_bind_span(stmt, 2, uid);
	status = sql_step(stmt, &row);
	if (status == STORE_OK && row && !span_equal(sql_span(stmt, 0), name))
		*holder_r = arena_span(arena, sql_span(stmt, 0));
	sql_stmt_free(&stmt);
	return status;
}

/* Is a collection of that name there? Calendars hold none. */
static enum store_status check_no_collection(struct store_tx *tx, const struct collection_change *change,
					     struct span name, struct arena *arena)
{
	struct store_collection other;
	enum store_status status;

	if (change->kind != STORE_FOLDER)
		return STORE_OK;
	status = collection_look(tx, change->owner, change->id, name, arena, &other);
	return status == STORE_NOT_FOUND ? STORE_OK : status == STORE_OK ? STORE_EXISTS : status;
}

static bool is_the_same(const struct store_object *old, const struct store_object_put *put,
			const unsigned char tag[STORE_TAG_BYTES])
{
	return memcmp(old->tag, tag, STORE_TAG_BYTES) == 0 && span_equal(old->facts.type, put->facts.type);
}

/* The new content in the place of the old one, or as a new object. */
static enum store_status write_object(struct store_tx *tx, struct collection_change *change,
				      const struct store_object_put *put, const struct blob_prepared *prepared,
				      const struct store_object *old, uint64_t *modseq_r)
{
	struct store_object object = {.collection = change->id,
				      .name = put->name,
				      .modseq = change->modseq + 1,
				      .size = prepared->size,
				      .facts = put->facts,
				      .modified_at = clock_now()};
	enum store_status status = blob_add(tx, prepared, NULL, &object.blob);

	memcpy(object.tag, prepared->hash, STORE_TAG_BYTES);
	object.created_at = old != NULL ? old->created_at : object.modified_at;
	if (status == STORE_OK && old != NULL)
		status = object_delete_row(tx, old);
	else if (status == STORE_OK)
		status = object_forget_grave(tx, change->id, put->name);
	if (status == STORE_OK)
		status = object_insert(tx, &object);
	change->modseq = *modseq_r = object.modseq;
	change->objects += old == NULL;
	change->bytes += (int64_t)object.size - (old == NULL ? 0 : (int64_t)old->size);
	return status;
}

/* The UID is that of an object which gets another one later in the same change: then it is free from now on. */
static enum store_status free_uid(struct store_tx *tx, const struct put *job, size_t i, struct span *holder)
{
	size_t later = i + 1;
	struct store_object old;
	enum store_status status;

	while (later < job->count && !span_equal(job->puts[later].name, *holder))
		later++;
	if (later == job->count || span_equal(job->puts[later].facts.uid, job->puts[i].facts.uid))
		return STORE_OK;
	status = object_look(tx, job->collection, *holder, job->arena, &old);
	if (status != STORE_OK || is_the_same(&old, &job->puts[later], job->prepared[later].hash))
		return status;
	status = run_named(tx, sql_free_uid, job->collection, *holder);
	*holder = (struct span){0};
	return status;
}

static enum store_status put_one(struct store_tx *tx, struct put *job, struct collection_change *change, size_t i,
				 struct store_object_result *result)
{
	const struct store_object_put *put = &job->puts[i];
	struct store_object old;
	enum store_status status = object_look(tx, change->id, put->name, job->arena, &old);
	bool is_there = status == STORE_OK;

	if (status == STORE_NOT_FOUND)
		status = check_no_collection(tx, change, put->name, job->arena);
	*result = (struct store_object_result){.is_new = !is_there};
	memcpy(result->tag, job->prepared[i].hash, STORE_TAG_BYTES);
	if (status != STORE_OK)
		return status;
	job->is_unexpected = !is_as_expected(put, is_there ? &old : NULL);
	if (job->is_unexpected)
		return STORE_CONFLICT;
	if ((status = guard_check(tx, change->owner, change->id, put->name, is_there ? GUARD_ITSELF : GUARD_MEMBER,
				  job->guard)) != STORE_OK)
		return status;
	if (is_there && is_the_same(&old, put, result->tag)) {
		result->modseq = old.modseq;
		job->counts.unchanged++;
		return STORE_OK;
	}
	status = find_holder(tx, change->id, put->facts.uid, put->name, job->arena, &result->holder);
	if (status == STORE_OK && result->holder.n > 0)
		status = free_uid(tx, job, i, &result->holder);
	if (status != STORE_OK || result->holder.n > 0)
		return status == STORE_OK ? STORE_EXISTS : status;
	job->counts.created += !is_there;
	job->counts.changed += is_there;
	return write_object(tx, change, put, &job->prepared[i], is_there ? &old : NULL, &result->modseq);
}

static enum store_status begin_objects(struct store_tx *tx, uint64_t actor, uint64_t collection,
				       struct collection_change *change_r)
{
	enum store_status status = collection_change_begin(tx, actor, collection, change_r);

	return status == STORE_OK && change_r->kind == STORE_HOME ? STORE_DENIED : status;
}

static enum store_status end_objects(struct store_tx *tx, const struct collection_change *change, uint64_t before)
{
	return change->modseq == before ? STORE_OK : collection_change_end(tx, change);
}

static enum store_status put_tx(struct store_tx *tx, void *arg)
{
	struct put *job = arg;
	struct collection_change change;
	uint64_t before;
	enum store_status status = begin_objects(tx, job->actor, job->puts->collection, &change);

	before = change.modseq;
	if (status == STORE_OK)
		status = put_one(tx, job, &change, 0, job->result);
	if (status == STORE_OK && job->lock != NULL)
		status = lock_take(tx, job->actor, job->lock, job->arena);
	return status == STORE_OK ? end_objects(tx, &change, before) : status;
}

static enum store_status prepare(struct store *store, struct put *job)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < job->count && status == STORE_OK; i++)
		status = job->puts[i].upload != NULL
				 ? blob_prepare_upload(store, job->puts[i].upload, &job->prepared[i])
				 : blob_prepare(store, job->puts[i].bytes, &job->prepared[i]);
	return status;
}

/* What was collected meanwhile is prepared again. */
static enum store_status prepare_and_write(struct store *store, store_tx_fn *fn, struct put *job)
{
	enum store_status status = STORE_CONFLICT;

	for (int i = 0; i < TRIES && status == STORE_CONFLICT && !job->is_unexpected; i++)
		if ((status = prepare(store, job)) == STORE_OK)
			status = store_write(store, fn, job);
	return status;
}

enum store_status store_object_put_locked(struct store *store, uint64_t actor, const struct store_object_put *put,
					  const struct store_guard *guard, struct store_lock *lock, struct arena *arena,
					  struct store_object_result *result_r)
{
	struct blob_prepared prepared;
	struct put job = {.actor = actor,
			  .puts = put,
			  .prepared = &prepared,
			  .count = 1,
			  .guard = guard,
			  .lock = lock,
			  .arena = arena,
			  .result = result_r};

	return collection_name_is_good(put->name) ? prepare_and_write(store, put_tx, &job) : STORE_INVALID;
}

enum store_status store_object_put(struct store *store, uint64_t actor, const struct store_object_put *put,
				   const struct store_guard *guard, struct arena *arena,
				   struct store_object_result *result_r)
{
	return store_object_put_locked(store, actor, put, guard, NULL, arena, result_r);
}

/* --- removing --- */

static enum store_status drop_attachments(struct store_tx *tx, struct collection_change *change, struct span name)
{
	struct sql_stmt *stmt = NULL;
	bool row = false, any = false;
	enum store_status status = sql_prepare(tx->db, sql_attachments, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, change->id);
		sql_bind_span(stmt, 2, name);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		any = true;
		change->bytes -= sql_i64(stmt, 1);
		status = blob_refer(tx, sql_u64(stmt, 0), -1);
	}
	sql_stmt_free(&stmt);
	return status == STORE_OK && any ? run_named(tx, sql_delete_attachments, change->id, name) : status;
}

static enum store_status remove_object(struct store_tx *tx, struct collection_change *change,
				       const struct store_object *object)
{
	enum store_status status = object_delete_row(tx, object);

	if (status == STORE_OK)
		status = drop_attachments(tx, change, object->name);
	if (status == STORE_OK)
		status = property_delete_all(tx, change->id, object->name);
	if (status == STORE_OK)
		status = object_bury(tx, change->id, object->name, ++change->modseq);
	if (status == STORE_OK)
		status = guard_drop(tx, change->owner, change->id, object->name);
	change->objects--;
	change->bytes -= (int64_t)object->size;
	return status;
}

struct removal {
	uint64_t actor, collection;
	struct span name;
	const unsigned char *tag;
	const struct store_guard *guard;
};

enum store_status object_clear(struct store_tx *tx, uint64_t actor, uint64_t collection, struct span name,
			       const unsigned char *tag, const struct store_guard *guard)
{
	struct arena *arena = arena_create();
	struct collection_change change;
	struct store_object object;
	enum store_status status = collection_change_begin(tx, actor, collection, &change);

	if (status == STORE_OK)
		status = object_look(tx, collection, name, arena, &object);
	if (status == STORE_OK && tag != NULL && memcmp(object.tag, tag, STORE_TAG_BYTES) != 0)
		status = STORE_CONFLICT;
	if (status == STORE_OK)
		status = guard_check(tx, actor, collection, name, GUARD_MEMBER, guard);
	if (status == STORE_OK)
		status = remove_object(tx, &change, &object);
	if (status == STORE_OK)
		status = collection_change_end(tx, &change);
	arena_destroy(&arena);
	return status;
}

static enum store_status remove_tx(struct store_tx *tx, void *arg)
{
	const struct removal *job = arg;

	return object_clear(tx, job->actor, job->collection, job->name, job->tag, job->guard);
}

enum store_status store_object_remove(struct store *store, uint64_t actor, uint64_t collection, struct span name,
				      const unsigned char *tag, const struct store_guard *guard)
{
	struct removal job = {actor, collection, name, tag, guard};

	return store_write(store, remove_tx, &job);
}

/* --- many at once --- */

static int by_name(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static enum store_status list_names(struct store_tx *tx, uint64_t collection, struct arena *arena, struct span **list,
				    size_t *count)
{
	struct sql_stmt *stmt = NULL;
	size_t capacity = 0;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_names, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, collection);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(arena, (void **)list, &capacity, *count + 1, sizeof **list);
		(*list)[(*count)++] = arena_span(arena, sql_span(stmt, 0));
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status remove_others(struct store_tx *tx, struct put *job, struct collection_change *change)
{
	struct span *there = NULL, *kept = arena_zero(job->arena, job->count + 1, sizeof *kept);
	size_t count = 0;
	enum store_status status = list_names(tx, change->id, job->arena, &there, &count);

	for (size_t i = 0; i < job->count; i++)
		kept[i] = job->puts[i].name;
	qsort(kept, job->count, sizeof *kept, by_name);
	for (size_t i = 0; i < count && status == STORE_OK; i++) {
		struct store_object object;

		if (bsearch(&there[i], kept, job->count, sizeof *kept, by_name) != NULL)
			continue;
		status = object_look(tx, change->id, there[i], job->arena, &object);
		if (status == STORE_OK)
			status = guard_check(tx, change->owner, change->id, there[i], GUARD_MEMBER, job->guard);
		if (status == STORE_OK)
			status = remove_object(tx, change, &object);
		job->counts.removed++;
	}
	return status;
}

static enum store_status put_all_tx(struct store_tx *tx, void *arg)
{
	struct put *job = arg;
	struct collection_change change;
	uint64_t before;
	enum store_status status = begin_objects(tx, job->actor, job->collection, &change);

	before = change.modseq;
	job->counts = (struct store_object_counts){0};
	arena_reset(job->arena);
	if (status == STORE_OK && job->replace)
		status = remove_others(tx, job, &change);
	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		struct store_object_result result;

		status = put_one(tx, job, &change, i, &result);
		result.holder = (struct span){0};
		if (job->puts[i].result_r != NULL)
			*job->puts[i].result_r = result;
	}
	return status == STORE_OK ? end_objects(tx, &change, before) : status;
}

enum store_status store_object_put_all(struct store *store, uint64_t actor, uint64_t collection,
				       const struct store_object_put *puts, size_t count, bool replace,
				       const struct store_guard *guard, struct store_object_counts *counts_r)
{
	struct put job = {.actor = actor,
			  .puts = puts,
			  .count = count,
			  .guard = guard,
			  .replace = replace,
			  .collection = collection,
			  .prepared = alloc_zero(count + 1, sizeof *job.prepared),
			  .arena = arena_create()};
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < count; i++)
		if (!collection_name_is_good(puts[i].name))
			status = STORE_INVALID;
	if (status == STORE_OK)
		status = prepare_and_write(store, put_all_tx, &job);
	free(job.prepared);
	arena_destroy(&job.arena);
	*counts_r = status == STORE_OK ? job.counts : (struct store_object_counts){0};
	return status;
}

/* --- copying and moving --- */

struct copy {
	uint64_t actor, collection;
	struct span name;
	const struct store_object_target *to;
	const struct store_object_facts *facts;
	bool moves;
	const struct store_guard *guard;
	struct arena *arena;
	struct store_object_result *result;
};

static enum store_status clear_collection(struct store_tx *tx, const struct copy *job, struct collection_change *change)
{
	enum store_status status;

	if (!job->to->replaces_collection)
		return check_no_collection(tx, change, job->to->name, job->arena);
	status = collection_clear(tx, job->actor, change->id, job->to->name, job->collection, job->guard);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status clear_target(struct store_tx *tx, const struct copy *job, struct collection_change *change,
				      bool *was_there_r)
{
	struct store_object old;
	enum store_status status = object_look(tx, change->id, job->to->name, job->arena, &old);

	*was_there_r = status == STORE_OK;
	if (status == STORE_NOT_FOUND)
		return clear_collection(tx, job, change);
	if (status != STORE_OK)
		return status;
	if (!job->to->overwrite)
		return STORE_CONFLICT;
	status = object_delete_row(tx, &old);
	if (status == STORE_OK)
		status = drop_attachments(tx, change, old.name);
	if (status == STORE_OK)
		status = property_delete_all(tx, change->id, old.name);
	change->objects--;
	change->bytes -= (int64_t)old.size;
	return status;
}

static enum store_status move_attachments(struct store_tx *tx, const struct copy *job, struct collection_change *from,
					  struct collection_change *to)
{
	struct sql_stmt *bytes = NULL, *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_attached_bytes, &bytes);

	if (status == STORE_OK) {
		sql_bind_u64(bytes, 1, job->collection);
		sql_bind_span(bytes, 2, job->name);
		status = sql_step_one(bytes);
	}
	if (status == STORE_OK) {
		from->bytes -= sql_i64(bytes, 0);
		to->bytes += sql_i64(bytes, 0);
	}
	sql_stmt_free(&bytes);
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_move_attachments, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		sql_bind_span(stmt, 2, job->name);
		sql_bind_u64(stmt, 3, job->to->collection);
		sql_bind_span(stmt, 4, job->to->name);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* The source of a move: its row goes, its properties went along. */
static enum store_status leave(struct store_tx *tx, const struct copy *job, struct collection_change *from,
			       struct collection_change *to, const struct store_object *source)
{
	enum store_status status = move_attachments(tx, job, from, to);

	if (status == STORE_OK)
		status = remove_object(tx, from, source);
	return status;
}

static enum store_status arrive(struct store_tx *tx, const struct copy *job, struct collection_change *change,
				const struct store_object *source)
{
	struct store_object object = *source;
	enum store_status status = blob_refer(tx, source->blob, 1);

	object.collection = change->id;
	object.name = job->to->name;
	object.modseq = ++change->modseq;
	object.facts = *job->facts;
	object.schedule_tag = (struct span){0};
	object.modified_at = clock_now();
	if (!job->moves)
		object.created_at = object.modified_at;
	if (status == STORE_OK)
		status = object_forget_grave(tx, change->id, object.name);
	if (status == STORE_OK)
		status = object_insert(tx, &object);
	memcpy(job->result->tag, object.tag, STORE_TAG_BYTES);
	job->result->modseq = object.modseq;
	change->objects++;
	change->bytes += (int64_t)object.size;
	return status;
}

static enum store_status check_copy(struct store_tx *tx, const struct copy *job, struct collection_change *to,
				    bool *was_there_r)
{
	struct span holder;
	enum store_status status;

	if (job->moves &&
	    (status = guard_check(tx, job->actor, job->collection, job->name, GUARD_MEMBER, job->guard)) != STORE_OK)
		return status;
	status = guard_check(tx, job->actor, to->id, job->to->name, GUARD_MEMBER, job->guard);
	if (status == STORE_OK)
		status = clear_target(tx, job, to, was_there_r);
	if (status == STORE_OK)
		status = find_holder(tx, to->id, job->facts->uid, job->to->name, job->arena, &holder);
	if (status == STORE_OK && holder.n > 0 &&
	    !(job->moves && to->id == job->collection && span_equal(holder, job->name))) {
		job->result->holder = holder;
		status = STORE_EXISTS;
	}
	return status;
}

/* Within one collection both changes are one. Properties are copied before the source goes; its row goes before the
 * new one comes, since both have the same UID. */
static enum store_status copy_tx(struct store_tx *tx, void *arg)
{
	struct copy *job = arg;
	struct collection_change to, other, *from = &other;
	struct store_object source;
	bool was_there = false;
	enum store_status status = begin_objects(tx, job->actor, job->to->collection, &to);

	*job->result = (struct store_object_result){0};
	if (job->collection == job->to->collection)
		from = &to;
	else if (status == STORE_OK)
		status = collection_change_begin(tx, job->actor, job->collection, &other);
	if (status == STORE_OK)
		status = object_look(tx, job->collection, job->name, job->arena, &source);
	if (status == STORE_OK && job->to->source_tag != NULL &&
	    memcmp(job->to->source_tag, source.tag, STORE_TAG_BYTES) != 0)
		status = STORE_GONE;
	if (status == STORE_OK && from == &to && span_equal(job->name, job->to->name))
		status = STORE_DENIED; /* what clears the target would take the source away */
	if (status == STORE_OK)
		status = check_copy(tx, job, &to, &was_there);
	if (status == STORE_OK)
		status = property_copy_all(tx, job->collection, job->name, to.id, job->to->name);
	if (status == STORE_OK)
		status = job->moves ? leave(tx, job, from, &to, &source)
				    : attachment_copy_all(tx, job->collection, job->name, &to, job->to->name);
	if (status == STORE_OK)
		status = arrive(tx, job, &to, &source);
	if (status == STORE_OK)
		status = job->moves && from != &to ? collection_change_end_both(tx, from, &to)
						   : collection_change_end(tx, &to);
	job->result->is_new = !was_there;
	return status;
}

enum store_status store_object_copy(struct store *store, uint64_t actor, uint64_t collection, struct span name,
				    const struct store_object_target *to, const struct store_object_facts *facts,
				    bool moves, const struct store_guard *guard, struct arena *arena,
				    struct store_object_result *result_r)
{
	struct copy job = {actor, collection, name, to, facts, moves, guard, arena, result_r};

	return collection_name_is_good(to->name) ? store_write(store, copy_tx, &job) : STORE_INVALID;
}

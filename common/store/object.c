/* Objects: looking at one and at many. */
#include "common/store/collection_private.h"

#include <string.h>

static const char sql_look[] = "SELECT " OBJECT_COLUMNS " FROM object WHERE collection = ? AND name = ?";
static const char sql_find_uid[] = "SELECT " OBJECT_COLUMNS " FROM object WHERE collection = ? AND uid = ?";
static const char sql_each[] =
	"SELECT " OBJECT_COLUMNS " FROM object WHERE collection = ? AND name > ? ORDER BY name LIMIT ?";
/* An object that takes no time (first = last) lies in the range it begins in. */
static const char sql_between[] =
	"SELECT " OBJECT_COLUMNS " FROM object WHERE collection = ? AND last >= ? AND first < ?";
static const char sql_mine[] = "SELECT modseq, removed_floor FROM collection WHERE id = ? AND owner = ?";
static const char sql_all_now[] = "SELECT " OBJECT_COLUMNS " FROM object WHERE collection = ?";
static const char sql_changed[] = "SELECT " OBJECT_COLUMNS " FROM object"
				  " WHERE collection = ? AND modseq > ? ORDER BY modseq LIMIT ?";
static const char sql_removed[] = "SELECT collection, name, modseq FROM object_removed"
				  " WHERE collection = ? AND modseq > ? ORDER BY modseq LIMIT ?";

void object_from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_object *object_r)
{
	struct span tag = sql_span(stmt, 3);

	*object_r = (struct store_object){
		.collection = sql_u64(stmt, 0),
		.name = sql_span(stmt, 1),
		.modseq = sql_u64(stmt, 2),
		.size = sql_u64(stmt, 4),
		.blob = sql_u64(stmt, 5),
		.facts = {.component = (unsigned)sql_u64(stmt, 6),
			  .flags = (unsigned)sql_u64(stmt, 7),
			  .first = sql_i64(stmt, 8),
			  .last = sql_i64(stmt, 9),
			  .uid = sql_span(stmt, 10),
			  .type = sql_span(stmt, 11)},
		.schedule_tag = sql_span(stmt, 12),
		.created_at = sql_i64(stmt, 13),
		.modified_at = sql_i64(stmt, 14),
	};
	if (tag.n == STORE_TAG_BYTES)
		memcpy(object_r->tag, tag.p, tag.n);
	if (arena == NULL)
		return;
	object_r->name = arena_span(arena, object_r->name);
	object_r->facts.uid = arena_span(arena, object_r->facts.uid);
	object_r->facts.type = arena_span(arena, object_r->facts.type);
	object_r->schedule_tag = arena_span(arena, object_r->schedule_tag);
}

static enum store_status look(struct store_tx *tx, const char *sql, uint64_t collection, struct span text,
			      struct arena *arena, struct store_object *object_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_span(stmt, 2, text);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		object_from_columns(stmt, arena, object_r);
	sql_stmt_free(&stmt);
	return status;
}

enum store_status object_look(struct store_tx *tx, uint64_t collection, struct span name, struct arena *arena,
			      struct store_object *object_r)
{
	return look(tx, sql_look, collection, name, arena, object_r);
}

static enum store_status check_actor(struct store_tx *tx, uint64_t actor, uint64_t collection, uint64_t *modseq_r,
				     uint64_t *floor_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_mine, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, collection);
		sql_bind_u64(stmt, 2, actor);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		*modseq_r = sql_u64(stmt, 0);
		*floor_r = sql_u64(stmt, 1);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* --- one --- */

struct get {
	uint64_t actor, collection;
	const char *sql;
	struct span text;
	struct arena *arena;
	struct store_object *object_r;
};

static enum store_status get_tx(struct store_tx *tx, void *arg)
{
	const struct get *job = arg;
	uint64_t modseq, removed_floor;
	enum store_status status = check_actor(tx, job->actor, job->collection, &modseq, &removed_floor);

	return status == STORE_OK ? look(tx, job->sql, job->collection, job->text, job->arena, job->object_r) : status;
}

enum store_status store_object_get(struct store *store, uint64_t actor, uint64_t collection, struct span name,
				   struct arena *arena, struct store_object *object_r)
{
	struct get job = {actor, collection, sql_look, name, arena, object_r};

	return store_read(store, get_tx, &job);
}

enum store_status store_object_find_uid(struct store *store, uint64_t actor, uint64_t collection, struct span uid,
					struct arena *arena, struct store_object *object_r)
{
	struct get job = {actor, collection, sql_find_uid, uid, arena, object_r};

	return uid.n == 0 ? STORE_NOT_FOUND : store_read(store, get_tx, &job);
}

/* --- many --- */

struct each {
	uint64_t actor, collection;
	struct span after;
	size_t max;
	int64_t from, to;
	unsigned components;
	store_object_fn *fn;
	void *arg;
};

static enum store_status show_rows(struct sql_stmt *stmt, const struct each *job)
{
	enum store_status status;
	bool row = false;

	while ((status = sql_step(stmt, &row)) == STORE_OK && row) {
		struct store_object object;

		object_from_columns(stmt, NULL, &object);
		if (job->components != 0 && !(object.facts.component & job->components))
			continue;
		if (!job->fn(job->arg, &object))
			break;
	}
	return status;
}

static enum store_status each_tx(struct store_tx *tx, void *arg)
{
	const struct each *job = arg;
	struct sql_stmt *stmt = NULL;
	uint64_t modseq, removed_floor;
	enum store_status status = check_actor(tx, job->actor, job->collection, &modseq, &removed_floor);

	if (status == STORE_OK && (status = sql_prepare(tx->db, sql_each, &stmt)) == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		sql_bind_span(stmt, 2, job->after.p == NULL ? SPAN("") : job->after);
		sql_bind_u64(stmt, 3, job->max);
		status = show_rows(stmt, job);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_object_each(struct store *store, uint64_t actor, uint64_t collection, struct span after,
				    size_t max, store_object_fn *fn, void *arg)
{
	struct each job = {.actor = actor, .collection = collection, .after = after, .max = max, .fn = fn, .arg = arg};

	return store_read(store, each_tx, &job);
}

static enum store_status between_tx(struct store_tx *tx, void *arg)
{
	const struct each *job = arg;
	struct sql_stmt *stmt = NULL;
	uint64_t modseq, removed_floor;
	enum store_status status = check_actor(tx, job->actor, job->collection, &modseq, &removed_floor);

	if (status == STORE_OK && (status = sql_prepare(tx->db, sql_between, &stmt)) == STORE_OK) {
		sql_bind_u64(stmt, 1, job->collection);
		sql_bind_i64(stmt, 2, job->from);
		sql_bind_i64(stmt, 3, job->to);
		status = show_rows(stmt, job);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_object_each_between(struct store *store, uint64_t actor, uint64_t collection, int64_t from,
					    int64_t to, unsigned components, store_object_fn *fn, void *arg)
{
	struct each job = {.actor = actor,
			   .collection = collection,
			   .from = from,
			   .to = to,
			   .components = components,
			   .fn = fn,
			   .arg = arg};

	return store_read(store, between_tx, &job);
}

/* --- what has changed --- */

struct changes {
	uint64_t actor, collection, since, floor;
	size_t max;
	store_object_change_fn *fn;
	void *arg;
	uint64_t modseq;
};

static void change_from_columns(struct sql_stmt *stmt, bool is_removed, struct store_object_change *change_r)
{
	*change_r = (struct store_object_change){.is_removed = is_removed};
	if (!is_removed)
		object_from_columns(stmt, NULL, &change_r->object);
	else
		change_r->object = (struct store_object){
			.collection = sql_u64(stmt, 0), .name = sql_span(stmt, 1), .modseq = sql_u64(stmt, 2)};
}

static enum store_status show_all(struct store_tx *tx, const struct changes *job)
{
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_all_now, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, job->collection);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		struct store_object_change change;

		change_from_columns(stmt, false, &change);
		if (!job->fn(job->arg, &change))
			break;
	}
	sql_stmt_free(&stmt);
	return status;
}

/* Two lists in the order of their modseqs, merged. */
static enum store_status show_merged(const struct changes *job, struct sql_stmt *changed, struct sql_stmt *removed)
{
	bool is_changed = false, is_removed = false, is_wanted = true;
	enum store_status status = sql_step(changed, &is_changed);

	if (status == STORE_OK && job->since > 0) /* whoever begins has nothing that could be removed */
		status = sql_step(removed, &is_removed);
	for (size_t i = 0; i < job->max && status == STORE_OK && is_wanted && (is_changed || is_removed); i++) {
		bool takes_removed = is_removed && (!is_changed || sql_u64(removed, 2) < sql_u64(changed, 2));
		struct store_object_change change;

		change_from_columns(takes_removed ? removed : changed, takes_removed, &change);
		is_wanted = job->fn(job->arg, &change);
		status = takes_removed ? sql_step(removed, &is_removed) : sql_step(changed, &is_changed);
	}
	return status;
}

static enum store_status show_since(struct store_tx *tx, const struct changes *job)
{
	struct sql_stmt *changed = NULL, *removed = NULL;
	enum store_status status;

	if ((status = sql_prepare(tx->db, sql_changed, &changed)) != STORE_OK ||
	    (status = sql_prepare(tx->db, sql_removed, &removed)) != STORE_OK)
		goto out;
	sql_bind_u64(changed, 1, job->collection);
	sql_bind_u64(changed, 2, job->since);
	sql_bind_u64(changed, 3, job->max);
	sql_bind_u64(removed, 1, job->collection);
	sql_bind_u64(removed, 2, job->since);
	sql_bind_u64(removed, 3, job->max);
	status = show_merged(job, changed, removed);
out:
	sql_stmt_free(&removed);
	sql_stmt_free(&changed);
	return status;
}

static enum store_status changes_tx(struct store_tx *tx, void *arg)
{
	struct changes *job = arg;
	uint64_t removed_floor = 0;
	enum store_status status = check_actor(tx, job->actor, job->collection, &job->modseq, &removed_floor);

	if (status != STORE_OK)
		return status;
	if (job->since > job->modseq || (job->since > 0 && job->since < removed_floor && job->floor != removed_floor))
		return STORE_GONE;
	/* from nothing to everything: in the order they lie in */
	if (job->since == 0 && job->max == SIZE_MAX)
		return show_all(tx, job);
	if (job->max > INT64_MAX)
		job->max = INT64_MAX;
	return show_since(tx, job);
}

enum store_status store_object_changes(struct store *store, uint64_t actor, uint64_t collection, uint64_t since,
				       uint64_t floor, size_t max, store_object_change_fn *fn, void *arg,
				       uint64_t *modseq_r)
{
	struct changes job = {.actor = actor,
			      .collection = collection,
			      .since = since,
			      .floor = floor,
			      .max = max,
			      .fn = fn,
			      .arg = arg};
	enum store_status status = store_read(store, changes_tx, &job);

	*modseq_r = job.modseq;
	return status;
}

/* --- bytes --- */

struct bytes {
	struct arena *arena;
	size_t max;
	struct span *bytes_r;
	bool is_there, is_too_much;
};

static bool take_bytes(void *arg, size_t index, const struct store_content *content)
{
	struct bytes *job = arg;

	(void)index;
	if (content->is_missing || content->bytes.p == NULL)
		return true;
	job->is_too_much = content->bytes.n > job->max;
	if (!job->is_too_much)
		*job->bytes_r = arena_span(job->arena, content->bytes);
	job->is_there = true;
	return true;
}

static enum store_status read_elsewhere(struct store *store, uint64_t blob, const struct bytes *job)
{
	struct store_blob *open = NULL;
	enum store_status status = store_blob_open(store, blob, &open);
	size_t size, at = 0, got = 1;
	char *to;

	if (status != STORE_OK)
		return status;
	size = (size_t)store_blob_size(open);
	if (size > job->max) {
		store_blob_close(&open);
		return STORE_LIMIT;
	}
	to = arena_bytes(job->arena, size + 1);
	while (at < size && got > 0 && status == STORE_OK) {
		status = store_blob_read(open, at, to + at, size - at, &got);
		at += got;
	}
	store_blob_close(&open);
	*job->bytes_r = span_from(to, at);
	return status == STORE_OK && at < size ? STORE_BROKEN : status;
}

enum store_status store_object_bytes(struct store *store, uint64_t blob, size_t max, struct arena *arena,
				     struct span *bytes_r)
{
	struct bytes job = {.arena = arena, .max = max, .bytes_r = bytes_r};
	enum store_status status = store_content_each(store, &blob, 1, STORE_CONTENT_BYTES, take_bytes, &job);

	if (status != STORE_OK || job.is_there)
		return status == STORE_OK && job.is_too_much ? STORE_LIMIT : status;
	return read_elsewhere(store, blob, &job);
}

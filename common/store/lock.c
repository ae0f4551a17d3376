/* Locks (RFC 4918, 6): rows with the path they hold for. Nearly nobody has any, so the first question is whether there
 * are some at all; only then paths are made and compared. */
#include "common/store/lock.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/store/collection_private.h"

#include <stdio.h>

#define LOCK_COLUMNS "token, path, is_shared, is_deep, holder, expires_at"
static const char sql_any[] = "SELECT 1 FROM collection_lock WHERE owner = ? AND expires_at > ? LIMIT 1";
static const char sql_list[] = "SELECT " LOCK_COLUMNS " FROM collection_lock WHERE owner = ? AND expires_at > ?";
static const char sql_insert[] = "INSERT INTO collection_lock (" LOCK_COLUMNS ", owner) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char sql_refresh[] = "UPDATE collection_lock SET expires_at = ? WHERE token = ? AND owner = ?";
static const char sql_release[] = "DELETE FROM collection_lock WHERE token = ? AND owner = ?";
static const char sql_release_all[] = "DELETE FROM collection_lock WHERE owner = ?";
static const char sql_expired[] = "DELETE FROM collection_lock WHERE owner = ? AND expires_at <= ?";
static const char sql_up[] = "SELECT parent, name FROM collection WHERE id = ?";

/* --- paths --- */

/* Is `path` below `above`, or the same? The empty path is the home. */
static bool is_within(struct span path, struct span above)
{
	if (above.n == 0)
		return true;
	return span_starts(path, above) && (path.n == above.n || path.p[above.n] == '/');
}

static struct span path_parent(struct span path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return span_sub(path, 0, n > 0 ? n - 1 : 0);
}

static enum store_status make_path(struct store_tx *tx, uint64_t collection, struct span name, struct buf *path)
{
	struct span names[STORE_COLLECTION_DEPTH_MAX + 2];
	struct arena *arena = arena_create();
	struct sql_stmt *stmt = NULL;
	size_t count = 0;
	enum store_status status = sql_prepare(tx->db, sql_up, &stmt);

	while (status == STORE_OK && collection != 0 && count < STORE_COLLECTION_DEPTH_MAX + 2) {
		sql_reset(stmt);
		sql_bind_u64(stmt, 1, collection);
		if ((status = sql_step_one(stmt)) != STORE_OK)
			break;
		collection = sql_u64(stmt, 0);
		names[count++] = arena_span(arena, sql_span(stmt, 1));
	}
	sql_stmt_free(&stmt);
	for (size_t i = count; i-- > 0;) {
		if (names[i].n == 0)
			continue; /* the home */
		if (path->n > 0)
			buf_byte(path, '/');
		buf_span(path, names[i]);
	}
	if (name.n > 0) {
		if (path->n > 0)
			buf_byte(path, '/');
		buf_span(path, name);
	}
	arena_destroy(&arena);
	return status;
}

/* --- rows --- */

static void from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_lock *lock_r)
{
	*lock_r = (struct store_lock){
		.token = arena_span(arena, sql_span(stmt, 0)),
		.path = arena_span(arena, sql_span(stmt, 1)),
		.is_shared = sql_u64(stmt, 2) != 0,
		.is_deep = sql_u64(stmt, 3) != 0,
		.holder = arena_span(arena, sql_span(stmt, 4)),
		.expires_at = sql_i64(stmt, 5),
	};
}

static enum store_status read_locks(struct store_tx *tx, uint64_t owner, struct arena *arena,
				    struct store_lock **list_r, size_t *count_r)
{
	struct sql_stmt *stmt = NULL;
	size_t capacity = 0;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_list, &stmt);

	*list_r = NULL;
	*count_r = 0;
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_i64(stmt, 2, clock_now());
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(arena, (void **)list_r, &capacity, *count_r + 1, sizeof **list_r);
		from_columns(stmt, arena, &(*list_r)[(*count_r)++]);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status has_any(struct store_tx *tx, uint64_t owner, bool *any_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_any, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_i64(stmt, 2, clock_now());
		status = sql_step(stmt, any_r);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* --- the guard --- */

static bool has_token(const struct store_guard *guard, struct span token)
{
	for (size_t i = 0; guard != NULL && i < guard->count; i++)
		if (span_equal(guard->tokens[i], token))
			return true;
	return false;
}

static bool holds_for(const struct store_lock *lock, struct span path)
{
	return span_equal(lock->path, path) || (lock->is_deep && is_within(path, lock->path));
}

/* Of the locks that hold for the path one must be held by who asks (RFC 4918, 7; shared ones: any of them). */
static bool is_free(const struct store_lock *locks, size_t count, struct span path, const struct store_guard *guard)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!holds_for(&locks[i], path))
			continue;
		if (has_token(guard, locks[i].token))
			return true;
		any = true;
	}
	return !any;
}

static bool is_free_below(const struct store_lock *locks, size_t count, struct span path,
			  const struct store_guard *guard)
{
	for (size_t i = 0; i < count; i++)
		if (is_within(locks[i].path, path) && !is_free(locks, count, locks[i].path, guard))
			return false;
	return true;
}

/* The owner's locks, and the path of what is called name in the collection. */
struct surroundings {
	struct arena *arena; /* NULL: there are no locks, and nothing else is set */
	struct store_lock *locks;
	size_t count;
	struct buf path;
};

static void surroundings_done(struct surroundings *s)
{
	buf_done(&s->path);
	arena_destroy(&s->arena);
}

static enum store_status surroundings_init(struct store_tx *tx, uint64_t owner, uint64_t collection, struct span name,
					   struct surroundings *s)
{
	bool any = false;
	enum store_status status = has_any(tx, owner, &any);

	*s = (struct surroundings){0};
	if (status != STORE_OK || !any)
		return status;
	s->arena = arena_create();
	status = read_locks(tx, owner, s->arena, &s->locks, &s->count);
	return status == STORE_OK ? make_path(tx, collection, name, &s->path) : status;
}

enum store_status guard_check(struct store_tx *tx, uint64_t owner, uint64_t collection, struct span name,
			      unsigned needs, const struct store_guard *guard)
{
	struct surroundings s;
	enum store_status status = surroundings_init(tx, owner, collection, name, &s);
	struct span path = buf_view(&s.path);

	if (status == STORE_OK && s.arena != NULL &&
	    (!is_free(s.locks, s.count, path, guard) ||
	     ((needs & GUARD_MEMBER) && !is_free(s.locks, s.count, path_parent(path), guard)) ||
	     ((needs & GUARD_DEEP) && !is_free_below(s.locks, s.count, path, guard))))
		status = STORE_LOCKED;
	surroundings_done(&s);
	return status;
}

static enum store_status release(struct store_tx *tx, uint64_t owner, struct span token)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_release, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, token);
		sql_bind_u64(stmt, 2, owner);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status guard_drop(struct store_tx *tx, uint64_t owner, uint64_t collection, struct span name)
{
	struct surroundings s;
	enum store_status status = surroundings_init(tx, owner, collection, name, &s);

	for (size_t i = 0; i < s.count && status == STORE_OK; i++)
		if (is_within(s.locks[i].path, buf_view(&s.path)))
			status = release(tx, owner, s.locks[i].token);
	surroundings_done(&s);
	return status;
}

enum store_status lock_delete_all(struct store_tx *tx, uint64_t owner)
{
	return collection_run(tx, sql_release_all, &owner, 1);
}

/* --- taking and giving back --- */

struct lock_job {
	uint64_t actor, owner;
	struct span path, token;
	int64_t expires_at;
	struct store_lock *lock;
	const struct store_guard *guard;
	struct arena *arena;
	struct store_lock *list;
	size_t count;
};

static struct span new_token(struct arena *arena)
{
	unsigned char r[16];
	char text[64];
	int n;

	random_bytes(r, sizeof r);
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	n = snprintf(text, sizeof text, "urn:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		     r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
		     r[15]);
	return arena_span(arena, span_from(text, (size_t)n));
}

static bool is_in_the_way(const struct store_lock *new, const struct store_lock *old)
{
	bool meets = holds_for(old, new->path) || (new->is_deep &&is_within(old->path, new->path));

	return meets && !(new->is_shared && old->is_shared);
}

static enum store_status insert_lock(struct store_tx *tx, uint64_t owner, const struct store_lock *lock)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, lock->token);
		sql_bind_span(stmt, 2, lock->path);
		sql_bind_u64(stmt, 3, lock->is_shared);
		sql_bind_u64(stmt, 4, lock->is_deep);
		sql_bind_span(stmt, 5, lock->holder);
		sql_bind_i64(stmt, 6, lock->expires_at);
		sql_bind_u64(stmt, 7, owner);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status lock_take(struct store_tx *tx, uint64_t owner, struct store_lock *lock, struct arena *arena)
{
	const uint64_t old[] = {owner, (uint64_t)clock_now()};
	struct store_lock *locks;
	size_t count;
	enum store_status status = collection_run(tx, sql_expired, old, 2);

	if (status == STORE_OK)
		status = read_locks(tx, owner, arena, &locks, &count);
	if (status != STORE_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		if (is_in_the_way(lock, &locks[i]))
			return STORE_LOCKED;
	if (count >= STORE_LOCKS_MAX)
		return STORE_LIMIT;
	lock->token = new_token(arena);
	return insert_lock(tx, owner, lock);
}

static enum store_status take_tx(struct store_tx *tx, void *arg)
{
	struct lock_job *job = arg;

	return lock_take(tx, job->owner, job->lock, job->arena);
}

enum store_status store_lock_take(struct store *store, uint64_t actor, uint64_t owner, struct store_lock *lock,
				  struct arena *arena)
{
	struct lock_job job = {.actor = actor, .owner = owner, .lock = lock, .arena = arena};

	return actor != owner ? STORE_NOT_FOUND : store_write(store, take_tx, &job);
}

static enum store_status find_lock(struct store_tx *tx, const struct lock_job *job, struct store_lock *lock_r)
{
	struct store_lock *locks;
	size_t count;
	enum store_status status = read_locks(tx, job->owner, job->arena, &locks, &count);

	if (status != STORE_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		if (span_equal(locks[i].token, job->token) && holds_for(&locks[i], job->path)) {
			*lock_r = locks[i];
			return STORE_OK;
		}
	return STORE_NOT_FOUND;
}

static enum store_status refresh_tx(struct store_tx *tx, void *arg)
{
	const struct lock_job *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = find_lock(tx, job, job->lock);

	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_refresh, &stmt);
	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, job->expires_at);
		sql_bind_span(stmt, 2, job->token);
		sql_bind_u64(stmt, 3, job->owner);
		status = sql_run_one(stmt);
		job->lock->expires_at = job->expires_at;
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_lock_refresh(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				     struct span token, int64_t expires_at, struct arena *arena,
				     struct store_lock *lock_r)
{
	struct lock_job job = {.actor = actor,
			       .owner = owner,
			       .path = path,
			       .token = token,
			       .expires_at = expires_at,
			       .lock = lock_r,
			       .arena = arena};

	return actor != owner ? STORE_NOT_FOUND : store_write(store, refresh_tx, &job);
}

static enum store_status release_tx(struct store_tx *tx, void *arg)
{
	const struct lock_job *job = arg;
	struct store_lock lock;
	enum store_status status = find_lock(tx, job, &lock);

	return status == STORE_OK ? release(tx, job->owner, job->token) : status;
}

enum store_status store_lock_release(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				     struct span token)
{
	struct lock_job job = {.actor = actor, .owner = owner, .path = path, .token = token, .arena = arena_create()};
	enum store_status status = actor != owner ? STORE_NOT_FOUND : store_write(store, release_tx, &job);

	arena_destroy(&job.arena);
	return status;
}

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	struct lock_job *job = arg;
	struct store_lock *locks;
	size_t count;
	enum store_status status = read_locks(tx, job->owner, job->arena, &locks, &count);

	job->list = locks;
	job->count = 0;
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		if (holds_for(&locks[i], job->path))
			job->list[job->count++] = locks[i];
	return status;
}

enum store_status store_lock_list(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				  struct arena *arena, struct store_lock **list_r, size_t *count_r)
{
	struct lock_job job = {.actor = actor, .owner = owner, .path = path, .arena = arena};
	enum store_status status = actor != owner ? STORE_NOT_FOUND : store_read(store, list_tx, &job);

	*list_r = job.list;
	*count_r = status == STORE_OK ? job.count : 0;
	return status;
}

/* Appends to the job's list, which has room for all locks. */
static void list_if_closed(struct lock_job *job, const struct store_lock *locks, size_t count, struct span path)
{
	for (size_t i = 0; i < count && !is_free(locks, count, path, job->guard); i++)
		if (holds_for(&locks[i], path))
			job->list[job->count++] = locks[i];
}

static enum store_status obstacles_tx(struct store_tx *tx, void *arg)
{
	struct lock_job *job = arg;
	struct store_lock *locks;
	size_t count;
	enum store_status status = read_locks(tx, job->owner, job->arena, &locks, &count);

	if (status != STORE_OK)
		return status;
	job->list = arena_zero(job->arena, count + 1, sizeof *job->list);
	job->count = 0;
	list_if_closed(job, locks, count, job->path);
	if (job->count == 0 && job->path.n > 0)
		list_if_closed(job, locks, count, path_parent(job->path));
	for (size_t i = 0, above = job->count; i < count && above == 0; i++)
		if (is_within(locks[i].path, job->path) && !is_free(locks, count, locks[i].path, job->guard))
			job->list[job->count++] = locks[i];
	return STORE_OK;
}

enum store_status store_lock_obstacles(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				       const struct store_guard *guard, struct arena *arena, struct store_lock **list_r,
				       size_t *count_r)
{
	struct lock_job job = {.actor = actor, .owner = owner, .path = path, .guard = guard, .arena = arena};
	enum store_status status = actor != owner ? STORE_NOT_FOUND : store_read(store, obstacles_tx, &job);

	*list_r = job.list;
	*count_r = status == STORE_OK ? job.count : 0;
	return status;
}

/* Removing what is not needed any more: contents without references, left-over files, old tombstones. */
#include "common/store/maintain.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/store/blob/collect.h"
#include "common/store/store_private.h"

#include <stdlib.h>

enum { LEFT_OVER_S = 86400 }; /* an upload that takes longer has had other troubles */

static const char sql_old[] = "SELECT mailbox, MAX(modseq) FROM removed WHERE removed_at <= ? GROUP BY mailbox";
static const char sql_delete[] = "DELETE FROM removed WHERE mailbox = ? AND modseq <= ?";
static const char sql_floor[] = "UPDATE mailbox SET removed_floor = ?1 WHERE id = ?2 AND removed_floor < ?1";

static const char sql_old_objects[] =
	"SELECT collection, MAX(modseq) FROM object_removed WHERE removed_at <= ? GROUP BY collection";
static const char sql_delete_objects[] = "DELETE FROM object_removed WHERE collection = ? AND modseq <= ?";
static const char sql_floor_objects[] = "UPDATE collection SET removed_floor = ?1 WHERE id = ?2 AND removed_floor < ?1";
static const char sql_expired_locks[] = "DELETE FROM collection_lock WHERE expires_at <= ?";

static const struct kind {
	const char *old, *remove, *raise;
} kinds[] = {
	{sql_old, sql_delete, sql_floor},
	{sql_old_objects, sql_delete_objects, sql_floor_objects},
};

struct tombstones { /* of one mailbox or collection: those up to modseq are old */
	const struct kind *kind;
	uint64_t owner, modseq;
	uint64_t removed;
};

struct old {
	const struct kind *kind;
	int64_t before;
	struct tombstones *list;
	size_t count, capacity;
};

static enum store_status find_old_tx(struct store_tx *tx, void *arg)
{
	struct old *old = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, old->kind->old, &stmt);
	bool is_row = false;

	old->count = 0;
	if (status == STORE_OK)
		sql_bind_i64(stmt, 1, old->before);
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		void *list = old->list;

		alloc_grow(&list, &old->capacity, old->count + 1, sizeof *old->list);
		old->list = list;
		old->list[old->count++] =
			(struct tombstones){.kind = old->kind, .owner = sql_u64(stmt, 0), .modseq = sql_u64(stmt, 1)};
	}
	sql_stmt_free(&stmt);
	return status;
}

/* The floor tells whoever asks for changes from further back that the journal does not reach there. */
static enum store_status remove_old_tx(struct store_tx *tx, void *arg)
{
	struct tombstones *job = arg;
	struct sql_stmt *remove = NULL, *raise = NULL;
	enum store_status status;

	if ((status = sql_prepare(tx->db, job->kind->remove, &remove)) != STORE_OK ||
	    (status = sql_prepare(tx->db, job->kind->raise, &raise)) != STORE_OK)
		goto out;
	sql_bind_u64(remove, 1, job->owner);
	sql_bind_u64(remove, 2, job->modseq);
	if ((status = sql_run(remove)) != STORE_OK)
		goto out;
	job->removed = sql_changes(tx->db);
	sql_bind_u64(raise, 1, job->modseq);
	sql_bind_u64(raise, 2, job->owner);
	status = sql_run(raise);
out:
	sql_stmt_free(&raise);
	sql_stmt_free(&remove);
	return status;
}

static enum store_status collect_tombstones(struct store *store, const struct kind *kind, int64_t before,
					    struct store_collected *collected)
{
	struct old old = {.kind = kind, .before = before};
	enum store_status status = store_read_many(store, find_old_tx, &old);

	for (size_t i = 0; i < old.count && status == STORE_OK; i++)
		if ((status = store_write(store, remove_old_tx, &old.list[i])) == STORE_OK)
			collected->tombstones += old.list[i].removed;
	free(old.list);
	return status;
}

static enum store_status expire_locks_tx(struct store_tx *tx, void *arg)
{
	const int64_t *now = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_expired_locks, &stmt);

	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, *now);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_collect(struct store *store, int64_t grace_s, int64_t tombstone_s,
				struct store_collected *collected_r)
{
	int64_t now = clock_now();
	enum store_status status;

	*collected_r = (struct store_collected){0};
	if ((status = blob_collect_rows(store, now - grace_s, collected_r)) != STORE_OK ||
	    (status = blob_collect_files(store, now - LEFT_OVER_S, collected_r)) != STORE_OK)
		return status;
	for (size_t i = 0; i < array_count(kinds) && status == STORE_OK; i++)
		status = collect_tombstones(store, &kinds[i], now - tombstone_s, collected_r);
	return status == STORE_OK ? store_write(store, expire_locks_tx, &now) : status;
}

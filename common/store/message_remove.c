/* Removing messages, and what was removed since. */
#include "common/store/message_private.h"

static const char sql_deleted[] = "SELECT deleted FROM mailbox WHERE id = ? AND owner = ?";
static const char sql_delete_all[] = "DELETE FROM message WHERE id BETWEEN ? AND ?";
static const char sql_removed[] =
	"SELECT uid FROM removed WHERE mailbox = ? AND modseq > ? ORDER BY mailbox, modseq, uid";
static const char sql_floor[] = "SELECT removed_floor, uidnext FROM mailbox WHERE id = ?";
static const char sql_uids[] = "SELECT id FROM message WHERE id BETWEEN ? AND ? ORDER BY id";

struct expunge {
	uint64_t actor, mailbox;
	const struct ranges *uids;
	uint64_t with_flags; /* only those that have them */
	struct ranges *removed;
	uint64_t modseq;
};

/* By the counter: so a CLOSE of a large mailbox in which nothing is marked does not go over its rows. */
static enum store_status has_deleted(struct store_tx *tx, const struct expunge *job, bool *has_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_deleted, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->mailbox);
		sql_bind_u64(stmt, 2, job->actor);
		status = sql_step_one(stmt);
	}
	*has_r = status == STORE_OK && sql_u64(stmt, 0) > 0;
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status expunge_tx(struct store_tx *tx, void *arg)
{
	struct expunge *job = arg;
	struct message_rows rows = {0};
	struct store_mailbox_lock lock;
	struct store_mailbox_delta delta = {.mailbox = job->mailbox};
	bool has = true;
	enum store_status status = STORE_OK;

	ranges_clear(job->removed);
	job->modseq = 0;
	if (job->with_flags & STORE_FLAG_DELETED)
		status = has_deleted(tx, job, &has);
	if (status != STORE_OK || !has ||
	    (status = message_rows_read(tx, job->mailbox, job->uids, job->with_flags, &rows)) != STORE_OK ||
	    rows.count == 0)
		goto out;
	if ((status = store_mailbox_lock(tx, job->actor, job->mailbox, &lock)) != STORE_OK ||
	    (status = message_rows_remove(tx, job->mailbox, &rows, lock.modseq)) != STORE_OK ||
	    (status = message_rows_refer(tx, &rows, -1)) != STORE_OK)
		goto out;
	delta.owner = lock.owner;
	message_rows_count(&rows, -1, &delta);
	status = store_mailbox_count(tx, &delta);
	for (size_t i = 0; i < rows.count; i++)
		ranges_add(job->removed, rows.list[i].uid, rows.list[i].uid);
	job->modseq = lock.modseq;
out:
	message_rows_done(&rows);
	return status;
}

enum store_status store_message_expunge(struct store *store, uint64_t actor, uint64_t mailbox,
					const struct ranges *uids, struct ranges *removed_r, uint64_t *modseq_r)
{
	struct expunge job = {.actor = actor,
			      .mailbox = mailbox,
			      .uids = uids,
			      .with_flags = STORE_FLAG_DELETED,
			      .removed = removed_r};
	enum store_status status = store_write(store, expunge_tx, &job);

	*modseq_r = job.modseq;
	return status;
}

enum store_status store_message_remove(struct store *store, uint64_t actor, uint64_t mailbox, const struct ranges *uids)
{
	struct ranges removed = {0};
	struct expunge job = {.actor = actor, .mailbox = mailbox, .uids = uids, .removed = &removed};
	enum store_status status = store_write(store, expunge_tx, &job);

	ranges_done(&removed);
	return status;
}

enum store_status store_message_drop_all(struct store_tx *tx, uint64_t mailbox, uint64_t owner)
{
	struct message_rows rows = {0};
	struct store_mailbox_delta delta = {.mailbox = mailbox, .owner = owner};
	struct sql_stmt *stmt = NULL;
	enum store_status status;

	if ((status = message_rows_read(tx, mailbox, NULL, 0, &rows)) != STORE_OK ||
	    (status = message_rows_refer(tx, &rows, -1)) != STORE_OK ||
	    (status = sql_prepare(tx->db, sql_delete_all, &stmt)) != STORE_OK)
		goto out;
	sql_bind_u64(stmt, 1, store_message_id(mailbox, 0));
	sql_bind_u64(stmt, 2, store_message_id(mailbox, UINT32_MAX));
	if ((status = sql_run(stmt)) != STORE_OK)
		goto out;
	message_rows_count(&rows, -1, &delta);
	status = store_mailbox_count(tx, &delta);
out:
	sql_stmt_free(&stmt);
	message_rows_done(&rows);
	return status;
}

struct removed_since {
	uint64_t actor, mailbox, since;
	struct ranges *removed;
};

/* The journal does not reach back so far: every UID that is not there was removed some time. */
static enum store_status all_gaps(struct store_tx *tx, const struct removed_since *job, uint32_t uidnext)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_uids, &stmt);
	uint32_t expected = 1;
	bool is_row = false;

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, store_message_id(job->mailbox, 0));
		sql_bind_u64(stmt, 2, store_message_id(job->mailbox, UINT32_MAX));
	}
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		uint32_t uid = (uint32_t)sql_u64(stmt, 0);

		if (uid > expected)
			ranges_add(job->removed, expected, uid - 1);
		expected = uid + 1;
	}
	if (status == STORE_OK && expected < uidnext)
		ranges_add(job->removed, expected, uidnext - 1);
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status removed_since_tx(struct store_tx *tx, void *arg)
{
	struct removed_since *job = arg;
	struct sql_stmt *floor = NULL, *list = NULL;
	bool is_row = false;
	enum store_status status;

	ranges_clear(job->removed);
	if ((status = store_mailbox_check(tx, job->actor, job->mailbox)) != STORE_OK ||
	    (status = sql_prepare(tx->db, sql_floor, &floor)) != STORE_OK)
		goto out;
	sql_bind_u64(floor, 1, job->mailbox);
	if ((status = sql_step_one(floor)) != STORE_OK)
		goto out;
	if (job->since < sql_u64(floor, 0)) {
		status = all_gaps(tx, job, (uint32_t)sql_u64(floor, 1));
		goto out;
	}
	if ((status = sql_prepare(tx->db, sql_removed, &list)) != STORE_OK)
		goto out;
	sql_bind_u64(list, 1, job->mailbox);
	sql_bind_u64(list, 2, job->since);
	while ((status = sql_step(list, &is_row)) == STORE_OK && is_row)
		ranges_add(job->removed, (uint32_t)sql_u64(list, 0), (uint32_t)sql_u64(list, 0));
out:
	sql_stmt_free(&list);
	sql_stmt_free(&floor);
	return status;
}

enum store_status store_message_removed_since(struct store *store, uint64_t actor, uint64_t mailbox, uint64_t since,
					      struct ranges *removed_r)
{
	struct removed_since job = {.actor = actor, .mailbox = mailbox, .since = since, .removed = removed_r};

	return store_read(store, removed_since_tx, &job);
}

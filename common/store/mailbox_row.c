/* The mailbox's row inside a transaction: its lock, its modseq, its counters, and the counters of its owner. */
#include "common/store/mailbox_private.h"

static const char sql_lock[] = "SELECT modseq, uidvalidity, uidnext FROM mailbox"
			       " WHERE id = ? AND owner = ? AND is_selectable = 1";
static const char sql_set_modseq[] = "UPDATE mailbox SET modseq = ? WHERE id = ?";
static const char sql_check[] = "SELECT 1 FROM mailbox WHERE id = ? AND owner = ?";
static const char sql_count[] =
	"UPDATE mailbox SET uidnext = CASE WHEN ?1 = 0 THEN uidnext ELSE ?1 END, messages = messages + ?2, unseen = "
	"unseen + ?3,"
	" deleted = deleted + ?4, bytes = bytes + ?5, deleted_bytes = deleted_bytes + ?6 WHERE id = ?7";
static const char sql_quota[] = "SELECT quota_bytes, used_bytes FROM user WHERE id = ?";
static const char sql_use[] =
	"UPDATE user SET used_bytes = used_bytes + ?, used_messages = used_messages + ? WHERE id = ?";

static enum store_status set_modseq(struct store_tx *tx, uint64_t mailbox, uint64_t modseq)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_set_modseq, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, modseq);
		sql_bind_u64(stmt, 2, mailbox);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_mailbox_lock(struct store_tx *tx, uint64_t actor, uint64_t mailbox,
				     struct store_mailbox_lock *lock_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_lock, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, mailbox);
		sql_bind_u64(stmt, 2, actor);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		lock_r->owner = actor;
		lock_r->modseq = sql_u64(stmt, 0) + 1;
		lock_r->uidvalidity = (uint32_t)sql_u64(stmt, 1);
		lock_r->uidnext = (uint32_t)sql_u64(stmt, 2);
	}
	sql_stmt_free(&stmt);
	if (status == STORE_OK)
		status = set_modseq(tx, mailbox, lock_r->modseq);
	if (status == STORE_OK)
		store_tx_touch_at(tx, mailbox, lock_r->modseq);
	return status;
}

enum store_status store_mailbox_check(struct store_tx *tx, uint64_t actor, uint64_t mailbox)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_check, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, mailbox);
		sql_bind_u64(stmt, 2, actor);
		status = sql_step_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status count_mailbox(struct store_tx *tx, const struct store_mailbox_delta *delta)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_count, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, delta->uidnext);
		sql_bind_i64(stmt, 2, delta->messages);
		sql_bind_i64(stmt, 3, delta->unseen);
		sql_bind_i64(stmt, 4, delta->deleted);
		sql_bind_i64(stmt, 5, delta->bytes);
		sql_bind_i64(stmt, 6, delta->deleted_bytes);
		sql_bind_u64(stmt, 7, delta->mailbox);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_quota_check(struct store_tx *tx, uint64_t owner, uint64_t bytes)
{
	struct sql_stmt *stmt = NULL;
	uint64_t limit = 0, used = 0;
	enum store_status status = sql_prepare(tx->db, sql_quota, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		limit = sql_u64(stmt, 0) != 0 ? sql_u64(stmt, 0) : store_options_of(tx->store)->default_quota;
		used = sql_u64(stmt, 1);
		if (limit != 0 && (used > limit || bytes > limit - used))
			status = STORE_OVER_QUOTA;
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status count_owner(struct store_tx *tx, const struct store_mailbox_delta *delta)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_use, &stmt);

	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, delta->bytes);
		sql_bind_i64(stmt, 2, delta->messages);
		sql_bind_u64(stmt, 3, delta->owner);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_mailbox_count(struct store_tx *tx, const struct store_mailbox_delta *delta)
{
	enum store_status status = STORE_OK;

	if (delta->check_quota && delta->bytes > 0)
		status = store_quota_check(tx, delta->owner, (uint64_t)delta->bytes);
	if (status == STORE_OK)
		status = count_mailbox(tx, delta);
	if (status == STORE_OK && (delta->bytes != 0 || delta->messages != 0))
		status = count_owner(tx, delta);
	return status;
}

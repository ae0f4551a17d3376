/* Subscriptions: names, kept apart from the mailboxes, which they may outlive (RFC 9051, 6.3.7, 6.3.8). */
#include "common/store/mailbox_private.h"

static const char sql_has[] = "SELECT 1 FROM subscription WHERE owner = ? AND name = ?";
static const char sql_add[] = "INSERT INTO subscription (owner, name) VALUES (?, ?)";
static const char sql_remove[] = "DELETE FROM subscription WHERE owner = ? AND name = ?";

static enum store_status is_subscribed(struct store_tx *tx, uint64_t owner, struct span name, bool *is_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_has, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_span(stmt, 2, name);
		status = sql_step(stmt, is_r);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status mailbox_set_subscribed(struct store_tx *tx, uint64_t owner, struct span name, bool subscribed)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, subscribed ? sql_add : sql_remove, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_span(stmt, 2, name);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

struct subscribe {
	uint64_t actor;
	struct span name;
	bool subscribed;
};

static enum store_status subscribe_tx(struct store_tx *tx, void *arg)
{
	const struct subscribe *job = arg;
	struct mailbox_entry entry;
	bool is = false;
	enum store_status status = is_subscribed(tx, job->actor, job->name, &is);

	if (status == STORE_OK && !is)
		status = mailbox_look(tx, job->actor, job->name, &entry);
	if (status == STORE_OK && is != job->subscribed)
		status = mailbox_set_subscribed(tx, job->actor, job->name, job->subscribed);
	return status;
}

enum store_status store_mailbox_subscribe(struct store *store, uint64_t actor, struct span name, bool subscribed)
{
	struct subscribe job = {actor, name, subscribed};

	if (mailbox_name_check(name) != STORE_OK)
		return STORE_NOT_FOUND;
	return store_write(store, subscribe_tx, &job);
}

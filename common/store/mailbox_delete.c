/* Deleting mailboxes (RFC 9051, 6.3.5). */
#include "common/store/mailbox_private.h"

static const char sql_delete_keywords[] = "DELETE FROM keyword WHERE mailbox = ?";
static const char sql_delete_removed[] = "DELETE FROM removed WHERE mailbox = ?";
static const char sql_delete[] = "DELETE FROM mailbox WHERE id = ?";

static enum store_status run_for(struct store_tx *tx, const char *sql, uint64_t mailbox)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, mailbox);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status mailbox_erase(struct store_tx *tx, uint64_t owner, uint64_t mailbox)
{
	enum store_status status;

	if ((status = store_message_drop_all(tx, mailbox, owner)) != STORE_OK ||
	    (status = run_for(tx, sql_delete_keywords, mailbox)) != STORE_OK ||
	    (status = run_for(tx, sql_delete_removed, mailbox)) != STORE_OK ||
	    (status = run_for(tx, sql_delete, mailbox)) != STORE_OK ||
	    (status = mailbox_count_for_owner(tx, owner, -1)) != STORE_OK)
		return status;
	store_tx_touch(tx, mailbox);
	return STORE_OK;
}

struct delete
{
	uint64_t actor;
	struct span name;
};

/* A name that stays for its children gets a new row: whoever still has the mailbox open finds it gone for ever. */
static enum store_status delete_tx(struct store_tx *tx, void *arg)
{
	const struct delete *job = arg;
	struct mailbox_entry entry;
	bool has_children = false;
	enum store_status status;

	if ((status = mailbox_look(tx, job->actor, job->name, &entry)) != STORE_OK ||
	    (status = mailbox_has_children(tx, job->actor, job->name, &has_children)) != STORE_OK)
		return status;
	if (!entry.is_selectable && has_children)
		return STORE_CONFLICT;
	status = mailbox_erase(tx, job->actor, entry.id);
	if (status == STORE_OK && has_children)
		status = mailbox_insert(tx, job->actor, job->name, 0, false, NULL);
	return status;
}

enum store_status store_mailbox_delete(struct store *store, uint64_t actor, struct span name)
{
	struct delete job = {actor, name};

	if (span_is(name, "INBOX"))
		return STORE_DENIED;
	if (mailbox_name_check(name) != STORE_OK)
		return STORE_NOT_FOUND;
	return store_write(store, delete_tx, &job);
}

/* Gives a mailbox another name, and its children with it (RFC 9051, 6.3.6): one row, and one range of names. */
#include "common/store/mailbox_private.h"

static const char sql_children[] = "SELECT name FROM mailbox WHERE owner = ? AND name > ? AND name < ?";
static const char sql_rename[] = "UPDATE mailbox SET name = ? WHERE id = ?";
static const char sql_rename_children[] = "UPDATE mailbox SET name = CAST(? || substr(name, ?) AS BLOB)"
					  " WHERE owner = ? AND name > ? AND name < ?";

struct rename {
	uint64_t actor;
	struct span from, to;
	struct mailbox_below below; /* from */
};

static size_t depth_of(struct span name)
{
	size_t depth = 1;

	for (size_t i = 0; i < name.n; i++)
		depth += name.p[i] == '/';
	return depth;
}

/* Would each child's new name still fit? */
static enum store_status check_children(struct store_tx *tx, const struct rename *job)
{
	struct sql_stmt *stmt = NULL;
	size_t from_depth = depth_of(job->from), to_depth = depth_of(job->to);
	bool row = false;
	enum store_status status;

	if (job->to.n <= job->from.n && to_depth <= from_depth)
		return STORE_OK;
	status = sql_prepare(tx->db, sql_children, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->actor);
		sql_bind_span(stmt, 2, job->below.from);
		sql_bind_span(stmt, 3, job->below.to);
	}
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		struct span name = sql_span(stmt, 0);

		if (name.n - job->from.n + job->to.n > STORE_NAME_MAX)
			status = STORE_INVALID;
		else if (depth_of(name) - from_depth + to_depth > STORE_DEPTH_MAX)
			status = STORE_LIMIT;
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status rename_row(struct store_tx *tx, uint64_t id, struct span to)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_rename, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, to);
		sql_bind_u64(stmt, 2, id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status rename_children(struct store_tx *tx, const struct rename *job)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_rename_children, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, job->to);
		sql_bind_u64(stmt, 2, job->from.n + 1);
		sql_bind_u64(stmt, 3, job->actor);
		sql_bind_span(stmt, 4, job->below.from);
		sql_bind_span(stmt, 5, job->below.to);
		status = sql_run(stmt); /* a name that is taken: STORE_EXISTS */
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status rename_inbox(struct store_tx *tx, const struct rename *job, uint64_t inbox)
{
	struct store_mailbox made;
	enum store_status status = mailbox_insert(tx, job->actor, job->to, 0, true, &made);

	return status == STORE_OK ? store_message_move_all(tx, job->actor, inbox, made.id) : status;
}

static enum store_status rename_tx(struct store_tx *tx, void *arg)
{
	const struct rename *job = arg;
	struct mailbox_entry from, to;
	enum store_status status;

	if ((status = mailbox_look(tx, job->actor, job->from, &from)) != STORE_OK)
		return status;
	if ((status = mailbox_look(tx, job->actor, job->to, &to)) != STORE_NOT_FOUND)
		return status == STORE_OK ? STORE_EXISTS : status;
	if ((status = mailbox_insert_parents(tx, job->actor, job->to)) != STORE_OK)
		return status;
	if (span_is(job->from, "INBOX"))
		return rename_inbox(tx, job, from.id);
	if ((status = check_children(tx, job)) != STORE_OK || (status = rename_row(tx, from.id, job->to)) != STORE_OK)
		return status;
	return rename_children(tx, job);
}

enum store_status store_mailbox_rename(struct store *store, uint64_t actor, struct span from, struct span to)
{
	struct rename job = {.actor = actor, .from = from, .to = to};
	enum store_status status = mailbox_name_check(to);

	if (mailbox_name_check(from) != STORE_OK)
		return STORE_NOT_FOUND;
	if (status != STORE_OK)
		return status;
	mailbox_below_init(&job.below, from);
	if (span_starts(to, job.below.from) && !span_is(from, "INBOX"))
		return STORE_INVALID;
	return store_write(store, rename_tx, &job);
}

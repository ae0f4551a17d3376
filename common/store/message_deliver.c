/* Delivery: one message to many users in one transaction, each with an outcome of its own. */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/store/blob/blob.h"
#include "common/store/message_private.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 3 }; /* as in message_append.c */

static const char sql_mailbox[] = "SELECT id FROM mailbox WHERE owner = ? AND name = ? AND is_selectable = 1";
static const char sql_mailboxes[] = "SELECT id, name FROM mailbox WHERE owner = ? AND is_selectable = 1";
static const char sql_was_delivered[] = "SELECT delivered_at FROM delivered WHERE owner = ? AND hash = ?";
static const char sql_delivered[] = "INSERT OR REPLACE INTO delivered (owner, hash, delivered_at) VALUES (?, ?, ?)";
static const char sql_forget[] = "DELETE FROM delivered WHERE delivered_at < ?";

struct deliver {
	struct store_target *targets;
	size_t count;
	const struct store_new_message *message;
	const struct store_delivery_rule *rule;
	size_t *previous; /* by target: the one in front of it with the same user and folder; SIZE_MAX: none */
	bool *is_refused; /* by group */
	struct blob_prepared prepared;
	unsigned char id_hash[SHA256_DIGEST_LENGTH]; /* of the message-id */
};

static bool looks_for_duplicates(const struct deliver *job)
{
	return job->rule->duplicates_s > 0 && job->rule->message_id.n > 0;
}

static enum store_status find_mailbox(struct store_tx *tx, uint64_t user, struct span name, uint64_t *mailbox_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_mailbox, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, user);
		sql_bind_span(stmt, 2, name);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		*mailbox_r = sql_u64(stmt, 0);
	sql_stmt_free(&stmt);
	return status;
}

/* On their way addresses lose their capitals: so the name in any case will do. */
static enum store_status find_in_any_case(struct store_tx *tx, uint64_t user, struct span name, uint64_t *mailbox_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_mailboxes, &stmt);
	bool is_row = false, is_found = false;

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, user);
	while (!is_found && status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		is_found = span_equal_nocase(sql_span(stmt, 1), name);
		*mailbox_r = sql_u64(stmt, 0);
	}
	sql_stmt_free(&stmt);
	return status == STORE_OK && !is_found ? STORE_NOT_FOUND : status;
}

static enum store_status find_target(struct store_tx *tx, const struct store_target *target, uint64_t *mailbox_r)
{
	enum store_status status = STORE_NOT_FOUND;

	if (target->folder.n > 0)
		status = find_mailbox(tx, target->user, target->folder, mailbox_r);
	if (status == STORE_NOT_FOUND && target->folder.n > 0)
		status = find_in_any_case(tx, target->user, target->folder, mailbox_r);
	return status == STORE_NOT_FOUND ? find_mailbox(tx, target->user, SPAN("INBOX"), mailbox_r) : status;
}

static enum store_status is_duplicate(struct store_tx *tx, const struct deliver *job, uint64_t user, bool *is_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status;

	*is_r = false;
	if (!looks_for_duplicates(job))
		return STORE_OK;
	if ((status = sql_prepare(tx->db, sql_was_delivered, &stmt)) == STORE_OK) {
		sql_bind_u64(stmt, 1, user);
		sql_bind_span(stmt, 2, span_from(job->id_hash, sizeof job->id_hash));
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		*is_r = sql_i64(stmt, 0) > clock_now() - job->rule->duplicates_s;
	sql_stmt_free(&stmt);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status remember(struct store_tx *tx, const struct deliver *job, uint64_t user)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status;

	if (!looks_for_duplicates(job))
		return STORE_OK;
	if ((status = sql_prepare(tx->db, sql_delivered, &stmt)) == STORE_OK) {
		sql_bind_u64(stmt, 1, user);
		sql_bind_span(stmt, 2, span_from(job->id_hash, sizeof job->id_hash));
		sql_bind_i64(stmt, 3, clock_now());
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* Everything that may refuse a target is asked before anything is changed for it. */
static enum store_status add(struct store_tx *tx, const struct deliver *job, uint64_t user, uint64_t mailbox)
{
	const struct store_new_message *message = job->message;
	struct message_row row = {.flags = message->flags & STORE_FLAG_SYSTEM,
				  .size = job->prepared.size,
				  .date = message->date,
				  .zone = message->zone};
	struct message_rows one = {.list = &row, .count = 1};
	struct store_mailbox_delta delta = {.mailbox = mailbox, .owner = user};
	struct store_mailbox_lock lock;
	enum store_status status = store_quota_check(tx, user, job->prepared.size);

	if (status == STORE_OK)
		status = store_mailbox_lock(tx, user, mailbox, &lock);
	if (status != STORE_OK)
		return status;
	if (lock.uidnext == UINT32_MAX)
		return STORE_LIMIT;
	row.uid = lock.uidnext;
	row.modseq = lock.modseq;
	delta.uidnext = lock.uidnext + 1;
	status = blob_add(tx, &job->prepared, &message->derived, &row.blob);
	if (status == STORE_OK)
		status = message_row_insert(tx, mailbox, &row);
	message_rows_count(&one, 1, &delta);
	return status == STORE_OK ? store_mailbox_count(tx, &delta) : status;
}

static enum store_status deliver_to(struct store_tx *tx, const struct deliver *job, struct store_target *target)
{
	uint64_t mailbox = 0;
	enum store_status status = is_duplicate(tx, job, target->user, &target->is_duplicate);

	if (status != STORE_OK || target->is_duplicate)
		return status;
	if ((status = find_target(tx, target, &mailbox)) == STORE_OK)
		status = add(tx, job, target->user, mailbox);
	return status == STORE_OK ? remember(tx, job, target->user) : status;
}

static enum store_status forget_old(struct store_tx *tx, const struct deliver *job)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status;

	if (!looks_for_duplicates(job))
		return STORE_OK;
	if ((status = sql_prepare(tx->db, sql_forget, &stmt)) == STORE_OK) {
		sql_bind_i64(stmt, 1, clock_now() - job->rule->duplicates_s);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* Did a target in front of this one give the same user the same message? */
static bool stands_twice(const struct deliver *job, size_t at)
{
	for (size_t i = job->previous[at]; i != SIZE_MAX; i = job->previous[i])
		if (job->targets[i].status == STORE_OK)
			return true;
	return false;
}

/* A group in which one is over quota is refused as a whole: else the sender's retry would give it to the others twice.
 */
static enum store_status check_groups(struct store_tx *tx, const struct deliver *job)
{
	enum store_status status = STORE_OK;

	memset(job->is_refused, 0, job->count * sizeof *job->is_refused);
	for (size_t i = 0; i < job->count && (status == STORE_OK || status == STORE_NOT_FOUND); i++) {
		status = store_quota_check(tx, job->targets[i].user, job->prepared.size);
		if (status == STORE_OVER_QUOTA) {
			job->is_refused[job->targets[i].group] = true;
			status = STORE_OK;
		}
	}
	for (size_t i = 0; i < job->count; i++)
		job->targets[i].status = job->is_refused[job->targets[i].group] ? STORE_OVER_QUOTA : STORE_OK;
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status deliver_tx(struct store_tx *tx, void *arg)
{
	struct deliver *job = arg;
	enum store_status status = forget_old(tx, job);

	if (status == STORE_OK)
		status = check_groups(tx, job);
	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		struct store_target *target = &job->targets[i];

		target->is_duplicate = stands_twice(job, i);
		if (target->status != STORE_OK || target->is_duplicate)
			continue;
		target->status = deliver_to(tx, job, target);
		if (target->status != STORE_NOT_FOUND && target->status != STORE_OVER_QUOTA &&
		    target->status != STORE_LIMIT)
			status = target->status;
	}
	return status;
}

struct place { /* of a target in the order of users and folders */
	const struct store_target *target;
	size_t number;
};

static int by_target(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = span_compare(x->target->folder, y->target->folder);

	if (x->target->user != y->target->user)
		return x->target->user < y->target->user ? -1 : 1;
	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static void find_repeats(struct deliver *job)
{
	struct place *places = alloc_zero(job->count, sizeof *places);

	for (size_t i = 0; i < job->count; i++)
		places[i] = (struct place){.target = &job->targets[i], .number = i};
	qsort(places, job->count, sizeof *places, by_target);
	for (size_t i = 0; i < job->count; i++) {
		bool is_same = i > 0 && places[i - 1].target->user == places[i].target->user &&
			       span_equal(places[i - 1].target->folder, places[i].target->folder);

		job->previous[places[i].number] = is_same ? places[i - 1].number : SIZE_MAX;
	}
	free(places);
}

enum store_status store_message_deliver(struct store *store, struct store_target *targets, size_t count,
					const struct store_new_message *message, const struct store_delivery_rule *rule)
{
	struct deliver job = {.targets = targets, .count = count, .message = message, .rule = rule};
	enum store_status status = count == 0 ? STORE_OK : STORE_CONFLICT;

	job.previous = alloc_zero(count + 1, sizeof *job.previous);
	job.is_refused = alloc_zero(count + 1, sizeof *job.is_refused);
	if (count > 0)
		find_repeats(&job);
	SHA256((const unsigned char *)rule->message_id.p, rule->message_id.n, job.id_hash);
	for (int i = 0; i < TRIES && status == STORE_CONFLICT; i++) {
		status = message->upload != NULL ? blob_prepare_upload(store, message->upload, &job.prepared)
						 : blob_prepare(store, message->bytes, &job.prepared);
		if (status == STORE_OK)
			status = store_write(store, deliver_tx, &job);
	}
	free(job.previous);
	free(job.is_refused);
	return status;
}

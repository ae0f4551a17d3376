/* Copying and moving messages between mailboxes. */
#include "common/store/mailbox.h"
#include "common/store/message_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

struct copy {
	uint64_t actor, from, to;
	const struct ranges *uids; /* NULL: all */
	bool move;
	struct store_copied *copied;
};

static const char sql_keywords[] = "SELECT number, name FROM keyword WHERE mailbox = ? ORDER BY number";

struct mapping { /* number in the source → number in the target, UINT32_MAX where not needed */
	uint32_t *to;
	size_t count, capacity;
};

static bool is_used(const struct message_rows *rows, uint32_t number)
{
	for (size_t i = 0; i < rows->count; i++)
		if (keyword_is_set(rows->list[i].flags, buf_view(&rows->list[i].more), number))
			return true;
	return false;
}

static bool have_keywords(const struct message_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->list[i].flags >> STORE_FLAG_KEYWORD_SHIFT != 0 || rows->list[i].more.n > 0)
			return true;
	return false;
}

/* Keywords have numbers of their own in each mailbox. */
static enum store_status map_keywords(struct store_tx *tx, const struct copy *job, const struct message_rows *rows,
				      struct mapping *mapping)
{
	struct sql_stmt *stmt = NULL;
	struct arena *arena = arena_create();
	struct span *names = NULL;
	size_t names_capacity = 0, count;
	bool is_row = false;
	enum store_status status = sql_prepare(tx->db, sql_keywords, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, job->from);
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		void *to = mapping->to, *list = names;

		alloc_grow(&to, &mapping->capacity, mapping->count + 1, sizeof *mapping->to);
		mapping->to = to;
		arena_grow(arena, &list, &names_capacity, mapping->count + 1, sizeof *names);
		names = list;
		names[mapping->count++] = arena_span(arena, sql_span(stmt, 1));
	}
	sql_stmt_free(&stmt);
	for (uint32_t k = 0; k < mapping->count && status == STORE_OK; k++) {
		mapping->to[k] = UINT32_MAX;
		if (is_used(rows, k))
			status = keyword_numbers(tx, job->to, &names[k], 1, true, &mapping->to[k], &count);
	}
	arena_destroy(&arena);
	return status;
}

static void translate(struct message_row *row, const struct mapping *mapping)
{
	uint64_t flags = row->flags & STORE_FLAG_SYSTEM;
	struct buf more = {0};

	for (uint32_t k = 0; k < mapping->count; k++)
		if (mapping->to[k] != UINT32_MAX && keyword_is_set(row->flags, buf_view(&row->more), k))
			keyword_set(&flags, &more, mapping->to[k]);
	row->flags = flags;
	buf_done(&row->more);
	row->more = more;
}

/* The rows under new UIDs; flags of `rows` become those of the target. */
static enum store_status insert_all(struct store_tx *tx, struct copy *job, struct message_rows *rows,
				    const struct store_mailbox_lock *lock)
{
	struct mapping mapping = {0};
	enum store_status status = STORE_OK;

	if (rows->count > UINT32_MAX - lock->uidnext)
		return STORE_LIMIT;
	if (job->from != job->to && have_keywords(rows)) {
		status = map_keywords(tx, job, rows, &mapping);
		for (size_t i = 0; i < rows->count && status == STORE_OK; i++)
			translate(&rows->list[i], &mapping);
	}
	free(mapping.to);
	for (size_t i = 0; i < rows->count && status == STORE_OK; i++) {
		struct message_row row = rows->list[i];

		row.uid = lock->uidnext + (uint32_t)i;
		row.modseq = lock->modseq;
		status = message_row_insert(tx, job->to, &row);
		job->copied->from[i] = rows->list[i].uid;
		job->copied->to[i] = row.uid;
	}
	job->copied->count = rows->count;
	job->copied->uidvalidity = lock->uidvalidity;
	return status;
}

static enum store_status count_all(struct store_tx *tx, const struct copy *job, const struct message_rows *rows,
				   const struct store_mailbox_lock *source, const struct store_mailbox_lock *target)
{
	struct store_mailbox_delta delta = {.mailbox = job->to,
					    .owner = target->owner,
					    .uidnext = target->uidnext + (uint32_t)rows->count,
					    .check_quota = !job->move};
	enum store_status status = STORE_OK;

	if (job->move) { /* first away, then there: one owner's quota never rises */
		struct store_mailbox_delta gone = {.mailbox = job->from, .owner = source->owner};

		message_rows_count(rows, -1, &gone);
		status = store_mailbox_count(tx, &gone);
	}
	message_rows_count(rows, 1, &delta);
	return status == STORE_OK ? store_mailbox_count(tx, &delta) : status;
}

static enum store_status lock_both(struct store_tx *tx, const struct copy *job, struct store_mailbox_lock *source,
				   struct store_mailbox_lock *target)
{
	enum store_status status;

	if (!job->move || job->from == job->to) {
		status = store_mailbox_lock(tx, job->actor, job->to, target);
		*source = *target;
		return status;
	}
	/* in the order of their numbers, so that two movers do not wait for each other */
	status = job->from < job->to ? store_mailbox_lock(tx, job->actor, job->from, source)
				     : store_mailbox_lock(tx, job->actor, job->to, target);
	if (status == STORE_OK)
		status = job->from < job->to ? store_mailbox_lock(tx, job->actor, job->to, target)
					     : store_mailbox_lock(tx, job->actor, job->from, source);
	return status;
}

static enum store_status copy_tx(struct store_tx *tx, void *arg)
{
	struct copy *job = arg;
	struct store_mailbox_lock source, target;
	struct message_rows rows = {0};
	enum store_status status;

	store_copied_done(job->copied); /* what an earlier run of this closure left */
	if ((status = store_mailbox_check(tx, job->actor, job->from)) != STORE_OK ||
	    (status = store_mailbox_check(tx, job->actor, job->to)) != STORE_OK ||
	    (status = message_rows_read(tx, job->from, job->uids, 0, &rows)) != STORE_OK || rows.count == 0)
		goto out;
	if ((status = lock_both(tx, job, &source, &target)) != STORE_OK)
		goto out;
	job->copied->from = alloc_zero(rows.count, sizeof *job->copied->from);
	job->copied->to = alloc_zero(rows.count, sizeof *job->copied->to);
	if (job->move)
		status = message_rows_remove(tx, job->from, &rows, source.modseq);
	else
		status = message_rows_refer(tx, &rows, 1);
	if (status == STORE_OK)
		status = insert_all(tx, job, &rows, &target);
	if (status == STORE_OK)
		status = count_all(tx, job, &rows, &source, &target);
out:
	message_rows_done(&rows);
	return status;
}

enum store_status store_message_copy(struct store *store, uint64_t actor, uint64_t from, const struct ranges *uids,
				     uint64_t to, bool move, struct store_copied *copied_r)
{
	struct copy job = {.actor = actor, .from = from, .to = to, .uids = uids, .move = move, .copied = copied_r};

	*copied_r = (struct store_copied){0};
	return store_write(store, copy_tx, &job);
}

void store_copied_done(struct store_copied *copied)
{
	free(copied->from);
	free(copied->to);
	*copied = (struct store_copied){0};
}

enum store_status store_message_move_all(struct store_tx *tx, uint64_t actor, uint64_t from, uint64_t to)
{
	struct store_copied copied = {0};
	struct copy job = {.actor = actor, .from = from, .to = to, .move = true, .copied = &copied};
	enum store_status status = copy_tx(tx, &job);

	store_copied_done(&copied);
	return status;
}

/* Changing flags and keywords. */
#include "common/store/message_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

static const char sql_update[] = "UPDATE message SET flags = ?, modseq = ?, more = ? WHERE id = ?";

struct change_flags {
	uint64_t actor, mailbox;
	const struct ranges *uids;
	const struct store_flag_change *change;
	struct store_flagged *flagged;
};

struct wanted { /* the change in this mailbox's bits */
	uint64_t flags;
	struct buf more;
};

static enum store_status want(struct store_tx *tx, const struct change_flags *job, struct wanted *wanted)
{
	const struct store_flag_change *change = job->change;
	uint32_t *numbers;
	size_t count;
	enum store_status status;

	*wanted = (struct wanted){.flags = change->flags & STORE_FLAG_SYSTEM};
	if (change->keyword_count == 0)
		return STORE_OK;
	numbers = alloc_zero(change->keyword_count, sizeof *numbers);
	status = keyword_numbers(tx, job->mailbox, change->keywords, change->keyword_count,
				 change->how != STORE_FLAGS_REMOVE, numbers, &count);
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		keyword_set(&wanted->flags, &wanted->more, numbers[i]);
	free(numbers);
	return status;
}

static void change_more(struct buf *more, const struct buf *with, enum store_flag_how how)
{
	if (how == STORE_FLAGS_REPLACE)
		more->n = 0;
	while (how != STORE_FLAGS_REMOVE && more->n < with->n)
		buf_byte(more, 0);
	for (size_t i = 0; i < more->n && i < with->n; i++)
		more->p[i] = (char)(how == STORE_FLAGS_REMOVE ? more->p[i] & ~with->p[i] : more->p[i] | with->p[i]);
	while (more->n > 0 && more->p[more->n - 1] == 0)
		more->n--;
}

/* Makes the row what it shall be; false where it was so already. */
static bool apply(struct message_row *row, const struct wanted *wanted, enum store_flag_how how)
{
	uint64_t before = row->flags;
	struct buf more_before = {0};
	bool is_changed;

	if (row->more.n > 0 || wanted->more.n > 0) {
		buf_span(&more_before, buf_view(&row->more));
		change_more(&row->more, &wanted->more, how);
	}
	switch (how) {
	case STORE_FLAGS_REPLACE:
		row->flags = wanted->flags;
		break;
	case STORE_FLAGS_ADD:
		row->flags |= wanted->flags;
		break;
	case STORE_FLAGS_REMOVE:
		row->flags &= ~wanted->flags;
		break;
	}
	is_changed = before != row->flags || !span_equal(buf_view(&more_before), buf_view(&row->more));
	buf_done(&more_before);
	return is_changed;
}

static void count_change(uint64_t before, const struct message_row *row, struct store_mailbox_delta *delta)
{
	uint64_t turned = before ^ row->flags;

	if (turned & STORE_FLAG_SEEN)
		delta->unseen += row->flags & STORE_FLAG_SEEN ? -1 : 1;
	if (turned & STORE_FLAG_DELETED) {
		delta->deleted += row->flags & STORE_FLAG_DELETED ? 1 : -1;
		delta->deleted_bytes += row->flags & STORE_FLAG_DELETED ? (int64_t)row->size : -(int64_t)row->size;
	}
}

static enum store_status update(struct store_tx *tx, uint64_t mailbox, const struct message_rows *rows,
				const struct ranges *changed, uint64_t modseq)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_update, &stmt);

	for (size_t i = 0; i < rows->count && status == STORE_OK; i++) {
		const struct message_row *row = &rows->list[i];

		if (!ranges_has(changed, row->uid))
			continue;
		sql_bind_u64(stmt, 1, row->flags);
		sql_bind_u64(stmt, 2, modseq);
		if (row->more.n > 0)
			sql_bind_span(stmt, 3, buf_view(&row->more));
		else
			sql_bind_null(stmt, 3);
		sql_bind_u64(stmt, 4, store_message_id(mailbox, row->uid));
		status = sql_run(stmt);
		sql_reset(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* What happens to each message; nothing is written yet. */
static void decide(const struct change_flags *job, const struct wanted *wanted, struct message_rows *rows,
		   struct store_mailbox_delta *delta)
{
	const struct store_flag_change *change = job->change;
	struct store_flagged *flagged = job->flagged;
	size_t next = 0;

	for (size_t i = 0; i < job->uids->count; i++) {
		uint64_t expected = job->uids->list[i].first;

		for (; next < rows->count && rows->list[next].uid <= job->uids->list[i].last; next++) {
			struct message_row *row = &rows->list[next];
			uint64_t before = row->flags;

			if (row->uid > expected)
				ranges_add(&flagged->missing, (uint32_t)expected, row->uid - 1);
			expected = (uint64_t)row->uid + 1;
			if (change->has_unchangedsince && row->modseq > change->unchangedsince) {
				ranges_add(&flagged->conflicted, row->uid, row->uid);
			} else if (apply(row, wanted, change->how)) {
				count_change(before, row, delta);
				ranges_add(&flagged->changed, row->uid, row->uid);
			}
		}
		if (expected <= job->uids->list[i].last)
			ranges_add(&flagged->missing, (uint32_t)expected, job->uids->list[i].last);
	}
}

static enum store_status flags_tx(struct store_tx *tx, void *arg)
{
	struct change_flags *job = arg;
	struct store_mailbox_delta delta = {.mailbox = job->mailbox};
	struct store_mailbox_lock lock;
	struct message_rows rows = {0};
	struct wanted wanted = {0};
	enum store_status status;

	store_flagged_done(job->flagged); /* what an earlier run of this closure left */
	if ((status = store_mailbox_check(tx, job->actor, job->mailbox)) != STORE_OK ||
	    (status = want(tx, job, &wanted)) != STORE_OK ||
	    (status = message_rows_read(tx, job->mailbox, job->uids, 0, &rows)) != STORE_OK)
		goto out;
	decide(job, &wanted, &rows, &delta);
	if (job->flagged->changed.count == 0)
		goto out; /* nothing changes, so no modseq is taken */
	if ((status = store_mailbox_lock(tx, job->actor, job->mailbox, &lock)) != STORE_OK ||
	    (status = update(tx, job->mailbox, &rows, &job->flagged->changed, lock.modseq)) != STORE_OK)
		goto out;
	job->flagged->modseq = lock.modseq;
	delta.owner = lock.owner;
	if (delta.unseen != 0 || delta.deleted != 0)
		status = store_mailbox_count(tx, &delta);
out:
	message_rows_done(&rows);
	buf_done(&wanted.more);
	return status;
}

enum store_status store_message_flags(struct store *store, uint64_t actor, uint64_t mailbox, const struct ranges *uids,
				      const struct store_flag_change *change, struct store_flagged *flagged_r)
{
	struct change_flags job = {
		.actor = actor, .mailbox = mailbox, .uids = uids, .change = change, .flagged = flagged_r};

	*flagged_r = (struct store_flagged){0};
	return store_write(store, flags_tx, &job);
}

void store_flagged_done(struct store_flagged *flagged)
{
	ranges_done(&flagged->changed);
	ranges_done(&flagged->conflicted);
	ranges_done(&flagged->missing);
	flagged->modseq = 0;
}

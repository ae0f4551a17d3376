/* The narrow rows of messages. */
#include "common/store/blob/blob.h"
#include "common/store/message_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <stdlib.h>

static const char sql_read[] =
	"SELECT id, flags, modseq, size, date, zone, blob, more FROM message WHERE id BETWEEN ? AND ?"
	" AND (flags & ?3) = ?3 ORDER BY id";
static const char sql_insert[] = "INSERT INTO message (id, mailbox, modseq, flags, size, date, zone, blob, more)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char sql_delete[] = "DELETE FROM message WHERE id = ?";
static const char sql_removed[] = "INSERT INTO removed (mailbox, modseq, uid, removed_at) VALUES (?, ?, ?, ?)";

static struct message_row *add(struct message_rows *rows)
{
	void *list = rows->list;

	alloc_grow(&list, &rows->capacity, rows->count + 1, sizeof *rows->list);
	rows->list = list;
	rows->list[rows->count] = (struct message_row){0};
	return &rows->list[rows->count++];
}

static enum store_status read_range(struct store_tx *tx, uint64_t mailbox, struct range range, uint64_t with_flags,
				    struct message_rows *rows)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_read, &stmt);
	bool is_row = false;

	if (status != STORE_OK)
		return status;
	sql_bind_u64(stmt, 1, store_message_id(mailbox, range.first));
	sql_bind_u64(stmt, 2, store_message_id(mailbox, range.last));
	sql_bind_u64(stmt, 3, with_flags);
	while ((status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		struct message_row *row = add(rows);

		row->uid = (uint32_t)sql_u64(stmt, 0);
		row->flags = sql_u64(stmt, 1);
		row->modseq = sql_u64(stmt, 2);
		row->size = sql_u64(stmt, 3);
		row->date = sql_i64(stmt, 4);
		row->zone = (int)sql_i64(stmt, 5);
		row->blob = sql_u64(stmt, 6);
		buf_span(&row->more, sql_span(stmt, 7));
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status message_rows_read(struct store_tx *tx, uint64_t mailbox, const struct ranges *uids,
				    uint64_t with_flags, struct message_rows *rows_r)
{
	enum store_status status = STORE_OK;

	*rows_r = (struct message_rows){0};
	if (uids == NULL)
		return read_range(tx, mailbox, (struct range){1, UINT32_MAX}, with_flags, rows_r);
	for (size_t i = 0; i < uids->count && status == STORE_OK; i++)
		status = read_range(tx, mailbox, uids->list[i], with_flags, rows_r);
	return status;
}

void message_rows_done(struct message_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		buf_done(&rows->list[i].more);
	free(rows->list);
	*rows = (struct message_rows){0};
}

enum store_status message_row_insert(struct store_tx *tx, uint64_t mailbox, const struct message_row *row)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_insert, &stmt);

	if (status != STORE_OK)
		return status;
	sql_bind_u64(stmt, 1, store_message_id(mailbox, row->uid));
	sql_bind_u64(stmt, 2, mailbox);
	sql_bind_u64(stmt, 3, row->modseq);
	sql_bind_u64(stmt, 4, row->flags);
	sql_bind_u64(stmt, 5, row->size);
	sql_bind_i64(stmt, 6, row->date);
	sql_bind_i64(stmt, 7, row->zone);
	sql_bind_u64(stmt, 8, row->blob);
	if (row->more.n > 0)
		sql_bind_span(stmt, 9, buf_view(&row->more));
	else
		sql_bind_null(stmt, 9);
	status = sql_run(stmt);
	sql_stmt_free(&stmt);
	return status;
}

enum store_status message_rows_remove(struct store_tx *tx, uint64_t mailbox, const struct message_rows *rows,
				      uint64_t modseq)
{
	struct sql_stmt *row = NULL, *removed = NULL;
	int64_t now = clock_now();
	enum store_status status;

	if ((status = sql_prepare(tx->db, sql_delete, &row)) != STORE_OK ||
	    (status = sql_prepare(tx->db, sql_removed, &removed)) != STORE_OK)
		goto out;
	for (size_t i = 0; i < rows->count && status == STORE_OK; i++) {
		sql_bind_u64(row, 1, store_message_id(mailbox, rows->list[i].uid));
		sql_bind_u64(removed, 1, mailbox);
		sql_bind_u64(removed, 2, modseq);
		sql_bind_u64(removed, 3, rows->list[i].uid);
		sql_bind_i64(removed, 4, now);
		if ((status = sql_run(row)) == STORE_OK)
			status = sql_run(removed);
		sql_reset(row);
		sql_reset(removed);
	}
out:
	sql_stmt_free(&removed);
	sql_stmt_free(&row);
	return status;
}

enum store_status message_rows_refer(struct store_tx *tx, const struct message_rows *rows, int64_t more)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < rows->count && status == STORE_OK; i++)
		status = blob_refer(tx, rows->list[i].blob, more);
	return status;
}

void message_rows_count(const struct message_rows *rows, int64_t sign, struct store_mailbox_delta *delta)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct message_row *row = &rows->list[i];

		delta->messages += sign;
		delta->bytes += sign * (int64_t)row->size;
		if (!(row->flags & STORE_FLAG_SEEN))
			delta->unseen += sign;
		if (row->flags & STORE_FLAG_DELETED) {
			delta->deleted += sign;
			delta->deleted_bytes += sign * (int64_t)row->size;
		}
	}
}

/* Reading a mailbox into a snapshot: whole, or what has changed since the last one. */
#include "common/store/snapshot_private.h"
#include "common/base/alloc.h"
#include "common/base/log.h"

#include <stdatomic.h>
#include <stdlib.h>

static const char sql_mailbox[] =
	"SELECT uidvalidity, uidnext, modseq, recent_from, unseen, messages, removed_floor FROM mailbox"
	" WHERE id = ? AND owner = ?";
static const char sql_all[] =
	"SELECT id, flags, modseq, size, date, zone, blob, more FROM message WHERE id BETWEEN ? AND ?"
	" ORDER BY id";
/* without bitmaps, where the mailbox has too few keywords for any: a fifth less work on 100 000 rows */
static const char sql_all_narrow[] =
	"SELECT id, flags, modseq, size, date, zone, blob FROM message WHERE id BETWEEN ? AND ?"
	" ORDER BY id";
static const char sql_changed[] = "SELECT id, flags, modseq, size, date, zone, blob, more FROM message"
				  " WHERE mailbox = ? AND modseq > ?";
static const char sql_removed[] = "SELECT uid FROM removed WHERE mailbox = ? AND modseq > ?";
static const char sql_keywords[] = "SELECT name FROM keyword WHERE mailbox = ? ORDER BY number";

struct changes {                /* since the old snapshot */
	struct store_row *rows; /* ascending by UID */
	size_t count, capacity;
	struct ranges removed;
	size_t max;          /* reading stops at so many rows: then the whole mailbox is read instead */
	struct arena *arena; /* of the rows' bitmaps */
};

static void take_narrow_row(struct sql_stmt *stmt, struct store_row *row)
{
	row->uid = (uint32_t)sql_u64(stmt, 0);
	row->flags = sql_u64(stmt, 1) & ~STORE_FLAG_GHOST;
	row->modseq = sql_u64(stmt, 2);
	row->size = (uint32_t)sql_u64(stmt, 3);
	row->date = sql_i64(stmt, 4);
	row->zone = (int)sql_i64(stmt, 5);
	row->blob = sql_u64(stmt, 6);
	row->more = (struct span){0};
}

static void take_row(struct sql_stmt *stmt, struct store_row *row)
{
	take_narrow_row(stmt, row);
	row->more = sql_span(stmt, 7);
}

static enum store_status load_keywords(struct store_tx *tx, uint64_t mailbox, struct store_keyword_list **list_r)
{
	struct sql_stmt *stmt = NULL;
	struct arena *arena = arena_create();
	struct span *names = NULL;
	size_t capacity = 0;
	uint32_t count = 0;
	bool is_row = false;
	enum store_status status = sql_prepare(tx->db, sql_keywords, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, mailbox);
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		void *list = names;

		arena_grow(arena, &list, &capacity, count + 1, sizeof *names);
		names = list;
		names[count++] = arena_span(arena, sql_span(stmt, 0));
	}
	sql_stmt_free(&stmt);
	if (status == STORE_OK)
		*list_r = keyword_list_create(names, count);
	arena_destroy(&arena);
	return status;
}

static enum store_status load_all(struct store_tx *tx, const struct store_snapshot *head,
				  struct store_snapshot **snapshot_r)
{
	struct sql_stmt *stmt = NULL;
	struct snapshot_builder *builder = alloc_bytes(sizeof *builder);
	struct arena *arena = arena_create();
	bool is_row = false, is_narrow = head->keywords->count <= STORE_KEYWORDS_IN_FLAGS;
	enum store_status status = sql_prepare(tx->db, is_narrow ? sql_all_narrow : sql_all, &stmt);

	snapshot_builder_init(builder);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, store_message_id(head->mailbox, 0));
		sql_bind_u64(stmt, 2, store_message_id(head->mailbox, UINT32_MAX));
	}
	while (status == STORE_OK && (status = sql_step(stmt, &is_row)) == STORE_OK && is_row) {
		struct store_row row;

		if (is_narrow)
			take_narrow_row(stmt, &row);
		else
			take_row(stmt, &row);
		if (row.more.n > 0)
			row.more = arena_span(arena, row.more);
		snapshot_builder_row(builder, &row);
	}
	sql_stmt_free(&stmt);
	*snapshot_r = snapshot_builder_end(builder, head);
	if (status != STORE_OK)
		store_snapshot_unref(snapshot_r);
	arena_destroy(&arena);
	free(builder);
	return status;
}

static int by_uid(const void *a, const void *b)
{
	const struct store_row *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static enum store_status load_changes(struct store_tx *tx, const struct store_snapshot *old, struct changes *changes)
{
	struct sql_stmt *rows = NULL, *removed = NULL;
	bool is_row = false;
	enum store_status status;

	if ((status = sql_prepare(tx->db, sql_changed, &rows)) != STORE_OK ||
	    (status = sql_prepare(tx->db, sql_removed, &removed)) != STORE_OK)
		goto out;
	sql_bind_u64(rows, 1, old->mailbox);
	sql_bind_u64(rows, 2, old->modseq);
	while (changes->count < changes->max && (status = sql_step(rows, &is_row)) == STORE_OK && is_row) {
		void *list = changes->rows;

		alloc_grow(&list, &changes->capacity, changes->count + 1, sizeof *changes->rows);
		changes->rows = list;
		take_row(rows, &changes->rows[changes->count]);
		if (changes->rows[changes->count].more.n > 0)
			changes->rows[changes->count].more =
				arena_span(changes->arena, changes->rows[changes->count].more);
		changes->count++;
	}
	if (status != STORE_OK || changes->count == changes->max)
		goto out;
	sql_bind_u64(removed, 1, old->mailbox);
	sql_bind_u64(removed, 2, old->modseq);
	while ((status = sql_step(removed, &is_row)) == STORE_OK && is_row)
		ranges_add(&changes->removed, (uint32_t)sql_u64(removed, 0), (uint32_t)sql_u64(removed, 0));
	if (changes->count > 1)
		qsort(changes->rows, changes->count, sizeof *changes->rows, by_uid);
out:
	sql_stmt_free(&removed);
	sql_stmt_free(&rows);
	return status;
}

/* Is any of these UIDs in the chunk's reach? *from moves on over what lies in front of it. */
static bool touches_removed(const struct ranges *removed, size_t *from, uint32_t first, uint32_t last)
{
	while (*from < removed->count && removed->list[*from].last < first)
		++*from;
	return *from < removed->count && removed->list[*from].first <= last;
}

static void merge_chunk(struct snapshot_builder *builder, const struct store_chunk *chunk,
			const struct changes *changes, size_t *next)
{
	for (uint32_t i = 0; i < chunk->count; i++) {
		struct store_row row;

		if (*next < changes->count && changes->rows[*next].uid == chunk->uid[i]) {
			snapshot_builder_row(builder, &changes->rows[(*next)++]);
			continue;
		}
		if (ranges_has(&changes->removed, chunk->uid[i]))
			continue;
		snapshot_chunk_row(chunk, i, &row);
		snapshot_builder_row(builder, &row);
	}
}

static struct store_snapshot *merge(const struct store_snapshot *old, const struct changes *changes,
				    const struct store_snapshot *head)
{
	struct snapshot_builder *builder = alloc_bytes(sizeof *builder);
	struct store_snapshot *snapshot;
	size_t next = 0, removed_at = 0;

	snapshot_builder_init(builder);
	for (uint32_t i = 0; i < old->chunk_count; i++) {
		struct store_chunk *chunk = old->chunks[i];
		uint32_t first = chunk->uid[0], last = chunk->uid[chunk->count - 1];
		bool is_changed = next < changes->count && changes->rows[next].uid <= last;
		bool is_filled_up =
			i + 1 == old->chunk_count && next < changes->count && chunk->count < STORE_CHUNK_ROWS;

		if (is_changed || is_filled_up || touches_removed(&changes->removed, &removed_at, first, last))
			merge_chunk(builder, chunk, changes, &next);
		else
			snapshot_builder_share(builder, chunk);
	}
	for (; next < changes->count; next++)
		snapshot_builder_row(builder, &changes->rows[next]);
	snapshot = snapshot_builder_end(builder, head);
	free(builder);
	return snapshot;
}

static enum store_status load_next(struct store_tx *tx, struct store_snapshot *old, const struct store_snapshot *head,
				   uint64_t messages, uint64_t removed_floor, struct store_snapshot **snapshot_r)
{
	struct changes changes = {.arena = arena_create()};
	enum store_status status = STORE_OK;
	bool whole = old == NULL || old->uidvalidity != head->uidvalidity || old->modseq < removed_floor;

	if (!whole) {
		/* a changed row is found through the index: dearer than one among all of them */
		changes.max = old->count / 4 + 1000;
		status = load_changes(tx, old, &changes);
		whole = changes.count == changes.max;
	}
	if (status == STORE_OK && !whole)
		*snapshot_r = merge(old, &changes, head);
	if (status == STORE_OK && !whole && (*snapshot_r)->count != messages) {
		store_snapshot_unref(snapshot_r);
		whole = true; /* the journal did not tell all: the rows decide */
	}
	if (status == STORE_OK && whole)
		status = load_all(tx, head, snapshot_r);
	if (status == STORE_OK && (*snapshot_r)->count != messages)
		log_error(NULL, "store: mailbox %llu counts %llu messages and has %u: check and repair the store",
			  (unsigned long long)head->mailbox, (unsigned long long)messages, (*snapshot_r)->count);
	if (status != STORE_OK)
		store_snapshot_unref(snapshot_r);
	ranges_done(&changes.removed);
	free(changes.rows);
	arena_destroy(&changes.arena);
	return status;
}

static bool is_same(const struct store_snapshot *old, const struct store_snapshot *head)
{
	return old != NULL && old->modseq == head->modseq && old->uidvalidity == head->uidvalidity &&
	       old->recent_from == head->recent_from && old->uidnext == head->uidnext;
}

enum store_status snapshot_load(struct store_tx *tx, uint64_t actor, uint64_t mailbox, struct store_snapshot *old,
				struct store_snapshot **snapshot_r)
{
	struct store_snapshot head = {.mailbox = mailbox};
	uint64_t messages = 0, removed_floor = 0;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_mailbox, &stmt);

	*snapshot_r = NULL;
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, mailbox);
		sql_bind_u64(stmt, 2, actor);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		head.uidvalidity = (uint32_t)sql_u64(stmt, 0);
		head.uidnext = (uint32_t)sql_u64(stmt, 1);
		head.modseq = sql_u64(stmt, 2);
		head.recent_from = (uint32_t)sql_u64(stmt, 3);
		head.unseen = (uint32_t)sql_u64(stmt, 4);
		messages = sql_u64(stmt, 5);
		removed_floor = sql_u64(stmt, 6);
	}
	sql_stmt_free(&stmt);
	if (status != STORE_OK)
		return status;
	if (is_same(old, &head)) {
		*snapshot_r = store_snapshot_ref(old);
		return STORE_OK;
	}
	if ((status = load_keywords(tx, mailbox, &head.keywords)) != STORE_OK)
		return status;
	status = load_next(tx, old, &head, messages, removed_floor, snapshot_r);
	keyword_list_unref(&head.keywords);
	return status;
}

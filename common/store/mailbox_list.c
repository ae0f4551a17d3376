/* All mailboxes of a user: one ordered read, merged with the ordered subscriptions; who has children comes out in
 * passing. */
#include "common/store/mailbox_columns.h"
#include "common/store/mailbox_private.h"

#include <string.h>

static const char sql_all[] = "SELECT " MAILBOX_COLUMNS " FROM mailbox m WHERE m.owner = ? ORDER BY m.name";
static const char sql_subscriptions[] = "SELECT name FROM subscription WHERE owner = ? ORDER BY name";

struct list {
	uint64_t actor;
	struct arena *arena;
	struct store_mailbox *all, *orphans;
	size_t count, capacity, orphan_count, orphan_capacity;
};

static enum store_status read_all(struct store_tx *tx, struct list *list)
{
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_all, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, list->actor);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(list->arena, (void **)&list->all, &list->capacity, list->count + 1, sizeof(*list->all));
		mailbox_from_columns(stmt, list->arena, &list->all[list->count++]);
	}
	sql_stmt_free(&stmt);
	return status;
}

static void add_orphan(struct list *list, struct span name)
{
	arena_grow(list->arena, (void **)&list->orphans, &list->orphan_capacity, list->orphan_count + 1,
		   sizeof(*list->orphans));
	list->orphans[list->orphan_count++] = (struct store_mailbox){
		.owner = list->actor,
		.name = arena_span(list->arena, name),
		.is_subscribed = true,
	};
}

/* Both are in the same order, so they are walked side by side. */
static enum store_status merge_subscriptions(struct store_tx *tx, struct list *list)
{
	struct sql_stmt *stmt = NULL;
	size_t at = 0;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, sql_subscriptions, &stmt);

	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, list->actor);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		struct span name = sql_span(stmt, 0);
		int order = 1;

		while (at < list->count && (order = span_compare(list->all[at].name, name)) < 0)
			at++;
		if (at < list->count && order == 0)
			list->all[at].is_subscribed = true;
		else
			add_orphan(list, name);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* In front of `before` in the sorted array: parents sort before their children. */
static struct store_mailbox *find_name(struct list *list, struct span name, size_t before)
{
	size_t low = 0, high = before;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_compare(list->all[middle].name, name);

		if (order == 0)
			return &list->all[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Siblings mostly stand side by side: the parent of the last one is tried first. */
static void mark_parents(struct list *list)
{
	struct store_mailbox *last = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct span parent = mailbox_name_parent(list->all[i].name);

		if (parent.n == 0)
			continue;
		if (last == NULL || !span_equal(last->name, parent))
			last = find_name(list, parent, i);
		if (last != NULL)
			last->has_children = true;
	}
}

static void put_inbox_first(struct list *list)
{
	struct store_mailbox *inbox = find_name(list, SPAN("INBOX"), list->count);
	struct store_mailbox copy;

	if (inbox == NULL)
		return;
	copy = *inbox;
	memmove(list->all + 1, list->all, (size_t)(inbox - list->all) * sizeof(*list->all));
	list->all[0] = copy;
}

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	struct list *list = arg;
	enum store_status status;

	list->count = list->orphan_count = 0;
	if ((status = read_all(tx, list)) == STORE_OK)
		status = merge_subscriptions(tx, list);
	return status;
}

enum store_status store_mailbox_list(struct store *store, uint64_t actor, struct arena *arena,
				     struct store_mailbox **list_r, size_t *count_r, struct store_mailbox **orphans_r,
				     size_t *orphan_count_r)
{
	struct list list = {.actor = actor, .arena = arena};
	enum store_status status = store_read(store, list_tx, &list);

	if (status != STORE_OK)
		return status;
	mark_parents(&list);
	put_inbox_first(&list);
	*list_r = list.all;
	*count_r = list.count;
	*orphans_r = list.orphans;
	*orphan_count_r = list.orphan_count;
	return STORE_OK;
}

/* Looking at one mailbox: by name, by number, its recent messages, its keywords. */
#include "common/store/mailbox_private.h"
#include "common/store/mailbox_columns.h"

static const char sql_find[] =
	"SELECT " MAILBOX_COLUMNS ", EXISTS (SELECT 1 FROM subscription s WHERE s.owner = ?1 AND s.name = m.name)"
	" FROM mailbox m WHERE m.owner = ?1 AND m.name = ?2";
static const char sql_get[] =
	"SELECT " MAILBOX_COLUMNS ", EXISTS (SELECT 1 FROM subscription s WHERE s.owner = ?1 AND s.name = m.name)"
	" FROM mailbox m WHERE m.id = ?2 AND m.owner = ?1";
static const char sql_recent[] =
	"SELECT recent_from, uidnext FROM mailbox WHERE id = ? AND owner = ? AND is_selectable = 1";
static const char sql_claim[] = "UPDATE mailbox SET recent_from = uidnext WHERE id = ?";
static const char sql_keywords[] = "SELECT name FROM keyword WHERE mailbox = ? ORDER BY number";

void mailbox_from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_mailbox *mailbox_r)
{
	*mailbox_r = (struct store_mailbox){
		.id = sql_u64(stmt, 0),
		.owner = sql_u64(stmt, 1),
		.name = arena_span(arena, sql_span(stmt, 2)),
		.uidvalidity = (uint32_t)sql_u64(stmt, 3),
		.uidnext = (uint32_t)sql_u64(stmt, 4),
		.modseq = sql_u64(stmt, 5),
		.messages = (uint32_t)sql_u64(stmt, 6),
		.unseen = (uint32_t)sql_u64(stmt, 7),
		.deleted = (uint32_t)sql_u64(stmt, 8),
		.bytes = sql_u64(stmt, 9),
		.deleted_bytes = sql_u64(stmt, 10),
		.recent_from = (uint32_t)sql_u64(stmt, 11),
		.uses = (unsigned)sql_u64(stmt, 12),
		.is_selectable = sql_u64(stmt, 13) != 0,
	};
}

/* --- find, get
 * ------------------------------------------------------------------------------------------------------------ */

struct find {
	uint64_t actor, id; /* id 0: by name */
	struct span name;
	struct arena *arena;
	struct store_mailbox *mailbox_r;
};

static enum store_status find_tx(struct store_tx *tx, void *arg)
{
	struct find *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, job->id == 0 ? sql_find : sql_get, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->actor);
		if (job->id == 0)
			sql_bind_span(stmt, 2, job->name);
		else
			sql_bind_u64(stmt, 2, job->id);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		mailbox_from_columns(stmt, job->arena, job->mailbox_r);
		job->mailbox_r->is_subscribed = sql_u64(stmt, MAILBOX_COLUMN_COUNT) != 0;
		status = mailbox_has_children(tx, job->actor, job->mailbox_r->name, &job->mailbox_r->has_children);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_mailbox_find(struct store *store, uint64_t actor, struct span name, struct arena *arena,
				     struct store_mailbox *mailbox_r)
{
	struct find job = {.actor = actor, .name = name, .arena = arena, .mailbox_r = mailbox_r};

	return store_read(store, find_tx, &job);
}

enum store_status store_mailbox_get(struct store *store, uint64_t actor, uint64_t id, struct arena *arena,
				    struct store_mailbox *mailbox_r)
{
	struct find job = {.actor = actor, .id = id, .arena = arena, .mailbox_r = mailbox_r};

	return id == 0 ? STORE_NOT_FOUND : store_read(store, find_tx, &job);
}

/* --- recent
 * --------------------------------------------------------------------------------------------------------------- */

struct recent {
	uint64_t actor, mailbox;
	uint32_t first, uidnext;
};

static enum store_status recent_tx(struct store_tx *tx, void *arg)
{
	struct recent *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_recent, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->mailbox);
		sql_bind_u64(stmt, 2, job->actor);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK) {
		job->first = (uint32_t)sql_u64(stmt, 0);
		job->uidnext = (uint32_t)sql_u64(stmt, 1);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status claim_tx(struct store_tx *tx, void *arg)
{
	struct recent *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = recent_tx(tx, job);

	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_claim, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->mailbox);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* Most of the time there is nothing to claim, and a look is enough. */
enum store_status store_mailbox_recent(struct store *store, uint64_t actor, uint64_t mailbox, bool claim,
				       uint32_t *first_r)
{
	struct recent job = {.actor = actor, .mailbox = mailbox};
	enum store_status status = store_read(store, recent_tx, &job);

	if (status == STORE_OK && claim && job.first < job.uidnext)
		status = store_write(store, claim_tx, &job);
	if (status == STORE_OK)
		*first_r = job.first;
	return status;
}

/* --- keywords
 * ------------------------------------------------------------------------------------------------------------- */

struct keywords {
	uint64_t actor, mailbox;
	struct arena *arena;
	struct span *names;
	size_t count, capacity;
};

static enum store_status keywords_tx(struct store_tx *tx, void *arg)
{
	struct keywords *job = arg;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = store_mailbox_check(tx, job->actor, job->mailbox);

	job->count = 0;
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_keywords, &stmt);
	if (status == STORE_OK)
		sql_bind_u64(stmt, 1, job->mailbox);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		arena_grow(job->arena, (void **)&job->names, &job->capacity, job->count + 1, sizeof(*job->names));
		job->names[job->count++] = arena_span(job->arena, sql_span(stmt, 0));
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_mailbox_keywords(struct store *store, uint64_t actor, uint64_t mailbox, struct arena *arena,
					 struct span **names_r, size_t *count_r)
{
	struct keywords job = {.actor = actor, .mailbox = mailbox, .arena = arena};
	enum store_status status = store_read(store, keywords_tx, &job);

	if (status == STORE_OK) {
		*names_r = job.names;
		*count_r = job.count;
	}
	return status;
}

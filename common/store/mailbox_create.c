/* Making mailboxes (RFC 9051, 6.3.4), and the rows that every name needs. */
#include "common/base/clock.h"
#include "common/store/mailbox_private.h"

enum { MAILBOX_ID_MAX = 0x7fffffff }; /* message.id is mailbox << 32 | uid */

static const char sql_read_uidvalidity[] = "SELECT CAST(value AS INTEGER) FROM store_info WHERE name = 'uidvalidity'";
static const char sql_first_uidvalidity[] = "INSERT INTO store_info (name, value) VALUES ('uidvalidity', ?)";
static const char sql_next_uidvalidity[] = "UPDATE store_info SET value = ? WHERE name = 'uidvalidity'";
static const char sql_look[] = "SELECT id, is_selectable FROM mailbox WHERE owner = ? AND name = ?";
static const char sql_children[] = "SELECT 1 FROM mailbox WHERE owner = ? AND name > ? AND name < ? LIMIT 1";
static const char sql_owner_counts[] = "UPDATE user SET mailboxes = mailboxes + ? WHERE id = ?";
static const char sql_owner_has[] = "SELECT mailboxes FROM user WHERE id = ?";
static const char sql_insert[] =
	"INSERT INTO mailbox (owner, name, uidvalidity, uidnext, modseq, messages, unseen, deleted, bytes, "
	"deleted_bytes,"
	" recent_from, uses, is_selectable, removed_floor) VALUES (?, ?, ?, 1, 1, 0, 0, 0, 0, 0, 1, ?, ?, 0)";
static const char sql_make_selectable[] =
	"UPDATE mailbox SET is_selectable = 1, uses = ?, uidvalidity = ?, modseq = modseq + 1 WHERE id = ?";
static const char sql_has_use[] = "SELECT 1 FROM mailbox WHERE owner = ? AND (uses & ?) <> 0 LIMIT 1";

enum store_status mailbox_look(struct store_tx *tx, uint64_t owner, struct span name, struct mailbox_entry *entry_r)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_look, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_span(stmt, 2, name);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK)
		*entry_r = (struct mailbox_entry){.id = sql_u64(stmt, 0), .is_selectable = sql_u64(stmt, 1) != 0};
	sql_stmt_free(&stmt);
	return status;
}

enum store_status mailbox_has_children(struct store_tx *tx, uint64_t owner, struct span name, bool *has_r)
{
	struct sql_stmt *stmt = NULL;
	struct mailbox_below below;
	enum store_status status = sql_prepare(tx->db, sql_children, &stmt);

	if (status == STORE_OK) {
		mailbox_below_init(&below, name);
		sql_bind_u64(stmt, 1, owner);
		sql_bind_span(stmt, 2, below.from);
		sql_bind_span(stmt, 3, below.to);
		status = sql_step(stmt, has_r);
	}
	sql_stmt_free(&stmt);
	return status;
}

/* The time, or one more than the last where that is not behind it: so it ascends whatever the clock does. */
enum store_status mailbox_next_uidvalidity(struct store_tx *tx, uint32_t *uidvalidity_r)
{
	struct sql_stmt *read = NULL, *write = NULL;
	uint64_t next = (uint64_t)clock_now();
	bool has_last = false;
	enum store_status status = sql_prepare(tx->db, sql_read_uidvalidity, &read);

	if (status == STORE_OK)
		status = sql_step(read, &has_last);
	if (status == STORE_OK && has_last && sql_u64(read, 0) >= next)
		next = sql_u64(read, 0) + 1;
	sql_stmt_free(&read);
	if (status == STORE_OK && next > UINT32_MAX)
		status = store_fail(tx, STORE_BROKEN, "there is no uidvalidity left");
	if (status == STORE_OK)
		status = sql_prepare(tx->db, has_last ? sql_next_uidvalidity : sql_first_uidvalidity, &write);
	if (status == STORE_OK) {
		sql_bind_u64(write, 1, next);
		status = sql_run_one(write);
	}
	sql_stmt_free(&write);
	*uidvalidity_r = (uint32_t)next;
	return status;
}

enum store_status mailbox_count_for_owner(struct store_tx *tx, uint64_t owner, int64_t more)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_owner_counts, &stmt);

	if (status == STORE_OK) {
		sql_bind_i64(stmt, 1, more);
		sql_bind_u64(stmt, 2, owner);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status count_one_more(struct store_tx *tx, uint64_t owner)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_owner_has, &stmt);

	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		status = sql_step_one(stmt);
	}
	if (status == STORE_OK && sql_u64(stmt, 0) >= store_options_of(tx->store)->mailboxes_max)
		status = STORE_LIMIT;
	sql_stmt_free(&stmt);
	return status == STORE_OK ? mailbox_count_for_owner(tx, owner, 1) : status;
}

enum store_status mailbox_insert(struct store_tx *tx, uint64_t owner, struct span name, unsigned uses,
				 bool is_selectable, struct store_mailbox *mailbox_r)
{
	struct sql_stmt *stmt = NULL;
	uint32_t uidvalidity = 0;
	uint64_t id;
	enum store_status status = count_one_more(tx, owner);

	if (status == STORE_OK)
		status = mailbox_next_uidvalidity(tx, &uidvalidity);
	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_insert, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, owner);
		sql_bind_span(stmt, 2, name);
		sql_bind_u64(stmt, 3, uidvalidity);
		sql_bind_u64(stmt, 4, uses);
		sql_bind_u64(stmt, 5, is_selectable);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	if (status != STORE_OK)
		return status;
	if ((id = sql_last_insert_id(tx->db)) > MAILBOX_ID_MAX)
		return store_fail(tx, STORE_BROKEN, "there is no mailbox number left");
	if (mailbox_r != NULL) {
		*mailbox_r = (struct store_mailbox){.id = id,
						    .owner = owner,
						    .uidvalidity = uidvalidity,
						    .uidnext = 1,
						    .recent_from = 1,
						    .modseq = 1,
						    .uses = uses,
						    .is_selectable = is_selectable};
	}
	return STORE_OK;
}

/* From the top: a level that is not there is made. */
enum store_status mailbox_insert_parents(struct store_tx *tx, uint64_t owner, struct span name)
{
	struct mailbox_entry entry;
	enum store_status status = STORE_OK;

	for (size_t i = 1; status == STORE_OK && i < name.n; i++) {
		if (name.p[i] != '/')
			continue;
		status = mailbox_look(tx, owner, span_sub(name, 0, i), &entry);
		if (status == STORE_NOT_FOUND)
			status = mailbox_insert(tx, owner, span_sub(name, 0, i), 0, true, NULL);
	}
	return status;
}

/* --- create
 * --------------------------------------------------------------------------------------------------------------- */

struct create {
	uint64_t actor;
	struct span name;
	unsigned uses;
	struct store_mailbox made;
};

static enum store_status check_uses(struct store_tx *tx, const struct create *job)
{
	struct sql_stmt *stmt = NULL;
	bool taken = false;
	enum store_status status;

	if (job->uses == 0)
		return STORE_OK;
	status = sql_prepare(tx->db, sql_has_use, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->actor);
		sql_bind_u64(stmt, 2, job->uses);
		status = sql_step(stmt, &taken);
	}
	sql_stmt_free(&stmt);
	return status == STORE_OK && taken ? STORE_CONFLICT : status;
}

/* A name that only held children; it never had messages, so it keeps its number. */
static enum store_status make_selectable(struct store_tx *tx, uint64_t id, struct create *job)
{
	struct sql_stmt *stmt = NULL;
	uint32_t uidvalidity = 0;
	enum store_status status = mailbox_next_uidvalidity(tx, &uidvalidity);

	if (status == STORE_OK)
		status = sql_prepare(tx->db, sql_make_selectable, &stmt);
	if (status == STORE_OK) {
		sql_bind_u64(stmt, 1, job->uses);
		sql_bind_u64(stmt, 2, uidvalidity);
		sql_bind_u64(stmt, 3, id);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	job->made = (struct store_mailbox){.id = id,
					   .owner = job->actor,
					   .uidvalidity = uidvalidity,
					   .uidnext = 1,
					   .recent_from = 1,
					   .modseq = 2,
					   .uses = job->uses,
					   .is_selectable = true,
					   .has_children = true};
	return status;
}

static enum store_status create_tx(struct store_tx *tx, void *arg)
{
	struct create *job = arg;
	struct mailbox_entry entry;
	enum store_status status = mailbox_look(tx, job->actor, job->name, &entry);

	if (status == STORE_OK && entry.is_selectable)
		return STORE_EXISTS;
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return status;
	if (status == STORE_OK)
		return (status = check_uses(tx, job)) == STORE_OK ? make_selectable(tx, entry.id, job) : status;
	if ((status = check_uses(tx, job)) == STORE_OK &&
	    (status = mailbox_insert_parents(tx, job->actor, job->name)) == STORE_OK)
		status = mailbox_insert(tx, job->actor, job->name, job->uses, true, &job->made);
	return status;
}

enum store_status store_mailbox_create(struct store *store, uint64_t actor, struct span name, unsigned uses,
				       struct store_mailbox *mailbox_r)
{
	struct create job = {.actor = actor, .name = name, .uses = uses};
	enum store_status status = mailbox_name_check(name);

	if (status == STORE_OK)
		status = store_write(store, create_tx, &job);
	if (status == STORE_OK)
		*mailbox_r = job.made;
	return status;
}

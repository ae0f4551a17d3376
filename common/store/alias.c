/* Aliases and groups: addresses that stand for others. */
#include "common/base/arena.h"
#include "common/store/store_private.h"
#include "common/store/user.h"

static const char sql_add[] = "INSERT INTO alias (address, target) VALUES (?, ?)";
static const char sql_has[] = "SELECT 1 FROM alias WHERE address = ? AND target = ?";
static const char sql_delete[] = "DELETE FROM alias WHERE address = ? AND target = ?";
static const char sql_delete_all[] = "DELETE FROM alias WHERE address = ?";
static const char sql_list[] = "SELECT address, target FROM alias WHERE address = ? ORDER BY target";
static const char sql_list_all[] = "SELECT address, target FROM alias ORDER BY address, target";

enum { ADDRESS_MAX = 320 }; /* RFC 5321, 4.5.3.1: 64 + 1 + 255 */

static enum store_status has(struct store_tx *tx, const struct store_alias *alias)
{
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_has, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, alias->address);
		sql_bind_span(stmt, 2, alias->target);
		status = sql_step_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

static enum store_status add_tx(struct store_tx *tx, void *arg)
{
	const struct store_alias *alias = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = has(tx, alias);

	if (status != STORE_NOT_FOUND)
		return status == STORE_OK ? STORE_EXISTS : status;
	if ((status = sql_prepare(tx->db, sql_add, &stmt)) == STORE_OK) {
		sql_bind_span(stmt, 1, alias->address);
		sql_bind_span(stmt, 2, alias->target);
		status = sql_run(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_alias_add(struct store *store, struct span address, struct span target)
{
	struct store_alias alias = {.address = address, .target = target};

	if (address.n == 0 || address.n > ADDRESS_MAX || target.n == 0 || target.n > ADDRESS_MAX)
		return STORE_INVALID;
	return store_write(store, add_tx, &alias);
}

static enum store_status delete_tx(struct store_tx *tx, void *arg)
{
	const struct store_alias *alias = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, alias->target.n == 0 ? sql_delete_all : sql_delete, &stmt);

	if (status == STORE_OK) {
		sql_bind_span(stmt, 1, alias->address);
		if (alias->target.n > 0)
			sql_bind_span(stmt, 2, alias->target);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_alias_delete(struct store *store, struct span address, struct span target)
{
	struct store_alias alias = {.address = address, .target = target};

	return store_write(store, delete_tx, &alias);
}

struct list {
	struct span address;
	struct arena *arena;
	struct store_alias *aliases;
	size_t count, capacity;
};

static enum store_status list_tx(struct store_tx *tx, void *arg)
{
	struct list *job = arg;
	struct sql_stmt *stmt = NULL;
	bool row = false;
	enum store_status status = sql_prepare(tx->db, job->address.n == 0 ? sql_list_all : sql_list, &stmt);

	job->count = 0;
	if (status == STORE_OK && job->address.n > 0)
		sql_bind_span(stmt, 1, job->address);
	while (status == STORE_OK && (status = sql_step(stmt, &row)) == STORE_OK && row) {
		void *aliases = job->aliases;

		arena_grow(job->arena, &aliases, &job->capacity, job->count + 1, sizeof *job->aliases);
		job->aliases = aliases;
		job->aliases[job->count++] = (struct store_alias){.address = arena_span(job->arena, sql_span(stmt, 0)),
								  .target = arena_span(job->arena, sql_span(stmt, 1))};
	}
	sql_stmt_free(&stmt);
	return status;
}

enum store_status store_alias_list(struct store *store, struct span address, struct arena *arena,
				   struct store_alias **aliases_r, size_t *count_r)
{
	struct list job = {.address = address, .arena = arena};
	enum store_status status = store_read(store, list_tx, &job);

	*aliases_r = job.aliases;
	*count_r = job.count;
	return status;
}

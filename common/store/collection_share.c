/* The secret of a collection's subscription address. What lists the collection sees a change. */
#include "common/base/random.h"
#include "common/store/collection_private.h"

static const char sql_share[] = "UPDATE collection SET share = ? WHERE id = ? AND owner = ?";

struct setting {
	uint64_t actor, id;
	struct span secret;
};

static enum store_status share_tx(struct store_tx *tx, void *arg)
{
	const struct setting *job = arg;
	struct sql_stmt *stmt = NULL;
	enum store_status status = sql_prepare(tx->db, sql_share, &stmt);

	if (status == STORE_OK) {
		if (job->secret.n > 0)
			sql_bind_span(stmt, 1, job->secret);
		else
			sql_bind_null(stmt, 1);
		sql_bind_u64(stmt, 2, job->id);
		sql_bind_u64(stmt, 3, job->actor);
		status = sql_run_one(stmt);
	}
	sql_stmt_free(&stmt);
	return status == STORE_OK ? collection_touch_above(tx, job->actor, job->id) : status;
}

enum store_status store_collection_share(struct store *store, uint64_t actor, uint64_t id, bool shared,
					 struct arena *arena, struct span *secret_r)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct setting job = {.actor = actor, .id = id};
	char secret[STORE_SHARE_BYTES];
	enum store_status status;

	for (size_t i = 0; i < sizeof secret; i++)
		secret[i] = letters[random_below(sizeof letters - 1)];
	if (shared)
		job.secret = arena_span(arena, span_from(secret, sizeof secret));
	status = store_write(store, share_tx, &job);
	if (secret_r != NULL)
		*secret_r = status == STORE_OK ? job.secret : (struct span){0};
	return status;
}

/* Reading connections are made when they are needed and kept for the next reader; the one used last is lent first,
 * since its pages are warm. */
#include "common/store/reader.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT_MAX = 64 };

struct reader_pool {
	struct store *store;
	struct sql_options options;
	pthread_mutex_t lock; /* over what follows */
	struct sql_db *idle[KEPT_MAX];
	size_t count;
};

static enum store_status take(struct reader_pool *pool, struct sql_db **db_r, char **error_r)
{
	struct sql_db *db = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->count > 0)
		db = pool->idle[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	*db_r = db;
	return db != NULL ? STORE_OK : sql_open(&pool->options, db_r, error_r);
}

static void give_back(struct reader_pool *pool, struct sql_db *db)
{
	pthread_mutex_lock(&pool->lock);
	if (pool->count < KEPT_MAX) {
		pool->idle[pool->count++] = db;
		db = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	sql_close(&db);
}

static enum store_status run_once(struct store_tx *tx, store_tx_fn *fn, void *arg)
{
	enum store_status status = sql_begin_read(tx->db);

	if (status == STORE_OK) {
		status = fn(tx, arg);
		if (status != STORE_OK || (status = sql_commit(tx->db)) != STORE_OK)
			sql_rollback(tx->db);
	}
	if ((status == STORE_BROKEN || status == STORE_BUSY) && tx->error == NULL)
		tx->error = alloc_text(sql_error(tx->db));
	return status;
}

enum store_status reader_run(struct reader_pool *pool, store_tx_fn *fn, void *arg, char **error_r)
{
	struct store_tx tx = {.store = pool->store};
	enum store_status status = take(pool, &tx.db, error_r);
	int64_t since_ms;

	if (status != STORE_OK)
		return status;
	if ((status = run_once(&tx, fn, arg)) == STORE_BUSY) {
		since_ms = clock_uptime_ms();
		while (status == STORE_BUSY && clock_uptime_ms() - since_ms < (int64_t)pool->options.busy_timeout_ms) {
			free(tx.error);
			tx.error = NULL;
			status = run_once(&tx, fn, arg);
		}
	}
	if (status == STORE_BROKEN)
		sql_close(&tx.db); /* a fresh one may do better */
	else
		give_back(pool, tx.db);
	free(tx.touched.list);
	*error_r = tx.error;
	return status;
}

struct reader_pool *reader_pool_create(struct store *store, const struct sql_options *options)
{
	struct reader_pool *pool = alloc_zero(1, sizeof(*pool));

	pool->store = store;
	pool->options = *options;
	pool->options.create = false;
	pool->options.read_only = true;
	pthread_mutex_init(&pool->lock, NULL);
	return pool;
}

void reader_pool_destroy(struct reader_pool **pool)
{
	struct reader_pool *gone = *pool;

	*pool = NULL;
	if (gone == NULL)
		return;
	while (gone->count > 0)
		sql_close(&gone->idle[--gone->count]);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

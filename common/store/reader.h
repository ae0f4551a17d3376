/* The connections that read: as many as threads read at once. Only common/store includes this. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "common/store/store_private.h"

struct reader_pool;

struct reader_pool *reader_pool_create(struct store *store,
				       const struct sql_options *options /* the path is borrowed */);
void reader_pool_destroy(struct reader_pool **pool); /* nobody may be reading; NULL is accepted */

/* fn in a read transaction; *error_r as in writer_run(). */
enum store_status reader_run(struct reader_pool *pool, store_tx_fn *fn, void *arg, char **error_r);

#endif

/* The one connection of the process that writes, and the group commit over it. Only common/store includes this. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "common/store/store_private.h"

struct writer;

/* What the store does after a commit, on the thread that led it: tell_here before the closures are answered,
 * tell_others after that. touched: each mailbox once. */
struct writer_hooks {
	void (*tell_here)(void *arg, const struct store_touched *touched);
	void (*tell_others)(void *arg, const struct store_touched *touched);
	void (*log_grew)(void *arg, uint64_t log_bytes); /* after every commit */
	void *arg;
};

struct writer *writer_create(struct store *store, struct sql_db *db /* becomes the writer's */,
			     const struct writer_hooks *hooks);
void writer_destroy(struct writer **writer); /* nobody may be in it; NULL is accepted */

/* fn's status, or that of the commit; *error_r is the cause in heap memory, or NULL. */
enum store_status writer_run(struct writer *writer, store_tx_fn *fn, void *arg, char **error_r);

/* sql_version() of the writing connection: changes only when another process has committed. */
uint64_t writer_version(struct writer *writer);
/* sql_checkpoint_all() in its turn among the closures: from outside, a busy writer would never let it in. */
enum store_status writer_begin_log_anew(struct writer *writer);
uint64_t writer_commits(struct writer *writer);

#endif

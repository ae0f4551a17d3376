/* The store's housekeeping thread: moves the log into the database, and polls for what other processes changed. Only
 * common/store includes this. */
#ifndef STORE_KEEPER_H
#define STORE_KEEPER_H

#include "common/store/notify/watch.h"
#include "common/store/writer.h"

struct keeper;

struct keeper_parts { /* all borrowed, and there until keeper_close() */
	struct sql_options sql;
	struct writer *writer;
	struct watch_table *watches;
	unsigned poll_ms;
};

enum store_status keeper_open(const struct keeper_parts *parts, struct keeper **keeper_r, char **error_r);
void keeper_close(struct keeper **keeper); /* waits for the thread; NULL is accepted */

/* Any thread, does not wait. */
void keeper_log_grew(struct keeper *keeper, uint64_t log_bytes); /* after each commit */
void keeper_watching(struct keeper *keeper);                     /* the first watch was added */

#endif

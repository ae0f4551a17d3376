/* Which mailboxes are watched in this process, and what was last told about them. Any thread. Only common/store
 * includes this. */
#ifndef STORE_NOTIFY_WATCH_H
#define STORE_NOTIFY_WATCH_H

#include "common/store/store_private.h"

struct watch_table;

struct watch_table *watch_table_create(void);
void watch_table_destroy(struct watch_table **table); /* NULL is accepted */

void watch_listen(struct watch_table *table, store_changed_fn *changed,
		  void *arg); /* once, before the first watch_add() */

bool watch_add(struct watch_table *table, uint64_t mailbox); /* true: it is the first of all watches */
void watch_remove(struct watch_table *table, uint64_t mailbox);
size_t watch_count(struct watch_table *table); /* watched mailboxes */

/* Calls the listener where the mailbox is watched, and modseq is 0 (not known) or above what was last told. */
void watch_tell(struct watch_table *table, uint64_t mailbox, uint64_t modseq);

/* The watched mailboxes, in ascending order; *list_r in heap memory. Returns how many. */
size_t watch_list(struct watch_table *table, uint64_t **list_r);

#endif

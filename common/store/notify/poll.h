/* Finding changes nobody told us of: asks the journal for the modseqs of the watched mailboxes. Only common/store
 * includes this. */
#ifndef STORE_NOTIFY_POLL_H
#define STORE_NOTIFY_POLL_H

#include "common/store/notify/watch.h"

/* Tells the table of every watched mailbox whose modseq has grown, or that is gone. db: a reading connection of the
 * caller's. */
void poll_journal(struct sql_db *db, struct watch_table *table);

#endif

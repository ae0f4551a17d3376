/* What the files of common/store share and nobody else sees. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "common/store/sql/sql.h"
#include "common/store/store.h"

/* A transaction in which a closure runs. */
struct store_tx {
	struct store *store;
	struct sql_db *db;
	struct store_touched { /* mailboxes that this closure changed: told to watchers after the commit */
		struct store_touch {
			uint64_t mailbox, modseq; /* modseq 0: not known, or the mailbox is gone */
		} * list;
		size_t count, capacity;
	} touched;
	char *error; /* text of store_fail(), in heap memory */
};

/* May run more than once (busy, deadlock): changes nothing outside tx and *arg. */
typedef enum store_status store_tx_fn(struct store_tx *tx, void *arg);

/* Runs fn in a write transaction and returns when it is durable (or failed, then nothing is changed). On SQLite one
 * thread at a time takes all closures that wait, runs each under a savepoint, commits once and answers them all (group
 * commit): so fn may run on another thread than the caller's. */
enum store_status store_write(struct store *store, store_tx_fn *fn, void *arg);
/* Runs fn in a short read transaction on a pooled read connection, in the caller's thread. */
enum store_status store_read(struct store *store, store_tx_fn *fn, void *arg);
/* The same for walks over many pages: on a connection that maps the database. */
enum store_status store_read_many(struct store *store, store_tx_fn *fn, void *arg);

/* Remembers why, for the log line that store_write() and store_read() write once. Returns status. */
enum store_status store_fail(struct store_tx *tx, enum store_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Not needed after store_mailbox_lock(), which does it. */
void store_tx_touch(struct store_tx *tx, uint64_t mailbox);
void store_tx_touch_at(struct store_tx *tx, uint64_t mailbox, uint64_t modseq); /* the one it has now */

uint64_t store_commits(struct store *store); /* transactions this process has committed: for tests and statistics */

/* Locks the mailbox's row for this transaction, checks that actor may change it, takes its next modseq, and touches it.
 * STORE_NOT_FOUND: gone, or not the actor's, or not selectable. */
struct store_mailbox_lock {
	uint64_t owner, modseq; /* modseq: the new one, already written */
	uint32_t uidvalidity, uidnext;
};
enum store_status store_mailbox_lock(struct store_tx *tx, uint64_t actor, uint64_t mailbox,
				     struct store_mailbox_lock *lock_r);
/* Adds to the mailbox's counters and its owner's quota counters (negative: takes away). STORE_OVER_QUOTA where bytes
 * are added beyond the owner's quota and check_quota is set. uidnext 0: unchanged. */
struct store_mailbox_delta {
	uint64_t mailbox, owner;
	uint32_t uidnext;
	int64_t messages, unseen, deleted, bytes, deleted_bytes;
	bool check_quota;
};
enum store_status store_mailbox_count(struct store_tx *tx, const struct store_mailbox_delta *delta);
/* STORE_OVER_QUOTA where so many bytes more are too many for the owner. */
enum store_status store_quota_check(struct store_tx *tx, uint64_t owner, uint64_t bytes);
/* May the actor see the mailbox? STORE_NOT_FOUND else. */
enum store_status store_mailbox_check(struct store_tx *tx, uint64_t actor, uint64_t mailbox);
/* Removes all messages of a mailbox with their references and counters; no tombstones (the mailbox goes). In message.c.
 */
enum store_status store_message_drop_all(struct store_tx *tx, uint64_t mailbox, uint64_t owner);
/* Moves all messages of a mailbox to another one, empty until now, with new UIDs from its uidnext; tombstones in the
 * source: for RENAME of INBOX. In message.c. */
enum store_status store_message_move_all(struct store_tx *tx, uint64_t actor, uint64_t from, uint64_t to);

const struct store_options *store_options_of(const struct store *store);
const char *store_folder(const struct store *store); /* options.path */

/* The snapshot cache hangs on the store; made and destroyed by store_open() and store_close(). In snapshot_cache.c. */
struct snapshot_cache;
struct snapshot_cache *snapshot_cache_create(void);
void snapshot_cache_destroy(struct snapshot_cache **cache);
struct snapshot_cache *store_snapshot_cache(struct store *store);

/* secret.c: what store_secret() keys with; read, or made, when the store is opened. */
enum { STORE_SECRET_DIGITS = 64 };
enum store_status secret_load(struct store *store, char digits_r[STORE_SECRET_DIGITS + 1]);
const char *store_secret_digits(const struct store *store);

static inline uint64_t store_message_id(uint64_t mailbox, uint32_t uid)
{
	return mailbox << 32 | uid;
}

#endif

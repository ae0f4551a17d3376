/* The central store: users, mailboxes, messages, changes. This header is what everybody needs; user.h, mailbox.h,
 * message.h, snapshot.h, collection.h, object.h, lock.h, content.h and maintain.h are the rest of the API.
 *
 * Every function may wait for the database or the disk, so it belongs to workers, never to an event loop, unless its
 * comment says "any thread, does not wait". All functions may be called by many threads at once on the same store.
 * Every operation names its actor, a user's id; what the actor may not see is STORE_NOT_FOUND. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "common/base/arena.h"
#include "common/base/span.h"

enum store_status {
	STORE_OK,
	STORE_NOT_FOUND, /* no such thing, also where the actor may not see it */
	STORE_GONE,      /* it was there when the caller looked, and is not any more */
	STORE_EXISTS,    /* the name is taken */
	STORE_DENIED,    /* the actor sees it and may not do that */
	STORE_INVALID,   /* a name or value the store cannot hold */
	STORE_LIMIT,     /* a configured or built-in limit: keywords, mailboxes, depth */
	STORE_OVER_QUOTA,
	STORE_CONFLICT,  /* it was changed meanwhile; or the mailbox has children; the operation's comment says which */
	STORE_LOCKED,    /* a client's lock is in the way (lock.h) */
	STORE_NO_SPACE,  /* the disk is full; nothing was changed */
	STORE_BUSY,      /* the database did not get to it in time; nothing was changed; try again */
	STORE_UNCERTAIN, /* the connection broke during COMMIT: it happened or it did not */
	STORE_BROKEN,    /* I/O error, corrupt row, missing blob; logged with its cause */
};

const char *store_status_text(enum store_status status); /* for logs */

enum {
	STORE_NAME_MAX = 1000,     /* bytes of a mailbox name */
	STORE_DEPTH_MAX = 64,      /* levels of a mailbox name */
	STORE_USER_NAME_MAX = 255, /* bytes of a user name */
	STORE_KEYWORDS_MAX = 4096, /* keywords a mailbox: the default of the option */
	STORE_KEYWORD_BYTES_MAX = 255,
};

struct store_options {
	const char *path;       /* folder of the embedded store: store.db, blobs/, notify sockets; made if missing with
				   `create` */
	bool create;            /* make a new store where there is none; else that is an error */
	size_t blob_inline_max; /* message bytes up to this lie in the database, larger ones are files (default 65536)
				 */
	bool blob_in_database;  /* true: large ones too, in chunks */
	uint32_t keywords_max;  /* 0: STORE_KEYWORDS_MAX */
	uint32_t mailboxes_max; /* a user; 0: 100 000 */
	unsigned busy_timeout_ms; /* 0: 10 000 */
	unsigned poll_ms;         /* how often the journal is polled for changes of other processes; 0: 1000 */
	uint64_t mmap_bytes;      /* how much of the database is mapped for reading; 0: 1 GiB */
	uint64_t default_quota;   /* bytes for users without one of their own; 0: none */
};

struct store;

/* Opens, makes or migrates a store. error_r gets one clear line (in heap memory, free()) where the answer is not
 * STORE_OK: a store of a newer schema is refused, a missing right or folder is named. */
enum store_status store_open(const struct store_options *options, struct store **store_r, char **error_r);
void store_close(struct store **store); /* waits for its threads; NULL is accepted */

/* Is the store there and writable? For health checks and --check-config. */
enum store_status store_ping(struct store *store);

enum { STORE_SECRET_BYTES = 32 };
/* A key that all processes over this store, on whatever host, have in common, and no other purpose has. Any
 * thread, does not wait. */
void store_secret(const struct store *store, const char *purpose, unsigned char secret_r[STORE_SECRET_BYTES]);

/* --- being told of changes
 * ---------------------------------------------------------------------------------------------- */

/* Called after a change to a watched mailbox was committed, by this process, another process or (by the poll) another
 * host. Runs on a thread of the store: it must not block and must not call the store. It may be told more than once. */
typedef void store_changed_fn(void *arg, uint64_t mailbox);
void store_on_change(struct store *store, store_changed_fn *changed, void *arg); /* once, before the first watch */

/* Watches are counted: as many unwatch calls as watch calls. Any thread, does not wait. */
void store_watch(struct store *store, uint64_t mailbox);
void store_unwatch(struct store *store, uint64_t mailbox);

#endif

/* Locks that clients put on collections, objects and names where nothing is yet (RFC 4918, 6). They hold for a while,
 * and only against changes. Conventions: store.h. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "common/store/collection.h"

enum { STORE_LOCK_TOKEN_BYTES = 45, STORE_LOCKS_MAX = 1000 /* a user */ };

struct store_lock {
	struct span token; /* "urn:uuid:…" */
	struct span path;  /* below the owner's home: names joined by '/' */
	bool is_shared, is_deep;
	struct span holder; /* what the client said about himself, as it came */
	int64_t expires_at;
};

/* STORE_LOCKED: another lock is in the way; STORE_LIMIT: too many. The token is new and lies in arena. */
enum store_status store_lock_take(struct store *store, uint64_t actor, uint64_t owner, struct store_lock *lock,
				  struct arena *arena);
/* Until `expires_at`. STORE_NOT_FOUND: there is no such lock on that path. */
enum store_status store_lock_refresh(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				     struct span token, int64_t expires_at, struct arena *arena,
				     struct store_lock *lock_r);
enum store_status store_lock_release(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				     struct span token);
/* Those that hold for the path: on it, or deep ones above it. */
enum store_status store_lock_list(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				  struct arena *arena, struct store_lock **list_r, size_t *count_r);
/* Those that keep whoever holds the guard's locks from taking away what is at the path, with everything in it. Where it
 * may not go itself: what holds for it or for the collection it lies in; else what holds for something below it. */
enum store_status store_lock_obstacles(struct store *store, uint64_t actor, uint64_t owner, struct span path,
				       const struct store_guard *guard, struct arena *arena, struct store_lock **list_r,
				       size_t *count_r);

#endif

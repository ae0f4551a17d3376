/* Collections of objects: calendars and plain folders. Everybody has a home, the root of a tree of collections; whoever
 * is not its owner does not see it. A collection's modseq rises with every change to its objects. Conventions: store.h.
 */
#ifndef STORE_COLLECTION_H
#define STORE_COLLECTION_H

#include "common/store/store.h"

enum store_collection_kind {
	STORE_HOME = 0, /* one a user, without a name */
	STORE_FOLDER = 1,
	STORE_CALENDAR = 2,
	STORE_INBOX = 3, /* for scheduling messages */
	STORE_OUTBOX = 4,
};

enum store_component { /* bits: what kinds of objects there are */
		       STORE_EVENTS = 1,
		       STORE_TODOS = 2,
		       STORE_JOURNALS = 4,
		       STORE_FREEBUSY = 8,
		       STORE_AVAILABILITY = 16,
};

enum {
	STORE_COLLECTION_NAME_MAX = 255, /* bytes */
	STORE_COLLECTION_DEPTH_MAX = 12,
	STORE_PROPERTY_NAME_MAX = 512,
	STORE_PROPERTY_VALUE_MAX = 65536, /* a default; the caller bounds what he takes */
	STORE_SHARE_BYTES = 24,
};

struct store_collection {
	uint64_t id, owner, parent; /* parent 0: it is a home */
	struct span name;
	enum store_collection_kind kind;
	unsigned components; /* enum store_component: kinds of objects it takes; 0: all */
	uint64_t modseq, objects, bytes;
	uint64_t removed_floor; /* the journal does not reach back behind this modseq */
	int64_t created_at, modified_at;
	struct span share; /* the secret of its subscription address; empty: it has none */
};

/* What is fixed about a collection as text under a name of the caller's: the store does not look into it. */
struct store_property {
	struct span name, value; /* value.p NULL in a change: the property goes */
};

/* Spans lie in arena, as in all that follow. */
enum store_status store_collection_home(struct store *store, uint64_t actor, uint64_t owner, struct arena *arena,
					struct store_collection *collection_r);
enum store_status store_collection_get(struct store *store, uint64_t actor, uint64_t id, struct arena *arena,
				       struct store_collection *collection_r);
/* Of all users: who has the secret. */
enum store_status store_collection_shared(struct store *store, struct span secret, struct arena *arena,
					  struct store_collection *collection_r);

struct store_object; /* object.h */

/* Where a path leads, from the owner's home on. */
struct store_place {
	struct store_collection collection; /* the last collection on the way */
	size_t depth;                       /* how many of the names it took to get there */
	struct store_object *object;        /* of that collection, by the next name; NULL: none, or no name was left */
};
/* STORE_NOT_FOUND: there is no such owner, or he is not the actor. */
enum store_status store_place_find(struct store *store, uint64_t actor, uint64_t owner, const struct span *names,
				   size_t count, struct arena *arena, struct store_place *place_r);

/* The collections in a collection, by name. */
enum store_status store_collection_list(struct store *store, uint64_t actor, uint64_t parent, struct arena *arena,
					struct store_collection **list_r, size_t *count_r);
/* A number that changes whenever anything changes in any of the owner's collections. */
enum store_status store_collection_state(struct store *store, uint64_t actor, uint64_t owner, uint64_t *state_r);

/* --- changing ---
 *
 * A guard says which locks (lock.h) the one who changes holds: STORE_LOCKED where he does not hold one he needs. */
struct store_guard {
	const struct span *tokens;
	size_t count;
};

struct store_new_collection {
	uint64_t parent;
	struct span name;
	enum store_collection_kind kind; /* STORE_FOLDER, STORE_CALENDAR */
	unsigned components;
	const struct store_property *properties;
	size_t property_count;
};
/* STORE_EXISTS, also where an object has the name; STORE_INVALID (name); STORE_DENIED: the parent takes no collections
 * (calendars do not); STORE_LIMIT: too deep, too many. */
enum store_status store_collection_make(struct store *store, uint64_t actor, const struct store_new_collection *make,
					const struct store_guard *guard, uint64_t *id_r);
/* With everything in it. STORE_DENIED: the home, inbox, outbox. */
enum store_status store_collection_delete(struct store *store, uint64_t actor, uint64_t id,
					  const struct store_guard *guard);
/* Into another place of the same owner; nothing may be there. STORE_DENIED: into itself; or the kind does not allow it.
 */
enum store_status store_collection_move(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					struct span name, const struct store_guard *guard);
/* With properties, and with everything in it (and what is attached to that) where `deep`. *id_r: the copy. */
enum store_status store_collection_copy(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					struct span name, bool deep, const struct store_guard *guard, uint64_t *id_r);
/* The same, and whatever is at the place goes in the same transaction: all of it happens, or nothing. STORE_DENIED also
 * where the place is one that `id` lies in. */
enum store_status store_collection_move_over(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					     struct span name, const struct store_guard *guard);
enum store_status store_collection_copy_over(struct store *store, uint64_t actor, uint64_t id, uint64_t parent,
					     struct span name, bool deep, const struct store_guard *guard,
					     uint64_t *id_r);
/* A new secret, or none. secret_r may be NULL. */
enum store_status store_collection_share(struct store *store, uint64_t actor, uint64_t id, bool shared,
					 struct arena *arena, struct span *secret_r);

/* --- properties: of a collection (object empty) or of one of its objects --- */

enum store_status store_property_list(struct store *store, uint64_t actor, uint64_t collection, struct span object,
				      struct arena *arena, struct store_property **list_r, size_t *count_r);
/* All or none. STORE_LIMIT: too many, too large. */
enum store_status store_property_change(struct store *store, uint64_t actor, uint64_t collection, struct span object,
					const struct store_property *changes, size_t count,
					const struct store_guard *guard);

#endif

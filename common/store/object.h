/* The objects of collections: bytes under a name, with what is asked for in queries beside them. Every change takes the
 * collection's next modseq; removals leave tombstones. Conventions: store.h. */
#ifndef STORE_OBJECT_H
#define STORE_OBJECT_H

#include "common/store/collection.h"
#include "common/store/content.h"

enum { STORE_TAG_BYTES = 16 };

/* What the caller knows of the content, to be found by it. */
struct store_object_facts {
	struct span uid;     /* at most one object of a collection has it; empty: none */
	struct span type;    /* media type; empty: the collection's own */
	unsigned component;  /* enum store_component; 0: none of them */
	int64_t first, last; /* no time of it lies outside [first, last] */
	unsigned flags;      /* the caller's */
};

struct store_object {
	uint64_t collection;
	struct span name;
	uint64_t modseq, size, blob;
	unsigned char tag[STORE_TAG_BYTES]; /* the same for the same bytes */
	struct store_object_facts facts;
	struct span schedule_tag; /* empty: none */
	int64_t created_at, modified_at;
};

enum store_status store_object_get(struct store *store, uint64_t actor, uint64_t collection, struct span name,
				   struct arena *arena, struct store_object *object_r);
enum store_status store_object_find_uid(struct store *store, uint64_t actor, uint64_t collection, struct span uid,
					struct arena *arena, struct store_object *object_r);

/* --- many ---
 *
 * Some at a time: those behind `after` in the order of the listing. fn is called inside a short read and must not call
 * the store; false stops. */
typedef bool store_object_fn(void *arg, const struct store_object *object);

/* By name. p NULL: from the first on. */
enum store_status store_object_each(struct store *store, uint64_t actor, uint64_t collection, struct span after,
				    size_t max, store_object_fn *fn, void *arg);
/* Those whose times may lie in [from, to), of any of these components (0: all), in no order: all at once. */
enum store_status store_object_each_between(struct store *store, uint64_t actor, uint64_t collection, int64_t from,
					    int64_t to, unsigned components, store_object_fn *fn, void *arg);
struct store_object_change {
	struct store_object object; /* of a removed one: its name and the modseq of the removal */
	bool is_removed;
};
typedef bool store_object_change_fn(void *arg, const struct store_object_change *change);
/* The newest change of every name since `since`, by modseq (all of them from 0 on: in no order), at most max of them;
 * from 0 on no removals are told. *modseq_r: the collection's. STORE_GONE: the journal does not reach so far back, or
 * `since` is of the future. floor: where `since` was reached in pages from 0 on, the collection's removed_floor at the
 * first of them; as long as it stays, nothing is missing behind it; 0 else. */
enum store_status store_object_changes(struct store *store, uint64_t actor, uint64_t collection, uint64_t since,
				       uint64_t floor, size_t max, store_object_change_fn *fn, void *arg,
				       uint64_t *modseq_r);

/* --- changing --- */

enum store_expect { STORE_EXPECT_ANYTHING, STORE_EXPECT_NOTHING /* there must be none */, STORE_EXPECT_TAG };

struct store_object_put {
	uint64_t collection;
	struct span name;
	struct store_object_facts facts;
	struct span bytes;           /* unless upload is given */
	struct store_upload *upload; /* finished */
	enum store_expect expect;
	unsigned char tag[STORE_TAG_BYTES];   /* STORE_EXPECT_TAG: it must be this one */
	struct store_object_result *result_r; /* of many: what became of this one, without holder; NULL: never mind */
};
struct store_object_result {
	bool is_new;
	unsigned char tag[STORE_TAG_BYTES];
	uint64_t modseq;
	/* STORE_EXISTS: the object that has the UID already, its name in the arena. */
	struct span holder;
};
/* STORE_CONFLICT: `expect` does not hold; STORE_EXISTS: another object has that UID, or a collection that name;
 * STORE_OVER_QUOTA, STORE_INVALID (name), STORE_LOCKED, STORE_DENIED: the collection takes no objects (a home). */
enum store_status store_object_put(struct store *store, uint64_t actor, const struct store_object_put *put,
				   const struct store_guard *guard, struct arena *arena,
				   struct store_object_result *result_r);
struct store_lock; /* lock.h */
/* The same with a lock on the object, both or neither. STORE_LOCKED also where another lock is in the way of the new
 * one (then result_r->modseq is not 0); STORE_LIMIT: too many locks. */
enum store_status store_object_put_locked(struct store *store, uint64_t actor, const struct store_object_put *put,
					  const struct store_guard *guard, struct store_lock *lock, struct arena *arena,
					  struct store_object_result *result_r);
/* Many at once: all or none. replace: what is not among them is removed. *counts_r: new, changed, removed. */
struct store_object_counts {
	size_t created, changed, unchanged, removed;
};
enum store_status store_object_put_all(struct store *store, uint64_t actor, uint64_t collection,
				       const struct store_object_put *puts, size_t count, bool replace,
				       const struct store_guard *guard, struct store_object_counts *counts_r);

/* tag NULL: whatever is there. */
enum store_status store_object_remove(struct store *store, uint64_t actor, uint64_t collection, struct span name,
				      const unsigned char *tag, const struct store_guard *guard);

struct store_object_target {
	uint64_t collection;
	struct span name;
	bool overwrite;           /* else STORE_CONFLICT where an object is there */
	bool replaces_collection; /* else STORE_EXISTS where a collection is there */
	/* What the source must still be, since the facts are about that; else STORE_GONE. NULL: anything. */
	const unsigned char *source_tag;
};
/* With its properties and attachments. facts: as the target's collection wants them (a folder and a calendar differ).
 * The result as of a put. */
enum store_status store_object_copy(struct store *store, uint64_t actor, uint64_t collection, struct span name,
				    const struct store_object_target *to, const struct store_object_facts *facts,
				    bool moves, const struct store_guard *guard, struct arena *arena,
				    struct store_object_result *result_r);

/* --- its bytes --- */

/* A copy in arena of contents that lie in the database in one piece or elsewhere; at most max bytes (STORE_LIMIT). */
enum store_status store_object_bytes(struct store *store, uint64_t blob, size_t max, struct arena *arena,
				     struct span *bytes_r);

#endif

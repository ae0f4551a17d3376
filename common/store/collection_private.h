/* What the files about collections and objects share. Inside a transaction, all of them. Only common/store includes
 * this. */
#ifndef STORE_COLLECTION_PRIVATE_H
#define STORE_COLLECTION_PRIVATE_H

#include "common/store/blob/blob.h"
#include "common/store/lock.h"
#include "common/store/object.h"
#include "common/store/store_private.h"

#define COLLECTION_COLUMNS                                                                                             \
	"id, owner, parent, name, kind, components, modseq, objects, bytes, removed_floor, created_at, modified_at, "  \
	"share"
void collection_from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_collection *collection_r);
/* STORE_NOT_FOUND where it is not the actor's. */
enum store_status collection_read(struct store_tx *tx, uint64_t actor, uint64_t id, struct arena *arena,
				  struct store_collection *collection_r);
enum store_status collection_look(struct store_tx *tx, uint64_t owner, uint64_t parent, struct span name,
				  struct arena *arena, struct store_collection *collection_r);

#define OBJECT_COLUMNS                                                                                                 \
	"collection, name, modseq, tag, size, blob, component, flags, first, last, uid, type, schedule_tag, "          \
	"created_at, modified_at"
/* Spans are valid until the statement's next step; with an arena they lie there. */
void object_from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_object *object_r);
enum store_status object_look(struct store_tx *tx, uint64_t collection, struct span name, struct arena *arena,
			      struct store_object *object_r);

/* The collection's part of a change: read first, settled last. */
struct collection_change {
	uint64_t id, owner;
	enum store_collection_kind kind;
	uint64_t modseq; /* of the last change; each object changed takes the next one */
	int64_t objects, bytes;
};
enum store_status collection_change_begin(struct store_tx *tx, uint64_t actor, uint64_t id,
					  struct collection_change *change_r);
/* Writes modseq and counters, the owner's too; STORE_OVER_QUOTA. */
enum store_status collection_change_end(struct store_tx *tx, const struct collection_change *change);
/* Of two collections of one owner: what only goes from one to the other does not count against his quota. */
enum store_status collection_change_end_both(struct store_tx *tx, const struct collection_change *from,
					     const struct collection_change *to);
/* Something about its children has changed. */
enum store_status collection_touch(struct store_tx *tx, uint64_t actor, uint64_t id);
/* Something about itself: what lists it sees that, its parent. The home has none, and is touched itself. */
enum store_status collection_touch_above(struct store_tx *tx, uint64_t actor, uint64_t id);
enum store_status collection_count_bytes(struct store_tx *tx, uint64_t owner, int64_t bytes);

bool collection_name_is_good(struct span name);
/* A collection of that name goes with everything in it. STORE_NOT_FOUND: there is none; STORE_DENIED: it may not go, or
 * the collection `spared` is in it. What it lay in is not touched. */
enum store_status collection_clear(struct store_tx *tx, uint64_t actor, uint64_t parent, struct span name,
				   uint64_t spared, const struct store_guard *guard);
/* All the owner's collections with everything in them: the user goes. */
enum store_status collection_erase_all(struct store_tx *tx, uint64_t owner);
/* The home, calendar, tasks, inbox and outbox of a new user. */
enum store_status collection_make_first(struct store_tx *tx, uint64_t owner);
enum store_status collection_insert(struct store_tx *tx, uint64_t owner, const struct store_new_collection *make,
				    uint64_t *id_r);

enum store_status object_insert(struct store_tx *tx, const struct store_object *object);
/* The row and the reference to its content; properties stay. */
enum store_status object_delete_row(struct store_tx *tx, const struct store_object *object);
enum store_status object_bury(struct store_tx *tx, uint64_t collection, struct span name, uint64_t modseq);
enum store_status object_forget_grave(struct store_tx *tx, uint64_t collection, struct span name);
/* As store_object_remove(). */
enum store_status object_clear(struct store_tx *tx, uint64_t actor, uint64_t collection, struct span name,
			       const unsigned char *tag, const struct store_guard *guard);

/* STORE_LIMIT: too many, too large. */
enum store_status property_check(const struct store_property *properties, size_t count);
enum store_status property_put(struct store_tx *tx, uint64_t collection, struct span object,
			       const struct store_property *property);
enum store_status property_delete_all(struct store_tx *tx, uint64_t collection, struct span object);
enum store_status property_copy_all(struct store_tx *tx, uint64_t from, struct span object, uint64_t to,
				    struct span name);

/* What the object has (p NULL: what all objects of the collection have) comes to `to`, for the object called name (p
 * NULL: each for that of the same name). */
enum store_status attachment_copy_all(struct store_tx *tx, uint64_t from, struct span object,
				      struct collection_change *to, struct span name);

enum guard_need { /* bits */
		  GUARD_ITSELF = 0,
		  GUARD_MEMBER = 1, /* it comes or goes: the collection above changes too */
		  GUARD_DEEP = 2,   /* so does everything below */
};
/* May the holder of these locks change what is called name in the collection (name empty: the collection itself)?
 * STORE_LOCKED. */
enum store_status guard_check(struct store_tx *tx, uint64_t owner, uint64_t collection, struct span name,
			      unsigned needs, const struct store_guard *guard);
/* What was locked is not there any more. */
enum store_status guard_drop(struct store_tx *tx, uint64_t owner, uint64_t collection, struct span name);
/* As store_lock_take(). */
enum store_status lock_take(struct store_tx *tx, uint64_t owner, struct store_lock *lock, struct arena *arena);
enum store_status lock_delete_all(struct store_tx *tx, uint64_t owner);

/* A statement with numbers only, that answers nothing. */
enum store_status collection_run(struct store_tx *tx, const char *sql, const uint64_t *numbers, int count);

#endif

/* Attachments of objects: contents that lie beside an object and go with it. Their bytes count as the collection's and
 * its owner's. Conventions: store.h. */
#ifndef STORE_ATTACHMENT_H
#define STORE_ATTACHMENT_H

#include "common/store/object.h"

enum { STORE_ATTACHMENT_ID_MAX = 47, STORE_ATTACHMENT_NAME_MAX = 255, STORE_ATTACHMENT_TYPE_MAX = 255 };

struct store_attachment {
	struct span id;  /* the caller's choice, without a NUL; of all users only one has it */
	struct span key; /* the store's: copies of an object have the same id, each with rows of its own */
	uint64_t collection;
	struct span object; /* the name of the object it belongs to */
	uint64_t blob, size;
	struct span name, type; /* of the file; its media type */
};

/* STORE_NOT_FOUND: there is none, or it is not the actor's. Where several objects have it, that of any of them: its
 * bytes, name and type are the same. Spans lie in arena. */
enum store_status store_attachment_get(struct store *store, uint64_t actor, struct span id, struct arena *arena,
				       struct store_attachment *attachment_r);
/* Those of an object, by id; object.p NULL: of all the collection's. None is STORE_OK with count 0. */
enum store_status store_attachment_list(struct store *store, uint64_t actor, uint64_t collection, struct span object,
					struct arena *arena, struct store_attachment **list_r, size_t *count_r);

/* An object gets other bytes, an attachment more (upload NULL: none), an attachment less (gone empty: none). */
struct store_attachment_change {
	const struct store_object_put *put; /* with bytes and a tag: the object must be this one; its UID stays */
	struct store_upload *upload;        /* finished */
	struct span id, name, type;         /* of the new one */
	struct span gone;
};
/* All or nothing. STORE_NOT_FOUND: the object, or what should go, is not there; STORE_CONFLICT: the object is another
 * one by now; STORE_INVALID: id, name or type are too long; STORE_OVER_QUOTA, STORE_LOCKED. */
enum store_status store_attachment_change(struct store *store, uint64_t actor,
					  const struct store_attachment_change *change, const struct store_guard *guard,
					  struct store_object_result *result_r);

/* What an object that has been put says it has: its other attachments go, and what belonged to another object of the
 * owner belongs to this one from now on; where it belonged to several, to this one, too. tag: of the object; where it
 * has changed since, nothing is done. */
enum store_status store_attachment_keep(struct store *store, uint64_t actor, uint64_t collection, struct span object,
					const unsigned char tag[STORE_TAG_BYTES], const struct span *ids, size_t count);

#endif

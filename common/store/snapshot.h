/* A mailbox in memory at one moment: immutable, shared by all sessions of the process, reference-counted (DESIGN.md).
 *
 * Rows are in the order of their UIDs, in chunks; two snapshots share the chunks in which they do not differ. A row's
 * message number (1 … count) is its place. Reading a snapshot needs no lock and does not wait; a reference may be held
 * by any thread.
 *
 * A row whose message was removed stays in a *told view* as a ghost (see store_snapshot_with_ghosts()) until the client
 * has been told. */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "common/base/ranges.h"
#include "common/store/store.h"

enum { STORE_CHUNK_ROWS = 512, STORE_FLAG_KEYWORD_SHIFT = 8, STORE_KEYWORDS_IN_FLAGS = 56 };

/* Bits of a row's flags; the keyword with number k < 56 is bit 8 + k; the others lie in more. */
#define STORE_FLAG_SEEN     ((uint64_t)1)
#define STORE_FLAG_ANSWERED ((uint64_t)2)
#define STORE_FLAG_FLAGGED  ((uint64_t)4)
#define STORE_FLAG_DELETED  ((uint64_t)8)
#define STORE_FLAG_DRAFT    ((uint64_t)16)
#define STORE_FLAG_SYSTEM   ((uint64_t)31)
#define STORE_FLAG_GHOST                                                                                               \
	((uint64_t)128) /* removed, but this view's client does not know yet; never in the database                    \
			 */

struct store_chunk {
	_Atomic uint32_t refs;
	uint32_t count; /* 1 … STORE_CHUNK_ROWS */
	uint64_t max_modseq;
	uint64_t any_flags, all_flags; /* OR and AND of flags: lets a search skip the chunk */
	uint32_t *uid;                 /* each an array of count; one allocation for the whole chunk */
	uint32_t *size;
	int16_t *zone; /* of the internal date, minutes east */
	int64_t *date; /* internal date, seconds since 1970 */
	uint64_t *flags;
	uint64_t *modseq;
	uint64_t *blob;                              /* the message's content: content.h */
	_Atomic(struct store_identity *) identities; /* NULL until somebody asks: store_snapshot_identify() */
	struct span *more; /* NULL where no row has any: bitmap of the keywords numbered 56 and up, bit (k-56)%8 of byte
			      (k-56)/8 */
};

struct store_identity; /* content.h */

struct store_keyword_list { /* shared, immutable; grows only at its end while the mailbox lives */
	_Atomic uint32_t refs;
	uint32_t count;
	struct span *names; /* by number */
};

struct store_snapshot {
	_Atomic uint32_t refs;
	uint64_t mailbox;
	uint32_t uidvalidity, uidnext, recent_from;
	uint32_t count, unseen, ghosts;
	uint64_t modseq; /* every change up to here is in it */
	uint32_t chunk_count;
	struct store_chunk **chunks;
	uint32_t *first; /* first[i]: rows in front of chunk i */
	struct store_keyword_list *keywords;
};

struct store_row {
	uint32_t uid, size;
	int zone;
	int64_t date;
	uint64_t flags, modseq, blob;
	struct span more;
};

/* The newest state: one point read where nothing changed (then the very same snapshot as last time), one indexed range
 * read where something did. *snapshot_r is a reference of the caller's. STORE_NOT_FOUND: the mailbox is gone. */
enum store_status store_snapshot_newest(struct store *store, uint64_t actor, uint64_t mailbox,
					struct store_snapshot **snapshot_r);

struct store_snapshot *store_snapshot_ref(struct store_snapshot *snapshot);
void store_snapshot_unref(struct store_snapshot **snapshot); /* NULL is accepted */

/* Sees to it that every chunk of the snapshot has its identities (an array of count). Worker. */
enum store_status store_snapshot_identify(struct store *store, struct store_snapshot *snapshot);

/* What a client that knows `known` may be told while nothing may be told as removed: newest, plus the rows of known
 * that it does not have any more, marked as ghosts, in their places. A new reference; newest itself where nothing was
 * removed. */
struct store_snapshot *store_snapshot_with_ghosts(struct store_snapshot *known, struct store_snapshot *newest);

/* The difference in the order a client is told. known must be older than (or the same as) now. */
struct store_difference {
	struct ranges removed; /* UIDs in known (ghosts included) that are not in now (or are there, then not a ghost in
				  now … only real absence counts) */
	struct ranges changed; /* UIDs in both whose flags differ */
	struct ranges touched; /* UIDs in both whose modseq differs (contains changed) */
	uint32_t added;        /* how many rows at the end of now are new: UIDs ≥ known->uidnext */
	bool keywords_grew;
};
void store_snapshot_difference(const struct store_snapshot *known, const struct store_snapshot *now,
			       struct store_difference *difference_r);
void store_difference_done(struct store_difference *difference);

/* Message number of the UID, 0 where it is not there. O(log n). */
uint32_t store_snapshot_number(const struct store_snapshot *snapshot, uint32_t uid);
/* First message number whose UID is >= uid; count + 1 where there is none. */
uint32_t store_snapshot_number_from(const struct store_snapshot *snapshot, uint32_t uid);
/* number must be 1 … count. */
void store_snapshot_row(const struct store_snapshot *snapshot, uint32_t number, struct store_row *row_r);
/* The chunk that holds number, and the index in it: for loops over many rows. */
const struct store_chunk *store_snapshot_chunk(const struct store_snapshot *snapshot, uint32_t number,
					       uint32_t *index_r);
uint32_t store_snapshot_uid(const struct store_snapshot *snapshot, uint32_t number);
bool store_row_has_keyword(const struct store_row *row, uint32_t keyword);
/* Number of the keyword (ASCII case disregarded), UINT32_MAX where the mailbox has no such keyword. */
uint32_t store_snapshot_keyword(const struct store_snapshot *snapshot, struct span name);

#endif

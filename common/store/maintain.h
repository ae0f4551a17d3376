/* Keeping the store in order: for `trivet check`, `trivet gc` and the housekeeping of daemons. Conventions: store.h. */
#ifndef STORE_MAINTAIN_H
#define STORE_MAINTAIN_H

#include "common/store/content.h"
#include "common/store/store.h"

/* Makes the derived data of a message again; spans in arena. Given by the caller, who knows mime. */
typedef void store_derive_fn(struct span message, struct arena *arena, struct store_derived *derived_r);
/* One problem found: a stable word for its kind ("counter", "uidnext", "blob-missing", "derived", …) and a text. */
typedef void store_problem_fn(void *arg, const char *kind, const char *text, bool repaired);

struct store_check {
	bool repair;
	unsigned derived_version; /* older derived data is a problem of the kind "derived" */
	store_derive_fn *derive;
	store_problem_fn *problem;
	void *arg;
	bool skip_content; /* do not read every blob and compare hashes */
};
/* Checks every invariant of DESIGN.md: counters against rows, UIDs, modseqs, tombstones, blobs present with the right
 * size and hash, reference counts, quota counters, derived data. *problems_r counts those not repaired. */
enum store_status store_check(struct store *store, const struct store_check *check, uint64_t *problems_r);

struct store_collected {
	uint64_t blobs, bytes, tombstones;
};
/* Removes content that nobody refers to for at least grace_s seconds, left-over temporary files, and tombstones older
 * than tombstone_s. Safe beside running daemons. */
enum store_status store_collect(struct store *store, int64_t grace_s, int64_t tombstone_s,
				struct store_collected *collected_r);

#endif

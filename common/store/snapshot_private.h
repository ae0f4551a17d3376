/* Building snapshots. Only common/store includes this. */
#ifndef STORE_SNAPSHOT_PRIVATE_H
#define STORE_SNAPSHOT_PRIVATE_H

#include "common/store/snapshot.h"
#include "common/store/store_private.h"

/* Takes rows in ascending order of their UIDs, one by one or by whole chunks, which are then shared. */
struct snapshot_builder {
	struct store_chunk **chunks;
	size_t count, capacity;
	struct store_row
		rows[STORE_CHUNK_ROWS]; /* of the chunk that is being filled; more is borrowed until it is closed */
	uint32_t row_count;
};

void snapshot_builder_init(struct snapshot_builder *builder);
void snapshot_builder_row(struct snapshot_builder *builder, const struct store_row *row);
void snapshot_builder_share(struct snapshot_builder *builder, struct store_chunk *chunk);
/* The snapshot of what was taken; head gives everything that is not rows (keywords: a reference of it is taken). Frees
 * the builder. */
struct store_snapshot *snapshot_builder_end(struct snapshot_builder *builder, const struct store_snapshot *head);

void snapshot_chunk_row(const struct store_chunk *chunk, uint32_t index, struct store_row *row_r);

struct store_keyword_list *keyword_list_create(const struct span *names, uint32_t count);
struct store_keyword_list *keyword_list_ref(struct store_keyword_list *list);
void keyword_list_unref(struct store_keyword_list **list);

/* The next snapshot behind `old` (NULL: from nothing), in a read transaction; old itself, with a reference, where
 * nothing changed. */
enum store_status snapshot_load(struct store_tx *tx, uint64_t actor, uint64_t mailbox, struct store_snapshot *old,
				struct store_snapshot **snapshot_r);

#endif

/* Removing contents that nobody refers to, and files that belong to nobody. Only common/store includes this. */
#ifndef STORE_BLOB_COLLECT_H
#define STORE_BLOB_COLLECT_H

#include "common/store/maintain.h"

/* Contents without a reference since `before` or longer, some at a time, with their files. */
enum store_status blob_collect_rows(struct store *store, int64_t before, struct store_collected *collected);
/* Files older than `before`: those in tmp/, and those in blobs/ that no row names. */
enum store_status blob_collect_files(struct store *store, int64_t before, struct store_collected *collected);

#endif

/* One point read for each watched mailbox: each is short, so that none holds up a checkpoint. */
#include "common/store/notify/poll.h"

#include <stdlib.h>

void poll_journal(struct sql_db *db, struct watch_table *table)
{
	struct sql_stmt *stmt = NULL;
	uint64_t *list = NULL;
	size_t count = watch_list(table, &list);
	enum store_status status = sql_prepare(db, "SELECT modseq FROM mailbox WHERE id = ?", &stmt);

	for (size_t i = 0; status == STORE_OK && i < count; i++) {
		sql_bind_u64(stmt, 1, list[i]);
		status = sql_step_one(stmt);
		if (status == STORE_OK) {
			watch_tell(table, list[i], sql_u64(stmt, 0));
		} else if (status == STORE_NOT_FOUND) {
			watch_tell(table, list[i], UINT64_MAX); /* told once */
			status = STORE_OK;
		}
		sql_reset(stmt);
	}
	sql_stmt_free(&stmt);
	free(list);
}

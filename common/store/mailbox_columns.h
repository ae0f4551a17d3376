/* The columns that make a struct store_mailbox, of a table called m. Only common/store includes this. */
#ifndef STORE_MAILBOX_COLUMNS_H
#define STORE_MAILBOX_COLUMNS_H

#include "common/store/mailbox.h"
#include "common/store/sql/sql.h"

#define MAILBOX_COLUMNS                                                                                                \
	"m.id, m.owner, m.name, m.uidvalidity, m.uidnext, m.modseq, m.messages, m.unseen, m.deleted, m.bytes,"         \
	" m.deleted_bytes, m.recent_from, m.uses, m.is_selectable"
enum { MAILBOX_COLUMN_COUNT = 14 };

/* is_subscribed and has_children are left false. */
void mailbox_from_columns(struct sql_stmt *stmt, struct arena *arena, struct store_mailbox *mailbox_r);

#endif

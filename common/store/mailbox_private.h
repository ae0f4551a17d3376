/* What the files about mailboxes and users share. Inside a transaction, all of them. Only common/store includes this.
 */
#ifndef STORE_MAILBOX_PRIVATE_H
#define STORE_MAILBOX_PRIVATE_H

#include "common/store/mailbox.h"
#include "common/store/store_private.h"

/* Can the store hold this name? STORE_INVALID; STORE_LIMIT: too many levels. */
enum store_status mailbox_name_check(struct span name);
/* The name one level up; empty where there is none. */
struct span mailbox_name_parent(struct span name);

/* Everything below a name sorts from `from` up to, not including, `to`. The name is at most STORE_NAME_MAX bytes. */
struct mailbox_below {
	struct span from, to; /* point into what follows */
	char from_bytes[STORE_NAME_MAX + 1], to_bytes[STORE_NAME_MAX + 1];
};
void mailbox_below_init(struct mailbox_below *below, struct span name);

struct mailbox_entry { /* what is known of a name */
	uint64_t id;
	bool is_selectable;
};
enum store_status mailbox_look(struct store_tx *tx, uint64_t owner, struct span name, struct mailbox_entry *entry_r);
enum store_status mailbox_has_children(struct store_tx *tx, uint64_t owner, struct span name, bool *has_r);

/* A new row, with a UIDVALIDITY of its own. mailbox_r: id and UIDVALIDITY are set, may be NULL. STORE_EXISTS;
 * STORE_LIMIT. */
enum store_status mailbox_insert(struct store_tx *tx, uint64_t owner, struct span name, unsigned uses,
				 bool is_selectable, struct store_mailbox *mailbox_r);
enum store_status mailbox_insert_parents(struct store_tx *tx, uint64_t owner, struct span name);
enum store_status mailbox_next_uidvalidity(struct store_tx *tx, uint32_t *uidvalidity_r);
/* The row, its messages, keywords and tombstones; watchers are told. */
enum store_status mailbox_erase(struct store_tx *tx, uint64_t owner, uint64_t mailbox);
/* It must not be so already where it is added. */
enum store_status mailbox_set_subscribed(struct store_tx *tx, uint64_t owner, struct span name, bool subscribed);
enum store_status mailbox_count_for_owner(struct store_tx *tx, uint64_t owner,
					  int64_t more); /* STORE_NOT_FOUND: no such user */

#endif

/* Mailboxes: a tree of names for each user (RFC 9051, 5.1, 6.3). Conventions: store.h.
 *
 * Names are UTF-8 in NFC, levels parted by '/', 1 … STORE_NAME_MAX bytes, no empty level, no NUL or control; "INBOX" is
 * written so. A name may exist without a mailbox ("\Noselect") to hold children. */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include "common/store/store.h"

enum store_use { /* special uses (RFC 6154), bits */
		 STORE_USE_ALL = 1,
		 STORE_USE_ARCHIVE = 2,
		 STORE_USE_DRAFTS = 4,
		 STORE_USE_FLAGGED = 8,
		 STORE_USE_JUNK = 16,
		 STORE_USE_SENT = 32,
		 STORE_USE_TRASH = 64,
		 STORE_USE_IMPORTANT = 128,
};

struct store_mailbox {
	uint64_t id; /* never used twice; < 2^31 */
	uint64_t owner;
	struct span name;
	uint32_t uidvalidity, uidnext;
	uint32_t messages, unseen, deleted; /* counters, not scans */
	uint32_t recent_from;               /* UIDs from here on were not seen by any session (\Recent) */
	uint64_t bytes, deleted_bytes;
	uint64_t modseq; /* highest; 1 for a new mailbox */
	unsigned uses;   /* enum store_use */
	bool is_subscribed, is_selectable, has_children;
};

enum store_status store_mailbox_find(struct store *store, uint64_t actor, struct span name, struct arena *arena,
				     struct store_mailbox *mailbox_r);
enum store_status store_mailbox_get(struct store *store, uint64_t actor, uint64_t id, struct arena *arena,
				    struct store_mailbox *mailbox_r);

/* All of the actor's, sorted bytewise by name; INBOX first. subscribed_only lists subscriptions too whose mailbox does
 * not exist: they have id 0. Spans lie in arena. 10 000 of them take a few milliseconds. */
enum store_status store_mailbox_list(struct store *store, uint64_t actor, struct arena *arena,
				     struct store_mailbox **list_r, size_t *count_r, struct store_mailbox **orphans_r,
				     size_t *orphan_count_r);

/* Missing parents are made as names that are selectable mailboxes too. A name that is \Noselect becomes a mailbox.
 * uses: special uses it gets; STORE_CONFLICT where another mailbox of the user has one of them already. */
enum store_status store_mailbox_create(struct store *store, uint64_t actor, struct span name, unsigned uses,
				       struct store_mailbox *mailbox_r /* its name is not set */);

/* INBOX is STORE_DENIED. With children the messages go and the name stays, \Noselect; a \Noselect name with children is
 * STORE_CONFLICT. The subscription stays (RFC 3501, 6.3.9). */
enum store_status store_mailbox_delete(struct store *store, uint64_t actor, struct span name);

/* With its children. INBOX: its messages move to the new name, a fresh empty INBOX stays, its children stay
 * (9051, 6.3.6). Missing parents of the new name are made. STORE_EXISTS, also for one of the children; STORE_INVALID
 * into itself. The mailbox keeps its id, UIDVALIDITY and UIDs. Subscriptions of the names stay as they are. */
enum store_status store_mailbox_rename(struct store *store, uint64_t actor, struct span from, struct span to);

/* A name may be subscribed to without a mailbox (it then must have been one: STORE_NOT_FOUND else). */
enum store_status store_mailbox_subscribe(struct store *store, uint64_t actor, struct span name, bool subscribed);

/* The caller's session becomes the one that sees the recent messages: *first_r is the first recent UID, or uidnext
 * where there is none; from now on they are not recent for others. Without `claim` it only looks (EXAMINE). */
enum store_status store_mailbox_recent(struct store *store, uint64_t actor, uint64_t mailbox, bool claim,
				       uint32_t *first_r);

/* Keywords of the mailbox, in the order of their numbers. */
enum store_status store_mailbox_keywords(struct store *store, uint64_t actor, uint64_t mailbox, struct arena *arena,
					 struct span **names_r, size_t *count_r);

struct store_quota {
	uint64_t limit_bytes; /* 0: none */
	uint64_t used_bytes, used_messages;
};
enum store_status store_quota_get(struct store *store, uint64_t user, struct store_quota *quota_r);

#endif

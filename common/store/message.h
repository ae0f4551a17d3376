/* Messages of a mailbox: adding, flags, copying, removing. Each call is one transaction: all of it or nothing, durable
 * when it answers STORE_OK. Conventions: store.h. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "common/base/ranges.h"
#include "common/store/content.h"
#include "common/store/store.h"

struct store_new_message {
	struct span bytes;            /* the whole message; borrowed; or */
	struct store_upload *upload;  /* … finished, not NULL: then bytes is not looked at */
	struct store_derived derived; /* what mime made of it: opaque here */
	unsigned flags;               /* system flags */
	const struct span *keywords;
	size_t keyword_count;
	int64_t date; /* internal date, seconds since 1970 */
	int zone;     /* its zone, minutes east */
	uint32_t uid; /* out */
};

struct store_appended {
	uint32_t uidvalidity;
	uint64_t modseq;
};

/* UIDs ascend in the order of the array. STORE_OVER_QUOTA; STORE_LIMIT: too many keywords. */
enum store_status store_message_append(struct store *store, uint64_t actor, uint64_t mailbox,
				       struct store_new_message *messages, size_t count,
				       struct store_appended *appended_r);

/* One to whom a message is delivered: into `folder` where the user has a selectable mailbox of that name, else into
 * INBOX. */
struct store_target {
	uint64_t user;
	struct span folder; /* empty: INBOX */
	size_t group; /* below count; targets of one group get the message all or, where one is over quota, none */
	enum store_status status; /* out: of this target alone: STORE_OK, STORE_NOT_FOUND (no such user),
				     STORE_OVER_QUOTA, STORE_LIMIT */
	bool is_duplicate; /* out, with STORE_OK: it was there already (see duplicates_s), or stands here twice */
};
struct store_delivery_rule { /* duplicates: off where duplicates_s is 0 or message_id is empty */
	int64_t duplicates_s;
	struct span message_id;
};
/* One transaction for all targets; the content is kept once. message->uid is not set. Where the answer is not STORE_OK
 * nobody has got it, and the targets' statuses mean nothing. */
enum store_status store_message_deliver(struct store *store, struct store_target *targets, size_t count,
					const struct store_new_message *message,
					const struct store_delivery_rule *rule);

enum store_flag_how { STORE_FLAGS_REPLACE, STORE_FLAGS_ADD, STORE_FLAGS_REMOVE };
struct store_flag_change {
	enum store_flag_how how;
	unsigned flags; /* system flags */
	const struct span *keywords;
	size_t keyword_count;
	bool has_unchangedsince; /* RFC 7162, 3.1.3 */
	uint64_t unchangedsince;
};
struct store_flagged {
	uint64_t modseq;          /* of those that changed; all of one call share it */
	struct ranges changed;    /* UIDs whose flags really changed */
	struct ranges conflicted; /* UIDs with a modseq above unchangedsince: left alone */
	struct ranges missing;    /* UIDs asked for that are not there any more */
};
/* A message whose flags are already so keeps its modseq. Adding a keyword the mailbox does not have makes it. */
enum store_status store_message_flags(struct store *store, uint64_t actor, uint64_t mailbox, const struct ranges *uids,
				      const struct store_flag_change *change, struct store_flagged *flagged_r);
void store_flagged_done(struct store_flagged *flagged);

struct store_copied {
	uint32_t uidvalidity; /* of the target */
	size_t count;
	uint32_t *from, *to; /* pairs, in ascending order of from */
};
/* Copies (or moves, in one transaction, with tombstones) what of uids is there, with flags and internal dates. Nothing
 * there is STORE_OK with count 0. Moving into the same mailbox gives new UIDs. STORE_OVER_QUOTA (a move inside one
 * user's mailboxes cannot be). */
enum store_status store_message_copy(struct store *store, uint64_t actor, uint64_t from, const struct ranges *uids,
				     uint64_t to, bool move, struct store_copied *copied_r);
void store_copied_done(struct store_copied *copied);

/* Removes these, whatever their flags; those that are not there any more do no harm. */
enum store_status store_message_remove(struct store *store, uint64_t actor, uint64_t mailbox,
				       const struct ranges *uids);

/* Removes those with the \Deleted flag, of uids or (NULL) of all. *removed_r gets the UIDs;
 * *modseq_r is 0 where there is none. */
enum store_status store_message_expunge(struct store *store, uint64_t actor, uint64_t mailbox,
					const struct ranges *uids, struct ranges *removed_r, uint64_t *modseq_r);

/* UIDs removed by changes after `since` (RFC 7162: VANISHED (EARLIER)), one indexed range read. Where the journal does
 * not reach back that far, the answer is every UID below uidnext that is not there: correct, only longer. */
enum store_status store_message_removed_since(struct store *store, uint64_t actor, uint64_t mailbox, uint64_t since,
					      struct ranges *removed_r);

#endif

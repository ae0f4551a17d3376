/* Users of the store, their secrets and quotas. Conventions: store.h. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "common/store/store.h"

struct store_user {
	uint64_t id;              /* never used twice */
	struct span name;         /* log-in name, UTF-8, lower-cased by the caller's rule; unique */
	struct span display_name; /* may be empty */
	struct span mail;         /* address, kept in lower case; may be empty */
	struct span secrets; /* authPassword values (RFC 5803), one a line: "SCRAM-SHA-256$iter:salt$stored:server"; may
				be empty */
	uint64_t quota_bytes; /* 0: the default quota */
	uint64_t used_bytes, used_messages;
	bool is_admin, is_disabled;
	int64_t created_at;
};

/* Spans of the answer lie in arena. */
enum store_status store_user_find(struct store *store, struct span name, struct arena *arena,
				  struct store_user *user_r);
enum store_status store_user_get(struct store *store, uint64_t id, struct arena *arena, struct store_user *user_r);
/* By the address, in lower case. Two users with the same one: the older. */
enum store_status store_user_find_mail(struct store *store, struct span mail, struct arena *arena,
				       struct store_user *user_r);
enum store_status store_user_list(struct store *store, struct arena *arena, struct store_user **users_r,
				  size_t *count_r);

/* Makes the user with INBOX, Drafts, Sent, Trash, Junk, Archive, all subscribed, with their special uses, and with his
 * home of collections (calendar, tasks, inbox, outbox), in one transaction. user->id and the counters are ignored.
 * STORE_EXISTS, STORE_INVALID (name). */
enum store_status store_user_add(struct store *store, const struct store_user *user, uint64_t *id_r);
enum store_status store_user_delete(struct store *store, uint64_t id); /* with mailboxes, messages, collections */
enum store_status store_user_set_secrets(struct store *store, uint64_t id, struct span secrets);
enum store_status store_user_set_quota(struct store *store, uint64_t id, uint64_t bytes);
enum store_status store_user_set_profile(struct store *store, uint64_t id, struct span display_name, struct span mail,
					 bool is_admin, bool is_disabled);

/* --- aliases and groups: an address stands for others
 * ------------------------------------------------------------------------------------------------------- */

struct store_alias {
	struct span address, target; /* lower case; target: an address, or a user's name */
};
/* STORE_EXISTS; STORE_INVALID: empty or too long. */
enum store_status store_alias_add(struct store *store, struct span address, struct span target);
/* target empty: all of the address's. STORE_NOT_FOUND. */
enum store_status store_alias_delete(struct store *store, struct span address, struct span target);
/* address empty: all there are. Sorted; none is STORE_OK with count 0. */
enum store_status store_alias_list(struct store *store, struct span address, struct arena *arena,
				   struct store_alias **aliases_r, size_t *count_r);

#endif

/* Who exists: users by log-in name. Today out of the store; LDAP and Unix accounts come as further sources behind the
 * same interface, which is why it is called in workers only (it may block) and answers with a status that knows "not
 * now". Names are compared after directory_name_normalize(): trimmed, NFC, lower case. */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "common/config/config.h"
#include "common/store/user.h"

struct buf;
struct directory;

enum directory_status {
	DIRECTORY_OK,
	DIRECTORY_UNKNOWN,     /* there is no such user */
	DIRECTORY_UNAVAILABLE, /* it cannot be known at the moment */
};

struct directory_user {
	uint64_t id; /* the store's */
	struct span name, display_name, mail;
	struct span secrets; /* authPassword values, one a line */
	bool is_admin, is_disabled;
};

extern const struct config_key directory_keys[];

struct directory *directory_create(const struct config *config, struct store *store);
void directory_destroy(struct directory **directory);

/* Spans lie in arena. Worker. */
enum directory_status directory_find(struct directory *directory, struct span name, struct arena *arena,
				     struct directory_user *user_r);

struct directory_rule {             /* how addresses are understood */
	const char *const *domains; /* ours; none: every domain is */
	size_t domain_count;
	char separator; /* of USER+FOLDER; '\0': none */
};

struct directory_target { /* a user that an address stands for */
	uint64_t user;
	struct span folder; /* what stood behind the separator; empty: nothing */
};

/* Who gets mail for an address ("name@domain", or "name" alone): the targets of an alias or a group, else the user with
 * that mail address, else, in a domain of ours, the user of that name. Every user comes once. Spans and list lie in
 * arena. DIRECTORY_UNKNOWN: nobody. Worker. */
enum directory_status directory_resolve(struct directory *directory, const struct directory_rule *rule,
					struct span address, struct arena *arena, struct directory_target **targets_r,
					size_t *count_r);

/* See store_secret(). Any thread. */
void directory_secret(const struct directory *directory, const char *purpose,
		      unsigned char secret_r[STORE_SECRET_BYTES]);

/* False: not a name (empty, too long, controls, not UTF-8). */
bool directory_name_normalize(struct span name, struct buf *out);

#endif

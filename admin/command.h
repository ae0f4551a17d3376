/* The command `trivet`: a table of commands, and what each of them gets. */
#ifndef ADMIN_COMMAND_H
#define ADMIN_COMMAND_H

#include "common/config/config.h"
#include "common/store/store.h"
#include "common/store/user.h"

#include <stdio.h>
#include <sysexits.h>

struct buf;

struct admin {
	struct config *config;   /* NULL where the row says NEEDS_NOTHING */
	struct store *store;     /* NULL where it does not say NEEDS_STORE or NEEDS_DELIVERY */
	const char *config_path; /* what was given in front of the command; NULL: nothing */
	const char **settings;   /* … by -o */
	size_t setting_count;
	const char *command; /* "user add" */
	bool json;           /* --json was given (anywhere behind the command) */
};

/* argv[0] is the last word of the command's name; --json is taken out already. Returns an exit status of sysexits.h;
 * what is wrong goes to standard error in one line. */
typedef int admin_run_fn(struct admin *admin, int argc, char **argv);

enum admin_needs {
	NEEDS_NOTHING,
	NEEDS_CONFIG,
	NEEDS_STORE,
	NEEDS_DELIVERY, /* the store, and the configuration of `trivet lmtp` */
};

struct admin_command {
	const char *name; /* "user add" */
	admin_run_fn *run;
	enum admin_needs needs;
	const char *arguments; /* for --help */
	const char *help;
};

extern const struct admin_command admin_commands[]; /* ends with a row of name NULL */

admin_run_fn admin_user_add, admin_user_import, admin_user_del, admin_user_passwd, admin_user_list, admin_user_show,
	admin_user_quota, admin_user_set;
admin_run_fn admin_mailbox_list, admin_mailbox_create, admin_mailbox_delete, admin_mailbox_rename;
admin_run_fn admin_calendar_list, admin_calendar_add, admin_calendar_del, admin_calendar_import, admin_calendar_export,
	admin_calendar_share_url;
admin_run_fn admin_import, admin_export;
admin_run_fn admin_alias_add, admin_alias_del, admin_alias_list;
admin_run_fn admin_deliver, admin_lmtp;
admin_run_fn admin_check, admin_gc;
admin_run_fn admin_who, admin_kick, admin_trace;
admin_run_fn admin_version;

/* --- what they share (common.c) --- */

/* "trivet user add: text" to standard error; returns status. */
int admin_fail(const struct admin *admin, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int admin_usage(const struct admin *admin, const char *what); /* EX_USAGE */
/* The exit status for a status of the store, with its line. */
int admin_fail_status(const struct admin *admin, enum store_status status, const char *what);
/* The user of that name; else an exit status (EX_NOUSER …) that is not EX_OK. */
int admin_find_user(struct admin *admin, const char *name, struct arena *arena, struct store_user *user_r);

void admin_json_string(FILE *out, struct span s);     /* with its quotes */
bool admin_size(const char *text, uint64_t *bytes_r); /* 5G, 100M, 0 */

#endif

/* All commands of trivet. */
#include "admin/command.h"

/* clang-format off */
const struct admin_command admin_commands[] = {
	/* name            run                   store  arguments and help */
	{ "user add",       admin_user_add,       true,  "NAME [--name DISPLAY] [--mail ADDRESS] [--admin] [--quota SIZE] [--password-stdin | --password-file FILE]",
	                                                 "makes a user with INBOX, Drafts, Sent, Trash, Junk and Archive" },
	{ "user import",    admin_user_import,    true,  "< FILE    (lines: NAME TAB PASSWORD [TAB DISPLAY [TAB ADDRESS]])",
	                                                 "makes many users from standard input" },
	{ "user del",       admin_user_del,       true,  "NAME --yes",                        "removes a user with all mail" },
	{ "user passwd",    admin_user_passwd,    true,  "NAME [--password-stdin | --password-file FILE]", "gives a user another password" },
	{ "user list",      admin_user_list,      true,  "",                                  "lists the users" },
	{ "user show",      admin_user_show,      true,  "NAME",                              "shows one user" },
	{ "user quota",     admin_user_quota,     true,  "NAME [SIZE | none]",                "shows or sets a user's quota" },
	{ "mailbox list",   admin_mailbox_list,   true,  "USER",                              "lists a user's mailboxes with their counters" },
	{ "mailbox create", admin_mailbox_create, true,  "USER MAILBOX",                      "makes a mailbox and its missing parents" },
	{ "mailbox delete", admin_mailbox_delete, true,  "USER MAILBOX",                      "removes a mailbox with its messages" },
	{ "mailbox rename", admin_mailbox_rename, true,  "USER FROM TO",                      "renames a mailbox and its children" },
	{ "import",         admin_import,         true,  "--user USER [--mailbox MAILBOX] --format maildir|mbox|eml [--restart] PATH... | --map FILE --format FORMAT",
	                                                 "takes messages in; goes on where it was interrupted" },
	{ "export",         admin_export,         true,  "--user USER [--mailbox MAILBOX] --format maildir|mbox PATH", "writes messages out" },
	{ "check",          admin_check,          true,  "[--repair] [--quick]",              "checks every invariant of the store; --quick does not read the messages" },
	{ "gc",             admin_gc,             true,  "[--grace TIME] [--tombstones TIME]", "removes contents that nobody refers to" },
	{ "who",            admin_who,            false, "",                                  "lists the sessions of the running daemons" },
	{ "kick",           admin_kick,           false, "SESSION | --user NAME",             "ends sessions of the running daemons" },
	{ "trace",          admin_trace,          false, "USER on|off",                       "switches the protocol trace of a user" },
	{ "version",        admin_version,        false, "",                                  "prints the version" },
	{ 0 },
};
/* clang-format on */

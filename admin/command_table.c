/* All commands of trivet. */
#include "admin/command.h"

/* clang-format off */
const struct admin_command admin_commands[] = {
	/* name            run                   needs         arguments and help */
	{ "user add",       admin_user_add,       NEEDS_STORE,  "NAME [--name DISPLAY] [--mail ADDRESS] [--admin] [--quota SIZE] [--password-stdin | --password-file FILE]",
	                                                 "makes a user with INBOX, Drafts, Sent, Trash, Junk and Archive" },
	{ "user import",    admin_user_import,    NEEDS_STORE,  "< FILE    (lines: NAME TAB PASSWORD [TAB DISPLAY [TAB ADDRESS]])",
	                                                 "makes many users from standard input" },
	{ "user del",       admin_user_del,       NEEDS_STORE,  "NAME --yes",                        "removes a user with all mail" },
	{ "user passwd",    admin_user_passwd,    NEEDS_STORE,  "NAME [--password-stdin | --password-file FILE]", "gives a user another password" },
	{ "user list",      admin_user_list,      NEEDS_STORE,  "",                                  "lists the users" },
	{ "user show",      admin_user_show,      NEEDS_STORE,  "NAME",                              "shows one user" },
	{ "user quota",     admin_user_quota,     NEEDS_STORE,  "NAME [SIZE | none]",                "shows or sets a user's quota" },
	{ "user set",       admin_user_set,       NEEDS_STORE,  "NAME [--name DISPLAY] [--mail ADDRESS] [--admin yes|no] [--disabled yes|no]", "changes a user; who is disabled cannot log in" },
	{ "alias add",      admin_alias_add,      NEEDS_STORE,  "ADDRESS TARGET...",                 "lets an address stand for users or other addresses: an alias, or a group" },
	{ "alias del",      admin_alias_del,      NEEDS_STORE,  "ADDRESS [TARGET]",                  "takes one target or all from an address" },
	{ "alias list",     admin_alias_list,     NEEDS_STORE,  "[ADDRESS]",                         "lists aliases and groups" },
	{ "mailbox list",   admin_mailbox_list,   NEEDS_STORE,  "USER",                              "lists a user's mailboxes with their counters" },
	{ "mailbox create", admin_mailbox_create, NEEDS_STORE,  "USER MAILBOX",                      "makes a mailbox and its missing parents" },
	{ "mailbox delete", admin_mailbox_delete, NEEDS_STORE,  "USER MAILBOX",                      "removes a mailbox with its messages" },
	{ "mailbox rename", admin_mailbox_rename, NEEDS_STORE,  "USER FROM TO",                      "renames a mailbox and its children" },
	{ "calendar list",  admin_calendar_list,  NEEDS_STORE,  "USER",                              "lists a user's calendars with their counters" },
	{ "calendar add",   admin_calendar_add,   NEEDS_STORE,  "USER CALENDAR [--components VEVENT,VTODO,... | all] [--display-name TEXT] [--color #RRGGBB]", "makes a calendar; of events, where no components are named" },
	{ "calendar del",   admin_calendar_del,   NEEDS_STORE,  "USER CALENDAR",                     "removes a calendar with all that is in it" },
	{ "calendar import", admin_calendar_import, NEEDS_STORE, "USER CALENDAR FILE [--replace | --skip-broken]    (FILE -: standard input)", "takes the objects of an .ics file in, all or none; --replace: what is not among them goes" },
	{ "calendar export", admin_calendar_export, NEEDS_STORE, "USER CALENDAR [FILE]",             "writes a calendar as one .ics text" },
	{ "calendar share-url", admin_calendar_share_url, NEEDS_STORE, "USER CALENDAR [--withdraw]", "prints the path of a new secret address of a calendar, and takes the one it had away" },
	{ "import",         admin_import,         NEEDS_STORE,  "--user USER [--mailbox MAILBOX] --format maildir|mbox|eml [--restart] PATH... | --map FILE --format FORMAT",
	                                                 "takes messages in; goes on where it was interrupted" },
	{ "export",         admin_export,         NEEDS_STORE,  "--user USER [--mailbox MAILBOX] --format maildir|mbox PATH", "writes messages out" },
	{ "lmtp",           admin_lmtp,           NEEDS_NOTHING,"[--config FILE] [-o section.key=value]... [--check-config | --dump-config]", "takes mail by LMTP until it is ended" },
	{ "deliver",        admin_deliver,        NEEDS_DELIVERY, "[-f SENDER] [-d] [RECIPIENT...] < MESSAGE", "delivers one message; without RECIPIENT to the user who runs it" },
	{ "check",          admin_check,          NEEDS_STORE,  "[--repair] [--quick]",              "checks every invariant of the store; --quick does not read the messages" },
	{ "gc",             admin_gc,             NEEDS_STORE,  "[--grace TIME] [--tombstones TIME]", "removes contents that nobody refers to" },
	{ "who",            admin_who,            NEEDS_CONFIG, "",                                  "lists the sessions of the running daemons" },
	{ "kick",           admin_kick,           NEEDS_CONFIG, "SESSION | --user NAME",             "ends sessions of the running daemons" },
	{ "trace",          admin_trace,          NEEDS_CONFIG, "USER on|off",                       "switches the protocol trace of a user" },
	{ "version",        admin_version,        NEEDS_NOTHING,"",                                  "prints the version" },
	{ 0 },
};
/* clang-format on */

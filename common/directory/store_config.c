/* [store]: where it is and how it is kept. */
#include "common/directory/store_config.h"

/* clang-format off */
const struct config_key store_keys[] = {
	/* section  name                type             fallback           min    max          choices  reloadable  help */
	{ "store",  "path",             CONFIG_TEXT,     "/var/lib/trivet", 0,     0,           NULL,    false,      "folder of the embedded store" },
	{ "store",  "blob_inline_max",  CONFIG_SIZE,     "64K",             0,     16777216,    NULL,    false,      "messages up to this size lie in the database, larger ones in files" },
	{ "store",  "blob_in_database", CONFIG_BOOL,     "no",              0,     0,           NULL,    false,      "large messages too lie in the database, in pieces" },
	{ "store",  "keywords_max",     CONFIG_NUMBER,   "4096",            1,     65536,       NULL,    false,      "keywords of a mailbox" },
	{ "store",  "mailboxes_max",    CONFIG_NUMBER,   "100000",          6,     10000000,    NULL,    false,      "mailboxes of a user" },
	{ "store",  "busy_timeout",     CONFIG_DURATION, "10s",             1,     600000,      NULL,    false,      "how long a change waits for other processes" },
	{ "store",  "poll",             CONFIG_DURATION, "1s",              10,    60000,       NULL,    false,      "how often changes of other hosts are looked for" },
	{ "store",  "mmap",             CONFIG_SIZE,     "1G",              0,     1099511627776, NULL,  false,      "how much of the database is mapped for reading" },
	{ "store",  "default_quota",    CONFIG_SIZE,     "0",               0,     0,           NULL,    false,      "bytes of users without a quota of their own; 0: no limit" },
	{ NULL,     NULL,               CONFIG_TEXT,     NULL,              0,     0,           NULL,    false,      NULL },
};
/* clang-format on */

void store_options_from(const struct config *config, struct store_options *options_r)
{
	*options_r = (struct store_options){
		.path = config_text(config, "store", "path"),
		.create = true,
		.blob_inline_max = config_number(config, "store", "blob_inline_max"),
		.blob_in_database = config_bool(config, "store", "blob_in_database"),
		.keywords_max = (uint32_t)config_number(config, "store", "keywords_max"),
		.mailboxes_max = (uint32_t)config_number(config, "store", "mailboxes_max"),
		.busy_timeout_ms = (unsigned)config_number(config, "store", "busy_timeout"),
		.poll_ms = (unsigned)config_number(config, "store", "poll"),
		.mmap_bytes = config_number(config, "store", "mmap"),
		.default_quota = config_number(config, "store", "default_quota"),
	};
}

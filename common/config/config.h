/* Configuration files: INI (by libinih) with `include = FILE` lines, checked against tables of known keys. An unknown
 * section or key, a bad value or a missing file is an error that names file and line.
 *
 *   # /etc/trivet/imapd.conf
 *   include = trivet.conf        (relative to the including file; sections may be continued)
 *   [listen]
 *   imap = 0.0.0.0:143 [::]:143 unix:/run/trivet/imap.sock
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "common/base/span.h"

#include <stdio.h>

enum config_type {
	CONFIG_TEXT,     /* anything */
	CONFIG_NUMBER,   /* decimal, min … max */
	CONFIG_SIZE,     /* bytes: 64K, 10M, 1G (powers of 1024) */
	CONFIG_DURATION, /* milliseconds: 500ms, 30s, 10m, 1h, 2d */
	CONFIG_BOOL,     /* yes/no, true/false, on/off, 1/0 */
	CONFIG_CHOICE,   /* one of choices, parted by blanks */
	CONFIG_WORDS,    /* a list parted by blanks */
};

struct config_key {
	const char *section, *name;
	enum config_type type;
	const char *fallback; /* as it would be written; NULL: must be given */
	uint64_t min, max;    /* of numbers, sizes, durations; both 0: any */
	const char *choices;
	bool reloadable;  /* SIGHUP takes a new value */
	const char *help; /* one line, for --dump-config and the manual */
};

struct config;

enum { CONFIG_EXIT = 78 }; /* EX_CONFIG of sysexits.h */

/* tables: arrays that each end with a row of section NULL. Returns NULL with *error_r (heap, one line "FILE:LINE:
 * text"). */
struct config *config_load(const char *path, const struct config_key *const *tables, size_t table_count,
			   char **error_r);
/* The defaults, changed by "section.key=value" settings (the -o option); path may be NULL in config_load() too. */
bool config_set(struct config *config, const char *setting, char **error_r);
void config_destroy(struct config **config);

/* Values by section and name, which must be in a table (else must() fails). Pointers are valid while config lives. */
const char *config_text(const struct config *config, const char *section, const char *name);
uint64_t config_number(const struct config *config, const char *section,
		       const char *name); /* also sizes and durations */
bool config_bool(const struct config *config, const char *section, const char *name);
size_t config_words(const struct config *config, const char *section, const char *name, const char *const **words_r);

/* All values in force, as a file that could be loaded, with the help as comments (--dump-config). Secrets do not occur.
 */
void config_dump(const struct config *config, FILE *out);

#endif

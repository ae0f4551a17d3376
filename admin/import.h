/* trivet import: what its parts share. import.c reads the options, import_maildir.c, import_mbox.c and import_eml.c
 * find the messages of a source, import_batch.c gives them to the store. */
#ifndef ADMIN_IMPORT_H
#define ADMIN_IMPORT_H

#include "admin/command.h"
#include "admin/import_journal.h"
#include "admin/maildir.h"
#include "admin/mbox.h"
#include "admin/progress.h"
#include "common/base/buf.h"

#include <sys/stat.h>

enum {
	IMPORT_BATCH_MESSAGES = 64,
	IMPORT_BATCH_BYTES = 8 * 1024 * 1024,
	IMPORT_KEYWORDS_MAX = MAILDIR_KEYWORDS + 1,
};

struct import_message {
	struct span bytes; /* line ends as in the source; or */
	const char *path;  /* … a file that holds them: then the modification time is its date */
	bool prefers_sent; /* the date of its field Date goes before date */
	int64_t date;
	int zone;
	unsigned flags;
	struct span keywords[IMPORT_KEYWORDS_MAX];
	size_t keyword_count;
	struct journal_key key;
};

struct import_slot { /* a message that waits for its batch */
	struct buf bytes;
	struct import_message message;
};

struct import {
	struct admin *admin;
	const char *user_name, *mailbox_name; /* as given; mailbox_name may be NULL */
	enum mbox_quoting quoting;
	bool restart;
	uint64_t user;
	struct journal *journal; /* of the source being read */
	struct buf source;       /* what that journal is named after */
	struct progress progress;
	uint64_t skipped;

	uint64_t mailbox; /* of the batch */
	struct import_slot slots[IMPORT_BATCH_MESSAGES];
	size_t count, bytes;
	struct arena *arena; /* of the batch */
};

/* --- import_batch.c: all return an exit status, and have said what is wrong where it is not EX_OK --- */

/* From here on messages go into the mailbox of that name (UTF-8), which is made and subscribed to where it is missing.
 */
int import_mailbox(struct import *import, struct span name);
/* The name that names a message in its source, made the key of this mailbox. True: it is in the store already, and
 * counted. */
bool import_is_done(struct import *import, struct span name, struct journal_key *key_r);
/* Copies the message. */
int import_add(struct import *import, const struct import_message *message);
int import_flush(struct import *import); /* everything that was added is in the store */
/* Clears up what an earlier run left without an answer. */
int import_recover(struct import *import);

/* --- import_lines.c --- */

/* Appends the bytes with CRLF for each LF that has no CR; everything else stays. */
void import_lines(struct span bytes, struct buf *out);

/* --- the sources --- */

int import_maildir(struct import *import, const char *path);
int import_mbox(struct import *import, const char *path);
int import_eml(struct import *import, const char *path);

/* Names in a folder that do not begin with a dot and end in suffix, in their order (numbers by value), in the arena. A
 * folder that is not there is empty. False with errno. */
bool import_list(const char *folder, const char *suffix, struct arena *arena, char ***names_r, size_t *count_r);

#endif

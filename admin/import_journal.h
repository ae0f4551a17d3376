/* What an import has taken in already, so that it can be interrupted anywhere, also by kill -9, and started again: none
 * is lost, none comes twice. One thread; one process a journal.
 *
 * A file <store>/import/<hash>.journal of lines. Before a batch is given to the store, "B mailbox uidnext count" and
 * for each message "M key size hash" are written and made durable; behind it "C" (it is in the store) or "A" (it is
 * not). A batch is one transaction; so one line without its answer is cleared up by a look at the mailbox: either all
 * its messages are there, side by side from uidnext on, or none is. */
#ifndef ADMIN_IMPORT_JOURNAL_H
#define ADMIN_IMPORT_JOURNAL_H

#include "common/base/span.h"
#include "common/base/buf.h"

enum { JOURNAL_KEY_BYTES = 16 };

struct journal_key {
	unsigned char bytes[JOURNAL_KEY_BYTES]; /* the front of a SHA-256 */
};

struct journal_item {
	struct journal_key key;     /* which message of the source */
	struct journal_key content; /* its bytes, as the store gets them */
	uint64_t size;
};

struct journal_batch { /* one without an answer */
	uint64_t mailbox;
	uint32_t uidnext;
	struct journal_item *items; /* the journal's */
	size_t count;
};

struct journal;

void journal_key_make(struct span bytes, struct journal_key *key_r);

/* folder is made where it is missing. identity: what the journal is about. forget: begins anew. NULL with *error_r
 * (heap): it cannot be written, or another process has it. */
struct journal *journal_open(const char *folder, struct span identity, bool forget, char **error_r);
void journal_close(struct journal **journal); /* NULL is accepted */

bool journal_has(const struct journal *journal, const struct journal_key *key);

/* The batch whose fate is unknown, or NULL; then journal_answer() is to be called with its fate. */
const struct journal_batch *journal_pending(const struct journal *journal);

/* False with errno: it is not durable, so the batch must not be given to the store. */
bool journal_begin(struct journal *journal, uint64_t mailbox, uint32_t uidnext, const struct journal_item *items,
		   size_t count);
bool journal_answer(struct journal *journal, bool is_stored);

#endif

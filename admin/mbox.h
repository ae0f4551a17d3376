/* The mbox format (RFC 4155, and the mboxrd and mboxo ways of quoting): many messages in one file. Any thread.
 *
 * A message begins at a line "From …" that stands at the start of the file or behind an empty line, and that either
 * ends in a date or is followed by a header field: so a sentence that begins with "From " and was not quoted stays
 * text. */
#ifndef ADMIN_MBOX_H
#define ADMIN_MBOX_H

#include "common/base/buf.h"

enum mbox_quoting {
	MBOX_RD, /* lines ">*From " got one more '>' */
	MBOX_O,  /* only lines "From " got a '>' */
};

struct mbox_message {
	uint64_t offset;   /* of its From line in the file */
	struct span bytes; /* without the From line and the empty line at its end; still quoted */
	bool has_date;     /* false also for 1970-01-01T00:00:00Z, which archives write that know no better */
	int64_t date;      /* of the From line, seconds since 1970 */
	int zone;          /* minutes east */
};

/* Goes over a file. *at is 0 at first, and then the offset where the next call goes on. False: no more messages. What
 * stands in front of the first From line is skipped. */
bool mbox_next(struct span file, uint64_t *at, struct mbox_message *message_r);

/* Appends the message as it was before it was quoted. */
void mbox_unquote(struct span bytes, enum mbox_quoting quoting, struct buf *out);

/* The system flags (STORE_FLAG_…) that a value of the field Status (R: seen) or X-Status (A, F, T, D) stands for. */
unsigned mbox_status_flags(struct span value);

/* "From trivet Thu Jan  1 00:00:00 1970\n", in UTC as RFC 4155 wants it. */
void mbox_from_write(int64_t date, struct buf *out);
/* "Status: RO\nX-Status: AF\n" for system flags. */
void mbox_status_write(unsigned flags, struct buf *out);
/* Appends lines of a message quoted as mboxrd, each ended by LF; behind the last goes an empty line, by the caller. */
void mbox_quote(struct span message, struct buf *out);

#endif

/* The table of commands: what may be said when, how it is parsed, what runs it, and what is announced for it.
 * CAPABILITY is printed from here and from imap_capabilities[], and cannot lie. */
#ifndef IMAPD_COMMAND_TABLE_H
#define IMAPD_COMMAND_TABLE_H

#include "imapd/session.h"

enum imap_trait { /* bits */
		  IMAP_BY_UID = 1,
		  IMAP_TELLS_NO_EXPUNGE = 2,  /* by message numbers: EXPUNGE must not be told (9051, 7.5.1) */
		  IMAP_TELLS_NOTHING = 4,     /* the command does its own telling, or none makes sense */
		  IMAP_CHANGES = 8,           /* refused in a mailbox opened by EXAMINE */
		  IMAP_SECRET_ARGS = 16,      /* masked in the trace */
		  IMAP_KEEPS_BAD_STREAK = 32, /* does not end a row of bad commands (NOOP is no proof of sanity) */
};

struct imap_command_row {
	const char *name;
	imap_parse_fn *parse;
	imap_run_fn *run;
	unsigned states; /* enum imap_state */
	unsigned traits;
	const char *announced_as; /* NULL: part of IMAP4rev1 itself */
};

extern const struct imap_command_row imap_commands[]; /* ends with a row of name NULL */

/* NULL: no such command. name in upper case, "UID FETCH" as one. */
const struct imap_command_row *imap_command_find(struct span name);

/* "IMAP4rev1 IMAP4rev2 …" for the state the session is in. */
void imap_write_capabilities(struct imap_session *session);

#endif

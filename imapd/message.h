/* Commands that change messages: APPEND, STORE, COPY, MOVE, EXPUNGE (append.c, store.c, copy.c, expunge.c). */
#ifndef IMAPD_MESSAGE_H
#define IMAPD_MESSAGE_H

#include "imapd/session.h"

imap_run_fn imap_append_run, imap_store_run, imap_copy_run, imap_move_run, imap_expunge_run;

/* What is left to tell before the tagged response of a command that has changed the selected mailbox. The change is
 * done and must be acknowledged: what cannot be read at the moment is told with the next command. */
void imap_tell_after(struct imap_session *session, unsigned how, const struct imap_own_change *own);

#endif

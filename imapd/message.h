/* Commands that change messages: APPEND, STORE, COPY, MOVE, EXPUNGE (append.c, store.c, copy.c, expunge.c). */
#ifndef IMAPD_MESSAGE_H
#define IMAPD_MESSAGE_H

#include "imapd/session.h"

imap_run_fn imap_append_run, imap_store_run, imap_copy_run, imap_move_run, imap_expunge_run;

/* What is left to tell before the tagged response of a command that changed the selected mailbox. False: the answer was
 * given, it was NO. */
bool imap_tell_or_no(struct imap_session *session, unsigned how, const struct imap_own_change *own);

#endif

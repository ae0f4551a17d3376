/* IDLE (idle.c). */
#ifndef IMAPD_IDLE_H
#define IMAPD_IDLE_H

#include "imapd/session.h"

imap_run_fn imap_idle_run;

/* Something may have changed, or the time for a sign of life has come. Worker. False: the mailbox is gone, the session
 * must end. */
bool imap_idle_news(struct imap_session *session, bool sign_of_life);
/* The client said something: DONE, or (against the RFC, as Apple Mail does) the next command. Ends the IDLE with its
 * tagged response; `line` is without the line end. True: the line was DONE and is used up; false: it is a command, to
 * be run. */
bool imap_idle_line(struct imap_session *session, struct span line);
void imap_idle_stop(struct imap_session *session); /* takes the session off the list of watchers; harmless twice */

#endif

/* Selecting and leaving a mailbox (select.c). */
#ifndef IMAPD_SELECT_H
#define IMAPD_SELECT_H

#include "imapd/session.h"

imap_run_fn imap_select_run, imap_examine_run, imap_close_run, imap_unselect_run;

/* FLAGS and PERMANENTFLAGS as the view has them. */
void imap_write_flag_responses(struct imap_session *session);

/* Leaves the selected mailbox, if any: recent messages that this session was told of are no longer recent to others.
 * May wait. */
void imap_selected_leave(struct imap_session *session);

#endif

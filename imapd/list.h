/* LIST and its relatives, STATUS (list.c, list_match.c, status.c). */
#ifndef IMAPD_LIST_H
#define IMAPD_LIST_H

#include "common/store/mailbox.h"
#include "imapd/session.h"

imap_run_fn imap_list_run, imap_lsub_run, imap_xlist_run, imap_status_run;

/* Does the name match the pattern (RFC 9051, 6.3.9: "*" anything, "%" anything but the separator)? The first level
 * INBOX is compared without regard to case. Time: length of the name times length of the pattern at worst. */
bool imap_list_matches(struct span pattern, struct span name);

/* "* STATUS name (…)\r\n". May wait: RECENT needs the messages. */
enum store_status imap_write_status(struct imap_session *session, const struct store_mailbox *mailbox,
				    const struct imap_status_items *items);

#endif

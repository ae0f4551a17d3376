/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE (mailbox.c). */
#ifndef IMAPD_MAILBOX_H
#define IMAPD_MAILBOX_H

#include "imapd/session.h"

imap_run_fn imap_create_run, imap_delete_run, imap_rename_run, imap_subscribe_run, imap_unsubscribe_run,
	imap_namespace_run;

#endif

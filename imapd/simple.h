/* Commands about the connection itself (simple.c). */
#ifndef IMAPD_SIMPLE_H
#define IMAPD_SIMPLE_H

#include "imapd/session.h"

imap_run_fn imap_capability_run, imap_noop_run, imap_check_run, imap_logout_run, imap_id_run, imap_enable_run,
	imap_starttls_run, imap_compress_run;

#endif

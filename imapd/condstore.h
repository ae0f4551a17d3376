/* Switching on CONDSTORE by using it (RFC 7162, 3.1.8): the first FETCH, SEARCH or STORE with mod-sequences does. */
#ifndef IMAPD_CONDSTORE_H
#define IMAPD_CONDSTORE_H

#include "imapd/session.h"

/* Where it was off until now, the client is told the mod-sequence of its view of the selected mailbox. */
static inline void imap_condstore_use(struct imap_session *session)
{
	if (imap_has(session, IMAP_ENABLED_CONDSTORE))
		return;
	session->enabled |= IMAP_ENABLED_CONDSTORE;
	if (session->selected != NULL)
		imap_untagged(session, "OK [HIGHESTMODSEQ %llu] CONDSTORE is on",
			      (unsigned long long)session->selected->view->modseq);
}

#endif

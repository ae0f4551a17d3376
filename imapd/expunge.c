/* EXPUNGE and UID EXPUNGE (RFC 9051, 6.4.3, 6.4.9; RFC 7162, 3.2.7). */
#include "imapd/message.h"
#include "imapd/imapd.h"
#include "common/store/message.h"

void imap_expunge_run(struct imap_session *session, struct imap_command *command)
{
	struct ranges uids = {0}, removed = {0};
	uint64_t modseq = 0;
	enum store_status status;

	if (command->by_uid)
		(void)imap_resolve(session, &command->expunge.set, true, &uids);
	status = store_message_expunge(session->imapd->service.store, session->actor, session->selected->mailbox,
				       command->by_uid ? &uids : NULL, &removed, &modseq);
	if (status != STORE_OK) {
		imap_no_status(session, status, "mailbox");
		goto out;
	}
	imap_tell_after(session, IMAP_TELL_EXPUNGE | (command->by_uid ? IMAP_TELL_UID : 0), NULL);
	if (removed.count > 0 && imap_has(session, IMAP_ENABLED_QRESYNC | IMAP_ENABLED_CONDSTORE))
		imap_tagged(session, "OK", "[HIGHESTMODSEQ %llu] EXPUNGE completed",
			    (unsigned long long)session->selected->view->modseq);
	else
		imap_ok(session, "EXPUNGE completed");
out:
	ranges_done(&removed);
	ranges_done(&uids);
}

/* IDLE (RFC 2177; RFC 9051, 6.3.13). A session in IDLE costs nothing but its place in the list of watchers: it is woken
 * when the store says that its mailbox has changed. It is allowed without a selected mailbox, as Outlook does
 * (CLIENTS.md, IMAP 8). */
#include "imapd/idle.h"
#include "imapd/imapd.h"
#include "imapd/watchers.h"

void imap_idle_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	if (session->selected != NULL) {
		session->watched = session->selected->mailbox;
		imap_watchers_add(session->imapd->watchers, session->watched, session->net.number);
		/* what happened before the watch began is told now, what comes later wakes us */
		if (imap_tell(session, IMAP_TELL_EXPUNGE, NULL) == STORE_NOT_FOUND) {
			imap_idle_stop(session);
			imap_no(session, "[NONEXISTENT] The mailbox is gone");
			return;
		}
	}
	out_text(&session->net.out, "+ idling\r\n");
	session->mode = IMAP_MODE_IDLE;
	net_session_set_timer(&session->net, session->imapd->limits.sign_of_life_ms);
}

bool imap_idle_news(struct imap_session *session, bool sign_of_life)
{
	size_t before = out_waiting(&session->net.out);

	if (session->selected != NULL && imap_tell(session, IMAP_TELL_EXPUNGE, NULL) == STORE_NOT_FOUND)
		return false;
	if (sign_of_life) {
		if (out_waiting(&session->net.out) == before) /* so that nobody between us forgets the connection */
			imap_untagged(session, "OK Still here");
		net_session_set_timer(&session->net, session->imapd->limits.sign_of_life_ms);
	}
	return true;
}

void imap_idle_stop(struct imap_session *session)
{
	if (session->watched != 0)
		imap_watchers_remove(session->imapd->watchers, session->watched, session->net.number);
	session->watched = 0;
	if (session->mode == IMAP_MODE_IDLE) {
		session->mode = IMAP_MODE_COMMAND;
		net_session_set_timer(&session->net, 0);
	}
}

bool imap_idle_line(struct imap_session *session, struct span line)
{
	imap_idle_stop(session);
	if (session->selected != NULL)
		(void)imap_tell(session, IMAP_TELL_EXPUNGE, NULL);
	imap_ok(session, "IDLE terminated");
	return span_is_nocase(line, "DONE");
}

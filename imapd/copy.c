/* COPY and MOVE, by number and by UID (RFC 9051, 6.4.7, 6.4.8; RFC 4315 COPYUID; RFC 6851). */
#include "imapd/message.h"
#include "imapd/imapd.h"
#include "common/store/mailbox.h"
#include "common/store/message.h"

static void write_copyuid(struct imap_session *session, const struct store_copied *copied)
{
	struct out *out = &session->net.out;
	struct ranges set = {0};

	out_printf(out, "[COPYUID %u ", copied->uidvalidity);
	for (size_t i = 0; i < copied->count; i++)
		ranges_add(&set, copied->from[i], copied->from[i]);
	ranges_write(&set, &out->bytes);
	out_byte(out, ' ');
	ranges_clear(&set);
	for (size_t i = 0; i < copied->count; i++)
		ranges_add(&set, copied->to[i], copied->to[i]);
	ranges_write(&set, &out->bytes);
	out_text(out, "]");
	ranges_done(&set);
}

static void answer_copy(struct imap_session *session, struct imap_command *command, const struct store_copied *copied)
{
	struct out *out = &session->net.out;

	imap_tell_after(session, IMAP_TELL_EXPUNGE | (command->by_uid ? IMAP_TELL_UID : 0), NULL);
	out_span(out, command->tag);
	out_text(out, " OK ");
	if (copied->count > 0) {
		write_copyuid(session, copied);
		out_byte(out, ' ');
	}
	out_text(out, "COPY completed\r\n");
}

/* COPYUID comes before the EXPUNGEs, so that the client can still map (6851, 4.3). */
static void answer_move(struct imap_session *session, struct imap_command *command, const struct store_copied *copied)
{
	struct out *out = &session->net.out;

	if (copied->count > 0) {
		out_text(out, "* OK ");
		write_copyuid(session, copied);
		out_text(out, " Moved\r\n");
	}
	imap_tell_after(session, IMAP_TELL_EXPUNGE | (command->by_uid ? IMAP_TELL_UID : 0), NULL);
	if (copied->count > 0 && imap_has(session, IMAP_ENABLED_QRESYNC)) /* 7162, 3.2.9 */
		imap_tagged(session, "OK", "[HIGHESTMODSEQ %llu] MOVE completed",
			    (unsigned long long)session->selected->view->modseq);
	else
		imap_ok(session, "MOVE completed");
}

static void copy_or_move(struct imap_session *session, struct imap_command *command, bool move)
{
	const struct imap_copy *arg = &command->copy;
	struct store *store = session->imapd->service.store;
	struct store_mailbox target;
	struct store_copied copied = {0};
	struct ranges uids = {0};
	enum store_status status;

	if (!imap_resolve(session, &arg->set, command->by_uid, &uids)) {
		imap_bad(session, "There is no message with that number");
		return;
	}
	status = store_mailbox_find(store, session->actor, arg->mailbox, command->arena, &target);
	if (status == STORE_NOT_FOUND || (status == STORE_OK && !target.is_selectable)) {
		imap_no(session, "[TRYCREATE] No such mailbox");
		goto out;
	}
	if (status == STORE_OK)
		status = store_message_copy(store, session->actor, session->selected->mailbox, &uids, target.id, move,
					    &copied);
	if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	else if (move)
		answer_move(session, command, &copied);
	else
		answer_copy(session, command, &copied);
out:
	store_copied_done(&copied);
	ranges_done(&uids);
}

void imap_copy_run(struct imap_session *session, struct imap_command *command)
{
	copy_or_move(session, command, false);
}

void imap_move_run(struct imap_session *session, struct imap_command *command)
{
	copy_or_move(session, command, true);
}

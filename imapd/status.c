/* STATUS (RFC 9051, 6.3.11; RFC 3501, 6.3.10; RFC 7162, 3.1.7; RFC 8438 SIZE; RFC 7889 APPENDLIMIT). */
#include "imapd/condstore.h"
#include "imapd/imapd.h"
#include "imapd/list.h"

static enum store_status count_recent(struct imap_session *session, const struct store_mailbox *mailbox,
				      uint32_t *recent_r)
{
	struct store_snapshot *snapshot = NULL;
	enum store_status status;

	*recent_r = 0;
	if (mailbox->recent_from >= mailbox->uidnext)
		return STORE_OK;
	status = store_snapshot_newest(session->imapd->service.store, session->actor, mailbox->id, &snapshot);
	if (status == STORE_OK)
		*recent_r = snapshot->count + 1 - store_snapshot_number_from(snapshot, snapshot->recent_from);
	store_snapshot_unref(&snapshot);
	return status;
}

static void write_item(struct out *out, bool wanted, bool *first, const char *name, uint64_t value)
{
	if (!wanted)
		return;
	if (!*first)
		out_byte(out, ' ');
	*first = false;
	out_text(out, name);
	out_byte(out, ' ');
	out_u64(out, value);
}

enum store_status imap_write_status(struct imap_session *session, const struct store_mailbox *mailbox,
				    const struct imap_status_items *items)
{
	struct out *out = &session->net.out;
	uint32_t recent = 0;
	bool first = true;
	enum store_status status;

	if (items->recent && (status = count_recent(session, mailbox, &recent)) != STORE_OK)
		return status;
	if (items->highestmodseq)
		imap_condstore_use(session);
	out_text(out, "* STATUS ");
	imap_write_mailbox(session, mailbox->name);
	out_text(out, " (");
	write_item(out, items->messages, &first, "MESSAGES", mailbox->messages);
	write_item(out, items->recent, &first, "RECENT", recent);
	write_item(out, items->uidnext, &first, "UIDNEXT", mailbox->uidnext);
	write_item(out, items->uidvalidity, &first, "UIDVALIDITY", mailbox->uidvalidity);
	write_item(out, items->unseen, &first, "UNSEEN", mailbox->unseen);
	write_item(out, items->deleted, &first, "DELETED", mailbox->deleted);
	write_item(out, items->size, &first, "SIZE", mailbox->bytes);
	write_item(out, items->highestmodseq, &first, "HIGHESTMODSEQ", mailbox->modseq);
	write_item(out, items->appendlimit, &first, "APPENDLIMIT", session->imapd->limits.message);
	out_text(out, ")\r\n");
	return STORE_OK;
}

void imap_status_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_status *arg = &command->status;
	struct store_mailbox mailbox;
	enum store_status status;

	status = store_mailbox_find(session->imapd->service.store, session->actor, arg->mailbox, command->arena,
				    &mailbox);
	if (status == STORE_OK && !mailbox.is_selectable)
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		status = imap_write_status(session, &mailbox, &arg->items);
	if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	else
		imap_ok(session, "STATUS completed");
}

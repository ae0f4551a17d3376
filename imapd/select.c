/* SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051, 6.3.2, 6.3.3, 6.4.1, 6.4.2; RFC 3501; RFC 7162, 3.2.5 for QRESYNC). */
#include "imapd/select.h"
#include "imapd/imapd.h"
#include "common/store/mailbox.h"
#include "common/store/message.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void write_flag_list(struct imap_session *session, bool permanent)
{
	const struct imap_selected *selected = session->selected;
	const struct store_keyword_list *keywords = selected->view->keywords;
	struct out *out = &session->net.out;

	if (permanent && selected->read_only)
		return;
	out_text(out, "\\Answered \\Flagged \\Deleted \\Seen \\Draft");
	for (uint32_t i = 0; i < keywords->count; i++) {
		out_byte(out, ' ');
		out_span(out, keywords->names[i]);
	}
	if (permanent)
		out_text(out, " \\*");
}

void imap_write_flag_responses(struct imap_session *session)
{
	out_text(&session->net.out, "* FLAGS (");
	write_flag_list(session, false);
	out_text(&session->net.out, ")\r\n* OK [PERMANENTFLAGS (");
	write_flag_list(session, true);
	out_text(&session->net.out, ")] Flags that stay\r\n");
}

void imap_selected_leave(struct imap_session *session)
{
	struct imap_selected *selected = session->selected;
	uint32_t first;

	if (selected == NULL)
		return;
	session->selected = NULL;
	if (session->state == IMAP_SELECTED)
		session->state = IMAP_AUTHENTICATED;
	/* New mail that came while it was open was \Recent here; without this it would be so for the next session too.
	 */
	if (!selected->read_only && selected->view->recent_from < selected->view->uidnext &&
	    !imap_has(session, IMAP_ENABLED_REV2))
		(void)store_mailbox_recent(session->imapd->service.store, session->actor, selected->mailbox, true,
					   &first);
	store_snapshot_unref(&selected->view);
	ranges_done(&selected->saved);
	free(selected->name);
	free(selected);
}

static uint32_t first_unseen(const struct store_snapshot *view)
{
	for (uint32_t i = 0; i < view->chunk_count; i++) {
		const struct store_chunk *chunk = view->chunks[i];

		if (chunk->all_flags & STORE_FLAG_SEEN)
			continue;
		for (uint32_t k = 0; k < chunk->count; k++)
			if (!(chunk->flags[k] & STORE_FLAG_SEEN))
				return view->first[i] + k + 1;
	}
	return 0;
}

static void write_list_response(struct imap_session *session, struct span name)
{
	out_text(&session->net.out, "* LIST () \"/\" ");
	imap_write_mailbox(session, name);
	out_text(&session->net.out, "\r\n");
}

static void write_state(struct imap_session *session)
{
	struct imap_selected *selected = session->selected;
	const struct store_snapshot *view = selected->view;
	bool rev2 = imap_has(session, IMAP_ENABLED_REV2);
	uint32_t unseen;

	imap_write_flag_responses(session);
	imap_untagged(session, "%u EXISTS", view->count);
	if (!rev2) {
		selected->recent_told = view->count + 1 - store_snapshot_number_from(view, selected->recent_from);
		imap_untagged(session, "%u RECENT", selected->recent_told);
		if ((unseen = first_unseen(view)) > 0)
			imap_untagged(session, "OK [UNSEEN %u] First unseen message", unseen);
	}
	imap_untagged(session, "OK [UIDVALIDITY %u] UIDs are valid", view->uidvalidity);
	imap_untagged(session, "OK [UIDNEXT %u] Predicted next UID", view->uidnext);
	imap_untagged(session, "OK [HIGHESTMODSEQ %llu] Highest", (unsigned long long)view->modseq);
	if (rev2)
		write_list_response(session, span_of(selected->name));
}

/* The client's match data (7162, 3.2.5.2): the highest of its numbers that still names the same UID here. Below it
 * nothing has vanished that the client does not know of. */
static uint32_t matched_uid(const struct store_snapshot *view, const struct imap_select *arg)
{
	size_t u = 0;
	uint64_t uid = arg->match_uids.count > 0 ? arg->match_uids.list[0].first : 0;
	uint32_t matched = 0;

	RANGES_FOREACH_NUMBER(&arg->match_seqs, range, number)
	{
		if (u >= arg->match_uids.count)
			break;
		if (number > view->count || store_snapshot_uid(view, (uint32_t)number) != uid)
			break;
		matched = (uint32_t)uid;
		if (uid < arg->match_uids.list[u].last)
			uid++;
		else if (++u < arg->match_uids.count)
			uid = arg->match_uids.list[u].first;
	}
	return matched;
}

static void write_changes_since(struct imap_session *session, const struct imap_select *arg)
{
	const struct store_snapshot *view = session->selected->view;

	for (uint32_t i = 0; i < view->chunk_count; i++) {
		const struct store_chunk *chunk = view->chunks[i];

		if (chunk->max_modseq <= arg->modseq)
			continue;
		for (uint32_t k = 0; k < chunk->count; k++) {
			struct store_row row;

			if (chunk->modseq[k] <= arg->modseq ||
			    (arg->has_known_uids && !ranges_has(&arg->known_uids, chunk->uid[k])))
				continue;
			store_snapshot_row(view, view->first[i] + k + 1, &row);
			imap_write_fetch_flags(session, view->first[i] + k + 1, &row, true, true, true);
		}
	}
}

static enum store_status write_resync(struct imap_session *session, const struct imap_select *arg)
{
	struct imap_selected *selected = session->selected;
	struct ranges gone = {0};
	enum store_status status;
	uint32_t matched;

	if (arg->uidvalidity != selected->view->uidvalidity)
		return STORE_OK; /* the client learns of it by UIDVALIDITY, and starts anew */
	status = store_message_removed_since(session->imapd->service.store, session->actor, selected->mailbox,
					     arg->modseq, &gone);
	if (status != STORE_OK)
		goto out;
	if (arg->has_known_uids)
		ranges_intersect(&gone, &arg->known_uids);
	if (arg->has_match && (matched = matched_uid(selected->view, arg)) > 0)
		ranges_remove(&gone, 1, matched);
	for (size_t i = 0; i < gone.count;) { /* what came after this view was taken is told later */
		if (gone.list[i].first >= selected->view->uidnext)
			ranges_remove(&gone, gone.list[i].first, gone.list[i].last);
		else
			i++;
	}
	if (gone.count > 0) {
		out_text(&session->net.out, "* VANISHED (EARLIER) ");
		ranges_write(&gone, &session->net.out.bytes);
		out_text(&session->net.out, "\r\n");
	}
	write_changes_since(session, arg);
out:
	ranges_done(&gone);
	return status;
}

static enum store_status open_mailbox(struct imap_session *session, struct span name, bool read_only)
{
	struct store *store = session->imapd->service.store;
	struct store_mailbox mailbox;
	struct store_snapshot *view = NULL;
	struct imap_selected *selected;
	uint32_t recent;
	enum store_status status;

	if ((status = store_mailbox_find(store, session->actor, name, session->running->arena, &mailbox)) != STORE_OK)
		return status;
	if (!mailbox.is_selectable)
		return STORE_NOT_FOUND;
	if ((status = store_snapshot_newest(store, session->actor, mailbox.id, &view)) != STORE_OK)
		return status;
	recent = view->recent_from;
	if (!read_only && recent < view->uidnext && !imap_has(session, IMAP_ENABLED_REV2)) {
		status = store_mailbox_recent(store, session->actor, mailbox.id, true, &recent);
		if (status != STORE_OK) /* a store that cannot be written can still be read */
			recent = view->recent_from;
	}
	selected = alloc_zero(1, sizeof *selected);
	*selected = (struct imap_selected){.mailbox = mailbox.id,
					   .name = alloc_text_n(mailbox.name.p, mailbox.name.n),
					   .read_only = read_only,
					   .view = view,
					   .recent_from = recent};
	session->selected = selected;
	session->state = IMAP_SELECTED;
	return STORE_OK;
}

static void run_select(struct imap_session *session, struct imap_command *command, bool read_only)
{
	const struct imap_select *arg = &command->select;
	enum store_status status;

	if (arg->has_qresync && !imap_has(session, IMAP_ENABLED_QRESYNC)) {
		imap_bad(session, "QRESYNC was not enabled");
		return;
	}
	if (session->selected != NULL) {
		imap_selected_leave(session);
		if (imap_has(session, IMAP_ENABLED_REV2 | IMAP_ENABLED_QRESYNC))
			imap_untagged(session, "OK [CLOSED] Previous mailbox is closed");
	}
	if (arg->condstore)
		session->enabled |= IMAP_ENABLED_CONDSTORE;
	if ((status = open_mailbox(session, arg->mailbox, read_only)) != STORE_OK) {
		imap_no_status(session, status, "mailbox");
		return;
	}
	write_state(session);
	if (arg->has_qresync && (status = write_resync(session, arg)) != STORE_OK) {
		imap_selected_leave(session);
		imap_no_status(session, status, "mailbox");
		return;
	}
	imap_ok(session, read_only ? "[READ-ONLY] EXAMINE completed" : "[READ-WRITE] SELECT completed");
}

void imap_select_run(struct imap_session *session, struct imap_command *command)
{
	run_select(session, command, false);
}

void imap_examine_run(struct imap_session *session, struct imap_command *command)
{
	run_select(session, command, true);
}

/* The tagged OK must not carry HIGHESTMODSEQ (7162, 3.2.8): the client was not told what was removed. */
void imap_close_run(struct imap_session *session, struct imap_command *command)
{
	struct imap_selected *selected = session->selected;
	struct ranges removed = {0};
	uint64_t modseq;
	enum store_status status = STORE_OK;

	(void)command;
	if (!selected->read_only)
		status = store_message_expunge(session->imapd->service.store, session->actor, selected->mailbox, NULL,
					       &removed, &modseq);
	ranges_done(&removed);
	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		imap_no_status(session, status, "mailbox");
		return;
	}
	imap_selected_leave(session);
	imap_ok(session, "CLOSE completed");
}

void imap_unselect_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	imap_selected_leave(session);
	imap_ok(session, "UNSELECT completed");
}

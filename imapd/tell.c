/* Telling the client what changed: the difference between the snapshot it knows and the newest one (DESIGN.md). Where
 * EXPUNGE must not be told, removed messages stay in the view as ghosts, so that numbers keep their meaning. */
#include "imapd/session.h"
#include "imapd/imapd.h"
#include "imapd/select.h"

static void tell_removed(struct imap_session *session, const struct store_snapshot *known, const struct ranges *removed)
{
	struct out *out = &session->net.out;

	if (removed->count == 0)
		return;
	if (imap_has(session, IMAP_ENABLED_QRESYNC)) {
		out_text(out, "* VANISHED ");
		ranges_write(removed, &out->bytes);
		out_text(out, "\r\n");
		return;
	}
	for (size_t i = removed->count; i-- > 0;) /* from the end: the numbers in front keep their meaning */
		for (uint64_t uid = removed->list[i].last; uid >= removed->list[i].first && uid > 0; uid--) {
			uint32_t number = store_snapshot_number(known, (uint32_t)uid);

			if (number == 0)
				continue;
			out_text(out, "* ");
			out_u64(out, number);
			out_text(out, " EXPUNGE\r\n");
		}
}

static void tell_count(struct imap_session *session, const struct store_snapshot *now, uint32_t added)
{
	struct imap_selected *selected = session->selected;
	uint32_t recent;

	if (added == 0)
		return;
	imap_untagged(session, "%u EXISTS", now->count);
	if (imap_has(session, IMAP_ENABLED_REV2))
		return;
	recent = now->count + 1 - store_snapshot_number_from(now, selected->recent_from);
	if (recent != selected->recent_told)
		imap_untagged(session, "%u RECENT", recent);
	selected->recent_told = recent;
}

void imap_write_fetch_flags(struct imap_session *session, uint32_t number, const struct store_row *row, bool with_uid,
			    bool with_flags, bool with_modseq)
{
	struct imap_selected *selected = session->selected;
	struct out *out = &session->net.out;
	const char *blank = "";

	out_text(out, "* ");
	out_u64(out, number);
	out_text(out, " FETCH (");
	if (with_uid) {
		out_text(out, "UID ");
		out_u64(out, row->uid);
		blank = " ";
	}
	if (with_flags) {
		out_text(out, blank);
		out_text(out, "FLAGS ");
		imap_write_flags(out, selected->view, row,
				 !imap_has(session, IMAP_ENABLED_REV2) && row->uid >= selected->recent_from);
		blank = " ";
	}
	if (with_modseq) {
		out_text(out, blank);
		out_text(out, "MODSEQ (");
		out_u64(out, row->modseq);
		out_byte(out, ')');
	}
	out_text(out, ")\r\n");
}

/* FETCH responses for the messages in `tell`; of those in `quiet` the client knows the flags already. */
static void tell_flags(struct imap_session *session, const struct ranges *tell, const struct imap_own_change *own,
		       bool uid)
{
	const struct store_snapshot *view = session->selected->view;
	bool condstore = imap_has(session, IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC);
	bool with_uid = uid || imap_has(session, IMAP_ENABLED_QRESYNC);

	RANGES_FOREACH_NUMBER(tell, range, number)
	{
		uint32_t place = store_snapshot_number(view, (uint32_t)number);
		struct store_row row;
		bool is_own, with_flags, with_modseq = condstore;

		if (place == 0)
			continue;
		store_snapshot_row(view, place, &row);
		if (row.flags & STORE_FLAG_GHOST)
			continue;
		is_own = own != NULL && ranges_has(own->uids, row.uid);
		with_flags = !is_own || !own->silent || row.modseq > own->modseq;
		if (is_own && own->with_modseq)
			with_modseq = true;
		if (with_flags || with_modseq)
			imap_write_fetch_flags(session, place, &row, with_uid, with_flags, with_modseq);
	}
}

static void adopt(struct imap_selected *selected, struct store_snapshot **next)
{
	store_snapshot_unref(&selected->view);
	selected->view = *next;
	*next = NULL;
}

/* The newest state as this client may see it now: with ghosts where removals must wait. */
static enum store_status next_view(struct imap_session *session, bool may_remove, struct store_snapshot **next_r)
{
	struct imap_selected *selected = session->selected;
	struct store_snapshot *newest = NULL;
	enum store_status status;

	*next_r = NULL;
	status = store_snapshot_newest(session->imapd->service.store, session->actor, selected->mailbox, &newest);
	if (status != STORE_OK)
		return status;
	if (newest->uidvalidity != selected->view->uidvalidity) {
		store_snapshot_unref(&newest);
		return STORE_NOT_FOUND;
	}
	*next_r = may_remove ? store_snapshot_ref(newest) : store_snapshot_with_ghosts(selected->view, newest);
	store_snapshot_unref(&newest);
	return STORE_OK;
}

enum store_status imap_tell(struct imap_session *session, unsigned how, const struct imap_own_change *own)
{
	struct imap_selected *selected = session->selected;
	struct store_snapshot *next;
	struct store_difference difference;
	struct ranges tell = {0};
	bool condstore = imap_has(session, IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC);
	enum store_status status = next_view(session, (how & IMAP_TELL_EXPUNGE) != 0, &next);

	if (status != STORE_OK)
		return status;
	if (next == selected->view && own == NULL) {
		store_snapshot_unref(&next);
		return STORE_OK;
	}
	store_snapshot_difference(selected->view, next, &difference);
	tell_removed(session, selected->view, &difference.removed);
	adopt(selected, &next);
	if (difference.keywords_grew)
		imap_write_flag_responses(session);
	tell_count(session, selected->view, difference.added);
	ranges_add_all(&tell, condstore ? &difference.touched : &difference.changed);
	if (own != NULL && (!own->silent || own->with_modseq))
		ranges_add_all(&tell, own->uids);
	tell_flags(session, &tell, own, (how & IMAP_TELL_UID) != 0);
	ranges_done(&tell);
	store_difference_done(&difference);
	return STORE_OK;
}

enum store_status imap_tell_quietly(struct imap_session *session, struct ranges *changed_r)
{
	struct imap_selected *selected = session->selected;
	struct store_snapshot *next;
	struct store_difference difference;
	enum store_status status = next_view(session, false, &next);

	ranges_clear(changed_r);
	if (status != STORE_OK)
		return status;
	store_snapshot_difference(selected->view, next, &difference);
	adopt(selected, &next);
	if (difference.keywords_grew)
		imap_write_flag_responses(session);
	tell_count(session, selected->view, difference.added);
	ranges_add_all(changed_r, &difference.touched);
	store_difference_done(&difference);
	return STORE_OK;
}

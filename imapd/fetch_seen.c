/* What FETCH does before it looks at messages: \Seen for those it will show (RFC 9051, 6.4.5), and the news of removed
 * ones that a client with QRESYNC asks for. */
#include "imapd/fetch_private.h"
#include "common/store/message.h"
#include "imapd/imapd.h"

static bool sets_seen(const struct fetch *f)
{
	for (size_t i = 0; i < f->item_count; i++) {
		const struct imap_fetch_item *item = f->items[i].asked;

		if (item->kind == IMAP_FETCH_RFC822 || item->kind == IMAP_FETCH_RFC822_TEXT)
			return true;
		if ((item->kind == IMAP_FETCH_SECTION || item->kind == IMAP_FETCH_BINARY) && !item->peek)
			return true;
	}
	return false;
}

static bool wants_row(const struct fetch *f, const struct store_row *row)
{
	return !f->has_since || row->modseq > f->since;
}

static void find_unseen(const struct fetch *f, struct ranges *unseen_r)
{
	const struct store_snapshot *view = f->session->selected->view;
	struct store_row row;

	RANGES_FOREACH_NUMBER(&f->numbers, range, number)
	{
		store_snapshot_row(view, (uint32_t)number, &row);
		if (!(row.flags & (STORE_FLAG_SEEN | STORE_FLAG_GHOST)) && wants_row(f, &row))
			ranges_add(unseen_r, row.uid, row.uid);
	}
}

/* Flags that changed and that no response of this command will carry. */
static void tell_others(struct fetch *f)
{
	struct imap_session *session = f->session;
	bool with_uid = f->by_uid || imap_has(session, IMAP_ENABLED_QRESYNC);
	bool with_modseq = imap_has(session, IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC);
	struct store_row row;

	RANGES_FOREACH_NUMBER(&f->due, range, uid)
	{
		uint32_t number = store_snapshot_number(session->selected->view, (uint32_t)uid);

		if (number == 0)
			continue;
		store_snapshot_row(session->selected->view, number, &row);
		if (!(row.flags & STORE_FLAG_GHOST) && (!ranges_has(&f->numbers, number) || !wants_row(f, &row)))
			imap_write_fetch_flags(session, number, &row, with_uid, true, with_modseq);
	}
}

enum store_status fetch_set_seen(struct fetch *f)
{
	struct imap_session *session = f->session;
	struct store_flag_change change = {.how = STORE_FLAGS_ADD, .flags = (unsigned)STORE_FLAG_SEEN};
	struct store_flagged flagged = {0};
	struct ranges unseen = {0};
	enum store_status status = STORE_OK;

	if (session->selected->read_only || !sets_seen(f))
		return STORE_OK;
	find_unseen(f, &unseen);
	if (unseen.count == 0)
		goto out;
	status = store_message_flags(session->imapd->service.store, session->actor, session->selected->mailbox, &unseen,
				     &change, &flagged);
	store_flagged_done(&flagged);
	if (status == STORE_DENIED) /* who may only read reads all the same */
		status = STORE_OK;
	else if (status == STORE_OK)
		status = imap_tell_quietly(session, &f->due);
	if (status == STORE_OK)
		tell_others(f);
	if (status == STORE_NOT_FOUND) /* the mailbox is gone; what the client has seen of it is still to be had */
		status = STORE_OK;
out:
	ranges_done(&unseen);
	return status;
}

/* The set as it was written: it names UIDs that are gone, too. '*' is the highest UID there ever was. */
static void written_uids(const struct imap_selected *selected, const struct imap_set *set, struct ranges *uids)
{
	uint32_t star = selected->view->uidnext > 1 ? selected->view->uidnext - 1 : 1;

	if (set->is_saved)
		ranges_add_all(uids, &selected->saved);
	for (size_t i = 0; i < set->count; i++) {
		uint32_t a = set->list[i].first == IMAP_STAR ? star : set->list[i].first;
		uint32_t b = set->list[i].last == IMAP_STAR ? star : set->list[i].last;

		ranges_add(uids, a < b ? a : b, a < b ? b : a);
	}
}

/* Those that the client still counts are told by VANISHED without EARLIER, in their time. */
static void leave_out_counted(const struct store_snapshot *view, const struct ranges *removed, struct ranges *told)
{
	for (size_t i = 0; i < removed->count; i++) {
		uint32_t number = store_snapshot_number_from(view, removed->list[i].first), uid;

		for (; number <= view->count && (uid = store_snapshot_uid(view, number)) <= removed->list[i].last;
		     number++)
			ranges_remove(told, uid, uid);
	}
}

enum store_status fetch_tell_vanished(struct fetch *f, const struct imap_set *set)
{
	struct imap_session *session = f->session;
	struct ranges removed = {0}, told = {0};
	enum store_status status = store_message_removed_since(session->imapd->service.store, session->actor,
							       session->selected->mailbox, f->since, &removed);

	if (status == STORE_OK) {
		written_uids(session->selected, set, &told);
		ranges_intersect(&told, &removed);
		ranges_copy(&removed, &told);
		leave_out_counted(session->selected->view, &removed, &told);
	}
	if (told.count > 0) {
		out_text(&session->net.out, "* VANISHED (EARLIER) ");
		ranges_write(&told, &session->net.out.bytes);
		out_text(&session->net.out, "\r\n");
	}
	ranges_done(&told);
	ranges_done(&removed);
	return status;
}

/* Sequence sets against what the client knows of the mailbox (RFC 9051, 9: sequence-set; RFC 5182: "$"). */
#include "imapd/session.h"

/* UIDs that lie side by side in the mailbox become one range of numbers, whatever gaps are between them; a set like
 * 1:4294967295 costs what two lookups cost. */
static void add_uids(const struct store_snapshot *view, uint32_t first, uint32_t last, struct ranges *numbers)
{
	uint32_t from = store_snapshot_number_from(view, first), to;

	if (from > view->count)
		return;
	to = last == UINT32_MAX ? view->count : store_snapshot_number_from(view, last + 1) - 1;
	if (from <= to)
		ranges_add(numbers, from, to);
}

static void add_saved(const struct imap_selected *selected, struct ranges *numbers)
{
	for (size_t i = 0; i < selected->saved.count; i++)
		add_uids(selected->view, selected->saved.list[i].first, selected->saved.list[i].last, numbers);
}

static bool add_range(const struct store_snapshot *view, struct imap_range range, bool by_uid, struct ranges *numbers)
{
	uint32_t star = by_uid && view->count > 0 ? store_snapshot_uid(view, view->count) : view->count;
	uint32_t a = range.first == IMAP_STAR ? star : range.first, b = range.last == IMAP_STAR ? star : range.last;
	uint32_t first = a < b ? a : b, last = a < b ? b : a;

	if (by_uid) {
		if (view->count > 0)
			add_uids(view, first, last, numbers);
		return true;
	}
	if (first < 1 || last > view->count)
		return false;
	ranges_add(numbers, first, last);
	return true;
}

bool imap_resolve_numbers(struct imap_session *session, const struct imap_set *set, bool by_uid,
			  struct ranges *numbers_r)
{
	const struct imap_selected *selected = session->selected;

	ranges_clear(numbers_r);
	if (set->is_saved)
		add_saved(selected, numbers_r);
	for (size_t i = 0; i < set->count; i++)
		if (!add_range(selected->view, set->list[i], by_uid, numbers_r))
			return false;
	return true;
}

static void add_numbers(const struct store_snapshot *view, uint32_t first, uint32_t last, struct ranges *uids)
{
	uint32_t index;

	for (uint32_t number = first; number <= last;) {
		const struct store_chunk *chunk = store_snapshot_chunk(view, number, &index);

		for (; index < chunk->count && number <= last; index++, number++)
			ranges_add(uids, chunk->uid[index], chunk->uid[index]);
	}
}

bool imap_resolve(struct imap_session *session, const struct imap_set *set, bool by_uid, struct ranges *uids_r)
{
	struct ranges numbers = {0};
	bool found = imap_resolve_numbers(session, set, by_uid, &numbers);

	ranges_clear(uids_r);
	for (size_t i = 0; found && i < numbers.count; i++)
		add_numbers(session->selected->view, numbers.list[i].first, numbers.list[i].last, uids_r);
	ranges_done(&numbers);
	return found;
}

/* The answer of SEARCH: "* SEARCH" of IMAP4rev1 (RFC 3501, 7.2.5) or ESEARCH (RFC 9051, 7.3.4; RFC 4731), with the
 * highest mod-sequence where the program asked for any (RFC 7162, 3.1.5 and 3.1.10). Written bit by bit, since it may
 * list every message. */
#include "imapd/search_private.h"

static struct out *output(struct search *s)
{
	return &s->session->net.out;
}

static void write_item(struct search *s, enum imap_search_return wanted, const char *name, uint64_t number)
{
	if (!(s->returns & (unsigned)wanted))
		return;
	out_text(output(s), name);
	out_u64(output(s), number);
}

static void begin(struct search *s)
{
	if (!s->is_esearch) {
		out_text(output(s), "* SEARCH");
		return;
	}
	out_text(output(s), "* ESEARCH (TAG \"");
	out_span(output(s), s->session->running->command.tag);
	out_text(output(s), s->by_uid ? "\") UID" : "\")");
	if (s->count > 0) {
		write_item(s, IMAP_RETURN_MIN, " MIN ", s->by_uid ? s->first.uid : s->first.number);
		write_item(s, IMAP_RETURN_MAX, " MAX ", s->by_uid ? s->last.uid : s->last.number);
	}
	if ((s->returns & IMAP_RETURN_ALL) && s->count > 0)
		out_text(output(s), " ALL ");
}

/* Of MIN and MAX alone only these messages count (RFC 4731, 3.2). */
static uint64_t answer_modseq(const struct search *s)
{
	unsigned returns = s->returns & ~(unsigned)IMAP_RETURN_SAVE;

	if (!s->is_esearch || (returns & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT)))
		return s->modseq;
	if (returns == IMAP_RETURN_MIN)
		return s->first.modseq;
	if (returns == IMAP_RETURN_MAX)
		return s->last.modseq;
	return s->first.modseq > s->last.modseq ? s->first.modseq : s->last.modseq;
}

static void end(struct search *s)
{
	if (s->is_esearch)
		write_item(s, IMAP_RETURN_COUNT, " COUNT ", s->count);
	if (s->with_modseq && s->count > 0) {
		out_text(output(s), s->is_esearch ? " MODSEQ " : " (MODSEQ ");
		out_u64(output(s), answer_modseq(s));
		out_text(output(s), s->is_esearch ? "" : ")");
	}
	out_text(output(s), "\r\n");
}

static bool write_numbers(struct search *s)
{
	for (; s->range < s->found.count; s->range++, s->number = 0) {
		const struct range *range = &s->found.list[s->range];

		if (s->number < range->first)
			s->number = range->first;
		for (; s->number <= range->last; s->number++) {
			char *to;

			if (out_is_full(output(s)))
				return false;
			to = out_room(output(s), 16);
			*to = ' ';
			out_added(output(s), 1 + format_u64(to + 1, s->number));
		}
	}
	return true;
}

static bool write_ranges(struct search *s)
{
	for (; s->range < s->found.count; s->range++) {
		const struct range *range = &s->found.list[s->range];

		if (out_is_full(output(s)))
			return false;
		if (s->range > 0)
			out_byte(output(s), ',');
		out_u64(output(s), range->first);
		if (range->last == range->first)
			continue;
		out_byte(output(s), ':');
		out_u64(output(s), range->last);
	}
	return true;
}

bool search_write(struct search *s)
{
	if (!s->is_written_to)
		begin(s);
	s->is_written_to = true;
	if (!(s->is_esearch ? write_ranges(s) : write_numbers(s)))
		return false;
	end(s);
	return true;
}

/* SELECT and EXAMINE (RFC 9051, 6.3.2, 6.3.3; RFC 7162, 3.1.8 and 3.2.5). */
#include "imapd/parse_private.h"

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")": one number there for each number here */
static bool take_match(struct imap_parse_context *context, struct span *at, struct imap_select *select)
{
	select->has_match = true;
	return imap_take(at, '(') && imap_take_ranges(context, at, &select->match_seqs) && imap_take(at, ' ') &&
	       imap_take_ranges(context, at, &select->match_uids) && imap_take(at, ')') &&
	       ranges_size(&select->match_seqs) == ranges_size(&select->match_uids);
}

/* "(uidvalidity modseq [known-uids] [seq-match-data])" */
static bool take_qresync(struct imap_parse_context *context, struct span *at, struct imap_select *select)
{
	if (select->has_qresync || !imap_take(at, ' ') || !imap_take(at, '(') ||
	    !imap_take_nz_u32(at, &select->uidvalidity) || !imap_take(at, ' ') ||
	    !imap_take_u64(at, INT64_MAX, &select->modseq))
		return false;
	select->has_qresync = true;
	if (!imap_take(at, ' '))
		return imap_take(at, ')');
	if (!imap_next_is(at, '(')) {
		select->has_known_uids = true;
		if (!imap_take_ranges(context, at, &select->known_uids))
			return false;
		if (!imap_take(at, ' '))
			return imap_take(at, ')');
	}
	return take_match(context, at, select) && imap_take(at, ')');
}

static bool take_parameters(struct imap_parse_context *context, struct span *at, struct imap_select *select)
{
	bool first = true, bad;

	if (!imap_take(at, '(') || imap_next_is(at, ')'))
		return false;
	while (imap_list_goes_on(at, &first, &bad)) {
		if (imap_take_word(at, "CONDSTORE"))
			select->condstore = true;
		else if (!imap_take_word(at, "QRESYNC") || !take_qresync(context, at, select))
			return false;
	}
	return !bad;
}

enum parse imap_select_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_select *select = &command->select;
	struct span at = *in;
	enum parse r;

	*select = (struct imap_select){0};
	command->has_ranges = true;
	if (!imap_take(&at, ' ') || !imap_take_mailbox(context, &at, &select->mailbox))
		r = imap_fail(context, "A mailbox name is expected");
	else if (imap_take(&at, ' ') && !take_parameters(context, &at, select))
		r = imap_fail(context, "(CONDSTORE) or (QRESYNC (...)) is expected");
	else
		r = imap_parsed(context, at, in);
	if (r != PARSE_OK)
		imap_command_done(command);
	return r;
}

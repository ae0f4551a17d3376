/* STORE, COPY, MOVE, EXPUNGE and their UID forms (RFC 9051, 6.4.6 … 6.4.9; RFC 7162, 3.1.3). */
#include "imapd/parse_private.h"

static const char set_expected[] = "A sequence set is expected";

static bool take_modifier(struct span *at, struct imap_store *store)
{
	store->has_unchangedsince = true;
	return imap_take_word(at, "UNCHANGEDSINCE") && imap_take(at, ' ') &&
	       imap_take_u64(at, INT64_MAX, &store->unchangedsince) && imap_take(at, ')') && imap_take(at, ' ');
}

static bool take_how(struct span *at, struct imap_store *store)
{
	store->how = IMAP_STORE_REPLACE;
	if (imap_take(at, '+'))
		store->how = IMAP_STORE_ADD;
	else if (imap_take(at, '-'))
		store->how = IMAP_STORE_REMOVE;
	store->silent = imap_take_word(at, "FLAGS.SILENT");
	return store->silent || imap_take_word(at, "FLAGS");
}

enum parse imap_store_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_store *store = &command->store;
	struct span at = *in;

	*store = (struct imap_store){0};
	if (!imap_take(&at, ' ') || !imap_take_set(context, &at, &store->set) || !imap_take(&at, ' '))
		return imap_fail(context, set_expected);
	if (imap_take(&at, '(') && !take_modifier(&at, store))
		return imap_fail(context, "Only UNCHANGEDSINCE is known here");
	if (!take_how(&at, store) || !imap_take(&at, ' '))
		return imap_fail(context, "FLAGS, +FLAGS or -FLAGS is expected");
	if (!imap_take_flags(context, &at, &store->flags))
		return imap_fail(context, "Flags are expected");
	return imap_parsed(context, at, in);
}

enum parse imap_copy_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_copy *copy = &command->copy;
	struct span at = *in;

	*copy = (struct imap_copy){0};
	if (!imap_take(&at, ' ') || !imap_take_set(context, &at, &copy->set) || !imap_take(&at, ' '))
		return imap_fail(context, set_expected);
	if (!imap_take_mailbox(context, &at, &copy->mailbox))
		return imap_fail(context, "A mailbox name is expected");
	return imap_parsed(context, at, in);
}

enum parse imap_expunge_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct span at = *in;

	command->expunge = (struct imap_expunge){0};
	if (!imap_take(&at, ' ') || !imap_take_set(context, &at, &command->expunge.set))
		return imap_fail(context, set_expected);
	return imap_parsed(context, at, in);
}

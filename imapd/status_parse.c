/* STATUS, and its items in LIST (RFC 9051, 6.3.11; RFC 3501, 6.3.10; RFC 5819; RFC 7162, 3.1.7; RFC 7889; RFC 8438). */
#include "imapd/parse_private.h"

static bool take_item(struct span *at, struct imap_status_items *items)
{
	struct {
		const char *name;
		bool *item;
	} known[] = {{"MESSAGES", &items->messages},
		     {"RECENT", &items->recent},
		     {"UIDNEXT", &items->uidnext},
		     {"UIDVALIDITY", &items->uidvalidity},
		     {"UNSEEN", &items->unseen},
		     {"DELETED", &items->deleted},
		     {"SIZE", &items->size},
		     {"HIGHESTMODSEQ", &items->highestmodseq},
		     {"APPENDLIMIT", &items->appendlimit}};
	struct span name = imap_take_run(at, IMAP_ATOM_CHAR);

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_is_nocase(name, known[i].name)) {
			*known[i].item = true;
			return true;
		}
	return false;
}

bool imap_take_status_items(struct imap_parse_context *context, struct span *at, struct imap_status_items *items_r)
{
	bool first = true, bad;

	*items_r = (struct imap_status_items){0};
	if (!imap_take(at, '('))
		return false;
	while (imap_list_goes_on(at, &first, &bad))
		if (!take_item(at, items_r)) {
			(void)imap_fail(context, "Unknown status item");
			return false;
		}
	return !bad;
}

enum parse imap_status_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_status *status = &command->status;
	struct span at = *in;

	*status = (struct imap_status){0};
	if (!imap_take(&at, ' ') || !imap_take_mailbox(context, &at, &status->mailbox) || !imap_take(&at, ' '))
		return imap_fail(context, "A mailbox name is expected");
	if (span_is(at, "()") || !imap_take_status_items(context, &at, &status->items))
		return imap_fail(context, "Status items are expected in parentheses");
	return imap_parsed(context, at, in);
}

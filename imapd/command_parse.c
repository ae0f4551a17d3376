/* What all commands begin and end with (RFC 9051, 9: command, tag), and the commands without arguments. */
#include "imapd/parse_private.h"

static bool take_name(struct imap_parse_context *context, struct span *at, struct span *name_r)
{
	struct span rest, second;

	if (!imap_take_upper(context, at, name_r))
		return false;
	if (!span_is(*name_r, "UID") || !imap_next_is(at, ' '))
		return true;
	/* "UID FETCH" is one name; where no word follows, "UID" alone will not be found */
	rest = span_sub(*at, 1, at->n - 1);
	if (!imap_take_upper(context, &rest, &second))
		return true;
	*name_r = span_from(arena_printf(context->arena, "UID %.*s", (int)second.n, second.p), 4 + second.n);
	*at = rest;
	return true;
}

enum parse imap_tag_and_name_parse(struct imap_parse_context *context, struct span *in, struct span *tag_r,
				   struct span *name_r)
{
	struct span at = *in;
	struct span tag = imap_take_run(&at, IMAP_TAG_CHAR);

	*tag_r = *name_r = (struct span){0};
	if (tag.n == 0 || !(at.n == 0 || imap_next_is(&at, ' ')))
		return imap_fail(context, "A tag is expected");
	*tag_r = arena_span(context->arena, tag);
	if (!imap_take(&at, ' ') || !take_name(context, &at, name_r))
		return imap_fail(context, "A command is expected behind the tag");
	if (at.n > 0 && !imap_next_is(&at, ' '))
		return imap_fail(context, "A space is expected behind the command");
	*in = at;
	return PARSE_OK;
}

enum parse imap_args_none(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	(void)command;
	return imap_parsed(context, *in, in);
}

void imap_command_done(struct imap_command *command)
{
	if (!command->has_ranges)
		return;
	ranges_done(&command->select.known_uids);
	ranges_done(&command->select.match_seqs);
	ranges_done(&command->select.match_uids);
	command->has_ranges = false;
}

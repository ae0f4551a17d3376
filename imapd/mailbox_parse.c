/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051, 6.3.4 … 6.3.8; RFC 6154 for USE). */
#include "imapd/parse_private.h"

static const char name_expected[] = "A mailbox name is expected";

static bool take_name(struct imap_parse_context *context, struct span *at, struct imap_mailbox_arg *arg)
{
	*arg = (struct imap_mailbox_arg){0};
	return imap_take(at, ' ') &&
	       imap_take_mailbox_with_separator(context, at, &arg->mailbox, &arg->had_trailing_separator);
}

enum parse imap_mailbox_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct span at = *in;

	if (!take_name(context, &at, &command->mailbox))
		return imap_fail(context, name_expected);
	return imap_parsed(context, at, in);
}

/* use-attr = "\" atom; which ones there are, the store knows */
static bool take_use(struct imap_parse_context *context, struct span *at, struct imap_mailbox_arg *arg,
		     size_t *capacity)
{
	struct span use = *at, name;
	void *uses = arg->uses;

	if (!imap_take(at, '\\'))
		return false;
	name = imap_take_run(at, IMAP_ATOM_CHAR);
	if (name.n == 0)
		return false;
	arena_grow(context->arena, &uses, capacity, arg->use_count + 1, sizeof *arg->uses);
	arg->uses = uses;
	arg->uses[arg->use_count++] = arena_span(context->arena, span_sub(use, 0, name.n + 1));
	return true;
}

/* "(USE (\Sent))"; RFC 4466's other parameters do not exist yet */
static bool take_parameters(struct imap_parse_context *context, struct span *at, struct imap_mailbox_arg *arg)
{
	size_t capacity = 0;
	bool first = true, bad;

	if (!imap_take(at, '(') || !imap_take_word(at, "USE") || !imap_take(at, ' ') || !imap_take(at, '('))
		return false;
	arg->has_use = true;
	while (imap_list_goes_on(at, &first, &bad))
		if (!take_use(context, at, arg, &capacity))
			return false;
	return !bad && imap_take(at, ')');
}

enum parse imap_create_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct span at = *in;

	if (!take_name(context, &at, &command->mailbox))
		return imap_fail(context, name_expected);
	if (imap_take(&at, ' ') && !take_parameters(context, &at, &command->mailbox))
		return imap_fail(context, "Only USE (...) is known here");
	return imap_parsed(context, at, in);
}

enum parse imap_rename_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_rename *rename = &command->rename;
	struct span at = *in;

	*rename = (struct imap_rename){0};
	if (!imap_take(&at, ' ') || !imap_take_mailbox(context, &at, &rename->from) || !imap_take(&at, ' ') ||
	    !imap_take_mailbox(context, &at, &rename->to))
		return imap_fail(context, "Two mailbox names are expected");
	return imap_parsed(context, at, in);
}

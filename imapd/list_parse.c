/* LIST, LSUB, XLIST (RFC 9051, 6.3.9; RFC 5258; RFC 5819; RFC 6154). */
#include "imapd/parse_private.h"

enum { MOST_PATTERNS = 256 }; /* each is matched with every name */

/* list-select-opts, behind its '('. RECURSIVEMATCH says how another option selects: alone it is an error (5258, 3.1).
 */
static bool take_select_options(struct imap_parse_context *context, struct span *at, struct imap_list *list)
{
	static const struct {
		const char *name;
		unsigned option;
	} known[] = {{"SUBSCRIBED", IMAP_LIST_SUBSCRIBED},
		     {"REMOTE", IMAP_LIST_REMOTE},
		     {"RECURSIVEMATCH", IMAP_LIST_RECURSIVEMATCH},
		     {"SPECIAL-USE", IMAP_LIST_SPECIAL_USE}};
	bool first = true, bad;

	while (imap_list_goes_on(at, &first, &bad)) {
		struct span name = imap_take_run(at, IMAP_ATOM_CHAR);
		unsigned option = 0;

		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (span_is_nocase(name, known[i].name))
				option = known[i].option;
		if (option == 0)
			return false;
		list->select |= option;
	}
	if ((list->select & IMAP_LIST_RECURSIVEMATCH) && !(list->select & IMAP_LIST_SUBSCRIBED)) {
		(void)imap_fail(context, "RECURSIVEMATCH needs SUBSCRIBED beside it");
		return false;
	}
	return !bad;
}

static bool add_pattern(struct imap_parse_context *context, struct span *at, struct imap_list *list, size_t *capacity)
{
	void *patterns = list->patterns;

	if (list->pattern_count == MOST_PATTERNS) {
		(void)imap_fail(context, "Too many patterns");
		return false;
	}
	arena_grow(context->arena, &patterns, capacity, list->pattern_count + 1, sizeof *list->patterns);
	list->patterns = patterns;
	return imap_take_pattern(context, at, &list->patterns[list->pattern_count++]);
}

static bool take_patterns(struct imap_parse_context *context, struct span *at, struct imap_list *list)
{
	size_t capacity = 0;
	bool first = true, bad;

	if (!imap_take(at, '('))
		return add_pattern(context, at, list, &capacity);
	list->is_extended = true;
	while (imap_list_goes_on(at, &first, &bad))
		if (!add_pattern(context, at, list, &capacity))
			return false;
	return !bad && list->pattern_count > 0;
}

static bool take_return_option(struct imap_parse_context *context, struct span *at, struct imap_list *list)
{
	if (imap_take_word(at, "SUBSCRIBED"))
		list->return_subscribed = true;
	else if (imap_take_word(at, "CHILDREN"))
		list->return_children = true;
	else if (imap_take_word(at, "SPECIAL-USE"))
		list->return_special_use = true;
	else if (imap_take_word(at, "STATUS"))
		return list->return_status = imap_take(at, ' ') && imap_take_status_items(context, at, &list->status);
	else
		return false;
	return true;
}

static bool take_return(struct imap_parse_context *context, struct span *at, struct imap_list *list)
{
	bool first = true, bad;

	if (!imap_take_word(at, "RETURN") || !imap_take(at, ' ') || !imap_take(at, '('))
		return false;
	list->is_extended = true;
	while (imap_list_goes_on(at, &first, &bad))
		if (!take_return_option(context, at, list))
			return false;
	return !bad;
}

static bool take_reference(struct imap_parse_context *context, struct span *at, struct imap_list *list)
{
	return imap_take_reference(context, at, &list->reference) && imap_take(at, ' ');
}

enum parse imap_list_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_list *list = &command->list;
	struct span at = *in;

	*list = (struct imap_list){0};
	if (!imap_take(&at, ' '))
		return imap_fail(context, "A reference is expected");
	if (imap_take(&at, '(')) {
		list->is_extended = true;
		if (!take_select_options(context, &at, list) || !imap_take(&at, ' '))
			return imap_fail(context, "Unknown selection option");
	}
	if (!take_reference(context, &at, list))
		return imap_fail(context, "A reference is expected");
	if (!take_patterns(context, &at, list))
		return imap_fail(context, "A pattern is expected");
	if (imap_take(&at, ' ') && !take_return(context, &at, list))
		return imap_fail(context, "Unknown return option");
	return imap_parsed(context, at, in);
}

enum parse imap_lsub_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_list *list = &command->list;
	struct span at = *in;
	size_t capacity = 0;

	*list = (struct imap_list){0};
	if (!imap_take(&at, ' ') || !take_reference(context, &at, list))
		return imap_fail(context, "A reference is expected");
	if (!add_pattern(context, &at, list, &capacity))
		return imap_fail(context, "A pattern is expected");
	return imap_parsed(context, at, in);
}

/* ID, ENABLE, COMPRESS (RFC 2971; RFC 5161; RFC 4978). */
#include "imapd/parse_private.h"

static bool take_pair(struct imap_parse_context *context, struct span *at, struct imap_id *id, size_t *capacity)
{
	void *pairs = id->pairs;
	struct imap_id_pair *pair;

	arena_grow(context->arena, &pairs, capacity, id->count + 1, sizeof *id->pairs);
	id->pairs = pairs;
	pair = &id->pairs[id->count++];
	*pair = (struct imap_id_pair){0};
	if (!imap_take_string(context, at, &pair->field) || !imap_take(at, ' '))
		return false;
	pair->is_nil = imap_take_word(at, "NIL");
	return pair->is_nil || imap_take_string(context, at, &pair->value);
}

enum parse imap_id_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_id *id = &command->id;
	struct span at = *in;
	static const char expected[] = "NIL or a list is expected";
	size_t capacity = 0;
	bool first = true, bad;

	*id = (struct imap_id){0};
	if (!imap_take(&at, ' '))
		return imap_fail(context, expected);
	if (imap_take_word(&at, "NIL"))
		return imap_parsed(context, at, in);
	if (!imap_take(&at, '('))
		return imap_fail(context, expected);
	while (imap_list_goes_on(&at, &first, &bad))
		if (!take_pair(context, &at, id, &capacity))
			return imap_fail(context, "Strings are expected in pairs");
	if (bad)
		return imap_fail(context, "Strings are expected in pairs");
	return imap_parsed(context, at, in);
}

enum parse imap_enable_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_enable *enable = &command->enable;
	struct span at = *in;
	size_t capacity = 0;

	*enable = (struct imap_enable){0};
	do {
		void *names = enable->names;

		arena_grow(context->arena, &names, &capacity, enable->count + 1, sizeof *enable->names);
		enable->names = names;
		if (!imap_take(&at, ' ') || !imap_take_upper(context, &at, &enable->names[enable->count++]))
			return imap_fail(context, "Names of capabilities are expected");
	} while (at.n > 0);
	return imap_parsed(context, at, in);
}

enum parse imap_compress_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct span at = *in;

	command->compress = (struct imap_compress){0};
	if (!imap_take(&at, ' ') || !imap_take_upper(context, &at, &command->compress.algorithm))
		return imap_fail(context, "An algorithm is expected");
	return imap_parsed(context, at, in);
}

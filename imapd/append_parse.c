/* APPEND, of one message or several (RFC 9051, 6.3.12; RFC 3502; RFC 3516 for literal8; RFC 6855, 4 for UTF8). Messages
 * are not copied; those that the session streamed are not there at all. */
#include "imapd/parse_private.h"

static bool take_literal(struct imap_parse_context *context, struct span *at, struct imap_append_message *message)
{
	struct span header = *at;
	uint64_t size;

	if (!imap_take_literal_size(&header, &size))
		return false;
	message->is_streamed = context->stream_threshold > 0 && size >= context->stream_threshold;
	if (!message->is_streamed)
		return imap_take_literal(at, &message->bytes);
	*at = header;
	return true;
}

/* append-data = literal / literal8 / "UTF8" SP "(" literal8 ")" */
static bool take_data(struct imap_parse_context *context, struct span *at, struct imap_append_message *message)
{
	bool is_utf8 = imap_take_word(at, "UTF8");

	if (is_utf8 && (!imap_take(at, ' ') || !imap_take(at, '(') || !imap_next_is(at, '~')))
		return false;
	message->is_literal8 = imap_take(at, '~');
	return take_literal(context, at, message) && (!is_utf8 || imap_take(at, ')'));
}

static bool take_message(struct imap_parse_context *context, struct span *at, struct imap_append_message *message)
{
	*message = (struct imap_append_message){0};
	if (imap_next_is(at, '(') && (!imap_take_flag_list(context, at, &message->flags) || !imap_take(at, ' '))) {
		(void)imap_fail(context, "A list of flags is expected");
		return false;
	}
	message->has_date = imap_next_is(at, '"');
	if (message->has_date &&
	    (!imap_take_date_time(at, &message->date, &message->zone_minutes) || !imap_take(at, ' '))) {
		(void)imap_fail(context, "That date cannot be understood");
		return false;
	}
	return take_data(context, at, message);
}

enum parse imap_append_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_append *append = &command->append;
	struct span at = *in;
	size_t capacity = 0;

	*append = (struct imap_append){0};
	if (!imap_take(&at, ' ') || !imap_take_mailbox(context, &at, &append->mailbox) || !imap_take(&at, ' '))
		return imap_fail(context, "A mailbox name is expected");
	do {
		void *messages = append->messages;

		arena_grow(context->arena, &messages, &capacity, append->message_count + 1, sizeof *append->messages);
		append->messages = messages;
		if (!take_message(context, &at, &append->messages[append->message_count++]))
			return imap_fail(context, "A message is expected as a literal");
	} while (imap_take(&at, ' '));
	return imap_parsed(context, at, in);
}

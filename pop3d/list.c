/* STAT, LIST, UIDL, DELE, RSET (RFC 1939, 5 and 7). */
#include "pop3d/answer.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/store/content.h"

#include <stdlib.h>

struct listing {
	struct pop3_answer answer; /* first */
	uint32_t next;
	bool is_uidl;
};

uint32_t pop3_message_number(struct pop3_session *session, struct span argument)
{
	uint64_t number = 0;

	if (!span_to_u64(argument, UINT32_MAX, &number) || number == 0)
		pop3_bad(session, "That is no message number");
	else if (number > pop3_maildrop_count(session->maildrop))
		pop3_err(session, "There is no such message");
	else if (pop3_maildrop_is_marked(session->maildrop, (uint32_t)number))
		pop3_err(session, "That message is marked as deleted");
	else
		return (uint32_t)number;
	return 0;
}

bool pop3_needs_identities(struct pop3_session *session)
{
	if (pop3_maildrop_identify(session->maildrop, session->pop3d))
		return true;
	pop3_err(session, "[SYS/TEMP] The maildrop cannot be read at the moment");
	return false;
}

/* 32 hexadecimal digits: the same for the same bytes, so they outlive an export and an import. */
static void write_digest(struct out *out, const unsigned char *digest)
{
	static const char digits[] = "0123456789abcdef";
	char *to = out_room(out, 2 * STORE_DIGEST_BYTES);

	for (size_t i = 0; i < STORE_DIGEST_BYTES; i++) {
		to[2 * i] = digits[digest[i] >> 4];
		to[2 * i + 1] = digits[digest[i] & 15];
	}
	out_added(out, 2 * STORE_DIGEST_BYTES);
}

static void write_item(struct pop3_session *session, uint32_t number, bool is_uidl)
{
	struct out *out = &session->net.out;
	struct pop3_message message;

	pop3_maildrop_message(session->maildrop, number, &message);
	out_u64(out, number);
	out_byte(out, ' ');
	if (is_uidl)
		write_digest(out, message.digest);
	else
		out_u64(out, message.octets);
	out_text(out, "\r\n");
}

static enum pop3_step step(struct pop3_answer *answer, struct pop3_session *session)
{
	struct listing *listing = container_of(answer, struct listing, answer);
	uint32_t count = pop3_maildrop_count(session->maildrop);

	while (listing->next <= count) {
		if (out_is_full(&session->net.out))
			return POP3_STEP_MORE;
		if (!pop3_maildrop_is_marked(session->maildrop, listing->next))
			write_item(session, listing->next, listing->is_uidl);
		listing->next++;
	}
	out_text(&session->net.out, ".\r\n");
	return POP3_STEP_DONE;
}

static void stop(struct pop3_answer *answer)
{
	free(container_of(answer, struct listing, answer));
}

static void list(struct pop3_session *session, const struct pop3_command *command, bool is_uidl)
{
	struct listing *listing;
	uint32_t number, messages;
	uint64_t octets;

	if (!pop3_needs_identities(session))
		return;
	if (command->count == 1) {
		if ((number = pop3_message_number(session, command->arguments[0])) != 0) {
			out_text(&session->net.out, "+OK ");
			write_item(session, number, is_uidl);
		}
		return;
	}
	pop3_maildrop_total(session->maildrop, &messages, &octets);
	pop3_ok(session, "%u messages (%llu octets)", messages, (unsigned long long)octets);
	listing = alloc_zero(1, sizeof *listing);
	*listing = (struct listing){.answer = {.step = step, .stop = stop}, .next = 1, .is_uidl = is_uidl};
	session->answer = &listing->answer;
}

void pop3_list_run(struct pop3_session *session, const struct pop3_command *command)
{
	list(session, command, false);
}

void pop3_uidl_run(struct pop3_session *session, const struct pop3_command *command)
{
	list(session, command, true);
}

void pop3_stat_run(struct pop3_session *session, const struct pop3_command *command)
{
	uint32_t messages;
	uint64_t octets;

	(void)command;
	if (!pop3_needs_identities(session))
		return;
	pop3_maildrop_total(session->maildrop, &messages, &octets);
	pop3_ok(session, "%u %llu", messages, (unsigned long long)octets);
}

void pop3_dele_run(struct pop3_session *session, const struct pop3_command *command)
{
	uint32_t number;

	if (!pop3_needs_identities(session) || (number = pop3_message_number(session, command->arguments[0])) == 0)
		return;
	pop3_maildrop_mark(session->maildrop, number);
	pop3_ok(session, "Marked as deleted");
}

void pop3_rset_run(struct pop3_session *session, const struct pop3_command *command)
{
	(void)command;
	pop3_maildrop_unmark_all(session->maildrop);
	pop3_ok(session, "Nothing is marked as deleted any more");
}

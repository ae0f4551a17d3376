/* APPEND, of one message or several (RFC 9051, 6.3.12; RFC 3502), with APPENDUID (RFC 4315). */
#include "imapd/message.h"
#include "imapd/imapd.h"
#include "imapd/stream.h"
#include "common/base/clock.h"
#include "common/content/derive.h"
#include "common/store/mailbox.h"
#include "common/store/message.h"

static enum store_status derive(struct imap_session *session, struct arena *arena,
				const struct imap_append_message *from, size_t stream, struct store_new_message *to)
{
	struct span bytes = from->bytes;
	enum store_status status;

	if (from->is_streamed) {
		to->upload = imap_stream_upload(session, stream);
		if ((status = store_upload_finish(to->upload, &bytes)) != STORE_OK)
			return status;
	} else {
		to->bytes = bytes;
	}
	content_derive(bytes, session->imapd->limits.text, arena, &to->derived);
	to->flags = from->flags.system;
	to->keywords = from->flags.keywords;
	to->keyword_count = from->flags.keyword_count;
	to->date = from->has_date ? from->date : clock_now();
	to->zone = from->has_date ? from->zone_minutes : 0;
	return STORE_OK;
}

static void write_appenduid(struct imap_session *session, const struct store_new_message *messages, size_t count,
			    const struct store_appended *appended)
{
	struct out *out = &session->net.out;
	struct ranges uids = {0};

	for (size_t i = 0; i < count; i++)
		ranges_add(&uids, messages[i].uid, messages[i].uid);
	out_span(out, session->running->command.tag);
	out_printf(out, " OK [APPENDUID %u ", appended->uidvalidity);
	ranges_write(&uids, &out->bytes);
	out_text(out, "] APPEND completed\r\n");
	ranges_done(&uids);
}

static enum store_status append(struct imap_session *session, struct imap_command *command, uint64_t mailbox)
{
	const struct imap_append *arg = &command->append;
	struct store_new_message *messages = arena_zero(command->arena, arg->message_count, sizeof *messages);
	struct store_appended appended;
	enum store_status status;
	size_t stream = 0;

	for (size_t i = 0; i < arg->message_count; i++) {
		status = derive(session, command->arena, &arg->messages[i], stream, &messages[i]);
		if (status != STORE_OK)
			return status;
		stream += arg->messages[i].is_streamed;
	}
	status = store_message_append(session->imapd->service.store, session->actor, mailbox, messages,
				      arg->message_count, &appended);
	if (status != STORE_OK)
		return status;
	/* the mailbox may be the selected one: then the message is told before the answer (9051, 6.3.12) */
	if (session->selected != NULL)
		imap_tell_after(session, IMAP_TELL_EXPUNGE, NULL);
	write_appenduid(session, messages, arg->message_count, &appended);
	return STORE_OK;
}

void imap_append_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_append *arg = &command->append;
	struct store_mailbox mailbox;
	enum store_status status;

	for (size_t i = 0; i < arg->message_count; i++)
		if (!arg->messages[i].is_streamed && arg->messages[i].bytes.n == 0) {
			imap_no(session, "APPEND cancelled by an empty message"); /* 3502, 4 */
			return;
		}
	status = store_mailbox_find(session->imapd->service.store, session->actor, arg->mailbox, command->arena,
				    &mailbox);
	if (status == STORE_NOT_FOUND || (status == STORE_OK && !mailbox.is_selectable)) {
		imap_no(session, "[TRYCREATE] No such mailbox");
		return;
	}
	if (status == STORE_OK)
		status = imap_stream_status(session);
	if (status == STORE_OK)
		status = append(session, command, mailbox.id);
	if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
}

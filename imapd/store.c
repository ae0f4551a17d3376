/* STORE and UID STORE (RFC 9051, 6.4.6), conditional too (RFC 7162, 3.1.3). */
#include "imapd/message.h"
#include "imapd/condstore.h"
#include "imapd/imapd.h"
#include "common/store/message.h"

void imap_tell_after(struct imap_session *session, unsigned how, const struct imap_own_change *own)
{
	enum store_status status = imap_tell(session, how, own);

	if (status != STORE_OK && status != STORE_NOT_FOUND) { /* a mailbox that is gone is noticed after the answer */
		struct log_about about = net_session_about(&session->net);

		log_warning(&about, "what a change has done is told later: %s", store_status_text(status));
	}
}

/* "[MODIFIED 7,9]": by number or by UID, as the command was (7162, 3.1.3). */
static void write_modified(struct imap_session *session, const struct imap_command *command, const struct ranges *uids)
{
	struct out *out = &session->net.out;
	struct ranges numbers = {0};

	RANGES_FOREACH_NUMBER(uids, range, uid)
	{
		uint32_t number =
			command->by_uid ? (uint32_t)uid : store_snapshot_number(session->selected->view, (uint32_t)uid);

		if (number > 0)
			ranges_add(&numbers, number, number);
	}
	out_span(out, command->tag);
	out_text(out, " OK [MODIFIED ");
	ranges_write(&numbers, &out->bytes);
	out_text(out, "] Conditional STORE failed for some\r\n");
	ranges_done(&numbers);
}

static void answer(struct imap_session *session, struct imap_command *command, struct ranges *uids,
		   const struct store_flagged *flagged)
{
	const struct imap_store *arg = &command->store;
	struct imap_own_change own = {.uids = uids,
				      .silent = arg->silent,
				      .modseq = flagged->modseq,
				      .with_modseq = arg->has_unchangedsince ||
						     imap_has(session, IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC)};
	unsigned how = command->by_uid ? IMAP_TELL_EXPUNGE | IMAP_TELL_UID : 0;

	for (size_t i = 0; i < flagged->conflicted.count; i++)
		ranges_remove(uids, flagged->conflicted.list[i].first, flagged->conflicted.list[i].last);
	for (size_t i = 0; i < flagged->missing.count; i++)
		ranges_remove(uids, flagged->missing.list[i].first, flagged->missing.list[i].last);
	imap_tell_after(session, how, &own);
	if (flagged->conflicted.count > 0)
		write_modified(session, command, &flagged->conflicted);
	else if (flagged->missing.count > 0 && !command->by_uid)
		imap_no(session, "[EXPUNGEISSUED] Some of the messages are gone");
	else
		imap_ok(session, "STORE completed");
}

void imap_store_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_store *arg = &command->store;
	struct store_flag_change change = {.how = arg->how == IMAP_STORE_ADD      ? STORE_FLAGS_ADD
						  : arg->how == IMAP_STORE_REMOVE ? STORE_FLAGS_REMOVE
										  : STORE_FLAGS_REPLACE,
					   .flags = arg->flags.system,
					   .keywords = arg->flags.keywords,
					   .keyword_count = arg->flags.keyword_count,
					   .has_unchangedsince = arg->has_unchangedsince,
					   .unchangedsince = arg->unchangedsince};
	struct store_flagged flagged = {0};
	struct ranges uids = {0};
	enum store_status status;

	if (!imap_resolve(session, &arg->set, command->by_uid, &uids)) {
		imap_bad(session, "There is no message with that number");
		return;
	}
	if (arg->has_unchangedsince)
		imap_condstore_use(session);
	status = store_message_flags(session->imapd->service.store, session->actor, session->selected->mailbox, &uids,
				     &change, &flagged);
	if (status != STORE_OK)
		imap_no_status(session, status, status == STORE_LIMIT ? "mailbox: too many keywords" : "mailbox");
	else
		answer(session, command, &uids, &flagged);
	store_flagged_done(&flagged);
	ranges_done(&uids);
}

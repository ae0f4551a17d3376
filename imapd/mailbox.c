/* Mailboxes as such: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE (RFC 9051, 6.3.4 … 6.3.8, 6.3.10; RFC
 * 6154). */
#include "imapd/mailbox.h"
#include "imapd/imapd.h"
#include "imapd/select.h"
#include "common/store/mailbox.h"

static bool use_of(struct span word, unsigned *use_r)
{
	static const struct {
		const char *name;
		unsigned use;
	} uses[] = {{"\\All", STORE_USE_ALL},       {"\\Archive", STORE_USE_ARCHIVE},
		    {"\\Drafts", STORE_USE_DRAFTS}, {"\\Flagged", STORE_USE_FLAGGED},
		    {"\\Junk", STORE_USE_JUNK},     {"\\Sent", STORE_USE_SENT},
		    {"\\Trash", STORE_USE_TRASH},   {"\\Important", STORE_USE_IMPORTANT}};

	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
		if (span_is_nocase(word, uses[i].name)) {
			*use_r |= uses[i].use;
			return true;
		}
	return false;
}

void imap_create_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_mailbox_arg *arg = &command->mailbox;
	struct store_mailbox made;
	unsigned uses = 0;
	enum store_status status;

	for (size_t i = 0; i < arg->use_count; i++)
		/* \All and \Flagged are views of other mailboxes' messages: no mailbox can become one (6154, 3) */
		if (!use_of(arg->uses[i], &uses) || (uses & (STORE_USE_ALL | STORE_USE_FLAGGED))) {
			imap_no(session, "[USEATTR] That special use is not possible");
			return;
		}
	status = store_mailbox_create(session->imapd->service.store, session->actor, arg->mailbox, uses, &made);
	if (status == STORE_CONFLICT)
		imap_no(session, "[USEATTR] Another mailbox has that special use");
	else if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	else
		imap_ok(session, "CREATE completed");
}

void imap_delete_run(struct imap_session *session, struct imap_command *command)
{
	struct span name = command->mailbox.mailbox;
	enum store_status status = store_mailbox_delete(session->imapd->service.store, session->actor, name);

	if (status == STORE_CONFLICT) {
		imap_no(session, "[HASCHILDREN] The name has children");
		return;
	}
	if (status == STORE_DENIED) {
		imap_no(session, "[CANNOT] INBOX cannot be deleted");
		return;
	}
	if (status != STORE_OK) {
		imap_no_status(session, status, "mailbox");
		return;
	}
	if (session->selected != NULL && span_is(name, session->selected->name)) {
		imap_selected_leave(session);
		imap_untagged(session, "OK [CLOSED] The selected mailbox was deleted");
	}
	imap_ok(session, "DELETE completed");
}

void imap_rename_run(struct imap_session *session, struct imap_command *command)
{
	enum store_status status = store_mailbox_rename(session->imapd->service.store, session->actor,
							command->rename.from, command->rename.to);

	if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	else
		imap_ok(session, "RENAME completed");
}

static void subscribe(struct imap_session *session, struct span name, bool subscribed)
{
	enum store_status status =
		store_mailbox_subscribe(session->imapd->service.store, session->actor, name, subscribed);

	if (status == STORE_NOT_FOUND && !subscribed)
		status = STORE_OK; /* it is not subscribed to: that is what was wanted */
	if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	else
		imap_ok(session, subscribed ? "SUBSCRIBE completed" : "UNSUBSCRIBE completed");
}

void imap_subscribe_run(struct imap_session *session, struct imap_command *command)
{
	subscribe(session, command->mailbox.mailbox, true);
}

void imap_unsubscribe_run(struct imap_session *session, struct imap_command *command)
{
	subscribe(session, command->mailbox.mailbox, false);
}

/* One personal namespace without a prefix: K-9 and others break on prefixed ones (CLIENTS.md, IMAP 16). */
void imap_namespace_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	imap_untagged(session, "NAMESPACE ((\"\" \"/\")) NIL NIL");
	imap_ok(session, "NAMESPACE completed");
}

/* CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE, STARTTLS, COMPRESS (RFC 9051, 6.1, 6.2.1, 6.3.1; RFC 3501, 6.4.1; RFC
 * 2971; RFC 5161; RFC 4978). */
#include "imapd/simple.h"
#include "imapd/command_table.h"
#include "imapd/select.h"
#include "imapd/imapd.h"

void imap_capability_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	out_text(&session->net.out, "* CAPABILITY ");
	imap_write_capabilities(session);
	out_text(&session->net.out, "\r\n");
	imap_ok(session, "CAPABILITY completed");
}

void imap_noop_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	imap_ok(session, "NOOP completed");
}

void imap_check_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	imap_ok(session, "CHECK completed");
}

void imap_logout_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	imap_selected_leave(session);
	imap_untagged(session, "BYE Logging out");
	imap_ok(session, "LOGOUT completed");
	session->state = IMAP_LOGOUT;
}

void imap_id_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_id *arg = &command->id;
	struct log_about about = net_session_about(&session->net);

	for (size_t i = 0; i < arg->count; i++)
		if (span_is_nocase(arg->pairs[i].field, "name") && !arg->pairs[i].is_nil)
			log_debug(&about, "client: %.*s", (int)arg->pairs[i].value.n, arg->pairs[i].value.p);
	out_text(&session->net.out, "* ID (\"name\" \"Trivet\" \"version\" \"" TRIVET_VERSION "\")\r\n");
	imap_ok(session, "ID completed");
}

static void enable(struct imap_session *session, unsigned bit, const char *name, unsigned with)
{
	if (imap_has(session, bit))
		return;
	session->enabled |= bit | with;
	out_byte(&session->net.out, ' ');
	out_text(&session->net.out, name);
}

/* What is on already is not named again; unknown names are ignored (5161, 3.1). */
void imap_enable_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_enable *arg = &command->enable;

	out_text(&session->net.out, "* ENABLED");
	for (size_t i = 0; i < arg->count; i++) {
		if (span_is(arg->names[i], "IMAP4REV2"))
			enable(session, IMAP_ENABLED_REV2, "IMAP4rev2", 0);
		else if (span_is(arg->names[i], "CONDSTORE"))
			enable(session, IMAP_ENABLED_CONDSTORE, "CONDSTORE", 0);
		else if (span_is(arg->names[i], "QRESYNC"))
			enable(session, IMAP_ENABLED_QRESYNC, "QRESYNC", IMAP_ENABLED_CONDSTORE);
	}
	out_text(&session->net.out, "\r\n");
	imap_ok(session, "ENABLE completed");
}

void imap_starttls_run(struct imap_session *session, struct imap_command *command)
{
	(void)command;
	if (session->net.is_tls) {
		imap_bad(session, "TLS is active already");
		return;
	}
	if (!net_can_start_tls(session->net.daemon)) {
		imap_bad(session, "TLS is not configured");
		return;
	}
	imap_ok(session, "Begin TLS negotiation now");
	(void)net_session_start_tls(&session->net);
}

void imap_compress_run(struct imap_session *session, struct imap_command *command)
{
	if (!span_is(command->compress.algorithm, "DEFLATE")) {
		imap_bad(session, "Only DEFLATE is known");
		return;
	}
	if (net_session_is_deflated(&session->net)) {
		imap_no(session, "[COMPRESSIONACTIVE] DEFLATE is active already");
		return;
	}
	imap_ok(session, "DEFLATE active");
	net_session_start_deflate(&session->net);
}

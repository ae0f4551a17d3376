/* LOGIN and AUTHENTICATE (RFC 9051, 6.2.2, 6.2.3; RFC 4959 SASL-IR): what common/service/login.h does, in IMAP's words.
 */
#include "imapd/login.h"
#include "imapd/command_table.h"
#include "imapd/imapd.h"

static const char *failure_text(enum auth_result result)
{
	switch (result) {
	case AUTH_OK:
	case AUTH_CONTINUE:
		break;
	case AUTH_FAILED:
		return "[AUTHENTICATIONFAILED] Wrong user name or password";
	case AUTH_DENIED:
		return "[AUTHORIZATIONFAILED] You may not log in as that user";
	case AUTH_EXPIRED:
		return "[CONTACTADMIN] This account is switched off";
	case AUTH_LOCKED_OUT:
		return "[LIMIT] Too many failures; try again later";
	case AUTH_INSECURE:
		return "[PRIVACYREQUIRED] Plain-text passwords are taken over TLS only";
	case AUTH_UNAVAILABLE:
		return "[UNAVAILABLE] Users cannot be looked up at the moment";
	case AUTH_UNKNOWN_MECHANISM:
		return "[CANNOT] That mechanism is not offered";
	case AUTH_BAD_SYNTAX:
		return "The mechanism's data cannot be understood";
	}
	return "Log-in failed";
}

static void fail(struct imap_session *session, enum auth_result result)
{
	session->mode = IMAP_MODE_COMMAND;
	if (result == AUTH_BAD_SYNTAX)
		imap_bad(session, failure_text(result));
	else
		imap_no(session, failure_text(result));
}

void imap_login_delay_over(struct imap_session *session)
{
	fail(session, login_delay_over(&session->login));
}

static void succeed(struct imap_session *session, struct auth_identity *identity)
{
	struct out *out = &session->net.out;

	session->mode = IMAP_MODE_COMMAND;
	if (!net_session_logged_in(&session->net, identity->name)) {
		imap_no(session, "[LIMIT] Too many sessions");
	} else {
		session->actor = identity->user;
		session->state = IMAP_AUTHENTICATED;
		out_span(out, session->running->command.tag);
		out_text(out, " OK [CAPABILITY ");
		imap_write_capabilities(session);
		out_text(out, "] Logged in\r\n");
	}
	auth_identity_done(identity);
}

static void answer(struct imap_session *session, struct login_answer *got, struct buf *challenge)
{
	struct out *out = &session->net.out;

	if (got->is_delayed) {
		session->mode = IMAP_MODE_DELAY;
	} else if (got->result == AUTH_OK) {
		succeed(session, &got->identity);
	} else if (got->result == AUTH_CONTINUE) {
		out_text(out, "+ ");
		out_span(out, buf_view(challenge));
		out_text(out, "\r\n");
		session->mode = IMAP_MODE_AUTHENTICATE;
	} else {
		fail(session, got->result);
	}
	buf_done(challenge);
}

void imap_login_run(struct imap_session *session, struct imap_command *command)
{
	const struct login_asker asker = {.session = &session->net, .auth = session->imapd->service.auth};
	struct login_answer got;
	struct buf nothing = {0};

	login_password(&session->login, &asker, command->login.user, command->login.password, &got);
	answer(session, &got, &nothing);
}

void imap_authenticate_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_authenticate *arg = &command->authenticate;
	const struct login_asker asker = {.session = &session->net, .auth = session->imapd->service.auth};
	struct login_answer got;
	struct buf challenge = {0};

	login_start(&session->login, &asker, arg->mechanism, arg->initial, arg->has_initial, &challenge, &got);
	answer(session, &got, &challenge);
}

void imap_login_line(struct imap_session *session, struct span line)
{
	struct login_answer got;
	struct buf challenge = {0};

	if (span_is(line, "*")) {
		login_done(&session->login);
		session->mode = IMAP_MODE_COMMAND;
		imap_bad(session, "AUTHENTICATE cancelled");
		return;
	}
	login_line(&session->login, line, &challenge, &got);
	answer(session, &got, &challenge);
}

/* USER, PASS and AUTH (RFC 1939, 7; RFC 5034): what common/service/login.h does, in POP3's words, and the maildrop that
 * is opened behind it. The name may be USER+FOLDER. */
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "common/base/base64.h"

#include <string.h>

static struct login_asker asker_of(struct pop3_session *session)
{
	return (struct login_asker){
		.session = &session->net, .auth = session->pop3d->service.auth, .detail_separator = '+'};
}

/* RFC 3206: [AUTH] means the user must do something about name or password, [SYS/TEMP] that trying later helps. */
static const char *failure_text(enum auth_result result)
{
	switch (result) {
	case AUTH_OK:
	case AUTH_CONTINUE:
		break;
	case AUTH_FAILED:
		return "[AUTH] Wrong user name or password";
	case AUTH_DENIED:
		return "[AUTH] You may not log in as that user";
	case AUTH_EXPIRED:
		return "[AUTH] This account is switched off";
	case AUTH_LOCKED_OUT:
		return "[SYS/TEMP] Too many failures; try again later";
	case AUTH_INSECURE:
		return "[AUTH] Plain-text passwords are taken over TLS only";
	case AUTH_UNAVAILABLE:
		return "[SYS/TEMP] Users cannot be looked up at the moment";
	case AUTH_UNKNOWN_MECHANISM:
		return "That mechanism is not offered";
	case AUTH_BAD_SYNTAX:
		return "The mechanism's data cannot be understood";
	}
	return "Log-in failed";
}

static void fail(struct pop3_session *session, enum auth_result result)
{
	session->mode = POP3_MODE_COMMAND;
	if (result == AUTH_BAD_SYNTAX || result == AUTH_UNKNOWN_MECHANISM)
		pop3_bad(session, failure_text(result));
	else
		pop3_err(session, "%s", failure_text(result));
}

void pop3_login_delay_over(struct pop3_session *session)
{
	fail(session, login_delay_over(&session->login));
}

/* Only who has a maildrop is a session of that user, with the time limit of one. */
static void enter(struct pop3_session *session, const struct auth_identity *identity)
{
	if (!net_session_logged_in(&session->net, identity->name)) {
		pop3_maildrop_close(&session->maildrop, session->pop3d);
		pop3_err(session, "[SYS/TEMP] Too many sessions");
		return;
	}
	session->state = POP3_TRANSACTION;
	pop3_ok(session, "%u messages", pop3_maildrop_count(session->maildrop));
}

static void succeed(struct pop3_session *session, struct auth_identity *identity)
{
	struct span folder = span_of(identity->detail == NULL ? "" : identity->detail);

	session->mode = POP3_MODE_COMMAND;
	switch (pop3_maildrop_open(session->pop3d, identity->user, folder, &session->maildrop)) {
	case POP3_MAILDROP_OK:
		enter(session, identity);
		break;
	case POP3_MAILDROP_IN_USE:
		pop3_err(session, "[IN-USE] Another session has this maildrop");
		break;
	case POP3_MAILDROP_MISSING:
		pop3_err(session, "[SYS/PERM] There is no such folder");
		break;
	case POP3_MAILDROP_UNAVAILABLE:
		pop3_err(session, "[SYS/TEMP] The maildrop cannot be opened at the moment");
		break;
	}
	auth_identity_done(identity);
}

static void say(struct pop3_session *session, struct login_answer *got, struct buf *challenge)
{
	struct out *out = &session->net.out;

	if (got->is_delayed) {
		session->mode = POP3_MODE_DELAY;
	} else if (got->result == AUTH_OK) {
		succeed(session, &got->identity);
	} else if (got->result == AUTH_CONTINUE) {
		out_text(out, "+ ");
		out_span(out, buf_view(challenge));
		out_text(out, "\r\n");
		session->mode = POP3_MODE_AUTH;
	} else {
		fail(session, got->result);
	}
	buf_done(challenge);
}

void pop3_user_run(struct pop3_session *session, const struct pop3_command *command)
{
	buf_done(&session->user);
	if (!session->net.is_trusted) {
		fail(session, AUTH_INSECURE);
		return;
	}
	buf_span(&session->user, command->arguments[0]);
	pop3_ok(session, "Whoever that is: send PASS"); /* who exists is not told (RFC 1939, 7) */
}

void pop3_pass_run(struct pop3_session *session, const struct pop3_command *command)
{
	const struct login_asker asker = asker_of(session);
	struct login_answer got;
	struct buf nothing = {0};

	if (session->user.n == 0) {
		pop3_bad(session, "Say USER first");
		return;
	}
	login_password(&session->login, &asker, buf_view(&session->user), command->arguments[0], &got);
	buf_done(&session->user);
	say(session, &got, &nothing);
}

/* "AUTH" alone lists the mechanisms, as clients older than CAPA ask for them. */
static void list_mechanisms(struct pop3_session *session)
{
	struct out *out = &session->net.out;
	struct login_peer peer;
	struct buf names = {0};
	struct span rest;

	login_peer_init(&peer, &session->net, '+');
	auth_mechanisms(session->pop3d->service.auth, &peer.peer, "", &names);
	login_peer_done(&peer);
	pop3_ok(session, "Mechanisms follow");
	for (rest = buf_view(&names); rest.n > 0;) {
		size_t end = span_find_byte(rest, ' ');

		out_span(out, span_sub(rest, 0, end));
		out_text(out, "\r\n");
		rest = end == SIZE_MAX ? (struct span){0} : span_sub(rest, end + 1, SIZE_MAX);
	}
	out_text(out, ".\r\n");
	buf_done(&names);
}

void pop3_auth_run(struct pop3_session *session, const struct pop3_command *command)
{
	const struct login_asker asker = asker_of(session);
	struct span encoded = command->arguments[1];
	struct login_answer got;
	struct buf initial = {0}, challenge = {0};
	bool is_empty = span_is(encoded, "="); /* an initial response of no bytes (RFC 5034, 4) */

	if (command->count == 0) {
		list_mechanisms(session);
		return;
	}
	if (!is_empty && !base64_decode(encoded, &initial)) {
		pop3_bad(session, failure_text(AUTH_BAD_SYNTAX));
	} else {
		login_start(&session->login, &asker, command->arguments[0], is_empty ? SPAN("") : buf_view(&initial),
			    command->count == 2, &challenge, &got);
		say(session, &got, &challenge);
	}
	if (initial.n > 0)
		explicit_bzero(initial.p, initial.n);
	buf_done(&initial);
}

void pop3_login_line(struct pop3_session *session, struct span line)
{
	struct login_answer got;
	struct buf challenge = {0};

	if (span_is(line, "*")) {
		login_done(&session->login);
		session->mode = POP3_MODE_COMMAND;
		pop3_bad(session, "AUTH cancelled");
		return;
	}
	login_line(&session->login, line, &challenge, &got);
	say(session, &got, &challenge);
}

/* LOGIN and AUTHENTICATE (RFC 9051, 6.2.2, 6.2.3; RFC 4959 SASL-IR). A failure is answered after a delay that
 * common/auth tells: the session waits for it in its loop, no worker does. */
#include "imapd/login.h"
#include "imapd/command_table.h"
#include "imapd/imapd.h"
#include "common/base/alloc.h"
#include "common/base/base64.h"

#include <stdlib.h>
#include <string.h>

struct imap_login_state {
	struct imap_peer peer; /* the exchange borrows from it */
	struct auth_exchange *exchange;
	const char *waiting; /* the answer that waits */
};

void imap_peer_init(struct imap_peer *peer, struct imap_session *session)
{
	static const char *const types[] = {"tls-exporter", "tls-unique", "tls-server-end-point"};
	struct net_session *net = &session->net;
	struct auth_peer *to = &peer->peer;

	memset(peer, 0, sizeof *peer);
	*to = (struct auth_peer){.remote = net->remote, .is_trusted = net->is_trusted, .is_tls = net->is_tls};
	to->about = net_session_about(net);
	if (!net->is_tls)
		return;
	peer->client_name = net_session_client_name(net);
	to->client_name = peer->client_name;
	for (size_t i = 0; i < sizeof types / sizeof *types && to->binding_size == 0; i++) {
		to->binding_size = net_session_channel_binding(net, types[i], peer->binding);
		to->binding_type = types[i];
	}
	to->binding = to->binding_size > 0 ? peer->binding : NULL;
}

void imap_peer_done(struct imap_peer *peer)
{
	free(peer->client_name);
	peer->client_name = NULL;
}

void imap_login_done(struct imap_session *session)
{
	if (session->login == NULL)
		return;
	auth_exchange_destroy(&session->login->exchange);
	imap_peer_done(&session->login->peer);
	free(session->login);
	session->login = NULL;
}

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

static void fail(struct imap_session *session, enum auth_result result, unsigned delay_ms)
{
	const char *text = failure_text(result);

	if (session->login != NULL)
		auth_exchange_destroy(&session->login->exchange);
	if (delay_ms == 0) {
		imap_login_done(session);
		session->mode = IMAP_MODE_COMMAND;
		if (result == AUTH_BAD_SYNTAX)
			imap_bad(session, text);
		else
			imap_no(session, text);
		return;
	}
	if (session->login == NULL)
		session->login = alloc_zero(1, sizeof *session->login);
	session->login->waiting = text;
	session->mode = IMAP_MODE_DELAY;
	net_session_set_timer(&session->net, delay_ms);
}

void imap_login_delay_over(struct imap_session *session)
{
	const char *text = session->login->waiting;

	imap_login_done(session);
	session->mode = IMAP_MODE_COMMAND;
	imap_no(session, text);
}

static void succeed(struct imap_session *session, struct auth_identity *identity)
{
	struct out *out = &session->net.out;

	imap_login_done(session);
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

void imap_login_run(struct imap_session *session, struct imap_command *command)
{
	struct auth_identity identity = {0};
	struct imap_peer peer;
	unsigned delay_ms = 0;
	enum auth_result result;

	imap_peer_init(&peer, session);
	result = auth_password(session->imapd->auth, &peer.peer, command->login.user, command->login.password,
			       &identity, &delay_ms);
	imap_peer_done(&peer);
	if (result == AUTH_OK)
		succeed(session, &identity);
	else
		fail(session, result, delay_ms);
}

static void answer_step(struct imap_session *session, enum auth_result result, struct buf *challenge,
			struct auth_identity *identity, unsigned delay_ms)
{
	struct out *out = &session->net.out;

	if (result == AUTH_OK) {
		succeed(session, identity);
	} else if (result == AUTH_CONTINUE) {
		out_text(out, "+ ");
		base64_encode(buf_view(challenge), &out->bytes);
		out_text(out, "\r\n");
		session->mode = IMAP_MODE_AUTHENTICATE;
	} else {
		fail(session, result, delay_ms);
	}
	buf_done(challenge);
}

void imap_authenticate_run(struct imap_session *session, struct imap_command *command)
{
	const struct imap_authenticate *arg = &command->authenticate;
	struct auth_identity identity = {0};
	struct buf challenge = {0};
	unsigned delay_ms = 0;
	enum auth_result result;

	session->login = alloc_zero(1, sizeof *session->login);
	imap_peer_init(&session->login->peer, session);
	result = auth_exchange_start(session->imapd->auth, &session->login->peer.peer, arg->mechanism, arg->initial,
				     arg->has_initial, &session->login->exchange, &challenge, &identity, &delay_ms);
	answer_step(session, result, &challenge, &identity, delay_ms);
}

void imap_login_line(struct imap_session *session, struct span line)
{
	struct auth_identity identity = {0};
	struct buf challenge = {0}, response = {0};
	unsigned delay_ms = 0;
	enum auth_result result;

	if (span_is(line, "*")) {
		imap_login_done(session);
		session->mode = IMAP_MODE_COMMAND;
		imap_bad(session, "AUTHENTICATE cancelled");
		return;
	}
	if (!base64_decode(line, &response)) {
		imap_login_done(session);
		session->mode = IMAP_MODE_COMMAND;
		imap_bad(session, "That is not base64");
	} else {
		result = auth_exchange_step(session->login->exchange, buf_view(&response), &challenge, &identity,
					    &delay_ms);
		answer_step(session, result, &challenge, &identity, delay_ms);
	}
	if (response.n > 0)
		explicit_bzero(response.p, response.n);
	buf_done(&response);
}

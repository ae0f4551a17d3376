/* Log-in: what the protocols have in common. */
#include "common/service/login.h"
#include "common/base/alloc.h"
#include "common/base/base64.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <string.h>

struct login {
	struct net_session *session;
	struct login_peer peer; /* the exchange borrows from it */
	struct auth_exchange *exchange;
	enum auth_result waiting; /* the failure that waits */
};

void login_peer_init(struct login_peer *peer, struct net_session *session, char detail_separator)
{
	static const char *const types[] = {"tls-exporter", "tls-unique", "tls-server-end-point"};
	struct auth_peer *to = &peer->peer;

	memset(peer, 0, sizeof *peer);
	*to = (struct auth_peer){.remote = session->remote,
				 .is_trusted = session->is_trusted,
				 .is_tls = session->is_tls,
				 .detail_separator = detail_separator};
	to->about = net_session_about(session);
	if (!session->is_tls)
		return;
	peer->client_name = net_session_client_name(session);
	to->client_name = peer->client_name;
	for (size_t i = 0; i < array_count(types) && to->binding_size == 0; i++) {
		to->binding_size = net_session_channel_binding(session, types[i], peer->binding);
		to->binding_type = types[i];
	}
	to->binding = to->binding_size > 0 ? peer->binding : NULL;
}

void login_peer_done(struct login_peer *peer)
{
	free(peer->client_name);
	peer->client_name = NULL;
}

void login_done(struct login **login)
{
	if (*login == NULL)
		return;
	auth_exchange_destroy(&(*login)->exchange);
	login_peer_done(&(*login)->peer);
	free(*login);
	*login = NULL;
}

/* Only a success without delay and a challenge leave the caller something to say at once. */
static void settle(struct login **login, unsigned delay_ms, struct login_answer *answer)
{
	if (answer->result == AUTH_CONTINUE)
		return;
	answer->is_delayed = answer->result != AUTH_OK && delay_ms > 0;
	if (!answer->is_delayed) {
		login_done(login);
		return;
	}
	auth_exchange_destroy(&(*login)->exchange);
	(*login)->waiting = answer->result;
	net_session_set_timer((*login)->session, delay_ms);
}

static struct login *begin(const struct login_asker *asker)
{
	struct login *login = alloc_zero(1, sizeof *login);

	login->session = asker->session;
	login_peer_init(&login->peer, asker->session, asker->detail_separator);
	if (asker->remote != NULL) {
		login->peer.peer.remote = login->peer.peer.about.remote = asker->remote;
		login->peer.peer.is_trusted = asker->is_trusted;
	}
	return login;
}

void login_password(struct login **login, const struct login_asker *asker, struct span user, struct span password,
		    struct login_answer *answer_r)
{
	unsigned delay_ms = 0;

	*answer_r = (struct login_answer){0};
	*login = begin(asker);
	answer_r->result =
		auth_password(asker->auth, &(*login)->peer.peer, user, password, &answer_r->identity, &delay_ms);
	settle(login, delay_ms, answer_r);
}

static void encode(enum auth_result result, struct buf *raw, struct buf *challenge)
{
	if (result == AUTH_CONTINUE || (result == AUTH_OK && raw->n > 0))
		base64_encode(buf_view(raw), challenge);
	buf_done(raw);
}

void login_start(struct login **login, const struct login_asker *asker, struct span mechanism, struct span initial,
		 bool has_initial, struct buf *challenge, struct login_answer *answer_r)
{
	struct buf raw = {0};
	unsigned delay_ms = 0;

	*answer_r = (struct login_answer){0};
	*login = begin(asker);
	answer_r->result = auth_exchange_start(asker->auth, &(*login)->peer.peer, mechanism, initial, has_initial,
					       &(*login)->exchange, &raw, &answer_r->identity, &delay_ms);
	encode(answer_r->result, &raw, challenge);
	settle(login, delay_ms, answer_r);
}

void login_line(struct login **login, struct span line, struct buf *challenge, struct login_answer *answer_r)
{
	struct buf raw = {0}, response = {0};
	unsigned delay_ms = 0;

	*answer_r = (struct login_answer){.result = AUTH_BAD_SYNTAX};
	if (base64_decode(line, &response))
		answer_r->result = auth_exchange_step((*login)->exchange, buf_view(&response), &raw,
						      &answer_r->identity, &delay_ms);
	encode(answer_r->result, &raw, challenge);
	settle(login, delay_ms, answer_r);
	if (response.n > 0)
		explicit_bzero(response.p, response.n);
	buf_done(&response);
}

struct auth_exchange *login_detach(struct login **login)
{
	struct auth_exchange *exchange = (*login)->exchange;

	(*login)->exchange = NULL;
	login_done(login);
	return exchange;
}

void login_go_on(struct login **login, const struct login_asker *asker, struct auth_exchange *exchange,
		 struct span response, struct buf *challenge, struct login_answer *answer_r)
{
	*login = begin(asker);
	(*login)->exchange = exchange;
	auth_exchange_move(exchange, &(*login)->peer.peer);
	login_line(login, response, challenge, answer_r);
}

enum auth_result login_delay_over(struct login **login)
{
	enum auth_result result = (*login)->waiting;

	login_done(login);
	return result;
}

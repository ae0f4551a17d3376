/* Who asks, by which scheme; and HTTP Basic. The password comes with every request: common/auth remembers a keyed
 * digest of it for minutes, and the connection remembers for one minute that exactly these bytes were right, so that a
 * sync of many requests asks nobody. Every refusal carries the same challenge with the same realm: Thunderbird finds a
 * stored password by it. */
#include "caldavd/login_private.h"
#include "caldavd/forwarded.h"
#include "common/base/base64.h"
#include "common/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { REMEMBERED_MS = 60000 };

static void offer(struct http_exchange *x, struct span mechanism, const char *challenge)
{
	const struct auth_peer anybody = {0};

	if (auth_offers(login_session_of(x)->daemon->service.auth, &anybody, mechanism))
		http_field(x, "WWW-Authenticate", "%s", challenge);
}

/* Basic comes first: there are clients that read no further. */
void login_challenge(struct http_exchange *x)
{
	http_field_span(x, "WWW-Authenticate", SPAN("Basic realm=\"" LOGIN_REALM "\", charset=\"UTF-8\""));
	offer(x, SPAN("SCRAM-SHA-256"), "SCRAM-SHA-256 realm=\"" LOGIN_REALM "\"");
	offer(x, SPAN("SCRAM-SHA-1"), "SCRAM-SHA-1 realm=\"" LOGIN_REALM "\"");
	offer(x, SPAN("GSS-SPNEGO"), "Negotiate");
	http_answer_text(x, 401, "Please log in");
}

static void digest(const struct caldavd_session *session, struct span credentials, unsigned char to[32])
{
	(void)HMAC(EVP_sha256(), session->daemon->secret, sizeof session->daemon->secret,
		   (const unsigned char *)credentials.p, credentials.n, to, NULL);
}

static bool is_remembered(const struct caldavd_session *session, struct span credentials)
{
	unsigned char now[32];

	if (session->verified_at == 0 || clock_uptime_ms() - session->verified_at > REMEMBERED_MS)
		return false;
	digest(session, credentials, now);
	return CRYPTO_memcmp(now, session->credentials, sizeof now) == 0;
}

void login_give_user(const struct caldavd_session *session, struct dav_user *user_r)
{
	*user_r = (struct dav_user){.id = session->identity.user,
				    .name = session->user.name,
				    .display_name = session->user.display_name,
				    .mail = session->user.mail,
				    .is_admin = session->identity.is_admin};
}

/* iOS percent-encodes the "@" of a user name (quirk 12). */
static struct span plain_name(struct span name, struct buf *out)
{
	size_t at = span_find(name, SPAN("%40"));

	if (at == SIZE_MAX || span_find_byte(name, '@') != SIZE_MAX)
		return name;
	buf_span(out, span_sub(name, 0, at));
	buf_byte(out, '@');
	buf_span(out, span_sub(name, at + 3, SIZE_MAX));
	return buf_view(out);
}

static bool come_back_later(struct http_exchange *x, const char *why)
{
	http_field(x, "Retry-After", "60");
	http_answer_text(x, 503, "%s", why);
	return false;
}

bool login_accept(struct http_exchange *x, struct auth_identity *identity, struct dav_user *user_r)
{
	struct caldavd_session *session = login_session_of(x);
	struct net_session *net = &session->http.net;

	session->verified_at = session->negotiated_at = 0;
	auth_identity_done(&session->identity);
	session->identity = *identity;
	*identity = (struct auth_identity){0};
	if (net->user == NULL || !span_is(span_of(net->user), session->identity.name))
		if (!net_session_logged_in(net, session->identity.name))
			return come_back_later(x, "There are too many sessions");
	arena_destroy(&session->user_arena);
	session->user_arena = arena_create();
	if (directory_find(session->daemon->service.directory, span_of(session->identity.name), session->user_arena,
			   &session->user) != DIRECTORY_OK)
		return come_back_later(x, "Log-in is not possible at the moment");
	login_give_user(session, user_r);
	return true;
}

void login_refuse(struct http_exchange *x, enum auth_result result)
{
	switch (result) {
	case AUTH_LOCKED_OUT:
		http_field(x, "Retry-After", "60");
		http_answer_text(x, 429, "Too many failed log-ins; try again later");
		return;
	case AUTH_INSECURE:
		http_answer_text(x, 403, "Passwords are only taken over TLS");
		return;
	case AUTH_UNAVAILABLE:
		http_field(x, "Retry-After", "10");
		http_answer_text(x, 503, "Log-in is not possible at the moment");
		return;
	case AUTH_OK:
	case AUTH_CONTINUE:
	case AUTH_FAILED:
	case AUTH_DENIED:
	case AUTH_EXPIRED:
	case AUTH_UNKNOWN_MECHANISM:
	case AUTH_BAD_SYNTAX:
		login_challenge(x);
		return;
	}
}

static struct login_way way_of(struct http_exchange *x)
{
	struct caldavd_session *session = login_session_of(x);
	struct net_session *net = &session->http.net;
	struct login_way way = {.asker = {.session = net, .auth = session->daemon->service.auth}};
	struct forwarded forwarded;

	way.is_shared = forwarded_read(x, &forwarded);
	if (forwarded.client == NULL)
		return way;
	x->log_remote = forwarded.client;
	way.asker.remote = strchr(forwarded.client, ':') == NULL ? forwarded.client
								 : arena_printf(x->arena, "[%s]:0", forwarded.client);
	way.asker.is_trusted = forwarded.scheme.p == NULL
				       ? net->is_trusted
				       : forwarded.is_https || net_address_is_trusted(net->daemon, forwarded.client);
	return way;
}

static bool verify(struct http_exchange *x, const struct login_way *way, struct span header, struct span name,
		   struct span password, struct dav_user *user_r)
{
	struct caldavd_session *session = login_session_of(x);
	struct login_answer answer;

	login_password(&session->login, &way->asker, name, password, &answer);
	if (answer.is_delayed)
		return false;
	if (answer.result != AUTH_OK) {
		login_refuse(x, answer.result);
	} else if (login_accept(x, &answer.identity, user_r)) {
		digest(session, header, session->credentials);
		session->verified_at = clock_uptime_ms();
	}
	return true;
}

static bool basic(struct http_exchange *x, const struct login_way *way, struct span header, struct span credentials,
		  struct dav_user *user_r)
{
	const struct caldavd_session *session = login_session_of(x);
	struct buf decoded = {0}, name = {0};
	bool is_done = true;
	size_t colon;

	if (!base64_decode(span_trim(credentials), &decoded) ||
	    (colon = span_find_byte(buf_view(&decoded), ':')) == SIZE_MAX || colon == 0)
		login_challenge(x); /* Thunderbird sends an empty name in the middle of a connection */
	else if (is_remembered(session, header))
		login_give_user(session, user_r);
	else
		is_done = verify(x, way, header, plain_name(span_sub(buf_view(&decoded), 0, colon), &name),
				 span_sub(buf_view(&decoded), colon + 1, SIZE_MAX), user_r);
	if (decoded.n > 0)
		explicit_bzero(decoded.p, decoded.n);
	buf_done(&decoded);
	buf_done(&name);
	return is_done;
}

bool caldavd_login(struct http_exchange *x, struct dav_user *user_r)
{
	struct caldavd_session *session = login_session_of(x);
	struct span header = http_request_field(x, "Authorization"), rest;
	struct span scheme = span_sub(header, 0, span_find_byte(header, ' '));
	struct login_way way = way_of(x);

	*user_r = (struct dav_user){0};
	rest = span_trim(span_sub(header, scheme.n, SIZE_MAX));
	if (span_is_nocase(scheme, "Negotiate"))
		return login_negotiate(x, &way, rest, user_r);
	login_done(&session->login); /* a negotiation that was given up */
	if (span_is_nocase(scheme, "Basic"))
		return basic(x, &way, header, rest, user_r);
	if (span_is_nocase(scheme, "SCRAM-SHA-256") || span_is_nocase(scheme, "SCRAM-SHA-1"))
		return login_scram(x, &way, scheme, rest, user_r);
	/* Thunderbird asks without a password in the middle of a connection */
	if (header.p != NULL || !login_is_negotiated(x, &way, user_r))
		login_challenge(x);
	return true;
}

void caldavd_login_delay_over(struct http_exchange *x)
{
	login_refuse(x, login_delay_over(&login_session_of(x)->login));
}

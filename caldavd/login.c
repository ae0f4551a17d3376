/* HTTP Basic. The password comes with every request: common/auth remembers a keyed digest of it for minutes, and the
 * connection remembers for one minute that exactly these bytes were right, so that a sync of many requests asks nobody.
 * Every refusal carries the same challenge with the same realm: Thunderbird finds a stored password by it. */
#include "caldavd/login.h"
#include "caldavd/forwarded.h"
#include "common/base/base64.h"
#include "common/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { REMEMBERED_MS = 60000 };

static struct caldavd_session *session_of(struct http_exchange *x)
{
	return (struct caldavd_session *)x->session; /* its first member */
}

static void challenge(struct http_exchange *x)
{
	http_field_span(x, "WWW-Authenticate", SPAN("Basic realm=\"Trivet\", charset=\"UTF-8\""));
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

static void give_user(const struct caldavd_session *session, struct dav_user *user_r)
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

static bool remember(struct caldavd_session *session, struct span credentials, struct auth_identity *identity)
{
	struct net_session *net = &session->http.net;

	session->verified_at = 0;
	if (net->user == NULL || !span_is(span_of(net->user), identity->name))
		if (!net_session_logged_in(net, identity->name)) {
			auth_identity_done(identity);
			return false;
		}
	auth_identity_done(&session->identity);
	session->identity = *identity;
	arena_destroy(&session->user_arena);
	session->user_arena = arena_create();
	if (directory_find(session->daemon->service.directory, span_of(identity->name), session->user_arena,
			   &session->user) != DIRECTORY_OK)
		return false;
	digest(session, credentials, session->credentials);
	session->verified_at = clock_uptime_ms();
	return true;
}

static void refuse(struct http_exchange *x, enum auth_result result)
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
		challenge(x);
		return;
	}
}

static bool verify(struct http_exchange *x, struct span header, struct span name, struct span password,
		   struct dav_user *user_r)
{
	struct caldavd_session *session = session_of(x);
	struct login_asker asker = {.session = &session->http.net, .auth = session->daemon->service.auth};
	struct login_answer answer;
	struct forwarded forwarded;

	if (forwarded_read(x, &forwarded) && forwarded.client != NULL) {
		x->log_remote = forwarded.client;
		asker.remote = strchr(forwarded.client, ':') == NULL
				       ? forwarded.client
				       : arena_printf(x->arena, "[%s]:0", forwarded.client);
		asker.is_trusted = forwarded.scheme.p == NULL
					   ? session->http.net.is_trusted
					   : forwarded.is_https ||
						     net_address_is_trusted(session->http.net.daemon, forwarded.client);
	}
	login_password(&session->login, &asker, name, password, &answer);
	if (answer.is_delayed)
		return false;
	if (answer.result != AUTH_OK) {
		refuse(x, answer.result);
	} else if (remember(session, header, &answer.identity)) {
		give_user(session, user_r);
	} else {
		http_field(x, "Retry-After", "60");
		http_answer_text(x, 503, "There are too many sessions");
	}
	return true;
}

bool caldavd_login(struct http_exchange *x, struct dav_user *user_r)
{
	struct caldavd_session *session = session_of(x);
	struct span header = http_request_field(x, "Authorization"), text = header;
	struct buf decoded = {0}, name = {0};
	bool is_done = true;
	size_t colon;

	*user_r = (struct dav_user){0};
	if (span_take_text_nocase(&text, "Basic ") != PARSE_OK || !base64_decode(span_trim(text), &decoded) ||
	    (colon = span_find_byte(buf_view(&decoded), ':')) == SIZE_MAX || colon == 0) {
		/* Thunderbird asks without a password in the middle of a connection, and with an empty one */
		challenge(x);
	} else if (is_remembered(session, header)) {
		give_user(session, user_r);
	} else {
		is_done = verify(x, header, plain_name(span_sub(buf_view(&decoded), 0, colon), &name),
				 span_sub(buf_view(&decoded), colon + 1, SIZE_MAX), user_r);
	}
	if (decoded.n > 0)
		explicit_bzero(decoded.p, decoded.n);
	buf_done(&decoded);
	buf_done(&name);
	return is_done;
}

void caldavd_login_delay_over(struct http_exchange *x)
{
	refuse(x, login_delay_over(&session_of(x)->login));
}

/* SASL over HTTP: SCRAM (RFC 7804), an exchange for each request, which any connection may carry on; and Negotiate
 * (RFC 4559), Kerberos in SPNEGO, whose exchange belongs to the connection, as does what it proves. Re-authentication
 * (RFC 7804, 5.1) is not offered. */
#include "caldavd/login_private.h"
#include "caldavd/waiting.h"
#include "common/base/base64.h"
#include "common/base/clock.h"

enum { KNOWN_MS = 60000 }; /* so long it is not asked whether the user is still there */

/* --- SCRAM --- */

struct scram {
	struct span realm, sid, data; /* p NULL: it was not sent */
};

/* token or quoted-string; the base64 of RFC 7804's own examples is neither, and is taken too. */
static struct span take_value(struct span *in)
{
	struct span value;
	size_t end = 0;

	if (in->n > 0 && in->p[0] == '"') {
		*in = span_sub(*in, 1, SIZE_MAX);
		end = span_find_byte(*in, '"'); /* no value of ours has one in it, or a backslash */
		value = span_sub(*in, 0, end);
		*in = end == SIZE_MAX ? (struct span){0} : span_sub(*in, end + 1, SIZE_MAX);
		return value;
	}
	while (end < in->n && in->p[end] != ',' && in->p[end] != ' ' && in->p[end] != '\t')
		end++;
	value = span_sub(*in, 0, end);
	*in = span_sub(*in, end, SIZE_MAX);
	return value;
}

static bool is_between(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

static struct scram read_parameters(struct span in)
{
	struct scram scram = {0};

	for (;;) {
		struct span name, value;
		size_t equals;

		while (in.n > 0 && is_between(in.p[0]))
			in = span_sub(in, 1, SIZE_MAX);
		if ((equals = span_find_byte(in, '=')) == SIZE_MAX)
			return scram;
		name = span_trim(span_sub(in, 0, equals));
		in = span_sub(in, equals + 1, SIZE_MAX);
		while (in.n > 0 && (in.p[0] == ' ' || in.p[0] == '\t'))
			in = span_sub(in, 1, SIZE_MAX);
		value = take_value(&in);
		if (span_is_nocase(name, "realm"))
			scram.realm = value;
		else if (span_is_nocase(name, "sid"))
			scram.sid = value;
		else if (span_is_nocase(name, "data"))
			scram.data = value;
	}
}

static void go_on(struct http_exchange *x, struct span scheme, struct span data)
{
	struct caldavd_session *session = login_session_of(x);
	char name[WAITING_NAME_BYTES + 1];

	waiting_put(session->daemon->waiting, login_detach(&session->login), name);
	http_field(x, "WWW-Authenticate", "%.*s sid=%s, data=\"%.*s\"", (int)scheme.n, scheme.p, name, (int)data.n,
		   data.p);
	http_answer_text(x, 401, "Please go on");
}

static bool start(struct http_exchange *x, const struct login_asker *asker, struct span scheme,
		  const struct scram *scram, struct buf *said, struct login_answer *answer)
{
	struct buf first = {0};
	bool is_good = (scram->realm.p == NULL || span_is(scram->realm, LOGIN_REALM)) &&
		       base64_decode(scram->data, &first) && first.n > 0;

	if (is_good)
		login_start(&login_session_of(x)->login, asker, scheme, buf_view(&first), true, said, answer);
	buf_done(&first);
	return is_good;
}

static bool next(struct http_exchange *x, const struct login_asker *asker, const struct scram *scram, struct buf *said,
		 struct login_answer *answer)
{
	struct caldavd_session *session = login_session_of(x);
	struct auth_exchange *exchange = waiting_take(session->daemon->waiting, scram->sid);

	if (exchange != NULL)
		login_go_on(&session->login, asker, exchange, scram->data, said, answer);
	return exchange != NULL;
}

/* False: the answer must wait. */
static bool settle_scram(struct http_exchange *x, struct span scheme, const struct scram *scram, struct span said,
			 struct login_answer *answer, struct dav_user *user_r)
{
	if (answer->is_delayed)
		return false;
	if (answer->result == AUTH_CONTINUE) {
		go_on(x, scheme, said);
	} else if (answer->result != AUTH_OK) {
		login_refuse(x, answer->result);
	} else if (login_accept(x, &answer->identity, user_r)) {
		http_field(x, "Authentication-Info", "sid=%.*s, data=\"%.*s\"", (int)scram->sid.n, scram->sid.p,
			   (int)said.n, said.p);
	}
	return true;
}

bool login_scram(struct http_exchange *x, const struct login_way *way, struct span scheme, struct span parameters,
		 struct dav_user *user_r)
{
	struct scram scram = read_parameters(parameters);
	struct login_answer answer;
	struct buf said = {0};
	bool is_done = true;

	if (scram.sid.p == NULL ? start(x, &way->asker, scheme, &scram, &said, &answer)
				: next(x, &way->asker, &scram, &said, &answer))
		is_done = settle_scram(x, scheme, &scram, buf_view(&said), &answer, user_r);
	else
		login_challenge(x);
	buf_done(&said);
	return is_done;
}

/* --- Negotiate --- */

static bool settle_negotiate(struct http_exchange *x, bool is_shared, struct span said, struct login_answer *answer,
			     struct dav_user *user_r)
{
	struct caldavd_session *session = login_session_of(x);

	if (answer->is_delayed)
		return false;
	if (answer->result != AUTH_OK && answer->result != AUTH_CONTINUE) {
		login_refuse(x, answer->result);
		return true;
	}
	if (said.n > 0)
		http_field(x, "WWW-Authenticate", "Negotiate %.*s", (int)said.n, said.p);
	if (answer->result == AUTH_CONTINUE) {
		http_answer_text(x, 401, "Please go on");
	} else if (login_accept(x, &answer->identity, user_r)) {
		session->negotiated_at = is_shared ? 0 : clock_uptime_ms();
		http_field(x, "Persistent-Auth", is_shared ? "false" : "true");
	}
	return true;
}

bool login_negotiate(struct http_exchange *x, const struct login_way *way, struct span token, struct dav_user *user_r)
{
	struct caldavd_session *session = login_session_of(x);
	struct buf first = {0}, said = {0};
	struct login_answer answer;
	bool is_done;

	if (session->login != NULL && !way->is_shared) {
		login_line(&session->login, token, &said, &answer);
	} else if (base64_decode(token, &first) && first.n > 0) {
		login_done(&session->login);
		login_start(&session->login, &way->asker, SPAN("GSS-SPNEGO"), buf_view(&first), true, &said, &answer);
	} else {
		buf_done(&first);
		login_challenge(x);
		return true;
	}
	is_done = settle_negotiate(x, way->is_shared, buf_view(&said), &answer, user_r);
	buf_done(&first);
	buf_done(&said);
	return is_done;
}

/* Looks again from time to time whether the user has been removed or switched off meanwhile. */
static bool is_still_there(struct caldavd_session *session)
{
	int64_t now = clock_uptime_ms();
	struct directory_user user;
	struct arena *arena;
	bool is;

	if (now - session->negotiated_at <= KNOWN_MS)
		return true;
	arena = arena_create();
	is = directory_find(session->daemon->service.directory, span_of(session->identity.name), arena, &user) ==
		     DIRECTORY_OK &&
	     user.id == session->identity.user && !user.is_disabled;
	arena_destroy(&arena);
	if (is)
		session->negotiated_at = now;
	return is;
}

bool login_is_negotiated(struct http_exchange *x, const struct login_way *way, struct dav_user *user_r)
{
	struct caldavd_session *session = login_session_of(x);

	if (session->negotiated_at == 0 || way->is_shared || !is_still_there(session))
		return false;
	login_give_user(session, user_r);
	return true;
}

/* A log-in over a session of common/net: password or SASL exchange, and the delay after a failure, for which the
 * session waits in its loop and no worker does. Each protocol writes its own words around it. The session's owner;
 * workers. */
#ifndef SERVICE_LOGIN_H
#define SERVICE_LOGIN_H

#include "common/auth/auth.h"
#include "common/net/net.h"

/* The client's side as common/auth wants to know it; valid while the session's fields are. */
struct login_peer {
	struct auth_peer peer;
	unsigned char binding[64];
	char *client_name;
};
/* detail_separator: see struct auth_peer; '\0': none. */
void login_peer_init(struct login_peer *peer, struct net_session *session, char detail_separator);
void login_peer_done(struct login_peer *peer);

/* What a session keeps while a log-in is under way, and NULL else. */
struct login;

/* Who asks, and how. */
struct login_asker {
	struct net_session *session;
	struct auth *auth;
	char detail_separator;
	/* Where a proxy has said who the client is; remote NULL: it is the session's other side. Borrowed for the call.
	 */
	const char *remote;
	bool is_trusted; /* with remote: plain-text passwords are allowed */
};

struct login_answer {
	enum auth_result result;
	/* AUTH_OK: who it is; the caller's to give to auth_identity_done(). */
	struct auth_identity identity;
	/* A failure that is not to be told yet: work() gets NET_WHY_TIMER, and login_delay_over() gives it then. Until
	 * then the session reads nothing. */
	bool is_delayed;
};

/* Name and password: LOGIN, PASS. */
void login_password(struct login **login, const struct login_asker *asker, struct span user, struct span password,
		    struct login_answer *answer_r);
/* An exchange (RFC 4422). initial is raw. AUTH_CONTINUE: base64 of the challenge is appended to challenge;
 * over HTTP with AUTH_OK too, where there is a last word. */
void login_start(struct login **login, const struct login_asker *asker, struct span mechanism, struct span initial,
		 bool has_initial, struct buf *challenge, struct login_answer *answer_r);
/* The client's next line, base64, without the line end. What is no base64 is AUTH_BAD_SYNTAX; "*" is the caller's to
 * see, who then gives the exchange up by login_done(). */
void login_line(struct login **login, struct span line, struct buf *challenge, struct login_answer *answer_r);
/* Over HTTP an exchange may go on over another connection: it is taken out of the login, which is gone, and goes on in
 * a new one, with the client's next message as in login_line(). */
struct auth_exchange *login_detach(struct login **login);
void login_go_on(struct login **login, const struct login_asker *asker, struct auth_exchange *exchange,
		 struct span response, struct buf *challenge, struct login_answer *answer_r);
enum auth_result login_delay_over(struct login **login);
void login_done(struct login **login);

#endif

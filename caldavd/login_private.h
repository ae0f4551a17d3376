/* What the ways to log in over HTTP share. */
#ifndef CALDAVD_LOGIN_PRIVATE_H
#define CALDAVD_LOGIN_PRIVATE_H

#include "caldavd/login.h"

#define LOGIN_REALM "Trivet"

static inline struct caldavd_session *login_session_of(struct http_exchange *x)
{
	return (struct caldavd_session *)x->session; /* its first member */
}

struct login_way {
	struct login_asker asker; /* with what a proxy says of him, which lies in the exchange's arena */
	bool is_shared;           /* by way of a proxy: the next request on this connection may be somebody else's */
};
/* 401 with all that is offered. */
void login_challenge(struct http_exchange *x);
void login_refuse(struct http_exchange *x, enum auth_result result);
/* The connection is now this user's: user_r is set, or the answer is. identity becomes the session's. */
bool login_accept(struct http_exchange *x, struct auth_identity *identity, struct dav_user *user_r);
void login_give_user(const struct caldavd_session *session, struct dav_user *user_r);

/* login_sasl.c: as caldavd_login(), by what stands behind the scheme. */
bool login_scram(struct http_exchange *x, const struct login_way *way, struct span scheme, struct span parameters,
		 struct dav_user *user_r);
bool login_negotiate(struct http_exchange *x, const struct login_way *way, struct span token, struct dav_user *user_r);
/* Without credentials: has this connection been negotiated? Then user_r is set. */
bool login_is_negotiated(struct http_exchange *x, const struct login_way *way, struct dav_user *user_r);

#endif

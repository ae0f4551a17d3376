/* LOGIN, AUTHENTICATE, and the delay after a failure (login.c). */
#ifndef IMAPD_LOGIN_H
#define IMAPD_LOGIN_H

#include "imapd/session.h"

imap_run_fn imap_login_run, imap_authenticate_run;

/* The client's next line of a SASL exchange, without the line end (RFC 9051, 6.2.2). Worker. */
void imap_login_line(struct imap_session *session, struct span line);
/* The delay is over: the answer that waited is given. */
void imap_login_delay_over(struct imap_session *session);
void imap_login_done(struct imap_session *session); /* frees what an unfinished exchange keeps; harmless twice */

/* The client's side as common/auth wants to know it; valid while the session's fields are. */
struct imap_peer {
	struct auth_peer peer;
	unsigned char binding[64];
	char *client_name;
};
void imap_peer_init(struct imap_peer *peer, struct imap_session *session);
void imap_peer_done(struct imap_peer *peer);

#endif

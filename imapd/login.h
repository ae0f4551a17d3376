/* LOGIN, AUTHENTICATE, and the answer after a failure's delay (login.c). */
#ifndef IMAPD_LOGIN_H
#define IMAPD_LOGIN_H

#include "imapd/session.h"

imap_run_fn imap_login_run, imap_authenticate_run;

/* The client's next line of a SASL exchange, without the line end (RFC 9051, 6.2.2). Worker. */
void imap_login_line(struct imap_session *session, struct span line);
/* The delay is over: the answer that waited is given. */
void imap_login_delay_over(struct imap_session *session);

#endif

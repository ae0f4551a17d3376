/* Who asks: Basic (RFC 7617), SCRAM (RFC 7804) and Negotiate (RFC 4559), the slow check once in a while. */
#ifndef CALDAVD_LOGIN_H
#define CALDAVD_LOGIN_H

#include "caldavd/dav/dav.h"

/* True: user_r is set, or the answer is; false: the answer must wait (HTTP_BEGIN_LATER). */
bool caldavd_login(struct http_exchange *x, struct dav_user *user_r);
/* The time has come: the answer is set. */
void caldavd_login_delay_over(struct http_exchange *x);

#endif

/* One POP3 connection: its state, its maildrop, the answer that is being sent. Owned by one thread at a time. */
#ifndef POP3D_SESSION_H
#define POP3D_SESSION_H

#include "common/net/line.h"
#include "common/service/login.h"
#include "pop3d/pop3d.h"

struct pop3_maildrop; /* maildrop.h */
struct pop3_answer;   /* answer.h */

enum pop3_state { /* bits, for the command table (RFC 1939, 3) */
		  POP3_AUTHORIZATION = 1,
		  POP3_TRANSACTION = 2,
		  POP3_UPDATE = 4, /* after QUIT: the connection closes */
};

enum pop3_mode {
	POP3_MODE_COMMAND, /* the next line is a command */
	POP3_MODE_AUTH,    /* … of a SASL exchange */
	POP3_MODE_DELAY,   /* nothing is read: the answer to a failed log-in waits for its time */
};

struct pop3_session {
	struct net_session net; /* first */
	struct pop3d *pop3d;
	struct net_lines lines;
	enum pop3_state state;
	enum pop3_mode mode;
	unsigned bad_streak;            /* bad commands in a row */
	struct buf user;                /* what USER said, while PASS is awaited; empty else */
	struct login *login;            /* NULL unless a log-in is under way */
	struct pop3_maildrop *maildrop; /* NULL before log-in */
	struct pop3_answer *answer;     /* a long answer that goes on; NULL else */
};

/* "+OK text", "-ERR text" and their line end. text may begin with a response code (RFC 2449, 8). */
void pop3_ok(struct pop3_session *session, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pop3_err(struct pop3_session *session, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a command that makes no sense: so many in a row end the session. */
void pop3_bad(struct pop3_session *session, const char *text);

#endif

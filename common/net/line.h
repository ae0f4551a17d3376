/* Lines out of a session's input, for protocols whose commands are lines. Whoever owns the session. */
#ifndef NET_LINE_H
#define NET_LINE_H

#include "common/net/net.h"

struct net_lines {
	size_t at;        /* bytes at the front of session->in that are used up; 0 outside work() */
	size_t seen;      /* bytes behind them that hold no line end */
	bool is_skipping; /* a line was too long: the rest of it is thrown away */
};

enum net_line {
	NET_LINE_NONE, /* no whole line has come */
	NET_LINE_OK,
	NET_LINE_TOO_LONG, /* told once; the next call goes on behind its end */
};

/* Would net_line_take() say anything but NONE? Looks at every byte once. max: bytes with the line end. */
bool net_line_is_there(struct net_lines *lines, const struct net_session *session, size_t max);
/* *line_r is borrowed from session->in until net_lines_settle(), without its line end: CRLF, or LF alone. */
enum net_line net_line_take(struct net_lines *lines, const struct net_session *session, size_t max,
			    struct span *line_r);
/* What has come behind the lines that were taken. Who uses some of it up adds that to lines->at. */
struct span net_lines_rest(const struct net_lines *lines, const struct net_session *session);
/* At the end of work(): drops what is used up. */
void net_lines_settle(struct net_lines *lines, struct net_session *session);

#endif

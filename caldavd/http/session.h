/* An HTTP/1.1 connection (RFC 9112): requests one after the other, keep-alive and pipelined, each with a head, perhaps
 * a body, and an answer. Knows nothing of what is served. Owned by one thread at a time. */
#ifndef CALDAVD_HTTP_SESSION_H
#define CALDAVD_HTTP_SESSION_H

#include "caldavd/http/chunk.h"
#include "caldavd/http/exchange.h"
#include "common/net/net.h"

enum http_begin {
	HTTP_BEGIN_NOW,
	HTTP_BEGIN_LATER, /* a timer runs (net_session_set_timer()); resume() is called then */
};

struct http_service {
	size_t head_max;           /* bytes of a head */
	unsigned head_ms, body_ms; /* how long a head may take; how long a body may stand still */
	bool logs_access;          /* one line a request */
	bool compresses;
	/* Worker. The head is there and its target parsed. Sets body_max, or the answer: then run() is not called. */
	enum http_begin (*begin)(struct http_exchange *x);
	void (*resume)(struct http_exchange *x);
	/* Worker. The body is there: must set the answer. */
	void (*run)(struct http_exchange *x);
	/* Worker. The exchange ends, whatever became of it. */
	void (*end)(struct http_exchange *x);
};

enum http_mode {
	HTTP_MODE_HEAD,
	HTTP_MODE_DELAY,
	HTTP_MODE_BODY,
	HTTP_MODE_ANSWER,
	HTTP_MODE_LINGER, /* the last answer is out, and the body that nobody wants still comes (RFC 9112, 9.6) */
};

struct http_session {
	struct net_session net; /* first */
	const struct http_service *service;
	enum http_mode mode;
	size_t scanned; /* of a head that has not come whole */
	struct http_exchange *exchange;
	struct http_chunks chunks;
	uint64_t body_left; /* HTTP_BODY_LENGTH */
	uint64_t body_got, body_mark;
	bool has_timer;
};

/* The members of a struct net_protocol; session_open() is the daemon's, and calls this one first. */
enum net_next http_session_open(struct http_session *session, const struct http_service *service);
enum net_next http_session_look(struct net_session *net);
enum net_next http_session_work(struct net_session *net, unsigned why);
enum net_next http_session_timed_out(struct net_session *net);
void http_session_farewell(struct net_session *net, const char *reason);
void http_session_close(struct http_session *session); /* harmless twice */
void http_session_describe(const struct net_session *net, struct buf *out);

#endif

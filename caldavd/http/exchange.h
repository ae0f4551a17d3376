/* One request and its answer, as the methods see them. Owned by the session's owner; gone when the answer has been
 * written. */
#ifndef CALDAVD_HTTP_EXCHANGE_H
#define CALDAVD_HTTP_EXCHANGE_H

#include "caldavd/http/head.h"
#include "caldavd/http/target.h"
#include "common/base/buf.h"

struct http_session;
struct http_encoder;

enum http_step {
	HTTP_STEP_MORE, /* call again when there is room */
	HTTP_STEP_DONE,
	HTTP_STEP_FAILED, /* before the first byte has gone out: 500; behind it: the connection ends */
};

/* A long answer. step() appends some KiB to out; between two steps it holds no lock, no statement, no transaction.
 * stop() is called exactly once: after DONE, after FAILED, or when the client has gone. */
struct http_generator {
	enum http_step (*step)(struct http_generator *generator, struct buf *out);
	void (*stop)(struct http_generator *generator);
};

/* Where a large body goes as it arrives, instead of into memory. Freed by whoever set it. */
struct http_sink {
	bool (*take)(struct http_sink *sink, struct span bytes); /* false: it cannot be kept: 507 */
};

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

struct http_exchange {
	struct http_session *session;
	void *state;         /* the service's; it lies in the arena */
	struct arena *arena; /* lives as long as the exchange */
	struct http_head head;
	struct http_target target;
	/* the body: begin() sets how much of it may come, and where it goes */
	uint64_t body_max;
	struct http_sink *sink;
	struct buf body;
	/* the answer; status 0: there is none yet */
	unsigned status;
	struct buf fields; /* "Name: value\r\n"… */
	struct buf answer; /* its body, or what of it has been generated and not yet sent */
	struct http_generator *generator;
	uint64_t length;   /* of the whole body, where it is known before it is generated */
	bool may_compress; /* it is text, without secrets, and has no strong entity tag */
	bool must_close;   /* no further request on this connection */
	bool is_head_sent, is_discarding;
	bool is_refused_early;             /* its body still comes, and nobody takes it */
	const char *log_user, *log_remote; /* for the access log; NULL: nobody, the session's other side */
	struct http_encoder *encoder;
	struct buf head_bytes;
	uint64_t sent; /* bytes of the body */
};

/* A header field of the answer. value by printf; our own words, or bytes that were checked for line ends. */
void http_field(struct http_exchange *x, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void http_field_span(struct http_exchange *x, const char *name, struct span value);

/* The whole answer: text (NULL: none) is of ours; type NULL: without a body. */
void http_answer(struct http_exchange *x, unsigned status, const char *type, struct span body);
/* One line of plain text for a person. */
void http_answer_text(struct http_exchange *x, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A long one. length: HTTP_LENGTH_UNKNOWN, or exactly so many bytes will be generated. */
void http_answer_generated(struct http_exchange *x, unsigned status, const char *type, struct http_generator *generator,
			   uint64_t length);

const char *http_reason(unsigned status);

/* The first field of that name; p NULL: there is none. */
static inline struct span http_request_field(const struct http_exchange *x, const char *name)
{
	return http_head_field(&x->head, name);
}

#endif

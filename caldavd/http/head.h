/* The head of an HTTP/1.1 request: request line and fields (RFC 9112, 2 to 6). Strict: whatever two servers could read
 * in two ways is refused, so that no request is smuggled through a proxy. Any thread. */
#ifndef CALDAVD_HTTP_HEAD_H
#define CALDAVD_HTTP_HEAD_H

#include "common/base/arena.h"
#include "common/base/span.h"

enum { HTTP_FIELDS_MAX = 200 };

enum http_body {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,  /* .length bytes */
	HTTP_BODY_CHUNKED, /* chunk.h */
};

struct http_field {
	struct span name, value; /* borrowed from the head; the value without blanks around it */
};

struct http_head {
	struct span method, target; /* borrowed */
	unsigned minor;             /* of HTTP/1.x */
	struct http_field *fields;  /* in the arena */
	size_t field_count;
	enum http_body body;
	uint64_t length;
	bool keep_alive;       /* the connection may serve another request */
	bool expects_continue; /* 100-continue (RFC 9110, 10.1.1) */
};

/* The length of the head with the empty line that ends it; 0: it has not come yet. Looks at every byte once: *scanned
 * is 0 for a new head and the caller's to keep. One empty line in front of a head is part of it (RFC 9112, 2.2). */
size_t http_head_length(struct span in, size_t *scanned);

/* head: as http_head_length() has found it. Returns 0, or the status of the refusal with its reason in *reason_r: 400,
 * 431 (too many fields), 501 (a transfer coding), 505. */
unsigned http_head_parse(struct span head, struct arena *arena, struct http_head *head_r, const char **reason_r);

/* The value of the first field of that name; p NULL: there is none. */
struct span http_head_field(const struct http_head *head, const char *name);

#endif

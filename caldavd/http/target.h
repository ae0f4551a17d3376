/* A request's target, and any other address of ours (href, Destination), in pieces (RFC 9112, 3.2; RFC 3986). Any
 * thread. */
#ifndef CALDAVD_HTTP_TARGET_H
#define CALDAVD_HTTP_TARGET_H

#include "common/base/arena.h"
#include "common/base/span.h"

enum { HTTP_SEGMENTS_MAX = 16 };

struct http_target {
	bool is_asterisk;      /* "*": the server itself */
	struct span host;      /* of an absolute address; p NULL: none; borrowed */
	struct span *segments; /* of the path, percent-decoded, valid UTF-8; in the arena */
	size_t segment_count;
	bool ends_with_slash;
	bool has_encoded_slash; /* in a segment: a trick everywhere but where names of zones are asked for */
	struct span query;      /* still encoded; p NULL: none; borrowed */
};

/* False: malformed, or a trick: an encoded NUL, "." or ".." as a segment, empty segments in the middle, bytes
 * that are no UTF-8, a scheme that is not http or https. */
bool http_target_parse(struct span text, struct arena *arena, struct http_target *target_r);

#endif

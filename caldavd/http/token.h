/* The small pieces of HTTP's grammar (RFC 9110, 5.6, 8.8.3). Any thread. */
#ifndef CALDAVD_HTTP_TOKEN_H
#define CALDAVD_HTTP_TOKEN_H

#include "common/base/span.h"

bool http_is_token(struct span s); /* 1*tchar */

/* The next element of a comma-separated list without quoted strings; empty ones are passed over (RFC 9110, 5.6.1.2). */
bool http_list_next(struct span *list, struct span *element_r);

struct http_entity_tag {
	struct span opaque; /* with its quotes; borrowed */
	bool is_weak;
};
/* entity-tag (RFC 9110, 8.8.3). PARSE_OK or PARSE_BAD. */
enum parse http_entity_tag_parse(struct span *in, struct http_entity_tag *tag_r);

/* Does If-Match or If-None-Match name this entity tag (with its quotes; p NULL: there is no such resource)? "*" names
 * any that is there. weak: weak ones count too (If-None-Match). False also where the value is malformed. */
bool http_names_entity_tag(struct span value, struct span tag, bool weak);

#endif

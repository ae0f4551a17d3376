/* The frame of a 207 answer (RFC 4918, 13). */
#ifndef CALDAVD_DAV_MULTISTATUS_H
#define CALDAVD_DAV_MULTISTATUS_H

#include "caldavd/dav/property.h"

static inline void dav_multistatus_begin(struct buf *out)
{
	buf_text(out, XML_DECLARATION "<D:multistatus" XML_PREFIXES ">\n");
}

static inline void dav_multistatus_end(struct buf *out)
{
	buf_text(out, "</D:multistatus>\n");
}

/* The answer is 207, written by the generator. */
static inline void dav_multistatus(struct dav_request *r, struct http_generator *generator)
{
	if (r->is_minimal || r->without_root)
		http_field(r->x, "Preference-Applied", "%s",
			   r->is_minimal && r->without_root ? "return=minimal, depth-noroot"
			   : r->is_minimal                  ? "return=minimal"
							    : "depth-noroot");
	r->x->may_compress = true;
	http_answer_generated(r->x, 207, "application/xml; charset=utf-8", generator, HTTP_LENGTH_UNKNOWN);
}

/* … or is there already; body is the responses. */
static inline void dav_multistatus_of(struct dav_request *r, struct span responses)
{
	struct buf body = {0};

	dav_multistatus_begin(&body);
	buf_span(&body, responses);
	dav_multistatus_end(&body);
	r->x->may_compress = true;
	http_answer(r->x, 207, "application/xml; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

#endif

/* Tags, sync tokens, error bodies, and what a failed operation of the store is called in HTTP. */
#include "caldavd/dav/dav.h"
#include "common/base/must.h"

#include <stdarg.h>
#include <stdio.h>

static const char hex[] = "0123456789abcdef";
static const char token_prefix[] = "urn:x-trivet:sync:";

struct span dav_tag_write(const unsigned char tag[STORE_TAG_BYTES], char to[DAV_TAG_TEXT])
{
	size_t n = 0;

	to[n++] = '"';
	for (size_t i = 0; i < STORE_TAG_BYTES; i++) {
		to[n++] = hex[tag[i] >> 4];
		to[n++] = hex[tag[i] & 15];
	}
	to[n++] = '"';
	return span_from(to, n);
}

void dav_write_sync_token(const struct store_collection *collection, uint64_t modseq, uint64_t floor, struct buf *out)
{
	buf_text(out, token_prefix);
	buf_u64(out, collection->id);
	buf_byte(out, ':');
	buf_u64(out, modseq);
	if (floor == 0)
		return;
	buf_byte(out, ':');
	buf_u64(out, floor);
}

bool dav_parse_sync_token(struct span text, const struct store_collection *collection, uint64_t *modseq_r,
			  uint64_t *floor_r)
{
	uint64_t id;
	size_t colon;

	text = span_trim(text);
	*floor_r = 0;
	if (span_take_text(&text, token_prefix) != PARSE_OK || span_take_u64(&text, INT64_MAX, &id) != PARSE_OK ||
	    span_take_byte(&text, ':') != PARSE_OK || id != collection->id)
		return false;
	colon = span_find_byte(text, ':');
	return (colon == SIZE_MAX || span_to_u64(span_sub(text, colon + 1, SIZE_MAX), INT64_MAX, floor_r)) &&
	       span_to_u64(span_sub(text, 0, colon), INT64_MAX, modseq_r);
}

/* --- errors --- */

void dav_error_xml(struct dav_request *r, unsigned status, const char *condition, struct span inner)
{
	struct buf body = {0};

	buf_text(&body, XML_DECLARATION "<D:error" XML_PREFIXES "><");
	buf_text(&body, condition);
	if (inner.n == 0) {
		buf_text(&body, "/>");
	} else {
		buf_byte(&body, '>');
		buf_span(&body, inner);
		buf_text(&body, "</");
		buf_text(&body, condition);
		buf_byte(&body, '>');
	}
	buf_text(&body, "</D:error>\n");
	http_answer(r->x, status, "application/xml; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

void dav_error(struct dav_request *r, unsigned status, const char *condition, const char *fmt, ...)
{
	struct buf inner = {0};
	char text[1000] = "";
	va_list args;

	if (fmt != NULL) {
		int n;

		va_start(args, fmt);
		n = vsnprintf(text, sizeof text, fmt, args);
		va_end(args);
		must(n >= 0);
	}
	if (condition == NULL) {
		http_answer_text(r->x, status, "%s", text);
		return;
	}
	xml_write_text(span_of(text), &inner);
	dav_error_xml(r, status, condition, buf_view(&inner));
	buf_done(&inner);
}

unsigned dav_status_of(enum store_status status)
{
	switch (status) {
	case STORE_OK:
		return 200;
	case STORE_NOT_FOUND:
	case STORE_GONE:
		return 404;
	case STORE_EXISTS:
	case STORE_CONFLICT:
		return 409;
	case STORE_DENIED:
	case STORE_INVALID:
		return 403;
	case STORE_LIMIT:
	case STORE_OVER_QUOTA:
	case STORE_NO_SPACE:
		return 507;
	case STORE_LOCKED:
		return 423;
	case STORE_BUSY:
	case STORE_UNCERTAIN:
		return 503;
	case STORE_BROKEN:
		return 500;
	}
	return 500;
}

void dav_fail(struct dav_request *r, enum store_status status)
{
	unsigned code = dav_status_of(status);

	switch (status) {
	case STORE_OVER_QUOTA:
		dav_error(r, code, "D:quota-not-exceeded", NULL);
		return;
	case STORE_NO_SPACE:
		dav_error(r, code, "D:sufficient-disk-space", NULL);
		return;
	case STORE_LOCKED:
		dav_answer_locked(r, NULL);
		return;
	case STORE_DENIED:
		dav_error(r, code, "D:need-privileges", NULL);
		return;
	case STORE_BUSY:
	case STORE_UNCERTAIN:
		http_field(r->x, "Retry-After", "5");
		http_answer_text(r->x, code, "The store is busy; try again");
		return;
	case STORE_OK:
	case STORE_NOT_FOUND:
	case STORE_GONE:
	case STORE_EXISTS:
	case STORE_CONFLICT:
	case STORE_INVALID:
	case STORE_LIMIT:
	case STORE_BROKEN:
		http_answer_text(r->x, code, "%s", http_reason(code));
		return;
	}
}

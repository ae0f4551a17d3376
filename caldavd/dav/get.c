/* GET and HEAD (RFC 9110, 9.3.1): an object's bytes as they are, or a part of them (RFC 9110, 14); a calendar as one
 * text for whoever subscribes to it, or as a page for a person. */
#include "caldavd/http/date.h"
#include "caldavd/caldav/export.h"
#include "caldavd/dav/methods.h"
#include "caldavd/dav/property.h"
#include "caldavd/page/page.h"
#include "common/base/alloc.h"

#include <stdlib.h>

enum { INLINE_MAX = 65536, PIECE = 65536 };

/* --- a large one, from its blob --- */

struct blob_answer {
	struct http_generator generator; /* first */
	struct store_blob *blob;
	uint64_t at, end;
};

static enum http_step step(struct http_generator *generator, struct buf *out)
{
	struct blob_answer *a = (struct blob_answer *)generator;
	size_t want = a->end - a->at < PIECE ? (size_t)(a->end - a->at) : PIECE, got = 0;

	if (want > 0 && (store_blob_read(a->blob, a->at, buf_room(out, want), want, &got) != STORE_OK || got == 0))
		return HTTP_STEP_FAILED;
	buf_added(out, got);
	a->at += got;
	return a->at == a->end ? HTTP_STEP_DONE : HTTP_STEP_MORE;
}

static void stop(struct http_generator *generator)
{
	struct blob_answer *a = (struct blob_answer *)generator;

	store_blob_close(&a->blob);
	free(a);
}

/* --- ranges --- */

struct range {
	uint64_t from, end; /* [from, end) */
	bool is_part;
};

/* One range of bytes; several, and what is malformed, are answered with the whole. False: it lies behind the end. */
static bool parse_range(struct dav_request *r, uint64_t size, struct span tag, struct range *range_r)
{
	struct span text = http_request_field(r->x, "Range"), condition = http_request_field(r->x, "If-Range");
	uint64_t from = 0, last = 0;

	*range_r = (struct range){0, size, false};
	if (text.p == NULL || (condition.p != NULL && !span_equal(condition, tag)) ||
	    span_take_text_nocase(&text, "bytes=") != PARSE_OK)
		return true;
	if (span_take_byte(&text, '-') == PARSE_OK) {
		if (!span_to_u64(text, UINT64_MAX / 2, &last))
			return true;
		if (last == 0 || size == 0)
			return false;
		*range_r = (struct range){last < size ? size - last : 0, size, true};
		return true;
	}
	if (span_take_u64(&text, UINT64_MAX / 2, &from) != PARSE_OK || span_take_byte(&text, '-') != PARSE_OK)
		return true;
	if (text.n == 0)
		last = size == 0 ? 0 : size - 1;
	else if (!span_to_u64(text, UINT64_MAX / 2, &last) || last < from)
		return true;
	if (from >= size)
		return false;
	*range_r = (struct range){from, last < size ? last + 1 : size, true};
	return true;
}

/* --- an object --- */

bool dav_answer_blob(struct dav_request *r, unsigned status, const char *type, uint64_t blob, uint64_t from,
		     uint64_t end)
{
	struct blob_answer *a = alloc_zero(1, sizeof *a);
	enum store_status opened = store_blob_open(r->store, blob, &a->blob);

	a->generator = (struct http_generator){.step = step, .stop = stop};
	a->at = from;
	a->end = end;
	if (opened != STORE_OK) {
		stop(&a->generator);
		r->x->fields.n = 0; /* they are about what cannot be given */
		dav_fail(r, opened);
		return false;
	}
	http_answer_generated(r->x, status, type, &a->generator, end - from);
	return true;
}

void dav_answer_object(struct dav_request *r, unsigned ok)
{
	const struct store_object *object = &r->resource.object;
	const char *type = arena_text(r->arena, dav_content_type(&r->resource));
	char text[DAV_TAG_TEXT];
	struct span tag = dav_tag_write(object->tag, text), bytes;
	struct buf date = {0};
	struct range range = {0, object->size, false};
	enum store_status status;

	http_field_span(r->x, "ETag", tag);
	http_field(r->x, "Accept-Ranges", "bytes");
	if (ok == 200 && !parse_range(r, object->size, tag, &range)) {
		http_field(r->x, "Content-Range", "bytes */%llu", (unsigned long long)object->size);
		http_answer_text(r->x, 416, "The range lies behind the end");
		return;
	}
	http_date_write(object->modified_at, &date);
	http_field_span(r->x, "Last-Modified", buf_view(&date));
	buf_done(&date);
	if (r->resource.type == DAV_FILE) { /* what somebody has put here must not run as a page of ours */
		http_field(r->x, "Content-Security-Policy", "sandbox; default-src 'none'");
		http_field(r->x, "X-Content-Type-Options", "nosniff");
	}
	if (range.is_part)
		http_field(r->x, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)range.from,
			   (unsigned long long)range.end - 1, (unsigned long long)object->size);
	if (object->size > INLINE_MAX) {
		(void)dav_answer_blob(r, range.is_part ? 206 : ok, type, object->blob, range.from, range.end);
		return;
	}
	status = store_object_bytes(r->store, object->blob, INLINE_MAX, r->arena, &bytes);
	if (status != STORE_OK) {
		r->x->fields.n = 0;
		dav_fail(r, status);
		return;
	}
	http_answer(r->x, range.is_part ? 206 : ok, type, span_sub(bytes, range.from, range.end - range.from));
}

/* A browser says that it wants HTML before all else. */
static bool wants_page(const struct dav_request *r)
{
	return span_find(http_request_field(r->x, "Accept"), SPAN("text/html")) != SIZE_MAX;
}

void dav_get_run(struct dav_request *r)
{
	if (r->resource.type & (DAV_OBJECT | DAV_FILE))
		dav_answer_object(r, 200);
	else if (r->target.segment_count == 2 && span_is(r->target.segments[0], ".well-known")) {
		/* RFC 6764, 5; without the host, so that it holds behind any proxy */
		http_field(r->x, "Location", "%.*s/", (int)r->daemon->options.base_path.n,
			   r->daemon->options.base_path.p);
		http_answer_text(r->x, 301, "CalDAV is here");
	} else if ((r->resource.type & (DAV_CALENDAR | DAV_INBOX)) && !wants_page(r)) {
		caldav_export_run(r);
	} else {
		page_get_run(r);
	}
}

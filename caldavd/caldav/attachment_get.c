/* GET and HEAD of /attachments/MANAGED-ID/NAME: for its owner. The name stands there for programs that show it. */
#include "caldavd/caldav/attachment.h"
#include "caldavd/caldav/attachment_name.h"
#include "caldavd/http/token.h"
#include "caldavd/ical/ical_http.h"
#include "common/base/alloc.h"
#include "common/store/attachment.h"

#include <stdlib.h>

enum { PIECE = 65536 };

struct file_answer {
	struct http_generator generator; /* first */
	struct store_blob *blob;
	uint64_t at, end;
};

static enum http_step step(struct http_generator *generator, struct buf *out)
{
	struct file_answer *a = (struct file_answer *)generator;
	size_t want = a->end - a->at < PIECE ? (size_t)(a->end - a->at) : PIECE, got = 0;

	if (want > 0 && (store_blob_read(a->blob, a->at, buf_room(out, want), want, &got) != STORE_OK || got == 0))
		return HTTP_STEP_FAILED;
	buf_added(out, got);
	a->at += got;
	return a->at == a->end ? HTTP_STEP_DONE : HTTP_STEP_MORE;
}

static void stop(struct http_generator *generator)
{
	struct file_answer *a = (struct file_answer *)generator;

	store_blob_close(&a->blob);
	free(a);
}

/* The bytes of a MANAGED-ID never change: it is its own entity tag. */
static bool is_known(struct dav_request *r, const struct store_attachment *file)
{
	struct span condition = http_request_field(r->x, "If-None-Match");
	struct span tag = span_of(arena_printf(r->arena, "\"%.*s\"", (int)file->id.n, file->id.p));

	http_field_span(r->x, "ETag", tag);
	if (condition.p == NULL || !http_names_entity_tag(condition, tag, true))
		return false;
	http_answer(r->x, 304, NULL, SPAN(""));
	return true;
}

/* What somebody has put here must not run as a page of ours. */
static void write_fields(struct dav_request *r, const struct store_attachment *file)
{
	struct buf disposition = {0};

	attachment_disposition_write(file->name, &disposition);
	http_field_span(r->x, "Content-Disposition", buf_view(&disposition));
	http_field_span(r->x, "Content-Security-Policy", SPAN("sandbox; default-src 'none'"));
	http_field_span(r->x, "X-Content-Type-Options", SPAN("nosniff"));
	buf_done(&disposition);
}

static void answer(struct dav_request *r, const struct store_attachment *file)
{
	struct file_answer *a = alloc_zero(1, sizeof *a);
	enum store_status status = store_blob_open(r->store, file->blob, &a->blob);

	*a = (struct file_answer){
		.generator = {.step = step, .stop = stop}, .blob = a->blob, .at = 0, .end = file->size};
	if (status != STORE_OK) {
		stop(&a->generator);
		r->x->fields.n = 0;
		dav_fail(r, status);
		return;
	}
	write_fields(r, file);
	http_answer_generated(r->x, 200, arena_text(r->arena, file->type), &a->generator, file->size);
}

void caldav_attachment_get_run(struct dav_request *r)
{
	struct span method = span_of(r->method->name);
	struct store_attachment file;
	enum store_status status = STORE_NOT_FOUND;

	if (!span_is(method, "GET") && !span_is(method, "HEAD")) {
		ical_http_refuse_method(r, "OPTIONS, GET, HEAD");
		return;
	}
	if (r->target.segment_count >= 2 && r->target.segment_count <= 3)
		status = store_attachment_get(r->store, r->user.id, r->target.segments[1], r->arena, &file);
	if (status != STORE_OK)
		dav_fail(r, status);
	else if (!is_known(r, &file))
		answer(r, &file);
}

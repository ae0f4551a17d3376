/* GET and HEAD of /attachments/MANAGED-ID/NAME: for its owner. The name stands there for programs that show it. */
#include "caldavd/caldav/attachment.h"
#include "caldavd/caldav/attachment_name.h"
#include "caldavd/dav/methods.h"
#include "caldavd/http/token.h"
#include "caldavd/ical/ical_http.h"
#include "common/store/attachment.h"

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
	write_fields(r, file);
	(void)dav_answer_blob(r, 200, arena_text(r->arena, file->type), file->blob, 0, file->size);
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

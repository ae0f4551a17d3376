/* GET of a calendar: its objects joined as they are read, some at a time. */
#include "caldavd/caldav/export.h"
#include "caldavd/caldav/calendar_data.h"
#include "caldavd/http/token.h"
#include "common/base/alloc.h"
#include "common/ical/collection.h"

#include <stdlib.h>

enum { PAGE = 64 };

struct export
{
	struct http_generator generator; /* first */
	struct dav_request *r;
	struct ical_join *join;
	struct arena *page;
	struct store_object list[PAGE];
	size_t count;
	uint64_t bytes;
	struct span name, after;
	struct buf after_bytes;
	bool is_begun;
};

static bool take(void *arg, const struct store_object *object)
{
	struct export *e = arg;

	e->list[e->count] = *object;
	e->list[e->count++].name = arena_span(e->page, object->name);
	e->bytes += object->size;
	return e->bytes < CALDAV_PAGE_BYTES;
}

/* 1: there may be more; 0: that was all; -1: the store failed. */
static int write_page(struct export *e, struct buf *out)
{
	struct dav_request *r = e->r;
	struct caldav_view view = {.r = r, .wants_data = true};

	e->count = 0;
	e->bytes = 0;
	if (store_object_each(r->store, r->resource.owner.id, r->resource.collection.id, e->after, PAGE, take, e) !=
		    STORE_OK ||
	    !caldav_view_prepare(&view, e->list, e->count))
		return -1;
	for (size_t i = 0; i < e->count; i++) {
		struct span bytes = caldav_view_bytes(&view, &e->list[i]);

		if (bytes.p == NULL)
			return -1;
		(void)ical_join_add(e->join, bytes, out);
	}
	if (e->count < PAGE && e->bytes < CALDAV_PAGE_BYTES)
		return 0;
	e->after_bytes.n = 0;
	buf_span(&e->after_bytes, e->list[e->count - 1].name);
	e->after = buf_view(&e->after_bytes);
	return 1;
}

static enum http_step step(struct http_generator *generator, struct buf *out)
{
	struct export *e = (struct export *)generator;
	int more;

	if (!e->is_begun) {
		e->is_begun = true;
		ical_join_begin(e->join, e->name, out);
		return HTTP_STEP_MORE;
	}
	arena_reset(e->page);
	e->r->arena = e->page;
	more = write_page(e, out);
	e->r->arena = e->r->x->arena;
	if (more < 0)
		return HTTP_STEP_FAILED;
	if (more > 0)
		return HTTP_STEP_MORE;
	ical_join_end(e->join, out);
	return HTTP_STEP_DONE;
}

static void stop(struct http_generator *generator)
{
	struct export *e = (struct export *)generator;

	e->r->arena = e->r->x->arena;
	ical_join_destroy(&e->join);
	arena_destroy(&e->page);
	buf_done(&e->after_bytes);
	free(e);
}

/* The display name, as far as a file may be called that. */
static void write_disposition(struct dav_request *r, struct span name)
{
	struct buf file = {0};

	for (size_t i = 0; i < name.n && file.n < 100; i++) {
		unsigned char c = (unsigned char)name.p[i];

		buf_byte(&file, c < ' ' || c > 126 || c == '"' || c == '\\' || c == '/' ? '_' : (char)c);
	}
	http_field(r->x, "Content-Disposition", "attachment; filename=\"%.*s.ics\"", (int)file.n, file.p);
	buf_done(&file);
}

void caldav_export_run(struct dav_request *r)
{
	struct dav_subject subject;
	struct span tag = span_of(arena_printf(r->arena, "\"%llu-%llu\"", (unsigned long long)r->resource.collection.id,
					       (unsigned long long)r->resource.collection.modseq));
	struct span condition = http_request_field(r->x, "If-None-Match");
	struct export *e;

	http_field(r->x, "ETag", "W/%.*s", (int)tag.n, tag.p);
	if (condition.p != NULL && http_names_entity_tag(condition, tag, true)) {
		http_answer(r->x, 304, NULL, SPAN(""));
		return;
	}
	e = alloc_zero(1, sizeof *e);
	e->generator = (struct http_generator){.step = step, .stop = stop};
	e->r = r;
	e->join = ical_join_create();
	e->page = arena_create();
	dav_subject_init(&subject, r, &r->resource);
	e->name = dav_stored_text(&subject, NS_DAV, "displayname");
	write_disposition(r, e->name.n > 0 ? e->name : r->resource.collection.name);
	r->x->may_compress = true;
	http_answer_generated(r->x, 200, "text/calendar; charset=utf-8", &e->generator, HTTP_LENGTH_UNKNOWN);
}

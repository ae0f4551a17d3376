/* sync-collection (RFC 6578): what has changed since a token, straight from the journal. With a limit the answer may be
 * a part, whose token leads to the rest. */
#include "caldavd/caldav/calendar_data.h"
#include "caldavd/dav/multistatus.h"
#include "caldavd/dav/report.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 256 };

struct block { /* of the list: nothing is copied as it grows */
	struct block *next;
	size_t count;
	struct store_object_change list[PAGE];
};

struct sync {
	struct http_generator generator; /* first */
	struct dav_request *r;
	struct dav_selection selection;
	struct caldav_view view;
	struct arena *arena, *page; /* of the list; of one step */
	struct block *first, *last; /* told block by block */
	size_t told;                /* of the first one */
	size_t count;
	uint64_t modseq;        /* where the token leads */
	uint64_t removed_floor; /* of a sync from nothing that goes on in parts; 0 else */
	bool is_begun, is_part;
	size_t max;
};

static bool take(void *arg, const struct store_object_change *change)
{
	struct sync *sync = arg;
	struct store_object_change *to;

	if (sync->count == sync->max) { /* one more than may be told: there is a rest */
		sync->is_part = true;
		return false;
	}
	if (sync->last == NULL || sync->last->count == PAGE) {
		struct block *block = arena_bytes(sync->arena, sizeof *block);

		block->next = NULL;
		block->count = 0;
		if (sync->last == NULL)
			sync->first = block;
		else
			sync->last->next = block;
		sync->last = block;
	}
	sync->count++;
	to = &sync->last->list[sync->last->count++];
	*to = *change;
	to->object.name = arena_span(sync->arena, change->object.name);
	to->object.facts.uid = (struct span){0};
	to->object.facts.type = arena_span(sync->arena, change->object.facts.type);
	to->object.schedule_tag = arena_span(sync->arena, change->object.schedule_tag);
	return true;
}

/* --- the answer --- */

static bool prepare(struct sync *sync, const struct store_object_change *list, size_t count)
{
	struct store_object *objects;
	size_t there = 0;

	if (!sync->view.wants_data)
		return true;
	objects = arena_bytes(sync->page, PAGE * sizeof *objects);
	for (size_t i = 0; i < count; i++)
		if (!list[i].is_removed)
			objects[there++] = list[i].object;
	return caldav_view_prepare(&sync->view, objects, there);
}

/* The rest of the block; where contents are told, too, so many as may be held at a time. */
static size_t page_count(const struct sync *sync, const struct store_object_change *list)
{
	size_t rest = sync->first->count - sync->told, count = 0;
	uint64_t bytes = 0;

	if (!sync->view.wants_data)
		return rest;
	while (count < rest && bytes < CALDAV_PAGE_BYTES)
		bytes += list[count++].object.size;
	return count;
}

static bool tell_page(struct sync *sync, struct buf *out)
{
	struct dav_request *r = sync->r;
	const struct store_object_change *list = sync->first->list + sync->told;
	size_t count = page_count(sync, list);

	if (!prepare(sync, list, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct dav_resource child;

		if (list[i].is_removed) {
			dav_write_status_response(dav_child_href(r, &r->resource, list[i].object.name, false), 404,
						  out);
			continue;
		}
		dav_child_object(r, &r->resource, &list[i].object, &child);
		if (!dav_write_response(r, &child, &sync->selection, out))
			return false;
	}
	sync->told += count;
	if (sync->told == sync->first->count) {
		sync->first = sync->first->next;
		sync->told = 0;
	}
	return true;
}

static void tell_end(struct sync *sync, struct buf *out)
{
	struct dav_request *r = sync->r;
	struct buf token = {0};

	if (sync->is_part) { /* RFC 6578, 3.6 */
		buf_text(out, "<D:response><D:href>");
		xml_write_text(r->resource.href, out);
		buf_text(out, "</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status><D:error>"
			      "<D:number-of-matches-within-limits/></D:error></D:response>\n");
	}
	dav_write_sync_token(&r->resource.collection, sync->modseq, sync->is_part ? sync->removed_floor : 0, &token);
	buf_text(out, "<D:sync-token>");
	xml_write_text(buf_view(&token), out);
	buf_text(out, "</D:sync-token>");
	buf_done(&token);
	dav_multistatus_end(out);
}

static enum http_step step(struct http_generator *generator, struct buf *out)
{
	struct sync *sync = (struct sync *)generator;
	bool ok;

	if (!sync->is_begun) {
		sync->is_begun = true;
		dav_multistatus_begin(out);
		return HTTP_STEP_MORE;
	}
	if (sync->first == NULL) {
		tell_end(sync, out);
		return HTTP_STEP_DONE;
	}
	arena_reset(sync->page);
	sync->r->arena = sync->page;
	ok = tell_page(sync, out);
	sync->r->arena = sync->r->x->arena;
	return ok ? HTTP_STEP_MORE : HTTP_STEP_FAILED;
}

static void stop(struct http_generator *generator)
{
	struct sync *sync = (struct sync *)generator;

	sync->r->arena = sync->r->x->arena;
	caldav_view_done(&sync->view);
	arena_destroy(&sync->page);
	arena_destroy(&sync->arena);
	free(sync);
}

/* --- the request --- */

static bool parse_limit(struct dav_request *r, const xmlNode *root, size_t *max_r)
{
	const xmlNode *limit = xml_child(xml_child(root, NS_DAV, "limit"), NS_DAV, "nresults");
	uint64_t number;

	*max_r = SIZE_MAX;
	if (limit == NULL)
		return true;
	if (!span_to_u64(span_trim(xml_text(limit, r->arena)), SIZE_MAX / 2, &number) || number == 0) {
		dav_error(r, 403, "D:number-of-matches-within-limits", NULL);
		return false;
	}
	*max_r = (size_t)number;
	return true;
}

static bool parse(struct dav_request *r, const xmlNode *root, struct sync *sync, uint64_t *since_r)
{
	const xmlNode *token = xml_child(root, NS_DAV, "sync-token"), *level = xml_child(root, NS_DAV, "sync-level");
	struct span text = token == NULL ? (struct span){0} : span_trim(xml_text(token, r->arena));

	*since_r = 0;
	if (r->has_depth && r->depth == DAV_DEPTH_1 && level == NULL) {
		; /* an early draft said the level with Depth */
	} else if (level != NULL) {
		struct span word = span_trim(xml_text(level, r->arena));

		if (!span_is(word, "1") && !span_is(word, "infinite") && !span_is(word, "infinity")) {
			http_answer_text(r->x, 400, "sync-level must be 1 or infinite");
			return false;
		}
	}
	/* 403, not 400 or 409: on those Thunderbird makes the calendar read-only and others give up (quirks 33, 41) */
	if (text.n > 0 && !dav_parse_sync_token(text, &r->resource.collection, since_r, &sync->removed_floor)) {
		dav_error(r, 403, "D:valid-sync-token", NULL);
		return false;
	}
	if (xml_child(root, NS_DAV, "prop") == NULL) {
		http_answer_text(r->x, 400, "A sync-collection has a prop");
		return false;
	}
	dav_selection_of_prop(r, xml_child(root, NS_DAV, "prop"), &sync->selection);
	return parse_limit(r, root, &sync->max) && caldav_view_init(&sync->view, r, &sync->selection);
}

void dav_sync_collection_run(struct dav_request *r, const xmlNode *root)
{
	struct sync *sync = alloc_zero(1, sizeof *sync);
	uint64_t since;
	enum store_status status;

	sync->generator = (struct http_generator){.step = step, .stop = stop};
	sync->r = r;
	sync->arena = arena_create();
	sync->page = arena_create();
	if (!parse(r, root, sync, &since)) {
		stop(&sync->generator);
		return;
	}
	status = store_object_changes(r->store, r->user.id, r->resource.collection.id, since, sync->removed_floor,
				      sync->max == SIZE_MAX ? SIZE_MAX : sync->max + 1, take, sync, &sync->modseq);
	if (since == 0)
		sync->removed_floor = r->resource.collection.removed_floor;
	if (status == STORE_OK) {
		if (sync->is_part)
			sync->modseq = sync->last->list[sync->last->count - 1].object.modseq;
		dav_multistatus(r, &sync->generator);
		return;
	}
	stop(&sync->generator);
	if (status == STORE_GONE)
		dav_error(r, 403, "D:valid-sync-token", NULL);
	else
		dav_fail(r, status);
}

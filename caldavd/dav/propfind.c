/* PROPFIND (RFC 4918, 9.1): as a generator over the resource and what is in it, some hundred objects at a time. */
#include "caldavd/dav/methods.h"
#include "caldavd/dav/multistatus.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, PAGE_BYTES = 256 * 1024 /* of the answer: properties of clients may be long */ };

struct propfind {
	struct http_generator generator; /* first */
	struct dav_request *r;
	struct dav_selection selection;
	struct arena *page;         /* what one step needs */
	struct dav_resource *queue; /* collections still to be looked into */
	size_t queued, queue_capacity, next;
	struct span after; /* in the one at work: the last object told */
	struct buf after_bytes;
	bool is_begun, is_in_objects, is_deep;
};

static void enqueue(struct propfind *p, const struct dav_resource *resource)
{
	arena_grow(p->r->x->arena, (void **)&p->queue, &p->queue_capacity, p->queued + 1, sizeof *p->queue);
	p->queue[p->queued++] = *resource;
}

static bool tell(struct propfind *p, const struct dav_resource *resource, struct buf *out)
{
	return dav_write_response(p->r, resource, &p->selection, out);
}

/* --- what lies in a resource that is not the store's --- */

static bool tell_own(struct propfind *p, const struct dav_resource *parent, struct buf *out)
{
	struct dav_request *r = p->r;
	struct dav_resource child = {.type = parent->type == DAV_HOMES ? DAV_HOME : DAV_PRINCIPAL, .owner = r->user};
	struct buf href = {0};
	bool ok;

	if (parent->type != DAV_HOMES && parent->type != DAV_PRINCIPALS)
		return true;
	if (child.type == DAV_HOME &&
	    store_collection_home(r->store, r->user.id, r->user.id, r->arena, &child.collection) != STORE_OK)
		return false;
	if (child.type == DAV_HOME)
		dav_write_home(r, r->user.name, &href);
	else
		dav_write_principal(r, r->user.name, &href);
	child.href = arena_span(r->x->arena, buf_view(&href));
	buf_done(&href);
	ok = tell(p, &child, out);
	if (p->is_deep && child.type == DAV_HOME)
		enqueue(p, &child);
	return ok;
}

static bool tell_collections(struct propfind *p, const struct dav_resource *parent, struct buf *out)
{
	struct dav_request *r = p->r;
	struct store_collection *list;
	size_t count;

	if (!(parent->type & (DAV_HOME | DAV_FOLDER)))
		return true;
	if (store_collection_list(r->store, r->user.id, parent->collection.id, r->x->arena, &list, &count) != STORE_OK)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct dav_resource child;
		struct arena *page = r->arena;

		r->arena = r->x->arena; /* it may be queued */
		dav_child_collection(r, parent, &list[i], &child);
		r->arena = page;
		if (!tell(p, &child, out))
			return false;
		if (p->is_deep)
			enqueue(p, &child);
	}
	return true;
}

struct page {
	struct propfind *p;
	struct store_object list[PAGE];
	size_t count;
};

static bool take_object(void *arg, const struct store_object *object)
{
	struct page *page = arg;
	struct arena *arena = page->p->page;
	struct store_object *to = &page->list[page->count++];

	*to = *object;
	to->name = arena_span(arena, object->name);
	to->facts.uid = (struct span){0};
	to->facts.type = arena_span(arena, object->facts.type);
	to->schedule_tag = arena_span(arena, object->schedule_tag);
	return true;
}

/* *more_r: there may be further ones. */
static bool tell_objects(struct propfind *p, const struct dav_resource *parent, struct buf *out, bool *more_r)
{
	struct dav_request *r = p->r;
	struct page *page = arena_new(p->page, struct page);
	enum store_status status;
	size_t told = 0;

	page->p = p;
	status = store_object_each(r->store, r->user.id, parent->collection.id, p->after, PAGE, take_object, page);
	if (status != STORE_OK)
		return status == STORE_NOT_FOUND; /* the collection has gone meanwhile */
	while (told < page->count && (told == 0 || out->n < PAGE_BYTES)) {
		struct dav_resource child;

		dav_child_object(r, parent, &page->list[told++], &child);
		if (!tell(p, &child, out))
			return false;
	}
	*more_r = told < page->count || page->count == PAGE;
	if (*more_r) {
		p->after_bytes.n = 0;
		buf_span(&p->after_bytes, page->list[told - 1].name);
		p->after = buf_view(&p->after_bytes);
	}
	return true;
}

/* --- steps --- */

static bool begin(struct propfind *p, struct buf *out)
{
	struct dav_request *r = p->r;

	p->is_begun = true;
	dav_multistatus_begin(out);
	if (r->depth != DAV_DEPTH_0 && (r->resource.type & DAV_COLLECTIONS))
		enqueue(p, &r->resource);
	return (r->without_root && r->depth != DAV_DEPTH_0) || tell(p, &r->resource, out);
}

static bool work_on(struct propfind *p, const struct dav_resource *parent, struct buf *out)
{
	bool more = false;

	if (!p->is_in_objects) {
		if (!tell_own(p, parent, out) || !tell_collections(p, parent, out))
			return false;
		p->is_in_objects = true;
		p->after = (struct span){0};
	}
	if ((parent->type & DAV_STORED) && !tell_objects(p, parent, out, &more))
		return false;
	if (more)
		return true;
	p->is_in_objects = false;
	p->next++;
	return true;
}

static enum http_step step(struct http_generator *generator, struct buf *out)
{
	struct propfind *p = (struct propfind *)generator; /* its first member */
	struct dav_request *r = p->r;
	bool ok;

	arena_reset(p->page);
	r->arena = p->page;
	if (!p->is_begun) {
		ok = begin(p, out);
	} else if (p->next < p->queued) {
		struct dav_resource parent = p->queue[p->next]; /* the queue may move */

		ok = work_on(p, &parent, out);
	} else {
		dav_multistatus_end(out);
		r->arena = r->x->arena;
		return HTTP_STEP_DONE;
	}
	r->arena = r->x->arena;
	return ok ? HTTP_STEP_MORE : HTTP_STEP_FAILED;
}

static void stop(struct http_generator *generator)
{
	struct propfind *p = (struct propfind *)generator;

	p->r->arena = p->r->x->arena;
	arena_destroy(&p->page);
	buf_done(&p->after_bytes);
	free(p);
}

/* --- the request --- */

/* propfind = prop | propname | (allprop, include?) (RFC 4918, 14.20). */
static bool parse(struct dav_request *r, struct dav_selection *selection)
{
	xmlNode *root, *child;

	*selection = (struct dav_selection){.kind = PROPFIND_ALL};
	if (r->xml == NULL)
		return true;
	root = xmlDocGetRootElement(r->xml);
	if (!xml_is(root, NS_DAV, "propfind")) {
		http_answer_text(r->x, 400, "The body is no propfind");
		return false;
	}
	if ((child = xml_child(root, NS_DAV, "prop")) != NULL && xml_child(root, NS_DAV, "allprop") == NULL &&
	    xml_child(root, NS_DAV, "propname") == NULL) {
		dav_selection_of_prop(r, child, selection);
		return true;
	}
	if (child == NULL && xml_child(root, NS_DAV, "propname") != NULL &&
	    xml_child(root, NS_DAV, "allprop") == NULL) {
		selection->kind = PROPFIND_NAMES;
		return true;
	}
	if (child == NULL && xml_child(root, NS_DAV, "allprop") != NULL) {
		if ((child = xml_child(root, NS_DAV, "include")) != NULL)
			dav_selection_of_prop(r, child, selection);
		selection->kind = PROPFIND_ALL;
		return true;
	}
	http_answer_text(r->x, 400, "A propfind has exactly one of prop, propname and allprop");
	return false;
}

void dav_propfind_run(struct dav_request *r)
{
	struct dav_selection selection;
	struct propfind *p;

	if (!parse(r, &selection))
		return;
	p = alloc_zero(1, sizeof *p);
	*p = (struct propfind){.generator = {.step = step, .stop = stop}, .r = r, .selection = selection};
	p->page = arena_create();
	p->is_deep = r->depth == DAV_DEPTH_INFINITY;
	dav_write_classes(r);
	dav_multistatus(r, &p->generator);
}

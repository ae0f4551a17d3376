/* calendar-query (RFC 4791, 7.8) and calendar-multiget (7.9). The index gives candidates; of these the row decides
 * where it can, then the kept instances, and only what is left is read, parsed and asked. A page of candidates at a
 * time, so a long answer holds nothing. */
#include "caldavd/caldav/check.h"
#include "caldavd/caldav/filter.h"
#include "caldavd/caldav/times_cache.h"
#include "caldavd/dav/multistatus.h"
#include "caldavd/dav/report.h"
#include "common/base/alloc.h"
#include "common/ical/ical.h"

#include <stdlib.h>

enum { PAGE = 64, HREFS_MAX = 20000 /* of a multiget: each is looked for */ };

struct candidate {
	struct store_object object;
	uint32_t calendar; /* index */
	bool is_missing;   /* multiget: .object.name is not there */
	struct span href;  /* multiget: as the client wrote it; p NULL: ours */
};

struct query {
	struct http_generator generator; /* first */
	struct dav_request *r;
	struct dav_selection selection;
	struct caldav_view view;
	const struct ical_comp_filter *filter; /* NULL: all of the list is wanted */
	struct caldav_index index;
	struct arena *arena, *page; /* of the list; of one step */
	struct dav_resource *calendars;
	size_t calendar_count, at_calendar; /* at_calendar: while candidates are gathered */
	struct candidate *list;
	size_t count, capacity, next;
	bool is_begun;
};

/* --- candidates --- */

static struct candidate *add(struct query *q)
{
	arena_grow(q->arena, (void **)&q->list, &q->capacity, q->count + 1, sizeof *q->list);
	q->list[q->count] = (struct candidate){.calendar = (uint32_t)q->at_calendar};
	return &q->list[q->count++];
}

static bool take(void *arg, const struct store_object *object)
{
	struct query *q = arg;
	struct candidate *candidate = add(q);

	candidate->object = *object;
	candidate->object.name = arena_span(q->arena, object->name);
	candidate->object.facts.uid = candidate->object.facts.type = (struct span){0};
	candidate->object.schedule_tag = arena_span(q->arena, object->schedule_tag);
	return true;
}

/* The calendar itself, or all in the home. */
static enum store_status find_calendars(struct query *q)
{
	struct dav_request *r = q->r;
	struct store_collection *list;
	size_t count;
	enum store_status status;

	if (r->resource.type != DAV_HOME) {
		q->calendars = &r->resource;
		q->calendar_count = 1;
		return STORE_OK;
	}
	status = store_collection_list(r->store, r->user.id, r->resource.collection.id, q->arena, &list, &count);
	q->calendars = arena_zero(q->arena, count + 1, sizeof *q->calendars);
	for (size_t i = 0; i < count; i++)
		if (list[i].kind == STORE_CALENDAR)
			dav_child_collection(r, &r->resource, &list[i], &q->calendars[q->calendar_count++]);
	return status;
}

/* Depth 0 on a calendar asks nothing that makes sense: Windows' mail (quirk 22) and others mean 1. */
static enum store_status gather(struct query *q)
{
	struct dav_request *r = q->r;
	enum store_status status = find_calendars(q);

	if (status == STORE_OK && r->resource.type == DAV_OBJECT) {
		(void)take(q, &r->resource.object);
		return STORE_OK;
	}
	for (q->at_calendar = 0; q->at_calendar < q->calendar_count && status == STORE_OK; q->at_calendar++)
		status =
			store_object_each_between(r->store, r->user.id, q->calendars[q->at_calendar].collection.id,
						  q->index.range.from, q->index.range.to, q->index.components, take, q);
	return status;
}

/* --- do they match? --- */

enum answer { NO, YES, ASK_IT };

/* RFC 4791, 9.9: an instance without duration counts at its start. */
static bool overlaps(int64_t first, int64_t last, const struct ical_range *range)
{
	return first < range->to && (last > range->from || (first == last && first >= range->from));
}

static enum answer answer_from_row(struct query *q, const struct store_object *object)
{
	const struct ical_range *range = &q->index.range;
	bool is_open = range->from == ICAL_OPEN_START && range->to == ICAL_OPEN_END;

	if (q->filter == NULL)
		return YES;
	if (q->index.components != 0 && !(object->facts.component & q->index.components))
		return NO;
	if (!q->index.is_exact)
		return ASK_IT;
	if (is_open)
		return YES;
	if (object->facts.flags & CALENDAR_PLAIN)
		return overlaps(object->facts.first, object->facts.last, range) ? YES : NO;
	switch (times_cache_overlap(q->r->daemon->times, object->blob, q->view.zone.key, range)) {
	case TIMES_YES:
		return YES;
	case TIMES_NO:
		return NO;
	case TIMES_UNKNOWN:
		break;
	}
	return ASK_IT;
}

/* An object that has become impossible to judge is told rather than hidden. */
static bool answer_from_object(struct query *q, const struct store_object *object, struct span bytes)
{
	struct ical_object *open = NULL;
	const char *problem;
	bool matches = false;

	if (bytes.p == NULL || ical_object_open(bytes, q->page, &open, NULL, &problem) != ICAL_GOOD)
		return bytes.p != NULL;
	if (ical_object_matches(open, q->filter, q->view.zone.zone, &matches) != ICAL_GOOD)
		matches = true;
	if (q->index.is_exact && !(object->facts.flags & CALENDAR_PLAIN))
		times_cache_add(q->r->daemon->times, object->blob, q->view.zone.key, open, q->view.zone.zone);
	ical_object_close(&open);
	return matches;
}

/* Asks those that the rows do not decide; their contents are read together. */
static bool ask(struct query *q, const struct candidate *list, enum answer *answers, size_t count)
{
	struct store_object *asked = arena_zero(q->page, count + 1, sizeof *asked);
	bool wants_data = q->view.wants_data;
	size_t n = 0;
	bool ok;

	for (size_t i = 0; i < count; i++)
		if (answers[i] == ASK_IT)
			asked[n++] = list[i].object;
	if (n == 0)
		return true;
	q->view.wants_data = true;
	ok = caldav_view_prepare(&q->view, asked, n);
	q->view.wants_data = wants_data;
	for (size_t i = 0; i < count && ok; i++)
		if (answers[i] == ASK_IT)
			answers[i] =
				answer_from_object(q, &list[i].object, caldav_view_bytes(&q->view, &list[i].object))
					? YES
					: NO;
	return ok;
}

/* --- the answer --- */

static bool tell(struct query *q, const struct candidate *list, const enum answer *answers, size_t count,
		 struct buf *out)
{
	struct store_object *wanted = arena_zero(q->page, count + 1, sizeof *wanted);
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (answers[i] == YES && !list[i].is_missing)
			wanted[n++] = list[i].object;
	if (!caldav_view_prepare(&q->view, wanted, n))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct dav_resource child;

		if (list[i].is_missing) { /* old Lightning wants an answer for every one (quirk 37) */
			dav_write_status_response(list[i].href, 404, out);
			continue;
		}
		if (answers[i] != YES)
			continue;
		if (q->r->resource.type == DAV_OBJECT)
			child = q->r->resource;
		else
			dav_child_object(q->r, &q->calendars[list[i].calendar], &list[i].object, &child);
		if (list[i].href.p != NULL)
			child.href = list[i].href;
		if (!dav_write_response(q->r, &child, &q->selection, out))
			return false;
	}
	return true;
}

static bool tell_page(struct query *q, struct buf *out)
{
	const struct candidate *list = q->list + q->next;
	size_t count = 0;
	uint64_t bytes = 0;
	enum answer answers[PAGE];

	while (count < PAGE && q->next + count < q->count && bytes < CALDAV_PAGE_BYTES)
		bytes += list[count++].object.size;
	for (size_t i = 0; i < count; i++)
		answers[i] = list[i].is_missing ? NO : answer_from_row(q, &list[i].object);
	q->next += count;
	return ask(q, list, answers, count) && tell(q, list, answers, count, out);
}

static enum http_step step(struct http_generator *generator, struct buf *out)
{
	struct query *q = (struct query *)generator;
	bool ok;

	if (!q->is_begun) {
		q->is_begun = true;
		dav_multistatus_begin(out);
		return HTTP_STEP_MORE;
	}
	if (q->next == q->count) {
		dav_multistatus_end(out);
		return HTTP_STEP_DONE;
	}
	arena_reset(q->page);
	q->r->arena = q->page;
	ok = tell_page(q, out);
	q->r->arena = q->r->x->arena;
	return ok ? HTTP_STEP_MORE : HTTP_STEP_FAILED;
}

static void stop(struct http_generator *generator)
{
	struct query *q = (struct query *)generator;

	q->r->arena = q->r->x->arena;
	caldav_view_done(&q->view);
	arena_destroy(&q->page);
	arena_destroy(&q->arena);
	free(q);
}

static struct query *query_create(struct dav_request *r)
{
	struct query *q = alloc_zero(1, sizeof *q);

	q->generator = (struct http_generator){.step = step, .stop = stop};
	q->r = r;
	q->arena = arena_create();
	q->page = arena_create();
	return q;
}

/* (allprop | propname | prop)? */
static void parse_selection(struct dav_request *r, const xmlNode *root, struct dav_selection *selection)
{
	const xmlNode *prop = xml_child(root, NS_DAV, "prop");

	*selection = (struct dav_selection){.kind = PROPFIND_ALL};
	if (prop != NULL)
		dav_selection_of_prop(r, prop, selection);
	else if (xml_child(root, NS_DAV, "propname") != NULL)
		selection->kind = PROPFIND_NAMES;
}

static void answer(struct query *q, enum store_status status)
{
	struct dav_request *r = q->r;

	if (status == STORE_OK) {
		dav_multistatus(r, &q->generator);
		return;
	}
	stop(&q->generator);
	dav_fail(r, status);
}

void caldav_query_run(struct dav_request *r, const xmlNode *root)
{
	const xmlNode *filter = xml_child(root, NS_CALDAV, "filter");
	struct query *q = query_create(r);

	parse_selection(r, root, &q->selection);
	if (!caldav_view_init(&q->view, r, &q->selection) || !caldav_find_zone(r, root, &q->view.zone)) {
		stop(&q->generator);
		return;
	}
	if (filter == NULL)
		dav_error(r, 403, "C:valid-filter", "there is no filter");
	else
		q->filter = caldav_filter_parse(r, filter);
	if (q->filter == NULL) {
		stop(&q->generator);
		return;
	}
	caldav_filter_index(q->filter, &q->index);
	answer(q, gather(q));
}

/* --- multiget --- */

/* One href: an object of the collection the report runs on, or of a calendar in that home. */
static enum store_status find_one(struct query *q, struct span href, struct dav_resource *resource_r)
{
	struct dav_request *r = q->r;
	struct http_target target;
	struct span alias = r->alias;
	enum store_status status = STORE_OK;

	*resource_r = (struct dav_resource){.type = DAV_NOTHING};
	if (dav_href_parse(r, href, &target))
		status = dav_resource_find(r, &target, resource_r);
	r->alias = alias;
	return status;
}

static bool is_below(const struct dav_resource *resource, const struct dav_resource *base)
{
	if (base->type == DAV_OBJECT)
		return resource->collection.id == base->collection.id &&
		       span_equal(resource->object.name, base->object.name);
	return base->type == DAV_HOME ? resource->owner.id == base->owner.id
				      : resource->collection.id == base->collection.id;
}

static struct dav_resource *add_calendar(struct query *q, size_t *capacity)
{
	void *list = q->calendars;

	arena_grow(q->arena, &list, capacity, q->calendar_count + 1, sizeof *q->calendars);
	q->calendars = list;
	return &q->calendars[q->calendar_count++];
}

static enum store_status gather_hrefs(struct query *q, const xmlNode *root)
{
	struct dav_request *r = q->r;
	size_t capacity = 0;
	enum store_status status = STORE_OK;

	for (xmlNode *node = xml_first(root); node != NULL && status == STORE_OK; node = xml_next(node)) {
		struct dav_resource resource;
		struct candidate *candidate;
		struct span href;

		if (!xml_is(node, NS_DAV, "href"))
			continue;
		href = span_trim(xml_text(node, r->arena));
		status = find_one(q, href, &resource);
		if (q->calendar_count == 0 ||
		    q->calendars[q->calendar_count - 1].collection.id != resource.collection.id)
			*add_calendar(q, &capacity) = resource;
		q->at_calendar = q->calendar_count - 1;
		candidate = add(q);
		candidate->href = href;
		if (resource.type == DAV_OBJECT && is_below(&resource, &r->resource))
			candidate->object = resource.object;
		else
			candidate->is_missing = true;
	}
	return status;
}

static size_t count_hrefs(const xmlNode *root)
{
	size_t count = 0;

	for (xmlNode *node = xml_first(root); node != NULL; node = xml_next(node))
		count += xml_is(node, NS_DAV, "href");
	return count;
}

void caldav_multiget_run(struct dav_request *r, const xmlNode *root)
{
	size_t count = count_hrefs(root);
	struct query *q;

	if (count == 0) {
		http_answer_text(r->x, 400, "A multiget names at least one href");
		return;
	}
	if (count > HREFS_MAX) {
		dav_error(r, 507, "D:number-of-matches-within-limits", NULL);
		return;
	}
	q = query_create(r);
	parse_selection(r, root, &q->selection);
	if (!caldav_view_init(&q->view, r, &q->selection) || !caldav_find_zone(r, NULL, &q->view.zone)) {
		stop(&q->generator);
		return;
	}
	answer(q, gather_hrefs(q, root));
}

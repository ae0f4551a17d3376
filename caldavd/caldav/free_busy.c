/* free-busy-query (RFC 4791, 7.10): one VFREEBUSY of everything in a range, and the same for the free-busy address. */
#include "caldavd/caldav/free_busy.h"
#include "caldavd/caldav/calendar_data.h"
#include "caldavd/caldav/check.h"
#include "caldavd/caldav/times_cache.h"
#include "caldavd/dav/report.h"
#include "common/base/clock.h"
#include "common/ical/freebusy.h"
#include "common/ical/ical.h"

enum { PAGE = 64, BUSY_COMPONENTS = STORE_EVENTS | STORE_FREEBUSY | STORE_AVAILABILITY };

struct gathering {
	struct dav_request *r;
	struct ical_busy *busy;
	const struct ical_range *range;
	struct caldav_zone zone;
	struct arena *arena;
	struct store_object *asked; /* those whose rows do not say it */
	size_t count, capacity;
};

static bool take(void *arg, const struct store_object *object)
{
	struct gathering *g = arg;
	const struct store_object_facts *facts = &object->facts;

	if ((facts->flags & CALENDAR_PLAIN) && facts->component == STORE_EVENTS) {
		if (!(facts->flags & CALENDAR_TRANSPARENT) && facts->last > facts->first)
			ical_busy_add_period(g->busy, facts->first, facts->last,
					     facts->flags & CALENDAR_TENTATIVE ? ICAL_BUSY_TENTATIVE : ICAL_BUSY);
		return true;
	}
	if (facts->component == STORE_EVENTS &&
	    times_cache_busy(g->r->daemon->times, object->blob, g->zone.key, g->busy, g->range))
		return true;
	arena_grow(g->arena, (void **)&g->asked, &g->capacity, g->count + 1, sizeof *g->asked);
	g->asked[g->count++] = (struct store_object){
		.blob = object->blob, .size = object->size, .facts = {.component = facts->component}};
	return true;
}

static void ask_one(struct gathering *g, const struct store_object *object, struct span bytes)
{
	struct ical_object *open = NULL;
	const char *problem;

	if (bytes.p == NULL || ical_object_open(bytes, g->r->arena, &open, NULL, &problem) != ICAL_GOOD)
		return;
	(void)ical_busy_add(g->busy, open, g->zone.zone); /* what cannot be expanded says nothing */
	if (object->facts.component == STORE_EVENTS)
		times_cache_add(g->r->daemon->times, object->blob, g->zone.key, open, g->zone.zone);
	ical_object_close(&open);
}

static bool ask(struct gathering *g)
{
	struct dav_request *r = g->r;
	struct arena *before = r->arena, *page = arena_create();
	bool ok = true;

	for (size_t at = 0, count; at < g->count && ok; at += count) {
		struct caldav_view view = {.r = r, .wants_data = true};
		uint64_t bytes = 0;

		for (count = 0; count < PAGE && at + count < g->count && bytes < CALDAV_PAGE_BYTES; count++)
			bytes += g->asked[at + count].size;
		arena_reset(page);
		r->arena = page;
		ok = caldav_view_prepare(&view, g->asked + at, count);
		for (size_t i = 0; i < count && ok; i++)
			ask_one(g, &g->asked[at + i], caldav_view_bytes(&view, &g->asked[at + i]));
	}
	r->arena = before;
	arena_destroy(&page);
	return ok;
}

bool caldav_gather_busy(struct dav_request *r, const struct dav_resource *calendar, const struct ical_range *range,
			struct ical_busy *busy)
{
	struct gathering g = {.r = r, .busy = busy, .range = range, .arena = arena_create()};
	bool ok;

	caldav_zone_of(r, calendar, &g.zone);
	ok = store_object_each_between(r->store, calendar->owner.id, calendar->collection.id, range->from, range->to,
				       BUSY_COMPONENTS, take, &g) == STORE_OK &&
	     ask(&g);
	caldav_zone_done(&g.zone);
	arena_destroy(&g.arena);
	return ok;
}

void caldav_answer_busy(struct dav_request *r, struct ical_busy *busy)
{
	struct buf body = {0};

	ical_busy_write(busy, clock_now(), &body);
	r->x->may_compress = true;
	http_answer(r->x, 200, "text/calendar; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

/* A home is all its calendars but those that say they take no time. */
bool caldav_gather_home_busy(struct dav_request *r, const struct dav_resource *home, const struct ical_range *range,
			     struct ical_busy *busy)
{
	struct store_collection *list;
	size_t count;
	bool ok = store_collection_list(r->store, home->owner.id, home->collection.id, r->arena, &list, &count) ==
		  STORE_OK;

	for (size_t i = 0; i < count && ok; i++) {
		struct dav_resource child;
		struct dav_subject subject;
		struct dav_wanted transp = {.ns = SPAN(NS_CALDAV), .name = SPAN("schedule-calendar-transp")};
		struct buf value = {0};

		if (list[i].kind != STORE_CALENDAR)
			continue;
		dav_child_collection(r, home, &list[i], &child);
		dav_subject_init(&subject, r, &child);
		(void)dav_write_property(&subject, &transp, &value);
		if (span_find(buf_view(&value), SPAN("transparent")) == SIZE_MAX)
			ok = caldav_gather_busy(r, &child, range, busy);
		buf_done(&value);
	}
	return ok;
}

void caldav_free_busy_run(struct dav_request *r, const xmlNode *root)
{
	const xmlNode *node = xml_child(root, NS_CALDAV, "time-range");
	struct ical_range range;
	struct ical_busy *busy;
	bool ok;

	if (node == NULL) {
		http_answer_text(r->x, 400, "A free-busy-query has a time-range");
		return;
	}
	if (!caldav_parse_range(r, node, false, &range))
		return;
	busy = ical_busy_create(&range);
	ok = r->resource.type == DAV_HOME ? caldav_gather_home_busy(r, &r->resource, &range, busy)
					  : caldav_gather_busy(r, &r->resource, &range, busy);
	if (ok)
		caldav_answer_busy(r, busy);
	else
		dav_fail(r, STORE_BUSY);
	ical_busy_destroy(&busy);
}

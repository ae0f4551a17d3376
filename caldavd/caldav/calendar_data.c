/* calendar-data. */
#include "caldavd/caldav/calendar_data.h"
#include "caldavd/ical/query.h"
#include "common/base/must.h"
#include "common/ical/ical.h"
#include "common/store/content.h"

#include <stdlib.h>

enum { EXPANDED_BYTES_MAX = 64 * 1024 * 1024, CHOICES_MAX = 500 };

/* --- times --- */

/* "20060104T000000Z" and nothing else (RFC 5545, 3.3.5, form 2). */
static bool parse_utc(struct span text, int64_t *seconds_r)
{
	return text.n == 16 && text.p[15] == 'Z' && query_time(text, seconds_r);
}

bool caldav_parse_range(struct dav_request *r, const xmlNode *node, bool may_be_open, struct ical_range *range_r)
{
	struct span start = xml_attribute(node, "start", r->arena), end = xml_attribute(node, "end", r->arena);

	*range_r = (struct ical_range){ICAL_OPEN_START, ICAL_OPEN_END};
	if ((start.p != NULL && !parse_utc(start, &range_r->from)) ||
	    (end.p != NULL && !parse_utc(end, &range_r->to)) || (start.p == NULL && end.p == NULL) ||
	    (!may_be_open && (start.p == NULL || end.p == NULL)) || range_r->from >= range_r->to) {
		dav_error(r, 403, "C:valid-filter", "a range has a start and an end behind it, in UTC");
		return false;
	}
	return true;
}

void caldav_zone_done(struct caldav_zone *zone)
{
	ical_zone_destroy(&zone->zone);
	zone->key = 0;
}

static bool take_zone(struct span text, bool is_name, struct caldav_zone *zone_r)
{
	const char *problem;

	if (text.n == 0)
		return false;
	zone_r->zone = is_name ? ical_zone_of_name(text) : ical_zone_parse(text, &problem);
	zone_r->key = 14695981039346656037U; /* FNV-1a */
	for (size_t i = 0; i < text.n; i++)
		zone_r->key = (zone_r->key ^ (unsigned char)text.p[i]) * 1099511628211U;
	if (zone_r->zone == NULL)
		zone_r->key = 0;
	return zone_r->zone != NULL;
}

void caldav_zone_of(struct dav_request *r, const struct dav_resource *calendar, struct caldav_zone *zone_r)
{
	struct dav_subject subject;

	*zone_r = (struct caldav_zone){0};
	dav_subject_init(&subject, r, calendar);
	if (!(calendar->type & (DAV_CALENDAR | DAV_INBOX | DAV_HOME)))
		return;
	if (!take_zone(dav_stored_text(&subject, NS_CALDAV, "calendar-timezone-id"), true, zone_r))
		(void)take_zone(dav_stored_text(&subject, NS_CALDAV, "calendar-timezone"), false, zone_r);
}

bool caldav_find_zone(struct dav_request *r, const xmlNode *query, struct caldav_zone *zone_r)
{
	const xmlNode *node;

	*zone_r = (struct caldav_zone){0};
	if ((node = xml_child(query, NS_CALDAV, "timezone")) != NULL) {
		if (!take_zone(xml_text(node, r->arena), false, zone_r))
			dav_error(r, 403, "C:valid-calendar-data", "the time zone is not understood");
		return zone_r->zone != NULL;
	}
	if ((node = xml_child(query, NS_CALDAV, "timezone-id")) != NULL) {
		if (!take_zone(xml_text(node, r->arena), true, zone_r))
			dav_error(r, 403, "C:valid-timezone", NULL);
		return zone_r->zone != NULL;
	}
	caldav_zone_of(r, &r->resource, zone_r);
	return true;
}

/* --- what is wanted --- */

static const struct ical_prop_choice *parse_props(struct dav_request *r, const xmlNode *comp)
{
	struct ical_prop_choice *first = NULL, **last = &first;

	for (xmlNode *node = xml_first(comp); node != NULL; node = xml_next(node)) {
		if (!xml_is(node, NS_CALDAV, "prop"))
			continue;
		*last = arena_new(r->arena, struct ical_prop_choice);
		(*last)->name = xml_attribute(node, "name", r->arena);
		(*last)->has_no_value = span_is_nocase(xml_attribute(node, "novalue", r->arena), "yes");
		last = (struct ical_prop_choice **)&(*last)->next;
	}
	return first;
}

/* comp = ((allprop | prop*), (allcomp | comp*)) (RFC 4791, 9.6.1). The depth is bounded by the parser's. */
static struct ical_comp_choice *parse_comp(struct dav_request *r, const xmlNode *node)
{
	struct ical_comp_choice *choice = arena_new(r->arena, struct ical_comp_choice), **last;

	choice->name = xml_attribute(node, "name", r->arena);
	choice->has_all_props = xml_child(node, NS_CALDAV, "allprop") != NULL;
	choice->has_all_comps = xml_child(node, NS_CALDAV, "allcomp") != NULL;
	choice->props = parse_props(r, node);
	last = (struct ical_comp_choice **)&choice->comps;
	for (xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
		if (!xml_is(child, NS_CALDAV, "comp"))
			continue;
		*last = parse_comp(r, child);
		last = (struct ical_comp_choice **)&(*last)->next;
	}
	return choice;
}

/* Elements in an element, up to a little more than max. */
static size_t count_elements(const xmlNode *node, size_t max)
{
	size_t count = 0;

	for (xmlNode *child = xml_first(node); child != NULL && count <= max; child = xml_next(child))
		count += 1 + count_elements(child, max);
	return count;
}

static bool parse_one_range(struct dav_request *r, const xmlNode *data, const char *name, struct ical_range *range,
			    const struct ical_range **to)
{
	const xmlNode *node = xml_child(data, NS_CALDAV, name);

	if (node == NULL)
		return true;
	*to = range;
	return caldav_parse_range(r, node, false, range);
}

static bool parse_data(struct caldav_view *view, const xmlNode *data)
{
	struct dav_request *r = view->r;
	const xmlNode *comp = xml_child(data, NS_CALDAV, "comp");
	struct span type = xml_attribute(data, "content-type", r->arena);
	struct span version = xml_attribute(data, "version", r->arena);

	if ((type.p != NULL && !span_is_nocase(type, "text/calendar")) ||
	    (version.p != NULL && !span_is(version, "2.0"))) {
		dav_error(r, 403, "C:supported-calendar-data", NULL);
		return false;
	}
	view->shape.without_zones = r->without_zones;
	if (count_elements(data, CHOICES_MAX) > CHOICES_MAX) { /* each is asked for each line of each object */
		dav_error(r, 403, "C:supported-calendar-data", NULL);
		return false;
	}
	if (comp != NULL)
		view->shape.choice = parse_comp(r, comp);
	return parse_one_range(r, data, "expand", &view->expand, &view->shape.expand) &&
	       parse_one_range(r, data, "limit-recurrence-set", &view->limit_recurrence,
			       &view->shape.limit_recurrence) &&
	       parse_one_range(r, data, "limit-freebusy-set", &view->limit_freebusy, &view->shape.limit_freebusy);
}

/* --- writing --- */

/* A large object many times over is too much sooner. */
static size_t instances_max(const struct dav_request *r, size_t bytes)
{
	size_t fit = EXPANDED_BYTES_MAX / (bytes + 1) + 1;

	return fit < r->daemon->options.instances_max ? fit : r->daemon->options.instances_max;
}

static bool write_shaped(struct caldav_view *view, struct span bytes, struct buf *out)
{
	struct dav_request *r = view->r;
	struct ical_object *object;
	const char *problem;
	bool ok;

	if (ical_object_open(bytes, r->arena, &object, NULL, &problem) != ICAL_GOOD)
		return false;
	view->scratch.n = 0;
	view->shape.max_instances = instances_max(r, bytes.n);
	ok = ical_object_write(object, &view->shape, view->zone.zone, &view->scratch) == ICAL_GOOD;
	ical_object_close(&object);
	if (ok)
		xml_write_text(buf_view(&view->scratch), out);
	return ok;
}

static bool write_data(struct dav_subject *subject, void *data, struct buf *out)
{
	struct caldav_view *view = data;
	size_t before = out->n;
	struct span bytes;

	if (subject->resource->type != DAV_OBJECT)
		return false;
	bytes = caldav_view_bytes(view, &subject->resource->object);
	if (bytes.p == NULL) {
		subject->failed = true;
		return false;
	}
	buf_text(out, "<C:calendar-data>");
	if (view->is_plain) {
		xml_write_text(bytes, out);
	} else if (!write_shaped(view, bytes, out)) {
		out->n = before;
		return false;
	}
	buf_text(out, "</C:calendar-data>");
	return true;
}

bool caldav_view_init(struct caldav_view *view, struct dav_request *r, struct dav_selection *selection)
{
	*view = (struct caldav_view){.r = r, .is_plain = !r->without_zones};
	selection->write_data = write_data;
	selection->data = view;
	for (size_t i = 0; i < selection->count; i++) {
		if (!dav_is_calendar_data(&selection->list[i]))
			continue;
		view->wants_data = true;
		if (!parse_data(view, selection->list[i].node))
			return false;
		view->is_plain &= view->shape.choice == NULL && view->shape.expand == NULL &&
				  view->shape.limit_recurrence == NULL && view->shape.limit_freebusy == NULL;
	}
	return true;
}

void caldav_view_done(struct caldav_view *view)
{
	caldav_zone_done(&view->zone);
	buf_done(&view->scratch);
}

/* --- reading --- */

struct reading {
	struct caldav_view *view;
	const uint64_t *blobs;
};

static int by_blob(const void *a, const void *b)
{
	const struct caldav_content *x = a, *y = b;

	return (x->blob > y->blob) - (x->blob < y->blob);
}

static bool take_content(void *arg, size_t index, const struct store_content *content)
{
	struct reading *reading = arg;

	if (!content->is_missing && content->bytes.p != NULL)
		reading->view->contents[index].bytes = arena_span(reading->view->r->arena, content->bytes);
	return true;
}

bool caldav_view_prepare(struct caldav_view *view, const struct store_object *objects, size_t count)
{
	struct dav_request *r = view->r;
	struct reading reading = {view, NULL};
	uint64_t *blobs;

	view->count = 0;
	if (!view->wants_data || count == 0)
		return true;
	view->contents = arena_zero(r->arena, count, sizeof *view->contents);
	view->count = count;
	blobs = arena_zero(r->arena, count, sizeof *blobs);
	for (size_t i = 0; i < count; i++)
		view->contents[i].blob = objects[i].blob;
	qsort(view->contents, count, sizeof *view->contents, by_blob);
	for (size_t i = 0; i < count; i++)
		blobs[i] = view->contents[i].blob;
	if (store_content_each(r->store, blobs, count, STORE_CONTENT_BYTES, take_content, &reading) != STORE_OK)
		return false;
	for (size_t i = 0; i < count; i++) /* those that are large lie elsewhere */
		if (view->contents[i].bytes.p == NULL)
			(void)store_object_bytes(r->store, blobs[i], (size_t)r->daemon->options.import_max, r->arena,
						 &view->contents[i].bytes);
	return true;
}

struct span caldav_view_bytes(const struct caldav_view *view, const struct store_object *object)
{
	struct caldav_content key = {.blob = object->blob}, *found;

	if (view->count == 0)
		return (struct span){0};
	found = bsearch(&key, view->contents, view->count, sizeof *view->contents, by_blob);
	return found == NULL ? (struct span){0} : found->bytes;
}

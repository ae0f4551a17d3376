/* /ical/USER/CALENDAR: a whole calendar as one text, read, put and deleted (as Zarafa had it: old subscriptions and
 * programs that publish calendars go on). /ical/ and /ical/USER/ stand for the default calendar. */
#include "caldavd/caldav/check.h"
#include "caldavd/caldav/export.h"
#include "caldavd/dav/property.h"
#include "caldavd/http/token.h"
#include "caldavd/ical/ical_http.h"
#include "caldavd/ical/import.h"

void ical_http_refuse_method(struct dav_request *r, const char *allowed)
{
	http_field_span(r->x, "Allow", span_of(allowed));
	if (span_is(span_of(r->method->name), "OPTIONS"))
		http_answer(r->x, 200, NULL, SPAN(""));
	else
		http_answer_text(r->x, 405, "That method is not possible here");
}

struct span ical_http_tag(struct dav_request *r, const struct store_collection *calendar)
{
	return span_of(arena_printf(r->arena, "\"%llu-%llu\"", (unsigned long long)calendar->id,
				    (unsigned long long)calendar->modseq));
}

/* --- which calendar --- */

/* The same as an address of WebDAV, by its old alias: there names are found in any case. */
static enum store_status find_as_dav(struct dav_request *r, const struct span *names, size_t count)
{
	struct http_target target = {.segments = arena_zero(r->arena, HTTP_SEGMENTS_MAX + 2, sizeof(struct span)),
				     .segment_count = count + 1};

	target.segments[0] = SPAN("caldav");
	for (size_t i = 0; i < count; i++)
		target.segments[i + 1] = names[i];
	return dav_resource_find(r, &target, &r->resource);
}

static bool is_displayed_as(struct dav_request *r, const struct store_collection *collection, struct span name)
{
	struct dav_resource resource = {.type = DAV_CALENDAR, .owner = r->user, .collection = *collection};
	struct dav_subject subject;

	dav_subject_init(&subject, r, &resource);
	return collection->kind == STORE_CALENDAR &&
	       span_equal_nocase(dav_stored_text(&subject, NS_DAV, "displayname"), name);
}

/* Zarafa's users know their calendars by the names that are shown. The name of the collection, or as it was. */
static struct span name_of_displayed(struct dav_request *r, uint64_t home, struct span name)
{
	struct store_collection *list;
	size_t count;

	if (store_collection_list(r->store, r->user.id, home, r->arena, &list, &count) != STORE_OK)
		return name;
	for (size_t i = 0; i < count; i++)
		if (is_displayed_as(r, &list[i], name))
			return list[i].name;
	return name;
}

static bool is_missing_in_home(const struct dav_request *r)
{
	return r->resource.type == DAV_UNMAPPED && r->resource.collection.kind == STORE_HOME &&
	       !r->resource.parent_is_missing;
}

/* Sets r->resource. Programs that look at the end of an address get their ".ics". */
static enum store_status find_calendar(struct dav_request *r)
{
	struct span names[HTTP_SEGMENTS_MAX + 1] = {r->user.name, SPAN("calendar")}, *last;
	size_t given = r->target.segment_count - 1, count = given > 2 ? given : 2;
	enum store_status status;

	for (size_t i = 0; i < given; i++)
		names[i] = r->target.segments[i + 1];
	last = &names[count - 1];
	status = find_as_dav(r, names, count);
	if (status == STORE_OK && is_missing_in_home(r) && last->n > 4 &&
	    span_equal_nocase(span_sub(*last, last->n - 4, 4), SPAN(".ics"))) {
		last->n -= 4;
		status = find_as_dav(r, names, count);
	}
	if (status != STORE_OK || !is_missing_in_home(r))
		return status;
	*last = name_of_displayed(r, r->resource.collection.id, *last);
	return find_as_dav(r, names, count);
}

/* --- conditions --- */

/* The tag is weak, since what is exported may look otherwise with the same objects in it; about the objects it is
 * exact, so If-Match may name it. */
static bool conditions_hold(struct dav_request *r)
{
	struct span match = http_request_field(r->x, "If-Match"), none = http_request_field(r->x, "If-None-Match");
	bool is_there = r->resource.type == DAV_CALENDAR;
	struct span tag = is_there ? ical_http_tag(r, &r->resource.collection) : (struct span){0};

	if (match.p != NULL && !(is_there && http_names_entity_tag(match, tag, true))) {
		http_answer_text(r->x, 412, "If-Match does not hold");
		return false;
	}
	if (none.p != NULL && is_there && http_names_entity_tag(none, tag, true)) {
		http_answer_text(r->x, 412, "If-None-Match does not hold");
		return false;
	}
	return true;
}

/* --- PUT --- */

/* A program publishes a calendar that is not there yet. Clients list each kind of component by itself (quirk 16), so it
 * takes what it begins with. */
static bool make_calendar(struct dav_request *r, const struct ical_import *import)
{
	struct store_new_collection make = {.parent = r->resource.collection.id,
					    .name = r->resource.name,
					    .kind = STORE_CALENDAR,
					    .components = import->components != 0 ? import->components : STORE_EVENTS};
	uint64_t id;
	enum store_status status = store_collection_make(r->store, r->user.id, &make, &r->guard, &id);

	if (status == STORE_OK)
		status = store_collection_get(r->store, r->user.id, id, r->arena, &r->resource.collection);
	if (status != STORE_OK)
		dav_fail(r, status);
	return status == STORE_OK;
}

static void answer_put(struct dav_request *r, enum store_status status, bool is_new)
{
	struct store_collection after;

	if (status == STORE_CONFLICT || status == STORE_EXISTS) {
		http_answer_text(r->x, 412, "It was changed meanwhile");
		return;
	}
	if (status != STORE_OK) {
		dav_fail(r, status);
		return;
	}
	if (store_collection_get(r->store, r->user.id, r->resource.collection.id, r->arena, &after) == STORE_OK) {
		struct span tag = ical_http_tag(r, &after);

		http_field(r->x, "ETag", "W/%.*s", (int)tag.n, tag.p);
	}
	http_answer(r->x, is_new ? 201 : 204, NULL, SPAN(""));
}

static void put(struct dav_request *r)
{
	bool is_new = r->resource.type != DAV_CALENDAR, strict = http_request_field(r->x, "If-Match").p != NULL;
	struct store_collection none = {0};
	struct ical_import import;
	struct store_object_counts counts;
	enum store_status status;

	if (!caldav_is_calendar_type(http_request_field(r->x, "Content-Type"))) {
		dav_error(r, 415, "C:supported-calendar-data", NULL);
		return;
	}
	if (http_request_field(r->x, "Content-Range").p != NULL) { /* RFC 9110, 14.5 */
		http_answer_text(r->x, 400, "Parts of a calendar cannot be put");
		return;
	}
	if (!ical_import_read(r, is_new ? &none : &r->resource.collection, buf_view(&r->x->body), &import) ||
	    !ical_import_check_attachments(r, &import) || (is_new && !make_calendar(r, &import)))
		return;
	status = ical_import_write(r, &r->resource.collection, &import, r->daemon->options.replaces, strict, &counts);
	if (status != STORE_OK && is_new)
		(void)store_collection_delete(r->store, r->user.id, r->resource.collection.id, &r->guard);
	answer_put(r, status, is_new);
}

/* --- DELETE --- */

static void delete (struct dav_request *r)
{
	enum store_status status;

	if (span_is(r->resource.path, "calendar")) { /* RFC 6638, 4.3 */
		dav_error(r, 403, "C:default-calendar-needed", NULL);
		return;
	}
	status = store_collection_delete(r->store, r->user.id, r->resource.collection.id, &r->guard);
	if (status == STORE_OK)
		http_answer(r->x, 204, NULL, SPAN(""));
	else
		dav_fail(r, status);
}

void ical_http_calendar_run(struct dav_request *r)
{
	struct span method = span_of(r->method->name);
	bool is_put = span_is(method, "PUT"), is_delete = span_is(method, "DELETE");
	enum store_status status;

	if (!is_put && !is_delete && !span_is(method, "GET") && !span_is(method, "HEAD")) {
		ical_http_refuse_method(r, "OPTIONS, GET, HEAD, PUT, DELETE");
		return;
	}
	if ((status = find_calendar(r)) != STORE_OK)
		dav_fail(r, status);
	else if (r->resource.type != DAV_CALENDAR && !(is_put && is_missing_in_home(r)))
		http_answer_text(r->x, 404, "There is no such calendar");
	else if (!is_put && !is_delete)
		caldav_export_run(r);
	else if (!conditions_hold(r))
		return;
	else if (is_put)
		put(r);
	else
		delete (r);
}

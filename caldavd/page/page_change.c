/* What the forms change: calendars made, named, coloured, shared, deleted. Properties are kept as PROPPATCH would keep
 * them: the whole element as text. */
#include "caldavd/dav/property.h"
#include "caldavd/page/page_private.h"
#include "common/base/must.h"
#include "common/base/random.h"
#include "common/base/utf8.h"

enum { SEGMENT_MAX = 40, PROPERTIES_MAX = 4 };

void page_store_failed(enum store_status status, struct page_result *result)
{
	result->status = dav_status_of(status);
	switch (status) {
	case STORE_OK:
		return;
	case STORE_NOT_FOUND:
	case STORE_GONE:
		result->problem = "It is not there any more.";
		return;
	case STORE_EXISTS:
	case STORE_CONFLICT:
		result->problem = "Something was changed meanwhile. Please try again.";
		return;
	case STORE_DENIED:
	case STORE_INVALID:
		result->problem = "This is not allowed here.";
		return;
	case STORE_LIMIT:
		result->problem = "There are too many of them already.";
		return;
	case STORE_OVER_QUOTA:
		result->problem = "There is no room left: your quota is used up.";
		return;
	case STORE_NO_SPACE:
		result->problem = "There is no room left on the server.";
		return;
	case STORE_LOCKED:
		result->problem = "A calendar program has locked it. Please try again later.";
		return;
	case STORE_BUSY:
	case STORE_UNCERTAIN:
		result->problem = "The server is busy. Please look whether it was done, and try again.";
		return;
	case STORE_BROKEN:
		result->problem = "The server has a fault; it was logged.";
		return;
	}
}

static bool refuse(struct page_result *result, const char *problem)
{
	result->status = 422;
	result->problem = problem;
	return false;
}

/* --- properties --- */

struct changes {
	struct store_property list[PROPERTIES_MAX];
	size_t count;
};

static void change(struct dav_request *r, struct changes *changes, const char *ns, const char *name, struct span value)
{
	struct store_property *to = &changes->list[changes->count++];
	struct buf text = {0};

	must(changes->count <= PROPERTIES_MAX);
	*to = (struct store_property){.name = span_of(arena_printf(r->arena, "{%s}%s", ns, name))};
	if (value.p == NULL)
		return;
	buf_printf(&text, "<X:%s xmlns:X=\"%s\">", name, ns);
	xml_write_text(value, &text);
	buf_printf(&text, "</X:%s>", name);
	to->value = arena_span(r->arena, buf_view(&text));
	buf_done(&text);
}

static bool take_name(struct dav_request *r, const struct page_form *form, struct changes *changes, struct span *name_r,
		      struct page_result *result)
{
	struct span name = span_trim(page_form_value(form, "name"));

	*name_r = name;
	if (name.n == 0)
		return refuse(result, "A calendar needs a name.");
	if (name.n > PAGE_NAME_MAX)
		return refuse(result, "The name is too long.");
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return refuse(result, "The name has characters that no name can have.");
	change(r, changes, NS_DAV, "displayname", name);
	return true;
}

/* Apple's clients want eight digits. old: what it was; what has not changed keeps its opacity. */
static bool take_colour(struct dav_request *r, const struct page_form *form, const char *old, struct changes *changes,
			struct page_result *result)
{
	struct span text = page_form_value(form, "colour");
	char colour[PAGE_COLOUR_TEXT];

	if (text.p == NULL)
		return true;
	if (!page_colour_of(text, colour))
		return refuse(result, "The colour must be written like #1f77b4.");
	if (old == NULL || !span_is(span_of(old), colour))
		change(r, changes, NS_APPLE, "calendar-color", span_of(arena_printf(r->arena, "%sff", colour)));
	return true;
}

/* The name of a zone replaces one that a client has spelled out. old: its name; what has not changed is let alone. */
static bool take_zone(struct dav_request *r, const struct page_form *form, struct span old, struct changes *changes,
		      struct page_result *result)
{
	struct span text = span_trim(page_form_value(form, "zone"));
	const struct ical_zone_info *zone;

	if (page_form_value(form, "zone").p == NULL || span_equal(text, old))
		return true;
	zone = text.n == 0 ? NULL : ical_zone_find(text);
	if (zone == NULL && text.n > 0)
		return refuse(result, "Nobody knows that time zone. They have names like Europe/Berlin.");
	change(r, changes, NS_CALDAV, "calendar-timezone-id", zone == NULL ? (struct span){0} : span_of(zone->name));
	change(r, changes, NS_CALDAV, "calendar-timezone", (struct span){0});
	return true;
}

/* --- a new one --- */

/* The last segment of its address: the name as far as it is letters and digits; and where that is taken, or nothing is
 * left of it, something of chance. */
static struct span segment_of(struct dav_request *r, struct span name, bool is_taken)
{
	struct buf text = {0};
	struct span segment;

	for (size_t i = 0; i < name.n && text.n < SEGMENT_MAX; i++) {
		char c = ascii_lower(name.p[i]);

		if (ascii_is_digit(c) || (c >= 'a' && c <= 'z'))
			buf_byte(&text, c);
		else if (text.n > 0 && text.p[text.n - 1] != '-')
			buf_byte(&text, '-');
	}
	while (text.n > 0 && text.p[text.n - 1] == '-')
		text.n--;
	if (is_taken || text.n == 0)
		buf_printf(&text, "%s%08llx", text.n == 0 ? "" : "-", (unsigned long long)(random_u64() >> 32));
	segment = arena_span(r->arena, buf_view(&text));
	buf_done(&text);
	return segment;
}

static unsigned components_of(struct span kind)
{
	if (span_is(kind, "tasks"))
		return STORE_TODOS;
	return span_is(kind, "all") ? 0 : STORE_EVENTS;
}

void page_create(struct dav_request *r, const struct page_form *form, struct page_result *result)
{
	struct changes changes = {0};
	struct store_new_collection make = {.parent = r->resource.collection.id, .kind = STORE_CALENDAR};
	enum store_status status = STORE_EXISTS;
	struct span name;
	uint64_t id;

	if (!take_name(r, form, &changes, &name, result) || !take_colour(r, form, NULL, &changes, result) ||
	    !take_zone(r, form, SPAN(""), &changes, result))
		return;
	make.components = components_of(page_form_value(form, "kind"));
	make.properties = changes.list;
	make.property_count = changes.count;
	for (int i = 0; i < 3 && status == STORE_EXISTS; i++) {
		make.name = segment_of(r, name, i > 0);
		status = store_collection_make(r->store, r->user.id, &make, &r->guard, &id);
	}
	if (status == STORE_OK)
		page_see(r, dav_child_href(r, &r->resource, make.name, true), "done=created");
	else
		page_store_failed(status, result);
}

/* --- one that is there --- */

void page_settings(struct dav_request *r, const struct page_form *form, struct page_result *result)
{
	const struct dav_resource *resource = &r->resource;
	struct dav_subject subject;
	struct changes changes = {0};
	struct page_zone zone;
	char colour[PAGE_COLOUR_TEXT];
	enum store_status status;
	struct span name;
	bool has_colour, ok;

	dav_subject_init(&subject, r, resource);
	has_colour = page_colour_of(dav_stored_text(&subject, NS_APPLE, "calendar-color"), colour);
	page_zone_init(r, &resource, 1, 0, &zone);
	ok = take_name(r, form, &changes, &name, result) &&
	     take_colour(r, form, has_colour ? colour : NULL, &changes, result) &&
	     take_zone(r, form, zone.zone == NULL ? SPAN("") : span_of(zone.name), &changes, result);
	page_zone_done(&zone);
	if (!ok)
		return;
	status = store_property_change(r->store, r->user.id, resource->collection.id, SPAN(""), changes.list,
				       changes.count, &r->guard);
	if (status == STORE_OK)
		page_see(r, resource->href, "done=saved");
	else
		page_store_failed(status, result);
}

void page_share(struct dav_request *r, bool shared, struct page_result *result)
{
	enum store_status status =
		store_collection_share(r->store, r->user.id, r->resource.collection.id, shared, r->arena, NULL);

	if (status == STORE_OK)
		page_see(r, r->resource.href, shared ? "done=shared" : "done=unshared");
	else
		page_store_failed(status, result);
}

void page_delete(struct dav_request *r, struct page_result *result)
{
	struct span href = r->resource.href;
	enum store_status status;

	if (span_is(r->resource.path, "calendar")) { /* RFC 6638, 4.3 */
		(void)refuse(result, "This calendar cannot be deleted: invitations arrive here.");
		return;
	}
	status = store_collection_delete(r->store, r->user.id, r->resource.collection.id, &r->guard);
	if (status != STORE_OK) {
		page_store_failed(status, result);
		return;
	}
	href.n--; /* to what it was in */
	while (href.n > 0 && href.p[href.n - 1] != '/')
		href.n--;
	page_see(r, href, "done=deleted");
}

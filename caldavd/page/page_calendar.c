/* The page of one calendar, and the one that asks whether it shall be deleted. */
#include "caldavd/page/page_private.h"
#include "caldavd/dav/property.h"

#include <string.h>

/* Distinct, for calendars that have none of their own. */
static const char *const colours[] = {"#1f77b4", "#d9480f", "#2b8a3e", "#9c36b5",
				      "#c2255c", "#0b7285", "#8a6d00", "#5f3dc4"};

bool page_colour_of(struct span text, char colour_r[PAGE_COLOUR_TEXT])
{
	text = span_trim(text);
	if ((text.n != 7 && text.n != 9) || text.p[0] != '#')
		return false;
	for (size_t i = 1; i < text.n; i++) {
		char c = ascii_lower(text.p[i]);

		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'f'))
			return false;
		if (i < 7)
			colour_r[i] = c;
	}
	colour_r[0] = '#';
	colour_r[7] = '\0';
	return true;
}

void page_calendar_init(struct page *page, const struct dav_resource *resource, struct page_calendar *calendar_r)
{
	const struct store_collection *collection = &resource->collection;
	struct dav_subject subject;

	*calendar_r = (struct page_calendar){.resource = *resource};
	dav_subject_init(&subject, page->r, resource);
	calendar_r->name = span_trim(dav_stored_text(&subject, NS_DAV, "displayname"));
	if (calendar_r->name.n == 0 && collection->name.n > 0)
		calendar_r->name = span_of(arena_printf(page->r->arena, "%c%.*s", ascii_upper(collection->name.p[0]),
							(int)collection->name.n - 1, collection->name.p + 1));
	if (!page_colour_of(dav_stored_text(&subject, NS_APPLE, "calendar-color"), calendar_r->colour))
		memcpy(calendar_r->colour, colours[collection->id % (sizeof colours / sizeof *colours)],
		       PAGE_COLOUR_TEXT);
	calendar_r->colour_class = page_colour_class(page, calendar_r->colour);
}

enum store_status page_home(struct dav_request *r, struct dav_resource *home_r)
{
	struct buf href = {0};
	enum store_status status;

	*home_r = (struct dav_resource){.type = DAV_HOME, .owner = r->user};
	status = store_collection_home(r->store, r->user.id, r->user.id, r->arena, &home_r->collection);
	dav_write_home(r, r->user.name, &href);
	home_r->href = arena_span(r->arena, buf_view(&href));
	buf_done(&href);
	return status;
}

/* --- the parts of the page --- */

static void write_title(struct page *page, const struct page_calendar *calendar)
{
	unsigned long long objects = calendar->resource.collection.objects;

	buf_printf(&page->body, "<h1><span class=\"dot k%u\"></span><bdi>", calendar->colour_class);
	page_text(page, calendar->name);
	buf_printf(&page->body, "</bdi></h1>\n<p class=\"quiet\">%llu %s</p>\n", objects,
		   objects == 1 ? "entry" : "entries");
}

static void write_addresses(struct page *page, const struct page_calendar *calendar)
{
	const struct store_collection *collection = &calendar->resource.collection;
	struct span href = calendar->resource.href;
	struct buf path = {0};

	page_raw(page, "<section aria-labelledby=\"addresses\">\n<h2 id=\"addresses\">Addresses</h2>\n"
		       "<div class=\"card\">\n");
	page_write_address(page, "dav-address", "For calendar programs (CalDAV)", href);
	if (collection->share.n > 0) {
		buf_span(&path, page->r->daemon->options.base_path);
		buf_text(&path, "/subscribe/");
		dav_path_encode(collection->share, &path);
		buf_text(&path, ".ics");
		page_write_address(page, "share-address", "For subscribers", buf_view(&path));
		buf_done(&path);
		page_raw(page, "<p class=\"quiet\">Whoever has this address can read the calendar without a "
			       "password.</p>\n<div class=\"row\">");
		page_form_begin(page, href, "share", false);
		page_form_end(page, "Make a new address");
		page_form_begin(page, href, "unshare", false);
		page_form_end(page, "Withdraw the address");
		page_raw(page, "</div>\n");
	} else {
		page_raw(page, "<p>Others can subscribe to this calendar, without a password, when it has a secret "
			       "address.</p>\n");
		page_form_begin(page, href, "share", false);
		page_form_end(page, "Make a subscription address");
	}
	page_raw(page, "</div>\n</section>\n");
}

/* The one it has itself. */
static struct span zone_name(struct page *page, const struct page_calendar *calendar)
{
	const struct dav_resource *resource = &calendar->resource;
	struct page_zone zone;
	struct span name = {0};

	page_zone_init(page->r, &resource, 1, 0, &zone);
	if (zone.zone != NULL)
		name = arena_span(page->r->arena, span_of(zone.name));
	page_zone_done(&zone);
	return name;
}

static void write_forms(struct page *page, const struct page_calendar *calendar)
{
	struct span href = calendar->resource.href;

	page_raw(page, "<section aria-labelledby=\"change\">\n<h2 id=\"change\">Change</h2>\n");
	page_details_begin(page, "Name, colour and time zone", "settings");
	page_form_begin(page, href, "settings", false);
	page_field_name(page, "settings-name", "settings", calendar->name);
	page_field_colour(page, "settings-colour", "settings", span_of(calendar->colour));
	page_field_zone(page, "settings-zone", "settings", zone_name(page, calendar));
	page_form_end(page, "Save");
	page_details_end(page);
	page_details_begin(page, "Import a file", "import");
	page_form_begin(page, href, "import", true);
	page_raw(page,
		 "<p class=\"field\"><label for=\"import-file\">iCalendar file (.ics)</label><input "
		 "id=\"import-file\" name=\"file\" type=\"file\" accept=\".ics,.ical,text/calendar\" required "
		 "aria-describedby=\"import-help\"><span class=\"quiet\" id=\"import-help\">What the calendar has "
		 "already is brought up to date, nothing is removed.</span></p>\n");
	page_form_end(page, "Import");
	page_details_end(page);
	page_raw(page, "<p class=\"row\"><a class=\"button\" href=\"?export\">Download as a file (.ics)</a>\n");
	if (!span_is(calendar->resource.path, "calendar"))
		page_raw(page, "<a class=\"button danger\" href=\"?delete\">Delete this calendar …</a>");
	page_raw(page, "</p>\n</section>\n");
}

void page_calendar_run(struct page *page, unsigned status)
{
	struct dav_resource home;
	struct page_calendar calendar;
	const struct dav_resource *zones[] = {&page->r->resource, &home};
	enum store_status found = page_home(page->r, &home);

	page_calendar_init(page, &page->r->resource, &calendar);
	write_title(page, &calendar);
	if (found != STORE_OK || !page_month_write(page, &calendar, 1, zones, 2)) {
		buf_done(&page->body);
		buf_done(&page->style);
		dav_fail(page->r, found == STORE_OK ? STORE_BUSY : found);
		return;
	}
	write_addresses(page, &calendar);
	write_forms(page, &calendar);
	page_answer(page, status, calendar.name);
}

void page_delete_run(struct page *page, unsigned status)
{
	struct page_calendar calendar;
	unsigned long long objects = page->r->resource.collection.objects;

	page_calendar_init(page, &page->r->resource, &calendar);
	page_raw(page, "<h1>Delete “<bdi>");
	page_text(page, calendar.name);
	buf_printf(&page->body,
		   "</bdi>”?</h1>\n<p>The calendar goes with everything in it: %llu %s. This cannot be "
		   "undone.</p>\n<div class=\"row\">",
		   objects, objects == 1 ? "entry" : "entries");
	page_form_begin(page, calendar.resource.href, "delete", false);
	page_raw(page, "<p><button class=\"danger\">Delete it</button> <a class=\"button\" href=\"");
	page_text(page, calendar.resource.href);
	page_raw(page, "\">Keep it</a></p></form></div>\n");
	page_answer(page, status, SPAN("Delete a calendar"));
}

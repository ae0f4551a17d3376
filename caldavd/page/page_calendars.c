/* The page of a home, or of a folder: the calendars in it, their month, and a form for a new one. */
#include "caldavd/page/page_private.h"

struct contents {
	struct page_calendar *calendars;
	const struct store_collection **folders;
	size_t calendar_count, folder_count;
	bool is_cut;
};

static enum store_status list(struct page *page, const struct dav_resource *parent, struct contents *contents_r)
{
	struct dav_request *r = page->r;
	struct store_collection *all;
	size_t count;
	enum store_status status =
		store_collection_list(r->store, r->user.id, parent->collection.id, r->arena, &all, &count);

	*contents_r = (struct contents){0};
	if (status != STORE_OK)
		return status;
	contents_r->calendars = arena_zero(r->arena, PAGE_CALENDARS_MAX, sizeof *contents_r->calendars);
	contents_r->folders = arena_zero(r->arena, PAGE_CALENDARS_MAX, sizeof *contents_r->folders);
	for (size_t i = 0; i < count; i++) {
		size_t *number = all[i].kind == STORE_FOLDER     ? &contents_r->folder_count
				 : all[i].kind == STORE_CALENDAR ? &contents_r->calendar_count
								 : NULL;
		struct dav_resource child;

		if (number == NULL)
			continue;
		if (*number == PAGE_CALENDARS_MAX) {
			contents_r->is_cut = true;
			continue;
		}
		if (all[i].kind == STORE_FOLDER) {
			contents_r->folders[(*number)++] = &all[i];
			continue;
		}
		dav_child_collection(r, parent, &all[i], &child);
		page_calendar_init(page, &child, &contents_r->calendars[(*number)++]);
	}
	return STORE_OK;
}

static const char *kind_of(unsigned components)
{
	switch (components) {
	case STORE_EVENTS:
		return "events";
	case STORE_TODOS:
		return "tasks";
	case STORE_JOURNALS:
		return "journals";
	default:
		return "events, tasks and more";
	}
}

static void write_list(struct page *page, const struct dav_resource *parent, const struct contents *contents)
{
	page_raw(page, "<ul class=\"cards\">\n");
	for (size_t i = 0; i < contents->calendar_count; i++) {
		const struct page_calendar *calendar = &contents->calendars[i];
		const struct store_collection *collection = &calendar->resource.collection;

		buf_printf(&page->body, "<li class=\"card k%u\"><span class=\"dot\"></span><span><a href=\"",
			   calendar->colour_class);
		page_text(page, calendar->resource.href);
		page_raw(page, "\"><bdi>");
		page_text(page, calendar->name);
		buf_printf(&page->body, "</bdi></a><span class=\"quiet\">%llu %s · %s%s</span></span></li>\n",
			   (unsigned long long)collection->objects, collection->objects == 1 ? "entry" : "entries",
			   kind_of(collection->components), collection->share.n > 0 ? " · can be subscribed to" : "");
	}
	for (size_t i = 0; i < contents->folder_count; i++) {
		page_raw(page, "<li class=\"card\"><span><a href=\"");
		page_text(page, dav_child_href(page->r, parent, contents->folders[i]->name, true));
		page_raw(page, "\"><bdi>");
		page_text(page, contents->folders[i]->name);
		page_raw(page, "</bdi></a><span class=\"quiet\">folder</span></span></li>\n");
	}
	page_raw(page, "</ul>\n");
	if (contents->is_cut)
		page_raw(page, "<p class=\"quiet\">There are more. A calendar program shows all of them.</p>\n");
}

static void write_option(struct page *page, const char *value, const char *text)
{
	struct span sent = page->form == NULL ? (struct span){0} : page_form_value(page->form, "kind");

	buf_printf(&page->body, "<option value=\"%s\"%s>%s</option>", value, span_is(sent, value) ? " selected" : "",
		   text);
}

static void write_new(struct page *page, const struct dav_resource *home)
{
	page_raw(page, "<section aria-labelledby=\"new\">\n<h2 id=\"new\">Another calendar</h2>\n");
	page_details_begin(page, "New calendar", "create");
	page_form_begin(page, home->href, "create", false);
	page_field_name(page, "create-name", "create", SPAN(""));
	page_field_colour(page, "create-colour", "create", SPAN("#1f77b4"));
	page_raw(page, "<p class=\"field\"><label for=\"create-kind\">For</label><select id=\"create-kind\" "
		       "name=\"kind\">");
	write_option(page, "events", "Events");
	write_option(page, "tasks", "Tasks");
	write_option(page, "all", "Everything");
	page_raw(page, "</select></p>\n");
	page_field_zone(page, "create-zone", "create", SPAN(""));
	page_form_end(page, "Create");
	page_details_end(page);
	page_raw(page, "</section>\n");
}

static void write_address(struct page *page, const struct dav_resource *home)
{
	page_raw(page,
		 "<section aria-labelledby=\"address\">\n<h2 id=\"address\">Address</h2>\n<div class=\"card\">\n");
	page_write_address(page, "dav-address", "For calendar programs (CalDAV)", home->href);
	page_raw(page, "<p class=\"quiet\">They find all your calendars there, with your user name and password.</p>\n"
		       "</div>\n</section>\n");
}

/* The home's zone, or that of the first calendar that has one. */
static bool write_month(struct page *page, const struct dav_resource *parent, const struct contents *contents)
{
	const struct dav_resource **zones =
		arena_zero(page->r->arena, contents->calendar_count + 1, sizeof(struct dav_resource *));

	zones[0] = parent;
	for (size_t i = 0; i < contents->calendar_count; i++)
		zones[i + 1] = &contents->calendars[i].resource;
	return page_month_write(page, contents->calendars, contents->calendar_count, zones,
				contents->calendar_count + 1);
}

static enum store_status write_page(struct page *page, const struct dav_resource *parent)
{
	bool is_home = parent->type == DAV_HOME;
	struct contents contents;
	enum store_status status = list(page, parent, &contents);

	if (status != STORE_OK)
		return status;
	page_raw(page, "<h1>");
	if (is_home) {
		page_raw(page, "Calendars");
	} else {
		page_raw(page, "<bdi>");
		page_text(page, parent->collection.name);
		page_raw(page, "</bdi>");
	}
	page_raw(page, "</h1>\n");
	write_list(page, parent, &contents);
	if (!write_month(page, parent, &contents))
		return STORE_BUSY;
	if (is_home)
		write_new(page, parent);
	write_address(page, parent);
	return STORE_OK;
}

void page_calendars_run(struct page *page, unsigned status)
{
	struct dav_resource home;
	const struct dav_resource *parent = &page->r->resource;
	enum store_status found = STORE_OK;

	if (parent->type != DAV_FOLDER) {
		found = page_home(page->r, &home);
		parent = &home;
	}
	if (found == STORE_OK)
		found = write_page(page, parent);
	if (found == STORE_OK) {
		page_answer(page, status, parent->type == DAV_HOME ? SPAN("Calendars") : parent->collection.name);
		return;
	}
	buf_done(&page->body);
	buf_done(&page->style);
	dav_fail(page->r, found);
}

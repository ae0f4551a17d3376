/* Forms and fields, each with a label, that work without a script. */
#include "caldavd/page/page_private.h"

void page_form_begin(struct page *page, struct span href, const char *action, bool has_file)
{
	page_raw(page, "<form method=\"post\" action=\"");
	page_text(page, href);
	page_raw(page, has_file ? "\" enctype=\"multipart/form-data\">" : "\">");
	page_write_token(page, href);
	buf_printf(&page->body, "<input type=\"hidden\" name=\"action\" value=\"%s\">\n", action);
}

void page_form_end(struct page *page, const char *button)
{
	buf_printf(&page->body, "<p><button>%s</button></p></form>\n", button);
}

static bool has_failed(const struct page *page, const char *action)
{
	return page->form != NULL && span_is(page_form_value(page->form, "action"), action);
}

static struct span value_of(const struct page *page, const char *action, const char *name, struct span otherwise)
{
	struct span sent = has_failed(page, action) ? page_form_value(page->form, name) : (struct span){0};

	return sent.p != NULL ? sent : otherwise;
}

static void label(struct page *page, const char *id, const char *text)
{
	buf_printf(&page->body, "<p class=\"field\"><label for=\"%s\">%s</label>", id, text);
}

void page_field_name(struct page *page, const char *id, const char *action, struct span value)
{
	label(page, id, "Name");
	buf_printf(&page->body,
		   "<input id=\"%s\" name=\"name\" required maxlength=\"100\" autocomplete=\"off\" value=\"", id);
	page_text(page, value_of(page, action, "name", value));
	page_raw(page, "\"></p>\n");
}

void page_field_colour(struct page *page, const char *id, const char *action, struct span value)
{
	label(page, id, "Colour");
	buf_printf(&page->body, "<input id=\"%s\" name=\"colour\" type=\"color\" value=\"", id);
	page_text(page, value_of(page, action, "colour", value));
	page_raw(page, "\"></p>\n");
}

static void write_zones(struct page *page)
{
	const struct ical_zone_info *info;

	if (page->has_zones)
		return;
	page->has_zones = true;
	page_raw(page, "<datalist id=\"zones\">");
	for (size_t i = 0; (info = ical_zone_at(i)) != NULL; i++)
		if (info->alias_of == NULL)
			buf_printf(&page->body, "<option>%s", info->name);
	page_raw(page, "</datalist>\n");
}

void page_field_zone(struct page *page, const char *id, const char *action, struct span value)
{
	write_zones(page);
	label(page, id, "Time zone");
	buf_printf(&page->body,
		   "<input id=\"%s\" name=\"zone\" list=\"zones\" maxlength=\"100\" autocomplete=\"off\" "
		   "aria-describedby=\"%s-help\" value=\"",
		   id, id);
	page_text(page, value_of(page, action, "zone", value));
	buf_printf(&page->body,
		   "\"><span class=\"quiet\" id=\"%s-help\">For example Europe/Berlin. Times are shown in "
		   "it.</span></p>\n",
		   id);
}

void page_write_address(struct page *page, const char *id, const char *text, struct span path)
{
	label(page, id, text);
	buf_printf(&page->body, "<input id=\"%s\" class=\"address\" readonly value=\"", id);
	page_write_site(page->r, &page->body);
	page_text(page, path);
	page_raw(page, "\"></p>\n");
}

void page_details_begin(struct page *page, const char *summary, const char *action)
{
	buf_printf(&page->body, "<details%s><summary>%s</summary>\n", has_failed(page, action) ? " open" : "", summary);
}

void page_details_end(struct page *page)
{
	page_raw(page, "</details>\n");
}

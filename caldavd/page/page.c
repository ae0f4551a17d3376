/* From an address to its page, and from a form to what it does and to the page that says what became of it. */
#include "caldavd/page/page.h"
#include "caldavd/caldav/export.h"
#include "caldavd/page/page_private.h"
#include "common/base/must.h"

/* --- what was done, as the address of the page says it --- */

static const struct {
	const char *word, *text;
} notices[] = {
	{"created", "The calendar was created."},
	{"saved", "The changes were saved."},
	{"deleted", "The calendar was deleted."},
	{"shared", "The calendar can be subscribed to: its address is below."},
	{"unshared", "The subscription address was withdrawn."},
};

static const char *notice_of(struct page *page)
{
	struct span word = page_form_value(&page->query, "done");
	uint64_t created, changed, same;

	for (size_t i = 0; i < array_count(notices); i++)
		if (span_is(word, notices[i].word))
			return notices[i].text;
	if (!span_is(word, "imported") || !span_to_u64(page_form_value(&page->query, "new"), UINT32_MAX, &created) ||
	    !span_to_u64(page_form_value(&page->query, "changed"), UINT32_MAX, &changed) ||
	    !span_to_u64(page_form_value(&page->query, "same"), UINT32_MAX, &same))
		return NULL;
	return arena_printf(page->r->arena, "Imported: %llu new, %llu changed, %llu as they were.",
			    (unsigned long long)created, (unsigned long long)changed, (unsigned long long)same);
}

/* --- pages --- */

/* Somebody else, where users may look for each other. */
static void person_run(struct page *page)
{
	const struct dav_user *person = &page->r->resource.owner;
	struct span name = person->display_name.n > 0 ? person->display_name : person->name;

	page_raw(page, "<h1><bdi>");
	page_text(page, name);
	page_raw(page, "</bdi></h1>\n<p><bdi>");
	page_text(page, person->mail);
	page_raw(page, "</bdi></p>\n");
	page_answer(page, 200, name);
}

static void scheduling_run(struct page *page)
{
	page_raw(page, "<h1>Scheduling</h1>\n<p>Calendar programs exchange invitations here. There is nothing to see "
		       "for people.</p>\n");
	page_answer(page, 200, SPAN("Scheduling"));
}

static void show(struct page *page, unsigned status)
{
	struct dav_request *r = page->r;

	switch (r->resource.type) {
	case DAV_CALENDAR:
		if (page_form_value(&page->query, "delete").p != NULL && !span_is(r->resource.path, "calendar"))
			page_delete_run(page, status);
		else
			page_calendar_run(page, status);
		return;
	case DAV_INBOX:
	case DAV_OUTBOX:
		scheduling_run(page);
		return;
	case DAV_PRINCIPAL:
		if (r->resource.owner.id != r->user.id) {
			person_run(page);
			return;
		}
		page_calendars_run(page, status);
		return;
	default:
		page_calendars_run(page, status);
		return;
	}
}

void page_get_run(struct dav_request *r)
{
	struct page page;

	page_init(&page, r);
	if (r->resource.type == DAV_CALENDAR && page_form_value(&page.query, "export").p != NULL) {
		caldav_export_run(r);
		return;
	}
	page.notice = notice_of(&page);
	show(&page, 200);
}

/* --- forms --- */

bool page_is_form(const struct dav_request *r)
{
	return (r->resource.type & (DAV_HOME | DAV_CALENDAR)) != 0 &&
	       page_form_is_type(http_request_field(r->x, "Content-Type"));
}

static void perform(struct dav_request *r, const struct page_form *form, struct page_result *result)
{
	struct span action = page_form_value(form, "action");

	if (r->resource.type == DAV_HOME) {
		if (span_is(action, "create")) {
			page_create(r, form, result);
			return;
		}
	} else if (span_is(action, "settings")) {
		page_settings(r, form, result);
		return;
	} else if (span_is(action, "import")) {
		page_import(r, form, result);
		return;
	} else if (span_is(action, "share") || span_is(action, "unshare")) {
		page_share(r, span_is(action, "share"), result);
		return;
	} else if (span_is(action, "delete")) {
		page_delete(r, result);
		return;
	}
	*result = (struct page_result){.status = 422, .problem = "That form is not known here."};
}

static void run_form(struct dav_request *r, struct page_form *form, struct page_result *result)
{
	bool is_whole =
		page_form_parse(http_request_field(r->x, "Content-Type"), buf_view(&r->x->body), r->arena, form);

	if (!page_origin_is_ours(r))
		*result = (struct page_result){403, "The form was sent from another site.", NULL};
	else if (!is_whole)
		*result = (struct page_result){400, "The form did not arrive as a browser would send it.", NULL};
	else if (!page_token_is_good(r, r->resource.href, page_form_value(form, "token")))
		*result = (struct page_result){403, "The page was too old. Please send the form once more.", NULL};
	else
		perform(r, form, result);
}

void page_post_run(struct dav_request *r)
{
	struct page_result result = {0};
	struct page_form form;
	struct page page;
	enum store_status status;

	run_form(r, &form, &result);
	if (r->x->status != 0)
		return;
	page_init(&page, r);
	page.query.count = 0;
	page.problem = result.problem;
	page.notice = result.notice;
	if (result.problem != NULL && page_origin_is_ours(r)) /* what another site has put into it is not shown */
		page.form = &form;
	/* it may have more in it now, or be gone */
	status = dav_resource_find(r, &r->target, &r->resource);
	if (status == STORE_OK && (r->resource.type & (DAV_HOME | DAV_CALENDAR)))
		show(&page, result.status);
	else
		dav_fail(r, status == STORE_OK ? STORE_GONE : status);
}

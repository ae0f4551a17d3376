/* POST: a new member of a calendar under a name of the server's choice (RFC 5995), forms of the pages, and attachments
 * (RFC 8607). */
#include "caldavd/caldav/attachment.h"
#include "caldavd/caldav/check.h"
#include "caldavd/dav/methods.h"
#include "caldavd/dav/put.h"
#include "caldavd/page/page.h"
#include "common/base/random.h"

static struct span new_name(struct dav_request *r)
{
	return span_of(arena_printf(r->arena, "%016llx%016llx.ics", (unsigned long long)random_u64(),
				    (unsigned long long)random_u64()));
}

static void add_member(struct dav_request *r)
{
	struct store_object_put put = {.collection = r->resource.collection.id,
				       .name = new_name(r),
				       .bytes = buf_view(&r->x->body),
				       .expect = STORE_EXPECT_NOTHING};
	struct store_object_result result = {0};
	struct caldav_attached attached;
	struct span href = dav_child_href(r, &r->resource, put.name, false);
	struct span type = http_request_field(r->x, "Content-Type");
	enum store_status status;

	if (type.n == 0 || !caldav_is_calendar_type(type)) { /* another site's page may send what has no type */
		dav_error(r, 415, "C:supported-calendar-data", NULL);
		return;
	}
	if (put.bytes.n > r->daemon->options.resource_max) {
		dav_error(r, 413, "C:max-resource-size", NULL);
		return;
	}
	if (!caldav_check(r, &r->resource.collection, put.bytes, &put.facts) ||
	    !caldav_attachment_check(r, put.bytes, &attached))
		return;
	status = store_object_put(r->store, r->user.id, &put, &r->guard, r->arena, &result);
	if (status == STORE_OK) {
		caldav_attachment_settle(r, &put, result.tag, &attached);
		http_field_span(r->x, "Location", href);
	}
	dav_put_answer(r, &put, status, &result);
}

/* A browser adds the password to what the page of another site makes it post, without asking us first where the body
 * has a type that forms have, or none; anything else a page cannot send. So the browser's own word on it counts. */
static bool is_from_elsewhere(const struct dav_request *r)
{
	struct span site = http_request_field(r->x, "Sec-Fetch-Site");

	return site.p != NULL && !span_is(site, "same-origin") && !span_is(site, "none");
}

void dav_post_run(struct dav_request *r)
{
	if (page_is_form(r))
		page_post_run(r);
	else if (is_from_elsewhere(r))
		http_answer_text(r->x, 403, "That was sent from another site");
	else if (r->resource.type == DAV_CALENDAR && span_is(r->target.query, "add-member"))
		add_member(r);
	else if (caldav_attachment_is_post(r))
		caldav_attachment_post_run(r);
	else
		http_answer_text(r->x, 403, "Nothing can be posted here");
}

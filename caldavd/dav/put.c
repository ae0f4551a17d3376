/* PUT and DELETE (RFC 9110, 9.3.4; RFC 4918, 9.6 and 9.7; RFC 4791, 5.3.2). */
#include "caldavd/caldav/attachment.h"
#include "caldavd/caldav/check.h"
#include "caldavd/dav/methods.h"
#include "caldavd/dav/property.h"
#include "caldavd/dav/put.h"

#include <string.h>

/* The conditions held when they were looked at; they must still hold in the transaction. */
static void set_expectation(const struct dav_request *r, struct store_object_put *put)
{
	if (dav_conditions_bind(r)) {
		put->expect = STORE_EXPECT_TAG;
		memcpy(put->tag, r->resource.object.tag, STORE_TAG_BYTES);
	} else if (span_is(http_request_field(r->x, "If-None-Match"), "*")) {
		put->expect = STORE_EXPECT_NOTHING;
	}
}

void dav_uid_conflict(struct dav_request *r, const struct dav_resource *in, struct span name)
{
	struct buf inner = {0}, href = {0};

	/* the resource's own address ends with the name that was to be put */
	buf_span(&href, in->href);
	while (href.n > 0 && href.p[href.n - 1] != '/')
		href.n--;
	dav_path_encode(name, &href);
	buf_text(&inner, "<D:href>");
	xml_write_text(buf_view(&href), &inner);
	buf_text(&inner, "</D:href>");
	dav_error_xml(r, 403, "C:no-uid-conflict", buf_view(&inner));
	buf_done(&href);
	buf_done(&inner);
}

/* Our bytes are the client's, so it may have the tag at once (quirk 31). */
void dav_put_answer(struct dav_request *r, const struct store_object_put *put, enum store_status status,
		    const struct store_object_result *result)
{
	char text[DAV_TAG_TEXT];

	if (status == STORE_EXISTS && result->holder.n > 0) {
		dav_uid_conflict(r, &r->resource, result->holder);
		return;
	}
	if (status == STORE_CONFLICT) {
		http_answer_text(r->x, 412, "It was changed meanwhile");
		return;
	}
	if (status == STORE_EXISTS) {
		dav_write_allow(r);
		http_answer_text(r->x, 405, "There is a collection of that name");
		return;
	}
	if (status != STORE_OK) {
		dav_fail(r, status);
		return;
	}
	http_field_span(r->x, "ETag", dav_tag_write(result->tag, text));
	if (r->wants_representation) {
		http_field(r->x, "Preference-Applied", "return=representation");
		http_field_span(r->x, "Content-Location", r->resource.href);
		http_answer(r->x, result->is_new ? 201 : 200, "text/calendar; charset=utf-8", put->bytes);
		return;
	}
	http_answer(r->x, result->is_new ? 201 : 204, NULL, SPAN(""));
}

static bool check_calendar(struct dav_request *r, struct store_object_put *put)
{
	struct span uid = r->resource.object.facts.uid;

	if (!caldav_is_calendar_type(http_request_field(r->x, "Content-Type"))) {
		dav_error(r, 415, "C:supported-calendar-data", NULL);
		return false;
	}
	if (!caldav_check(r, &r->resource.collection, put->bytes, &put->facts))
		return false;
	if (dav_is_leaf(&r->resource) && uid.n > 0 && !span_equal(uid, put->facts.uid)) {
		dav_uid_conflict(r, &r->resource, r->resource.object.name);
		return false;
	}
	return true;
}

/* Where may things be put at all? */
static bool check_place(struct dav_request *r)
{
	if (r->resource.parent_is_missing) {
		http_answer_text(r->x, 409, "The collection it would lie in is not there");
		return false;
	}
	if (r->resource.type == DAV_UNMAPPED && r->x->target.ends_with_slash) {
		dav_write_allow(r);
		http_answer_text(r->x, 405, "A collection cannot be put");
		return false;
	}
	if (r->resource.collection.kind != STORE_CALENDAR && r->resource.collection.kind != STORE_FOLDER) {
		dav_error(r, 403, "D:need-privileges", NULL);
		return false;
	}
	return true;
}

void dav_put_run(struct dav_request *r)
{
	struct store_object_put put = {
		.collection = r->resource.collection.id, .name = r->resource.name, .bytes = buf_view(&r->x->body)};
	struct store_object_result result = {0};
	struct caldav_attached attached = {0};
	enum store_status status;

	if (put.bytes.p == NULL)
		put.bytes = SPAN("");
	if (!check_place(r))
		return;
	if (r->resource.collection.kind == STORE_FOLDER)
		put.facts.type = span_sub(http_request_field(r->x, "Content-Type"), 0, 255);
	else if (!check_calendar(r, &put) || !caldav_attachment_check(r, put.bytes, &attached))
		return;
	set_expectation(r, &put);
	status = store_object_put(r->store, r->user.id, &put, &r->guard, r->arena, &result);
	if (status == STORE_OK && (dav_is_leaf(&r->resource) || attached.count > 0))
		caldav_attachment_settle(r, &put, result.tag, &attached);
	dav_put_answer(r, &put, status, &result);
}

/* --- DELETE --- */

static void delete_collection(struct dav_request *r)
{
	enum store_status status;

	if (r->has_depth && r->depth != DAV_DEPTH_INFINITY) {
		http_answer_text(r->x, 400, "A collection is deleted with everything in it");
		return;
	}
	if (r->resource.type == DAV_CALENDAR && span_is(r->resource.path, "calendar")) { /* RFC 6638, 4.3 */
		dav_error(r, 403, "C:default-calendar-needed", NULL);
		return;
	}
	status = store_collection_delete(r->store, r->user.id, r->resource.collection.id, &r->guard);
	if (status == STORE_OK)
		http_answer(r->x, 204, NULL, SPAN(""));
	else
		dav_fail(r, status);
}

void dav_delete_run(struct dav_request *r)
{
	enum store_status status;

	if (!dav_is_leaf(&r->resource)) {
		delete_collection(r);
		return;
	}
	status = store_object_remove(r->store, r->user.id, r->resource.collection.id, r->resource.object.name,
				     dav_conditions_bind(r) ? r->resource.object.tag : NULL, &r->guard);
	if (status == STORE_OK)
		http_answer(r->x, 204, NULL, SPAN(""));
	else if (status == STORE_CONFLICT)
		http_answer_text(r->x, 412, "It was changed meanwhile");
	else
		dav_fail(r, status);
}

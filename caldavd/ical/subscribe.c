/* /subscribe/SECRET.ics: a calendar for whoever has its secret address, without log-in; /subscribe/SECRET.ifb: when it
 * is busy, and nothing more. Whatever is wrong with an address, the answer is one and the same. */
#include "caldavd/caldav/export.h"
#include "caldavd/ical/free_busy_address.h"
#include "caldavd/ical/ical_http.h"

enum form { FORM_NONE, FORM_CALENDAR, FORM_FREE_BUSY };

static enum form form_of(struct span name, struct span *stem_r)
{
	size_t n = name.n < 4 ? 0 : name.n - 4;
	struct span end = span_sub(name, n, SIZE_MAX);

	*stem_r = span_sub(name, 0, n);
	if (span_equal_nocase(end, SPAN(".ics")))
		return FORM_CALENDAR;
	return span_equal_nocase(end, SPAN(".ifb")) ? FORM_FREE_BUSY : FORM_NONE;
}

/* SECRET.ics, or SECRET/NAME.ics for programs that show the name. */
static enum form parse(const struct http_target *target, struct span *secret_r)
{
	struct span stem;
	enum form form;

	if (target->ends_with_slash || target->segment_count < 2 || target->segment_count > 3)
		return FORM_NONE;
	form = form_of(target->segments[target->segment_count - 1], &stem);
	*secret_r = target->segment_count == 2 ? stem : target->segments[1];
	return form;
}

/* Its owner stands in for who asks: what he has called it may be told. He must still be one of ours. */
static enum store_status find(struct dav_request *r, struct span secret)
{
	struct dav_resource *calendar = &r->resource;
	struct directory_user owner;
	struct store_user user;
	enum store_status status;

	*calendar = (struct dav_resource){.type = DAV_CALENDAR};
	status = store_collection_shared(r->store, secret, r->arena, &calendar->collection);
	if (status == STORE_OK && calendar->collection.kind != STORE_CALENDAR)
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		status = store_user_get(r->store, calendar->collection.owner, r->arena, &user);
	if (status != STORE_OK)
		return status;
	switch (directory_find(r->daemon->service.directory, user.name, r->arena, &owner)) {
	case DIRECTORY_OK:
		break;
	case DIRECTORY_UNKNOWN:
		return STORE_NOT_FOUND;
	case DIRECTORY_UNAVAILABLE:
		return STORE_BUSY;
	}
	if (owner.id != user.id || owner.is_disabled || user.is_disabled)
		return STORE_NOT_FOUND;
	calendar->owner = (struct dav_user){.id = owner.id, .name = owner.name, .mail = owner.mail};
	r->user = calendar->owner;
	return STORE_OK;
}

static void answer_free_busy(struct dav_request *r)
{
	struct ical_range range;
	struct ical_busy *busy;

	if (!free_busy_range(r, &range))
		return;
	busy = ical_busy_create(&range);
	if (caldav_gather_busy(r, &r->resource, &range, busy))
		caldav_answer_busy(r, busy);
	else
		dav_fail(r, STORE_BUSY);
	ical_busy_destroy(&busy);
}

void ical_http_subscribe_run(struct dav_request *r)
{
	struct span method = span_of(r->method->name), secret = {0};
	enum form form = parse(&r->target, &secret);
	enum store_status status = STORE_NOT_FOUND;

	r->x->head.target = SPAN("/subscribe/"); /* the log must not have the secret */
	if (!span_is(method, "GET") && !span_is(method, "HEAD")) {
		ical_http_refuse_method(r, "OPTIONS, GET, HEAD");
		return;
	}
	if (form != FORM_NONE)
		status = find(r, secret);
	if (status == STORE_NOT_FOUND) {
		http_answer_text(r->x, 404, "There is no such calendar");
		return;
	}
	http_field_span(r->x, "Cache-Control", SPAN("private, no-cache"));
	if (status != STORE_OK)
		dav_fail(r, status);
	else if (form == FORM_CALENDAR)
		caldav_export_run(r);
	else
		answer_free_busy(r);
}

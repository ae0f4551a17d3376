/* From a request's head to its method: who asks, what the address names, may the method run there, do the conditions
 * hold. The rows of the tables say all of it, so that no method repeats it. */
#include "caldavd/caldav/attachment.h"
#include "caldavd/http/token.h"
#include "caldavd/login.h"
#include "caldavd/dav/methods.h"

static struct dav_request *request_of(struct http_exchange *x)
{
	return x->state;
}

static struct caldavd *daemon_of(struct http_exchange *x)
{
	return ((struct caldavd_session *)x->session)->daemon;
}

/* --- the head --- */

/* Without the segments of the base path. False: it is not below it. */
static bool strip_base(struct http_exchange *x, struct http_target *target_r)
{
	struct span base = daemon_of(x)->options.base_path;

	*target_r = x->target;
	if (target_r->is_asterisk || (target_r->segment_count > 0 && span_is(target_r->segments[0], ".well-known")))
		return true; /* always at the root of the host (RFC 8615) */
	while (base.n > 1) {
		size_t end = span_find_byte(span_sub(base, 1, SIZE_MAX), '/');

		if (target_r->segment_count == 0 || !span_equal(target_r->segments[0], span_sub(base, 1, end)))
			return false;
		target_r->segments++;
		target_r->segment_count--;
		base = end == SIZE_MAX ? (struct span){0} : span_sub(base, end + 1, SIZE_MAX);
	}
	return true;
}

static void read_depth(struct dav_request *r)
{
	struct span depth = http_request_field(r->x, "Depth");

	r->has_depth = depth.p != NULL;
	if (span_is(depth, "0"))
		r->depth = DAV_DEPTH_0;
	else if (span_is(depth, "1"))
		r->depth = DAV_DEPTH_1;
	else if (depth.p == NULL || span_is_nocase(depth, "infinity"))
		r->depth = DAV_DEPTH_INFINITY;
	else
		http_answer_text(r->x, 400, "Depth must be 0, 1 or infinity");
}

/* Prefer (RFC 7240; RFC 8144), and Brief, which means the same and is older. */
static void read_preferences(struct dav_request *r)
{
	struct span list = http_request_field(r->x, "Prefer"), element;

	while (http_list_next(&list, &element)) {
		if (span_is_nocase(element, "return=minimal") || span_is_nocase(element, "return-minimal"))
			r->is_minimal = true;
		else if (span_is_nocase(element, "return=representation"))
			r->wants_representation = true;
		else if (span_is_nocase(element, "depth-noroot"))
			r->without_root = true;
	}
	r->is_minimal |= span_is_nocase(http_request_field(r->x, "Brief"), "t");
	r->without_zones = span_is_nocase(http_request_field(r->x, "CalDAV-Timezones"), "F");
	r->agent = http_request_field(r->x, "User-Agent");
}

static const struct dav_route *find_route(const struct http_target *target)
{
	for (size_t i = 0; i < dav_routes_count; i++)
		if (target->segment_count > 0 && span_is(target->segments[0], dav_routes[i].first) &&
		    (dav_routes[i].second == NULL ||
		     (target->segment_count > 1 && span_is(target->segments[1], dav_routes[i].second))))
			return &dav_routes[i];
	return NULL;
}

static uint64_t body_max(const struct caldavd_options *options, enum dav_body body)
{
	switch (body) {
	case DAV_BODY_NONE:
		return 65536; /* read and disregarded */
	case DAV_BODY_XML:
		return options->xml_max;
	case DAV_BODY_RESOURCE:
		return options->resource_max;
	case DAV_BODY_ATTACHMENT:
		return options->attachment_max;
	case DAV_BODY_IMPORT:
		return options->import_max;
	}
	return 0;
}

enum http_begin caldavd_begin(struct http_exchange *x)
{
	struct dav_request *r = arena_new(x->arena, struct dav_request);
	struct caldavd *daemon = daemon_of(x);
	enum dav_body body;
	unsigned traits;

	*r = (struct dav_request){.x = x, .daemon = daemon, .store = daemon->service.store, .arena = x->arena};
	x->state = r;
	if (!strip_base(x, &r->target)) {
		http_answer_text(x, 404, "There is nothing here");
		return HTTP_BEGIN_NOW;
	}
	r->route = find_route(&r->target);
	if (x->target.has_encoded_slash && (r->route == NULL || !(r->route->traits & DAV_SLASHES))) {
		http_answer_text(x, 400, "The address is malformed");
		return HTTP_BEGIN_NOW;
	}
	if (r->route != NULL && r->route->traits & DAV_SECRET)
		x->head.target = span_of(arena_printf(x->arena, "/%s/", r->route->first));
	r->method = dav_method_find(x->head.method);
	if (r->method == NULL) {
		http_answer_text(x, 501, "That method is not known here");
		return HTTP_BEGIN_NOW;
	}
	if (r->target.is_asterisk && r->method->run != dav_options_run) { /* RFC 9112, 3.2.4 */
		http_answer_text(x, 400, "Only OPTIONS is about the server as a whole");
		return HTTP_BEGIN_NOW;
	}
	body = r->route != NULL ? r->route->body : r->method->body;
	traits = r->route != NULL ? r->route->traits : r->method->traits;
	if (!(traits & DAV_FOR_ALL) && !caldavd_login(x, &r->user))
		return HTTP_BEGIN_LATER;
	if (x->status != 0)
		return HTTP_BEGIN_NOW;
	x->log_user = r->user.id == 0 ? NULL : x->session->net.user;
	x->body_max = body_max(&daemon->options, body);
	if (body == DAV_BODY_RESOURCE && x->head.body == HTTP_BODY_LENGTH && x->head.length > x->body_max)
		dav_error(r, 413, "C:max-resource-size", NULL);
	else if (body == DAV_BODY_RESOURCE && http_request_field(x, "Content-Range").p != NULL) /* RFC 9110, 14.5 */
		http_answer_text(x, 400, "Parts of a resource cannot be put");
	if (body == DAV_BODY_ATTACHMENT && x->status == 0)
		caldav_attachment_begin(r);
	return HTTP_BEGIN_NOW;
}

void caldavd_resume(struct http_exchange *x)
{
	caldavd_login_delay_over(x);
}

/* --- the method --- */

static bool is_allowed(struct dav_request *r)
{
	if (r->resource.type == DAV_NOTHING || (r->resource.type == DAV_UNMAPPED && !(r->method->on & DAV_UNMAPPED))) {
		http_answer_text(r->x, 404, "There is nothing here");
		return false;
	}
	if (r->method->on & r->resource.type)
		return true;
	if (r->method->run == dav_mkcalendar_run) { /* RFC 4791, 5.3.1 */
		dav_error(r, 403, "D:resource-must-be-null", NULL);
		return false;
	}
	dav_write_allow(r);
	http_answer_text(r->x, 405, "That method is not possible here");
	return false;
}

/* Does the client itself say that it is something else? */
static bool is_no_xml(struct span type)
{
	return type.n > 0 && span_find(type, SPAN("xml")) == SIZE_MAX && !span_starts_nocase(type, SPAN("text/")) &&
	       !span_starts_nocase(type, SPAN("application/x-www-form-urlencoded")); /* what curl says of itself */
}

/* What the client calls XML does not matter: some Android clients say text/plain (quirk 43). */
static bool parse_xml(struct dav_request *r)
{
	struct span body = buf_view(&r->x->body);
	const char *problem;

	if (r->method->body != DAV_BODY_XML)
		return true;
	if (body.n == 0) {
		if (r->method->traits & DAV_NEEDS_XML)
			http_answer_text(r->x, 400, "A body is missing");
		return (r->method->traits & DAV_NEEDS_XML) == 0;
	}
	r->xml = xml_parse(body, r->arena, &problem);
	if (r->xml == NULL && is_no_xml(http_request_field(r->x, "Content-Type")))
		http_answer_text(r->x, 415, "A body of that type is not understood here");
	else if (r->xml == NULL)
		http_answer_text(r->x, 400, "The XML is malformed: %s", problem);
	return r->xml != NULL;
}

void caldavd_run(struct http_exchange *x)
{
	struct dav_request *r = request_of(x);
	enum store_status status;

	read_preferences(r);
	read_depth(r);
	if (x->status != 0)
		return;
	if (r->route != NULL) {
		r->route->run(r);
		return;
	}
	if (r->target.is_asterisk && r->method->run != dav_options_run) { /* RFC 9112, 3.2.4 */
		http_answer_text(x, 400, "The server as a whole only has options");
		return;
	}
	if (r->target.is_asterisk) {
		r->resource = (struct dav_resource){.type = DAV_ROOT};
	} else if ((status = dav_resource_find(r, &r->target, &r->resource)) != STORE_OK) {
		dav_fail(r, status);
		return;
	}
	if (is_allowed(r) && (!(r->method->traits & (DAV_CHANGES | DAV_READS)) || dav_conditions_hold(r)) &&
	    parse_xml(r))
		r->method->run(r);
}

void caldavd_end(struct http_exchange *x)
{
	struct dav_request *r = request_of(x);

	if (r == NULL)
		return;
	caldav_attachment_end(r);
	if (r->xml != NULL)
		xmlFreeDoc(r->xml);
}

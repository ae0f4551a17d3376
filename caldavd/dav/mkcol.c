/* MKCOL with and without a body (RFC 4918, 9.3; RFC 5689), MKCALENDAR (RFC 4791, 5.3.1). */
#include "caldavd/dav/methods.h"
#include "caldavd/dav/update.h"

struct making {
	struct store_new_collection make;
	struct dav_update update;
	bool is_mkcalendar;
};

static bool take_components(struct dav_request *r, struct making *job, struct dav_instruction *one)
{
	for (xmlNode *comp = xml_first(one->wanted.node); comp != NULL; comp = xml_next(comp)) {
		unsigned bit = dav_component_of(xml_attribute(comp, "name", r->arena));

		if (!xml_is(comp, NS_CALDAV, "comp") || bit == 0)
			return false;
		job->make.components |= bit;
	}
	return job->make.components != 0;
}

/* What makes the collection what it is, and is no property to be kept. */
static void take_nature(struct dav_request *r, struct making *job, struct dav_instruction *one)
{
	const xmlNode *node = one->wanted.node;

	if (xml_is(node, NS_DAV, "resourcetype")) {
		one->is_settled = true;
		for (xmlNode *type = xml_first(node); type != NULL; type = xml_next(type)) {
			if (xml_is(type, NS_CALDAV, "calendar")) {
				job->make.kind = STORE_CALENDAR;
			} else if (!xml_is(type, NS_DAV, "collection")) {
				one->status = 403;
				one->condition = "D:valid-resourcetype";
			}
		}
	} else if (xml_is(node, NS_CALDAV, "supported-calendar-component-set")) {
		one->is_settled = true;
		if (!take_components(r, job, one)) {
			one->status = 403;
			one->condition = "C:supported-calendar-component";
		}
	}
}

static void answer_refusal(struct dav_request *r, const struct making *job)
{
	const char *name = job->is_mkcalendar ? "C:mkcalendar-response" : "D:mkcol-response";
	struct buf body = {0};

	if (dav_wants_one_status(r)) {
		http_answer_text(r->x, 403, "A property cannot be set");
		return;
	}
	buf_printf(&body, XML_DECLARATION "<%s" XML_PREFIXES ">", name);
	dav_update_write(&job->update, &body);
	buf_printf(&body, "</%s>\n", name);
	http_field(r->x, "Cache-Control", "no-cache");
	http_answer(r->x, 403, "application/xml; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

static void answer_status(struct dav_request *r, const struct making *job, enum store_status status)
{
	if (status == STORE_OK) {
		http_field(r->x, "Cache-Control", "no-cache");
		http_answer(r->x, 201, NULL, SPAN(""));
	} else if (status == STORE_DENIED) {
		dav_error(r, 403, job->make.kind == STORE_CALENDAR ? "C:calendar-collection-location-ok" : NULL,
			  job->make.kind == STORE_CALENDAR ? NULL : "Collections are not possible there");
	} else if (status == STORE_EXISTS && job->is_mkcalendar) {
		dav_error(r, 403, "D:resource-must-be-null", NULL);
	} else if (status == STORE_EXISTS) {
		dav_write_allow(r);
		http_answer_text(r->x, 405, "That name is taken");
	} else {
		dav_fail(r, status);
	}
}

static void make(struct dav_request *r, struct making *job, const char *ns, const char *name)
{
	const xmlNode *root = r->xml == NULL ? NULL : xmlDocGetRootElement(r->xml);
	enum store_status status;
	uint64_t id;

	if (r->resource.parent_is_missing) {
		http_answer_text(r->x, 409, "The collection it would lie in is not there");
		return;
	}
	if (root != NULL && !xml_is(root, ns, name)) {
		http_answer_text(r->x, 415, "That body is not understood");
		return;
	}
	if (root != NULL)
		dav_update_parse(r, root, &job->update);
	for (size_t i = 0; i < job->update.count; i++)
		take_nature(r, job, &job->update.list[i]);
	if (!dav_update_check(r, &job->update)) {
		answer_refusal(r, job);
		return;
	}
	job->make.parent = r->resource.collection.id;
	job->make.name = r->resource.name;
	job->make.properties = dav_update_changes(r, &job->update, &job->make.property_count);
	status = store_collection_make(r->store, r->user.id, &job->make, &r->guard, &id);
	answer_status(r, job, status);
}

void dav_mkcol_run(struct dav_request *r)
{
	struct making job = {.make = {.kind = STORE_FOLDER}};

	make(r, &job, NS_DAV, "mkcol");
}

void dav_mkcalendar_run(struct dav_request *r)
{
	struct making job = {.make = {.kind = STORE_CALENDAR}, .is_mkcalendar = true};

	make(r, &job, NS_CALDAV, "mkcalendar");
}

/* PROPPATCH (RFC 4918, 9.2), and what MKCOL and MKCALENDAR set: all or nothing. */
#include "caldavd/dav/methods.h"
#include "caldavd/dav/multistatus.h"
#include "caldavd/dav/update.h"
#include "common/base/must.h"

/* --- the instructions --- */

static void add(struct dav_request *r, struct dav_update *update, const xmlNode *node, bool is_removal)
{
	struct dav_instruction *to;

	arena_grow(r->arena, (void **)&update->list, &update->capacity, update->count + 1, sizeof *update->list);
	to = &update->list[update->count++];
	*to = (struct dav_instruction){.wanted = dav_wanted_of(node), .is_removal = is_removal, .status = 200};
}

/* propertyupdate = (remove | set)+ with D:prop in each, in the order of the document. */
void dav_update_parse(struct dav_request *r, const xmlNode *root, struct dav_update *update_r)
{
	*update_r = (struct dav_update){0};
	for (xmlNode *step = xml_first(root); step != NULL; step = xml_next(step)) {
		bool is_removal = xml_is(step, NS_DAV, "remove");

		if (!is_removal && !xml_is(step, NS_DAV, "set"))
			continue;
		for (xmlNode *prop = xml_first(step); prop != NULL; prop = xml_next(prop))
			for (xmlNode *one = xml_is(prop, NS_DAV, "prop") ? xml_first(prop) : NULL; one != NULL;
			     one = xml_next(one))
				add(r, update_r, one, is_removal);
	}
}

static void refuse(struct dav_instruction *one, unsigned status, const char *condition)
{
	one->status = status;
	one->condition = condition;
}

static void check(struct dav_request *r, struct dav_instruction *one)
{
	const struct dav_property *row = one->wanted.row;
	const char *condition;

	if (one->is_settled)
		return;
	if (one->wanted.name.n + one->wanted.ns.n + 2 > STORE_PROPERTY_NAME_MAX)
		refuse(one, 403, NULL);
	if (row == NULL)
		return;
	if (row->traits & PROPERTY_PROTECTED)
		refuse(one, 403, "D:cannot-modify-protected-property");
	else if (!one->is_removal && row->check != NULL && (condition = row->check(r, one->wanted.node)) != NULL)
		refuse(one, 403, condition);
}

bool dav_update_check(struct dav_request *r, struct dav_update *update)
{
	bool ok = true;

	for (size_t i = 0; i < update->count; i++) {
		check(r, &update->list[i]);
		ok &= update->list[i].status == 200;
	}
	for (size_t i = 0; i < update->count && !ok; i++)
		if (update->list[i].status == 200)
			update->list[i].status = 424;
	return ok;
}

static struct store_property change_of(struct dav_request *r, const struct dav_instruction *one)
{
	const struct dav_wanted *wanted = &one->wanted;
	struct buf text = {0};
	struct store_property change = {
		.name = span_of(arena_printf(r->arena, "{%.*s}%.*s", (int)wanted->ns.n, wanted->ns.p,
					     (int)wanted->name.n, wanted->name.p))};

	if (one->is_removal)
		return change;
	xml_write_node(wanted->node, &text);
	change.value = arena_span(r->arena, buf_view(&text));
	buf_done(&text);
	return change;
}

/* A calendar has one time zone, that can be set in two ways: the one goes with the other (RFC 7809, 3.1.5). */
static const char *other_of(const struct dav_wanted *wanted)
{
	if (!span_is(wanted->ns, NS_CALDAV))
		return NULL;
	if (span_is(wanted->name, "calendar-timezone"))
		return "{" NS_CALDAV "}calendar-timezone-id";
	return span_is(wanted->name, "calendar-timezone-id") ? "{" NS_CALDAV "}calendar-timezone" : NULL;
}

struct store_property *dav_update_changes(struct dav_request *r, const struct dav_update *update, size_t *count_r)
{
	struct store_property *changes = arena_zero(r->arena, 2 * update->count + 1, sizeof *changes);

	*count_r = 0;
	for (size_t i = 0; i < update->count; i++) {
		const struct dav_instruction *one = &update->list[i];
		const char *other = other_of(&one->wanted);

		if (one->is_settled || (one->wanted.row != NULL && (one->wanted.row->traits & PROPERTY_IGNORED)))
			continue;
		if (other != NULL)
			changes[(*count_r)++] = (struct store_property){.name = span_of(other)};
		changes[(*count_r)++] = change_of(r, one);
	}
	return changes;
}

/* --- the answer: one propstat a status and condition --- */

static bool is_first(const struct dav_update *update, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (update->list[k].status == update->list[i].status &&
		    update->list[k].condition == update->list[i].condition)
			return false;
	return true;
}

void dav_update_write(const struct dav_update *update, struct buf *out)
{
	for (size_t i = 0; i < update->count; i++) {
		const struct dav_instruction *first = &update->list[i];

		if (!is_first(update, i))
			continue;
		buf_text(out, "<D:propstat><D:prop>");
		for (size_t k = i; k < update->count; k++)
			if (update->list[k].status == first->status && update->list[k].condition == first->condition)
				dav_write_empty(&update->list[k].wanted, out);
		buf_printf(out, "</D:prop><D:status>HTTP/1.1 %u %s</D:status>", first->status,
			   http_reason(first->status));
		if (first->condition != NULL)
			buf_printf(out, "<D:error><%s/></D:error>", first->condition);
		buf_text(out, "</D:propstat>");
	}
}

/* macOS's calendar cannot read a 207 in which some properties failed (quirk 21). */
bool dav_wants_one_status(const struct dav_request *r)
{
	return span_starts(r->agent, SPAN("iCal/")) || span_starts(r->agent, SPAN("Mac OS X/")) ||
	       span_find(r->agent, SPAN("CalendarAgent")) != SIZE_MAX ||
	       span_find(r->agent, SPAN("DAVKit")) != SIZE_MAX;
}

static void answer(struct dav_request *r, const struct dav_update *update, bool ok)
{
	struct buf body = {0};

	if (ok && r->is_minimal) {
		http_field(r->x, "Preference-Applied", "return=minimal");
		http_answer(r->x, 200, NULL, SPAN(""));
		return;
	}
	if (!ok && dav_wants_one_status(r)) {
		http_answer_text(r->x, 403, "A property cannot be set");
		return;
	}
	buf_text(&body, "<D:response><D:href>");
	xml_write_text(r->resource.href, &body);
	buf_text(&body, "</D:href>");
	dav_update_write(update, &body);
	buf_text(&body, "</D:response>\n");
	dav_multistatus_of(r, buf_view(&body));
	buf_done(&body);
}

void dav_proppatch_run(struct dav_request *r)
{
	const xmlNode *root = xmlDocGetRootElement(r->xml);
	struct dav_update update;
	struct store_property *changes;
	enum store_status status;
	size_t count;
	bool ok;

	if (!xml_is(root, NS_DAV, "propertyupdate")) {
		http_answer_text(r->x, 400, "The body is no propertyupdate");
		return;
	}
	dav_update_parse(r, root, &update);
	if (update.count == 0) {
		http_answer_text(r->x, 400, "The propertyupdate names no property");
		return;
	}
	ok = dav_update_check(r, &update);
	if (ok) {
		changes = dav_update_changes(r, &update, &count);
		status = store_property_change(r->store, r->user.id, r->resource.collection.id,
					       dav_is_leaf(&r->resource) ? r->resource.object.name : SPAN(""), changes,
					       count, &r->guard);
		if (status != STORE_OK) {
			dav_fail(r, status);
			return;
		}
	}
	answer(r, &update, ok);
}

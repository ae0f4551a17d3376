/* From a list of wanted properties to D:response elements (RFC 4918, 14.24), and the properties that clients stored. */
#include "caldavd/dav/property.h"
#include "caldavd/http/exchange.h"
#include "common/base/must.h"

#include <string.h>

enum { WANTED_MAX = 256 }; /* properties that one request may name */

/* --- names --- */

const char *dav_prefix_of(struct span ns)
{
	if (span_is(ns, NS_DAV))
		return "D";
	if (span_is(ns, NS_CALDAV))
		return "C";
	if (span_is(ns, NS_CS))
		return "CS";
	return span_is(ns, NS_APPLE) ? "A" : NULL;
}

struct dav_wanted dav_wanted_of(const xmlNode *node)
{
	struct dav_wanted wanted = {.ns = xml_namespace(node), .name = xml_name(node), .node = node};

	for (size_t i = 0; i < dav_properties_count; i++)
		if (span_is(wanted.name, dav_properties[i].name) && span_is(wanted.ns, dav_properties[i].ns))
			wanted.row = &dav_properties[i];
	return wanted;
}

static struct dav_wanted wanted_of_row(const struct dav_property *row)
{
	return (struct dav_wanted){.ns = span_of(row->ns), .name = span_of(row->name), .row = row};
}

bool dav_is_calendar_data(const struct dav_wanted *wanted)
{
	return span_is(wanted->name, "calendar-data") && span_is(wanted->ns, NS_CALDAV);
}

void dav_write_empty(const struct dav_wanted *wanted, struct buf *out)
{
	const char *prefix = dav_prefix_of(wanted->ns);

	buf_byte(out, '<');
	if (prefix != NULL) {
		buf_text(out, prefix);
		buf_byte(out, ':');
		buf_span(out, wanted->name);
	} else if (wanted->ns.n == 0) {
		buf_span(out, wanted->name);
		buf_text(out, " xmlns=\"\"");
	} else {
		buf_text(out, "X:");
		buf_span(out, wanted->name);
		buf_text(out, " xmlns:X=\"");
		xml_write_text(wanted->ns, out);
		buf_byte(out, '"');
	}
	buf_text(out, "/>");
}

/* --- stored ones: under "{namespace}name", the whole element as their value --- */

void dav_subject_init(struct dav_subject *subject, struct dav_request *r, const struct dav_resource *resource)
{
	*subject = (struct dav_subject){.r = r, .resource = resource};
}

static void load_stored(struct dav_subject *subject)
{
	const struct dav_resource *resource = subject->resource;
	struct dav_request *r = subject->r;
	struct span object = resource->type & (DAV_OBJECT | DAV_FILE) ? resource->object.name : (struct span){0};
	enum store_status status;

	if (subject->has_stored)
		return;
	subject->has_stored = true;
	if (resource->collection.id == 0 || resource->owner.id != r->user.id)
		return;
	status = store_property_list(r->store, r->user.id, resource->collection.id, object, r->arena, &subject->stored,
				     &subject->stored_count);
	subject->failed |= status != STORE_OK && status != STORE_NOT_FOUND;
}

static bool is_key(struct span key, struct span ns, struct span name)
{
	return key.n == ns.n + name.n + 2 && span_equal(span_sub(key, 1, ns.n), ns) &&
	       span_equal(span_sub(key, ns.n + 2, SIZE_MAX), name);
}

static const struct store_property *find_stored(struct dav_subject *subject, struct span ns, struct span name)
{
	load_stored(subject);
	for (size_t i = 0; i < subject->stored_count; i++)
		if (is_key(subject->stored[i].name, ns, name))
			return &subject->stored[i];
	return NULL;
}

static bool split_key(struct span key, struct span *ns_r, struct span *name_r)
{
	size_t end = span_find_byte(key, '}');

	if (key.n == 0 || key.p[0] != '{' || end == SIZE_MAX)
		return false;
	/* a namespace may hold a brace, a name may not */
	for (size_t i = end + 1; i < key.n; i++)
		if (key.p[i] == '}')
			end = i;
	*ns_r = span_sub(key, 1, end - 1);
	*name_r = span_sub(key, end + 1, SIZE_MAX);
	return true;
}

struct span dav_stored_text(struct dav_subject *subject, const char *ns, const char *name)
{
	const struct store_property *property = find_stored(subject, span_of(ns), span_of(name));
	const char *problem;
	struct span text;
	xmlDoc *doc;

	if (property == NULL || (doc = xml_parse(property->value, subject->r->arena, &problem)) == NULL)
		return (struct span){0};
	text = xml_text(xmlDocGetRootElement(doc), subject->r->arena);
	xmlFreeDoc(doc);
	return text;
}

/* --- one property --- */

static bool write_live(struct dav_subject *subject, const struct dav_property *row, struct buf *out)
{
	const char *prefix = dav_prefix_of(span_of(row->ns));
	size_t before = out->n;

	must(prefix != NULL);
	if (row->write == NULL)
		return false;
	buf_byte(out, '<');
	buf_text(out, prefix);
	buf_byte(out, ':');
	buf_text(out, row->name);
	buf_byte(out, '>');
	if (!row->write(subject, out)) {
		out->n = before;
		return false;
	}
	buf_text(out, "</");
	buf_text(out, prefix);
	buf_byte(out, ':');
	buf_text(out, row->name);
	buf_byte(out, '>');
	return true;
}

bool dav_write_property(struct dav_subject *subject, const struct dav_wanted *wanted, struct buf *out)
{
	const struct dav_property *row = wanted->row;
	const struct store_property *stored;

	if (row != NULL && !(row->on & subject->resource->type))
		return false;
	if (row != NULL && !(row->traits & PROPERTY_STORED))
		return write_live(subject, row, out);
	stored = find_stored(subject, wanted->ns, wanted->name);
	if (stored != NULL) {
		buf_span(out, stored->value);
		return true;
	}
	return row != NULL && write_live(subject, row, out);
}

/* --- a response --- */

static void open_propstat(struct buf *out, bool *is_open)
{
	if (!*is_open)
		buf_text(out, "<D:propstat><D:prop>");
	*is_open = true;
}

static void close_propstat(struct buf *out, unsigned status, bool is_open)
{
	if (!is_open)
		return;
	if (status == 200) /* nearly always */
		buf_text(out, "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
	else
		buf_printf(out, "</D:prop><D:status>HTTP/1.1 %u %s</D:status></D:propstat>", status,
			   http_reason(status));
}

static bool write_one(struct dav_subject *subject, const struct dav_selection *selection,
		      const struct dav_wanted *wanted, struct buf *out)
{
	if (selection->write_data != NULL && dav_is_calendar_data(wanted))
		return selection->write_data(subject, selection->data, out);
	return dav_write_property(subject, wanted, out);
}

static void write_named(struct dav_subject *subject, const struct dav_selection *selection, struct buf *out)
{
	uint64_t missing[WANTED_MAX / 64] = {0};
	bool is_open = false, any_missing = false;

	for (size_t i = 0; i < selection->count; i++) {
		size_t before = out->n;
		bool was_open = is_open;

		open_propstat(out, &is_open);
		if (write_one(subject, selection, &selection->list[i], out))
			continue;
		is_open = was_open;
		out->n = before;
		any_missing = true;
		missing[i / 64] |= (uint64_t)1 << (i % 64);
	}
	close_propstat(out, 200, is_open);
	if (!any_missing || subject->r->is_minimal) {
		if (!is_open) /* a response without a propstat is none (RFC 8144, 2.1) */
			buf_text(out, "<D:propstat><D:prop/><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
		return;
	}
	is_open = false;
	open_propstat(out, &is_open);
	for (size_t i = 0; i < selection->count; i++)
		if (missing[i / 64] >> (i % 64) & 1)
			dav_write_empty(&selection->list[i], out);
	close_propstat(out, 404, true);
}

static bool is_live_key(struct span ns, struct span name, unsigned type)
{
	for (size_t i = 0; i < dav_properties_count; i++)
		if (span_is(name, dav_properties[i].name) && span_is(ns, dav_properties[i].ns) &&
		    (dav_properties[i].on & type))
			return true;
	return false;
}

static void write_all(struct dav_subject *subject, const struct dav_selection *selection, struct buf *out)
{
	bool is_open = false;

	open_propstat(out, &is_open);
	for (size_t i = 0; i < dav_properties_count; i++) {
		struct dav_wanted wanted = wanted_of_row(&dav_properties[i]);

		if (dav_properties[i].traits & PROPERTY_IN_ALLPROP)
			(void)dav_write_property(subject, &wanted, out);
	}
	load_stored(subject);
	for (size_t i = 0; i < subject->stored_count; i++) {
		struct span ns, name;

		if (split_key(subject->stored[i].name, &ns, &name) && !is_live_key(ns, name, subject->resource->type))
			buf_span(out, subject->stored[i].value);
	}
	for (size_t i = 0; i < selection->count; i++)
		if (selection->list[i].row == NULL || !(selection->list[i].row->traits & PROPERTY_IN_ALLPROP))
			(void)write_one(subject, selection, &selection->list[i], out);
	close_propstat(out, 200, true);
}

static void write_names(struct dav_subject *subject, struct buf *out)
{
	struct buf scratch = {0};
	bool is_open = false;

	open_propstat(out, &is_open);
	for (size_t i = 0; i < dav_properties_count; i++) {
		struct dav_wanted wanted = wanted_of_row(&dav_properties[i]);

		if (!(dav_properties[i].on & subject->resource->type))
			continue;
		scratch.n = 0;
		if (dav_write_property(subject, &wanted, &scratch))
			dav_write_empty(&wanted, out);
	}
	load_stored(subject);
	for (size_t i = 0; i < subject->stored_count; i++) {
		struct dav_wanted wanted = {0};

		if (split_key(subject->stored[i].name, &wanted.ns, &wanted.name) &&
		    !is_live_key(wanted.ns, wanted.name, subject->resource->type))
			dav_write_empty(&wanted, out);
	}
	buf_done(&scratch);
	close_propstat(out, 200, true);
}

bool dav_write_response(struct dav_request *r, const struct dav_resource *resource,
			const struct dav_selection *selection, struct buf *out)
{
	struct dav_subject subject;

	dav_subject_init(&subject, r, resource);
	buf_text(out, "<D:response><D:href>");
	xml_write_text(resource->href, out);
	buf_text(out, "</D:href>");
	switch (selection->kind) {
	case PROPFIND_ALL:
		write_all(&subject, selection, out);
		break;
	case PROPFIND_NAMES:
		write_names(&subject, out);
		break;
	case PROPFIND_NAMED:
		write_named(&subject, selection, out);
		break;
	}
	buf_text(out, "</D:response>\n");
	return !subject.failed;
}

void dav_write_status_response(struct span href, unsigned status, struct buf *out)
{
	buf_text(out, "<D:response><D:href>");
	xml_write_text(href, out);
	buf_printf(out, "</D:href><D:status>HTTP/1.1 %u %s</D:status></D:response>\n", status, http_reason(status));
}

static bool is_selected(const struct dav_selection *selection, const struct dav_wanted *wanted)
{
	for (size_t i = 0; i < selection->count; i++)
		if (span_equal(selection->list[i].name, wanted->name) && span_equal(selection->list[i].ns, wanted->ns))
			return true;
	return false;
}

/* Each property once, and not without end: the answer is as many times as long as there are resources. */
void dav_selection_of_prop(struct dav_request *r, const xmlNode *prop, struct dav_selection *selection_r)
{
	size_t capacity = 0;

	*selection_r = (struct dav_selection){.kind = PROPFIND_NAMED};
	for (xmlNode *node = xml_first(prop); node != NULL && selection_r->count < WANTED_MAX; node = xml_next(node)) {
		struct dav_wanted wanted = dav_wanted_of(node);

		if (is_selected(selection_r, &wanted))
			continue;
		arena_grow(r->arena, (void **)&selection_r->list, &capacity, selection_r->count + 1,
			   sizeof *selection_r->list);
		selection_r->list[selection_r->count++] = wanted;
	}
}

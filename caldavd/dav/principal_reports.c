/* Reports about people (RFC 3744, 9) and expand-property (RFC 3253, 3.8). */
#include "caldavd/dav/multistatus.h"
#include "caldavd/dav/report.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

enum { FOUND_MAX = 100, TERMS_MAX = 16, TERM_BYTES_MAX = 1000, EXPAND_DEPTH_MAX = 4, EXPAND_MAX = 1000 };

/* --- principal-property-search (RFC 3744, 9.4) --- */

static const struct {
	const char *ns, *name, *description;
} searchable[] = {
	{NS_DAV, "displayname", "Name"},
	{NS_CALDAV, "calendar-user-address-set", "Address"},
	{NS_CS, "email-address-set", "Mail address"},
	{NS_CALDAV, "calendar-user-type", "Kind"},
};

struct search {
	struct dav_request *r;
	const xmlNode *root;
	struct dav_selection selection;
	bool any; /* test="anyof": one term is enough */
	size_t found;
	struct arena *page; /* of one user */
	struct buf body;
};

enum where { ANYWHERE, AT_START, AT_END, EXACTLY };

static enum where where_of(struct search *search, const xmlNode *match)
{
	struct span type = xml_attribute(match, "match-type", search->r->arena);

	if (span_is(type, "starts-with"))
		return AT_START;
	if (span_is(type, "ends-with"))
		return AT_END;
	return span_is(type, "equals") ? EXACTLY : ANYWHERE;
}

static struct span folded(struct dav_request *r, struct span text)
{
	size_t n = 0;
	uint8_t *fold = u8_casefold((const uint8_t *)text.p, text.n, NULL, UNINORM_NFC, NULL, &n);
	struct span copy = fold == NULL ? text : arena_span(r->arena, span_from(fold, n));

	free(fold);
	return copy;
}

static bool text_matches(struct search *search, struct span value, const xmlNode *match)
{
	struct span want = span_trim(xml_text(match, search->r->arena));

	if (want.n > TERM_BYTES_MAX)
		return false;
	want = folded(search->r, want);
	value = folded(search->r, value);
	if (want.n == 0 || want.n > value.n)
		return false;
	switch (where_of(search, match)) {
	case AT_START:
		return span_starts(value, want);
	case AT_END:
		return span_equal(span_sub(value, value.n - want.n, want.n), want);
	case EXACTLY:
		return span_equal(value, want);
	case ANYWHERE:
		break;
	}
	return span_find(value, want) != SIZE_MAX;
}

static bool is_searchable(const struct dav_wanted *wanted)
{
	for (size_t i = 0; i < array_count(searchable); i++)
		if (span_is(wanted->ns, searchable[i].ns) && span_is(wanted->name, searchable[i].name))
			return true;
	return false;
}

/* property-search = (prop, match): all the properties named must match. */
static bool term_matches(struct search *search, struct dav_subject *subject, const xmlNode *term)
{
	const xmlNode *match = xml_child(term, NS_DAV, "match");

	for (xmlNode *prop = xml_first(xml_child(term, NS_DAV, "prop")); prop != NULL; prop = xml_next(prop)) {
		struct dav_wanted wanted = dav_wanted_of(prop);
		struct buf value = {0};
		struct span text = {0};
		const char *problem;
		xmlDoc *doc = NULL;

		if (match == NULL || !is_searchable(&wanted))
			return false;
		buf_text(&value, "<X" XML_PREFIXES ">");
		if (dav_write_property(subject, &wanted, &value)) {
			buf_text(&value, "</X>");
			doc = xml_parse(buf_view(&value), search->r->arena, &problem);
		}
		if (doc != NULL)
			text = xml_text(xmlDocGetRootElement(doc), search->r->arena);
		xmlFreeDoc(doc);
		buf_done(&value);
		if (!text_matches(search, text, match))
			return false;
	}
	return true;
}

/* Each is asked of every user there is. */
static size_t count_terms(const xmlNode *root)
{
	size_t count = 0;

	for (xmlNode *term = xml_first(root); term != NULL; term = xml_next(term))
		for (xmlNode *prop = xml_first(xml_child(term, NS_DAV, "prop")); prop != NULL; prop = xml_next(prop))
			count++;
	return count;
}

static bool principal_matches(struct search *search, struct dav_subject *subject)
{
	size_t terms = 0, matched = 0;

	for (xmlNode *term = xml_first(search->root); term != NULL; term = xml_next(term)) {
		if (!xml_is(term, NS_DAV, "property-search"))
			continue;
		terms++;
		matched += term_matches(search, subject, term);
	}
	return search->any ? matched > 0 : terms > 0 && matched == terms;
}

static void principal_of(struct dav_request *r, const struct dav_user *user, struct dav_resource *resource_r)
{
	struct buf href = {0};

	dav_write_principal(r, user->name, &href);
	*resource_r = (struct dav_resource){
		.type = DAV_PRINCIPAL, .owner = *user, .href = arena_span(r->arena, buf_view(&href))};
	buf_done(&href);
}

static void try_user(struct search *search, const struct dav_user *user)
{
	struct dav_request *r = search->r;
	struct dav_resource resource;
	struct dav_subject subject;

	if (search->found == FOUND_MAX)
		return;
	arena_reset(search->page);
	r->arena = search->page;
	principal_of(r, user, &resource);
	dav_subject_init(&subject, r, &resource);
	if (principal_matches(search, &subject)) {
		search->found++;
		(void)dav_write_response(r, &resource, &search->selection, &search->body);
	}
	r->arena = r->x->arena;
}

static enum store_status try_all(struct search *search)
{
	struct dav_request *r = search->r;
	struct store_user *users;
	size_t count;
	enum store_status status;

	if (!r->daemon->options.has_directory) {
		try_user(search, &r->user);
		return STORE_OK;
	}
	status = store_user_list(r->store, r->arena, &users, &count);
	for (size_t i = 0; i < count && status == STORE_OK; i++) {
		struct dav_user user = {.id = users[i].id,
					.name = users[i].name,
					.display_name = users[i].display_name,
					.mail = users[i].mail};

		if (!users[i].is_disabled)
			try_user(search, &user);
	}
	return status;
}

void dav_principal_search_run(struct dav_request *r, const xmlNode *root)
{
	struct search search = {.r = r, .root = root};
	enum store_status status;

	if (r->has_depth && r->depth != DAV_DEPTH_0) {
		http_answer_text(r->x, 400, "Depth must be 0 here");
		return;
	}
	if (count_terms(root) > TERMS_MAX) {
		http_answer_text(r->x, 400, "Too much is searched for at once");
		return;
	}
	search.any = span_is(xml_attribute(root, "test", r->arena), "anyof");
	search.selection.kind = PROPFIND_NAMED;
	if (xml_child(root, NS_DAV, "prop") != NULL)
		dav_selection_of_prop(r, xml_child(root, NS_DAV, "prop"), &search.selection);
	search.page = arena_create();
	status = try_all(&search);
	arena_destroy(&search.page);
	if (status == STORE_OK)
		dav_multistatus_of(r, buf_view(&search.body));
	else
		dav_fail(r, status);
	buf_done(&search.body);
}

void dav_principal_search_properties_run(struct dav_request *r, const xmlNode *root)
{
	struct buf body = {0};

	(void)root;
	buf_text(&body, XML_DECLARATION "<D:principal-search-property-set" XML_PREFIXES ">");
	for (size_t i = 0; i < array_count(searchable); i++)
		buf_printf(&body,
			   "<D:principal-search-property><D:prop><%s:%s/></D:prop><D:description xml:lang=\"en\">%s"
			   "</D:description></D:principal-search-property>",
			   dav_prefix_of(span_of(searchable[i].ns)), searchable[i].name, searchable[i].description);
	buf_text(&body, "</D:principal-search-property-set>\n");
	http_answer(r->x, 200, "application/xml; charset=utf-8", buf_view(&body));
	buf_done(&body);
}

/* --- principal-match (RFC 3744, 9.3): what among these is me, or mine --- */

void dav_principal_match_run(struct dav_request *r, const xmlNode *root)
{
	bool is_self = xml_child(root, NS_DAV, "self") != NULL;
	struct dav_selection selection = {.kind = PROPFIND_NAMED};
	struct dav_resource resource;
	struct buf body = {0};

	if (xml_child(root, NS_DAV, "prop") != NULL)
		dav_selection_of_prop(r, xml_child(root, NS_DAV, "prop"), &selection);
	principal_of(r, &r->user, &resource);
	if (is_self && (r->resource.type & (DAV_ROOT | DAV_PRINCIPALS)))
		(void)dav_write_response(r, &resource, &selection, &body);
	else if (r->resource.owner.id == r->user.id && r->resource.type != DAV_NOTHING)
		(void)dav_write_response(r, &r->resource, &selection, &body);
	dav_multistatus_of(r, buf_view(&body));
	buf_done(&body);
}

/* --- acl-principal-prop-set (RFC 3744, 9.2): who is named in the list of access: the owner --- */

void dav_acl_principals_run(struct dav_request *r, const xmlNode *root)
{
	struct dav_selection selection = {.kind = PROPFIND_NAMED};
	struct dav_resource resource;
	struct buf body = {0};

	if (xml_child(root, NS_DAV, "prop") != NULL)
		dav_selection_of_prop(r, xml_child(root, NS_DAV, "prop"), &selection);
	principal_of(r, &r->resource.owner, &resource);
	(void)dav_write_response(r, &resource, &selection, &body);
	dav_multistatus_of(r, buf_view(&body));
	buf_done(&body);
}

/* --- expand-property: the hrefs in a property's value, each with properties of its own --- */

/* A client's own property may hold any number of hrefs, each of which leads back to it: so all of them are counted. */
struct expansion {
	struct dav_request *r;
	size_t depth, count;
};

static void expand(struct expansion *e, const struct dav_resource *resource, const xmlNode *root, struct buf *out);

static void expand_href(struct expansion *e, struct span href, const xmlNode *property, struct buf *out)
{
	struct dav_request *r = e->r;
	struct http_target target;
	struct dav_resource resource;

	if (dav_href_parse(r, href, &target) && dav_resource_find(r, &target, &resource) == STORE_OK &&
	    !(resource.type & (DAV_NOTHING | DAV_UNMAPPED)))
		expand(e, &resource, property, out);
	else
		dav_write_status_response(href, 404, out);
}

static void expand_one(struct expansion *e, struct dav_subject *subject, const xmlNode *property, struct buf *out,
		       struct buf *missing)
{
	struct dav_request *r = e->r;
	struct dav_wanted wanted = {.ns = xml_attribute(property, "namespace", r->arena),
				    .name = xml_attribute(property, "name", r->arena)};
	struct buf value = {0};
	const char *problem;
	xmlDoc *doc;

	if (wanted.ns.p == NULL)
		wanted.ns = SPAN(NS_DAV);
	for (size_t i = 0; i < dav_properties_count; i++)
		if (span_is(wanted.name, dav_properties[i].name) && span_is(wanted.ns, dav_properties[i].ns))
			wanted.row = &dav_properties[i];
	buf_text(&value, "<X" XML_PREFIXES ">");
	if (wanted.name.n == 0 || xmlValidateNCName((const xmlChar *)arena_text(r->arena, wanted.name), 0) != 0) {
		buf_done(&value);
		return;
	}
	if (!dav_write_property(subject, &wanted, &value)) {
		dav_write_empty(&wanted, missing);
		buf_done(&value);
		return;
	}
	buf_text(&value, "</X>");
	doc = xml_first(property) != NULL && e->depth < EXPAND_DEPTH_MAX
		      ? xml_parse(buf_view(&value), r->arena, &problem)
		      : NULL;
	if (doc != NULL && dav_prefix_of(wanted.ns) != NULL) {
		const xmlNode *element = xml_first(xmlDocGetRootElement(doc));

		buf_printf(out, "<%s:%.*s>", dav_prefix_of(wanted.ns), (int)wanted.name.n, wanted.name.p);
		e->depth++;
		for (xmlNode *href = xml_first(element); href != NULL; href = xml_next(href))
			if (xml_is(href, NS_DAV, "href") && e->count++ < EXPAND_MAX)
				expand_href(e, xml_text(href, r->arena), property, out);
		e->depth--;
		buf_printf(out, "</%s:%.*s>", dav_prefix_of(wanted.ns), (int)wanted.name.n, wanted.name.p);
	} else {
		size_t from = sizeof("<X" XML_PREFIXES ">") - 1;

		buf_span(out, span_sub(buf_view(&value), from, value.n - from - (sizeof("</X>") - 1)));
	}
	xmlFreeDoc(doc);
	buf_done(&value);
}

static void expand(struct expansion *e, const struct dav_resource *resource, const xmlNode *root, struct buf *out)
{
	struct dav_subject subject;
	struct buf missing = {0};

	dav_subject_init(&subject, e->r, resource);
	buf_text(out, "<D:response><D:href>");
	xml_write_text(resource->href, out);
	buf_text(out, "</D:href><D:propstat><D:prop>");
	for (xmlNode *property = xml_first(root); property != NULL; property = xml_next(property))
		if (xml_is(property, NS_DAV, "property"))
			expand_one(e, &subject, property, out, &missing);
	buf_text(out, "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
	if (missing.n > 0) {
		buf_text(out, "<D:propstat><D:prop>");
		buf_span(out, buf_view(&missing));
		buf_text(out, "</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>");
	}
	buf_text(out, "</D:response>\n");
	buf_done(&missing);
}

void dav_expand_property_run(struct dav_request *r, const xmlNode *root)
{
	struct expansion expansion = {.r = r};
	struct buf body = {0};

	expand(&expansion, &r->resource, root, &body);
	if (expansion.count > EXPAND_MAX)
		dav_error(r, 507, "D:number-of-matches-within-limits", NULL);
	else
		dav_multistatus_of(r, buf_view(&body));
	buf_done(&body);
}

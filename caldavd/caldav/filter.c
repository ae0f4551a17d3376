/* Filters, from XML into common/ical's structs. */
#include "caldavd/caldav/filter.h"

enum { FILTERS_MAX = 200, TEXT_MAX = 1000 /* bytes */ }; /* each is asked of every object */

struct parser {
	struct dav_request *r;
	size_t count;
	bool is_bad;
};

static void refuse(struct parser *parser, const char *condition, const char *problem)
{
	if (!parser->is_bad)
		dav_error(parser->r, 403, condition, "%s", problem);
	parser->is_bad = true;
}

static struct span name_of(struct parser *parser, const xmlNode *node)
{
	struct span name = xml_attribute(node, "name", parser->r->arena);

	if (name.n == 0)
		refuse(parser, "C:valid-filter", "a filter has no name");
	if (++parser->count > FILTERS_MAX)
		refuse(parser, "C:valid-filter", "there are too many filters");
	return name;
}

static const struct ical_range *parse_range(struct parser *parser, const xmlNode *parent)
{
	const xmlNode *node = xml_child(parent, NS_CALDAV, "time-range");
	struct ical_range *range;

	if (node == NULL || parser->is_bad)
		return NULL;
	range = arena_new(parser->r->arena, struct ical_range);
	parser->is_bad = !caldav_parse_range(parser->r, node, true, range);
	return range;
}

static const struct ical_text_match *parse_match(struct parser *parser, const xmlNode *parent)
{
	const xmlNode *node = xml_child(parent, NS_CALDAV, "text-match");
	struct span collation, negate;
	struct ical_text_match *match;

	if (node == NULL)
		return NULL;
	collation = xml_attribute(node, "collation", parser->r->arena);
	negate = xml_attribute(node, "negate-condition", parser->r->arena);
	match = arena_new(parser->r->arena, struct ical_text_match);
	match->text = xml_text(node, parser->r->arena);
	match->is_negated = span_is_nocase(negate, "yes");
	if (match->text.n > TEXT_MAX)
		refuse(parser, "C:valid-filter", "the text is too long");
	if (collation.p == NULL || span_is(collation, "i;ascii-casemap") || span_is(collation, "default"))
		match->collation = ICAL_ASCII_CASEMAP;
	else if (span_is(collation, "i;octet"))
		match->collation = ICAL_OCTET;
	else if (span_is(collation, "i;unicode-casemap"))
		match->collation = ICAL_UNICODE_CASEMAP;
	else
		refuse(parser, "C:supported-collation", "");
	return match;
}

static bool is_not_defined(const xmlNode *node)
{
	return xml_child(node, NS_CALDAV, "is-not-defined") != NULL;
}

static const struct ical_param_filter *parse_params(struct parser *parser, const xmlNode *parent)
{
	const struct ical_param_filter *first = NULL, **last = &first;

	for (xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		struct ical_param_filter *param;

		if (!xml_is(node, NS_CALDAV, "param-filter"))
			continue;
		param = arena_new(parser->r->arena, struct ical_param_filter);
		param->name = name_of(parser, node);
		param->is_not_defined = is_not_defined(node);
		param->match = parse_match(parser, node);
		*last = param;
		last = &param->next;
	}
	return first;
}

static const struct ical_prop_filter *parse_props(struct parser *parser, const xmlNode *parent)
{
	const struct ical_prop_filter *first = NULL, **last = &first;

	for (xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		struct ical_prop_filter *prop;

		if (!xml_is(node, NS_CALDAV, "prop-filter"))
			continue;
		prop = arena_new(parser->r->arena, struct ical_prop_filter);
		prop->name = name_of(parser, node);
		prop->is_not_defined = is_not_defined(node);
		prop->range = parse_range(parser, node);
		prop->match = parse_match(parser, node);
		prop->params = parse_params(parser, node);
		*last = prop;
		last = &prop->next;
	}
	return first;
}

/* The depth is bounded by the XML parser's. */
static const struct ical_comp_filter *parse_comps(struct parser *parser, const xmlNode *parent)
{
	const struct ical_comp_filter *first = NULL, **last = &first;

	for (xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		struct ical_comp_filter *comp;

		if (!xml_is(node, NS_CALDAV, "comp-filter"))
			continue;
		comp = arena_new(parser->r->arena, struct ical_comp_filter);
		comp->name = name_of(parser, node);
		comp->is_not_defined = is_not_defined(node);
		comp->range = parse_range(parser, node);
		comp->props = parse_props(parser, node);
		comp->comps = parse_comps(parser, node);
		*last = comp;
		last = &comp->next;
	}
	return first;
}

const struct ical_comp_filter *caldav_filter_parse(struct dav_request *r, const xmlNode *filter)
{
	struct parser parser = {.r = r};
	const struct ical_comp_filter *root = parse_comps(&parser, filter);

	if (!parser.is_bad &&
	    (root == NULL || root->next != NULL || !span_is_nocase(root->name, "VCALENDAR") || root->range != NULL))
		refuse(&parser, "C:valid-filter", "a filter begins with one comp-filter on VCALENDAR");
	return parser.is_bad ? NULL : root;
}

void caldav_filter_index(const struct ical_comp_filter *filter, struct caldav_index *index_r)
{
	const struct ical_comp_filter *comp = filter->comps;

	*index_r = (struct caldav_index){.range = {ICAL_OPEN_START, ICAL_OPEN_END}};
	if (filter->is_not_defined)
		return;
	if (comp == NULL) { /* everything (quirk 45) */
		index_r->is_exact = filter->props == NULL;
		return;
	}
	/* several comp-filters must all hold: each narrows */
	for (; comp != NULL; comp = comp->next) {
		unsigned bit = dav_component_of(comp->name);

		if (comp->is_not_defined || bit == 0)
			continue;
		index_r->components = bit;
		if (comp->range != NULL && bit != STORE_AVAILABILITY) {
			if (comp->range->from > index_r->range.from)
				index_r->range.from = comp->range->from;
			if (comp->range->to < index_r->range.to)
				index_r->range.to = comp->range->to;
		}
	}
	comp = filter->comps;
	index_r->is_exact = filter->props == NULL && comp->next == NULL && !comp->is_not_defined &&
			    index_r->components != 0 && comp->props == NULL && comp->comps == NULL;
}

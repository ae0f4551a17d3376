/* Conditions of a request: entity tags and dates (RFC 9110, 13) and the If header with state tokens (RFC 4918, 10.4).
 * Tokens that If names count as submitted, wherever they stand. */
#include "caldavd/dav/dav.h"
#include "caldavd/http/date.h"
#include "caldavd/http/token.h"
#include "common/base/must.h"

enum { TOKENS_MAX = 64 };

static struct span tag_of(const struct dav_resource *resource, char to[DAV_TAG_TEXT])
{
	if (!(resource->type & (DAV_OBJECT | DAV_FILE)))
		return (struct span){0};
	return dav_tag_write(resource->object.tag, to);
}

/* --- If --- */

struct if_parser {
	struct dav_request *r;
	struct span in;
	struct dav_resource resource; /* that the list is about */
	bool is_known;                /* the resource is one of ours */
	struct store_lock *locks;     /* that hold for it */
	size_t lock_count;
	struct span *tokens;
	size_t token_count;
	bool is_malformed;
};

static void skip_blanks(struct span *in)
{
	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = span_sub(*in, 1, SIZE_MAX);
}

/* "<" … ">" */
static bool take_coded(struct span *in, struct span *inner_r)
{
	size_t end;

	if (in->n == 0 || in->p[0] != '<' || (end = span_find_byte(*in, '>')) == SIZE_MAX)
		return false;
	*inner_r = span_sub(*in, 1, end - 1);
	*in = span_sub(*in, end + 1, SIZE_MAX);
	return true;
}

static void look_at(struct if_parser *parser, const struct dav_resource *resource)
{
	struct dav_request *r = parser->r;

	parser->resource = *resource;
	parser->is_known = true;
	parser->lock_count = 0;
	if (resource->owner.id == r->user.id)
		(void)store_lock_list(r->store, r->user.id, r->user.id, dav_resource_path(r, resource), r->arena,
				      &parser->locks, &parser->lock_count);
}

static bool token_holds(const struct if_parser *parser, struct span token)
{
	uint64_t modseq, removed_floor;

	for (size_t i = 0; i < parser->lock_count; i++)
		if (span_equal(parser->locks[i].token, token))
			return true;
	/* a sync token is the collection's state (RFC 6578, 5) */
	return parser->resource.collection.id != 0 && !(parser->resource.type & (DAV_OBJECT | DAV_FILE)) &&
	       dav_parse_sync_token(token, &parser->resource.collection, &modseq, &removed_floor) &&
	       modseq == parser->resource.collection.modseq;
}

/* [ "Not" ] ( State-token / "[" entity-tag "]" ). *holds_r. False: malformed. */
static bool take_condition(struct if_parser *parser, bool *holds_r)
{
	struct span token;
	bool is_not = span_take_text_nocase(&parser->in, "Not") == PARSE_OK, holds;

	skip_blanks(&parser->in);
	if (take_coded(&parser->in, &token)) {
		if (parser->token_count < TOKENS_MAX)
			parser->tokens[parser->token_count++] = token;
		holds = parser->is_known && token_holds(parser, token);
	} else if (parser->in.n > 0 && parser->in.p[0] == '[') {
		struct http_entity_tag tag;
		char text[DAV_TAG_TEXT];

		parser->in = span_sub(parser->in, 1, SIZE_MAX);
		if (http_entity_tag_parse(&parser->in, &tag) != PARSE_OK || parser->in.n == 0 || parser->in.p[0] != ']')
			return false;
		parser->in = span_sub(parser->in, 1, SIZE_MAX);
		holds = parser->is_known && span_equal(tag.opaque, tag_of(&parser->resource, text));
	} else {
		return false;
	}
	*holds_r = holds != is_not;
	return true;
}

/* "(" 1*condition ")": all must hold. */
static bool take_list(struct if_parser *parser, bool *holds_r)
{
	bool all = true, any = false, one;

	parser->in = span_sub(parser->in, 1, SIZE_MAX);
	for (;;) {
		skip_blanks(&parser->in);
		if (parser->in.n > 0 && parser->in.p[0] == ')')
			break;
		if (!take_condition(parser, &one))
			return false;
		all &= one;
		any = true;
	}
	parser->in = span_sub(parser->in, 1, SIZE_MAX);
	*holds_r = all;
	return any;
}

static bool take_tag(struct if_parser *parser)
{
	struct http_target target;
	struct dav_resource resource;
	struct span href;

	if (!take_coded(&parser->in, &href))
		return false;
	parser->is_known = dav_href_parse(parser->r, href, &target) &&
			   dav_resource_find(parser->r, &target, &resource) == STORE_OK;
	parser->lock_count = 0;
	if (parser->is_known)
		look_at(parser, &resource);
	return true;
}

/* 1: it holds; 0: it does not; -1: it is malformed. */
static int if_holds(struct dav_request *r, struct span value)
{
	struct if_parser parser = {
		.r = r, .in = value, .tokens = arena_zero(r->arena, TOKENS_MAX, sizeof(struct span))};
	bool any_holds = false, holds, is_empty = true;

	look_at(&parser, &r->resource);
	for (;;) {
		skip_blanks(&parser.in);
		if (parser.in.n == 0)
			break;
		if (parser.in.p[0] == '(') {
			if (!take_list(&parser, &holds))
				return -1;
			any_holds |= holds;
			is_empty = false;
		} else if (!take_tag(&parser)) {
			return -1;
		}
	}
	r->guard.tokens = parser.tokens;
	r->guard.count = parser.token_count;
	return is_empty ? -1 : any_holds;
}

/* --- all of them --- */

static bool is_there(const struct dav_resource *resource)
{
	return (resource->type & (DAV_UNMAPPED | DAV_NOTHING)) == 0;
}

/* If-Schedule-Tag-Match (RFC 6638, 8.3); without a tag, empty or not, it holds (iOS sends it empty). */
static bool schedule_tag_holds(const struct dav_request *r)
{
	struct span value = http_request_field(r->x, "If-Schedule-Tag-Match");

	return value.p == NULL || value.n == 0 || r->resource.object.schedule_tag.n == 0 ||
	       span_equal(value, r->resource.object.schedule_tag);
}

bool dav_conditions_bind(const struct dav_request *r)
{
	static const char *const by_tag[] = {"If", "If-Match", "If-None-Match"};
	struct span date = http_request_field(r->x, "If-Unmodified-Since");
	int64_t at;

	if (!dav_is_leaf(&r->resource))
		return false;
	for (size_t i = 0; i < array_count(by_tag); i++)
		if (http_request_field(r->x, by_tag[i]).p != NULL)
			return true;
	return (date.p != NULL && http_date_parse(date, &at)) ||
	       (r->resource.object.schedule_tag.n > 0 && http_request_field(r->x, "If-Schedule-Tag-Match").n > 0);
}

/* Who wants to see what is there gets it with the refusal, and need not ask (RFC 8144, 3.2). */
static bool fails(struct dav_request *r, const char *name)
{
	if (r->wants_representation && (r->resource.type & (DAV_OBJECT | DAV_FILE)) &&
	    !(r->method->traits & DAV_READS)) {
		http_field(r->x, "Preference-Applied", "return=representation");
		http_field_span(r->x, "Content-Location", r->resource.href);
		dav_answer_object(r, 412);
	} else {
		http_answer_text(r->x, 412, "%s does not hold", name);
	}
	return false;
}

/* Has it changed since the date that the field names? By tags, where there are any: a second is a long time. */
static bool is_newer(const struct dav_request *r, const char *field, bool otherwise)
{
	struct span value = http_request_field(r->x, field);
	int64_t at;

	if (!(r->resource.type & (DAV_OBJECT | DAV_FILE)) || value.p == NULL || !http_date_parse(value, &at))
		return otherwise;
	return r->resource.object.modified_at > at;
}

/* If-Match, or If-Unmodified-Since where there is none (RFC 9110, 13.2.2). */
static bool match_holds(struct dav_request *r, struct span tag)
{
	struct span value = http_request_field(r->x, "If-Match");

	if (value.p == NULL)
		return !is_newer(r, "If-Unmodified-Since", false) || fails(r, "If-Unmodified-Since");
	return (span_is(value, "*") ? is_there(&r->resource) : http_names_entity_tag(value, tag, false)) ||
	       fails(r, "If-Match");
}

static bool none_match_holds(struct dav_request *r, struct span tag)
{
	struct span value = http_request_field(r->x, "If-None-Match");
	bool reads = (r->method->traits & DAV_READS) != 0;

	if (value.p == NULL) {
		if (!reads || is_newer(r, "If-Modified-Since", true))
			return true;
	} else if (!(span_is(value, "*") ? is_there(&r->resource) : http_names_entity_tag(value, tag, true))) {
		return true;
	}
	if (!reads)
		return fails(r, "If-None-Match");
	if (tag.p != NULL)
		http_field_span(r->x, "ETag", tag);
	http_answer(r->x, 304, NULL, SPAN(""));
	return false;
}

bool dav_conditions_hold(struct dav_request *r)
{
	struct span value = http_request_field(r->x, "If");
	char text[DAV_TAG_TEXT];
	struct span tag = tag_of(&r->resource, text);
	int holds = value.p == NULL ? 1 : if_holds(r, value);

	if (holds < 0)
		http_answer_text(r->x, 400, "The If header is malformed");
	if (holds <= 0)
		return holds == 0 && fails(r, "If");
	return match_holds(r, tag) && none_match_holds(r, tag) &&
	       (schedule_tag_holds(r) || fails(r, "If-Schedule-Tag-Match"));
}

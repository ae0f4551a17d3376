/* From addresses to resources and back (README.md has the list of addresses). Clients look for calendars at many
 * places, and old ones of Zarafa know others: each is an alias in the table below. */
#include "caldavd/dav/dav.h"
#include "common/base/must.h"

/* --- the layout --- */

enum rest { /* what follows the fixed segments */
	    REST_NOTHING,
	    REST_USER,          /* a user, and nothing more */
	    REST_USER_AND_WORD, /* Apple: /calendar/dav/USER/user/ */
	    REST_HOME,          /* a user, and a path below his home */
	    REST_OWN_HOME,      /* nothing: the home of who asks; else as REST_HOME */
};

static const struct place {
	const char *segments[3];
	enum dav_type type;
	enum rest rest;
	bool is_alias;
} places[] = {
	{{NULL}, DAV_ROOT, REST_NOTHING, false},
	{{".well-known", "caldav"}, DAV_ROOT, REST_NOTHING, true},
	{{"principals"}, DAV_PRINCIPALS, REST_NOTHING, false},
	{{"principals", "users"}, DAV_PRINCIPALS, REST_NOTHING, true},
	{{"principals", "users"}, DAV_PRINCIPAL, REST_USER, true},
	{{"principals"}, DAV_PRINCIPAL, REST_USER, false},
	{{"calendars"}, DAV_HOMES, REST_NOTHING, false},
	{{"calendars"}, DAV_HOME, REST_HOME, false},
	{{"calendar", "dav"}, DAV_PRINCIPAL, REST_USER_AND_WORD, true}, /* macOS, iOS */
	{{"caldav", "v2"}, DAV_ROOT, REST_NOTHING, true},               /* macOS */
	{{"dav"}, DAV_ROOT, REST_NOTHING, true},
	{{"dav", "principals"}, DAV_PRINCIPALS, REST_NOTHING, true}, /* macOS */
	{{"dav", "principals"}, DAV_PRINCIPAL, REST_USER, true},
	{{"caldav"}, DAV_HOME, REST_OWN_HOME, true}, /* Zarafa */
};

static size_t fixed_segments(const struct place *place, const struct http_target *target)
{
	size_t n = 0;

	while (n < array_count(place->segments) && place->segments[n] != NULL) {
		if (n >= target->segment_count || !span_is(target->segments[n], place->segments[n]))
			return SIZE_MAX;
		n++;
	}
	return n;
}

static bool rest_fits(enum rest rest, const struct span *segments, size_t count)
{
	switch (rest) {
	case REST_NOTHING:
		return count == 0;
	case REST_USER:
		return count == 1;
	case REST_USER_AND_WORD:
		return count == 2 && span_is(segments[1], "user");
	case REST_HOME:
		return count >= 1;
	case REST_OWN_HOME:
		return true;
	}
	return false;
}

/* --- writing --- */

void dav_path_encode(struct span segment, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < segment.n; i++) {
		unsigned char c = (unsigned char)segment.p[i];
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
				c == '-' || c == '.' || c == '_' || c == '~' || c == '@' || c == '+' || c == '=' ||
				c == ',' || c == '!' || c == '$' || c == '(' || c == ')' || c == '*' || c == ':';

		if (is_plain) {
			buf_byte(out, (char)c);
		} else {
			buf_byte(out, '%');
			buf_byte(out, hex[c >> 4]);
			buf_byte(out, hex[c & 15]);
		}
	}
}

void dav_write_principal(const struct dav_request *r, struct span user, struct buf *out)
{
	buf_span(out, r->daemon->options.base_path);
	buf_text(out, "/principals/");
	dav_path_encode(user, out);
	buf_byte(out, '/');
}

void dav_write_home(const struct dav_request *r, struct span user, struct buf *out)
{
	if (r->alias.p != NULL && span_equal(user, r->user.name)) {
		buf_span(out, r->alias);
		return;
	}
	buf_span(out, r->daemon->options.base_path);
	buf_text(out, "/calendars/");
	dav_path_encode(user, out);
	buf_byte(out, '/');
}

struct span dav_child_href(struct dav_request *r, const struct dav_resource *parent, struct span name,
			   bool is_collection)
{
	struct buf href = {0};
	struct span copy;

	buf_span(&href, parent->href);
	dav_path_encode(name, &href);
	if (is_collection)
		buf_byte(&href, '/');
	copy = arena_span(r->arena, buf_view(&href));
	buf_done(&href);
	return copy;
}

enum dav_type dav_type_of(enum store_collection_kind kind)
{
	switch (kind) {
	case STORE_HOME:
		return DAV_HOME;
	case STORE_FOLDER:
		return DAV_FOLDER;
	case STORE_CALENDAR:
		return DAV_CALENDAR;
	case STORE_INBOX:
		return DAV_INBOX;
	case STORE_OUTBOX:
		return DAV_OUTBOX;
	}
	return DAV_NOTHING;
}

static struct span path_below(struct dav_request *r, struct span path, struct span name)
{
	return path.n == 0 ? name
			   : span_of(arena_printf(r->arena, "%.*s/%.*s", (int)path.n, path.p, (int)name.n, name.p));
}

void dav_child_collection(struct dav_request *r, const struct dav_resource *parent,
			  const struct store_collection *collection, struct dav_resource *child_r)
{
	*child_r = (struct dav_resource){
		.type = dav_type_of(collection->kind),
		.owner = parent->owner,
		.collection = *collection,
		.href = dav_child_href(r, parent, collection->name, true),
		.path = path_below(r, parent->path, collection->name),
	};
}

void dav_child_object(struct dav_request *r, const struct dav_resource *parent, const struct store_object *object,
		      struct dav_resource *child_r)
{
	*child_r = (struct dav_resource){
		.type = parent->type == DAV_FOLDER ? DAV_FILE : DAV_OBJECT,
		.owner = parent->owner,
		.collection = parent->collection,
		.object = *object,
		.name = object->name,
		.href = dav_child_href(r, parent, object->name, false),
		.path = parent->path,
	};
}

struct span dav_resource_path(struct dav_request *r, const struct dav_resource *resource)
{
	return resource->type & (DAV_OBJECT | DAV_FILE | DAV_UNMAPPED) ? path_below(r, resource->path, resource->name)
								       : resource->path;
}

/* --- finding --- */

/* iOS encodes the "@" of a name twice: once it is decoded by us already (quirk 12). */
static struct span decode_once_more(struct dav_request *r, struct span name)
{
	struct http_target target;
	struct span path;

	if (span_find(name, SPAN("%40")) == SIZE_MAX)
		return name;
	path = span_of(arena_printf(r->arena, "/%.*s", (int)name.n, name.p));
	return http_target_parse(path, r->arena, &target) && target.segment_count == 1 && !target.has_encoded_slash
		       ? target.segments[0]
		       : name;
}

static enum store_status find_owner(struct dav_request *r, struct span name, struct dav_user *owner_r)
{
	struct directory_user found;
	struct buf normal = {0};
	enum directory_status status = DIRECTORY_UNKNOWN;

	name = decode_once_more(r, name);
	if (directory_name_normalize(name, &normal) && span_equal(buf_view(&normal), r->user.name)) {
		*owner_r = r->user;
		buf_done(&normal);
		return STORE_OK;
	}
	buf_done(&normal);
	status = directory_find(r->daemon->service.directory, name, r->arena, &found);
	if (status == DIRECTORY_UNAVAILABLE)
		return STORE_BUSY;
	if (status == DIRECTORY_UNKNOWN)
		return STORE_NOT_FOUND;
	*owner_r = (struct dav_user){.id = found.id,
				     .name = found.name,
				     .display_name = found.display_name,
				     .mail = found.mail,
				     .is_admin = found.is_admin};
	return STORE_OK;
}

static struct span self_href(struct dav_request *r, const struct http_target *target, size_t count, bool is_collection)
{
	struct buf href = {0};
	struct span copy;

	buf_span(&href, r->daemon->options.base_path);
	for (size_t i = 0; i < count; i++) {
		buf_byte(&href, '/');
		dav_path_encode(target->segments[i], &href);
	}
	if (is_collection)
		buf_byte(&href, '/');
	copy = arena_span(r->arena, buf_view(&href));
	buf_done(&href);
	return copy;
}

/* Zarafa's addresses name a calendar by its displayed name, in any case (ProtocolBase.cpp). */
static struct span calendar_by_any_case(struct dav_request *r, uint64_t home, struct span name)
{
	struct store_collection *list;
	size_t count;

	if (store_collection_list(r->store, r->user.id, home, r->arena, &list, &count) != STORE_OK)
		return name;
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(list[i].name, name))
			return list[i].name;
	return name;
}

static void take_place(struct dav_request *r, const struct store_place *place, const struct span *names, size_t count,
		       struct dav_resource *resource)
{
	size_t used = place->depth + (place->object != NULL);

	resource->collection = place->collection;
	resource->type = dav_type_of(place->collection.kind);
	for (size_t i = 0; i < place->depth; i++)
		resource->path = path_below(r, resource->path, names[i]);
	if (place->object != NULL) {
		resource->type = resource->type == DAV_FOLDER ? DAV_FILE : DAV_OBJECT;
		resource->object = *place->object;
		resource->name = place->object->name;
	}
	if (used == count)
		return;
	resource->type = place->object != NULL ? DAV_NOTHING : DAV_UNMAPPED;
	resource->name = names[count - 1];
	resource->parent_is_missing = used + 1 < count;
}

static enum store_status find_below_home(struct dav_request *r, const struct http_target *target, size_t first,
					 bool is_alias, struct dav_resource *resource)
{
	struct span *names = target->segments + first;
	size_t count = target->segment_count - first;
	struct store_place place;
	enum store_status status;

	if (resource->owner.id != r->user.id) { /* the same answer as for who does not exist */
		resource->type = DAV_NOTHING;
		return STORE_OK;
	}
	status = store_place_find(r->store, r->user.id, resource->owner.id, names, count, r->arena, &place);
	if (status == STORE_OK && is_alias && count > 0 && place.depth == 0) {
		names[0] = calendar_by_any_case(r, place.collection.id, names[0]);
		status = store_place_find(r->store, r->user.id, resource->owner.id, names, count, r->arena, &place);
	}
	if (status == STORE_OK)
		take_place(r, &place, names, count, resource);
	return status;
}

static enum store_status find_with_owner(struct dav_request *r, const struct place *place,
					 const struct http_target *target, size_t fixed, struct dav_resource *resource)
{
	bool is_own = place->rest == REST_OWN_HOME && target->segment_count == fixed;
	enum store_status status = STORE_OK;

	if (is_own)
		resource->owner = r->user;
	else
		status = find_owner(r, target->segments[fixed], &resource->owner);
	if (status == STORE_NOT_FOUND || (resource->type == DAV_PRINCIPAL && resource->owner.id != r->user.id &&
					  !r->daemon->options.has_directory)) {
		resource->type = DAV_NOTHING;
		return STORE_OK;
	}
	if (status != STORE_OK || resource->type == DAV_PRINCIPAL)
		return status;
	status = find_below_home(r, target, fixed + !is_own, place->is_alias, resource);
	if (place->is_alias && !is_own && resource->owner.id == r->user.id)
		r->alias = self_href(r, target, fixed + 1, true);
	return status;
}

/* "/caldav/" is the home of who asks; what is in it has the user's name in its address. */
static struct span own_home_href(struct dav_request *r, const struct http_target *target)
{
	struct http_target longer = {.segments = arena_zero(r->arena, target->segment_count + 1, sizeof(struct span))};

	for (size_t i = 0; i < target->segment_count; i++)
		longer.segments[i] = target->segments[i];
	longer.segments[target->segment_count] = r->user.name;
	r->alias = self_href(r, &longer, target->segment_count + 1, true);
	return r->alias;
}

enum store_status dav_resource_find(struct dav_request *r, const struct http_target *target,
				    struct dav_resource *resource_r)
{
	*resource_r = (struct dav_resource){.type = DAV_NOTHING};
	for (size_t i = 0; i < array_count(places); i++) {
		const struct place *place = &places[i];
		size_t fixed = fixed_segments(place, target);
		enum store_status status = STORE_OK;

		if (fixed == SIZE_MAX ||
		    !rest_fits(place->rest, target->segments + fixed, target->segment_count - fixed))
			continue;
		resource_r->type = place->type;
		if (place->rest != REST_NOTHING)
			status = find_with_owner(r, place, target, fixed, resource_r);
		resource_r->href = self_href(r, target, target->segment_count,
					     (resource_r->type & DAV_COLLECTIONS) != 0 ||
						     (resource_r->type == DAV_UNMAPPED && target->ends_with_slash));
		if (place->rest == REST_OWN_HOME && target->segment_count == fixed)
			resource_r->href = own_home_href(r, target);
		return status;
	}
	return STORE_OK;
}

bool dav_href_parse(struct dav_request *r, struct span href, struct http_target *target_r)
{
	struct span base = r->daemon->options.base_path, host = http_request_field(r->x, "Host");

	href = span_trim(href);
	if (!http_target_parse(href, r->arena, target_r) || target_r->is_asterisk || target_r->has_encoded_slash)
		return false;
	/* behind a proxy the host may be written in several ways: a port left out or added is forgiven */
	if (target_r->host.p != NULL &&
	    !span_equal_nocase(span_sub(target_r->host, 0, span_find_byte(target_r->host, ':')),
			       span_sub(host, 0, span_find_byte(host, ':'))))
		return false;
	while (base.n > 1) {
		size_t end = span_find_byte(span_sub(base, 1, SIZE_MAX), '/');
		struct span word = span_sub(base, 1, end);

		if (target_r->segment_count == 0 || !span_equal(target_r->segments[0], word))
			return false;
		target_r->segments++;
		target_r->segment_count--;
		base = end == SIZE_MAX ? (struct span){0} : span_sub(base, end + 1, SIZE_MAX);
	}
	return true;
}

/* COPY and MOVE (RFC 4918, 9.8 and 9.9). Both ends lie in the home of who asks. What is in the way goes in
 * the same transaction. */
#include "caldavd/caldav/check.h"
#include "caldavd/dav/methods.h"
#include "caldavd/dav/put.h"

enum { TRIES = 5 }; /* where the source is put anew meanwhile */

struct transfer {
	struct dav_request *r;
	struct dav_resource to;
	bool moves, overwrite, was_there;
};

static bool find_destination(struct transfer *job)
{
	struct dav_request *r = job->r;
	struct span text = http_request_field(r->x, "Destination"), overwrite = http_request_field(r->x, "Overwrite");
	struct http_target target;
	enum store_status status;

	if (text.p == NULL) {
		http_answer_text(r->x, 400, "Destination is missing");
		return false;
	}
	if (overwrite.p != NULL && !span_is_nocase(overwrite, "T") && !span_is_nocase(overwrite, "F")) {
		http_answer_text(r->x, 400, "Overwrite must be T or F");
		return false;
	}
	job->overwrite = !span_is_nocase(overwrite, "F");
	if (!dav_href_parse(r, text, &target)) {
		http_answer_text(r->x, 403, "The destination is no address of this server");
		return false;
	}
	status = dav_resource_find(r, &target, &job->to);
	if (status != STORE_OK) {
		dav_fail(r, status);
		return false;
	}
	return true;
}

static bool check_destination(struct transfer *job)
{
	struct dav_request *r = job->r;

	if (job->to.type == DAV_UNMAPPED && job->to.parent_is_missing) {
		http_answer_text(r->x, 409, "The collection it would lie in is not there");
		return false;
	}
	if (!(job->to.type & (DAV_UNMAPPED | DAV_OBJECT | DAV_FILE | DAV_FOLDER | DAV_CALENDAR)) ||
	    span_equal(dav_resource_path(r, &job->to), dav_resource_path(r, &r->resource))) {
		http_answer_text(r->x, 403, "It cannot go there");
		return false;
	}
	if (job->to.type == DAV_CALENDAR && span_is(job->to.path, "calendar") && r->resource.type != DAV_CALENDAR) {
		dav_error(r, 403, "C:default-calendar-needed", NULL); /* RFC 6638, 4.3: a calendar may take its place */
		return false;
	}
	job->was_there = job->to.type != DAV_UNMAPPED;
	if (job->was_there && !job->overwrite) {
		http_answer_text(r->x, 412, "Something is there already");
		return false;
	}
	return true;
}

static void answer(const struct transfer *job, enum store_status status)
{
	struct dav_request *r = job->r;

	if (status == STORE_OK)
		http_answer(r->x, job->was_there ? 204 : 201, NULL, SPAN(""));
	else if (status == STORE_DENIED)
		http_answer_text(r->x, 403, "It cannot go there");
	else if (status == STORE_CONFLICT)
		http_answer_text(r->x, 412, "Something is there already");
	else if (status == STORE_LOCKED)
		dav_answer_locked(r, &job->to);
	else
		dav_fail(r, status);
}

static bool replaces_collection(const struct transfer *job)
{
	return (job->to.type & (DAV_FOLDER | DAV_CALENDAR)) != 0;
}

/* --- an object --- */

/* What the store is told of it at its new place; false: it may not be there, the answer is set. */
static bool find_facts(struct transfer *job, const struct store_collection *in, struct store_object_facts *facts_r)
{
	struct dav_request *r = job->r;
	const struct store_object *from = &r->resource.object;
	struct span bytes;
	enum store_status status;

	if (in->kind == STORE_FOLDER) {
		*facts_r = (struct store_object_facts){.type = from->facts.type.n > 0 ? from->facts.type
										      : SPAN("text/calendar")};
		return true;
	}
	if (in->kind != STORE_CALENDAR) {
		http_answer_text(r->x, 403, "It cannot go there");
		return false;
	}
	status = store_object_bytes(r->store, from->blob, (size_t)r->daemon->options.resource_max, r->arena, &bytes);
	if (status != STORE_OK) {
		dav_fail(r, status);
		return false;
	}
	return caldav_check(r, in, bytes, facts_r);
}

/* An object may take the place of a whole collection. */
static enum store_status find_place(struct transfer *job, struct store_collection *in_r, struct span *name_r)
{
	struct dav_request *r = job->r;

	*in_r = job->to.collection;
	*name_r = job->to.name;
	if (job->to.type == DAV_UNMAPPED || dav_is_leaf(&job->to))
		return STORE_OK;
	*name_r = job->to.collection.name;
	return store_collection_get(r->store, r->user.id, job->to.collection.parent, r->arena, in_r);
}

/* Somebody has put the source anew: what is it now? */
static bool look_again(struct dav_request *r)
{
	return store_object_get(r->store, r->user.id, r->resource.collection.id, r->resource.object.name, r->arena,
				&r->resource.object) == STORE_OK;
}

static void transfer_object(struct transfer *job)
{
	struct dav_request *r = job->r;
	struct store_object_target to = {.overwrite = job->overwrite, .replaces_collection = replaces_collection(job)};
	struct store_object_facts facts;
	struct store_object_result result = {0};
	struct store_collection in;
	enum store_status status = find_place(job, &in, &to.name);

	if (status != STORE_OK) {
		dav_fail(r, status);
		return;
	}
	to.collection = in.id;
	to.source_tag = r->resource.object.tag;
	for (int i = 0; i < TRIES; i++) {
		if (!find_facts(job, &in, &facts))
			return;
		status = store_object_copy(r->store, r->user.id, r->resource.collection.id, r->resource.object.name,
					   &to, &facts, job->moves, &r->guard, r->arena, &result);
		if (status != STORE_GONE || dav_conditions_bind(r) || !look_again(r))
			break;
	}
	if (status == STORE_GONE) {
		http_answer_text(r->x, 412, "It was changed meanwhile");
		return;
	}
	if (status == STORE_EXISTS && result.holder.n > 0) {
		dav_uid_conflict(r, &job->to, result.holder);
		return;
	}
	if (status == STORE_OK) {
		char text[DAV_TAG_TEXT];

		http_field_span(r->x, "ETag", dav_tag_write(result.tag, text));
	}
	answer(job, status);
}

/* --- a collection --- */

static void transfer_collection(struct transfer *job)
{
	struct dav_request *r = job->r;
	bool is_deep = r->depth == DAV_DEPTH_INFINITY;
	bool replaces = replaces_collection(job);
	uint64_t parent = replaces ? job->to.collection.parent : job->to.collection.id, id;
	struct span name = replaces ? job->to.collection.name : job->to.name;
	struct span path = r->resource.path, to = dav_resource_path(r, &job->to);
	enum store_status status;

	if (r->depth == DAV_DEPTH_1 || (job->moves && !is_deep)) {
		http_answer_text(r->x, 400, "That depth is not possible here");
		return;
	}
	/* into itself, or over something that it lies in */
	if ((span_starts(to, path) && to.n > path.n && to.p[path.n] == '/' && is_deep) ||
	    (span_starts(path, to) && path.n > to.n && path.p[to.n] == '/') ||
	    (job->moves && r->resource.type == DAV_CALENDAR && span_is(path, "calendar"))) {
		http_answer_text(r->x, 403, "It cannot go there");
		return;
	}
	if (job->moves)
		status = (job->overwrite ? store_collection_move_over : store_collection_move)(
			r->store, r->user.id, r->resource.collection.id, parent, name, &r->guard);
	else
		status = (job->overwrite ? store_collection_copy_over : store_collection_copy)(
			r->store, r->user.id, r->resource.collection.id, parent, name, is_deep, &r->guard, &id);
	answer(job, status);
}

static void transfer(struct dav_request *r, bool moves)
{
	struct transfer job = {.r = r, .moves = moves};

	if (!find_destination(&job) || !check_destination(&job))
		return;
	if (dav_is_leaf(&r->resource))
		transfer_object(&job);
	else
		transfer_collection(&job);
}

void dav_copy_run(struct dav_request *r)
{
	transfer(r, false);
}

void dav_move_run(struct dav_request *r)
{
	transfer(r, true);
}

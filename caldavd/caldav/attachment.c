/* POST of managed attachments (RFC 8607, 3.3 to 3.6), and what PUT does to them (3.11). A file gets another MANAGED-ID
 * with each change, so that whoever has read it under one never finds other bytes there. */
#include "caldavd/caldav/attachment.h"
#include "caldavd/caldav/attachment_edit.h"
#include "caldavd/caldav/attachment_name.h"
#include "caldavd/caldav/check.h"
#include "caldavd/ical/query.h"
#include "common/base/must.h"
#include "common/base/random.h"
#include "common/store/attachment.h"

#include <string.h>

enum { OBJECT_MAX = 1 << 30 };

/* --- taking the file as it comes --- */

struct upload_sink {
	struct http_sink sink; /* first */
	struct store_upload *upload;
	uint64_t max, size;
};

static bool sink_take(struct http_sink *sink, struct span bytes)
{
	struct upload_sink *s = (struct upload_sink *)sink;

	if (bytes.n > s->max - s->size)
		return false;
	s->size += bytes.n;
	return store_upload_write(s->upload, bytes) == STORE_OK;
}

/* The value of a parameter; p NULL: it is not there. False: it comes twice or is malformed. */
static bool parameter(const struct dav_request *r, const char *name, struct span *value_r)
{
	struct span query = r->target.query;
	struct query_pair pair;
	enum parse got;

	*value_r = (struct span){0};
	while ((got = query_next(&query, r->arena, &pair)) != PARSE_MORE) {
		if (!span_is(pair.name, name))
			continue;
		if (got == PARSE_BAD || value_r->p != NULL)
			return false;
		*value_r = pair.value;
	}
	return true;
}

static bool parse_action(const struct dav_request *r, enum attachment_action *action_r)
{
	static const char *const actions[] = {"attachment-add", "attachment-update", "attachment-remove"};
	struct span value;

	if (!parameter(r, "action", &value))
		return false;
	for (size_t i = 0; i < array_count(actions); i++)
		if (span_is(value, actions[i])) {
			*action_r = (enum attachment_action)i;
			return true;
		}
	return false;
}

void caldav_attachment_begin(struct dav_request *r)
{
	struct http_exchange *x = r->x;
	bool has_length = x->head.body == HTTP_BODY_LENGTH;
	struct upload_sink *sink;
	enum attachment_action action;
	enum store_status status;

	if (!span_is(span_of(r->method->name), "POST") || !parse_action(r, &action) || action == ATTACHMENT_REMOVE)
		return;
	if (has_length && x->head.length > x->body_max) {
		dav_error(r, 413, "C:max-attachment-size", NULL);
		return;
	}
	sink = arena_new(r->arena, struct upload_sink);
	sink->sink.take = sink_take;
	sink->max = has_length ? x->head.length : x->body_max;
	if ((status = store_upload_open(r->store, sink->max, &sink->upload)) != STORE_OK)
		dav_fail(r, status);
	else
		x->sink = &sink->sink;
}

void caldav_attachment_end(struct dav_request *r)
{
	if (r->x->sink != NULL)
		store_upload_close(&((struct upload_sink *)r->x->sink)->upload);
	r->x->sink = NULL;
}

/* --- what is asked for --- */

struct job {
	enum attachment_action action;
	struct span id, rid;         /* as the query has them */
	struct store_attachment old; /* UPDATE, REMOVE */
	struct attachment_line line; /* ADD, UPDATE */
	struct store_upload *upload;
};

bool caldav_attachment_is_post(const struct dav_request *r)
{
	struct span value;

	return r->resource.type == DAV_OBJECT && r->resource.collection.kind == STORE_CALENDAR &&
	       (!parameter(r, "action", &value) || value.p != NULL);
}

/* Which parameters go with which action. The condition that fails, or NULL. */
static const char *parse(const struct dav_request *r, struct job *job)
{
	if (!parse_action(r, &job->action))
		return "C:valid-action";
	if (!parameter(r, "managed-id", &job->id) || (job->action == ATTACHMENT_ADD) != (job->id.p == NULL))
		return "C:valid-managed-id";
	if (!parameter(r, "rid", &job->rid) || (job->action == ATTACHMENT_UPDATE && job->rid.p != NULL))
		return "C:valid-rid";
	return NULL;
}

static bool find_old(struct dav_request *r, struct job *job)
{
	struct store_attachment *list;
	size_t count;
	enum store_status status = store_attachment_list(r->store, r->user.id, r->resource.collection.id,
							 r->resource.object.name, r->arena, &list, &count);

	for (size_t i = 0; i < count && status == STORE_OK; i++)
		if (span_equal(list[i].id, job->id)) {
			job->old = list[i];
			return true;
		}
	if (status == STORE_OK)
		dav_error(r, 403, "C:valid-managed-id", NULL);
	else
		dav_fail(r, status);
	return false;
}

static bool may_add(struct dav_request *r)
{
	struct store_attachment *list;
	size_t count;
	enum store_status status = store_attachment_list(r->store, r->user.id, r->resource.collection.id,
							 r->resource.object.name, r->arena, &list, &count);

	if (status != STORE_OK)
		dav_fail(r, status);
	else if (count >= CALDAV_ATTACHMENTS_MAX)
		dav_error(r, 403, "C:max-attachments-per-resource", NULL);
	return status == STORE_OK && count < CALDAV_ATTACHMENTS_MAX;
}

/* The new line, and the file that it is about. */
static bool prepare_line(struct dav_request *r, struct job *job)
{
	struct upload_sink *sink = (struct upload_sink *)r->x->sink;
	struct buf address = {0};
	struct span bytes;
	enum store_status status;

	must(sink != NULL);
	job->upload = sink->upload;
	if ((status = store_upload_finish(job->upload, &bytes)) != STORE_OK) {
		dav_fail(r, status);
		return false;
	}
	job->line = (struct attachment_line){
		.id = span_of(arena_printf(r->arena, "%016llx%016llx", (unsigned long long)random_u64(),
					   (unsigned long long)random_u64())),
		.type = attachment_type(http_request_field(r->x, "Content-Type"), job->old.type),
		.name = attachment_name(http_request_field(r->x, "Content-Disposition"), job->old.name, r->arena),
		.size = bytes.n};
	buf_span(&address, r->daemon->options.base_path);
	buf_text(&address, "/attachments/");
	buf_span(&address, job->line.id);
	buf_byte(&address, '/');
	dav_path_encode(job->line.name, &address);
	job->line.address = arena_span(r->arena, buf_view(&address));
	buf_done(&address);
	return true;
}

/* --- the object --- */

/* The object's text with the change in it, in the arena. False: the answer is set. */
static bool edit_text(struct dav_request *r, const struct job *job, struct span *text_r, bool *left_r)
{
	struct attachment_edit edit = {.action = job->action, .id = job->id, .rid = job->rid};
	struct buf line = {0}, out = {0};
	struct span text;
	enum attachment_edited edited = ATTACHMENT_BROKEN;
	enum store_status status = store_object_bytes(r->store, r->resource.object.blob, OBJECT_MAX, r->arena, &text);

	if (status != STORE_OK) {
		dav_fail(r, status);
		return false;
	}
	if (job->action != ATTACHMENT_REMOVE)
		attachment_line_write(&job->line, &line);
	edit.line = buf_view(&line);
	edited = attachment_edit(text, &edit, r->arena, &out, left_r);
	*text_r = arena_span(r->arena, buf_view(&out));
	buf_done(&line);
	buf_done(&out);
	switch (edited) {
	case ATTACHMENT_EDITED:
		return true;
	case ATTACHMENT_NO_RID:
		dav_error(r, 403, "C:valid-rid", NULL);
		return false;
	case ATTACHMENT_NO_ID:
		dav_error(r, 403, "C:valid-managed-id", NULL);
		return false;
	case ATTACHMENT_BROKEN:
		dav_error(r, 403, "C:valid-calendar-data", "what is stored cannot be changed");
		return false;
	}
	return false;
}

static void answer(struct dav_request *r, const struct job *job, struct span text,
		   const struct store_object_result *result)
{
	bool is_add = job->action == ATTACHMENT_ADD;
	char tag[DAV_TAG_TEXT];

	http_field_span(r->x, "ETag", dav_tag_write(result->tag, tag));
	if (job->action != ATTACHMENT_REMOVE)
		http_field_span(r->x, "Cal-Managed-ID", job->line.id);
	if (is_add)
		http_field_span(r->x, "Location", job->line.address);
	if (!r->wants_representation) {
		http_answer(r->x, is_add ? 201 : 204, NULL, SPAN(""));
		return;
	}
	http_field(r->x, "Preference-Applied", "return=representation");
	http_field_span(r->x, "Content-Location", r->resource.href);
	http_answer(r->x, is_add ? 201 : 200, "text/calendar; charset=utf-8", text);
}

static void change(struct dav_request *r, const struct job *job)
{
	struct store_object_put put = {.collection = r->resource.collection.id, .name = r->resource.object.name};
	struct store_attachment_change change = {
		.put = &put, .upload = job->upload, .id = job->line.id, .name = job->line.name, .type = job->line.type};
	struct store_object_result result;
	enum store_status status;
	bool left;

	if (!edit_text(r, job, &put.bytes, &left))
		return;
	if (put.bytes.n > r->daemon->options.resource_max) {
		dav_error(r, 403, "C:max-resource-size", NULL);
		return;
	}
	if (!caldav_check(r, &r->resource.collection, put.bytes, &put.facts))
		return;
	memcpy(put.tag, r->resource.object.tag, STORE_TAG_BYTES);
	if (job->action != ATTACHMENT_ADD && !left)
		change.gone = job->id;
	status = store_attachment_change(r->store, r->user.id, &change, &r->guard, &result);
	if (status == STORE_OK)
		answer(r, job, put.bytes, &result);
	else if (status == STORE_CONFLICT)
		http_answer_text(r->x, 412, "It was changed meanwhile");
	else
		dav_fail(r, status);
}

void caldav_attachment_post_run(struct dav_request *r)
{
	struct job job = {.action = ATTACHMENT_ADD};
	const char *condition = parse(r, &job);

	if (condition != NULL) {
		dav_error(r, 403, condition, NULL);
		return;
	}
	if (job.action == ATTACHMENT_ADD ? !may_add(r) : !find_old(r, &job))
		return;
	if (job.action == ATTACHMENT_REMOVE || prepare_line(r, &job))
		change(r, &job);
}

/* --- PUT --- */

enum store_status caldav_attachment_judge(struct dav_request *r, struct span bytes, struct caldav_attached *attached_r,
					  const char **condition_r)
{
	struct store_attachment found;
	enum store_status status = STORE_OK;

	*condition_r = NULL;
	(void)attachment_ids(bytes, r->arena, &attached_r->ids, &attached_r->count);
	if (attached_r->count > CALDAV_ATTACHMENTS_MAX)
		*condition_r = "C:max-attachments-per-resource";
	for (size_t i = 0; i < attached_r->count && *condition_r == NULL && status == STORE_OK; i++) {
		status = store_attachment_get(r->store, r->user.id, attached_r->ids[i], r->arena, &found);
		if (status == STORE_NOT_FOUND) {
			*condition_r = "C:valid-managed-id-parameter";
			status = STORE_OK;
		}
	}
	return status;
}

bool caldav_attachment_check(struct dav_request *r, struct span bytes, struct caldav_attached *attached_r)
{
	const char *condition;
	enum store_status status = caldav_attachment_judge(r, bytes, attached_r, &condition);

	if (status != STORE_OK)
		dav_fail(r, status);
	else if (condition != NULL)
		dav_error(r, 403, condition, NULL);
	return status == STORE_OK && condition == NULL;
}

/* Both are sorted. */
static bool are_the_same(const struct caldav_attached *attached, const struct store_attachment *list, size_t count)
{
	if (attached->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!span_equal(attached->ids[i], list[i].id))
			return false;
	return true;
}

/* Where this fails, the attachments stay until the object is put again or goes: nothing is lost by that. */
void caldav_attachment_settle(struct dav_request *r, const struct store_object_put *put,
			      const unsigned char tag[STORE_TAG_BYTES], const struct caldav_attached *attached)
{
	struct store_attachment *list;
	size_t count;

	if (store_attachment_list(r->store, r->user.id, put->collection, put->name, r->arena, &list, &count) ==
		    STORE_OK &&
	    !are_the_same(attached, list, count))
		(void)store_attachment_keep(r->store, r->user.id, put->collection, put->name, tag, attached->ids,
					    attached->count);
}

/* What the object has now, and what it says it has. */
static struct caldav_attached both(struct dav_request *r, const struct caldav_attached *attached,
				   const struct store_attachment *list, size_t count)
{
	struct caldav_attached all = {.ids = arena_zero(r->arena, attached->count + count + 1, sizeof *all.ids)};

	for (size_t i = 0; i < attached->count; i++)
		all.ids[all.count++] = attached->ids[i];
	for (size_t i = 0; i < count; i++)
		all.ids[all.count++] = list[i].id;
	return all;
}

/* First each takes what it has from another of them, then what is left over goes: one must not lose what another has
 * not taken yet. */
void caldav_attachment_settle_all(struct dav_request *r, uint64_t calendar, const struct store_object_put *puts,
				  const struct caldav_attached *attached, size_t count)
{
	struct store_attachment *all, *own;
	size_t all_count;
	bool any = false;

	if (store_attachment_list(r->store, r->user.id, calendar, (struct span){0}, r->arena, &all, &all_count) !=
	    STORE_OK)
		return;
	for (size_t i = 0; i < count; i++)
		any |= attached[i].count > 0;
	if (all_count == 0 && !any)
		return;
	own = arena_zero(r->arena, all_count + 1, sizeof *own);
	for (size_t i = 0; i < 2 * count; i++) {
		const struct store_object_put *put = &puts[i % count];
		struct caldav_attached kept = attached[i % count];
		size_t own_count = 0;

		for (size_t k = 0; k < all_count; k++)
			if (span_equal(all[k].object, put->name))
				own[own_count++] = all[k];
		if (are_the_same(&kept, own, own_count))
			continue;
		if (i < count)
			kept = both(r, &kept, own, own_count);
		(void)store_attachment_keep(r->store, r->user.id, calendar, put->name, put->result_r->tag, kept.ids,
					    kept.count);
	}
}

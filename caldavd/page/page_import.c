/* Import of an iCalendar file: what it holds is split into objects, each is judged like one that is put by itself, and
 * the good ones go in at once. What is there already under the same UID is brought up to date. */
#include "caldavd/caldav/check.h"
#include "caldavd/page/page_private.h"
#include "common/base/random.h"
#include "common/ical/collection.h"

enum { OBJECTS_MAX = 50000, LEFT_OUT_MAX = 5 /* told one by one */ };

struct import {
	struct dav_request *r;
	struct store_object_put *puts;
	size_t count, capacity;
	size_t left_out;
	struct buf why; /* of the first ones that are left out */
	bool is_too_much;
	enum store_status status;
};

static void leave_out(struct import *job, const struct ical_piece *piece, const char *problem)
{
	if (job->left_out++ < LEFT_OUT_MAX)
		buf_printf(&job->why, "%s line %zu: %s", job->left_out == 1 ? "" : ";", piece->line, problem);
}

/* The name that the UID has here; else a new one. */
static struct span name_for(struct import *job, struct span uid)
{
	struct dav_request *r = job->r;
	struct store_object there;
	enum store_status status =
		store_object_find_uid(r->store, r->user.id, r->resource.collection.id, uid, r->arena, &there);

	if (status == STORE_OK)
		return there.name;
	if (status != STORE_NOT_FOUND)
		job->status = status;
	return span_of(arena_printf(r->arena, "%016llx%016llx.ics", (unsigned long long)random_u64(),
				    (unsigned long long)random_u64()));
}

static bool take(void *arg, const struct ical_piece *piece)
{
	struct import *job = arg;
	struct dav_request *r = job->r;
	struct store_object_put put = {.collection = r->resource.collection.id};
	struct buf with_zones = {0};
	const char *problem = "";

	/* Outlook names zones without saying what they are */
	put.bytes = arena_span(r->arena,
			       ical_add_missing_zones(piece->text, &with_zones) ? buf_view(&with_zones) : piece->text);
	buf_done(&with_zones);
	if (put.bytes.n > r->daemon->options.resource_max) {
		leave_out(job, piece, "it is too large");
		return true;
	}
	if (caldav_judge(r->daemon, &r->resource.collection, put.bytes, r->arena, &put.facts, &problem) != NULL) {
		leave_out(job, piece, problem);
		return true;
	}
	job->is_too_much = job->count == OBJECTS_MAX;
	if (job->is_too_much)
		return false;
	put.name = name_for(job, put.facts.uid);
	arena_grow(r->arena, (void **)&job->puts, &job->capacity, job->count + 1, sizeof *job->puts);
	job->puts[job->count++] = put;
	return job->status == STORE_OK;
}

static void refuse(struct page_result *result, const char *problem)
{
	result->status = 422;
	result->problem = problem;
}

static const char *counted(struct dav_request *r, const struct store_object_counts *counts)
{
	return arena_printf(r->arena, "done=imported&new=%zu&changed=%zu&same=%zu", counts->created, counts->changed,
			    counts->unchanged);
}

static void store(struct import *job, struct page_result *result)
{
	struct dav_request *r = job->r;
	struct store_object_counts counts;
	enum store_status status = store_object_put_all(r->store, r->user.id, r->resource.collection.id, job->puts,
							job->count, false, &r->guard, &counts);

	if (status != STORE_OK) {
		page_store_failed(status, result);
	} else if (job->left_out == 0) {
		page_see(r, r->resource.href, counted(r, &counts));
	} else {
		result->status = 200;
		result->notice = arena_printf(
			r->arena, "Imported: %zu new, %zu changed, %zu as they were. %zu left out, namely from%.*s%s.",
			counts.created, counts.changed, counts.unchanged, job->left_out, (int)job->why.n, job->why.p,
			job->left_out > LEFT_OUT_MAX ? "; and others" : "");
	}
}

void page_import(struct dav_request *r, const struct page_form *form, struct page_result *result)
{
	struct import job = {.r = r, .status = STORE_OK};
	struct span file = page_form_file(form, "file");
	const char *problem = "";
	enum ical_verdict verdict;

	if (file.n == 0) {
		refuse(result, "Please choose a file.");
		return;
	}
	verdict = ical_split(file, r->arena, take, &job, &problem);
	if (verdict != ICAL_GOOD)
		refuse(result, arena_printf(r->arena, "This is no iCalendar file: %s.", problem));
	else if (job.status != STORE_OK)
		page_store_failed(job.status, result);
	else if (job.is_too_much)
		refuse(result, "The file holds more than 50,000 entries. Please import it in parts.");
	else if (job.count > 0)
		store(&job, result);
	else if (job.left_out > 0)
		refuse(result, arena_printf(r->arena, "Nothing in the file can be taken: from%.*s%s.", (int)job.why.n,
					    job.why.p, job.left_out > LEFT_OUT_MAX ? "; and others" : ""));
	else
		refuse(result, "There is nothing in this file.");
	buf_done(&job.why);
}

/* Import of an iCalendar file: what it holds is split into objects, each is judged like one that is put by itself, and
 * the good ones go in at once. What is there already under the same UID is brought up to date. */
#include "caldavd/caldav/check.h"
#include "caldavd/ical/import.h"
#include "caldavd/page/page_private.h"
#include "common/ical/collection.h"

enum { OBJECTS_MAX = 50000, LEFT_OUT_MAX = 5 /* told one by one */ };

struct job {
	struct dav_request *r;
	struct ical_import import;
	size_t capacity;
	size_t left_out;
	struct buf why; /* of the first ones that are left out */
	bool is_too_much;
};

static void leave_out(struct job *job, const struct ical_piece *piece, const char *problem)
{
	if (job->left_out++ < LEFT_OUT_MAX)
		buf_printf(&job->why, "%s line %zu: %s", job->left_out == 1 ? "" : ";", piece->line, problem);
}

static bool take(void *arg, const struct ical_piece *piece)
{
	struct job *job = arg;
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
	job->is_too_much = job->import.count == OBJECTS_MAX;
	if (job->is_too_much)
		return false;
	arena_grow(r->arena, (void **)&job->import.puts, &job->capacity, job->import.count + 1,
		   sizeof *job->import.puts);
	job->import.puts[job->import.count++] = put;
	return true;
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

static void keep(struct job *job, struct page_result *result)
{
	struct dav_request *r = job->r;
	struct store_object_counts counts;
	enum store_status status = ical_import_write(r, &r->resource.collection, &job->import, false, false, &counts);

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
	struct job job = {.r = r};
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
	else if (job.is_too_much)
		refuse(result, "The file holds more than 50,000 entries. Please import it in parts.");
	else if (job.import.count > 0)
		keep(&job, result);
	else if (job.left_out > 0)
		refuse(result, arena_printf(r->arena, "Nothing in the file can be taken: from%.*s%s.", (int)job.why.n,
					    job.why.p, job.left_out > LEFT_OUT_MAX ? "; and others" : ""));
	else
		refuse(result, "There is nothing in this file.");
	buf_done(&job.why);
}

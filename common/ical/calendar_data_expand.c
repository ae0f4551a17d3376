/* expand and limit-recurrence-set (RFC 4791, 9.6.5, 9.6.6). */
#include "common/ical/recurrence_private.h"
#include "common/ical/shape_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

/* --- times of an instance --- */

static void write_wall(int64_t wall, bool is_date, bool is_utc, struct buf *out)
{
	struct icaltimetype like = icaltime_null_time(), time;

	like.is_date = is_date;
	time = ical_wall_time(ical_clamp_wall(wall), like);
	buf_printf(out, "%04d%02d%02d", time.year, time.month, time.day);
	if (!is_date)
		buf_printf(out, "T%02d%02d%02d%s", time.hour, time.minute, time.second, is_utc ? "Z" : "");
	buf_text(out, "\r\n");
}

/* wall: for dates and floating times, which stay what they are; at: the same in seconds, for all others. */
static void write_time(const char *name, struct icaltimetype kind, int64_t wall, int64_t at,
		       const struct ical_comp_choice *choice, struct buf *out)
{
	bool has_no_value, is_utc = !kind.is_date && kind.zone != NULL;

	if (!ical_choice_has_prop(choice, span_of(name), &has_no_value))
		return;
	buf_text(out, name);
	if (kind.is_date)
		buf_text(out, ";VALUE=DATE");
	buf_byte(out, ':');
	if (has_no_value)
		buf_text(out, "\r\n");
	else
		write_wall(is_utc ? at : wall, kind.is_date, is_utc, out);
}

static void write_end(const struct ical_occurrence *o, const struct ical_comp_choice *choice,
		      const struct ical_zone *zone, struct buf *out)
{
	const struct ical_span_of_time *span = o->span;
	icaltimezone *libical = zone == NULL ? NULL : zone->zone;
	bool is_todo = icalcomponent_isa(o->component) == ICAL_VTODO_COMPONENT;
	bool is_as_said = o->end == ical_end_of(o->time, span->days, span->seconds, libical); /* no period of RDATE */
	icalproperty *duration;
	int64_t wall;
	bool has_no_value;

	if (is_as_said && (!span->has_end || span->is_due))
		return;
	if (is_as_said && span->is_nominal && (span->days == 0 || o->time.zone == NULL)) {
		duration = icalcomponent_get_first_property(o->component, ICAL_DURATION_PROPERTY);
		if (!ical_choice_has_prop(choice, SPAN("DURATION"), &has_no_value))
			return;
		buf_printf(out, "DURATION:%s\r\n",
			   has_no_value ? "" : icaldurationtype_as_ical_string(icalproperty_get_duration(duration)));
		return;
	}
	wall = ical_wall(o->time) + (is_as_said ? span->days * ICAL_DAY + span->seconds : o->end - o->start);
	write_time(is_todo ? "DUE" : "DTEND", o->time, wall, o->end, choice, out);
}

void ical_write_instance_times(const struct ical_occurrence *instance, const struct ical_comp_choice *choice,
			       const struct ical_zone *zone, struct buf *out)
{
	struct icaltimetype of = instance->recurrence_time;

	if (!icaltime_is_null_time(instance->time)) {
		write_time(instance->span->is_due ? "DUE" : "DTSTART", instance->time, ical_wall(instance->time),
			   instance->start, choice, out);
		write_end(instance, choice, zone, out);
	}
	if (!icaltime_is_null_time(of))
		write_time("RECURRENCE-ID", of, ical_wall(of), instance->recurrence, choice, out);
}

bool ical_is_of_recurrence(struct span name)
{
	static const char *const names[] = {"DTSTART", "DTEND", "DUE",    "DURATION",     "RRULE",
					    "EXRULE",  "RDATE", "EXDATE", "RECURRENCE-ID"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is_nocase(name, names[i]))
			return true;
	return false;
}

/* --- expand --- */

struct expanding {
	struct ical_writer *writer;
	struct expanded {
		struct ical_occurrence occurrence;
		struct ical_span_of_time span;
	} * list;
	size_t count, capacity;
	bool is_too_much;
};

static bool take_instance(void *arg, const struct ical_occurrence *o)
{
	struct expanding *job = arg;
	const struct ical_shape *shape = job->writer->shape;
	void *list = job->list;

	if (!ical_occurrence_overlaps(o, job->writer->zone, shape->expand->from, shape->expand->to))
		return true;
	if (job->count == shape->max_instances) {
		job->is_too_much = true;
		return false;
	}
	alloc_grow(&list, &job->capacity, job->count + 1, sizeof *job->list);
	job->list = list;
	job->list[job->count++] = (struct expanded){*o, *o->span};
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct ical_occurrence *x = &((const struct expanded *)a)->occurrence;
	const struct ical_occurrence *y = &((const struct expanded *)b)->occurrence;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->recurrence > y->recurrence) - (x->recurrence < y->recurrence);
}

enum ical_verdict ical_write_expanded(struct ical_writer *writer, const struct ical_comp_choice *root)
{
	struct expanding job = {.writer = writer};
	const struct ical_range *range = writer->shape->expand;
	enum ical_verdict verdict =
		ical_occurrences(writer->object, writer->zone, range->from, range->to, 0, take_instance, &job);
	struct span name = span_of(icalcomponent_kind_to_string(writer->object->component));
	bool is_chosen;
	const struct ical_comp_choice *choice = ical_choice_of_comp(root, name, &is_chosen);

	if (job.is_too_much)
		verdict = ICAL_TOO_MUCH;
	if (job.count > 1)
		qsort(job.list, job.count, sizeof *job.list, by_start);
	for (size_t i = 0; i < job.count && verdict == ICAL_GOOD && is_chosen; i++) {
		size_t begin = ical_writer_begin(writer, job.list[i].occurrence.component);

		job.list[i].occurrence.span = &job.list[i].span;
		if (begin > 0)
			ical_write_component(writer, begin, choice, &job.list[i].occurrence);
	}
	free(job.list);
	return verdict;
}

/* --- limit-recurrence-set --- */

struct limiting {
	struct ical_writer *writer;
	const icalcomponent *master;
	struct ical_span_of_time span; /* of it */
};

/* Where the instance would be if it were not overridden: its length is then the master's. */
static bool original_overlaps(const struct limiting *job, const struct ical_occurrence *o)
{
	const struct ical_writer *writer = job->writer;
	const struct ical_range *range = writer->shape->limit_recurrence;
	icaltimezone *libical = writer->zone == NULL ? NULL : writer->zone->zone;
	struct ical_occurrence original = *o;

	if (job->master != NULL)
		original.span = &job->span;
	original.time = o->recurrence_time;
	original.start = o->recurrence;
	original.end = ical_end_of(original.time, original.span->days, original.span->seconds, libical);
	return ical_occurrence_overlaps(&original, writer->zone, range->from, range->to);
}

static bool take_override(void *arg, const struct ical_occurrence *o)
{
	struct limiting *job = arg;
	const struct ical_writer *writer = job->writer;
	const struct ical_range *range = writer->shape->limit_recurrence;
	size_t begin = ical_writer_begin(writer, o->component);

	if (writer->is_left_out[begin])
		writer->is_left_out[begin] = !ical_occurrence_overlaps(o, writer->zone, range->from, range->to) &&
					     !original_overlaps(job, o);
	return true;
}

enum ical_verdict ical_limit_recurrence(struct ical_writer *writer)
{
	struct limiting job = {.writer = writer};
	const struct ical_range *range = writer->shape->limit_recurrence;
	icalcomponent *root = writer->object->root;

	for (icalcomponent *c = icalcomponent_get_first_component(root, writer->object->component); c != NULL;
	     c = icalcomponent_get_next_component(root, writer->object->component)) {
		if (icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY) != NULL) {
			writer->is_left_out[ical_writer_begin(writer, c)] = true;
			continue;
		}
		job.master = c;
		ical_component_time(c, &job.span);
	}
	return ical_occurrences(writer->object, writer->zone, range->from, range->to, 0, take_override, &job);
}

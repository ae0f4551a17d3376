/* What is put into a calendar: judged by common/ical, and by what the calendar takes. */
#include "caldavd/caldav/check.h"
#include "common/base/must.h"
#include "common/base/utf8.h"
#include "common/ical/ical.h"

_Static_assert((int)ICAL_KIND_EVENT == (int)STORE_EVENTS && (int)ICAL_KIND_TODO == (int)STORE_TODOS &&
		       (int)ICAL_KIND_JOURNAL == (int)STORE_JOURNALS &&
		       (int)ICAL_KIND_FREEBUSY == (int)STORE_FREEBUSY &&
		       (int)ICAL_KIND_AVAILABILITY == (int)STORE_AVAILABILITY,
	       "the kinds of objects have the same bits everywhere");

bool caldav_is_calendar_type(struct span content_type)
{
	struct span type = span_trim(span_sub(content_type, 0, span_find_byte(content_type, ';')));

	return content_type.n == 0 || span_is_nocase(type, "text/calendar") ||
	       span_is_nocase(type, "application/octet-stream");
}

/* ATTENDEE lines of the component that has most of them. */
static size_t most_attendees(struct span text)
{
	size_t most = 0, here = 0;

	while (text.n > 0) {
		size_t end = span_find_byte(text, '\n');
		struct span line = span_sub(text, 0, end);

		if (span_starts_nocase(line, SPAN("BEGIN:")))
			here = 0;
		else if (span_starts_nocase(line, SPAN("ATTENDEE")) && line.n > 8 &&
			 (line.p[8] == ';' || line.p[8] == ':'))
			here++;
		if (here > most)
			most = here;
		text = end == SIZE_MAX ? (struct span){0} : span_sub(text, end + 1, SIZE_MAX);
	}
	return most;
}

static const char *condition_of(enum ical_verdict verdict)
{
	switch (verdict) {
	case ICAL_GOOD:
		return NULL;
	case ICAL_MALFORMED:
	case ICAL_TOO_MUCH:
		return "C:valid-calendar-data";
	case ICAL_NOT_AN_OBJECT:
		return "C:valid-calendar-object-resource";
	case ICAL_NOT_SUPPORTED:
		return "C:supported-calendar-component";
	}
	return "C:valid-calendar-data";
}

static void take_summary(const struct ical_summary *summary, struct store_object_facts *facts_r)
{
	*facts_r = (struct store_object_facts){.uid = summary->uid,
					       .component = (unsigned)summary->kind,
					       .first = summary->first,
					       .last = summary->last};
	facts_r->flags = (summary->recurs ? CALDAV_RECURS : 0) | (summary->is_plain ? CALDAV_PLAIN : 0) |
			 (summary->is_transparent ? CALDAV_TRANSPARENT : 0) |
			 (summary->is_tentative ? CALDAV_TENTATIVE : 0);
}

const char *caldav_judge(const struct caldavd *daemon, const struct store_collection *calendar, struct span bytes,
			 struct arena *arena, struct store_object_facts *facts_r, const char **problem_r)
{
	struct ical_object *object = NULL;
	struct ical_summary summary;
	enum ical_verdict verdict;

	*problem_r = "";
	if (!utf8_is_valid(bytes)) {
		*problem_r = "it is no UTF-8";
		return "C:valid-calendar-data";
	}
	verdict = ical_object_open(bytes, arena, &object, &summary, problem_r);
	ical_object_close(&object);
	if (verdict != ICAL_GOOD)
		return condition_of(verdict);
	take_summary(&summary, facts_r);
	if (calendar->components != 0 && !(calendar->components & facts_r->component)) {
		*problem_r = "this calendar takes other kinds of components";
		return "C:supported-calendar-component";
	}
	if (most_attendees(bytes) > daemon->options.attendees_max) {
		*problem_r = "there are too many attendees";
		return "C:max-attendees-per-instance";
	}
	return NULL;
}

bool caldav_check(struct dav_request *r, const struct store_collection *calendar, struct span bytes,
		  struct store_object_facts *facts_r)
{
	const char *problem, *condition;

	condition = caldav_judge(r->daemon, calendar, bytes, r->arena, facts_r, &problem);
	if (condition != NULL)
		dav_error(r, 403, condition, "%s", problem);
	return condition == NULL;
}

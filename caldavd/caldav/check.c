/* What is put into a calendar: judged by common/calendar, and answered in the words of CalDAV. */
#include "caldavd/caldav/check.h"

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

const char *caldav_judge(const struct caldavd *daemon, const struct store_collection *calendar, struct span bytes,
			 struct arena *arena, struct store_object_facts *facts_r, const char **problem_r)
{
	enum ical_verdict verdict = calendar_judge(bytes, calendar->components, arena, facts_r, problem_r);

	if (verdict != ICAL_GOOD)
		return condition_of(verdict);
	if (most_attendees(bytes) <= daemon->options.attendees_max)
		return NULL;
	*problem_r = "there are too many attendees";
	return "C:max-attendees-per-instance";
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

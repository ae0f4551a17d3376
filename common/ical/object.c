/* Parsing and judging one object. */
#include "common/ical/ical_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	icalcomponent_kind component;
	enum ical_kind kind;
} kinds[] = {
	{ICAL_VEVENT_COMPONENT, ICAL_KIND_EVENT},
	{ICAL_VTODO_COMPONENT, ICAL_KIND_TODO},
	{ICAL_VJOURNAL_COMPONENT, ICAL_KIND_JOURNAL},
	{ICAL_VFREEBUSY_COMPONENT, ICAL_KIND_FREEBUSY},
	{ICAL_VAVAILABILITY_COMPONENT, ICAL_KIND_AVAILABILITY},
};

struct judge {
	struct arena *arena;
	struct ical_object *object;
	struct ical_summary *summary;
	const char *problem;
};

static enum ical_verdict say(struct judge *judge, enum ical_verdict verdict, const char *problem)
{
	judge->problem = problem;
	return verdict;
}

/* The first error that libical left in the tree, with the text it could not understand. */
static const char *find_error(icalcomponent *component, struct arena *arena)
{
	icalproperty *error = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);

	if (error != NULL) {
		const char *text = icalproperty_get_xlicerror(error);

		return arena_printf(arena, "%.300s", text == NULL ? "it cannot be understood" : text);
	}
	for (icalcomponent *c = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT)) {
		const char *problem = find_error(c, arena);

		if (problem != NULL)
			return problem;
	}
	return NULL;
}

static enum ical_kind kind_of(icalcomponent_kind component)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].component == component)
			return kinds[i].kind;
	return 0;
}

static enum ical_verdict judge_uid(struct judge *judge, icalcomponent *component)
{
	const char *uid = icalcomponent_get_uid(component);

	if (uid == NULL || uid[0] == '\0')
		return say(judge, ICAL_NOT_AN_OBJECT, "a component has no UID");
	if (judge->summary->uid.p == NULL)
		judge->summary->uid = arena_span(judge->arena, span_of(uid));
	else if (!span_is(judge->summary->uid, uid))
		return say(judge, ICAL_NOT_AN_OBJECT, "its components have several UIDs");
	return ICAL_GOOD;
}

/* One kind of component, one UID, VTIMEZONEs beside it (RFC 4791, 4.1). */
static enum ical_verdict judge_component(struct judge *judge, icalcomponent *component)
{
	icalcomponent_kind is = icalcomponent_isa(component);
	enum ical_kind kind = kind_of(is);

	if (is == ICAL_VTIMEZONE_COMPONENT)
		return ICAL_GOOD;
	if (kind == 0)
		return say(judge, ICAL_NOT_SUPPORTED, "it holds a kind of component that is not kept");
	if (judge->object->kind != 0 && judge->object->kind != kind)
		return say(judge, ICAL_NOT_AN_OBJECT, "it holds components of several kinds");
	judge->object->kind = kind;
	judge->object->component = is;
	return judge_uid(judge, component);
}

static enum ical_verdict judge_root(struct judge *judge)
{
	icalcomponent *root = judge->object->root;
	icalproperty *version = icalcomponent_get_first_property(root, ICAL_VERSION_PROPERTY);
	enum ical_verdict verdict = ICAL_GOOD;

	if (icalcomponent_isa(root) != ICAL_VCALENDAR_COMPONENT)
		return say(judge, ICAL_MALFORMED, "it is not one VCALENDAR");
	if ((judge->problem = find_error(root, judge->arena)) != NULL)
		return ICAL_MALFORMED;
	if (version == NULL || strcmp(icalproperty_get_version(version), "2.0") != 0)
		return say(judge, ICAL_MALFORMED, "it is not of VERSION 2.0");
	if (icalcomponent_get_first_property(root, ICAL_PRODID_PROPERTY) == NULL)
		return say(judge, ICAL_MALFORMED, "it has no PRODID");
	if (icalcomponent_get_first_property(root, ICAL_METHOD_PROPERTY) != NULL)
		return say(judge, ICAL_NOT_AN_OBJECT, "it has a METHOD");
	for (icalcomponent *c = icalcomponent_get_first_component(root, ICAL_ANY_COMPONENT);
	     c != NULL && verdict == ICAL_GOOD; c = icalcomponent_get_next_component(root, ICAL_ANY_COMPONENT))
		verdict = judge_component(judge, c);
	if (verdict == ICAL_GOOD && judge->object->kind == 0)
		return say(judge, ICAL_NOT_AN_OBJECT, "it holds no component");
	return verdict;
}

/* --- bounds --- */

void ical_component_time(icalcomponent *component, struct ical_span_of_time *time_r)
{
	icalproperty *start = icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY);
	icalproperty *end = icalcomponent_get_first_property(component, ICAL_DTEND_PROPERTY);
	icalproperty *due = icalcomponent_get_first_property(component, ICAL_DUE_PROPERTY);
	icalproperty *duration = icalcomponent_get_first_property(component, ICAL_DURATION_PROPERTY);

	*time_r = (struct ical_span_of_time){.start = icaltime_null_time()};
	if (start != NULL)
		time_r->start = icalproperty_get_datetime_with_component(start, component);
	else if (due != NULL)
		time_r->start = icalproperty_get_datetime_with_component(due, component);
	if (end == NULL && start != NULL)
		end = due;
	if (end != NULL && !icaltime_is_null_time(time_r->start)) {
		struct icaltimetype until = icalproperty_get_datetime_with_component(end, component);

		time_r->seconds = ical_seconds(until, NULL) - ical_seconds(time_r->start, NULL);
		time_r->has_end = true;
	} else if (duration != NULL) {
		time_r->seconds = icaldurationtype_as_int(icalproperty_get_duration(duration));
		time_r->has_end = true;
	} else if (time_r->start.is_date && start != NULL) {
		time_r->seconds = 86400;
	}
	if (time_r->seconds < 0)
		time_r->seconds = 0;
}

struct bounds {
	struct ical_summary *summary;
	const struct ical_span_of_time *time;
};

static void widen(struct ical_summary *summary, int64_t first, int64_t last)
{
	if (first < summary->first)
		summary->first = first;
	if (last > summary->last)
		summary->last = last;
}

static bool take_start(void *arg, const struct ical_start *start)
{
	struct bounds *bounds = arg;
	int64_t world = start->time.zone == NULL ? ICAL_WORLD : 0;
	int64_t seconds = start->duration >= 0 ? start->duration : bounds->time->seconds;

	widen(bounds->summary, start->at - world, start->at + seconds + world);
	return true;
}

static bool is_endless(icalcomponent *component)
{
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_RRULE_PROPERTY)) {
		struct icalrecurrencetype rule = icalproperty_get_rrule(p);

		if (rule.count == 0 && icaltime_is_null_time(rule.until))
			return true;
	}
	return false;
}

/* What has no start has no time that could be compared: it is in every range. */
static enum ical_verdict bound(struct judge *judge, icalcomponent *component)
{
	struct ical_span_of_time time;
	struct bounds bounds = {.summary = judge->summary, .time = &time};
	bool recurs = icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY) != NULL ||
		      icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY) != NULL;

	ical_component_time(component, &time);
	judge->summary->recurs |= recurs;
	if (icaltime_is_null_time(time.start)) {
		widen(judge->summary, ICAL_OPEN_START, ICAL_OPEN_END);
		return ICAL_GOOD;
	}
	if (is_endless(component)) {
		int64_t world = time.start.zone == NULL ? ICAL_WORLD : 0;

		widen(judge->summary, ical_seconds(time.start, NULL) - world, ICAL_OPEN_END);
		return ICAL_GOOD;
	}
	if (!ical_starts(component, NULL, ICAL_OPEN_START, ICAL_OPEN_END - 1, take_start, &bounds))
		return say(judge, ICAL_TOO_MUCH, "it has a rule with too many instances");
	return ICAL_GOOD;
}

static enum ical_verdict judge_all(struct judge *judge)
{
	enum ical_verdict verdict = judge_root(judge);
	icalcomponent *root = judge->object->root;

	judge->summary->kind = judge->object->kind;
	judge->summary->first = ICAL_OPEN_END;
	judge->summary->last = ICAL_OPEN_START;
	for (icalcomponent *c = icalcomponent_get_first_component(root, judge->object->component);
	     c != NULL && verdict == ICAL_GOOD; c = icalcomponent_get_next_component(root, judge->object->component))
		verdict = bound(judge, c);
	return verdict;
}

enum ical_verdict ical_object_open(struct span text, struct arena *arena, struct ical_object **object_r,
				   struct ical_summary *summary_r, const char **problem_r)
{
	struct judge judge = {.arena = arena, .summary = summary_r, .problem = "it is no iCalendar"};
	struct ical_object *object = alloc_zero(1, sizeof *object);
	enum ical_verdict verdict = ICAL_MALFORMED;

	icalerror_set_errors_are_fatal(0);
	*summary_r = (struct ical_summary){0};
	*object_r = NULL;
	judge.object = object;
	if (memchr(text.p, '\0', text.n) == NULL) {
		object->root = icalparser_parse_string(arena_text(arena, text));
		if (object->root != NULL)
			verdict = judge_all(&judge);
	}
	*problem_r = judge.problem;
	if (verdict == ICAL_GOOD)
		*object_r = object;
	else
		ical_object_close(&object);
	return verdict;
}

void ical_object_close(struct ical_object **object)
{
	if (*object == NULL)
		return;
	if ((*object)->root != NULL)
		icalcomponent_free((*object)->root);
	free(*object);
	*object = NULL;
}

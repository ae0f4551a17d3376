/* Parsing and judging one object. */
#include "common/ical/recurrence_private.h"
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
	uint64_t work;
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

struct bounds {
	struct ical_summary *summary;
	const struct ical_span_of_time *time;
	int64_t shift, more; /* what RANGE=THISANDFUTURE moves instances by, and how long it makes them, at most */
	unsigned count, enough;
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
	const struct ical_span_of_time *time = bounds->time;
	int64_t world = start->time.zone == NULL ? ICAL_WORLD : 0;
	int64_t end = start->duration >= 0 ? start->at + start->duration
					   : ical_end_of(start->time, time->days, time->seconds, NULL);

	widen(bounds->summary, start->at - bounds->shift - world, end + bounds->shift + bounds->more + world);
	return ++bounds->count != bounds->enough;
}

static bool has(icalcomponent *component, icalproperty_kind kind)
{
	return icalcomponent_get_first_property(component, kind) != NULL;
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

/* What the overrides with RANGE=THISANDFUTURE do to the bounds of those that follow. */
static void measure_future(struct judge *judge, struct bounds *bounds)
{
	icalcomponent *root = judge->object->root;

	for (icalcomponent *c = icalcomponent_get_first_component(root, judge->object->component); c != NULL;
	     c = icalcomponent_get_next_component(root, judge->object->component)) {
		icalproperty *of = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);
		struct ical_span_of_time time;
		int64_t shift, more;

		if (of == NULL || icalproperty_get_first_parameter(of, ICAL_RANGE_PARAMETER) == NULL)
			continue;
		ical_component_time(c, &time);
		if (icaltime_is_null_time(time.start))
			continue;
		/* a day more, because it may count by the clock or not, here or there */
		shift = llabs(ical_seconds(time.start, NULL) -
			      ical_seconds(icalproperty_get_datetime_with_component(of, c), NULL)) +
			ICAL_DAY;
		more = time.days * ICAL_DAY + time.seconds;
		if (shift > bounds->shift)
			bounds->shift = shift;
		if (more > bounds->more)
			bounds->more = more;
	}
}

/* An override is where it is; what it might have of rules means nothing. */
static enum ical_verdict bound_override(struct judge *judge, struct bounds *bounds)
{
	struct ical_start start = {.time = bounds->time->start, .duration = -1};

	start.at = ical_seconds(start.time, NULL);
	(void)take_start(bounds, &start);
	judge->summary->recurs = true;
	return ICAL_GOOD;
}

static enum ical_verdict bound_master(struct judge *judge, icalcomponent *component, struct bounds *bounds)
{
	struct ical_summary *summary = judge->summary;
	bool recurs = has(component, ICAL_RRULE_PROPERTY) || has(component, ICAL_RDATE_PROPERTY);
	const char *problem = ical_rules_problem(component, bounds->time->start, &judge->work);

	if (problem != NULL)
		return say(judge, ICAL_TOO_MUCH, problem);
	summary->recurs |= recurs;
	if (recurs)
		measure_future(judge, bounds);
	if (is_endless(component)) {
		summary->last = ICAL_OPEN_END;
		bounds->enough = 2; /* that it goes on at all is seen by the second, whatever EXRULE takes away */
	}
	if (!ical_starts(component, NULL, ICAL_OPEN_START, ICAL_OPEN_END - 1, &judge->work, take_start, bounds))
		return say(judge, ICAL_TOO_MUCH, "it has a rule with too many instances");
	return ICAL_GOOD;
}

/* What has no start has no time that could be compared: it is in every range. */
static enum ical_verdict bound(struct judge *judge, icalcomponent *component)
{
	struct ical_span_of_time time;
	struct bounds bounds = {.summary = judge->summary, .time = &time};

	ical_component_time(component, &time);
	if (icaltime_is_null_time(time.start)) {
		judge->summary->recurs |= has(component, ICAL_RECURRENCEID_PROPERTY);
		widen(judge->summary, ICAL_OPEN_START, ICAL_OPEN_END);
		return ICAL_GOOD;
	}
	if (has(component, ICAL_RECURRENCEID_PROPERTY))
		return bound_override(judge, &bounds);
	return bound_master(judge, component, &bounds);
}

static enum ical_verdict bound_all(struct judge *judge)
{
	icalcomponent *root = judge->object->root;
	enum ical_verdict verdict = ICAL_GOOD;
	unsigned masters = 0;

	judge->summary->first = ICAL_OPEN_END;
	judge->summary->last = ICAL_OPEN_START;
	for (icalcomponent *c = icalcomponent_get_first_component(root, judge->object->component);
	     c != NULL && verdict == ICAL_GOOD; c = icalcomponent_get_next_component(root, judge->object->component)) {
		masters += !has(c, ICAL_RECURRENCEID_PROPERTY);
		if (masters > 1)
			return say(judge, ICAL_NOT_AN_OBJECT, "several of its components have no RECURRENCE-ID");
		verdict = bound(judge, c);
	}
	if (judge->summary->first > judge->summary->last) /* EXDATE left nothing */
		judge->summary->first = judge->summary->last = 0;
	return verdict;
}

/* --- plain events --- */

static bool is_transparent(icalcomponent *component)
{
	icalproperty *transp = icalcomponent_get_first_property(component, ICAL_TRANSP_PROPERTY);

	return icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED ||
	       (transp != NULL && (icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENT ||
				   icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENTNOCONFLICT));
}

static void see_whether_plain(struct judge *judge)
{
	struct ical_summary *summary = judge->summary;
	icalcomponent *event = icalcomponent_get_first_component(judge->object->root, ICAL_VEVENT_COMPONENT);
	struct ical_span_of_time time;

	if (event == NULL || icalcomponent_get_next_component(judge->object->root, ICAL_VEVENT_COMPONENT) != NULL)
		return;
	ical_component_time(event, &time);
	summary->is_plain = !icaltime_is_null_time(time.start) && !time.start.is_date && time.start.zone != NULL &&
			    !has(event, ICAL_RRULE_PROPERTY) && !has(event, ICAL_RDATE_PROPERTY) &&
			    !has(event, ICAL_EXRULE_PROPERTY) && !has(event, ICAL_EXDATE_PROPERTY) &&
			    !has(event, ICAL_RECURRENCEID_PROPERTY);
	if (!summary->is_plain)
		return;
	summary->is_transparent = is_transparent(event);
	summary->is_tentative = icalcomponent_get_status(event) == ICAL_STATUS_TENTATIVE;
}

/* --- the whole --- */

enum { DEPTH_MAX = 16 };

/* The first bytes of a logical line, however it is folded; *rest is moved behind the line. */
static struct span take_line_begin(struct span *rest, char head[6])
{
	size_t n = 0, at = 0;

	for (; at < rest->n; at++) {
		if (rest->p[at] == '\n') {
			if (at + 1 == rest->n || (rest->p[at + 1] != ' ' && rest->p[at + 1] != '\t'))
				break;
			at++; /* a fold */
		} else if (rest->p[at] != '\r' && n < 6) {
			head[n++] = rest->p[at];
		}
	}
	*rest = span_sub(*rest, at + 1, SIZE_MAX);
	return span_from(head, n);
}

/* libical goes down into components by recursion, as deep as they are nested. */
static bool is_nested_too_deep(struct span text)
{
	unsigned depth = 0;

	while (text.n > 0) {
		char head[6];
		struct span line = take_line_begin(&text, head);

		if (span_starts_nocase(line, SPAN("BEGIN")) && ++depth > DEPTH_MAX)
			return true;
		if (span_starts_nocase(line, SPAN("END:")) && depth > 0)
			depth--;
	}
	return false;
}

static enum ical_verdict judge_all(struct judge *judge)
{
	enum ical_verdict verdict = judge_root(judge);

	judge->summary->kind = judge->object->kind;
	if (verdict == ICAL_GOOD && (judge->problem = ical_zones_problem(judge->object->root)) != NULL)
		return ICAL_TOO_MUCH;
	if (verdict == ICAL_GOOD)
		verdict = bound_all(judge);
	if (verdict == ICAL_GOOD)
		see_whether_plain(judge);
	return verdict;
}

enum ical_verdict ical_object_open(struct span text, struct arena *arena, struct ical_object **object_r,
				   struct ical_summary *summary_r, const char **problem_r)
{
	struct judge judge = {.arena = arena, .summary = summary_r, .problem = "it is no iCalendar"};
	struct ical_object *object = alloc_zero(1, sizeof *object);
	enum ical_verdict verdict = ICAL_MALFORMED;

	ical_zones_load();
	*summary_r = (struct ical_summary){0};
	*object_r = NULL;
	judge.object = object;
	if (memchr(text.p, '\0', text.n) == NULL && !is_nested_too_deep(text)) {
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

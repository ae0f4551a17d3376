/* Parsing and judging one object. */
#include "common/ical/recurrence_private.h"
#include "common/ical/source_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

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

/* The standards before RFC 5545's last, and many programs, leave values empty, and new standards bring new names: such
 * properties are kept as they came, and only what times are computed from must be understood. */
static bool is_tolerable(const char *text)
{
	static const char *const dear[] = {"DTSTART", "DTEND",  "DUE",     "DURATION", "RRULE",        "EXRULE",
					   "RDATE",   "EXDATE", "TRIGGER", "FREEBUSY", "RECURRENCE-ID"};
	bool is_empty;

	if (text == NULL)
		return false;
	if (strncmp(text, "Parse error in property name", 28) == 0)
		return true;
	is_empty = strncmp(text, "No value for ", 13) == 0;
	for (size_t i = 0; i < array_count(dear); i++) {
		size_t n = strlen(dear[i]);
		const char *at = strstr(text, " property");

		/* "in DTEND property", "for DTEND property", "for property DTSTART: …" */
		if (at == NULL || ((at - text < (ptrdiff_t)n || strncmp(at - n, dear[i], n) != 0) &&
				   (strncmp(at + 10, dear[i], n) != 0 || at[9] != ' ')))
			continue;
		return is_empty && i != 0 && strcmp(dear[i], "RRULE") != 0 && strcmp(dear[i], "RECURRENCE-ID") != 0;
	}
	return true;
}

/* The first error that libical left in the tree, with the text it could not understand. */
static const char *find_error(icalcomponent *component, struct arena *arena)
{
	for (icalproperty *error = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY); error != NULL;
	     error = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY)) {
		const char *text = icalproperty_get_xlicerror(error);

		if (!is_tolerable(text))
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
	/* VERSION and PRODID must be there (RFC 5545, 3.6), but are left out by more programs than one would think */
	if (version != NULL && strcmp(icalproperty_get_version(version), "2.0") != 0)
		return say(judge, ICAL_MALFORMED, "it is not of VERSION 2.0");
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
	int64_t end = start->duration >= 0 ? ical_clamp_wall(start->at + start->duration)
					   : ical_end_of(start->time, time->days, time->seconds, NULL);

	if (bounds->summary->kind == ICAL_KIND_TODO) /* whose ranges have both their ends (RFC 4791, 9.9) */
		world++;
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

/* The rules in a VAVAILABILITY are those of its AVAILABLEs. */
static enum ical_verdict judge_available(struct judge *judge, icalcomponent *availability)
{
	icalcompiter i = icalcomponent_begin_component(availability, ICAL_XAVAILABLE_COMPONENT);

	for (icalcomponent *c = icalcompiter_deref(&i); c != NULL; c = icalcompiter_next(&i)) {
		struct ical_span_of_time time;
		const char *problem;

		ical_component_time(c, &time);
		if ((problem = ical_rules_problem(c, time.start, &judge->work)) != NULL)
			return say(judge, ICAL_TOO_MUCH, problem);
	}
	return ICAL_GOOD;
}

/* Where a start or an end is missing, it is in every range. */
static bool is_open(icalcomponent *component, const struct ical_span_of_time *time)
{
	switch (icalcomponent_isa(component)) {
	case ICAL_VFREEBUSY_COMPONENT:
		return !has(component, ICAL_DTSTART_PROPERTY) || !has(component, ICAL_DTEND_PROPERTY);
	case ICAL_VAVAILABILITY_COMPONENT:
		return icaltime_is_null_time(time->start) || !time->has_end;
	default:
		return icaltime_is_null_time(time->start);
	}
}

static enum ical_verdict bound(struct judge *judge, icalcomponent *component)
{
	struct ical_span_of_time time;
	struct bounds bounds = {.summary = judge->summary, .time = &time};
	enum ical_verdict verdict = judge_available(judge, component);

	if (verdict != ICAL_GOOD)
		return verdict;
	ical_component_time(component, &time);
	if (is_open(component, &time)) {
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
	icalcompiter i = icalcomponent_begin_component(judge->object->root, judge->object->component);
	enum ical_verdict verdict = ICAL_GOOD;

	judge->summary->first = ICAL_OPEN_END;
	judge->summary->last = ICAL_OPEN_START;
	for (icalcomponent *c = icalcompiter_deref(&i); c != NULL && verdict == ICAL_GOOD; c = icalcompiter_next(&i))
		verdict = bound(judge, c);
	if (judge->summary->first > judge->summary->last) /* EXDATE left nothing */
		judge->summary->first = judge->summary->last = 0;
	return verdict;
}

/* --- plain events --- */

static bool is_transparent(icalcomponent *component)
{
	icalproperty *transp = icalcomponent_get_first_property(component, ICAL_TRANSP_PROPERTY);

	return icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED ||
	       (transp != NULL && icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENT);
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

/* libical stops at the deepest nesting that it has a stack for, and passes over lines that are none. */
static const char *source_problem(struct span text)
{
	struct arena *arena = arena_create();
	struct ical_source source;
	const char *problem = ical_source_read(text, arena, &source);

	arena_destroy(&arena);
	return problem;
}

static enum ical_verdict judge_all(struct judge *judge, bool wants_bounds)
{
	enum ical_verdict verdict = judge_root(judge);
	icalcomponent *aside = NULL;

	judge->summary->kind = judge->object->kind;
	if (verdict == ICAL_GOOD && (judge->problem = ical_zones_problem(judge->object->root)) != NULL)
		return ICAL_TOO_MUCH;
	if (verdict == ICAL_GOOD && wants_bounds) {
		aside = ical_zone_set_aside(judge->object->root);
		verdict = bound_all(judge);
	}
	if (verdict == ICAL_GOOD && wants_bounds)
		see_whether_plain(judge);
	if (aside != NULL)
		icalcomponent_add_component(judge->object->root, aside);
	return verdict;
}

enum ical_verdict ical_object_open(struct span text, struct arena *arena, struct ical_object **object_r,
				   struct ical_summary *summary_r, const char **problem_r)
{
	struct ical_summary summary = {0};
	struct judge judge = {.arena = arena, .summary = &summary, .problem = "it is no iCalendar"};
	struct ical_object *object = alloc_zero(1, sizeof *object);
	enum ical_verdict verdict = ICAL_MALFORMED;
	const char *problem = NULL;

	ical_zones_load();
	*object_r = NULL;
	judge.object = object;
	if (span_find_byte(text, '\0') == SIZE_MAX && (problem = source_problem(text)) == NULL) {
		object->text = alloc_text_n(text.p, text.n);
		object->size = text.n;
		object->root = ical_parse(text);
		if (object->root != NULL) {
			ical_name_zones(object->root);
			verdict = judge_all(&judge, summary_r != NULL);
		}
	}
	if (problem != NULL)
		judge.problem = problem;
	*problem_r = judge.problem;
	if (summary_r != NULL)
		*summary_r = summary;
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
	free((*object)->text);
	free(*object);
	*object = NULL;
}

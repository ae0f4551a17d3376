/* A recurring component's starts: several rules and lists, merged as they come, so that who has enough stops early.
 *
 * Rules ascend in wall time, which near a change of the clocks is not quite the order of instants: what came is kept
 * until all rules are SLACK beyond it. */
#include "common/ical/recurrence_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { SLACK = 3 * 3600 };

struct source { /* one rule */
	struct ical_recurrence *rule;
	int64_t at; /* of what came last; INT64_MAX: no more */
};

struct stream {
	struct source *sources;
	size_t source_count, source_capacity;
	struct starts {
		struct ical_start *at; /* ascending from first */
		size_t first, count, capacity;
	} pending, dates; /* what came of rules; DTSTART and RDATE */
	struct icaltimetype start;
	icaltimezone *zone;
	int64_t from, to;
	uint64_t *work;
	unsigned steps;
	bool is_too_much;
};

struct exdates { /* both ascending */
	int64_t *days, *instants;
	size_t day_count, day_capacity, instant_count, instant_capacity;
};

/* libical computes the changes of a zone anew, from the first, whenever it is asked for a year beyond those it has, and
 * then goes five years on: who counts upwards from a far year waits for long. So it is asked by centuries. */
static void cover(icaltimezone *zone, struct icaltimetype time)
{
	enum { NEAR = 2040, FAR = 2580 };
	int is_daylight;

	if (time.year < NEAR || zone == icaltimezone_get_utc_timezone())
		return;
	time.year = (time.year / 100 + 1) * 100;
	if (time.year > FAR)
		time.year = FAR;
	(void)icaltimezone_get_utc_offset(zone, &time, &is_daylight);
}

/* Its table ends in 2582, and it makes it anew for each question beyond. After 400 years the calendar is the same, and
 * so are the rules of a zone. */
int64_t ical_seconds(struct icaltimetype time, icaltimezone *zone)
{
	enum { LAST = 2500, CYCLE_DAYS = 146097 };
	int64_t cycles = 0;

	if (time.zone != NULL)
		zone = (icaltimezone *)time.zone; /* libical's own type has lost its const */
	if (zone == NULL)
		zone = icaltimezone_get_utc_timezone();
	if (time.month < 1 || time.month > 12)
		time = icaltime_normalize(time); /* libical reads a month 13 */
	if (zone == icaltimezone_get_utc_timezone())
		return ical_wall(time);
	for (; time.year > LAST; time.year -= 400)
		cycles++;
	cover(zone, time);
	return (int64_t)icaltime_as_timet_with_zone(time, zone) + cycles * CYCLE_DAYS * ICAL_DAY;
}

static int compare_i64(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_time(const void *a, const void *b)
{
	const struct ical_start *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (y->duration > x->duration) - (y->duration < x->duration); /* the one with a duration of its own first */
}

/* --- a stream --- */

static void append(struct stream *s, struct starts *to, struct icaltimetype time, int64_t duration)
{
	void *list = to->at;

	if (to->first > 0 && to->first == to->count)
		to->first = to->count = 0;
	alloc_grow(&list, &to->capacity, to->count + 1, sizeof *to->at);
	to->at = list;
	to->at[to->count++] =
		(struct ical_start){.time = time, .at = ical_seconds(time, s->zone), .duration = duration};
}

/* What comes late has few behind it that it must pass. */
static void insert(struct stream *s, struct icaltimetype time)
{
	struct starts *to = &s->pending;
	struct ical_start one;
	size_t at;

	append(s, to, time, -1);
	at = to->count - 1;
	one = to->at[at];
	for (; at > to->first && by_time(&to->at[at - 1], &one) > 0; at--)
		to->at[at] = to->at[at - 1];
	to->at[at] = one;
}

/* The list whose first start is the earlier one; NULL: both are empty. */
static struct starts *earlier(struct stream *s)
{
	if (s->pending.first == s->pending.count)
		return s->dates.first == s->dates.count ? NULL : &s->dates;
	if (s->dates.first == s->dates.count)
		return &s->pending;
	return by_time(&s->dates.at[s->dates.first], &s->pending.at[s->pending.first]) <= 0 ? &s->dates : &s->pending;
}

static void pull(struct stream *s, struct source *source)
{
	int64_t wall;
	struct icaltimetype time;

	if (++s->steps > ICAL_STEPS_MAX) {
		s->is_too_much = true;
		return;
	}
	switch (ical_recurrence_next(source->rule, &wall)) {
	case ICAL_NEXT_TOO_MUCH:
		s->is_too_much = true;
		break;
	case ICAL_NEXT_END:
		source->at = INT64_MAX;
		break;
	case ICAL_NEXT_FOUND:
		time = ical_wall_time(wall, s->start);
		source->at = ical_seconds(time, s->zone);
		if (s->to < INT64_MAX - SLACK && source->at > s->to + SLACK)
			source->at = INT64_MAX;
		else
			insert(s, time);
		break;
	}
}

static struct source *slowest(const struct stream *s)
{
	struct source *slowest = NULL;

	for (size_t i = 0; i < s->source_count; i++)
		if (s->sources[i].at != INT64_MAX && (slowest == NULL || s->sources[i].at < slowest->at))
			slowest = &s->sources[i];
	return slowest;
}

/* Pulls until nothing can come any more that lies at or before `at`. */
static void advance(struct stream *s, int64_t at)
{
	struct source *source;

	while (!s->is_too_much && (source = slowest(s)) != NULL &&
	       (source->at == INT64_MIN || source->at - SLACK <= at))
		pull(s, source);
}

static bool next(struct stream *s, struct ical_start *start_r)
{
	struct source *source;
	struct starts *starts;

	while (!s->is_too_much) {
		source = slowest(s);
		starts = earlier(s);
		if (source != NULL &&
		    (starts == NULL || source->at == INT64_MIN || source->at - SLACK <= starts->at[starts->first].at)) {
			pull(s, source);
			continue;
		}
		if (starts == NULL)
			return false;
		*start_r = starts->at[starts->first++];
		return true;
	}
	return false;
}

/* What the clock shows at `from`, or a little earlier. */
static int64_t wall_of_from(const struct stream *s)
{
	icaltimezone *zone = s->start.zone != NULL ? (icaltimezone *)s->start.zone : s->zone;
	int64_t last = ical_day_of(ICAL_LAST_YEAR, 1, 1) * ICAL_DAY, from = s->from < last ? s->from : last;

	if (zone == NULL)
		zone = icaltimezone_get_utc_timezone();
	return ical_wall(icaltime_from_timet_with_zone((time_t)from, 0, zone)) - SLACK;
}

static void add_rule(struct stream *s, icalproperty *property, bool is_exception)
{
	struct icalrecurrencetype rule =
		is_exception ? icalproperty_get_exrule(property) : icalproperty_get_rrule(property);
	struct ical_recurrence *recurrence = ical_recurrence_create(&rule, s->start, is_exception, s->work);
	void *sources = s->sources;

	if (recurrence == NULL)
		return;
	if (s->from > ical_seconds(s->start, s->zone))
		ical_recurrence_seek(recurrence, wall_of_from(s));
	alloc_grow(&sources, &s->source_capacity, s->source_count + 1, sizeof *s->sources);
	s->sources = sources;
	s->sources[s->source_count++] = (struct source){.rule = recurrence, .at = INT64_MIN};
}

static void stream_done(struct stream *s)
{
	for (size_t i = 0; i < s->source_count; i++)
		ical_recurrence_destroy(&s->sources[i].rule);
	free(s->sources);
	free(s->pending.at);
	free(s->dates.at);
}

/* --- what is taken away --- */

static bool stream_has(struct stream *s, int64_t at)
{
	advance(s, at);
	while (s->pending.first < s->pending.count && s->pending.at[s->pending.first].at < at)
		s->pending.first++;
	return s->pending.first < s->pending.count && s->pending.at[s->pending.first].at == at;
}

static void add_i64(int64_t **list, size_t *count, size_t *capacity, int64_t value)
{
	void *grown = *list;

	alloc_grow(&grown, capacity, *count + 1, sizeof **list);
	*list = grown;
	(*list)[(*count)++] = value;
}

/* An EXDATE that is a date takes away every start on that day. */
static void add_exdate(struct exdates *exdates, const struct stream *s, icalcomponent *component,
		       icalproperty *property)
{
	struct icaltimetype except = icalproperty_get_datetime_with_component(property, component);

	if (icaltime_is_null_time(except))
		return;
	if (except.is_date || s->start.is_date)
		add_i64(&exdates->days, &exdates->day_count, &exdates->day_capacity,
			ical_floor_div(ical_wall(except), ICAL_DAY));
	else
		add_i64(&exdates->instants, &exdates->instant_count, &exdates->instant_capacity,
			ical_seconds(except, s->zone));
}

static bool contains(const int64_t *list, size_t count, int64_t value)
{
	return count > 0 && bsearch(&value, list, count, sizeof *list, compare_i64) != NULL;
}

static bool is_taken_away(const struct exdates *exdates, struct stream *exceptions, const struct ical_start *start)
{
	return contains(exdates->instants, exdates->instant_count, start->at) ||
	       contains(exdates->days, exdates->day_count, ical_floor_div(ical_wall(start->time), ICAL_DAY)) ||
	       stream_has(exceptions, start->at);
}

/* --- a component --- */

static int64_t period_seconds(const struct icalperiodtype *period)
{
	int64_t seconds = icaltime_is_null_time(period->end) ? icaldurationtype_as_int(period->duration)
							     : ical_wall(period->end) - ical_wall(period->start);

	return seconds < 0 ? 0 : seconds;
}

static void add_rdate(struct stream *s, icalcomponent *component, icalproperty *property)
{
	struct icalperiodtype period = icalproperty_get_rdate(property).period;
	struct icaltimetype time;

	if (icalperiodtype_is_null_period(period)) {
		time = icalproperty_get_datetime_with_component(property, component);
		if (!icaltime_is_null_time(time))
			append(s, &s->dates, time, -1);
	} else {
		time = period.start;
		if (!icaltime_is_utc(time))
			time.zone = ical_zone_of_property(component, property);
		append(s, &s->dates, time, period_seconds(&period));
	}
}

static void collect(struct stream *starts, struct stream *exceptions, struct exdates *exdates, icalcomponent *component)
{
	append(starts, &starts->dates, starts->start, -1);
	for (icalproperty *p = icalcomponent_get_first_property(component, ICAL_ANY_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(component, ICAL_ANY_PROPERTY))
		switch (icalproperty_isa(p)) {
		case ICAL_RRULE_PROPERTY:
			add_rule(starts, p, false);
			break;
		case ICAL_EXRULE_PROPERTY:
			add_rule(exceptions, p, true);
			break;
		case ICAL_RDATE_PROPERTY:
			add_rdate(starts, component, p);
			break;
		case ICAL_EXDATE_PROPERTY:
			add_exdate(exdates, starts, component, p);
			break;
		default:
			break;
		}
	qsort(starts->dates.at, starts->dates.count, sizeof *starts->dates.at, by_time);
	if (exdates->day_count > 1)
		qsort(exdates->days, exdates->day_count, sizeof *exdates->days, compare_i64);
	if (exdates->instant_count > 1)
		qsort(exdates->instants, exdates->instant_count, sizeof *exdates->instants, compare_i64);
}

bool ical_starts(icalcomponent *component, icaltimezone *zone, int64_t from, int64_t to, uint64_t *work,
		 ical_start_fn *fn, void *arg)
{
	struct stream starts = {.zone = zone, .from = from, .to = to, .work = work}, exceptions;
	struct exdates exdates = {0};
	struct ical_span_of_time time;
	struct ical_start start;
	int64_t last = INT64_MIN;

	ical_component_time(component, &time);
	if (icaltime_is_null_time(time.start))
		return true;
	starts.start = time.start;
	exceptions = starts;
	collect(&starts, &exceptions, &exdates, component);
	while (next(&starts, &start) && start.at <= to) {
		if (start.at == last || is_taken_away(&exdates, &exceptions, &start))
			continue;
		last = start.at;
		if (!fn(arg, &start))
			break;
	}
	stream_done(&starts);
	stream_done(&exceptions);
	free(exdates.days);
	free(exdates.instants);
	return !starts.is_too_much && !exceptions.is_too_much;
}

/* VTIMEZONE components (RFC 5545, 3.6.5): whether one can be used, and those of the database written out. */
#include "common/ical/zone_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	LAST_YEAR = 2500,
	OBSERVANCES_MAX = 500, /* of one VTIMEZONE; the richest zone of the database has about a hundred */
	RULES_MAX = 60,        /* each of them goes on for centuries */
};

/* --- VTIMEZONEs of clients --- */

static size_t count_of(const short *list, size_t max)
{
	size_t n = 0;

	while (n < max && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

/* In each month some day of the list is there, at least in every leap year. */
static bool has_a_day(const short *days, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (abs(days[i]) <= 29)
			return true;
	return count == 0;
}

static bool has_good_weekdays(const struct icalrecurrencetype *rule, bool in_month, bool has_days)
{
	size_t count = count_of(rule->by_day, ICAL_BY_DAY_SIZE);

	for (size_t i = 0; i < count; i++) {
		int position = abs(icalrecurrencetype_day_position(rule->by_day[i]));

		if (position > (in_month ? 5 : 53) || (position > 0 && has_days))
			return false;
	}
	return count <= 7;
}

/* A run of days in each year, not the 366th alone. */
static bool has_good_year_days(const struct icalrecurrencetype *rule)
{
	size_t count = count_of(rule->by_year_day, ICAL_BY_YEARDAY_SIZE);

	for (size_t i = 0; i < count; i++)
		if (abs(rule->by_year_day[i]) > 365)
			return false;
	return count == 0 || (count <= 7 && count_of(rule->by_month, ICAL_BY_MONTH_SIZE) == 0 &&
			      count_of(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE) == 0);
}

/* libical follows the rules of a VTIMEZONE by itself, up to centuries away and in one go: a rule of FREQ=SECONDLY, or
 * one that never matches, would never end. What clocks are changed by is yearly, and matches. */
static bool is_good_rule(const struct icalrecurrencetype *rule)
{
	size_t months = count_of(rule->by_month, ICAL_BY_MONTH_SIZE);
	size_t days = count_of(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);

	for (size_t i = 0; i < months; i++)
		if (rule->by_month[i] < 1 || rule->by_month[i] > 12)
			return false;
	return rule->freq == ICAL_YEARLY_RECURRENCE && rule->interval <= 1 && rule->rscale == NULL &&
	       count_of(rule->by_second, ICAL_BY_SECOND_SIZE) == 0 &&
	       count_of(rule->by_minute, ICAL_BY_MINUTE_SIZE) == 0 && count_of(rule->by_hour, ICAL_BY_HOUR_SIZE) == 0 &&
	       has_good_year_days(rule) && count_of(rule->by_week_no, ICAL_BY_WEEKNO_SIZE) == 0 &&
	       count_of(rule->by_set_pos, ICAL_BY_SETPOS_SIZE) == 0 && months <= 12 &&
	       has_a_day(rule->by_month_day, days) && has_good_weekdays(rule, months > 0, days > 0);
}

static size_t count_properties(icalcomponent *component, icalproperty_kind kind)
{
	return (size_t)icalcomponent_count_properties(component, kind);
}

static bool is_observance(icalcomponent *c)
{
	return (icalcomponent_isa(c) == ICAL_XSTANDARD_COMPONENT || icalcomponent_isa(c) == ICAL_XDAYLIGHT_COMPONENT) &&
	       count_properties(c, ICAL_DTSTART_PROPERTY) == 1 &&
	       count_properties(c, ICAL_TZOFFSETFROM_PROPERTY) == 1 &&
	       count_properties(c, ICAL_TZOFFSETTO_PROPERTY) == 1;
}

static bool has_good_rules(icalcomponent *observance)
{
	for (icalproperty *p = icalcomponent_get_first_property(observance, ICAL_RRULE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(observance, ICAL_RRULE_PROPERTY)) {
		struct icalrecurrencetype rule = icalproperty_get_rrule(p);

		if (!is_good_rule(&rule))
			return false;
	}
	return true;
}

const char *ical_vtimezone_problem(icalcomponent *vtimezone)
{
	icalproperty *tzid = icalcomponent_get_first_property(vtimezone, ICAL_TZID_PROPERTY);
	size_t rules = 0, observances = 0;

	if (tzid == NULL || icalproperty_get_tzid(tzid) == NULL || icalproperty_get_tzid(tzid)[0] == '\0')
		return "a VTIMEZONE has no TZID";
	for (icalcomponent *c = icalcomponent_get_first_component(vtimezone, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(vtimezone, ICAL_ANY_COMPONENT)) {
		if (!is_observance(c))
			return "a VTIMEZONE holds what is no complete STANDARD or DAYLIGHT";
		if (!has_good_rules(c))
			return "a VTIMEZONE has a rule that is not simply yearly";
		rules += count_properties(c, ICAL_RRULE_PROPERTY);
		observances += 1 + count_properties(c, ICAL_RDATE_PROPERTY);
	}
	if (observances == 0)
		return "a VTIMEZONE has neither STANDARD nor DAYLIGHT";
	return rules > RULES_MAX || observances > OBSERVANCES_MAX ? "a VTIMEZONE has too many rules" : NULL;
}

/* --- those of the database --- */

icalcomponent *ical_vtimezone_copy(const struct ical_zone_entry *entry, const char *tzid, const char *alias_of)
{
	icalcomponent *copy = icalcomponent_new_clone(entry->vtimezone);
	icalproperty *name = icalcomponent_get_first_property(copy, ICAL_TZID_PROPERTY);

	if (name != NULL)
		icalproperty_set_tzid(name, tzid);
	if (alias_of != NULL)
		icalcomponent_add_property(copy, icalproperty_new_tzidaliasof(alias_of));
	return copy;
}

bool ical_zone_write(struct span name, struct buf *out)
{
	const struct ical_zone_entry *entry = ical_zone_entry_of(name);
	icalcomponent *copy;
	char *text;

	if (entry == NULL)
		return false;
	copy = ical_vtimezone_copy(entry, entry->info.name, entry->info.alias_of);
	text = icalcomponent_as_ical_string_r(copy);
	buf_text(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Trivet//EN\r\n");
	buf_text(out, text);
	buf_text(out, "END:VCALENDAR\r\n");
	icalmemory_free_buffer(text);
	icalcomponent_free(copy);
	return true;
}

/* --- observances --- */

struct onsets {
	struct ical_observance *list;
	size_t count, capacity;
};

static int64_t seconds_of(struct icaltimetype time)
{
	struct tm tm = {.tm_year = time.year - 1900,
			.tm_mon = time.month - 1,
			.tm_mday = time.day,
			.tm_hour = time.hour,
			.tm_min = time.minute,
			.tm_sec = time.second};

	return (int64_t)timegm(&tm);
}

static void add_onset(struct onsets *onsets, const struct ical_observance *like, struct icaltimetype wall)
{
	void *list = onsets->list;

	alloc_grow(&list, &onsets->capacity, onsets->count + 1, sizeof *onsets->list);
	onsets->list = list;
	onsets->list[onsets->count] = *like;
	onsets->list[onsets->count++].onset = seconds_of(wall) - like->offset_from;
}

static void add_rule(struct onsets *onsets, const struct ical_observance *like, icalproperty *rrule,
		     struct icaltimetype start)
{
	icalrecur_iterator *iterator = icalrecur_iterator_new(icalproperty_get_rrule(rrule), start);
	struct icaltimetype time;

	if (iterator == NULL)
		return;
	for (time = icalrecur_iterator_next(iterator); !icaltime_is_null_time(time) && time.year <= LAST_YEAR;
	     time = icalrecur_iterator_next(iterator))
		if (icaltime_compare(time, start) != 0)
			add_onset(onsets, like, time);
	icalrecur_iterator_free(iterator);
}

static void add_observance(struct onsets *onsets, icalcomponent *c)
{
	icalproperty *name = icalcomponent_get_first_property(c, ICAL_TZNAME_PROPERTY);
	struct icaltimetype start =
		icalproperty_get_dtstart(icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY));
	struct ical_observance like = {
		.name = name == NULL ? "" : icalproperty_get_tzname(name),
		.offset_from =
			icalproperty_get_tzoffsetfrom(icalcomponent_get_first_property(c, ICAL_TZOFFSETFROM_PROPERTY)),
		.offset_to = icalproperty_get_tzoffsetto(icalcomponent_get_first_property(c, ICAL_TZOFFSETTO_PROPERTY)),
		.is_daylight = icalcomponent_isa(c) == ICAL_XDAYLIGHT_COMPONENT,
	};

	add_onset(onsets, &like, start);
	for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY))
		add_onset(onsets, &like, icalproperty_get_rdate(p).time);
	for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY); p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY))
		add_rule(onsets, &like, p, start);
}

static int by_onset(const void *a, const void *b)
{
	const struct ical_observance *x = a, *y = b;

	return (x->onset > y->onset) - (x->onset < y->onset);
}

/* What is in effect at from; before the first change it is the zone's local mean time, where there was a change at all.
 */
static struct ical_observance at_start(const struct onsets *onsets, int64_t from, size_t *next_r)
{
	struct ical_observance first = onsets->list[0];
	size_t next = 0;

	if (first.offset_from != first.offset_to) {
		first.name = "LMT";
		first.is_daylight = false;
		first.offset_to = first.offset_from;
	}
	while (next < onsets->count && onsets->list[next].onset <= from)
		first = onsets->list[next++];
	first.offset_from = first.offset_to;
	first.onset = from;
	*next_r = next;
	return first;
}

bool ical_zone_observances(struct span name, int64_t from, int64_t to, ical_observance_fn *fn, void *arg)
{
	const struct ical_zone_entry *entry = ical_zone_entry_of(name);
	struct onsets onsets = {0};
	icalcomponent *copy;
	struct ical_observance first;
	size_t next;
	bool wanted;

	if (entry == NULL || from >= to)
		return false;
	copy = ical_vtimezone_copy(entry, entry->info.name, NULL);
	for (icalcomponent *c = icalcomponent_get_first_component(copy, ICAL_ANY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(copy, ICAL_ANY_COMPONENT))
		if (is_observance(c))
			add_observance(&onsets, c);
	if (onsets.count > 0) {
		qsort(onsets.list, onsets.count, sizeof *onsets.list, by_onset);
		first = at_start(&onsets, from, &next);
		wanted = fn(arg, &first);
		for (; wanted && next < onsets.count && onsets.list[next].onset < to; next++)
			wanted = fn(arg, &onsets.list[next]);
	}
	free(onsets.list);
	icalcomponent_free(copy);
	return true;
}

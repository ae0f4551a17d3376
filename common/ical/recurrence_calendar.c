/* Years of the Gregorian calendar, by arithmetic, and of those of RFC 7529, by libical: asked for the first days of
 * months, a question that always has a next answer. */
#include "common/ical/recurrence_private.h"
#include "common/base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	WORK_A_YEAR = 1000,  /* what a year from libical costs, in days looked at */
	WORK_MONTHS = 45000, /* and its months: ICU computes each new moon of the Chinese calendar anew */
	NAME_MAX_BYTES = 64, /* of a calendar */
};

struct firsts { /* first days, one by one: an iterator and what it gave last */
	icalrecur_iterator *iterator;
	char *rscale; /* the rule's own */
	int64_t day;  /* INT64_MAX: no more */
};

struct ical_calendar {
	struct ical_year gregorian[4]; /* those asked for last, by number modulo 4 */
	uint64_t *work;
	/* Of the others: */
	char rscale[NAME_MAX_BYTES + 1]; /* empty: Gregorian */
	struct firsts years;
	struct ical_year **list;
	size_t count, capacity, counted; /* counted: so many of them know months_before */
};

static void make_gregorian(struct ical_year *year, int64_t number)
{
	int before = 0;

	if (year->months != 0 && year->number == number)
		return;
	*year = (struct ical_year){.number = number, .first = ical_day_of(number, 1, 1), .months = 12};
	for (int m = 0; m < 12; m++) {
		int64_t next = m == 11 ? ical_day_of(number + 1, 1, 1) : ical_day_of(number, m + 2, 1);

		year->month[m].first = before;
		year->month[m].days = (int)(next - year->first) - before;
		year->month[m].name = m + 1;
		before += year->month[m].days;
	}
	year->days = before;
}

/* --- the others --- */

static void firsts_next(struct firsts *firsts)
{
	struct icaltimetype time = icalrecur_iterator_next(firsts->iterator);

	firsts->day = icaltime_is_null_time(time) ? INT64_MAX : ical_wall(time) / ICAL_DAY;
}

static bool firsts_begin(struct firsts *firsts, const char *rscale, const char *rest, int64_t from_day)
{
	struct icalrecurrencetype rule;
	struct icaltimetype start = icaltime_null_date();
	char text[NAME_MAX_BYTES + 128];

	snprintf(text, sizeof text, "RSCALE=%s;%s", rscale, rest);
	rule = icalrecurrencetype_from_string(text);
	start.is_date = 1;
	start = ical_wall_time(from_day * ICAL_DAY, start);
	firsts->rscale = rule.rscale;
	firsts->iterator = icalrecur_iterator_new(rule, start);
	if (firsts->iterator == NULL)
		return false;
	firsts_next(firsts);
	return firsts->day != INT64_MAX;
}

static void firsts_end(struct firsts *firsts)
{
	if (firsts->iterator != NULL)
		icalrecur_iterator_free(firsts->iterator);
	free(firsts->rscale);
	*firsts = (struct firsts){0};
}

static bool charge(struct ical_calendar *calendar, uint64_t work)
{
	*calendar->work += work;
	return *calendar->work <= ICAL_WORK_MAX;
}

/* Without its months. */
static bool add_year(struct ical_calendar *calendar)
{
	struct ical_year *year;
	void *list = calendar->list;
	int64_t first = calendar->years.day;

	if (!charge(calendar, WORK_A_YEAR))
		return false;
	firsts_next(&calendar->years);
	if (calendar->years.day == INT64_MAX)
		return false;
	alloc_grow(&list, &calendar->capacity, calendar->count + 1, sizeof *calendar->list);
	calendar->list = list;
	year = calendar->list[calendar->count] = alloc_zero(1, sizeof *year);
	year->number = (int64_t)calendar->count++;
	year->first = first;
	year->days = (int)(calendar->years.day - first);
	return true;
}

/* Thirteen months: those of the first days of 1 … 12 are regular; what lies between is a leap month of the one before
 * it; behind them is month 13 of the Egyptian kind, which has it every year. */
static bool name_months(struct ical_calendar *calendar, struct ical_year *year)
{
	bool has_month_13 =
		strncasecmp(calendar->rscale, "ETHIOPIC", 8) == 0 || strcasecmp(calendar->rscale, "COPTIC") == 0;
	struct firsts regular = {0};
	int number = 0;

	if (year->months > 12 && !has_month_13 &&
	    !firsts_begin(&regular, calendar->rscale, "FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY=1",
			  year->first)) {
		firsts_end(&regular);
		return false;
	}
	for (int m = 0; m < year->months; m++) {
		if (regular.iterator == NULL || regular.day == year->first + year->month[m].first)
			year->month[m].name = ++number;
		else
			year->month[m].name = number | ICAL_LEAP_MONTH;
		if (regular.iterator != NULL && (year->month[m].name & ICAL_LEAP_MONTH) == 0)
			firsts_next(&regular);
	}
	firsts_end(&regular);
	return true;
}

static bool fill_months(struct ical_calendar *calendar, struct ical_year *year)
{
	struct firsts all = {0};
	int64_t end = year->first + year->days;

	if (year->months > 0)
		return true;
	if (charge(calendar, WORK_MONTHS) &&
	    firsts_begin(&all, calendar->rscale, "FREQ=MONTHLY;BYMONTHDAY=1", year->first))
		while (all.day < end && year->months < ICAL_MONTHS_MAX) {
			int64_t day = all.day;

			firsts_next(&all);
			year->month[year->months].first = (int)(day - year->first);
			year->month[year->months].days = (int)((all.day < end ? all.day : end) - day);
			year->months++;
		}
	firsts_end(&all);
	return year->months > 0 && name_months(calendar, year);
}

static bool begin_others(struct ical_calendar *calendar, const char *rscale, int64_t from_day)
{
	enum { BEFORE = 800 }; /* days: two years, so that the start's own is whole */

	if (strlen(rscale) > NAME_MAX_BYTES || strcspn(rscale, ";:=\r\n") != strlen(rscale))
		return false;
	memcpy(calendar->rscale, rscale, strlen(rscale));
	return firsts_begin(&calendar->years, rscale, "FREQ=YEARLY;BYYEARDAY=1", from_day - BEFORE);
}

/* --- public --- */

struct ical_calendar *ical_calendar_create(const char *rscale, int64_t from_day, uint64_t *work)
{
	struct ical_calendar *calendar = alloc_zero(1, sizeof *calendar);

	calendar->work = work;
	if (rscale != NULL && strcasecmp(rscale, "GREGORIAN") != 0 && !begin_others(calendar, rscale, from_day))
		ical_calendar_destroy(&calendar);
	return calendar;
}

void ical_calendar_destroy(struct ical_calendar **calendar)
{
	struct ical_calendar *gone = *calendar;

	*calendar = NULL;
	if (gone == NULL)
		return;
	firsts_end(&gone->years);
	for (size_t i = 0; i < gone->count; i++)
		free(gone->list[i]);
	free(gone->list);
	free(gone);
}

const struct ical_year *ical_calendar_year(struct ical_calendar *calendar, int64_t number)
{
	if (number < 0 || number > ICAL_LAST_YEAR)
		return NULL;
	if (calendar->rscale[0] == '\0') {
		make_gregorian(&calendar->gregorian[number % 4], number);
		return &calendar->gregorian[number % 4];
	}
	while (number >= (int64_t)calendar->count)
		if (!add_year(calendar))
			return NULL;
	return fill_months(calendar, calendar->list[number]) ? calendar->list[number] : NULL;
}

const struct ical_year *ical_calendar_year_of_day(struct ical_calendar *calendar, int64_t day)
{
	int64_t number;
	int month, of_month;
	size_t low = 0, high;

	if (calendar->rscale[0] == '\0') {
		ical_day_split(day, &number, &month, &of_month);
		return ical_calendar_year(calendar, number);
	}
	while (calendar->years.day <= day)
		if (!add_year(calendar))
			return NULL;
	for (high = calendar->count; low < high;) { /* the first that begins behind the day */
		size_t middle = (low + high) / 2;

		if (calendar->list[middle]->first > day)
			high = middle;
		else
			low = middle + 1;
	}
	return low == 0 ? NULL : ical_calendar_year(calendar, (int64_t)low - 1);
}

int64_t ical_calendar_months_before(struct ical_calendar *calendar, const struct ical_year *year)
{
	if (calendar->rscale[0] == '\0')
		return year->number * 12;
	while ((int64_t)calendar->counted <= year->number) {
		const struct ical_year *last = calendar->counted == 0 ? NULL : calendar->list[calendar->counted - 1];

		if (ical_calendar_year(calendar, (int64_t)calendar->counted) == NULL)
			return INT64_MAX;
		calendar->list[calendar->counted++]->months_before =
			last == NULL ? 0 : last->months_before + last->months;
	}
	return year->months_before;
}

const struct ical_year *ical_calendar_year_of_month(struct ical_calendar *calendar, int64_t ordinal)
{
	size_t low = 0, high;

	if (calendar->rscale[0] == '\0')
		return ical_calendar_year(calendar, ical_floor_div(ordinal, 12));
	while (calendar->counted == 0 || ordinal >= calendar->list[calendar->counted - 1]->months_before +
							    calendar->list[calendar->counted - 1]->months) {
		const struct ical_year *year = ical_calendar_year(calendar, (int64_t)calendar->counted);

		if (year == NULL || ical_calendar_months_before(calendar, year) == INT64_MAX)
			return NULL;
	}
	for (high = calendar->counted; high - low > 1;) {
		size_t middle = (low + high) / 2;

		if (calendar->list[middle]->months_before <= ordinal)
			low = middle;
		else
			high = middle;
	}
	return ordinal < 0 ? NULL : calendar->list[low];
}

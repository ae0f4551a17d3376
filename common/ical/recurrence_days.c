/* Which days of a period fit (RFC 5545, 3.3.10), and those that are not there, moved (RFC 7529, 4.1). */
#include "common/ical/recurrence_step_private.h"

#include <stdlib.h>

/* --- periods --- */

int64_t ical_recurrence_week_offset(const struct ical_recurrence *r)
{
	int first = r->rule.week_start == ICAL_NO_WEEKDAY ? 1 : (int)r->rule.week_start - 1;

	return (int64_t)((first - 4 + 7) % 7 - 7) * ICAL_DAY; /* 1970 began on a Thursday */
}

static int64_t week_begin(const struct ical_recurrence *r, int64_t day)
{
	int64_t offset = ical_recurrence_week_offset(r) / ICAL_DAY;

	return ical_floor_div(day - offset, 7) * 7 + offset;
}

/* The first day of the year's week 1: the first with four of its days. */
static int64_t first_week(const struct ical_recurrence *r, int64_t first_of_year)
{
	return week_begin(r, first_of_year + 3);
}

static int month_of(const struct ical_year *year, int64_t day)
{
	int m = 0;

	while (m + 1 < year->months && year->first + year->month[m + 1].first <= day)
		m++;
	return m;
}

/* The year that the day's week belongs to: the one that its middle lies in. */
static const struct ical_year *year_of_week(struct ical_recurrence *r, int64_t day)
{
	return ical_calendar_year_of_day(r->calendar, week_begin(r, day) + 3);
}

bool ical_recurrence_period_of(struct ical_recurrence *r, int64_t wall, int64_t *period_r)
{
	int64_t day = ical_floor_div(wall, ICAL_DAY);
	const struct ical_year *year;

	if (r->unit != 0) {
		*period_r = ical_floor_div(
			r->rule.freq == ICAL_WEEKLY_RECURRENCE ? wall - ical_recurrence_week_offset(r) : wall, r->unit);
		return true;
	}
	year = r->has_weeks && r->rule.freq == ICAL_YEARLY_RECURRENCE ? year_of_week(r, day)
								      : ical_calendar_year_of_day(r->calendar, day);
	if (year == NULL)
		return false;
	*period_r = r->rule.freq == ICAL_MONTHLY_RECURRENCE
			    ? ical_calendar_months_before(r->calendar, year) + month_of(year, day)
			    : year->number;
	return true;
}

/* --- which days --- */

/* The months of BYMONTH as bits; a leap month that the year does not have, as SKIP says. */
static unsigned months_of(const struct ical_recurrence *r, const struct ical_year *year)
{
	const short *by = r->rule.by_month;
	unsigned bits = 0;

	if (!r->has_months)
		return ~0U;
	for (size_t i = 0; i < ICAL_BY_MONTH_SIZE && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
		int plain = by[i] & ~ICAL_LEAP_MONTH;
		bool is_there = false;

		for (int m = 0; m < year->months; m++)
			if (year->month[m].name == by[i]) {
				bits |= 1U << m;
				is_there = true;
			}
		if (is_there || by[i] == plain || r->rule.skip == ICAL_SKIP_OMIT)
			continue;
		for (int m = 0; m < year->months; m++)
			if (year->month[m].name == (r->rule.skip == ICAL_SKIP_FORWARD ? plain + 1 : plain))
				bits |= 1U << m;
	}
	return bits;
}

static bool weekday_fits(const struct ical_recurrence *r, const struct ical_year *year, int m, int64_t day)
{
	int weekday = ical_weekday(day), at = (int)(day - year->first), length = year->days;

	if ((r->weekdays >> weekday & 1) != 0)
		return true;
	if (r->is_nth_of_month) {
		at -= year->month[m].first;
		length = year->month[m].days;
	}
	for (unsigned i = 0; i < r->nth_count; i++) {
		const struct nth *nth = &r->nths[i];

		if (nth->weekday == weekday &&
		    (nth->n > 0 ? at / 7 + 1 == nth->n : (length - 1 - at) / 7 + 1 == -nth->n))
			return true;
	}
	return false;
}

static bool week_fits(struct ical_recurrence *r, int64_t day)
{
	const struct ical_year *year = year_of_week(r, day);
	int64_t first, end;
	int week, count;

	if (year == NULL)
		return false;
	first = first_week(r, year->first);
	end = first_week(r, year->first + year->days);
	week = (int)((day - first) / 7 + 1);
	count = (int)((end - first) / 7);
	return (r->weeks >> week & 1) != 0 || (r->minus_weeks >> (count - week + 1) & 1) != 0;
}

static bool day_fits(struct ical_recurrence *r, const struct ical_year *year, unsigned months, int m, int64_t day)
{
	int of_year = (int)(day - year->first) + 1, of_month = of_year - year->month[m].first;

	if ((months >> m & 1) == 0)
		return false;
	if (r->has_year_days && !r->year_days[of_year] && !r->minus_year_days[year->days - of_year + 1])
		return false;
	if (r->has_month_days && (r->month_days >> of_month & 1) == 0 &&
	    (r->minus_month_days >> (year->month[m].days - of_month + 1) & 1) == 0)
		return false;
	return !r->has_weekdays || weekday_fits(r, year, m, day);
}

static void add_day(struct ical_recurrence *r, int64_t day)
{
	if (r->day_count < DAYS_MAX)
		r->days[r->day_count++] = day;
}

void ical_recurrence_try_day(struct ical_recurrence *r, int64_t day)
{
	const struct ical_year *year = ical_calendar_year_of_day(r->calendar, day);
	int m;

	if (year == NULL || !ical_recurrence_charge(r))
		return;
	m = month_of(year, day);
	if (day_fits(r, year, months_of(r, year), m, day) && (!r->has_weeks || week_fits(r, day)))
		add_day(r, day);
}

static void try_month(struct ical_recurrence *r, const struct ical_year *year, unsigned months, int m)
{
	int64_t first = year->first + year->month[m].first;

	if ((months >> m & 1) == 0) {
		(void)ical_recurrence_charge(r);
		return;
	}
	for (int64_t day = first; day < first + year->month[m].days && ical_recurrence_charge(r); day++)
		if (day_fits(r, year, months, m, day) && (!r->has_weeks || week_fits(r, day)))
			add_day(r, day);
}

/* --- days that are not there, moved (RFC 7529, 4.1) --- */

static void move_day(struct ical_recurrence *r, int64_t first, int days, int n)
{
	bool is_forward = r->rule.skip == ICAL_SKIP_FORWARD;
	const struct ical_year *year;
	int64_t day;

	if (n >= -days && n <= days)
		return;
	if (n > 0)
		day = is_forward ? first + days : first + days - 1;
	else
		day = is_forward ? first : first - 1;
	year = ical_calendar_year_of_day(r->calendar, day);
	if (year != NULL && (!r->has_weekdays || weekday_fits(r, year, month_of(year, day), day)))
		add_day(r, day);
}

static int by_day(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void move_days(struct ical_recurrence *r, int64_t first_of_year, int days_of_year, const struct ical_year *given)
{
	struct ical_year year = *given; /* looking at the days' own years moves the calendar's */
	const short *by = r->rule.by_year_day;
	unsigned months = months_of(r, &year), count = 0;
	bool is_monthly = r->rule.freq == ICAL_MONTHLY_RECURRENCE;
	int64_t before = is_monthly ? ical_calendar_months_before(r->calendar, given) : 0;

	if (!is_monthly)
		for (size_t i = 0; i < ICAL_BY_YEARDAY_SIZE && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
			move_day(r, first_of_year, days_of_year, by[i]);
	by = r->rule.by_month_day;
	for (int m = 0; m < year.months; m++) {
		if ((months >> m & 1) == 0 || (is_monthly && r->period != before + m))
			continue;
		for (size_t i = 0; i < ICAL_BY_MONTHDAY_SIZE && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
			move_day(r, year.first + year.month[m].first, year.month[m].days, by[i]);
	}
	qsort(r->days, r->day_count, sizeof *r->days, by_day);
	for (unsigned i = 0; i < r->day_count; i++)
		if (count == 0 || r->days[count - 1] != r->days[i])
			r->days[count++] = r->days[i];
	r->day_count = count;
}

/* --- all days of a period --- */

/* A year's weeks hold days of its neighbours. */
static bool fill_weeks(struct ical_recurrence *r)
{
	const struct ical_year *year = ical_calendar_year(r->calendar, r->period);
	int64_t end;

	if (year == NULL)
		return false;
	end = first_week(r, year->first + year->days);
	for (int64_t day = first_week(r, year->first); day < end; day++)
		ical_recurrence_try_day(r, day);
	return true;
}

bool ical_recurrence_fill_years(struct ical_recurrence *r)
{
	const struct ical_year *year;
	unsigned months;

	if (r->rule.freq == ICAL_YEARLY_RECURRENCE && r->has_weeks)
		return fill_weeks(r);
	year = r->rule.freq == ICAL_YEARLY_RECURRENCE ? ical_calendar_year(r->calendar, r->period)
						      : ical_calendar_year_of_month(r->calendar, r->period);
	if (year == NULL)
		return false;
	months = months_of(r, year);
	if (r->rule.freq == ICAL_MONTHLY_RECURRENCE)
		try_month(r, year, months, (int)(r->period - ical_calendar_months_before(r->calendar, year)));
	else
		for (int m = 0; m < year->months; m++)
			try_month(r, year, months, m);
	if (r->rule.skip != ICAL_SKIP_OMIT && r->rule.rscale != NULL)
		move_days(r, year->first, year->days, year);
	return true;
}

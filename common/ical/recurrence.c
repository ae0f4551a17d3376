/* Follows a rule period by period: of each the days, then the times of a day (RFC 5545, 3.3.10).
 *
 * A period is what FREQ names, and has a number: years and months those of the calendar, all others count from 1970.
 * Its instances are the product of its days, hours, minutes and seconds, so that the n-th of them (BYSETPOS) is found
 * without the ones before it. Parts that the standard's table has as N/A only limit. */
#include "common/ical/recurrence_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum {
	DAYS_MAX = 1200, /* of a period: a year's, and what SKIP moves */
	YEARDAYS_MAX = 400,
	NTHS_MAX = ICAL_BY_DAY_SIZE,
};

struct nth { /* of BYDAY */
	signed char weekday;
	short n;
};

struct numbers { /* hours, minutes or seconds, ascending */
	unsigned char list[60];
	unsigned count;
};

struct ical_recurrence {
	struct icalrecurrencetype rule;
	struct ical_calendar *calendar;
	uint64_t *work;
	bool is_date, has_months, has_month_days, has_year_days, has_weeks, has_weekdays, is_too_much;
	bool is_nth; /* numbers in BYDAY count: in a month, or in a year */
	bool is_nth_of_month;
	uint64_t month_days, minus_month_days, weeks, minus_weeks; /* bit n: n; of minus_: -n */
	bool year_days[YEARDAYS_MAX], minus_year_days[YEARDAYS_MAX];
	unsigned weekdays; /* bits, of BYDAY without numbers */
	struct nth nths[NTHS_MAX];
	unsigned nth_count;
	struct numbers by_hour, by_minute, by_second; /* never empty */
	bool limits_hour, limits_minute, limits_second;
	int64_t base, period, unit; /* period numbers; unit: seconds, 0 for years and months */
	bool has_begun;
	int64_t last, until; /* wall times */
	int64_t left;        /* of COUNT; -1: no COUNT */
	/* The period at hand: */
	int64_t days[DAYS_MAX];
	unsigned day_count;
	struct numbers hours, minutes, seconds;
	uint64_t next, total;
	uint64_t positions[ICAL_BY_SETPOS_SIZE];
};

/* --- the rule taken apart --- */

static void numbers_one(struct numbers *numbers, int n)
{
	numbers->list[0] = (unsigned char)n;
	numbers->count = 1;
}

static bool numbers_have(const struct numbers *numbers, int n)
{
	return memchr(numbers->list, n, numbers->count) != NULL;
}

/* Sorted and each once; where the rule has none, DTSTART's. */
static void numbers_take(struct numbers *numbers, const short *by, size_t size, int of_start)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < size && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
		if (by[i] >= 0 && by[i] <= 60)
			bits |= (uint64_t)1 << (by[i] == 60 ? 59 : by[i]); /* no leap seconds here: RFC 5545, 3.3.12 */
	numbers->count = 0;
	for (int n = 0; n < 60; n++)
		if ((bits >> n & 1) != 0)
			numbers->list[numbers->count++] = (unsigned char)n;
	if (numbers->count == 0)
		numbers_one(numbers, of_start);
}

static bool has(const short *by)
{
	return by[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

static void take_times(struct ical_recurrence *r, struct icaltimetype start)
{
	struct icalrecurrencetype *rule = &r->rule;

	if (r->is_date) { /* they must be ignored there */
		start.hour = start.minute = start.second = 0;
		rule->by_hour[0] = rule->by_minute[0] = rule->by_second[0] = ICAL_RECURRENCE_ARRAY_MAX;
	}
	numbers_take(&r->by_hour, rule->by_hour, ICAL_BY_HOUR_SIZE, start.hour);
	numbers_take(&r->by_minute, rule->by_minute, ICAL_BY_MINUTE_SIZE, start.minute);
	numbers_take(&r->by_second, rule->by_second, ICAL_BY_SECOND_SIZE, start.second > 59 ? 59 : start.second);
	r->limits_hour = has(rule->by_hour);
	r->limits_minute = has(rule->by_minute);
	r->limits_second = has(rule->by_second);
}

static void take_bits(const short *by, size_t size, uint64_t *bits, uint64_t *minus_bits)
{
	for (size_t i = 0; i < size && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
		if (by[i] > 0 && by[i] < 64)
			*bits |= (uint64_t)1 << by[i];
		else if (by[i] < 0 && by[i] > -64)
			*minus_bits |= (uint64_t)1 << -by[i];
}

static void take_year_days(struct ical_recurrence *r)
{
	const short *by = r->rule.by_year_day;

	for (size_t i = 0; i < ICAL_BY_YEARDAY_SIZE && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
		if (by[i] > 0 && by[i] < YEARDAYS_MAX)
			r->year_days[by[i]] = true;
		else if (by[i] < 0 && by[i] > -YEARDAYS_MAX)
			r->minus_year_days[-by[i]] = true;
}

/* A number stands in MONTHLY and YEARLY rules only, not beside BYWEEKNO; elsewhere it is passed over. */
static void take_weekdays(struct ical_recurrence *r)
{
	const short *by = r->rule.by_day;

	r->is_nth =
		r->rule.freq == ICAL_MONTHLY_RECURRENCE || (r->rule.freq == ICAL_YEARLY_RECURRENCE && !r->has_weeks);
	r->is_nth_of_month = r->rule.freq == ICAL_MONTHLY_RECURRENCE || r->has_months;
	for (size_t i = 0; i < ICAL_BY_DAY_SIZE && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
		int weekday = (int)icalrecurrencetype_day_day_of_week(by[i]) - 1,
		    n = icalrecurrencetype_day_position(by[i]);

		if (weekday < 0)
			continue;
		if (n == 0 || !r->is_nth)
			r->weekdays |= 1U << weekday;
		else if (r->nth_count < NTHS_MAX)
			r->nths[r->nth_count++] = (struct nth){.weekday = (signed char)weekday, .n = (short)n};
	}
}

/* What the rule does not say is as in DTSTART. False: the calendar does not reach DTSTART. */
static bool take_defaults(struct ical_recurrence *r, int64_t day)
{
	icalrecurrencetype_frequency freq = r->rule.freq;
	const struct ical_year *year = ical_calendar_year_of_day(r->calendar, day);
	int of_year, m = 0;

	if (year == NULL)
		return false;
	of_year = (int)(day - year->first);
	while (m + 1 < year->months && year->month[m + 1].first <= of_year)
		m++;
	if (freq == ICAL_YEARLY_RECURRENCE && r->has_weeks && !r->has_weekdays && !r->has_month_days &&
	    !r->has_year_days) {
		r->has_weekdays = true;
		r->weekdays = 1U << ical_weekday(day);
	}
	if (r->has_weeks || r->has_weekdays || r->has_month_days || r->has_year_days)
		return true;
	if (freq == ICAL_WEEKLY_RECURRENCE) {
		r->has_weekdays = true;
		r->weekdays = 1U << ical_weekday(day);
	}
	if (freq == ICAL_YEARLY_RECURRENCE && !r->has_months) {
		r->has_months = true;
		r->rule.by_month[0] = (short)year->month[m].name;
		r->rule.by_month[1] = ICAL_RECURRENCE_ARRAY_MAX;
	}
	if (freq == ICAL_YEARLY_RECURRENCE || freq == ICAL_MONTHLY_RECURRENCE) {
		r->has_month_days = true;
		r->rule.by_month_day[0] = (short)(of_year - year->month[m].first + 1);
		r->rule.by_month_day[1] = ICAL_RECURRENCE_ARRAY_MAX;
	}
	return true;
}

static void take_until(struct ical_recurrence *r, struct icaltimetype start)
{
	struct icaltimetype until = r->rule.until;

	r->until = INT64_MAX;
	if (icaltime_is_null_time(until))
		return;
	if (!until.is_date && icaltime_is_utc(until) && start.zone != NULL && !start.is_date)
		until = icaltime_convert_to_zone(until, (icaltimezone *)start.zone);
	r->until = ical_wall(until);
	if (until.is_date && !start.is_date)
		r->until += ICAL_DAY - 1;
	if (start.is_date)
		r->until = ical_floor_div(r->until, ICAL_DAY) * ICAL_DAY;
}

/* --- periods --- */

static const int64_t units[] = {
	[ICAL_SECONDLY_RECURRENCE] = 1,     [ICAL_MINUTELY_RECURRENCE] = 60,         [ICAL_HOURLY_RECURRENCE] = 3600,
	[ICAL_DAILY_RECURRENCE] = ICAL_DAY, [ICAL_WEEKLY_RECURRENCE] = 7 * ICAL_DAY, [ICAL_MONTHLY_RECURRENCE] = 0,
	[ICAL_YEARLY_RECURRENCE] = 0,
};

/* Weeks begin on WKST: seconds from 1970 to the first such day. */
static int64_t week_offset(const struct ical_recurrence *r)
{
	int first = r->rule.week_start == ICAL_NO_WEEKDAY ? 1 : (int)r->rule.week_start - 1;

	return (int64_t)((first - 4 + 7) % 7 - 7) * ICAL_DAY; /* 1970 began on a Thursday */
}

static int64_t week_begin(const struct ical_recurrence *r, int64_t day)
{
	int64_t offset = week_offset(r) / ICAL_DAY;

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

static bool period_of(struct ical_recurrence *r, int64_t wall, int64_t *period_r)
{
	int64_t day = ical_floor_div(wall, ICAL_DAY);
	const struct ical_year *year;

	if (r->unit != 0) {
		*period_r =
			ical_floor_div(r->rule.freq == ICAL_WEEKLY_RECURRENCE ? wall - week_offset(r) : wall, r->unit);
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

static bool charge(struct ical_recurrence *r)
{
	if (++*r->work <= ICAL_WORK_MAX)
		return true;
	r->is_too_much = true;
	return false;
}

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

/* Any day, whatever year it is in. */
static void try_day(struct ical_recurrence *r, int64_t day)
{
	const struct ical_year *year = ical_calendar_year_of_day(r->calendar, day);
	int m;

	if (year == NULL || !charge(r))
		return;
	m = month_of(year, day);
	if (day_fits(r, year, months_of(r, year), m, day) && (!r->has_weeks || week_fits(r, day)))
		add_day(r, day);
}

static void try_month(struct ical_recurrence *r, const struct ical_year *year, unsigned months, int m)
{
	int64_t first = year->first + year->month[m].first;

	if ((months >> m & 1) == 0) {
		(void)charge(r);
		return;
	}
	for (int64_t day = first; day < first + year->month[m].days && charge(r); day++)
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

/* --- a period's days and times --- */

/* A year's weeks hold days of its neighbours. */
static bool fill_weeks(struct ical_recurrence *r)
{
	const struct ical_year *year = ical_calendar_year(r->calendar, r->period);
	int64_t end;

	if (year == NULL)
		return false;
	end = first_week(r, year->first + year->days);
	for (int64_t day = first_week(r, year->first); day < end; day++)
		try_day(r, day);
	return true;
}

static bool fill_years_and_months(struct ical_recurrence *r)
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

/* Numbers of the period's own unit and of those above it are given by the period, and may be limited. Returns the unit
 * that does not fit, in seconds; 0: all do. */
static int64_t fill_times(struct ical_recurrence *r, int64_t wall)
{
	int rest = (int)(wall - ical_floor_div(wall, ICAL_DAY) * ICAL_DAY);
	int hour = rest / 3600, minute = rest / 60 % 60, second = rest % 60;

	r->hours = r->by_hour;
	r->minutes = r->by_minute;
	r->seconds = r->by_second;
	if (r->unit == 0 || r->unit >= ICAL_DAY)
		return 0;
	numbers_one(&r->hours, hour);
	if (r->limits_hour && !numbers_have(&r->by_hour, hour))
		return 3600;
	if (r->unit == 3600)
		return 0;
	numbers_one(&r->minutes, minute);
	if (r->limits_minute && !numbers_have(&r->by_minute, minute))
		return 60;
	if (r->unit == 60)
		return 0;
	numbers_one(&r->seconds, second);
	return r->limits_second && !numbers_have(&r->by_second, second) ? 1 : 0;
}

/* Where a day or an hour does not fit, the shorter periods within are not tried one by one. */
static void leave(struct ical_recurrence *r, int64_t wall, int64_t misfit)
{
	int64_t to = (ical_floor_div(wall, misfit) + 1) * misfit, step = r->rule.interval;
	int64_t next = r->base + (ical_floor_div(to / r->unit - r->base - 1, step) + 1) * step;

	r->day_count = 0;
	if (misfit > r->unit && next > r->period + step)
		r->period = next - step; /* to be advanced from */
}

/* False: the end, or too much. */
static bool fill(struct ical_recurrence *r)
{
	int64_t wall, misfit;

	r->day_count = 0;
	r->total = r->next = 0;
	if (!charge(r))
		return false;
	if (r->unit == 0) {
		(void)fill_times(r, 0);
		return fill_years_and_months(r) && !r->is_too_much;
	}
	wall = r->period * r->unit + (r->rule.freq == ICAL_WEEKLY_RECURRENCE ? week_offset(r) : 0);
	if (ical_calendar_year_of_day(r->calendar, ical_floor_div(wall, ICAL_DAY)) == NULL)
		return false;
	for (int i = 0; i < (r->rule.freq == ICAL_WEEKLY_RECURRENCE ? 7 : 1); i++)
		try_day(r, ical_floor_div(wall, ICAL_DAY) + i);
	misfit = fill_times(r, wall);
	if (r->day_count == 0 && r->unit < ICAL_DAY)
		misfit = ICAL_DAY;
	if (misfit != 0)
		leave(r, wall, misfit);
	return !r->is_too_much;
}

static int by_position(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t instance(const struct ical_recurrence *r, uint64_t n)
{
	uint64_t at = has(r->rule.by_set_pos) ? r->positions[n] : n;
	unsigned second = (unsigned)(at % r->seconds.count), minute, hour;

	at /= r->seconds.count;
	minute = (unsigned)(at % r->minutes.count);
	at /= r->minutes.count;
	hour = (unsigned)(at % r->hours.count);
	at /= r->hours.count;
	if (r->is_date)
		return r->days[at] * ICAL_DAY;
	return r->days[at] * ICAL_DAY + r->hours.list[hour] * 3600 + r->minutes.list[minute] * 60 +
	       r->seconds.list[second];
}

/* BYSETPOS: which of the period's instances, ascending. */
static void choose(struct ical_recurrence *r)
{
	uint64_t count = (uint64_t)r->day_count * r->hours.count * r->minutes.count * r->seconds.count;
	const short *by = r->rule.by_set_pos;

	r->total = count;
	if (!has(by))
		return;
	r->total = 0;
	for (size_t i = 0; i < ICAL_BY_SETPOS_SIZE && by[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
		if (by[i] > 0 && (uint64_t)by[i] <= count)
			r->positions[r->total++] = (uint64_t)by[i] - 1;
		else if (by[i] < 0 && (uint64_t)-by[i] <= count)
			r->positions[r->total++] = count - (uint64_t)-by[i];
	qsort(r->positions, r->total, sizeof *r->positions, by_position);
}

/* Passes over what is not wanted any more, in a period that may have millions. */
static void pass_over(struct ical_recurrence *r)
{
	uint64_t end = r->total;

	while (r->next < end) {
		uint64_t middle = r->next + (end - r->next) / 2;

		if (instance(r, middle) > r->last)
			end = middle;
		else
			r->next = middle + 1;
	}
}

/* --- public --- */

struct ical_recurrence *ical_recurrence_create(const struct icalrecurrencetype *rule, struct icaltimetype start,
					       bool is_exception, uint64_t *work)
{
	struct ical_recurrence *r = alloc_zero(1, sizeof *r);
	int64_t wall = ical_wall(start);

	r->rule = *rule;
	r->work = work;
	r->is_date = start.is_date;
	if (r->rule.interval < 1)
		r->rule.interval = 1;
	r->calendar = ical_calendar_create(rule->rscale, ical_floor_div(wall, ICAL_DAY), work);
	r->has_months = has(rule->by_month);
	r->has_month_days = has(rule->by_month_day);
	r->has_year_days = has(rule->by_year_day);
	r->has_weeks = has(rule->by_week_no);
	r->has_weekdays = has(rule->by_day);
	if (rule->freq > ICAL_YEARLY_RECURRENCE || r->calendar == NULL ||
	    !take_defaults(r, ical_floor_div(wall, ICAL_DAY))) {
		ical_recurrence_destroy(&r);
		return NULL;
	}
	take_times(r, start);
	take_bits(r->rule.by_month_day, ICAL_BY_MONTHDAY_SIZE, &r->month_days, &r->minus_month_days);
	take_bits(r->rule.by_week_no, ICAL_BY_WEEKNO_SIZE, &r->weeks, &r->minus_weeks);
	take_year_days(r);
	take_weekdays(r);
	take_until(r, start);
	r->unit = units[rule->freq];
	(void)period_of(r, wall, &r->base);
	r->period = r->base;
	r->last = is_exception ? wall - 1 : wall;
	r->left = rule->count <= 0 ? -1 : is_exception ? rule->count : rule->count - 1;
	return r;
}

void ical_recurrence_destroy(struct ical_recurrence **recurrence)
{
	if (*recurrence == NULL)
		return;
	ical_calendar_destroy(&(*recurrence)->calendar);
	free(*recurrence);
	*recurrence = NULL;
}

void ical_recurrence_seek(struct ical_recurrence *recurrence, int64_t wall)
{
	int64_t last = ical_day_of(ICAL_LAST_YEAR, 12, 31) * ICAL_DAY, period, step = recurrence->rule.interval;

	if (wall > last)
		wall = last;
	if (recurrence->left >= 0 || wall <= recurrence->last || !period_of(recurrence, wall, &period))
		return;
	recurrence->last = wall - 1;
	period = recurrence->base + ical_floor_div(period - 1 - recurrence->base, step) * step;
	if (period > recurrence->period) {
		recurrence->period = period;
		recurrence->has_begun = false;
		recurrence->next = recurrence->total = 0;
	}
}

enum ical_next ical_recurrence_next(struct ical_recurrence *recurrence, int64_t *wall_r)
{
	struct ical_recurrence *r = recurrence;

	for (;;) {
		while (r->next < r->total && r->left != 0) {
			int64_t wall = instance(r, r->next++);

			if (wall <= r->last) /* a position that is named twice */
				continue;
			if (wall > r->until)
				return ICAL_NEXT_END;
			if (!charge(r))
				return ICAL_NEXT_TOO_MUCH;
			if (r->left > 0)
				r->left--;
			r->last = *wall_r = wall;
			return ICAL_NEXT_FOUND;
		}
		if (r->is_too_much)
			return ICAL_NEXT_TOO_MUCH;
		if (r->left == 0)
			return ICAL_NEXT_END;
		if (r->has_begun)
			r->period += r->rule.interval;
		r->has_begun = true;
		if (!fill(r))
			return r->is_too_much || *r->work > ICAL_WORK_MAX ? ICAL_NEXT_TOO_MUCH : ICAL_NEXT_END;
		choose(r);
		pass_over(r);
	}
}

/* A rule taken apart: what its parts say, and what DTSTART says where they do not (RFC 5545, 3.3.10). */
#include "common/ical/recurrence_step_private.h"

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
		ical_numbers_one(numbers, of_start);
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
	r->limits_hour = ical_by_has(rule->by_hour);
	r->limits_minute = ical_by_has(rule->by_minute);
	r->limits_second = ical_by_has(rule->by_second);
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

bool ical_recurrence_take(struct ical_recurrence *r, struct icaltimetype start)
{
	const struct icalrecurrencetype *rule = &r->rule;

	r->has_months = ical_by_has(rule->by_month);
	r->has_month_days = ical_by_has(rule->by_month_day);
	r->has_year_days = ical_by_has(rule->by_year_day);
	r->has_weeks = ical_by_has(rule->by_week_no);
	r->has_weekdays = ical_by_has(rule->by_day);
	if (!take_defaults(r, ical_floor_div(ical_wall(start), ICAL_DAY)))
		return false;
	take_times(r, start);
	take_bits(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE, &r->month_days, &r->minus_month_days);
	take_bits(rule->by_week_no, ICAL_BY_WEEKNO_SIZE, &r->weeks, &r->minus_weeks);
	take_year_days(r);
	take_weekdays(r);
	take_until(r, start);
	return true;
}

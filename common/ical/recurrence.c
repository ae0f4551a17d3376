/* Follows a rule period by period: of each the days, then the times of a day (RFC 5545, 3.3.10).
 *
 * A period is what FREQ names, and has a number: years and months those of the calendar, all others count from 1970.
 * Its instances are the product of its days, hours, minutes and seconds, so that the n-th of them (BYSETPOS) is found
 * without the ones before it. Parts that the standard's table has as N/A only limit. */
#include "common/ical/recurrence_step_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const int64_t units[] = {
	[ICAL_SECONDLY_RECURRENCE] = 1,     [ICAL_MINUTELY_RECURRENCE] = 60,         [ICAL_HOURLY_RECURRENCE] = 3600,
	[ICAL_DAILY_RECURRENCE] = ICAL_DAY, [ICAL_WEEKLY_RECURRENCE] = 7 * ICAL_DAY, [ICAL_MONTHLY_RECURRENCE] = 0,
	[ICAL_YEARLY_RECURRENCE] = 0,
};

/* --- a period's times --- */

static bool numbers_have(const struct numbers *numbers, int n)
{
	return memchr(numbers->list, n, numbers->count) != NULL;
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
	ical_numbers_one(&r->hours, hour);
	if (r->limits_hour && !numbers_have(&r->by_hour, hour))
		return 3600;
	if (r->unit == 3600)
		return 0;
	ical_numbers_one(&r->minutes, minute);
	if (r->limits_minute && !numbers_have(&r->by_minute, minute))
		return 60;
	if (r->unit == 60)
		return 0;
	ical_numbers_one(&r->seconds, second);
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
	if (!ical_recurrence_charge(r))
		return false;
	if (r->unit == 0) {
		(void)fill_times(r, 0);
		return ical_recurrence_fill_years(r) && !r->is_too_much;
	}
	wall = r->period * r->unit + (r->rule.freq == ICAL_WEEKLY_RECURRENCE ? ical_recurrence_week_offset(r) : 0);
	if (ical_calendar_year_of_day(r->calendar, ical_floor_div(wall, ICAL_DAY)) == NULL)
		return false;
	for (int i = 0; i < (r->rule.freq == ICAL_WEEKLY_RECURRENCE ? 7 : 1); i++)
		ical_recurrence_try_day(r, ical_floor_div(wall, ICAL_DAY) + i);
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
	uint64_t at = ical_by_has(r->rule.by_set_pos) ? r->positions[n] : n;
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
	if (!ical_by_has(by))
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
	if (rule->freq > ICAL_YEARLY_RECURRENCE || r->calendar == NULL || !ical_recurrence_take(r, start)) {
		ical_recurrence_destroy(&r);
		return NULL;
	}
	r->unit = units[rule->freq];
	(void)ical_recurrence_period_of(r, wall, &r->base);
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
	if (recurrence->left >= 0 || wall <= recurrence->last || !ical_recurrence_period_of(recurrence, wall, &period))
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
			if (!ical_recurrence_charge(r))
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

/* A rule at work: what the files about following one share (recurrence.c, recurrence_rule.c, recurrence_days.c). */
#ifndef ICAL_RECURRENCE_STEP_PRIVATE_H
#define ICAL_RECURRENCE_STEP_PRIVATE_H

#include "common/ical/recurrence_private.h"

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

static inline void ical_numbers_one(struct numbers *numbers, int n)
{
	numbers->list[0] = (unsigned char)n;
	numbers->count = 1;
}

/* Does a part of the rule say anything? */
static inline bool ical_by_has(const short *by)
{
	return by[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

/* A step of work; false: it is too much now. */
static inline bool ical_recurrence_charge(struct ical_recurrence *r)
{
	if (++*r->work <= ICAL_WORK_MAX)
		return true;
	r->is_too_much = true;
	return false;
}

/* --- recurrence_rule.c --- */

/* Takes r->rule apart; its calendar is there. False: that does not reach DTSTART. */
bool ical_recurrence_take(struct ical_recurrence *r, struct icaltimetype start);

/* --- recurrence_days.c --- */

/* The number of the period that the wall time lies in. False: the calendar does not reach there. */
bool ical_recurrence_period_of(struct ical_recurrence *r, int64_t wall, int64_t *period_r);
/* Weeks begin on WKST: seconds from 1970 to the first such day. */
int64_t ical_recurrence_week_offset(const struct ical_recurrence *r);
/* Adds the day to those of the period at hand, if it fits. */
void ical_recurrence_try_day(struct ical_recurrence *r, int64_t day);
/* The same with all days of the period at hand, which is a year or a month. False: the calendar does not reach there.
 */
bool ical_recurrence_fill_years(struct ical_recurrence *r);

#endif

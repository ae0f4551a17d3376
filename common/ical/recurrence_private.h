/* Recurrence rules, followed step by step in bounded time (RFC 5545, 3.3.10; RFC 7529).
 *
 * libical parses the rules; it does not follow them here: icalrecur_iterator_next() of 3.0 does not come back from a
 * rule that never matches, and BYSETPOS, INTERVAL and negative BYMONTHDAY go wrong in rules more frequent than MONTHLY.
 *
 * A wall time is a civil date and time without a zone, written as the seconds that it would be since 1970 in UTC. */
#ifndef ICAL_RECURRENCE_PRIVATE_H
#define ICAL_RECURRENCE_PRIVATE_H

#include "common/ical/ical_private.h"

enum {
	ICAL_DAY = 86400,
	ICAL_LAST_YEAR = 9999,    /* what four digits hold */
	ICAL_WORK_MAX = 6000000,  /* days and periods looked at, of all rules of an object together */
	ICAL_MONTHS_MAX = 14,     /* of a year in any calendar */
	ICAL_LEAP_MONTH = 0x1000, /* added to a month's number: 5L of RFC 7529 */
};

/* --- days and wall times (wall.c) --- */

int64_t ical_day_of(int64_t year, int month, int day); /* since 1970-01-01; month from 1, proleptic Gregorian */
void ical_day_split(int64_t day, int64_t *year_r, int *month_r, int *day_r);
int ical_weekday(int64_t day); /* 0: Sunday */
int64_t ical_floor_div(int64_t a, int64_t b);

int64_t ical_wall(struct icaltimetype time);
struct icaltimetype ical_wall_time(int64_t wall, struct icaltimetype like); /* zone and is_date are like's */

/* --- calendars --- */

struct ical_year {
	int64_t number;
	int64_t first; /* day */
	int days, months;
	struct {
		int first; /* of the year's days, from 0 */
		int days;
		int name; /* 1 …, ICAL_LEAP_MONTH */
	} month[ICAL_MONTHS_MAX];
	int64_t months_before; /* ask ical_calendar_months_before() */
};

struct ical_calendar;
/* The Gregorian one, or one of RFC 7529 from the day before. work: charged for what is computed. NULL: unknown name. */
struct ical_calendar *ical_calendar_create(const char *rscale, int64_t from_day, uint64_t *work);
void ical_calendar_destroy(struct ical_calendar **calendar); /* NULL is accepted */
/* NULL: it does not reach there. A year stays valid until one is asked for that is four years away. */
const struct ical_year *ical_calendar_year(struct ical_calendar *calendar, int64_t number);
const struct ical_year *ical_calendar_year_of_day(struct ical_calendar *calendar, int64_t day);
/* Months have ordinals, through all years. */
int64_t ical_calendar_months_before(struct ical_calendar *calendar, const struct ical_year *year);
const struct ical_year *ical_calendar_year_of_month(struct ical_calendar *calendar, int64_t ordinal);

/* --- one rule --- */

enum ical_next { ICAL_NEXT_FOUND, ICAL_NEXT_END, ICAL_NEXT_TOO_MUCH };

struct ical_recurrence;
/* start: DTSTART. Of an RRULE it is the first of COUNT, matching or not, and does not come again; an EXRULE gives it
 * where it matches. work: counted up, never beyond ICAL_WORK_MAX. NULL: a calendar that nobody knows. */
struct ical_recurrence *ical_recurrence_create(const struct icalrecurrencetype *rule, struct icaltimetype start,
					       bool is_exception, uint64_t *work);
void ical_recurrence_destroy(struct ical_recurrence **recurrence); /* NULL is accepted */
/* Leaves out what lies before the wall time; of rules with COUNT nothing. */
void ical_recurrence_seek(struct ical_recurrence *recurrence, int64_t wall);
enum ical_next ical_recurrence_next(struct ical_recurrence *recurrence, int64_t *wall_r); /* ascending */

#endif

/* date and date-time (RFC 9051, 9). */
#include "imapd/parse_private.h"

/* Days since 1970-01-01 in the proleptic Gregorian calendar; the year is counted from March on, so that a leap day
 * comes last. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool take_digits(struct span *at, size_t least, size_t most, int64_t *number_r)
{
	size_t n;

	*number_r = 0;
	for (n = 0; n < most && n < at->n && ascii_is_digit(at->p[n]); n++)
		*number_r = *number_r * 10 + (at->p[n] - '0');
	*at = span_sub(*at, n, at->n - n);
	return n >= least;
}

static bool take_month(struct span *at, int64_t *month_r)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; i < 12; i++)
		if (span_starts_nocase(*at, span_from(names + i * 3, 3))) {
			*at = span_sub(*at, 3, at->n - 3);
			*month_r = (int64_t)i + 1;
			return true;
		}
	return false;
}

/* date-text */
static bool take_day(struct span *at, int64_t *day_r)
{
	int64_t day, month, year;

	if (!take_digits(at, 1, 2, &day) || !imap_take(at, '-') || !take_month(at, &month) || !imap_take(at, '-') ||
	    !take_digits(at, 4, 4, &year))
		return false;
	if (day < 1 || year < 1 || day > days_in_month(year, month))
		return false;
	*day_r = days_from_date(year, month, day);
	return true;
}

bool imap_take_date(struct span *at, int32_t *day_r)
{
	bool quoted = imap_take(at, '"');
	int64_t day;

	if (!take_day(at, &day) || (quoted && !imap_take(at, '"')))
		return false;
	*day_r = (int32_t)day;
	return true;
}

bool imap_take_date_time(struct span *at, int64_t *seconds_r, int *zone_minutes_r)
{
	int64_t day, hour, minute, second, zone_hours, zone_minutes;
	bool west;

	if (!imap_take(at, '"'))
		return false;
	(void)imap_take(at,
			' '); /* " 1-Jan-2026": what date-day-fixed wants; without it some clients write one digit */
	if (!take_day(at, &day) || !imap_take(at, ' ') || !take_digits(at, 2, 2, &hour) || !imap_take(at, ':') ||
	    !take_digits(at, 2, 2, &minute) || !imap_take(at, ':') || !take_digits(at, 2, 2, &second) ||
	    !imap_take(at, ' '))
		return false;
	west = imap_take(at, '-');
	if ((!west && !imap_take(at, '+')) || !take_digits(at, 2, 2, &zone_hours) ||
	    !take_digits(at, 2, 2, &zone_minutes) || !imap_take(at, '"'))
		return false;
	if (hour > 23 || minute > 59 || second > 60 || zone_hours > 23 || zone_minutes > 59)
		return false;
	zone_minutes += zone_hours * 60;
	*zone_minutes_r = (int)(west ? -zone_minutes : zone_minutes);
	*seconds_r = day * 86400 + hour * 3600 + minute * 60 + second - *zone_minutes_r * 60;
	return true;
}

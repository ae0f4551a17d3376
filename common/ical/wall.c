/* Days and civil times as numbers. */
#include "common/ical/recurrence_private.h"

enum { DAYS_OF_400_YEARS = 146097, DAYS_TO_1970 = 719468 }; /* from the first of March of the year 0 */

int64_t ical_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years are counted from March, so that the leap day is the last of its year. */
int64_t ical_day_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = ical_floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

void ical_day_split(int64_t day, int64_t *year_r, int *month_r, int *day_r)
{
	int64_t z = day + DAYS_TO_1970, era = ical_floor_div(z, DAYS_OF_400_YEARS),
		of_era = z - era * DAYS_OF_400_YEARS;
	int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * years + years / 4 - years / 100), month = (5 * of_year + 2) / 153;

	*day_r = (int)(of_year - (153 * month + 2) / 5 + 1);
	*month_r = (int)(month < 10 ? month + 3 : month - 9);
	*year_r = years + era * 400 + (*month_r <= 2);
}

int ical_weekday(int64_t day)
{
	return (int)(day + 4 - ical_floor_div(day + 4, 7) * 7);
}

int64_t ical_wall(struct icaltimetype time)
{
	int64_t wall = ical_day_of(time.year, time.month, time.day) * ICAL_DAY;

	return time.is_date ? wall : wall + time.hour * 3600 + time.minute * 60 + time.second;
}

struct icaltimetype ical_wall_time(int64_t wall, struct icaltimetype like)
{
	int64_t day = ical_floor_div(wall, ICAL_DAY), year;
	int rest = (int)(wall - day * ICAL_DAY);

	ical_day_split(day, &year, &like.month, &like.day);
	like.year = (int)year;
	like.hour = like.is_date ? 0 : rest / 3600;
	like.minute = like.is_date ? 0 : rest / 60 % 60;
	like.second = like.is_date ? 0 : rest % 60;
	return like;
}

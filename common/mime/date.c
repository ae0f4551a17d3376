/* Dates of messages (RFC 5322, 3.3 and 4.3), and what real mail writes instead: asctime(), dashes, missing seconds and
 * zones, years of two and three digits, and anything behind. */
#include "common/mime/mime_private.h"
#include "common/base/must.h"

#include <string.h>

struct date {
	int year, month, day, hour, minute, second, zone; /* zone: minutes east */
};

/* A run of digits; *digits_r tells how many. False: there is none, or more than four. */
static bool take_number(struct span *at, int *number_r, size_t *digits_r)
{
	int number = 0;
	size_t n = 0;

	while (n < at->n && n < 5 && ascii_is_digit(at->p[n]))
		number = number * 10 + (at->p[n++] - '0');
	if (n == 0 || n > 4)
		return false;
	mime_step(at, n);
	*number_r = number;
	*digits_r = n;
	return true;
}

static struct span take_letters(struct span *at)
{
	struct span letters = {at->p, 0};

	while (letters.n < at->n && ascii_lower(at->p[letters.n]) >= 'a' && ascii_lower(at->p[letters.n]) <= 'z')
		letters.n++;
	mime_step(at, letters.n);
	return letters;
}

/* Blanks, comments, and the commas and dashes that some programs put between the parts. */
static void skip(struct span *at)
{
	mime_skip(at, NULL);
	while (at->n > 0 && (at->p[0] == ',' || at->p[0] == '-' || at->p[0] == '.')) {
		mime_step(at, 1);
		mime_skip(at, NULL);
	}
}

/* "Mar", "March" */
static bool month_of(struct span letters, int *month_r)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; letters.n >= 3 && i < 12; i++)
		if (span_equal_nocase(span_sub(letters, 0, 3), span_from(names + 3 * i, 3))) {
			*month_r = i + 1;
			return true;
		}
	return false;
}

/* 50 … 99 are of the twentieth century, 00 … 49 of ours; three digits count from 1900 (RFC 5322, 4.3). */
static int full_year(int year, size_t digits)
{
	if (digits == 4)
		return year;
	return digits == 2 && year < 50 ? year + 2000 : year + 1900;
}

/* hour ":" minute [":" second]; some write dots */
static bool take_time(struct span *at, struct date *date)
{
	size_t digits;

	if (!take_number(at, &date->hour, &digits))
		return false;
	mime_skip(at, NULL);
	if (at->n == 0 || (at->p[0] != ':' && at->p[0] != '.'))
		return false;
	mime_step(at, 1);
	mime_skip(at, NULL);
	if (!take_number(at, &date->minute, &digits))
		return false;
	mime_skip(at, NULL);
	if (at->n > 0 && (at->p[0] == ':' || at->p[0] == '.')) {
		mime_step(at, 1);
		mime_skip(at, NULL);
		if (!take_number(at, &date->second, &digits))
			return false;
	}
	return date->hour < 24 && date->minute < 60 && date->second <= 60;
}

static bool zone_of_name(struct span name, int *minutes_r)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"ut", 0},   {"utc", 0},  {"gmt", 0},  {"est", -5}, {"edt", -4}, {"cst", -6},
		     {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}, {"cet", 1},
		     {"met", 1},  {"cest", 2}, {"mest", 2}, {"bst", 1},  {"wet", 0},  {"west", 1},
		     {"eet", 2},  {"eest", 3}, {"msk", 3},  {"jst", 9},  {"hst", -10}};

	for (size_t i = 0; i < array_count(zones); i++)
		if (span_is_nocase(name, zones[i].name)) {
			*minutes_r = zones[i].hours * 60;
			return true;
		}
	return false;
}

/* Military and unknown names say nothing that can be relied on: -0000 (RFC 5322, 4.3). */
static void take_zone(struct span *at, struct date *date)
{
	size_t digits;
	int number;
	char sign;

	mime_skip(at, NULL);
	if (at->n > 1 && (at->p[0] == '+' || at->p[0] == '-')) {
		sign = at->p[0];
		mime_step(at, 1);
		if (!take_number(at, &number, &digits))
			return;
		if (digits <= 2) { /* "+02:00", "+2" */
			struct span minutes = *at;
			int more = 0;

			number *= 100;
			if (span_take_byte(&minutes, ':') == PARSE_OK && take_number(&minutes, &more, &digits)) {
				number += more;
				*at = minutes;
			}
		}
		if (number / 100 < 24 && number % 100 < 60)
			date->zone = (number / 100 * 60 + number % 100) * (sign == '-' ? -1 : 1);
		return;
	}
	(void)zone_of_name(take_letters(at), &date->zone);
}

/* "Mar 7 12:00:00 [zone] 1999": asctime(), behind the name of the month. */
static bool take_asctime(struct span *at, struct date *date)
{
	size_t digits;

	skip(at);
	if (!take_number(at, &date->day, &digits))
		return false;
	skip(at);
	if (!take_time(at, date))
		return false;
	mime_skip(at, NULL);
	if (at->n > 0 && !ascii_is_digit(at->p[0])) {
		take_zone(at, date);
		mime_skip(at, NULL);
	}
	if (!take_number(at, &date->year, &digits))
		return false;
	date->year = full_year(date->year, digits);
	take_zone(at, date);
	return true;
}

/* day month year time [zone] */
static bool take_standard(struct span *at, struct date *date)
{
	size_t digits;

	if (!take_number(at, &date->day, &digits))
		return false;
	skip(at);
	if (!month_of(take_letters(at), &date->month))
		return false;
	skip(at);
	if (!take_number(at, &date->year, &digits))
		return false;
	date->year = full_year(date->year, digits);
	skip(at);
	if (at->n == 0)
		return true; /* a day alone */
	if (!take_time(at, date))
		return false;
	take_zone(at, date);
	return true;
}

/* Days since 1970-01-01 in the Gregorian calendar: years counted from March, so that the odd day comes last. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2 ? 1 : 0), m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

bool mime_date_parse(struct span text, int64_t *seconds_r, int *zone_minutes_r)
{
	struct date date = {0};
	struct span word;
	bool ok;

	skip(&text);
	word = take_letters(&text);
	skip(&text);
	if (word.n == 0 || !month_of(word, &date.month)) { /* a day of the week, or nothing */
		struct span rest = text;

		word = take_letters(&rest);
		if (word.n > 0) {
			if (!month_of(word, &date.month))
				return false;
			text = rest;
		}
	}
	ok = date.month != 0 ? take_asctime(&text, &date) : take_standard(&text, &date);
	if (!ok || date.year < 1 || date.day < 1 || date.day > month_days(date.year, date.month))
		return false;
	*seconds_r = days_of(date.year, date.month, date.day) * 86400 + date.hour * 3600 +
		     (date.minute - date.zone) * 60 + (date.second == 60 ? 59 : date.second);
	*zone_minutes_r = date.zone;
	return true;
}

/* Queries of addresses, and the times in them. */
#include "caldavd/ical/query.h"
#include "common/base/utf8.h"

#include <time.h>

enum { DURATION_MAX = 10 * 366 * 86400 };

/* --- pairs --- */

static bool decode(struct span raw, struct arena *arena, struct span *decoded_r)
{
	char *to = arena_bytes(arena, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		int high, low;

		if (raw.p[i] != '%') {
			to[n++] = raw.p[i];
			continue;
		}
		if (i + 2 >= raw.n || (high = ascii_hex_value(raw.p[i + 1])) < 0 ||
		    (low = ascii_hex_value(raw.p[i + 2])) < 0)
			return false;
		to[n++] = (char)(high << 4 | low);
		i += 2;
	}
	*decoded_r = span_from(to, n);
	return utf8_is_valid(*decoded_r) && span_find_byte(*decoded_r, '\0') == SIZE_MAX;
}

enum parse query_next(struct span *query, struct arena *arena, struct query_pair *pair_r)
{
	*pair_r = (struct query_pair){0};
	while (query->n > 0) {
		size_t end = span_find_byte(*query, '&'), equals;
		struct span raw = span_sub(*query, 0, end);

		*query = end == SIZE_MAX ? (struct span){0} : span_sub(*query, end + 1, SIZE_MAX);
		if (raw.n == 0)
			continue;
		equals = span_find_byte(raw, '=');
		return decode(span_sub(raw, 0, equals), arena, &pair_r->name) &&
				       decode(equals == SIZE_MAX ? SPAN("") : span_sub(raw, equals + 1, SIZE_MAX),
					      arena, &pair_r->value)
			       ? PARSE_OK
			       : PARSE_BAD;
	}
	return PARSE_MORE;
}

/* --- times --- */

/* Exactly so many digits. */
static bool take_digits(struct span *in, size_t count, int *number_r)
{
	int number = 0;

	if (in->n < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!ascii_is_digit(in->p[i]))
			return false;
		number = number * 10 + (in->p[i] - '0');
	}
	*in = span_sub(*in, count, SIZE_MAX);
	*number_r = number;
	return true;
}

static bool take_separator(struct span *in, char separator, bool is_wanted)
{
	return !is_wanted || span_take_byte(in, separator) == PARSE_OK;
}

/* "Z", or how far the clock is ahead of UTC: "+01:00". */
static bool take_offset(struct span *in, int *seconds_r)
{
	int sign, hours, minutes;

	*seconds_r = 0;
	if (span_take_byte(in, 'Z') == PARSE_OK)
		return true;
	sign = span_take_byte(in, '-') == PARSE_OK ? -1 : 1;
	if ((sign > 0 && span_take_byte(in, '+') != PARSE_OK) || !take_digits(in, 2, &hours) ||
	    span_take_byte(in, ':') != PARSE_OK || !take_digits(in, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds_r = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool is_a_day(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

bool query_time(struct span text, int64_t *at_r)
{
	bool has_separators = text.n > 4 && text.p[4] == '-';
	int year, month, day, hour = 0, minute = 0, second = 0, offset = 0;
	struct tm tm;

	if (!take_digits(&text, 4, &year) || !take_separator(&text, '-', has_separators) ||
	    !take_digits(&text, 2, &month) || !take_separator(&text, '-', has_separators) ||
	    !take_digits(&text, 2, &day) || !is_a_day(year, month, day))
		return false;
	if (text.n > 0 && (span_take_byte(&text, 'T') != PARSE_OK || !take_digits(&text, 2, &hour) ||
			   !take_separator(&text, ':', has_separators) || !take_digits(&text, 2, &minute) ||
			   !take_separator(&text, ':', has_separators) || !take_digits(&text, 2, &second) ||
			   !take_offset(&text, &offset)))
		return false;
	if (text.n > 0 || hour > 23 || minute > 59 || second > 60)
		return false;
	tm = (struct tm){.tm_year = year - 1900,
			 .tm_mon = month - 1,
			 .tm_mday = day,
			 .tm_hour = hour,
			 .tm_min = minute,
			 .tm_sec = second};
	*at_r = (int64_t)timegm(&tm) - offset;
	return true;
}

/* The units in their order, each at most once. */
static bool take_units(struct span *in, const char *units, const int64_t *seconds, int64_t *sum)
{
	for (size_t i = 0; units[i] != '\0' && in->n > 0 && in->p[0] != 'T';) {
		uint64_t number;

		if (span_take_u64(in, DURATION_MAX, &number) != PARSE_OK || in->n == 0)
			return false;
		while (units[i] != '\0' && units[i] != in->p[0])
			i++;
		if (units[i] == '\0')
			return false;
		*sum += (int64_t)number * seconds[i++];
		*in = span_sub(*in, 1, SIZE_MAX);
	}
	return true;
}

bool query_duration(struct span text, int64_t *seconds_r)
{
	static const int64_t dates[] = {7 * 86400, 86400}, times[] = {3600, 60, 1};
	int64_t sum = 0;

	if (span_take_byte(&text, 'P') != PARSE_OK || !take_units(&text, "WD", dates, &sum) ||
	    (span_take_byte(&text, 'T') == PARSE_OK && (text.n == 0 || !take_units(&text, "HMS", times, &sum))) ||
	    text.n > 0)
		return false;
	*seconds_r = sum;
	return sum > 0 && sum <= DURATION_MAX;
}

/* Dates, by strptime(). */
#include "caldavd/http/date.h"
#include "common/base/must.h"

#include <string.h>
#include <time.h>

enum { DATE_MAX = 40 };

bool http_date_parse(struct span text, int64_t *at_r)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
					    "%a %b %e %H:%M:%S %Y"};
	char copy[DATE_MAX + 1] = "";

	if (text.n > DATE_MAX || span_find_byte(text, '\0') != SIZE_MAX)
		return false;
	memcpy(copy, text.p, text.n);
	for (size_t i = 0; i < array_count(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(copy, forms[i], &tm);

		if (end == NULL || *end != '\0')
			continue;
		*at_r = timegm(&tm);
		return true;
	}
	return false;
}

void http_date_write(int64_t at, struct buf *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t time = (time_t)at;
	struct tm tm;

	if (gmtime_r(&time, &tm) != NULL)
		buf_printf(out, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
			   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

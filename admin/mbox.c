/* The mbox format (RFC 4155). */
#include "admin/mbox.h"
#include "common/mime/mime.h"
#include "common/store/snapshot.h"

#include <string.h>
#include <time.h>

/* The line at offset at, without its line end; *next_r is where the next begins. */
static struct span line_at(struct span file, size_t at, size_t *next_r)
{
	struct span rest = span_sub(file, at, SIZE_MAX);
	size_t end = span_find_byte(rest, '\n');
	struct span line = span_sub(rest, 0, end);

	*next_r = end == SIZE_MAX ? file.n : at + end + 1;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool is_field(struct span line)
{
	size_t colon = span_find_byte(line, ':');

	if (colon == SIZE_MAX || colon == 0)
		return false;
	for (size_t i = 0; i < colon; i++)
		if (line.p[i] <= ' ' || line.p[i] == 0x7f)
			return false;
	return true;
}

/* Dates stand at the end of the line: asctime(), with or without seconds, with a zone in front of the year or behind
 * it. */
static bool asctime_parse(const char *text, int64_t *date_r, int *zone_r)
{
	static const char *const forms[] = {"%a %b %d %H:%M:%S %Y %z",  "%a %b %d %H:%M:%S %z %Y",
					    "%a %b %d %H:%M:%S %Y",     "%a %b %d %H:%M %Y",
					    "%a %b %d %H:%M:%S UTC %Y", "%a %b %d %H:%M:%S GMT %Y"};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		long east;

		while (end != NULL && (*end == ' ' || *end == '\t'))
			end++;
		if (end == NULL || *end != '\0')
			continue;
		east = tm.tm_gmtoff;
		*date_r = (int64_t)timegm(&tm) - east;
		*zone_r = (int)(east / 60);
		return true;
	}
	return false;
}

static bool from_date(struct span line, int64_t *date_r, int *zone_r)
{
	char text[128];
	struct span rest = span_sub(line, strlen("From "), SIZE_MAX);

	/* The address may hold blanks, so every blank is tried as the one in front of the date. */
	for (size_t blank = 0; blank != SIZE_MAX; blank = span_find_byte(rest, ' ')) {
		rest = span_sub(rest, blank, SIZE_MAX);
		while (rest.n > 0 && rest.p[0] == ' ')
			rest = span_sub(rest, 1, SIZE_MAX);
		if (rest.n == 0 || rest.n >= sizeof text || memchr(rest.p, '\0', rest.n) != NULL)
			continue;
		memcpy(text, rest.p, rest.n);
		text[rest.n] = '\0';
		if (asctime_parse(text, date_r, zone_r))
			return true;
		if (span_find_byte(rest, ',') == 3 && mime_date_parse(rest, date_r, zone_r))
			return true;
	}
	return false;
}

static bool is_from_line(struct span file, size_t at, struct mbox_message *message_r)
{
	size_t next, unused;
	struct span line = line_at(file, at, &next);

	message_r->has_date = false;
	if (!span_starts(line, SPAN("From ")))
		return false;
	if (from_date(line, &message_r->date, &message_r->zone)) {
		message_r->has_date = message_r->date != 0;
		return true;
	}
	return is_field(line_at(file, next, &unused));
}

/* Offset of the next From line from `at` on, or the end of the file. */
static size_t find_from_line(struct span file, size_t at, bool behind_empty, struct mbox_message *message_r)
{
	while (at < file.n) {
		size_t next;
		struct span line = line_at(file, at, &next);

		if (behind_empty && is_from_line(file, at, message_r))
			return at;
		behind_empty = line.n == 0;
		at = next;
	}
	return file.n;
}

bool mbox_next(struct span file, uint64_t *at, struct mbox_message *message_r)
{
	struct mbox_message behind;
	size_t start = find_from_line(file, (size_t)*at, true, message_r), body, end;
	struct span bytes;

	if (start >= file.n)
		return false;
	(void)line_at(file, start, &body);
	end = find_from_line(file, body, false, &behind);
	bytes = span_sub(file, body, end - body);
	/* the empty line that parts messages; a message that is nothing but its header keeps the one that ends it */
	if (bytes.n >= 4 && memcmp(bytes.p + bytes.n - 4, "\r\n\r\n", 4) == 0)
		bytes.n -= 2;
	else if (bytes.n >= 2 && memcmp(bytes.p + bytes.n - 2, "\n\n", 2) == 0)
		bytes.n -= 1;
	message_r->offset = start;
	message_r->bytes = bytes;
	*at = end;
	return true;
}

void mbox_unquote(struct span bytes, enum mbox_quoting quoting, struct buf *out)
{
	while (bytes.n > 0) {
		size_t end = span_find_byte(bytes, '\n'), marks = 0;
		struct span line = span_sub(bytes, 0, end == SIZE_MAX ? SIZE_MAX : end + 1);

		while (marks < line.n && line.p[marks] == '>')
			marks++;
		if (marks > 0 && (quoting == MBOX_RD || marks == 1) &&
		    span_starts(span_sub(line, marks, SIZE_MAX), SPAN("From ")))
			buf_span(out, span_sub(line, 1, SIZE_MAX));
		else
			buf_span(out, line);
		bytes = span_sub(bytes, line.n, SIZE_MAX);
	}
}

static const struct {
	char letter;
	unsigned flag;
} status_letters[] = {{'R', STORE_FLAG_SEEN},
		      {'A', STORE_FLAG_ANSWERED},
		      {'F', STORE_FLAG_FLAGGED},
		      {'T', STORE_FLAG_DRAFT},
		      {'D', STORE_FLAG_DELETED}};

unsigned mbox_status_flags(struct span value)
{
	unsigned flags = 0;

	for (size_t i = 0; i < sizeof status_letters / sizeof *status_letters; i++)
		if (span_find_byte(value, status_letters[i].letter) != SIZE_MAX)
			flags |= status_letters[i].flag;
	return flags;
}

void mbox_status_write(unsigned flags, struct buf *out)
{
	buf_text(out, (flags & STORE_FLAG_SEEN) != 0 ? "Status: RO\nX-Status: " : "Status: O\nX-Status: ");
	for (size_t i = 1; i < sizeof status_letters / sizeof *status_letters; i++)
		if ((flags & status_letters[i].flag) != 0)
			buf_byte(out, status_letters[i].letter);
	buf_byte(out, '\n');
}

void mbox_from_write(int64_t date, struct buf *out)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t when = (time_t)date;
	struct tm tm = {.tm_mday = 1, .tm_wday = 4, .tm_year = 70};

	(void)gmtime_r(&when, &tm);
	buf_printf(out, "From trivet %s %s %2d %02d:%02d:%02d %d\n", days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday,
		   tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

void mbox_quote(struct span message, struct buf *out)
{
	while (message.n > 0) {
		size_t end = span_find_byte(message, '\n'), marks = 0;
		struct span line = span_sub(message, 0, end);

		message = end == SIZE_MAX ? (struct span){0} : span_sub(message, end + 1, SIZE_MAX);
		if (end != SIZE_MAX && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		while (marks < line.n && line.p[marks] == '>')
			marks++;
		if (span_starts(span_sub(line, marks, SIZE_MAX), SPAN("From ")))
			buf_byte(out, '>');
		buf_span(out, line);
		buf_byte(out, '\n');
	}
}

/* A month: a small table of its days, and what happens day by day. */
#include "caldavd/page/page_private.h"
#include "common/base/clock.h"

#include <string.h>

enum { FIRST_YEAR = 1900, LAST_YEAR = 2400, DAYS_MAX = 31 };

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
				     "July",    "August",   "September", "October", "November", "December"};
static const char *const days[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

static int weekday(int64_t day) /* 0: Monday */
{
	return (int)(((day + 3) % 7 + 7) % 7);
}

/* --- which month --- */

static void set_month(struct page_month *month, int64_t year, int number)
{
	month->year = year;
	month->month = number;
	month->first = page_day_of(year, number, 1) * PAGE_DAY;
	month->end = page_day_of(number == 12 ? year + 1 : year, number == 12 ? 1 : number + 1, 1) * PAGE_DAY;
}

static void set_month_of(struct page_month *month, int64_t wall)
{
	int64_t year;
	int number, day;

	page_day_split(page_day_at(wall), &year, &number, &day);
	set_month(month, year, number);
}

/* "2026-11" */
static bool parse_month(struct span text, struct page_month *month)
{
	uint64_t year, number;

	if (text.n != 7 || text.p[4] != '-' || !span_to_u64(span_sub(text, 0, 4), LAST_YEAR, &year) ||
	    !span_to_u64(span_sub(text, 5, 2), 12, &number) || year < FIRST_YEAR || number < 1)
		return false;
	set_month(month, (int64_t)year, (int)number);
	return true;
}

/* --- links --- */

static void write_link(struct page *page, const struct page_month *from, int by, const char *label)
{
	int number = from->month + by;
	int64_t year = from->year + (number > 12) - (number < 1);

	number += number > 12 ? -12 : number < 1 ? 12 : 0;
	if (year < FIRST_YEAR || year > LAST_YEAR)
		return;
	buf_printf(&page->body, "<a class=\"button\" href=\"?month=%04d-%02d#month\"><span class=\"away\">%s: </span>",
		   (int)year, number, label);
	if (by < 0)
		buf_printf(&page->body, "← %s</a>\n", months[number - 1]);
	else
		buf_printf(&page->body, "%s →</a>\n", months[number - 1]);
}

static void write_head(struct page *page, const struct page_month *month)
{
	buf_printf(&page->body,
		   "<section id=\"month\" aria-labelledby=\"month-name\">\n<div class=\"head\"><h2 "
		   "id=\"month-name\">%s %d</h2>\n<nav aria-label=\"Months\">",
		   months[month->month - 1], (int)month->year);
	write_link(page, month, -1, "Previous month");
	page_raw(page, "<a class=\"button\" href=\"?#month\">Today</a>\n");
	write_link(page, month, 1, "Next month");
	page_raw(page, "</nav></div>\n");
}

/* --- the table --- */

/* The day of the month an event is shown at: its first one there. */
static int shown_at(const struct page_month *month, const struct page_event *event)
{
	int64_t start = event->start < month->first ? month->first : event->start;
	int64_t at = (start - month->first) / PAGE_DAY;

	return at < DAYS_MAX ? (int)at : DAYS_MAX - 1;
}

static void write_cell(struct page *page, int day, unsigned count, bool is_today)
{
	buf_printf(&page->body, "<td%s>", is_today ? " class=\"today\" aria-current=\"date\"" : "");
	if (count > 0)
		buf_printf(&page->body, "<a href=\"#d%d\">%d<span class=\"away\">, %u %s</span></a>", day, day, count,
			   count == 1 ? "entry" : "entries");
	else
		buf_printf(&page->body, "%d", day);
	page_raw(page, "</td>");
}

static void write_table(struct page *page, const struct page_month *month, int64_t today)
{
	int64_t first = page_day_at(month->first);
	int length = (int)((month->end - month->first) / PAGE_DAY), column = weekday(first);
	unsigned counts[DAYS_MAX] = {0};

	for (size_t i = 0; i < month->count; i++)
		if (month->events[i].has_time)
			counts[shown_at(month, &month->events[i])]++;
	buf_printf(&page->body, "<table class=\"days\"><caption class=\"away\">Days of %s %d</caption><thead><tr>",
		   months[month->month - 1], (int)month->year);
	for (size_t i = 0; i < 7; i++)
		buf_printf(&page->body, "<th scope=\"col\"><abbr title=\"%s\">%.2s</abbr></th>", days[i], days[i]);
	page_raw(page, "</tr></thead>\n<tbody><tr>");
	for (int i = 0; i < column; i++)
		page_raw(page, "<td></td>");
	for (int i = 0; i < length; i++) {
		if (i > 0 && (column + i) % 7 == 0)
			page_raw(page, "</tr>\n<tr>");
		write_cell(page, i + 1, counts[i], first + i == today);
	}
	for (int i = column + length; i % 7 != 0; i++)
		page_raw(page, "<td></td>");
	page_raw(page, "</tr></tbody></table>\n");
}

/* --- the days --- */

static void write_clock(struct page *page, int64_t wall)
{
	int64_t of_day = wall - page_day_at(wall) * PAGE_DAY;

	buf_printf(&page->body, "%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60));
}

static void write_date(struct page *page, int64_t day)
{
	int64_t year;
	int month, number;

	page_day_split(day, &year, &month, &number);
	buf_printf(&page->body, "%d %s", number, months[month - 1]);
}

/* "10:00–11:00", "All day", "since 28 October, until 3 November" … */
static void write_when(struct page *page, const struct page_month *month, const struct page_event *event)
{
	int64_t first = page_day_at(event->start),
		last = page_day_at(event->end > event->start ? event->end - 1 : event->start);

	if (!event->has_time) {
		page_raw(page, "Any day");
		return;
	}
	if (event->start < month->first) {
		page_raw(page, "Since ");
		write_date(page, first);
		page_raw(page, last > first ? ", " : "");
	} else if (event->is_all_day) {
		page_raw(page, last > first ? "All day, " : "All day");
	} else {
		write_clock(page, event->start);
		if (last == first && event->end > event->start) {
			page_raw(page, "–");
			write_clock(page, event->end);
		} else if (last > first) {
			page_raw(page, ", ");
		}
	}
	if (last > first) {
		page_raw(page, "until ");
		write_date(page, last);
		if (!event->is_all_day) {
			page_raw(page, ", ");
			write_clock(page, event->end);
		}
	}
}

static void write_event(struct page *page, const struct page_month *month, const struct page_event *event)
{
	buf_printf(&page->body, "<li class=\"event k%u%s\"><span class=\"when\">", event->colour_class,
		   event->is_cancelled || event->is_done ? " past" : "");
	write_when(page, month, event);
	page_raw(page, "</span><span class=\"what\"><bdi>");
	page_text(page, event->summary.n > 0 ? event->summary : SPAN("(without a title)"));
	page_raw(page, "</bdi>");
	if (event->is_cancelled)
		page_raw(page, " <span class=\"tag\">cancelled</span>");
	if (event->is_todo)
		page_raw(page,
			 event->is_done ? " <span class=\"tag\">done</span>" : " <span class=\"tag\">to do</span>");
	page_raw(page, "<span class=\"quiet\"><bdi>");
	page_text(page, event->location);
	page_raw(page, event->location.n > 0 && event->calendar.n > 0 ? "</bdi> · <bdi>" : "</bdi><bdi>");
	page_text(page, event->calendar);
	page_raw(page, "</bdi></span></span></li>\n");
}

static void begin_day(struct page *page, const struct page_month *month, int at, int64_t today)
{
	int64_t day = page_day_at(month->first) + at;

	buf_printf(&page->body,
		   "<section class=\"day%s\" id=\"d%d\"><h3><time datetime=\"%04d-%02d-%02d\"><span>%d</span> "
		   "%s</time>%s</h3>\n<ul>\n",
		   day == today ? " today" : "", at + 1, (int)month->year, month->month, at + 1, at + 1,
		   days[weekday(day)], day == today ? " <span class=\"tag\">today</span>" : "");
}

static void write_days(struct page *page, const struct page_month *month, int64_t today)
{
	int open = -1;

	for (size_t i = 0; i < month->count && month->events[i].has_time; i++) {
		int at = shown_at(month, &month->events[i]);

		if (at != open) {
			if (open >= 0)
				page_raw(page, "</ul></section>\n");
			begin_day(page, month, at, today);
			open = at;
		}
		write_event(page, month, &month->events[i]);
	}
	if (open >= 0)
		page_raw(page, "</ul></section>\n");
	else
		page_raw(page, "<p class=\"quiet\">Nothing happens in this month.</p>\n");
}

/* They stand last in the order of the events. */
static void write_todos(struct page *page, const struct page_month *month)
{
	size_t i = 0;

	while (i < month->count && month->events[i].has_time)
		i++;
	if (i == month->count)
		return;
	page_raw(page, "<section class=\"day\"><h3>To do, without a date</h3>\n<ul>\n");
	for (; i < month->count; i++)
		write_event(page, month, &month->events[i]);
	page_raw(page, "</ul></section>\n");
}

static void write_remarks(struct page *page, const struct page_month *month)
{
	if (month->is_cut)
		page_raw(page,
			 "<p class=\"quiet\">There is more than can be shown here. A calendar program shows all of "
			 "it.</p>\n");
	if (month->strange > 0)
		buf_printf(&page->body,
			   "<p class=\"quiet\">%zu %s too often to be shown here, or cannot be read.</p>\n",
			   month->strange, month->strange == 1 ? "entry recurs" : "entries recur");
	page_raw(page, "<p class=\"quiet\">Times are those of the zone ");
	page_text(page, span_of(month->zone.name));
	page_raw(page, ".</p>\n</section>\n");
}

bool page_month_write(struct page *page, const struct page_calendar *calendars, size_t count,
		      const struct dav_resource *const *zones, size_t zone_count)
{
	struct page_month month = {0};
	int64_t now = clock_now(), today;
	bool ok;

	page_zone_init(page->r, zones, zone_count, now, &month.zone);
	today = page_day_at(page_wall_of(&month.zone, now));
	page_zone_done(&month.zone);
	if (!parse_month(page_form_value(&page->query, "month"), &month))
		set_month_of(&month, today * PAGE_DAY);
	page_zone_init(page->r, zones, zone_count, month.first, &month.zone);
	ok = page_events_gather(page, calendars, count, &month);
	if (ok) {
		write_head(page, &month);
		page_raw(page, "<div class=\"columns\">\n");
		write_table(page, &month, today);
		page_raw(page, "<div>\n");
		write_days(page, &month, today);
		write_todos(page, &month);
		page_raw(page, "</div>\n</div>\n");
		write_remarks(page, &month);
	}
	page_zone_done(&month.zone);
	return ok;
}

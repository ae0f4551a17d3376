/* What lies in a month: each object is expanded there, and of its instances is read what a person wants to see. Bounded
 * in objects, in instances and in time, whatever recurs in them. */
#include "caldavd/caldav/calendar_data.h"
#include "caldavd/ical/query.h"
#include "caldavd/page/page_private.h"
#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/ical/content_line.h"
#include "common/ical/ical.h"

#include <stdlib.h>
#include <string.h>

enum {
	OBJECTS_MAX = 5000,
	EVENTS_MAX = 1000,
	READ_AT_ONCE = 64,
	READ_BYTES = 1048576,
	EXPANDED_MAX = 67108864,
	INSTANCES_MIN = 31,
	TEXT_MAX = 300,
	MS_MAX = 5000
};

/* --- values --- */

static bool take_digits(struct span *in, size_t n, int *number_r)
{
	*number_r = 0;
	for (size_t i = 0; i < n; i++) {
		if (i >= in->n || !ascii_is_digit(in->p[i]))
			return false;
		*number_r = *number_r * 10 + (in->p[i] - '0');
	}
	*in = span_sub(*in, n, SIZE_MAX);
	return true;
}

/* DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5), on the wall. */
static bool read_time(struct span text, const struct page_zone *zone, int64_t *wall_r, bool *is_date_r)
{
	int year, month, day, hour, minute, second;

	if (!take_digits(&text, 4, &year) || !take_digits(&text, 2, &month) || !take_digits(&text, 2, &day) ||
	    month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*wall_r = page_day_of(year, month, day) * PAGE_DAY;
	*is_date_r = text.n == 0;
	if (*is_date_r)
		return true;
	if (span_take_byte(&text, 'T') != PARSE_OK || !take_digits(&text, 2, &hour) ||
	    !take_digits(&text, 2, &minute) || !take_digits(&text, 2, &second))
		return false;
	*wall_r += hour * 3600 + minute * 60 + second;
	if (span_is(text, "Z"))
		*wall_r = page_wall_of(zone, *wall_r);
	return true;
}

static struct span read_text(struct span value, struct arena *arena)
{
	struct buf text = {0};
	struct span copy;

	ical_text_unescape(value, &text);
	copy = arena_span(arena, utf8_cut(span_trim(buf_view(&text)), TEXT_MAX));
	buf_done(&text);
	return copy;
}

/* --- instances --- */

struct gathering {
	struct page *page;
	struct page_month *month;
	const struct page_calendar *calendar;
	bool is_alone; /* the only calendar of the page */
	struct ical_range range;
	struct store_object *objects;
	size_t count, capacity;
	int64_t stop_at; /* clock_uptime_ms() */
	struct buf expanded;
};

static void add(struct gathering *g, struct page_event *event)
{
	struct page_month *month = g->month;

	if (event->is_todo && !event->has_time && event->is_done)
		return; /* nobody needs to see that again and again */
	if (month->count == EVENTS_MAX) {
		month->is_cut = true;
		return;
	}
	event->colour_class = g->calendar->colour_class;
	event->calendar = g->is_alone ? (struct span){0} : g->calendar->name;
	arena_grow(g->page->r->x->arena, (void **)&month->events, &month->capacity, month->count + 1,
		   sizeof *month->events);
	month->events[month->count++] = *event;
}

struct instance {
	struct page_event event;
	bool has_end, end_is_date;
	int64_t duration;
};

/* A line of an event or to-do itself. */
static void take_line(struct gathering *g, const struct ical_line *line, struct instance *instance)
{
	const struct page_zone *zone = &g->month->zone;
	struct arena *arena = g->page->r->x->arena; /* outlives the piece that is being read */
	struct page_event *event = &instance->event;

	if (span_is_nocase(line->name, "SUMMARY")) {
		event->summary = read_text(line->value, arena);
	} else if (span_is_nocase(line->name, "LOCATION")) {
		event->location = read_text(line->value, arena);
	} else if (span_is_nocase(line->name, "STATUS")) {
		event->is_cancelled |= span_is_nocase(line->value, "CANCELLED");
		event->is_done |= span_is_nocase(line->value, "COMPLETED");
	} else if (span_is_nocase(line->name, "COMPLETED")) {
		event->is_done = true;
	} else if (span_is_nocase(line->name, "DTSTART")) {
		event->has_time = read_time(line->value, zone, &event->start, &event->is_all_day);
	} else if (span_is_nocase(line->name, "DTEND") || span_is_nocase(line->name, "DUE")) {
		instance->has_end = read_time(line->value, zone, &event->end, &instance->end_is_date);
	} else if (span_is_nocase(line->name, "DURATION")) {
		if (!query_duration(line->value, &instance->duration))
			instance->duration = 0;
	}
}

static void settle(struct instance *instance)
{
	struct page_event *event = &instance->event;

	if (!event->has_time && instance->has_end) { /* a to-do that is only due */
		event->has_time = true;
		event->start = event->end;
		event->is_all_day = instance->end_is_date;
		instance->has_end = false;
	}
	if (!instance->has_end && instance->duration > 0) {
		event->end = event->start + instance->duration;
		instance->has_end = true;
	}
	if (!instance->has_end || event->end < event->start)
		event->end = event->start + (event->is_all_day ? PAGE_DAY : 0);
}

/* The components of an expanded object, one instance each. What lies in them (alarms) is passed over. */
static void take_instances(struct gathering *g, struct span text)
{
	struct ical_lines lines;
	struct ical_line line;
	struct instance instance = {0};
	unsigned depth = 0;

	ical_lines_init(&lines, text);
	while (ical_lines_next(&lines, &line) == PARSE_OK) {
		if (span_is_nocase(line.name, "BEGIN")) {
			if (++depth == 2)
				instance = (struct instance){.event.is_todo = span_is_nocase(line.value, "VTODO")};
		} else if (span_is_nocase(line.name, "END")) {
			if (depth-- != 2)
				continue;
			settle(&instance);
			if (instance.event.has_time || instance.event.is_todo)
				add(g, &instance.event);
		} else if (depth == 2) {
			take_line(g, &line, &instance);
		}
	}
	ical_lines_done(&lines);
}

/* Only what take_line() reads is written for each instance: descriptions and attachments may be large. */
static const struct ical_prop_choice prop_choices[] = {
	{.name = SPAN("SUMMARY"), .next = &prop_choices[1]},   {.name = SPAN("LOCATION"), .next = &prop_choices[2]},
	{.name = SPAN("STATUS"), .next = &prop_choices[3]},    {.name = SPAN("DTSTART"), .next = &prop_choices[4]},
	{.name = SPAN("DTEND"), .next = &prop_choices[5]},     {.name = SPAN("DURATION"), .next = &prop_choices[6]},
	{.name = SPAN("COMPLETED"), .next = &prop_choices[7]}, {.name = SPAN("DUE")},
};
static const struct ical_comp_choice comp_choices[] = {
	{.name = SPAN("VEVENT"), .props = prop_choices, .next = &comp_choices[1]},
	{.name = SPAN("VTODO"), .props = prop_choices},
};
static const struct ical_comp_choice choice = {.name = SPAN("VCALENDAR"), .comps = comp_choices};

/* What is large is not written out a thousand times. */
static size_t instances_max(size_t size)
{
	size_t max = EXPANDED_MAX / (size + 1);

	return max < INSTANCES_MIN ? INSTANCES_MIN : max > EVENTS_MAX ? EVENTS_MAX : max;
}

static void take_object(struct gathering *g, struct span bytes)
{
	struct ical_shape shape = {.choice = &choice, .expand = &g->range, .max_instances = instances_max(bytes.n)};
	struct ical_object *object = NULL;
	const char *problem;

	g->expanded.n = 0;
	if (bytes.p == NULL || ical_object_open(bytes, g->page->r->arena, &object, NULL, &problem) != ICAL_GOOD ||
	    ical_object_write(object, &shape, g->month->zone.zone, &g->expanded) != ICAL_GOOD)
		g->month->strange++;
	else
		take_instances(g, buf_view(&g->expanded));
	ical_object_close(&object);
}

/* --- objects --- */

static bool note_object(void *arg, const struct store_object *object)
{
	struct gathering *g = arg;

	if (g->count == OBJECTS_MAX) {
		g->month->is_cut = true;
		return false;
	}
	arena_grow(g->page->r->x->arena, (void **)&g->objects, &g->capacity, g->count + 1, sizeof *g->objects);
	g->objects[g->count++] = (struct store_object){.blob = object->blob, .size = object->size};
	return true;
}

/* How many of the next ones are read together. */
static size_t piece_at(const struct gathering *g, size_t at)
{
	uint64_t bytes = 0;
	size_t n = 0;

	while (n < READ_AT_ONCE && at + n < g->count && bytes < READ_BYTES)
		bytes += g->objects[at + n++].size;
	return n;
}

static bool read_objects(struct gathering *g)
{
	struct dav_request *r = g->page->r;
	struct arena *before = r->arena, *piece = arena_create();
	size_t count;
	bool ok = true;

	for (size_t at = 0; at < g->count && ok && !g->month->is_cut; at += count) {
		struct caldav_view view = {.r = r, .wants_data = true};

		count = piece_at(g, at);
		arena_reset(piece);
		r->arena = piece;
		ok = caldav_view_prepare(&view, g->objects + at, count);
		for (size_t i = 0; i < count && ok && !g->month->is_cut; i++) {
			g->month->is_cut = clock_uptime_ms() > g->stop_at;
			take_object(g, caldav_view_bytes(&view, &g->objects[at + i]));
		}
	}
	r->arena = before;
	arena_destroy(&piece);
	return ok;
}

static int by_start(const void *a, const void *b)
{
	const struct page_event *x = a, *y = b;

	if (x->has_time != y->has_time)
		return y->has_time ? 1 : -1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->is_all_day != y->is_all_day)
		return x->is_all_day ? -1 : 1;
	return span_compare(x->summary, y->summary);
}

bool page_events_gather(struct page *page, const struct page_calendar *calendars, size_t count,
			struct page_month *month)
{
	struct gathering g = {
		.page = page, .month = month, .is_alone = count == 1, .stop_at = clock_uptime_ms() + MS_MAX};
	bool ok = true;

	g.range = (struct ical_range){page_seconds_of(&month->zone, month->first),
				      page_seconds_of(&month->zone, month->end)};
	for (size_t i = 0; i < count && ok && !month->is_cut; i++) {
		const struct dav_resource *resource = &calendars[i].resource;

		g.calendar = &calendars[i];
		g.count = 0;
		ok = store_object_each_between(page->r->store, resource->owner.id, resource->collection.id,
					       g.range.from, g.range.to, STORE_EVENTS | STORE_TODOS, note_object,
					       &g) == STORE_OK &&
		     read_objects(&g);
	}
	buf_done(&g.expanded);
	if (month->count > 0)
		qsort(month->events, month->count, sizeof *month->events, by_start);
	return ok;
}

/* Reads a stream of iCalendar into the list of its components (RFC 5545, 3.4). */
#include "common/ical/collection_private.h"
#include "common/ical/content_line.h"

#include <stdlib.h>

enum {
	DEPTH_MAX = 32,
	SOURCE_MAX = 256 * 1024 * 1024,
	HEAD_MAX = 64 * 1024, /* a calendar's own properties: each of its pieces repeats them */
};

struct reader {
	struct ical_tree *tree;
	struct arena *arena;
	struct buf scratch, head;
	struct span open[DEPTH_MAX]; /* names of the components we are in */
	size_t depth;
	struct ical_tree_component at;
	bool is_zone; /* `at` is a VTIMEZONE */
	struct span tzid;
	const char *problem;
};

static bool refuse(struct reader *reader, const char *problem)
{
	reader->problem = problem;
	return false;
}

/* What must outlive its line. */
static struct span keep(struct reader *reader, const struct ical_line *line, struct span s)
{
	return line->is_folded ? arena_span(reader->arena, s) : s;
}

static struct span keep_text(struct reader *reader, const struct ical_line *line)
{
	if (span_find_byte(line->value, '\\') == SIZE_MAX)
		return keep(reader, line, line->value);
	reader->scratch.n = 0;
	ical_text_unescape(line->value, &reader->scratch);
	return arena_span(reader->arena, buf_view(&reader->scratch));
}

/* --- BEGIN and END --- */

static bool begin(struct reader *reader, const struct ical_line *line)
{
	bool is_calendar = span_is_nocase(line->value, "VCALENDAR");

	if (is_calendar != (reader->depth == 0))
		return refuse(reader, is_calendar ? "a VCALENDAR inside a component" : "it is not in a VCALENDAR");
	if (line->value.n == 0 || line->params.n > 0)
		return refuse(reader, "a BEGIN without a proper name");
	if (reader->depth == DEPTH_MAX)
		return refuse(reader, "components are nested too deep");
	reader->open[reader->depth++] = keep(reader, line, line->value);
	if (reader->depth == 2) {
		reader->at = (struct ical_tree_component){
			.bytes = line->bytes,
			.kind = reader->open[1],
			.calendar = reader->tree->calendar_count,
			.line = line->number,
			.first_ref = reader->tree->ref_count,
		};
		reader->tzid.n = 0;
		reader->is_zone = span_is_nocase(line->value, "VTIMEZONE");
	}
	return true;
}

static void add_zone(struct reader *reader)
{
	struct ical_tree *tree = reader->tree;
	void *zones = tree->zones;

	arena_grow(reader->arena, &zones, &tree->zone_capacity, tree->zone_count + 1, sizeof *tree->zones);
	tree->zones = zones;
	tree->zones[tree->zone_count] = (struct ical_tree_zone){
		.bytes = reader->at.bytes,
		.tzid = reader->tzid,
		.calendar = reader->at.calendar,
		.order = tree->zone_count,
	};
	tree->zone_count++;
}

static void add_component(struct reader *reader)
{
	struct ical_tree *tree = reader->tree;
	void *components = tree->components;

	arena_grow(reader->arena, &components, &tree->component_capacity, tree->component_count + 1,
		   sizeof *tree->components);
	tree->components = components;
	reader->at.ref_count = tree->ref_count - reader->at.first_ref;
	tree->components[tree->component_count++] = reader->at;
}

static void add_calendar(struct reader *reader)
{
	struct ical_tree *tree = reader->tree;
	void *heads = tree->heads;

	arena_grow(reader->arena, &heads, &tree->calendar_capacity, tree->calendar_count + 1, sizeof *tree->heads);
	tree->heads = heads;
	tree->heads[tree->calendar_count++] = arena_span(reader->arena, buf_view(&reader->head));
	reader->head.n = 0;
}

static bool end(struct reader *reader, const struct ical_line *line)
{
	if (reader->depth == 0 || line->params.n > 0 ||
	    !span_equal_nocase(line->value, reader->open[reader->depth - 1]))
		return refuse(reader, "an END that does not fit its BEGIN");
	reader->depth--;
	if (reader->depth == 1) {
		reader->at.bytes.n = (size_t)(line->bytes.p + line->bytes.n - reader->at.bytes.p);
		if (reader->is_zone)
			add_zone(reader);
		else
			add_component(reader);
	} else if (reader->depth == 0) {
		add_calendar(reader);
	}
	return true;
}

/* --- properties --- */

static void add_ref(struct reader *reader, const struct ical_line *line)
{
	struct ical_tree *tree = reader->tree;
	void *refs = tree->refs;
	struct span tzid;

	if (!ical_line_param(line, "TZID", &tzid))
		return;
	tzid = span_trim(tzid);
	if (tree->ref_count > reader->at.first_ref && span_equal(tree->refs[tree->ref_count - 1], tzid))
		return;
	arena_grow(reader->arena, &refs, &tree->ref_capacity, tree->ref_count + 1, sizeof *tree->refs);
	tree->refs = refs;
	tree->refs[tree->ref_count++] = keep(reader, line, tzid);
}

static bool property(struct reader *reader, const struct ical_line *line)
{
	if (reader->depth == 0)
		return refuse(reader, "it is not in a VCALENDAR");
	if (reader->depth == 1) {
		if (!span_is_nocase(line->name, "METHOD"))
			ical_lines_copy(line->bytes, &reader->head);
		return reader->head.n <= HEAD_MAX || refuse(reader, "the calendar has too many properties of its own");
	}
	if (reader->is_zone) {
		if (reader->depth == 2 && reader->tzid.n == 0 && span_is_nocase(line->name, "TZID"))
			reader->tzid = span_trim(keep_text(reader, line));
		return true;
	}
	if (reader->depth == 2 && reader->at.uid.n == 0 && span_is_nocase(line->name, "UID"))
		reader->at.uid = keep_text(reader, line);
	add_ref(reader, line);
	return true;
}

static bool take(struct reader *reader, const struct ical_line *line)
{
	if (span_is_nocase(line->name, "BEGIN"))
		return begin(reader, line);
	if (span_is_nocase(line->name, "END"))
		return end(reader, line);
	return property(reader, line);
}

static bool read_all(struct reader *reader, struct ical_lines *lines)
{
	struct ical_line line;
	enum parse got;

	while ((got = ical_lines_next(lines, &line)) == PARSE_OK)
		if (!take(reader, &line)) {
			lines->number = line.number;
			return false;
		}
	if (got == PARSE_BAD)
		return refuse(reader, "it is no content line");
	if (reader->depth > 0)
		return refuse(reader, "a component is not closed");
	return reader->tree->calendar_count > 0 || refuse(reader, "there is no VCALENDAR");
}

/* --- zones --- */

static int by_tzid(const void *a, const void *b)
{
	const struct ical_tree_zone *x = a, *y = b;
	int order = span_compare(x->tzid, y->tzid);

	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* The first zone not below (tzid, calendar). Zones are numbered in the order of their calendars. */
static size_t lower_bound(const struct ical_tree *tree, struct span tzid, size_t calendar)
{
	size_t low = 0, high = tree->zone_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ical_tree_zone *zone = &tree->zones[middle];
		int order = span_compare(zone->tzid, tzid);

		if (order < 0 || (order == 0 && zone->calendar < calendar))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct ical_tree_zone *ical_tree_find_zone(struct ical_tree *tree, struct span tzid, size_t calendar)
{
	size_t at = lower_bound(tree, tzid, calendar);

	if (at == tree->zone_count || !span_equal(tree->zones[at].tzid, tzid) || tree->zones[at].calendar != calendar)
		at = lower_bound(tree, tzid, 0);
	if (at == tree->zone_count || !span_equal(tree->zones[at].tzid, tzid))
		return NULL;
	return &tree->zones[at];
}

static void resolve_zones(struct ical_tree *tree, struct arena *arena)
{
	if (tree->zone_count > 1)
		qsort(tree->zones, tree->zone_count, sizeof *tree->zones, by_tzid);
	for (size_t i = 0; i < tree->component_count; i++) {
		struct ical_tree_component *c = &tree->components[i];

		c->first_zone = tree->used_count;
		for (size_t r = c->first_ref; r < c->first_ref + c->ref_count; r++) {
			struct ical_tree_zone *zone = ical_tree_find_zone(tree, tree->refs[r], c->calendar);
			void *used = tree->used;

			if (zone == NULL || zone->mark == i + 1)
				continue;
			zone->mark = i + 1;
			arena_grow(arena, &used, &tree->used_capacity, tree->used_count + 1, sizeof *tree->used);
			tree->used = used;
			tree->used[tree->used_count++] = zone;
		}
		c->zone_count = tree->used_count - c->first_zone;
	}
	for (size_t i = 0; i < tree->zone_count; i++)
		tree->zones[i].mark = 0;
}

enum ical_verdict ical_tree_read(struct span source, struct arena *arena, struct ical_tree *tree,
				 const char **problem_r)
{
	struct reader reader = {.tree = tree, .arena = arena};
	struct ical_lines lines;
	bool ok;

	*tree = (struct ical_tree){0};
	if (source.n > SOURCE_MAX) {
		*problem_r = "it is too large";
		return ICAL_TOO_MUCH;
	}
	ical_lines_init(&lines, source);
	ok = read_all(&reader, &lines);
	if (ok)
		resolve_zones(tree, arena);
	else
		*problem_r = arena_printf(arena, "line %zu: %s", lines.number, reader.problem);
	ical_lines_done(&lines);
	buf_done(&reader.scratch);
	buf_done(&reader.head);
	return ok ? ICAL_GOOD : ICAL_MALFORMED;
}

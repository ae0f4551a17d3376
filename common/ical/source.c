/* Content lines and how components nest. */
#include "common/ical/source_private.h"
#include "common/ical/content_line.h"

enum { DEPTH_MAX = 16 }; /* libical goes down into components by recursion */

struct reading {
	struct ical_source *source;
	struct arena *arena;
	size_t open[DEPTH_MAX]; /* the BEGINs that we are in */
	size_t depth;
};

static struct span keep(struct reading *reading, const struct ical_line *line, struct span s)
{
	return line->is_folded ? arena_span(reading->arena, s) : s;
}

static void add(struct reading *reading, const struct ical_line *line, enum ical_entry_kind kind, struct span name)
{
	struct ical_source *source = reading->source;
	void *list = source->list;

	arena_grow(reading->arena, &list, &source->capacity, source->count + 1, sizeof *source->list);
	source->list = list;
	source->list[source->count++] =
		(struct ical_entry){.kind = kind, .bytes = line->bytes, .name = keep(reading, line, name)};
}

static const char *begin(struct reading *reading, const struct ical_line *line)
{
	if (reading->depth == DEPTH_MAX)
		return "its components are nested too deep";
	if (reading->depth == 0 && reading->source->count > 0)
		return "it is not one VCALENDAR";
	reading->open[reading->depth++] = reading->source->count;
	add(reading, line, ICAL_ENTRY_BEGIN, line->value);
	return NULL;
}

static const char *end(struct reading *reading, const struct ical_line *line)
{
	struct ical_entry *opened;

	if (reading->depth == 0)
		return "an END has no BEGIN";
	opened = &reading->source->list[reading->open[--reading->depth]];
	if (!span_equal_nocase(opened->name, line->value))
		return "an END does not fit its BEGIN";
	opened->end = reading->source->count;
	add(reading, line, ICAL_ENTRY_END, line->value);
	return NULL;
}

static const char *take(struct reading *reading, const struct ical_line *line)
{
	if (span_is_nocase(line->name, "BEGIN"))
		return begin(reading, line);
	if (span_is_nocase(line->name, "END"))
		return end(reading, line);
	if (reading->depth == 0)
		return "a property is in no component";
	add(reading, line, ICAL_ENTRY_PROPERTY, line->name);
	return NULL;
}

const char *ical_source_read(struct span text, struct arena *arena, struct ical_source *source_r)
{
	struct reading reading = {.source = source_r, .arena = arena};
	struct ical_lines lines;
	struct ical_line line;
	const char *problem = NULL;
	enum parse got = PARSE_OK;

	*source_r = (struct ical_source){0};
	ical_lines_init(&lines, text);
	while (problem == NULL && (got = ical_lines_next(&lines, &line)) == PARSE_OK)
		problem = take(&reading, &line);
	ical_lines_done(&lines);
	if (problem == NULL && got == PARSE_BAD)
		problem = "a line in it is no content line";
	if (problem == NULL && (source_r->count == 0 || reading.depth > 0))
		problem = "it is not one VCALENDAR";
	return problem;
}

/* Editing: a first walk over the lines finds the components and the lines that are meant, a second copies what lies
 * between them. */
#include "caldavd/caldav/attachment_edit.h"
#include "caldavd/ical/query.h"
#include "common/ical/content_line.h"
#include "common/ical/zone.h"

#include <stdlib.h>
#include <time.h>

/* --- what is in the text --- */

struct component {
	struct span recurrence, zone; /* of RECURRENCE-ID; recurrence.n 0: it is the master */
	size_t end;                   /* where its END line begins */
	bool is_wanted;
};

struct attach {
	size_t component; /* which */
	size_t from, to;  /* the line with its end */
	struct span id;
};

struct walk {
	struct arena *arena;
	struct span text;
	struct component *components;
	struct attach *attaches;
	size_t component_count, component_capacity, attach_count, attach_capacity;
	unsigned depth;
	bool is_inside;  /* one of the components, not a VTIMEZONE */
	bool needs_next; /* the last attach ends where the next line begins */
};

static void begin(struct walk *walk, const struct ical_line *line)
{
	if (++walk->depth != 2)
		return;
	walk->is_inside = !span_is_nocase(line->value, "VTIMEZONE");
	if (!walk->is_inside)
		return;
	arena_grow(walk->arena, (void **)&walk->components, &walk->component_capacity, walk->component_count + 1,
		   sizeof *walk->components);
	walk->components[walk->component_count++] = (struct component){.end = SIZE_MAX};
}

static bool end(struct walk *walk, size_t at)
{
	if (walk->depth == 0)
		return false;
	if (walk->depth-- == 2 && walk->is_inside) {
		walk->components[walk->component_count - 1].end = at;
		walk->is_inside = false;
	}
	return true;
}

static void take_property(struct walk *walk, const struct ical_line *line, size_t at)
{
	struct component *component = &walk->components[walk->component_count - 1];
	struct span value;

	if (span_is_nocase(line->name, "RECURRENCE-ID")) {
		component->recurrence = arena_span(walk->arena, line->value);
		if (ical_line_param(line, "TZID", &value))
			component->zone = arena_span(walk->arena, value);
	} else if (span_is_nocase(line->name, "ATTACH") && ical_line_param(line, "MANAGED-ID", &value)) {
		arena_grow(walk->arena, (void **)&walk->attaches, &walk->attach_capacity, walk->attach_count + 1,
			   sizeof *walk->attaches);
		walk->attaches[walk->attach_count++] = (struct attach){
			.component = walk->component_count - 1, .from = at, .id = arena_span(walk->arena, value)};
		walk->needs_next = true;
	}
}

static bool take_line(struct walk *walk, const struct ical_line *line)
{
	size_t at = (size_t)(line->bytes.p - walk->text.p);

	if (walk->needs_next)
		walk->attaches[walk->attach_count - 1].to = at;
	walk->needs_next = false;
	if (span_is_nocase(line->name, "BEGIN"))
		begin(walk, line);
	else if (span_is_nocase(line->name, "END"))
		return end(walk, at);
	else if (walk->is_inside && walk->depth == 2)
		take_property(walk, line, at);
	return true;
}

static bool walk_over(struct span text, struct arena *arena, struct walk *walk)
{
	struct ical_lines lines;
	struct ical_line line;
	enum parse got;
	bool ok = true;

	*walk = (struct walk){.arena = arena, .text = text};
	ical_lines_init(&lines, text);
	while (ok && (got = ical_lines_next(&lines, &line)) == PARSE_OK)
		ok = take_line(walk, &line);
	ical_lines_done(&lines);
	return ok && got == PARSE_MORE && walk->depth == 0 && walk->component_count > 0 && !walk->needs_next;
}

/* --- which components --- */

/* The local time of the zone at an instant in UTC, as iCalendar writes it. */
struct local {
	int64_t at;
	char text[32];
};

static bool take_offset(void *arg, const struct ical_observance *observance)
{
	struct local *local = arg;
	time_t seconds = (time_t)(local->at + observance->offset_to);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (strftime(local->text, sizeof local->text, "%Y%m%dT%H%M%S", &tm) == 0)
		local->text[0] = '\0';
	return false;
}

/* A rid names a local time by the value itself, or in UTC. */
static bool is_named(const struct component *component, struct span rid)
{
	struct local local = {.text = ""};

	if (span_equal(component->recurrence, rid))
		return true;
	if (component->zone.n == 0 || rid.n != 16 || rid.p[15] != 'Z' || !query_time(rid, &local.at))
		return false;
	return ical_zone_observances(component->zone, local.at, local.at + 1, take_offset, &local) &&
	       span_is(component->recurrence, local.text);
}

static bool want_one(struct walk *walk, struct span rid)
{
	bool is_master = span_is(rid, "M"), found = false;

	for (size_t i = 0; i < walk->component_count; i++) {
		struct component *component = &walk->components[i];

		if (is_master ? component->recurrence.n > 0 : component->recurrence.n == 0 || !is_named(component, rid))
			continue;
		component->is_wanted = found = true;
	}
	return found;
}

static bool choose(struct walk *walk, struct span rid)
{
	if (rid.p == NULL) {
		for (size_t i = 0; i < walk->component_count; i++)
			walk->components[i].is_wanted = true;
		return true;
	}
	for (;;) {
		size_t comma = span_find_byte(rid, ',');

		if (!want_one(walk, span_sub(rid, 0, comma)))
			return false;
		if (comma == SIZE_MAX)
			return true;
		rid = span_sub(rid, comma + 1, SIZE_MAX);
	}
}

/* --- writing --- */

static void copy_until(const struct walk *walk, size_t *at, size_t until, struct buf *out)
{
	buf_span(out, span_sub(walk->text, *at, until - *at));
	*at = until;
}

static void add_lines(const struct walk *walk, const struct attachment_edit *edit, struct buf *out)
{
	size_t at = 0;

	for (size_t i = 0; i < walk->component_count; i++) {
		if (!walk->components[i].is_wanted)
			continue;
		copy_until(walk, &at, walk->components[i].end, out);
		ical_line_write(edit->line, out);
	}
	copy_until(walk, &at, walk->text.n, out);
}

static bool change_lines(const struct walk *walk, const struct attachment_edit *edit, struct buf *out, bool *left_r)
{
	bool any = false;
	size_t at = 0;

	for (size_t i = 0; i < walk->attach_count; i++) {
		const struct attach *attach = &walk->attaches[i];

		if (!span_equal(attach->id, edit->id))
			continue;
		if (!walk->components[attach->component].is_wanted) {
			*left_r = true;
			continue;
		}
		any = true;
		copy_until(walk, &at, attach->from, out);
		if (edit->action == ATTACHMENT_UPDATE)
			ical_line_write(edit->line, out);
		at = attach->to;
	}
	copy_until(walk, &at, walk->text.n, out);
	return any;
}

enum attachment_edited attachment_edit(struct span text, const struct attachment_edit *edit, struct arena *arena,
				       struct buf *out, bool *left_r)
{
	struct walk walk;

	*left_r = false;
	if (!walk_over(text, arena, &walk))
		return ATTACHMENT_BROKEN;
	if (!choose(&walk, edit->rid))
		return ATTACHMENT_NO_RID;
	if (edit->action == ATTACHMENT_ADD) {
		add_lines(&walk, edit, out);
		return ATTACHMENT_EDITED;
	}
	return change_lines(&walk, edit, out, left_r) ? ATTACHMENT_EDITED : ATTACHMENT_NO_ID;
}

static int by_bytes(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

bool attachment_ids(struct span text, struct arena *arena, struct span **ids_r, size_t *count_r)
{
	struct walk walk;
	bool ok = walk_over(text, arena, &walk);

	*ids_r = arena_zero(arena, walk.attach_count + 1, sizeof **ids_r);
	*count_r = 0;
	for (size_t i = 0; i < walk.attach_count; i++)
		(*ids_r)[i] = walk.attaches[i].id;
	qsort(*ids_r, walk.attach_count, sizeof **ids_r, by_bytes);
	for (size_t i = 0; i < walk.attach_count; i++)
		if (*count_r == 0 || !span_equal((*ids_r)[*count_r - 1], (*ids_r)[i]))
			(*ids_r)[(*count_r)++] = (*ids_r)[i];
	return ok;
}

/* --- the line --- */

/* A parameter's value in quotes, with what they cannot hold (RFC 6868). */
static void write_quoted(struct span text, struct buf *out)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"')
			buf_text(out, "^'");
		else if (c == '^')
			buf_text(out, "^^");
		else if (c == '\n')
			buf_text(out, "^n");
		else if (c >= ' ' && c != 0x7f)
			buf_byte(out, (char)c);
	}
	buf_byte(out, '"');
}

void attachment_line_write(const struct attachment_line *line, struct buf *out)
{
	buf_text(out, "ATTACH;MANAGED-ID=");
	buf_span(out, line->id);
	buf_text(out, ";FMTTYPE=");
	buf_span(out, line->type);
	buf_text(out, ";FILENAME=");
	write_quoted(line->name, out);
	buf_text(out, ";SIZE=");
	buf_u64(out, line->size);
	buf_byte(out, ':');
	buf_span(out, line->address);
}

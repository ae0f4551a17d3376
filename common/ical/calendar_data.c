/* Writes an object, or parts of it, out of the lines that it came in. */
#include "common/ical/shape_private.h"
#include "common/ical/content_line.h"
#include "common/base/alloc.h"

#include <stdlib.h>

enum { LINE_MAX_OCTETS = 75 };

/* --- choices --- */

/* <comp name="VTIMEZONE"/>, with nothing in it, is answered with all of it in RFC 4791, 7.8.1. */
static bool is_everything(const struct ical_comp_choice *choice)
{
	return choice == NULL ||
	       (!choice->has_all_props && !choice->has_all_comps && choice->props == NULL && choice->comps == NULL);
}

const struct ical_comp_choice *ical_choice_of_comp(const struct ical_comp_choice *parent, struct span name,
						   bool *is_chosen_r)
{
	*is_chosen_r = true;
	if (is_everything(parent))
		return NULL;
	for (const struct ical_comp_choice *c = parent->comps; c != NULL; c = c->next)
		if (span_equal_nocase(c->name, name))
			return c;
	*is_chosen_r = parent->has_all_comps;
	return NULL;
}

bool ical_choice_has_prop(const struct ical_comp_choice *choice, struct span name, bool *has_no_value_r)
{
	*has_no_value_r = false;
	if (is_everything(choice))
		return true;
	for (const struct ical_prop_choice *p = choice->props; p != NULL; p = p->next)
		if (span_equal_nocase(p->name, name)) {
			*has_no_value_r = p->has_no_value;
			return true;
		}
	return choice->has_all_props;
}

/* --- lines --- */

void ical_write_line(const struct ical_entry *entry, bool has_no_value, struct buf *out)
{
	struct ical_lines lines;
	struct ical_line line;
	struct buf whole = {0};

	if (!has_no_value && entry->bytes.n <= LINE_MAX_OCTETS && span_find_byte(entry->bytes, '\n') == SIZE_MAX) {
		buf_span(out, entry->bytes);
		buf_text(out, "\r\n");
		return;
	}
	ical_lines_init(&lines, entry->bytes);
	if (ical_lines_next(&lines, &line) == PARSE_OK) {
		buf_span(&whole, line.name);
		buf_span(&whole, line.params);
		buf_byte(&whole, ':');
		if (!has_no_value)
			buf_span(&whole, line.value);
		ical_line_write(buf_view(&whole), out);
	}
	ical_lines_done(&lines);
	buf_done(&whole);
}

void ical_write_freebusy(const struct ical_entry *entry, bool has_no_value, const struct ical_range *range,
			 struct buf *out)
{
	enum { PERIOD_MAX = 128 };
	struct ical_lines lines;
	struct ical_line line;
	struct buf whole = {0};
	size_t kept = 0;

	ical_lines_init(&lines, entry->bytes);
	if (ical_lines_next(&lines, &line) == PARSE_OK) {
		struct span rest = line.value;

		buf_span(&whole, line.name);
		buf_span(&whole, line.params);
		while (rest.n > 0) {
			size_t n = span_find_byte(rest, ',');
			struct span one = span_sub(rest, 0, n);
			struct buf text = {0};
			struct icalperiodtype period;
			int64_t start, end;

			rest = span_sub(rest, n == SIZE_MAX ? rest.n : n + 1, SIZE_MAX);
			if (one.n > PERIOD_MAX)
				continue;
			buf_span(&text, one);
			period = icalperiodtype_from_string(buf_cstr(&text));
			buf_done(&text);
			start = ical_seconds(period.start, NULL);
			end = icaltime_is_null_time(period.end) ? start + icaldurationtype_as_int(period.duration)
								: ical_seconds(period.end, NULL);
			if (icaltime_is_null_time(period.start) || range->from >= end || range->to <= start)
				continue;
			buf_byte(&whole, kept++ == 0 ? ':' : ',');
			if (!has_no_value)
				buf_span(&whole, one);
		}
		if (kept > 0)
			ical_line_write(buf_view(&whole), out);
	}
	ical_lines_done(&lines);
	buf_done(&whole);
}

/* --- components --- */

static void write_property(struct ical_writer *writer, const struct ical_entry *entry,
			   const struct ical_comp_choice *choice, const struct ical_occurrence *instance)
{
	bool has_no_value;

	if (!ical_choice_has_prop(choice, entry->name, &has_no_value) ||
	    (instance != NULL && ical_is_of_recurrence(entry->name)))
		return;
	if (writer->shape->limit_freebusy != NULL && span_is_nocase(entry->name, "FREEBUSY"))
		ical_write_freebusy(entry, has_no_value, writer->shape->limit_freebusy, writer->out);
	else
		ical_write_line(entry, has_no_value, writer->out);
}

void ical_write_component(struct ical_writer *writer, size_t begin, const struct ical_comp_choice *choice,
			  const struct ical_occurrence *instance)
{
	const struct ical_entry *list = writer->source.list;
	size_t end = list[begin].end;

	ical_write_line(&list[begin], false, writer->out);
	if (instance != NULL)
		ical_write_instance_times(instance, choice, writer->zone, writer->out);
	for (size_t i = begin + 1; i < end; i++) {
		bool is_chosen;
		const struct ical_comp_choice *inner;

		if (list[i].kind != ICAL_ENTRY_BEGIN) {
			write_property(writer, &list[i], choice, instance);
			continue;
		}
		inner = ical_choice_of_comp(choice, list[i].name, &is_chosen);
		if (is_chosen)
			ical_write_component(writer, i, inner, NULL);
		i = list[i].end;
	}
	ical_write_line(&list[end], false, writer->out);
}

/* Has the database a zone under just the name that this VTIMEZONE has? */
static bool is_known_zone(const struct ical_source *source, size_t begin)
{
	for (size_t i = begin + 1; i < source->list[begin].end; i++) {
		const struct ical_zone_info *info;
		struct ical_lines lines;
		struct ical_line line;
		bool is_known = false;

		if (source->list[i].kind == ICAL_ENTRY_BEGIN || !span_is_nocase(source->list[i].name, "TZID"))
			continue;
		ical_lines_init(&lines, source->list[i].bytes);
		if (ical_lines_next(&lines, &line) == PARSE_OK) {
			info = ical_zone_find(line.value);
			is_known = info != NULL && span_is(line.value, info->name);
		}
		ical_lines_done(&lines);
		return is_known;
	}
	return false;
}

static bool is_left_out(const struct ical_writer *writer, size_t begin)
{
	const struct ical_shape *shape = writer->shape;

	if (shape->without_zones && span_is_nocase(writer->source.list[begin].name, "VTIMEZONE"))
		return is_known_zone(&writer->source, begin);
	return writer->is_left_out[begin];
}

static void write_children(struct ical_writer *writer, const struct ical_comp_choice *root)
{
	const struct ical_entry *list = writer->source.list;

	for (size_t i = 1; i < list[0].end; i++) {
		const struct ical_comp_choice *choice;
		bool is_chosen;

		if (list[i].kind != ICAL_ENTRY_BEGIN)
			continue;
		choice = ical_choice_of_comp(root, list[i].name, &is_chosen);
		if (is_chosen && !is_left_out(writer, i))
			ical_write_component(writer, i, choice, NULL);
		i = list[i].end;
	}
}

/* --- the object --- */

static int by_component(const void *a, const void *b)
{
	const struct ical_pair *x = a, *y = b;

	return (x->component > y->component) - (x->component < y->component);
}

size_t ical_writer_begin(const struct ical_writer *writer, const icalcomponent *component)
{
	struct ical_pair key = {.component = component}, *found;

	found = writer->count == 0 ? NULL
				   : bsearch(&key, writer->pairs, writer->count, sizeof *writer->pairs, by_component);
	return found == NULL ? 0 : found->begin;
}

/* Both have the components in the same order. */
static void pair_components(struct ical_writer *writer, struct arena *arena)
{
	const struct ical_entry *list = writer->source.list;
	struct ical_object *object = writer->object;
	struct span name = span_of(icalcomponent_kind_to_string(object->component));
	icalcomponent *c = icalcomponent_get_first_component(object->root, object->component);

	writer->pairs = arena_zero(arena, (size_t)icalcomponent_count_components(object->root, object->component),
				   sizeof *writer->pairs);
	writer->is_left_out = arena_zero(arena, writer->source.count, sizeof *writer->is_left_out);
	for (size_t i = 1; i < list[0].end && c != NULL; i++) {
		if (list[i].kind != ICAL_ENTRY_BEGIN)
			continue;
		if (span_equal_nocase(list[i].name, name)) {
			writer->pairs[writer->count++] = (struct ical_pair){c, i};
			c = icalcomponent_get_next_component(object->root, object->component);
		}
		i = list[i].end;
	}
	if (writer->count > 1)
		qsort(writer->pairs, writer->count, sizeof *writer->pairs, by_component);
}

static enum ical_verdict write_object(struct ical_writer *writer)
{
	const struct ical_entry *list = writer->source.list;
	const struct ical_shape *shape = writer->shape;
	const struct ical_comp_choice *root = shape->choice;
	enum ical_verdict verdict = ICAL_GOOD;

	ical_write_line(&list[0], false, writer->out);
	for (size_t i = 1; i < list[0].end; i = list[i].kind == ICAL_ENTRY_BEGIN ? list[i].end + 1 : i + 1)
		if (list[i].kind == ICAL_ENTRY_PROPERTY)
			write_property(writer, &list[i], root, NULL);
	if (shape->expand != NULL && writer->object->kind <= ICAL_KIND_JOURNAL) {
		verdict = ical_write_expanded(writer, root);
	} else {
		if (shape->limit_recurrence != NULL && writer->object->kind <= ICAL_KIND_JOURNAL)
			verdict = ical_limit_recurrence(writer);
		write_children(writer, root);
	}
	ical_write_line(&list[list[0].end], false, writer->out);
	return verdict;
}

enum ical_verdict ical_object_write(struct ical_object *object, const struct ical_shape *shape,
				    const struct ical_zone *zone, struct buf *out)
{
	struct ical_writer writer = {.object = object, .shape = shape, .zone = zone, .out = out};
	struct arena *arena = arena_create();
	size_t before = out->n;
	enum ical_verdict verdict = ICAL_MALFORMED;

	if (ical_source_read(span_from(object->text, object->size), arena, &writer.source) == NULL) {
		pair_components(&writer, arena);
		verdict = write_object(&writer);
	}
	if (verdict != ICAL_GOOD)
		out->n = before;
	arena_destroy(&arena);
	return verdict;
}

/* The zones that an object names and does not define, added to it. */
#include "common/ical/collection_private.h"
#include "common/ical/content_line.h"
#include "common/ical/zone_private.h"

enum { MISSING_MAX = 100, NAME_MAX_BYTES = 255 };

struct missing {
	struct span names[MISSING_MAX];
	size_t count;
};

static bool is_noted(const struct missing *missing, struct span name)
{
	for (size_t i = 0; i < missing->count; i++)
		if (span_equal(missing->names[i], name))
			return true;
	return false;
}

static void find_missing(struct ical_tree *tree, struct missing *missing)
{
	for (size_t i = 0; i < tree->ref_count && missing->count < MISSING_MAX; i++) {
		struct span name = tree->refs[i];

		if (name.n > 0 && name.n <= NAME_MAX_BYTES && ical_tree_find_zone(tree, name, 0) == NULL &&
		    !is_noted(missing, name) && ical_zone_entry_of(name) != NULL)
			missing->names[missing->count++] = name;
	}
}

/* Appends a VTIMEZONE of that very name. */
static void write_zone(struct span name, struct arena *arena, struct buf *out)
{
	icalcomponent *copy = ical_vtimezone_copy(ical_zone_entry_of(name), arena_text(arena, name), NULL);
	char *text = icalcomponent_as_ical_string_r(copy);

	buf_text(out, text);
	icalmemory_free_buffer(text);
	icalcomponent_free(copy);
}

bool ical_add_missing_zones(struct span object, struct buf *out)
{
	struct arena *arena = arena_create();
	struct ical_tree tree;
	struct missing missing = {.count = 0};
	const char *problem;

	if (ical_tree_read(object, arena, &tree, &problem) == ICAL_GOOD)
		find_missing(&tree, &missing);
	if (missing.count > 0) {
		size_t at = (size_t)(tree.components[0].bytes.p - object.p);

		buf_span(out, span_sub(object, 0, at));
		for (size_t i = 0; i < missing.count; i++)
			write_zone(missing.names[i], arena, out);
		buf_span(out, span_sub(object, at, SIZE_MAX));
	}
	arena_destroy(&arena);
	return missing.count > 0;
}

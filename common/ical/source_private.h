/* The text of an object as a list of its lines: what is written of it again is written as it came, because libical
 * does not keep everything that it reads (parameters with several values, unknown properties and components). */
#ifndef ICAL_SOURCE_PRIVATE_H
#define ICAL_SOURCE_PRIVATE_H

#include "common/base/arena.h"
#include "common/base/span.h"

enum ical_entry_kind { ICAL_ENTRY_BEGIN, ICAL_ENTRY_PROPERTY, ICAL_ENTRY_END };

struct ical_entry {
	enum ical_entry_kind kind;
	struct span bytes; /* with its folds, without the last line end */
	struct span name;  /* of the property, or of the component */
	size_t end;        /* of a BEGIN: its END */
};

struct ical_source {
	struct ical_entry *list;
	size_t count, capacity;
};

/* Reads one VCALENDAR (RFC 5545, 3.1, 3.4). Returns what is wrong, or NULL. The entries lie in arena, and point into
 * text or arena. */
const char *ical_source_read(struct span text, struct arena *arena, struct ical_source *source_r);

#endif

/* Many objects in one text and back: what people import, export and subscribe to (RFC 5545, 3.4; RFC 4791, 4.1). */
#ifndef ICAL_COLLECTION_H
#define ICAL_COLLECTION_H

#include "common/base/buf.h"
#include "common/ical/ical.h"

/* --- one text into objects --- */

/* One object a UID: all components with that UID (and no other), with the VTIMEZONEs they name, and the calendar's own
 * properties but METHOD. CRLF, no byte order mark, no empty lines; else each line as it came.
 *
 * UIDs are made, as 64 hexadecimal digits of a SHA-256 and always the same for the same source, where
 * - a component has none: of its content without DTSTAMP, CREATED and LAST-MODIFIED, so that a second import finds it.
 *   The same content without UID twice is one component.
 * - components of several kinds share one (RFC 4791, 4.1 allows an object one kind only): of the UID and the kind.
 *   Events keep theirs, then to-dos, journals, free-busy, availability, and others by name. */
struct ical_piece {
	struct span uid;  /* its meaning, without the backslashes of TEXT */
	struct span text; /* valid during the call */
	size_t line;      /* where its first component begins in the source, from 1 */
};
typedef bool ical_piece_fn(void *arg, const struct ical_piece *piece); /* false: enough */

/* source: one or several VCALENDARs. ICAL_MALFORMED with *problem_r (arena) where a line is no content line (RFC 5545,
 * 3.1) or BEGIN and END do not fit; ICAL_TOO_MUCH where it is larger than anybody's calendar (256 MiB), or where the
 * pieces would be by far larger than the source, because of what each must repeat. Then fn is not called at all. In the
 * order of the first components. */
enum ical_verdict ical_split(struct span source, struct arena *arena, ical_piece_fn *fn, void *arg,
			     const char **problem_r);

/* --- objects into one text, as they come --- */

struct ical_join;
struct ical_join *ical_join_create(void);
void ical_join_destroy(struct ical_join **join); /* NULL is accepted */
/* BEGIN:VCALENDAR with VERSION, PRODID, X-WR-CALNAME (name; empty: without). */
void ical_join_begin(struct ical_join *join, struct span name, struct buf *out);
/* The components of an object as they are, its VTIMEZONEs only where that TZID has not come yet. False: it is no
 * iCalendar, and nothing is written. */
bool ical_join_add(struct ical_join *join, struct span object, struct buf *out);
void ical_join_end(struct ical_join *join, struct buf *out);

#endif

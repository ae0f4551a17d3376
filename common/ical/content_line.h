/* The content lines of a stream, one by one, with the grammar of RFC 5545, 3.1 and nothing of their meaning: for work
 * that must leave every byte of a line as it came. */
#ifndef ICAL_CONTENT_LINE_H
#define ICAL_CONTENT_LINE_H

#include "common/base/buf.h"

struct ical_lines {
	struct span rest; /* not read yet */
	size_t number;    /* physical lines read */
	struct buf unfolded;
};

struct ical_line {
	struct span bytes;               /* as it stands in the source, folds and all, without its last line end */
	struct span name, params, value; /* unfolded; valid until the next line. params begins with ';' or is empty */
	size_t number;                   /* of its first physical line, from 1 */
	bool is_folded;                  /* then name, params and value do not lie in the source */
};

void ical_lines_init(struct ical_lines *lines, struct span source); /* a byte order mark is passed over */
void ical_lines_done(struct ical_lines *lines);

/* PARSE_MORE: no line is left. PARSE_BAD: what follows is no content line; lines->number says where. Empty lines
 * between content lines are passed over: nearly every hand-made file has some. */
enum parse ical_lines_next(struct ical_lines *lines, struct ical_line *line_r);

/* The first value of a parameter, without its quotes. False: the line has none of that name. */
bool ical_line_param(const struct ical_line *line, const char *name, struct span *value_r);

/* Appends lines as they are, each closed by CRLF, without the empty ones. */
void ical_lines_copy(struct span bytes, struct buf *out);

/* A value of the type TEXT (RFC 5545, 3.3.11): its meaning, and how a meaning is written. */
void ical_text_unescape(struct span value, struct buf *out);
void ical_text_escape(struct span text, struct buf *out);

/* Appends a content line, folded where it is longer than 75 octets, never inside a character of UTF-8. */
void ical_line_write(struct span line, struct buf *out);

#endif

/* What a file is called, and what it is, as the head of its request says. Any thread. */
#ifndef CALDAVD_CALDAV_ATTACHMENT_NAME_H
#define CALDAVD_CALDAV_ATTACHMENT_NAME_H

#include "common/base/arena.h"
#include "common/base/buf.h"

/* The file name of Content-Disposition (RFC 6266), as far as one can be called that: one segment, no controls, UTF-8,
 * at most 255 bytes. Where it says none: otherwise, or "attachment". In the arena, or otherwise itself. */
struct span attachment_name(struct span disposition, struct span otherwise, struct arena *arena);
/* The media type without its parameters; where there is none, or no such thing: otherwise, or
 * "application/octet-stream". Borrowed. */
struct span attachment_type(struct span content_type, struct span otherwise);
/* Content-Disposition of an answer. */
void attachment_disposition_write(struct span name, struct buf *out);

#endif

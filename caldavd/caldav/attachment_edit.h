/* The ATTACH lines of managed attachments (RFC 8607) in the text of an object: changed on its lines, so that every
 * other byte stays as it came. Any thread. */
#ifndef CALDAVD_CALDAV_ATTACHMENT_EDIT_H
#define CALDAVD_CALDAV_ATTACHMENT_EDIT_H

#include "common/base/arena.h"
#include "common/base/buf.h"

enum attachment_action { ATTACHMENT_ADD, ATTACHMENT_UPDATE, ATTACHMENT_REMOVE };

struct attachment_edit {
	enum attachment_action action;
	struct span id;   /* UPDATE, REMOVE: MANAGED-ID of the lines that are meant */
	struct span line; /* ADD, UPDATE: the content line, not folded */
	struct span rid;  /* ADD, REMOVE: "M" and RECURRENCE-IDs, parted by commas; p NULL: everywhere */
};

enum attachment_edited {
	ATTACHMENT_EDITED,
	ATTACHMENT_NO_RID, /* no component has that RECURRENCE-ID */
	ATTACHMENT_NO_ID,  /* no line has that MANAGED-ID there */
	ATTACHMENT_BROKEN, /* the text is no iCalendar */
};

/* Appends the new text to out. *left_r: lines with the id are left in it (after REMOVE with rid). */
enum attachment_edited attachment_edit(struct span text, const struct attachment_edit *edit, struct arena *arena,
				       struct buf *out, bool *left_r);

/* The MANAGED-IDs in the text, each once. In the arena. False: it is no iCalendar. */
bool attachment_ids(struct span text, struct arena *arena, struct span **ids_r, size_t *count_r);

struct attachment_line {
	struct span id, type, name, address;
	uint64_t size;
};
/* ATTACH;MANAGED-ID=…;FMTTYPE=…;FILENAME=…;SIZE=…:address. type must be a media type; name may be anything. */
void attachment_line_write(const struct attachment_line *line, struct buf *out);

#endif

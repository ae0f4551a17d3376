/* A text with many objects into a calendar: what is there under the same UID keeps its name, and where it is the same
 * it is not changed. */
#ifndef CALDAVD_ICAL_IMPORT_H
#define CALDAVD_ICAL_IMPORT_H

#include "caldavd/caldav/attachment.h"

struct ical_import {
	struct store_object_put *puts;    /* in the arena, as all of it */
	size_t *lines;                    /* where each begins in the text */
	struct caldav_attached *attached; /* what each says is attached to it; NULL: nobody has looked */
	size_t count;
	unsigned components; /* enum store_component: the kinds there are */
};

/* Takes the text apart and judges each piece; the calendar need not be there yet (id 0: then it takes every kind).
 * False: the answer is set, with the condition that fails and the line. */
bool ical_import_read(struct dav_request *r, const struct store_collection *calendar, struct span text,
		      struct ical_import *import_r);

/* Is everything there that they say is attached to them? False: the answer is set. Without this nothing becomes of what
 * they say. */
bool ical_import_check_attachments(struct dav_request *r, struct ical_import *import);

/* Puts them all or none. replaces: what is not among them goes. strict: an object that was changed meanwhile is
 * STORE_CONFLICT; else it is looked at again. */
enum store_status ical_import_write(struct dav_request *r, const struct store_collection *calendar,
				    struct ical_import *import, bool replaces, bool strict,
				    struct store_object_counts *counts_r);

#endif

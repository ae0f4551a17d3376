/* Changes to properties as PROPPATCH, MKCOL and MKCALENDAR ask for them (RFC 4918, 14.19; RFC 5689). */
#ifndef CALDAVD_DAV_UPDATE_H
#define CALDAVD_DAV_UPDATE_H

#include "caldavd/dav/property.h"

struct dav_instruction {
	struct dav_wanted wanted; /* with its node */
	bool is_removal;
	bool is_settled; /* MKCOL has made use of it: it is not stored, and not looked at further */
	unsigned status;
	const char *condition; /* with its prefix; NULL: none */
};
struct dav_update {
	struct dav_instruction *list; /* in the arena */
	size_t count, capacity;
};

void dav_update_parse(struct dav_request *r, const xmlNode *root, struct dav_update *update_r);
/* False: at least one may not be; the others have status 424 then. */
bool dav_update_check(struct dav_request *r, struct dav_update *update);
/* What the store is told. In the arena. */
struct store_property *dav_update_changes(struct dav_request *r, const struct dav_update *update, size_t *count_r);
void dav_update_write(const struct dav_update *update, struct buf *out); /* the propstats */
bool dav_wants_one_status(const struct dav_request *r);

#endif

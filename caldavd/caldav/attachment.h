/* Managed attachments (RFC 8607): files beside calendar objects, added, replaced and removed by POST to the object,
 * read at an address of their own. */
#ifndef CALDAVD_CALDAV_ATTACHMENT_H
#define CALDAVD_CALDAV_ATTACHMENT_H

#include "caldavd/dav/dav.h"

enum { CALDAV_ATTACHMENTS_MAX = 100 /* of one object */ };

/* The head is there: a file that is to come goes into the store as it arrives. May set the answer. */
void caldav_attachment_begin(struct dav_request *r);
/* The request ends, whatever became of it. */
void caldav_attachment_end(struct dav_request *r);

bool caldav_attachment_is_post(const struct dav_request *r); /* is this POST one of ours? */
void caldav_attachment_post_run(struct dav_request *r);
void caldav_attachment_get_run(struct dav_request *r); /* /attachments/MANAGED-ID/NAME: a row of routes.c */

/* What an object that is to be put says it has. */
struct caldav_attached {
	struct span *ids;
	size_t count;
};
/* False: it names one that there is not, or too many; the answer is set. */
bool caldav_attachment_check(struct dav_request *r, struct span bytes, struct caldav_attached *attached_r);
/* The same without an answer: the condition that fails, or NULL. The store's status where it cannot be asked. */
enum store_status caldav_attachment_judge(struct dav_request *r, struct span bytes, struct caldav_attached *attached_r,
					  const char **condition_r);
/* It has been put: what it does not name any more goes. */
void caldav_attachment_settle(struct dav_request *r, const struct store_object_put *put,
			      const unsigned char tag[STORE_TAG_BYTES], const struct caldav_attached *attached);
/* Many have been put at once, each with its result. */
void caldav_attachment_settle_all(struct dav_request *r, uint64_t calendar, const struct store_object_put *puts,
				  const struct caldav_attached *attached, size_t count);

#endif

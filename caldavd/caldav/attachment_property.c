/* What a calendar says of its managed attachments (RFC 8607, 6). managed-attachments-server-URL is empty: addresses are
 * paths on this server. */
#include "caldavd/caldav/attachment.h"
#include "caldavd/dav/property_table.h"

bool property_max_attachment_size(struct dav_subject *subject, struct buf *out)
{
	buf_u64(out, subject->r->daemon->options.attachment_max);
	return true;
}

bool property_max_attachments(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_u64(out, CALDAV_ATTACHMENTS_MAX);
	return true;
}

/* LOCK and UNLOCK (RFC 4918, 9.10 and 9.11). */
#ifndef CALDAVD_DAV_LOCK_H
#define CALDAVD_DAV_LOCK_H

#include "caldavd/dav/dav.h"

/* D:activelock (RFC 4918, 14.1). */
void dav_write_active_lock(struct dav_request *r, const struct store_lock *lock, struct buf *out);

void dav_lock_run(struct dav_request *r);
void dav_unlock_run(struct dav_request *r);

#endif

/* What PUT, POST and MOVE have in common. */
#ifndef CALDAVD_DAV_PUT_H
#define CALDAVD_DAV_PUT_H

#include "caldavd/dav/dav.h"

/* 201, 204, or why it failed. */
void dav_put_answer(struct dav_request *r, const struct store_object_put *put, enum store_status status,
		    const struct store_object_result *result);
/* C:no-uid-conflict with the address of `name`, which lies beside `in`. */
void dav_uid_conflict(struct dav_request *r, const struct dav_resource *in, struct span name);

#endif

/* The methods (RFC 9110, 9; RFC 4918, 9; RFC 4791, 5.3; RFC 3744, 8.1). Each sets the answer. */
#ifndef CALDAVD_DAV_METHODS_H
#define CALDAVD_DAV_METHODS_H

#include "caldavd/dav/dav.h"

void dav_options_run(struct dav_request *r);
void dav_get_run(struct dav_request *r); /* and HEAD */
void dav_put_run(struct dav_request *r);
void dav_post_run(struct dav_request *r);
void dav_delete_run(struct dav_request *r);
void dav_propfind_run(struct dav_request *r);
void dav_proppatch_run(struct dav_request *r);
void dav_mkcol_run(struct dav_request *r);
void dav_mkcalendar_run(struct dav_request *r);
void dav_copy_run(struct dav_request *r);
void dav_move_run(struct dav_request *r);
void dav_report_run(struct dav_request *r);
void dav_acl_run(struct dav_request *r);

/* 200 or 206 with the bytes [from, end) of a blob, as the client takes them. False: it cannot be read; the answer says
 * so. */
bool dav_answer_blob(struct dav_request *r, unsigned status, const char *type, uint64_t blob, uint64_t from,
		     uint64_t end);

/* The headers that say what is spoken here: DAV; Allow. */
void dav_write_classes(struct dav_request *r);
void dav_write_allow(struct dav_request *r);

#endif

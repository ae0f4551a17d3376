/* All methods. Allow is printed from here. */
#include "caldavd/dav/lock.h"
#include "caldavd/dav/methods.h"
#include "common/base/must.h"

/* clang-format off */
enum { EVERYTHING = DAV_ANY | DAV_UNMAPPED | DAV_NOTHING, LEAVES = DAV_OBJECT | DAV_FILE,
       MOVABLE = DAV_OBJECT | DAV_FILE | DAV_FOLDER | DAV_CALENDAR, KEEPS = DAV_STORED | DAV_HOME };

const struct dav_method dav_methods[] = {
	/* name         run                 where                                                body                 traits */
	{ "OPTIONS",    dav_options_run,    EVERYTHING,                                          DAV_BODY_NONE,       0 },
	{ "GET",        dav_get_run,        DAV_ANY,                                             DAV_BODY_NONE,       DAV_READS },
	{ "HEAD",       dav_get_run,        DAV_ANY,                                             DAV_BODY_NONE,       DAV_READS },
	{ "PUT",        dav_put_run,        LEAVES | DAV_UNMAPPED,                               DAV_BODY_RESOURCE,   DAV_CHANGES },
	{ "POST",       dav_post_run,       DAV_CALENDAR | DAV_HOME | DAV_OBJECT,                DAV_BODY_ATTACHMENT, DAV_CHANGES },
	{ "DELETE",     dav_delete_run,     DAV_STORED,                                          DAV_BODY_NONE,       DAV_CHANGES },
	{ "PROPFIND",   dav_propfind_run,   DAV_ANY,                                             DAV_BODY_XML,        DAV_CHANGES },
	{ "PROPPATCH",  dav_proppatch_run,  KEEPS,                                               DAV_BODY_XML,        DAV_CHANGES | DAV_NEEDS_XML },
	{ "REPORT",     dav_report_run,     DAV_ANY,                                             DAV_BODY_XML,        DAV_CHANGES | DAV_NEEDS_XML },
	{ "MKCOL",      dav_mkcol_run,      DAV_UNMAPPED,                                        DAV_BODY_XML,        DAV_CHANGES },
	{ "MKCALENDAR", dav_mkcalendar_run, DAV_UNMAPPED,                                        DAV_BODY_XML,        DAV_CHANGES },
	{ "COPY",       dav_copy_run,       MOVABLE,                                             DAV_BODY_NONE,       DAV_CHANGES },
	{ "MOVE",       dav_move_run,       MOVABLE,                                             DAV_BODY_NONE,       DAV_CHANGES },
	{ "LOCK",       dav_lock_run,       KEEPS | DAV_UNMAPPED,                                DAV_BODY_XML,        DAV_CHANGES },
	{ "UNLOCK",     dav_unlock_run,     KEEPS | DAV_UNMAPPED,                                DAV_BODY_NONE,       DAV_CHANGES },
	{ "ACL",        dav_acl_run,        KEEPS,                                               DAV_BODY_XML,        DAV_CHANGES },
};
/* clang-format on */
const size_t dav_methods_count = array_count(dav_methods);

const struct dav_method *dav_method_find(struct span name)
{
	for (size_t i = 0; i < dav_methods_count; i++)
		if (span_is(name, dav_methods[i].name))
			return &dav_methods[i];
	return NULL;
}

void dav_write_allow(struct dav_request *r)
{
	struct buf allow = {0};
	unsigned types = r->resource.type == DAV_NOTHING ? DAV_UNMAPPED : r->resource.type;

	for (size_t i = 0; i < dav_methods_count; i++)
		if (dav_methods[i].on & types) {
			if (allow.n > 0)
				buf_text(&allow, ", ");
			buf_text(&allow, dav_methods[i].name);
		}
	http_field_span(r->x, "Allow", buf_view(&allow));
	buf_done(&allow);
}

/* On every resource, since Apple's clients look at principals and Evolution at each calendar (quirk 6). */
void dav_write_classes(struct dav_request *r)
{
	http_field(r->x, "DAV", "1, 2, 3, access-control, extended-mkcol, add-member");
	http_field(r->x, "DAV", "calendar-access, calendar-no-timezone, calendarserver-principal-property-search");
	/* the second word: no instance is made of its own only for an attachment (RFC 8607, 3.1) */
	http_field(r->x, "DAV", "calendar-managed-attachments, calendar-managed-attachments-no-recurrence");
}

void dav_options_run(struct dav_request *r)
{
	dav_write_classes(r);
	dav_write_allow(r);
	http_answer(r->x, 200, NULL, SPAN(""));
}

/* Everybody owns what is his, and nobody else has rights there: lists of access are not to be set (RFC 3744, 8.1.1). */
void dav_acl_run(struct dav_request *r)
{
	dav_error(r, 403, "D:need-privileges", NULL);
}

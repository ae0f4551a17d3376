/* Values of WebDAV's properties. */
#include "caldavd/dav/lock.h"
#include "caldavd/dav/property_table.h"
#include "caldavd/dav/report.h"
#include "caldavd/http/date.h"

#include <stdio.h>
#include <time.h>

bool property_empty(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	(void)out;
	return true;
}

/* --- of the resource itself --- */

bool property_creationdate(struct dav_subject *subject, struct buf *out)
{
	const struct dav_resource *resource = subject->resource;
	time_t at = (time_t)(dav_is_leaf(resource) ? resource->object.created_at : resource->collection.created_at);
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL)
		return false;
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec);
	return true;
}

bool property_getlastmodified(struct dav_subject *subject, struct buf *out)
{
	const struct dav_resource *resource = subject->resource;

	http_date_write(dav_is_leaf(resource) ? resource->object.modified_at : resource->collection.modified_at, out);
	return true;
}

bool property_displayname(struct dav_subject *subject, struct buf *out)
{
	const struct dav_resource *resource = subject->resource;
	struct span name;

	switch (resource->type) {
	case DAV_PRINCIPAL:
	case DAV_HOME:
		xml_write_text(resource->owner.display_name.n > 0 ? resource->owner.display_name : resource->owner.name,
			       out);
		return true;
	case DAV_CALENDAR:
	case DAV_INBOX:
	case DAV_OUTBOX:
		name = resource->collection.name;
		if (name.n == 0)
			return false;
		buf_byte(out, ascii_upper(name.p[0]));
		xml_write_text(span_sub(name, 1, SIZE_MAX), out);
		return true;
	case DAV_ROOT:
	case DAV_PRINCIPALS:
	case DAV_HOMES:
	case DAV_FOLDER:
	case DAV_OBJECT:
	case DAV_FILE:
	case DAV_UNMAPPED:
	case DAV_NOTHING:
	case DAV_COLLECTIONS:
	case DAV_STORED:
	case DAV_ANY:
		break;
	}
	return false;
}

bool property_getcontentlength(struct dav_subject *subject, struct buf *out)
{
	buf_u64(out, subject->resource->object.size);
	return true;
}

struct span dav_content_type(const struct dav_resource *resource)
{
	if (resource->type == DAV_FILE)
		return resource->object.facts.type.n > 0 ? resource->object.facts.type
							 : SPAN("application/octet-stream");
	switch (resource->object.facts.component) {
	case STORE_EVENTS:
		return SPAN("text/calendar; charset=utf-8; component=VEVENT");
	case STORE_TODOS:
		return SPAN("text/calendar; charset=utf-8; component=VTODO");
	case STORE_JOURNALS:
		return SPAN("text/calendar; charset=utf-8; component=VJOURNAL");
	default:
		return SPAN("text/calendar; charset=utf-8");
	}
}

bool property_getcontenttype(struct dav_subject *subject, struct buf *out)
{
	if (dav_is_leaf(subject->resource))
		xml_write_text(dav_content_type(subject->resource), out);
	else if (subject->resource->type == DAV_FOLDER)
		buf_text(out, "httpd/unix-directory");
	else
		buf_text(out, "text/calendar; charset=utf-8");
	return true;
}

bool property_getetag(struct dav_subject *subject, struct buf *out)
{
	char text[DAV_TAG_TEXT];

	buf_span(out, dav_tag_write(subject->resource->object.tag, text)); /* quotes need no escape here */
	return true;
}

bool property_resourcetype(struct dav_subject *subject, struct buf *out)
{
	if (subject->resource->type & DAV_COLLECTIONS)
		buf_text(out, "<D:collection/>");
	if (subject->resource->type == DAV_PRINCIPAL)
		buf_text(out, "<D:principal/>");
	if (subject->resource->type == DAV_CALENDAR)
		buf_text(out, "<C:calendar/>");
	if (subject->resource->type == DAV_INBOX)
		buf_text(out, "<C:schedule-inbox/>");
	if (subject->resource->type == DAV_OUTBOX)
		buf_text(out, "<C:schedule-outbox/>");
	return true;
}

/* --- locks --- */

bool property_supportedlock(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
		      "</D:lockentry><D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/>"
		      "</D:locktype></D:lockentry>");
	return true;
}

bool property_lockdiscovery(struct dav_subject *subject, struct buf *out)
{
	struct dav_request *r = subject->r;
	struct store_lock *locks;
	size_t count;

	if (store_lock_list(r->store, r->user.id, subject->resource->owner.id, dav_resource_path(r, subject->resource),
			    r->arena, &locks, &count) != STORE_OK)
		return false;
	for (size_t i = 0; i < count; i++)
		dav_write_active_lock(r, &locks[i], out);
	return true;
}

/* --- quota (RFC 4331) --- */

static bool read_user(struct dav_subject *subject, struct store_user *user_r)
{
	struct dav_request *r = subject->r;

	return store_user_get(r->store, r->user.id, r->arena, user_r) == STORE_OK;
}

bool property_quota_used(struct dav_subject *subject, struct buf *out)
{
	struct store_user user;

	if (!read_user(subject, &user))
		return false;
	buf_u64(out, user.used_bytes);
	return true;
}

bool property_quota_available(struct dav_subject *subject, struct buf *out)
{
	struct store_user user;

	if (!read_user(subject, &user) || user.quota_bytes == 0)
		return false;
	buf_u64(out, user.quota_bytes > user.used_bytes ? user.quota_bytes - user.used_bytes : 0);
	return true;
}

/* --- principals and rights (RFC 3744, RFC 5397) --- */

static void write_principal_href(const struct dav_request *r, struct span user, struct buf *out)
{
	struct buf href = {0};

	dav_write_principal(r, user, &href);
	buf_text(out, "<D:href>");
	xml_write_text(buf_view(&href), out);
	buf_text(out, "</D:href>");
	buf_done(&href);
}

bool property_current_user_principal(struct dav_subject *subject, struct buf *out)
{
	write_principal_href(subject->r, subject->r->user.name, out);
	return true;
}

bool property_principal_url(struct dav_subject *subject, struct buf *out)
{
	write_principal_href(subject->r, subject->resource->owner.name, out);
	return true;
}

bool property_owner(struct dav_subject *subject, struct buf *out)
{
	write_principal_href(subject->r, subject->resource->owner.name, out);
	return true;
}

bool property_principal_collections(struct dav_subject *subject, struct buf *out)
{
	buf_text(out, "<D:href>");
	xml_write_text(subject->r->daemon->options.base_path, out);
	buf_text(out, "/principals/</D:href>");
	return true;
}

#define PRIVILEGE(name) "<D:privilege><" name "/></D:privilege>"
#define SUPPORTED(name, text, inner)                                                                                   \
	"<D:supported-privilege>" PRIVILEGE(name) "<D:description xml:lang=\"en\">" text "</D:description>" inner      \
						  "</D:supported-privilege>"

bool property_supported_privileges(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, SUPPORTED("D:all", "Any operation",
				SUPPORTED("D:read", "Read",
					  SUPPORTED("C:read-free-busy", "Read free and busy times", "") SUPPORTED(
						  "D:read-current-user-privilege-set", "Read one's own rights", ""))
					SUPPORTED("D:write", "Write",
						  SUPPORTED("D:write-properties", "Change properties", "")
							  SUPPORTED("D:write-content", "Change content", "")
								  SUPPORTED("D:bind", "Add members", "")
									  SUPPORTED("D:unbind", "Remove members", ""))
						SUPPORTED("D:unlock", "Remove another's lock", "")
							SUPPORTED("D:read-acl", "Read rights", "")));
	return true;
}

bool property_current_privileges(struct dav_subject *subject, struct buf *out)
{
	const struct dav_resource *resource = subject->resource;

	buf_text(out, PRIVILEGE("D:read") PRIVILEGE("D:read-current-user-privilege-set"));
	if (!(resource->type & (DAV_STORED | DAV_HOME)) || resource->owner.id != subject->r->user.id)
		return true;
	buf_text(out, PRIVILEGE("C:read-free-busy") PRIVILEGE("D:read-acl") PRIVILEGE("D:write")
			      PRIVILEGE("D:write-properties") PRIVILEGE("D:write-content") PRIVILEGE("D:bind")
				      PRIVILEGE("D:unbind") PRIVILEGE("D:unlock"));
	return true;
}

bool property_acl(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out,
		 "<D:ace><D:principal><D:property><D:owner/></D:property></D:principal><D:grant>" PRIVILEGE("D:read")
			 PRIVILEGE("D:write") PRIVILEGE("D:read-acl") PRIVILEGE("C:read-free-busy")
				 PRIVILEGE("D:unlock") "</D:grant><D:protected/></D:ace>");
	return true;
}

bool property_acl_restrictions(struct dav_subject *subject, struct buf *out)
{
	(void)subject;
	buf_text(out, "<D:grant-only/><D:no-invert/>");
	return true;
}

/* --- reports and changes --- */

bool property_supported_reports(struct dav_subject *subject, struct buf *out)
{
	for (size_t i = 0; i < dav_reports_count; i++) {
		if (!(dav_reports[i].on & subject->resource->type))
			continue;
		buf_printf(out, "<D:supported-report><D:report><%s:%s/></D:report></D:supported-report>",
			   dav_prefix_of(span_of(dav_reports[i].ns)), dav_reports[i].name);
	}
	return true;
}

bool property_sync_token(struct dav_subject *subject, struct buf *out)
{
	dav_write_sync_token(&subject->resource->collection, subject->resource->collection.modseq, 0, out);
	return true;
}

bool property_add_member(struct dav_subject *subject, struct buf *out)
{
	buf_text(out, "<D:href>");
	xml_write_text(subject->resource->href, out);
	buf_text(out, "?add-member</D:href>");
	return true;
}

/* Of a home: of everything in it, since iOS looks into no calendar while this stays. */
bool property_ctag(struct dav_subject *subject, struct buf *out)
{
	struct dav_request *r = subject->r;
	const struct dav_resource *resource = subject->resource;
	uint64_t state;

	if (resource->type != DAV_HOME) {
		buf_printf(out, "\"%llu-%llu\"", (unsigned long long)resource->collection.id,
			   (unsigned long long)resource->collection.modseq);
		return true;
	}
	if (store_collection_state(r->store, r->user.id, resource->owner.id, &state) != STORE_OK)
		return false;
	buf_printf(out, "\"%016llx\"", (unsigned long long)state);
	return true;
}

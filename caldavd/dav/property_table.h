/* The values of the live properties. Each writes the content of its element; see struct dav_property. */
#ifndef CALDAVD_DAV_PROPERTY_TABLE_H
#define CALDAVD_DAV_PROPERTY_TABLE_H

#include "caldavd/dav/property.h"

bool property_acl(struct dav_subject *subject, struct buf *out);
bool property_acl_restrictions(struct dav_subject *subject, struct buf *out);
bool property_add_member(struct dav_subject *subject, struct buf *out);
bool property_calendar_data(struct dav_subject *subject, struct buf *out);
bool property_collations(struct dav_subject *subject, struct buf *out);
bool property_component_sets(struct dav_subject *subject, struct buf *out);
bool property_components(struct dav_subject *subject, struct buf *out);
bool property_creationdate(struct dav_subject *subject, struct buf *out);
bool property_ctag(struct dav_subject *subject, struct buf *out);
bool property_current_privileges(struct dav_subject *subject, struct buf *out);
bool property_current_user_principal(struct dav_subject *subject, struct buf *out);
bool property_default_calendar(struct dav_subject *subject, struct buf *out);
bool property_displayname(struct dav_subject *subject, struct buf *out);
bool property_empty(struct dav_subject *subject, struct buf *out);
bool property_free_busy_set(struct dav_subject *subject, struct buf *out);
bool property_getcontentlength(struct dav_subject *subject, struct buf *out);
bool property_getcontenttype(struct dav_subject *subject, struct buf *out);
bool property_getetag(struct dav_subject *subject, struct buf *out);
bool property_getlastmodified(struct dav_subject *subject, struct buf *out);
bool property_home_set(struct dav_subject *subject, struct buf *out);
bool property_inbox_url(struct dav_subject *subject, struct buf *out);
bool property_lockdiscovery(struct dav_subject *subject, struct buf *out);
bool property_mail_addresses(struct dav_subject *subject, struct buf *out);
bool property_max_attachment_size(struct dav_subject *subject, struct buf *out);
bool property_max_attachments(struct dav_subject *subject, struct buf *out);
bool property_max_attendees(struct dav_subject *subject, struct buf *out);
bool property_max_date_time(struct dav_subject *subject, struct buf *out);
bool property_max_instances(struct dav_subject *subject, struct buf *out);
bool property_max_resource_size(struct dav_subject *subject, struct buf *out);
bool property_min_date_time(struct dav_subject *subject, struct buf *out);
bool property_outbox_url(struct dav_subject *subject, struct buf *out);
bool property_owner(struct dav_subject *subject, struct buf *out);
bool property_principal_collections(struct dav_subject *subject, struct buf *out);
bool property_principal_url(struct dav_subject *subject, struct buf *out);
bool property_quota_available(struct dav_subject *subject, struct buf *out);
bool property_quota_used(struct dav_subject *subject, struct buf *out);
bool property_resourcetype(struct dav_subject *subject, struct buf *out);
bool property_schedule_tag(struct dav_subject *subject, struct buf *out);
bool property_supported_privileges(struct dav_subject *subject, struct buf *out);
bool property_supported_reports(struct dav_subject *subject, struct buf *out);
bool property_supportedlock(struct dav_subject *subject, struct buf *out);
bool property_sync_token(struct dav_subject *subject, struct buf *out);
bool property_timezone(struct dav_subject *subject, struct buf *out);
bool property_timezone_id(struct dav_subject *subject, struct buf *out);
bool property_timezone_services(struct dav_subject *subject, struct buf *out);
bool property_transparency(struct dav_subject *subject, struct buf *out);
bool property_user_addresses(struct dav_subject *subject, struct buf *out);
bool property_user_type(struct dav_subject *subject, struct buf *out);

const char *property_check_availability(struct dav_request *r, const xmlNode *value);
const char *property_check_timezone(struct dav_request *r, const xmlNode *value);
const char *property_check_timezone_id(struct dav_request *r, const xmlNode *value);
const char *property_check_transparency(struct dav_request *r, const xmlNode *value);

#endif

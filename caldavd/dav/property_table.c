/* The live properties: of WebDAV (RFC 4918, 15; RFC 3744; RFC 4331; RFC 5397; RFC 5995; RFC 6578), of CalDAV (RFC 4791;
 * RFC 6638; RFC 7809; RFC 8607), and those that clients rely on besides. Values that need more than a line stand in
 * property_dav.c and property_caldav.c. */
#include "caldavd/dav/property_table.h"
#include "common/base/must.h"

/* clang-format off */
#define ALL  PROPERTY_IN_ALLPROP
#define OURS PROPERTY_PROTECTED
#define KEPT PROPERTY_STORED
enum { PEOPLE = DAV_PRINCIPAL, CALENDARS = DAV_CALENDAR | DAV_INBOX, LEAVES = DAV_OBJECT | DAV_FILE,
       KEEPS = DAV_STORED | DAV_HOME, HOLDERS = DAV_HOME | DAV_FOLDER | DAV_CALENDAR | DAV_INBOX | DAV_OUTBOX };

const struct dav_property dav_properties[] = {
	/* namespace   name                                on          traits      write                              check */
	{ NS_DAV,    "creationdate",                     KEEPS,      ALL | OURS, property_creationdate,             NULL },
	{ NS_DAV,    "displayname",                      DAV_ANY,    ALL | KEPT, property_displayname,              NULL },
	{ NS_DAV,    "getcontentlanguage",               LEAVES,     ALL | KEPT, NULL,                              NULL },
	{ NS_DAV,    "getcontentlength",                 LEAVES,     ALL | OURS, property_getcontentlength,         NULL },
	{ NS_DAV,    "getcontenttype",                   DAV_STORED, ALL | OURS, property_getcontenttype,           NULL },
	{ NS_DAV,    "getetag",                          LEAVES,     ALL | OURS, property_getetag,                  NULL },
	{ NS_DAV,    "getlastmodified",                  KEEPS,      ALL | OURS, property_getlastmodified,          NULL },
	{ NS_DAV,    "lockdiscovery",                    KEEPS,      ALL | OURS, property_lockdiscovery,            NULL },
	/* OS X 10.7 takes a share back by setting the resource type (quirk 20): heard, and nothing changes */
	{ NS_DAV,    "resourcetype",                     DAV_ANY,    ALL | PROPERTY_IGNORED, property_resourcetype, NULL },
	{ NS_DAV,    "supportedlock",                    KEEPS,      ALL | OURS, property_supportedlock,            NULL },
	{ NS_DAV,    "quota-available-bytes",            HOLDERS,    OURS,       property_quota_available,          NULL },
	{ NS_DAV,    "quota-used-bytes",                 HOLDERS,    OURS,       property_quota_used,               NULL },
	{ NS_DAV,    "current-user-principal",           DAV_ANY,    OURS,       property_current_user_principal,   NULL },
	{ NS_DAV,    "principal-URL",                    PEOPLE,     OURS,       property_principal_url,            NULL },
	{ NS_DAV,    "principal-collection-set",         DAV_ANY,    OURS,       property_principal_collections,    NULL },
	{ NS_DAV,    "alternate-URI-set",                PEOPLE,     OURS,       property_empty,                    NULL },
	{ NS_DAV,    "group-member-set",                 PEOPLE,     OURS,       property_empty,                    NULL },
	{ NS_DAV,    "group-membership",                 PEOPLE,     OURS,       property_empty,                    NULL },
	{ NS_DAV,    "owner",                            KEEPS,      OURS,       property_owner,                    NULL },
	{ NS_DAV,    "group",                            KEEPS,      OURS,       property_empty,                    NULL },
	{ NS_DAV,    "supported-privilege-set",          DAV_ANY,    OURS,       property_supported_privileges,     NULL },
	{ NS_DAV,    "current-user-privilege-set",       DAV_ANY,    OURS,       property_current_privileges,       NULL },
	{ NS_DAV,    "acl",                              KEEPS,      OURS,       property_acl,                      NULL },
	{ NS_DAV,    "acl-restrictions",                 KEEPS,      OURS,       property_acl_restrictions,         NULL },
	{ NS_DAV,    "inherited-acl-set",                KEEPS,      OURS,       property_empty,                    NULL },
	{ NS_DAV,    "supported-report-set",             DAV_ANY,    OURS,       property_supported_reports,        NULL },
	{ NS_DAV,    "sync-token",                       DAV_FOLDER | CALENDARS, OURS, property_sync_token,         NULL },
	{ NS_DAV,    "add-member",                       DAV_CALENDAR, OURS,     property_add_member,               NULL },

	{ NS_CALDAV, "calendar-home-set",                DAV_ROOT | DAV_PRINCIPALS | PEOPLE | DAV_HOME, OURS, property_home_set, NULL },
	{ NS_CALDAV, "calendar-user-address-set",        PEOPLE,     OURS,       property_user_addresses,           NULL },
	{ NS_CALDAV, "calendar-user-type",               PEOPLE,     OURS,       property_user_type,                NULL },
	{ NS_CALDAV, "schedule-inbox-URL",               PEOPLE,     OURS,       property_inbox_url,                NULL },
	{ NS_CALDAV, "schedule-outbox-URL",              PEOPLE,     OURS,       property_outbox_url,               NULL },
	{ NS_CALDAV, "schedule-default-calendar-URL",    DAV_INBOX,  OURS,       property_default_calendar,         NULL },
	{ NS_CALDAV, "calendar-free-busy-set",           DAV_INBOX,  PROPERTY_IGNORED, property_free_busy_set,      NULL },
	{ NS_CALDAV, "schedule-calendar-transp",         DAV_CALENDAR, KEPT,     property_transparency,             property_check_transparency },
	{ NS_CALDAV, "schedule-tag",                     DAV_OBJECT, OURS,       property_schedule_tag,             NULL },
	{ NS_CALDAV, "calendar-description",             DAV_CALENDAR, KEPT,     NULL,                              NULL },
	{ NS_CALDAV, "calendar-timezone",                CALENDARS | DAV_HOME, KEPT, property_timezone,             property_check_timezone },
	{ NS_CALDAV, "calendar-timezone-id",             CALENDARS | DAV_HOME, KEPT, property_timezone_id,          property_check_timezone_id },
	{ NS_CALDAV, "calendar-availability",            CALENDARS | DAV_HOME, KEPT, NULL,                          property_check_availability },
	{ NS_CALDAV, "timezone-service-set",             CALENDARS | DAV_HOME, OURS, property_timezone_services,    NULL },
	{ NS_CALDAV, "supported-calendar-component-set", CALENDARS | DAV_OUTBOX, OURS, property_components,         NULL },
	{ NS_CALDAV, "supported-calendar-component-sets", DAV_HOME,  OURS,       property_component_sets,           NULL },
	{ NS_CALDAV, "supported-calendar-data",          CALENDARS | DAV_OUTBOX, OURS, property_calendar_data,      NULL },
	{ NS_CALDAV, "max-resource-size",                CALENDARS | DAV_OUTBOX, OURS, property_max_resource_size,  NULL },
	{ NS_CALDAV, "min-date-time",                    CALENDARS | DAV_OUTBOX, OURS, property_min_date_time,      NULL },
	{ NS_CALDAV, "max-date-time",                    CALENDARS | DAV_OUTBOX, OURS, property_max_date_time,      NULL },
	{ NS_CALDAV, "max-instances",                    CALENDARS | DAV_OUTBOX, OURS, property_max_instances,      NULL },
	{ NS_CALDAV, "max-attendees-per-instance",       CALENDARS | DAV_OUTBOX, OURS, property_max_attendees,      NULL },
	{ NS_CALDAV, "managed-attachments-server-URL",   DAV_HOME,   OURS,       property_empty,                    NULL },
	{ NS_CALDAV, "max-attachment-size",              DAV_CALENDAR, OURS,     property_max_attachment_size,      NULL },
	{ NS_CALDAV, "max-attachments-per-resource",     DAV_CALENDAR, OURS,     property_max_attachments,          NULL },
	{ NS_CALDAV, "supported-collation-set",          CALENDARS | DAV_HOME, OURS, property_collations,           NULL },

	/* DAVx5, iOS and macOS look for changes here before they look for sync tokens; iOS at the home, too (quirk 15), and
	 * Evolution at plain folders (quirk 39) */
	{ NS_CS,     "getctag",                          HOLDERS,    OURS,       property_ctag,                     NULL },
	{ NS_CS,     "source",                           CALENDARS,  KEPT,       NULL,                              NULL },
	{ NS_CS,     "email-address-set",                PEOPLE,     OURS,       property_mail_addresses,           NULL },
};
/* clang-format on */
const size_t dav_properties_count = array_count(dav_properties);

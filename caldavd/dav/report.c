/* REPORT: the dispatcher and the table. supported-report-set is printed from here. */
#include "caldavd/dav/report.h"
#include "caldavd/dav/methods.h"
#include "common/base/must.h"

/* clang-format off */
enum { SYNCED = DAV_CALENDAR | DAV_FOLDER | DAV_INBOX, CALENDARS = DAV_CALENDAR | DAV_INBOX };
const struct dav_report dav_reports[] = {
	/* namespace   name                              run                                    on */
	{ NS_CALDAV, "calendar-query",                 caldav_query_run,                      CALENDARS | DAV_OBJECT | DAV_HOME },
	{ NS_CALDAV, "calendar-multiget",              caldav_multiget_run,                   CALENDARS | DAV_OBJECT | DAV_HOME },
	{ NS_CALDAV, "free-busy-query",                caldav_free_busy_run,                  CALENDARS | DAV_HOME },
	{ NS_DAV,    "sync-collection",                dav_sync_collection_run,               SYNCED },
	{ NS_DAV,    "expand-property",                dav_expand_property_run,               DAV_ANY },
	{ NS_DAV,    "principal-match",                dav_principal_match_run,               DAV_COLLECTIONS },
	/* Evolution asks calendars for colleagues (quirk 38) */
	{ NS_DAV,    "principal-property-search",      dav_principal_search_run,              DAV_ANY },
	{ NS_DAV,    "principal-search-property-set",  dav_principal_search_properties_run,   DAV_ANY },
	{ NS_DAV,    "acl-principal-prop-set",         dav_acl_principals_run,                DAV_STORED | DAV_HOME },
};
/* clang-format on */
const size_t dav_reports_count = array_count(dav_reports);

void dav_report_run(struct dav_request *r)
{
	const xmlNode *root = xmlDocGetRootElement(r->xml);

	for (size_t i = 0; i < dav_reports_count; i++) {
		if (!xml_is(root, dav_reports[i].ns, dav_reports[i].name))
			continue;
		if (dav_reports[i].on & r->resource.type)
			dav_reports[i].run(r, root);
		else
			dav_error(r, 403, "D:supported-report", NULL);
		return;
	}
	dav_error(r, 403, "D:supported-report", NULL);
}

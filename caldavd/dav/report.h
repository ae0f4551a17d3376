/* Reports (RFC 3253, 3.6): a row each. */
#ifndef CALDAVD_DAV_REPORT_H
#define CALDAVD_DAV_REPORT_H

#include "caldavd/dav/dav.h"

struct dav_report {
	const char *ns, *name;
	void (*run)(struct dav_request *r, const xmlNode *root);
	unsigned on; /* enum dav_type */
};
extern const struct dav_report dav_reports[];
extern const size_t dav_reports_count;

void dav_sync_collection_run(struct dav_request *r, const xmlNode *root);
void dav_expand_property_run(struct dav_request *r, const xmlNode *root);
void dav_principal_match_run(struct dav_request *r, const xmlNode *root);
void dav_principal_search_run(struct dav_request *r, const xmlNode *root);
void dav_principal_search_properties_run(struct dav_request *r, const xmlNode *root);
void dav_acl_principals_run(struct dav_request *r, const xmlNode *root);

void caldav_query_run(struct dav_request *r, const xmlNode *root);
void caldav_multiget_run(struct dav_request *r, const xmlNode *root);
void caldav_free_busy_run(struct dav_request *r, const xmlNode *root);

#endif

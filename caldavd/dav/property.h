/* Properties: what is known of a resource under a name (RFC 4918, 4). Live ones are rows of a table, all else is what
 * clients have left there. */
#ifndef CALDAVD_DAV_PROPERTY_H
#define CALDAVD_DAV_PROPERTY_H

#include "caldavd/dav/dav.h"

enum dav_property_trait {
	PROPERTY_IN_ALLPROP = 1, /* RFC 4918, 9.1: the others must be asked for by name */
	PROPERTY_PROTECTED = 2,  /* the server's alone */
	PROPERTY_STORED = 4,  /* as it was set; write() says what it is where it was not (NULL: it is missing then) */
	PROPERTY_IGNORED = 8, /* setting it is acknowledged and changes nothing: a client insists (see there) */
};

/* A resource whose properties are wanted; the rest is found when it is needed. */
struct dav_subject {
	struct dav_request *r;
	const struct dav_resource *resource;
	struct store_property *stored;
	size_t stored_count;
	bool has_stored;
	bool failed; /* the store could not answer */
};
void dav_subject_init(struct dav_subject *subject, struct dav_request *r, const struct dav_resource *resource);
/* The text of a stored property, in arena; p NULL: it was not set. */
struct span dav_stored_text(struct dav_subject *subject, const char *ns, const char *name);

struct dav_property {
	const char *ns, *name;
	unsigned on; /* enum dav_type */
	unsigned traits;
	/* The content of the element; false: it is not there. The element's tags are written around it. */
	bool (*write)(struct dav_subject *subject, struct buf *out);
	/* May it have this value? NULL: any. The condition that fails otherwise, with its prefix, or NULL. */
	const char *(*check)(struct dav_request *r, const xmlNode *value);
};
extern const struct dav_property dav_properties[];
extern const size_t dav_properties_count;

/* One that a client asks for. */
struct dav_wanted {
	struct span ns, name;
	const struct dav_property *row; /* NULL: not a live one */
	const xmlNode *node;            /* as it was asked for; NULL: not by name */
};
struct dav_wanted dav_wanted_of(const xmlNode *node);
/* The prefix of one of our namespaces; NULL: another one. */
const char *dav_prefix_of(struct span ns);
/* "<D:getetag/>" or with a namespace of its own. */
void dav_write_empty(const struct dav_wanted *wanted, struct buf *out);
/* The whole element. False: it is not there; out is as it was. */
bool dav_write_property(struct dav_subject *subject, const struct dav_wanted *wanted, struct buf *out);

/* What PROPFIND and reports want to see of each resource. */
enum dav_propfind_kind { PROPFIND_ALL, PROPFIND_NAMES, PROPFIND_NAMED };
struct dav_selection {
	enum dav_propfind_kind kind;
	struct dav_wanted *list; /* PROPFIND_ALL: those of include */
	size_t count;
	/* Reports on calendars: writes the element C:calendar-data, as `data` wants it; false: it cannot. */
	bool (*write_data)(struct dav_subject *subject, void *data, struct buf *out);
	void *data;
};
/* element: D:prop. */
void dav_selection_of_prop(struct dav_request *r, const xmlNode *prop, struct dav_selection *selection_r);
/* <D:response> with its propstats. False: the store failed. */
bool dav_write_response(struct dav_request *r, const struct dav_resource *resource,
			const struct dav_selection *selection, struct buf *out);
void dav_write_status_response(struct span href, unsigned status, struct buf *out);

/* Times that calendars hold (RFC 4791, 5.2.6). */
#define CALDAV_MIN_DATE_TIME "00010101T000000Z"
#define CALDAV_MAX_DATE_TIME "99991231T235959Z"

/* enum store_component by its name in iCalendar, in any case; 0: none. And back. */
unsigned dav_component_of(struct span name);
const char *dav_component_name(unsigned bit);

/* The media type of an object or file. */
struct span dav_content_type(const struct dav_resource *resource);

/* The property calendar-data of reports, which need the request's shape (caldav/calendar_data.c). */
bool dav_is_calendar_data(const struct dav_wanted *wanted);

#endif

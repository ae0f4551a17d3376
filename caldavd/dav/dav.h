/* A WebDAV request at work (RFC 4918): who asks, what the address names, under which conditions. One thread at a time;
 * everything lies in the exchange's arena. */
#ifndef CALDAVD_DAV_DAV_H
#define CALDAVD_DAV_DAV_H

#include "caldavd/caldavd.h"
#include "caldavd/dav/xml.h"
#include "common/store/lock.h"
#include "common/store/object.h"
#include "common/store/user.h"

enum dav_type { /* bits: what there is at an address */
		DAV_ROOT = 1,
		DAV_PRINCIPALS = 2,
		DAV_PRINCIPAL = 4,
		DAV_HOMES = 8,
		DAV_HOME = 16,
		DAV_FOLDER = 32,
		DAV_CALENDAR = 64,
		DAV_INBOX = 128,
		DAV_OUTBOX = 256,
		DAV_OBJECT = 512,    /* in a calendar, inbox or outbox */
		DAV_FILE = 1024,     /* in a folder */
		DAV_UNMAPPED = 2048, /* nothing yet, and something could be */
		DAV_NOTHING = 4096,
		DAV_COLLECTIONS = 511, /* everything that contains */
		DAV_STORED = 2016,     /* folders, calendars, inbox, outbox, objects, files */
		DAV_ANY = 2047,
};

enum dav_depth { DAV_DEPTH_0, DAV_DEPTH_1, DAV_DEPTH_INFINITY };

struct dav_user {
	uint64_t id;
	struct span name, display_name, mail;
	bool is_admin;
};

/* What an address names. */
struct dav_resource {
	enum dav_type type;
	struct dav_user owner;              /* of a principal, a home and everything in it */
	struct store_collection collection; /* the one it is, or the one it lies in; id 0: outside the store */
	struct store_object object;         /* DAV_OBJECT, DAV_FILE */
	struct span name;                   /* DAV_UNMAPPED: the last segment */
	bool parent_is_missing;             /* DAV_UNMAPPED: and what it would lie in is not there either */
	struct span href;                   /* as it stands in answers: encoded, with the slash of a collection */
	struct span path; /* below the home, names joined by '/'; of a leaf: that of what it lies in */
};

static inline bool dav_is_leaf(const struct dav_resource *resource)
{
	return (resource->type & (DAV_OBJECT | DAV_FILE)) != 0;
}

struct dav_method;
struct dav_route;

struct dav_request {
	struct http_exchange *x;
	struct caldavd *daemon;
	struct store *store;
	struct arena *arena;
	const struct dav_method *method;
	const struct dav_route *route; /* NULL: WebDAV is at work */
	struct http_target target;     /* without the base path */
	struct dav_user user;          /* id 0: nobody has logged in */
	struct dav_resource resource;
	enum dav_depth depth;
	bool has_depth;
	struct store_guard guard;  /* the locks that If names */
	struct span agent;         /* User-Agent */
	bool is_minimal;           /* Prefer: return=minimal (RFC 8144) */
	bool wants_representation; /* Prefer: return=representation */
	bool without_root;         /* Prefer: depth-noroot */
	bool without_zones;        /* CalDAV-Timezones: F (RFC 7809) */
	struct span alias;         /* an old address: how its collections are written; p NULL: the usual way */
	xmlDoc *xml;               /* of the body; freed with the request */
};

/* --- methods: a row each --- */

enum dav_body { /* how much may come */
		DAV_BODY_NONE,
		DAV_BODY_XML,      /* the body is XML, and may be missing */
		DAV_BODY_RESOURCE, /* PUT */
		DAV_BODY_ATTACHMENT,
		DAV_BODY_IMPORT, /* a whole calendar */
};

enum dav_trait {
	DAV_NEEDS_XML = 1, /* the XML may not be missing */
	DAV_CHANGES = 2,   /* conditions are looked at before */
	DAV_READS = 4,     /* conditions of GET: 304 */
	DAV_FOR_ALL = 8,   /* without log-in */
	DAV_SLASHES = 16,  /* names in the address may hold slashes, encoded */
	DAV_SECRET = 32,   /* the address itself is a secret, which no log may have */
};

struct dav_method {
	const char *name;
	void (*run)(struct dav_request *r);
	unsigned on; /* enum dav_type: where it is allowed; elsewhere 405 */
	enum dav_body body;
	unsigned traits;
};

/* Addresses beside WebDAV, by their first segment (and the second, where one is given). */
struct dav_route {
	const char *first, *second;
	void (*run)(struct dav_request *r);
	enum dav_body body;
	unsigned traits;
};
extern const struct dav_route dav_routes[];
extern const size_t dav_routes_count;
extern const struct dav_method dav_methods[];
extern const size_t dav_methods_count;
const struct dav_method *dav_method_find(struct span name); /* NULL: unknown */

/* --- addresses: resource.c --- */

/* Finds what the segments name, for this user. What he may not see is DAV_NOTHING. STORE_OK, BUSY, BROKEN. */
enum store_status dav_resource_find(struct dav_request *r, const struct http_target *target,
				    struct dav_resource *resource_r);
/* What an href in a request's body or in a header names; false: it is no address of ours. */
bool dav_href_parse(struct dav_request *r, struct span href, struct http_target *target_r);
void dav_path_encode(struct span segment, struct buf *out); /* percent-encoded */
/* Hrefs of ours. */
void dav_write_principal(const struct dav_request *r, struct span user, struct buf *out);
void dav_write_home(const struct dav_request *r, struct span user, struct buf *out);
struct span dav_child_href(struct dav_request *r, const struct dav_resource *parent, struct span name,
			   bool is_collection);
/* A collection in the resource, which is one, as a resource of its own; and an object in it. */
void dav_child_collection(struct dav_request *r, const struct dav_resource *parent,
			  const struct store_collection *collection, struct dav_resource *child_r);
void dav_child_object(struct dav_request *r, const struct dav_resource *parent, const struct store_object *object,
		      struct dav_resource *child_r);
/* Where it is below the home, for locks. */
struct span dav_resource_path(struct dav_request *r, const struct dav_resource *resource);
enum dav_type dav_type_of(enum store_collection_kind kind);

/* --- tags --- */

enum { DAV_TAG_TEXT = 2 + 2 * STORE_TAG_BYTES };
/* "\"0123…\"" of an object. */
struct span dav_tag_write(const unsigned char tag[STORE_TAG_BYTES], char to[DAV_TAG_TEXT]);
/* The sync token of a collection (RFC 6578), and its way back; false: it is none, or another collection's. floor: see
 * store_object_changes(). */
void dav_write_sync_token(const struct store_collection *collection, uint64_t modseq, uint64_t floor, struct buf *out);
bool dav_parse_sync_token(struct span text, const struct store_collection *collection, uint64_t *modseq_r,
			  uint64_t *floor_r);

/* --- answers --- */

/* D:error with one condition in it; name with its prefix ("C:valid-calendar-data"), text for a person (escaped here),
 * both may be NULL. */
void dav_error(struct dav_request *r, unsigned status, const char *condition, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with XML inside the condition. */
void dav_error_xml(struct dav_request *r, unsigned status, const char *condition, struct span inner);
/* What a failed operation of the store is in HTTP's words. */
void dav_fail(struct dav_request *r, enum store_status status);
/* 423 with the addresses of the locks (RFC 4918, 16); where only members of what should go are locked, 207 with a 423
 * of each (9.6.1). destination: of COPY and MOVE, else NULL. In lock.c. */
void dav_answer_locked(struct dav_request *r, const struct dav_resource *destination);
unsigned dav_status_of(enum store_status status);

/* --- conditions: condition.c --- */

/* The object or file itself as an answer; ok: 200, or what else is said with it. In get.c. */
void dav_answer_object(struct dav_request *r, unsigned ok);
/* If, If-Match, If-None-Match, If-Modified-Since (RFC 9110, 13; RFC 4918, 10.4). False: the answer is set. */
bool dav_conditions_hold(struct dav_request *r);
/* They held for the object as it was found, which is a leaf; is it to be changed only as long as it is still that one?
 * To be asked in the transaction, by its tag. */
bool dav_conditions_bind(const struct dav_request *r);

#endif

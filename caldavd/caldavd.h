/* The daemon's state, shared by all sessions. */
#ifndef CALDAVD_CALDAVD_H
#define CALDAVD_CALDAVD_H

#include "caldavd/http/session.h"
#include "common/service/login.h"
#include "common/service/service.h"

struct times_cache; /* caldav/times_cache.h */
struct waiting;     /* waiting.h */

struct caldavd_options {
	uint64_t resource_max;   /* bytes of a calendar object, or another resource */
	uint64_t attachment_max; /* bytes of a managed attachment */
	uint64_t xml_max;        /* bytes of a request's XML */
	uint64_t import_max;     /* bytes of a whole calendar that is put */
	unsigned instances_max;  /* of one object in one expansion */
	unsigned attendees_max;
	struct span base_path;   /* "" or "/dav": in front of every path; borrowed from the configuration */
	bool replaces;           /* PUT of a whole calendar: what is not in it goes; else it stays */
	bool has_directory;      /* principals may be searched for and seen by others */
	struct span mail_domain; /* of users without an address; empty: they have none */
};

struct caldavd {
	struct service service;
	struct caldavd_options options;
	struct http_service http;
	struct times_cache *times;
	struct waiting *waiting;
	unsigned char secret[32];                      /* of this process: keys the digests of credentials */
	unsigned char form_secret[STORE_SECRET_BYTES]; /* of the store: a form of one host is good for another */
};

struct caldavd_session {
	struct http_session http; /* first */
	struct caldavd *daemon;
	struct login *login;           /* NULL unless one is under way */
	struct auth_identity identity; /* of the last good credentials on this connection */
	unsigned char credentials[32]; /* their digest */
	int64_t verified_at;           /* clock_uptime_ms(); 0: there are none */
	int64_t negotiated_at;         /* the connection is the user's since then (Negotiate); 0: it is not */
	struct arena *user_arena;      /* who that is, as the directory knows him */
	struct directory_user user;
};

extern const struct net_protocol caldavd_protocol; /* session.c */

enum http_begin caldavd_begin(struct http_exchange *x); /* service.c */
void caldavd_resume(struct http_exchange *x);
void caldavd_run(struct http_exchange *x);
void caldavd_end(struct http_exchange *x);

#endif

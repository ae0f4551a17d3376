/* trivet-caldavd: CalDAV and iCalendar over the central store. */
#include "caldavd/caldav/times_cache.h"
#include "caldavd/caldavd.h"
#include "caldavd/waiting.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/base/random.h"

#include <libxml/parser.h>
#include <stdlib.h>

/* clang-format off */
static const struct config_key caldav_keys[] = {
	/* section    name              type             fallback  min    max            choices          reloadable help */
	{ "http",     "base_path",      CONFIG_TEXT,     "",       0,     0,             NULL,            false,     "in front of every path, where a proxy gives us a part of a site: /dav" },
	{ "http",     "head_max",       CONFIG_SIZE,     "32K",    1024,  1048576,       NULL,            false,     "bytes of a request's head" },
	{ "http",     "head_time",      CONFIG_DURATION, "20s",    1000,  3600000,       NULL,            false,     "a head that is not whole by then ends the connection" },
	{ "http",     "body_time",      CONFIG_DURATION, "60s",    1000,  3600000,       NULL,            false,     "a body that stands still for so long ends the connection" },
	{ "http",     "compress",       CONFIG_BOOL,     "yes",    0,     0,             NULL,            false,     "answers are compressed for clients that take it (zstd, gzip, deflate)" },
	{ "http",     "access_log",     CONFIG_BOOL,     "no",     0,     0,             NULL,            false,     "one line a request" },
	{ "caldav",   "resource_max",   CONFIG_SIZE,     "10M",    1024,  1073741824,    NULL,            false,     "bytes of a calendar object" },
	{ "caldav",   "attachment_max", CONFIG_SIZE,     "50M",    1024,  1073741824,    NULL,            false,     "bytes of an attachment" },
	{ "caldav",   "import_max",     CONFIG_SIZE,     "100M",   1024,  1073741824,    NULL,            false,     "bytes of a whole calendar that is imported" },
	{ "caldav",   "xml_max",        CONFIG_SIZE,     "4M",     1024,  268435456,     NULL,            false,     "bytes of a request's XML" },
	{ "caldav",   "instances_max",  CONFIG_NUMBER,   "10000",  10,    1000000,       NULL,            false,     "instances of one recurring object in one answer" },
	{ "caldav",   "attendees_max",  CONFIG_NUMBER,   "1000",   1,     1000000,       NULL,            false,     "attendees of one object" },
	{ "caldav",   "import",         CONFIG_CHOICE,   "replace", 0,    0,             "replace merge", false,     "PUT of a whole calendar to /ical/…: what is not in it goes, or stays" },
	{ "caldav",   "directory",      CONFIG_BOOL,     "yes",    0,     0,             NULL,            false,     "users may look for each other (names and mail addresses)" },
	{ "caldav",   "mail_domain",    CONFIG_TEXT,     "",       0,     0,             NULL,            false,     "mail addresses of users who have none: NAME@this" },
	{ "caldav",   "cache",          CONFIG_SIZE,     "64M",    65536, 68719476736,   NULL,            false,     "memory for the instances of recurring objects" },
	{ NULL,       NULL,             CONFIG_TEXT,     NULL,     0,     0,             NULL,            false,     NULL },
};

static const struct net_listener caldav_listeners[] = {
	{ .name = "http",  .tls = false, .protocol = &caldavd_protocol },
	{ .name = "https", .tls = true,  .protocol = &caldavd_protocol },
	{ .name = "health", .protocol = &net_health_protocol },
};
/* clang-format on */

/* "/dav" from "dav", "/dav/", …; "" from "/". */
static struct span base_path(const char *text)
{
	struct span path = span_of(text);

	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static void read_options(const struct config *config, struct caldavd *caldavd)
{
	caldavd->options = (struct caldavd_options){
		.resource_max = config_number(config, "caldav", "resource_max"),
		.attachment_max = config_number(config, "caldav", "attachment_max"),
		.xml_max = config_number(config, "caldav", "xml_max"),
		.import_max = config_number(config, "caldav", "import_max"),
		.instances_max = (unsigned)config_number(config, "caldav", "instances_max"),
		.attendees_max = (unsigned)config_number(config, "caldav", "attendees_max"),
		.base_path = base_path(config_text(config, "http", "base_path")),
		.replaces = span_is(span_of(config_text(config, "caldav", "import")), "replace"),
		.has_directory = config_bool(config, "caldav", "directory"),
		.mail_domain = span_of(config_text(config, "caldav", "mail_domain")),
	};
	caldavd->http = (struct http_service){
		.head_max = config_number(config, "http", "head_max"),
		.head_ms = (unsigned)config_number(config, "http", "head_time"),
		.body_ms = (unsigned)config_number(config, "http", "body_time"),
		.logs_access = config_bool(config, "http", "access_log"),
		.compresses = config_bool(config, "http", "compress"),
		.begin = caldavd_begin,
		.resume = caldavd_resume,
		.run = caldavd_run,
		.end = caldavd_end,
	};
}

static void destroy(struct caldavd **caldavd)
{
	waiting_destroy(&(*caldavd)->waiting);
	service_close(&(*caldavd)->service);
	times_cache_destroy(&(*caldavd)->times);
	free(*caldavd);
	*caldavd = NULL;
}

static char *start(struct net_daemon *net, const struct config *config, void **state_r)
{
	struct caldavd *caldavd = alloc_zero(1, sizeof *caldavd);
	char *error;

	xmlInitParser();
	random_bytes(caldavd->secret, sizeof caldavd->secret);
	read_options(config, caldavd);
	caldavd->waiting = waiting_create();
	caldavd->times = times_cache_create(config_number(config, "caldav", "cache"));
	if (caldavd->options.base_path.n > 0 && caldavd->options.base_path.p[0] != '/')
		error = alloc_text("[http] base_path must begin with a slash");
	else
		error = service_open(&caldavd->service, net, config, "HTTP", NULL, NULL);
	if (error == NULL)
		store_secret(caldavd->service.store, "page", caldavd->form_secret);
	if (error != NULL)
		destroy(&caldavd);
	*state_r = caldavd;
	return error;
}

static void reload(struct net_daemon *net, const struct config *config, void *state)
{
	(void)net;
	auth_reload(((struct caldavd *)state)->service.auth, config);
}

static void stop(struct net_daemon *net, void *state)
{
	struct caldavd *caldavd = state;

	(void)net;
	destroy(&caldavd);
	xmlCleanupParser();
}

static bool healthy(void *state)
{
	return service_is_healthy(&((struct caldavd *)state)->service);
}

int main(int argc, char **argv)
{
	const struct net_program program = {
		.name = "trivet-caldavd",
		.default_config = "/etc/trivet/caldavd.conf",
		.keys = caldav_keys,
		.more_keys = service_keys,
		.more_keys_count = service_keys_count,
		.listeners = caldav_listeners,
		.listener_count = array_count(caldav_listeners),
		.start = start,
		.reload = reload,
		.stop = stop,
		.healthy = healthy,
	};

	return net_main(argc, argv, &program);
}

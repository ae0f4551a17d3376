/* trivet-imapd: IMAP4rev1 and IMAP4rev2 over the central store. */
#include "imapd/imapd.h"
#include "imapd/watchers.h"
#include "common/base/alloc.h"

#include <stdlib.h>

/* clang-format off */
const struct config_key imapd_keys[] = {
	/* section  name                    type             fallback  min    max          choices  reloadable  help */
	{ "imap",   "line_max",             CONFIG_SIZE,     "64K",    8192,  16777216,    NULL,    false,      "bytes of a command without its literals" },
	{ "imap",   "literal_before_login", CONFIG_SIZE,     "8K",     1024,  1048576,     NULL,    false,      "bytes of literals before log-in" },
	{ "imap",   "literal_max",          CONFIG_SIZE,     "256K",   4096,  67108864,    NULL,    false,      "bytes of literals of a command other than APPEND" },
	{ "imap",   "message_max",          CONFIG_SIZE,     "64M",    65536, 1073741824,  NULL,    false,      "bytes of a message (APPENDLIMIT)" },
	{ "imap",   "stream_from",          CONFIG_SIZE,     "256K",   4096,  67108864,    NULL,    false,      "APPEND literals from this size on go to the store as they arrive" },
	{ "imap",   "search_depth",         CONFIG_NUMBER,   "32",     1,     1000,        NULL,    false,      "nesting of search programs" },
	{ "imap",   "bad_commands",         CONFIG_NUMBER,   "20",     1,     1000000,     NULL,    false,      "bad commands in a row that end a session" },
	{ "imap",   "search_text",          CONFIG_SIZE,     "1M",     1024,  67108864,    NULL,    false,      "bytes of text a message that are kept for SEARCH" },
	{ "imap",   "idle_sign_of_life",    CONFIG_DURATION, "2m",     1000,  1800000,     NULL,    false,      "how often an idle client is told that the server is still here" },
	{ NULL,     NULL,                   CONFIG_TEXT,     NULL,     0,     0,           NULL,    false,      NULL },
};

static const struct net_listener imap_listeners[] = {
	{ .name = "imap",  .tls = false, .protocol = &imap_protocol },
	{ .name = "imaps", .tls = true,  .protocol = &imap_protocol },
	{ .name = "health", .protocol = &net_health_protocol },
};
/* clang-format on */

static void read_limits(const struct config *config, struct imap_limits *limits)
{
	limits->line = config_number(config, "imap", "line_max");
	limits->literal_before_login = config_number(config, "imap", "literal_before_login");
	limits->literal = config_number(config, "imap", "literal_max");
	limits->message = config_number(config, "imap", "message_max");
	limits->stream_from = config_number(config, "imap", "stream_from");
	limits->search_depth = (unsigned)config_number(config, "imap", "search_depth");
	limits->bad_commands = (unsigned)config_number(config, "imap", "bad_commands");
	limits->text = config_number(config, "imap", "search_text");
	limits->sign_of_life_ms = config_number(config, "imap", "idle_sign_of_life");
}

static void destroy(struct imapd **imapd)
{
	service_close(&(*imapd)->service);
	imap_watchers_destroy(&(*imapd)->watchers);
	free(*imapd);
	*imapd = NULL;
}

static char *start(struct net_daemon *net, const struct config *config, void **state_r)
{
	struct imapd *imapd = alloc_zero(1, sizeof *imapd);
	char *error;

	read_limits(config, &imapd->limits);
	imapd->watchers = imap_watchers_create(imapd);
	error = service_open(&imapd->service, net, config, "imap", imap_watchers_wake, imapd->watchers);
	if (error != NULL)
		destroy(&imapd);
	*state_r = imapd;
	return error;
}

static void reload(struct net_daemon *net, const struct config *config, void *state)
{
	(void)net;
	auth_reload(((struct imapd *)state)->service.auth, config);
}

static void stop(struct net_daemon *net, void *state)
{
	struct imapd *imapd = state;

	(void)net;
	destroy(&imapd);
}

static bool healthy(void *state)
{
	return service_is_healthy(&((struct imapd *)state)->service);
}

int main(int argc, char **argv)
{
	const struct net_program program = {
		.name = "trivet-imapd",
		.default_config = "/etc/trivet/imapd.conf",
		.keys = imapd_keys,
		.more_keys = service_keys,
		.more_keys_count = service_keys_count,
		.listeners = imap_listeners,
		.listener_count = sizeof imap_listeners / sizeof *imap_listeners,
		.start = start,
		.reload = reload,
		.stop = stop,
		.healthy = healthy,
	};

	return net_main(argc, argv, &program);
}

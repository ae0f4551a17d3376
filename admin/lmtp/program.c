/* `trivet lmtp`: delivery as a long-lived listener, built on common/net as the daemons are. */
#include "admin/command.h"
#include "admin/lmtp/lmtp.h"
#include "admin/lmtp/program.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <unistd.h>

/* clang-format off */
const struct config_key lmtp_keys[] = {
	/* section  name              type             fallback  min    max        choices  reloadable  help */
	{ "lmtp",   "line_max",       CONFIG_SIZE,     "2K",     512,   1048576,   NULL,    false,      "bytes of a command line" },
	{ "lmtp",   "recipients_max", CONFIG_NUMBER,   "1000",   100,   100000,    NULL,    false,      "recipients of a message (RFC 5321, 4.5.3.1.8: at least 100)" },
	{ "lmtp",   "bad_commands",   CONFIG_NUMBER,   "20",     1,     1000000,   NULL,    false,      "bad commands in a row that end a session" },
	{ "lmtp",   "timeout",        CONFIG_DURATION, "5m",     1000,  3600000,   NULL,    false,      "a client that says nothing for so long is disconnected" },
	{ NULL,     NULL,             CONFIG_TEXT,     NULL,     0,     0,         NULL,    false,      NULL },
};

/* For those who read the file without being the listener. */
const struct config_key lmtp_listen_keys[] = {
	{ "listen", "lmtp",           CONFIG_WORDS,    "",       0,     0,         NULL,    false,      "addresses: unix:/path 127.0.0.1:24 [::1]:24" },
	{ NULL,     NULL,             CONFIG_TEXT,     NULL,     0,     0,         NULL,    false,      NULL },
};

static const struct net_listener lmtp_listeners[] = {
	{ .name = "lmtp", .tls = false, .protocol = &lmtp_protocol },
	{ .name = "health", .protocol = &net_health_protocol },
};
/* clang-format on */

static char *start(struct net_daemon *net, const struct config *config, void **state_r)
{
	struct lmtp *lmtp = alloc_zero(1, sizeof *lmtp);
	char *error = service_open(&lmtp->service, net, config, NULL, NULL, NULL);

	if (error != NULL) {
		free(lmtp);
		return error;
	}
	delivery_options_from(config, &lmtp->delivery);
	lmtp->line = config_number(config, "lmtp", "line_max");
	lmtp->recipients = config_number(config, "lmtp", "recipients_max");
	lmtp->bad_commands = (unsigned)config_number(config, "lmtp", "bad_commands");
	lmtp->timeout_ms = config_number(config, "lmtp", "timeout");
	if (gethostname(lmtp->host, sizeof lmtp->host - 1) != 0)
		(void)snprintf(lmtp->host, sizeof lmtp->host, "localhost");
	*state_r = lmtp;
	return NULL;
}

static void stop(struct net_daemon *net, void *state)
{
	struct lmtp *lmtp = state;

	(void)net;
	service_close(&lmtp->service);
	free(lmtp);
}

static bool healthy(void *state)
{
	return service_is_healthy(&((struct lmtp *)state)->service);
}

/* The words in front of the command and behind it, as one command line for common/net. */
static char **make_arguments(const struct admin *admin, int argc, char **argv, int *count_r)
{
	char **words = alloc_zero((size_t)argc + 2 * admin->setting_count + 4, sizeof *words);
	int n = 0;

	words[n++] = (char *)"trivet lmtp";
	if (admin->config_path != NULL) {
		words[n++] = (char *)"--config";
		words[n++] = (char *)admin->config_path;
	}
	for (size_t i = 0; i < admin->setting_count; i++) {
		words[n++] = (char *)"-o";
		words[n++] = (char *)admin->settings[i];
	}
	for (int i = 1; i < argc; i++)
		words[n++] = argv[i];
	*count_r = n;
	return words;
}

int admin_lmtp(struct admin *admin, int argc, char **argv)
{
	const struct config_key *tables[8] = {0};
	size_t n = 0;
	const struct net_program program = {
		.name = "trivet-lmtp",
		.default_config = LMTP_DEFAULT_CONFIG,
		.keys = lmtp_keys,
		.more_keys = tables,
		.more_keys_count = service_keys_count + 1,
		.listeners = lmtp_listeners,
		.listener_count = array_count(lmtp_listeners),
		.start = start,
		.stop = stop,
		.healthy = healthy,
	};
	char **words;
	int count, rc;

	must(service_keys_count + 1 <= array_count(tables));
	for (; n < service_keys_count; n++)
		tables[n] = service_keys[n];
	tables[n] = delivery_keys;
	words = make_arguments(admin, argc, argv, &count);
	rc = net_main(count, words, &program);
	free(words);
	return rc;
}

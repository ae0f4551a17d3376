/* trivet-pop3d: POP3 over the central store. */
#include "pop3d/maildrop.h"
#include "pop3d/pop3d.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>

/* clang-format off */
static const struct config_key pop3_keys[] = {
	/* section  name            type           fallback   min   max       choices             reloadable  help */
	{ "pop3",   "line_max",     CONFIG_SIZE,   "16K",     512,  1048576,  NULL,               false,      "bytes of a command line (SASL responses are long: RFC 5034, 4)" },
	{ "pop3",   "bad_commands", CONFIG_NUMBER, "20",      1,    1000000,  NULL,               false,      "bad commands in a row that end a session" },
	{ "pop3",   "lock",         CONFIG_CHOICE, "shared",  0,    0,        "shared exclusive", false,      "shared: each session sees the maildrop as it was at its log-in; exclusive: one session a maildrop (RFC 1939, 4)" },
	{ "pop3",   "deleted",      CONFIG_CHOICE, "expunge", 0,    0,        "expunge trash",    false,      "where deleted mail goes" },
	{ "pop3",   "mark_seen",    CONFIG_BOOL,   "yes",     0,    0,        NULL,               false,      "retrieved mail is marked as seen" },
	{ "pop3",   "newest",       CONFIG_NUMBER, "0",       0,    4294967295, NULL,             false,      "only so many of the newest messages are shown; 0: all" },
	{ NULL,     NULL,           CONFIG_TEXT,   NULL,      0,    0,        NULL,               false,      NULL },
};

static const struct net_listener pop3_listeners[] = {
	{ .name = "pop3",  .tls = false, .protocol = &pop3_protocol },
	{ .name = "pop3s", .tls = true,  .protocol = &pop3_protocol },
	{ .name = "health", .protocol = &net_health_protocol },
};
/* clang-format on */

static void read_options(const struct config *config, struct pop3_options *options)
{
	*options = (struct pop3_options){
		.line = config_number(config, "pop3", "line_max"),
		.bad_commands = (unsigned)config_number(config, "pop3", "bad_commands"),
		.is_exclusive = span_is(span_of(config_text(config, "pop3", "lock")), "exclusive"),
		.to_trash = span_is(span_of(config_text(config, "pop3", "deleted")), "trash"),
		.marks_seen = config_bool(config, "pop3", "mark_seen"),
		.newest = (uint32_t)config_number(config, "pop3", "newest"),
	};
}

static void destroy(struct pop3d **pop3d)
{
	service_close(&(*pop3d)->service);
	pop3_locks_destroy(&(*pop3d)->locks);
	free(*pop3d);
	*pop3d = NULL;
}

static char *start(struct net_daemon *net, const struct config *config, void **state_r)
{
	struct pop3d *pop3d = alloc_zero(1, sizeof *pop3d);
	char *error;

	read_options(config, &pop3d->options);
	pop3d->locks = pop3_locks_create();
	error = service_open(&pop3d->service, net, config, "pop", NULL, NULL);
	if (error != NULL)
		destroy(&pop3d);
	*state_r = pop3d;
	return error;
}

static void reload(struct net_daemon *net, const struct config *config, void *state)
{
	(void)net;
	auth_reload(((struct pop3d *)state)->service.auth, config);
}

static void stop(struct net_daemon *net, void *state)
{
	struct pop3d *pop3d = state;

	(void)net;
	destroy(&pop3d);
}

static bool healthy(void *state)
{
	return service_is_healthy(&((struct pop3d *)state)->service);
}

int main(int argc, char **argv)
{
	const struct net_program program = {
		.name = "trivet-pop3d",
		.default_config = "/etc/trivet/pop3d.conf",
		.keys = pop3_keys,
		.more_keys = service_keys,
		.more_keys_count = service_keys_count,
		.listeners = pop3_listeners,
		.listener_count = array_count(pop3_listeners),
		.start = start,
		.reload = reload,
		.stop = stop,
		.healthy = healthy,
	};

	return net_main(argc, argv, &program);
}

/* The configuration keys that every daemon has. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"

/* clang-format off */
const struct config_key net_keys[] = {
	/* section    name                 type             fallback      min max      choices                          reloadable help */
	{ "tls",      "cert",              CONFIG_WORDS,    "",           0,  0,       NULL,                            true,  "files with certificate chain and private key, chosen by SNI; the first is the default" },
	{ "tls",      "key",               CONFIG_WORDS,    "",           0,  0,       NULL,                            true,  "private keys, in the order of cert, where they are files of their own" },
	{ "tls",      "client_ca",         CONFIG_TEXT,     "",           0,  0,       NULL,                            true,  "authorities of client certificates (EXTERNAL); empty: none are asked for" },
	{ "tls",      "min_version",       CONFIG_CHOICE,   "1.2",        0,  0,       "1.2 1.3",                       true,  "oldest TLS version" },
	{ "log",      "target",            CONFIG_CHOICE,   "stderr",     0,  0,       "stderr syslog journal",         false, "where log lines go" },
	{ "log",      "level",             CONFIG_CHOICE,   "info",       0,  0,       "error warning info debug",      true,  "what is logged" },
	{ "log",      "trace_folder",      CONFIG_TEXT,     "",           0,  0,       NULL,                            false, "where protocol traces go; empty: nowhere" },
	{ "log",      "trace_users",       CONFIG_WORDS,    "",           0,  0,       NULL,                            true,  "users whose sessions are traced, secrets masked" },
	{ "limits",   "connections",       CONFIG_NUMBER,   "20000",      1,  10000000, NULL,                           true,  "connections in all" },
	{ "limits",   "connections_per_address", CONFIG_NUMBER, "0",      0,  10000000, NULL,                           true,  "connections from one address; 0: no limit" },
	{ "limits",   "sessions_per_user", CONFIG_NUMBER,   "100",        0,  10000000, NULL,                           true,  "sessions of one user; 0: no limit" },
	{ "limits",   "login_time",        CONFIG_DURATION, "60s",        1000, 86400000, NULL,                         true,  "a client that has not logged in by then is disconnected" },
	{ "limits",   "idle_time",         CONFIG_DURATION, "30m",        1000, 86400000, NULL,                         true,  "a client that says nothing for so long is disconnected" },
	{ "limits",   "drain_time",        CONFIG_DURATION, "10s",        0,  600000,  NULL,                            false, "how long a stopping daemon waits for its sessions" },
	{ "trusted",  "networks",          CONFIG_WORDS,    "",           0,  0,       NULL,                            false, "ADDRESS/BITS from which plain-text passwords are taken without TLS, besides loopback" },
	{ "trusted",  "proxies",           CONFIG_WORDS,    "",           0,  0,       NULL,                            false, "ADDRESS/BITS whose connections begin with a PROXY header (HAProxy's send-proxy or send-proxy-v2), which says who the client is; the word unix: Unix sockets, too" },
	{ "trusted",  "forwarders",          CONFIG_WORDS,    "",           0,  0,       NULL,                            false, "ADDRESS/BITS of HTTP proxies whose Forwarded and X-Forwarded-… fields say who the client is; the word unix: Unix sockets, too" },
	{ "process",  "user",              CONFIG_TEXT,     "",           0,  0,       NULL,                            false, "who the daemon becomes when started by root; empty: nobody else" },
	{ "process",  "group",             CONFIG_TEXT,     "",           0,  0,       NULL,                            false, "its group; empty: that user's" },
	{ "process",  "loops",             CONFIG_NUMBER,   "0",          0,  64,      NULL,                            false, "event loops; 0: one for four processors" },
	{ "process",  "workers",           CONFIG_NUMBER,   "24",         1,  1000,    NULL,                            false, "threads that run commands" },
	{ "control",  "folder",            CONFIG_TEXT,     "/run/trivet", 0, 0,       NULL,                            false, "where the control socket is made; empty: none" },
	{ NULL,       NULL,                CONFIG_TEXT,     NULL,         0,  0,       NULL,                            false, NULL },
};
/* clang-format on */

struct config_key *listen_keys_create(const struct net_program *program)
{
	struct config_key *keys = alloc_zero(program->listener_count + 1, sizeof *keys);

	for (size_t i = 0; i < program->listener_count; i++)
		keys[i] = (struct config_key){.section = "listen",
					      .name = program->listeners[i].name,
					      .type = CONFIG_WORDS,
					      .fallback = "",
					      .help = "addresses: 127.0.0.1:143 [::1]:143 *:143 unix:/path"};
	return keys;
}

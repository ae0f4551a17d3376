/* A connection of caldavd: HTTP, and who has logged in on it. */
#include "caldavd/caldavd.h"
#include "common/base/must.h"

#include <string.h>

static struct caldavd_session *session_of(struct net_session *net)
{
	return container_of(net, struct caldavd_session, http.net);
}

static enum net_next session_open(struct net_session *net)
{
	struct caldavd_session *session = session_of(net);

	session->daemon = net_daemon_state(net->daemon);
	return http_session_open(&session->http, &session->daemon->http);
}

static void session_close(struct net_session *net)
{
	struct caldavd_session *session = session_of(net);

	http_session_close(&session->http);
	login_done(&session->login);
	auth_identity_done(&session->identity);
	arena_destroy(&session->user_arena);
}

const struct net_protocol caldavd_protocol = {
	.name = "http",
	.alpn = "http/1.1",
	.session_size = sizeof(struct caldavd_session),
	.open = session_open,
	.look = http_session_look,
	.work = http_session_work,
	.timed_out = http_session_timed_out,
	.farewell = http_session_farewell,
	.close = session_close,
	.describe = http_session_describe,
};

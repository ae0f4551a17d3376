/* Health checks over HTTP, on an address of their own ([listen] health): HAProxy's "option httpchk", a monitor.
 * Whatever is asked, the answer is whether the daemon can do its work: 200, or 503 where the store is away. */
#include "common/net/net_private.h"
#include "common/base/clock.h"

enum { REQUEST_MAX = 8192, KNOWN_MS = 500 };

static enum net_next health_open(struct net_session *session)
{
	(void)session;
	return NET_WAIT;
}

/* The end of the head; what lies before it does not matter. */
static bool has_asked(struct span in)
{
	return span_find(in, SPAN("\r\n\r\n")) != SIZE_MAX || span_find(in, SPAN("\n\n")) != SIZE_MAX;
}

static enum net_next health_look(struct net_session *session)
{
	if (has_asked(buf_view(&session->in)))
		return NET_WORK;
	return session->input_closed || session->in.n > REQUEST_MAX ? NET_CLOSE : NET_WAIT;
}

/* The look at the store is not free: many who ask at once get one answer. */
static bool is_healthy(struct net_daemon *daemon)
{
	int64_t now = clock_uptime_ms();

	if (daemon->program->healthy == NULL)
		return true;
	if (atomic_load(&daemon->health_known_until) < now) {
		atomic_store(&daemon->is_healthy, daemon->program->healthy(daemon->state));
		atomic_store(&daemon->health_known_until, clock_uptime_ms() + KNOWN_MS);
	}
	return atomic_load(&daemon->is_healthy);
}

static enum net_next health_work(struct net_session *session, unsigned why)
{
	bool is = is_healthy(session->daemon);
	const char *text = is ? "healthy\n" : "the store cannot be reached\n";

	(void)why;
	out_printf(&session->out,
		   "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
		   "Connection: close\r\n\r\n",
		   is ? "200 OK" : "503 Service Unavailable", strlen(text));
	if (!span_starts(buf_view(&session->in), SPAN("HEAD ")))
		out_text(&session->out, text);
	buf_consume(&session->in, session->in.n);
	return NET_CLOSE;
}

static enum net_next health_timed_out(struct net_session *session)
{
	(void)session;
	return NET_CLOSE;
}

static void health_farewell(struct net_session *session, const char *reason)
{
	(void)session;
	(void)reason;
}

static void health_close(struct net_session *session)
{
	(void)session;
}

const struct net_protocol net_health_protocol = {
	.name = "health",
	.session_size = sizeof(struct net_session),
	.open = health_open,
	.look = health_look,
	.work = health_work,
	.timed_out = health_timed_out,
	.farewell = health_farewell,
	.close = health_close,
};

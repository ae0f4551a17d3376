/* The control socket of a running daemon (see control.h): one thread, one client at a time. */
#include "common/net/control.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/net/net_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct control {
	struct net_daemon *daemon;
	pthread_t thread;
	int fd, stop_fds[2];
	struct sockaddr_un address;
};

enum { REQUEST_BYTES = 1024, CLIENT_MS = 2000 };

static void add_session(struct net_transport *transport, struct buf *out)
{
	struct net_session *session = transport->session;
	long long seconds = (long long)(clock_uptime_ms() - transport->opened_at) / 1000;
	char *user = transport_user(transport), *remote = transport_remote(transport);
	bool is_mine = turn_try_own(transport); /* else a worker is at it right now */

	buf_printf(out, "%llu\t%s\t%s\t%s\t%s\t%lld\t", (unsigned long long)session->number, transport->protocol->name,
		   user == NULL ? "-" : user, remote,
		   !is_mine          ? "?"
		   : session->is_tls ? "tls"
				     : "plain",
		   seconds);
	if (!is_mine)
		buf_text(out, "busy");
	else if (transport->protocol->describe != NULL && transport->phase == PHASE_OPEN)
		transport->protocol->describe(session, out);
	buf_byte(out, '\n');
	if (is_mine)
		turn_let_go(transport);
	free(user);
	free(remote);
}

static bool is_of_user(struct net_transport *transport, const char *user)
{
	char *own = transport_user(transport);
	bool is = own != NULL && strcmp(own, user) == 0;

	free(own);
	return is;
}

static unsigned kick(struct net_transport **all, size_t count, const char *whom)
{
	unsigned kicked = 0;
	uint64_t number = 0;
	bool by_user = strncmp(whom, "user=", 5) == 0;

	if (!by_user && !span_to_u64(span_of(whom), UINT64_MAX, &number))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (by_user ? is_of_user(all[i], whom + 5) : all[i]->session->number == number) {
			turn_post(all[i], TURN_KICK);
			kicked++;
		}
	return kicked;
}

static void add_status(struct net_daemon *daemon, struct buf *out)
{
	bool healthy = daemon->program->healthy == NULL || daemon->program->healthy(daemon->state);

	buf_printf(out, "sessions %llu\naccepted %llu\nlogins %llu\nbytes_in %llu\nbytes_out %llu\nhealthy %s\n",
		   (unsigned long long)daemon->sessions, (unsigned long long)daemon->accepted,
		   (unsigned long long)daemon->logins, (unsigned long long)daemon->bytes_in,
		   (unsigned long long)daemon->bytes_out, healthy ? "yes" : "no");
}

static void answer(struct net_daemon *daemon, char *request, struct buf *out)
{
	char *rest = request, *verb = strsep(&rest, " "), *first = rest == NULL ? "" : strsep(&rest, " ");
	size_t count;
	struct net_transport **all = transport_all(daemon, &count);

	if (strcmp(verb, "who") == 0)
		for (size_t i = 0; i < count; i++)
			add_session(all[i], out);
	else if (strcmp(verb, "kick") == 0)
		buf_printf(out, "%u\n", kick(all, count, first));
	else if (strcmp(verb, "trace") == 0 && rest != NULL) {
		trace_set(daemon->trace, first, strcmp(rest, "on") == 0);
		transport_update_traces(daemon);
	} else if (strcmp(verb, "status") == 0)
		add_status(daemon, out);
	for (size_t i = 0; i < count; i++)
		transport_unref(all[i]);
	free(all);
}

static void serve(struct net_daemon *daemon, int fd)
{
	struct timeval limit = {.tv_sec = CLIENT_MS / 1000};
	char request[REQUEST_BYTES];
	size_t n = 0;
	ssize_t got;
	struct buf out = {0};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	while (n < sizeof request - 1 && (got = recv(fd, request + n, sizeof request - 1 - n, 0)) > 0) {
		n += (size_t)got;
		if (request[n - 1] == '\n')
			break;
	}
	if (n == 0 || request[n - 1] != '\n')
		return;
	request[n - 1] = '\0';
	answer(daemon, request, &out);
	buf_byte(&out, '\n');
	for (size_t sent = 0; sent < out.n; sent += (size_t)got)
		if ((got = send(fd, out.p + sent, out.n - sent, MSG_NOSIGNAL)) <= 0)
			break;
	buf_done(&out);
}

static void *control_main(void *arg)
{
	struct control *control = arg;
	struct pollfd fds[] = {{.fd = control->fd, .events = POLLIN}, {.fd = control->stop_fds[0], .events = POLLIN}};

	for (;;) {
		int client;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents != 0)
			break;
		client = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		serve(control->daemon, client);
		close(client);
	}
	return NULL;
}

struct control *control_start(struct net_daemon *daemon, char **error_r)
{
	const char *folder = config_text(daemon->config, "control", "folder");
	struct control *control;
	struct buf why = {0};
	int n;

	*error_r = NULL;
	if (folder[0] == '\0')
		return NULL;
	control = alloc_zero(1, sizeof *control);
	control->daemon = daemon;
	control->address.sun_family = AF_UNIX;
	(void)mkdir(folder, 0755);
	n = snprintf(control->address.sun_path, sizeof control->address.sun_path, "%s/%s.%d.ctl", folder,
		     daemon->program->name, (int)getpid());
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(control->address.sun_path);
	if (n < 0 || (size_t)n >= sizeof control->address.sun_path || control->fd < 0 ||
	    bind(control->fd, (struct sockaddr *)&control->address, sizeof control->address) != 0 ||
	    chmod(control->address.sun_path, 0600) != 0 || listen(control->fd, 16) != 0 ||
	    pipe2(control->stop_fds, O_CLOEXEC) != 0) {
		buf_printf(&why, "cannot make the control socket in %s: %s", folder,
			   n >= 0 && (size_t)n >= sizeof control->address.sun_path ? "the path is too long"
										   : strerror(errno));
		(void)buf_cstr(&why);
		*error_r = why.p;
		if (control->fd >= 0)
			close(control->fd);
		free(control);
		return NULL;
	}
	if (pthread_create(&control->thread, NULL, control_main, control) != 0)
		abort();
	return control;
}

void control_stop(struct control **control)
{
	if (*control == NULL)
		return;
	(void)!write((*control)->stop_fds[1], "x", 1);
	pthread_join((*control)->thread, NULL);
	(void)unlink((*control)->address.sun_path);
	close((*control)->fd);
	close((*control)->stop_fds[0]);
	close((*control)->stop_fds[1]);
	free(*control);
	*control = NULL;
}

/* Listening sockets: configured ones and inherited ones (LISTEN_FDS, sd_listen_fds(3)), on IPv4, IPv6 and Unix
 * addresses. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	ACCEPTS_IN_A_ROW = 64,
	FIRST_INHERITED = 3,
	REFUSALS_MAX = 64, /* how many above the limit hear why; others are cut off without a word */
	PAUSE_MS = 100,    /* after a failed accept(): it would fail again at once */
};

struct listening {
	struct net_daemon *daemon;
	const struct net_listener *kind;
	int fd;
	char *path; /* of a Unix socket of ours, to be removed */
	struct event *event, *pause;
};

struct listeners {
	struct listening *list;
	size_t count, capacity;
	unsigned next_loop;
};

static char *failure(const char *what, const char *address, const char *why)
{
	struct buf line = {0};

	buf_printf(&line, "%s %s: %s", what, address, why);
	(void)buf_cstr(&line);
	return line.p;
}

static void add(struct net_daemon *daemon, const struct net_listener *kind, int fd, const char *path)
{
	struct listeners *listeners = daemon->listeners;
	void *list = listeners->list;
	int yes = 1;

	/* accepted sockets inherit these; on a Unix socket they fail, and are not missed */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	alloc_grow(&list, &listeners->capacity, listeners->count + 1, sizeof *listeners->list);
	listeners->list = list;
	listeners->list[listeners->count++] =
		(struct listening){.daemon = daemon, .kind = kind, .fd = fd, .path = alloc_text(path)};
}

static char *open_unix(struct net_daemon *daemon, const struct net_listener *kind, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof address.sun_path)
		return failure("cannot listen on", path, "the path is too long");
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0) {
		char *why = failure("cannot listen on", path, strerror(errno));

		if (fd >= 0)
			close(fd);
		return why;
	}
	(void)chmod(path, 0666);
	add(daemon, kind, fd, path);
	return NULL;
}

static char *open_resolved(struct net_daemon *daemon, const struct net_listener *kind, const char *text,
			   const struct addrinfo *info, bool any)
{
	int yes = 1, no = 0, fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return any && errno == EAFNOSUPPORT ? NULL : failure("cannot listen on", text, strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (info->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, any ? &no : &yes, sizeof yes);
	if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		char *why = failure("cannot listen on", text, strerror(errno));

		close(fd);
		return why;
	}
	add(daemon, kind, fd, NULL);
	return NULL;
}

/* "*" is one socket for both families where the machine has IPv6. */
static char *open_address(struct net_daemon *daemon, const struct net_listener *kind, const char *text)
{
	const char *colon = strrchr(text, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV},
			*info;
	char host[128], *why;
	size_t n;
	int rc;

	if (strncmp(text, "unix:", 5) == 0)
		return open_unix(daemon, kind, text + 5);
	if (colon == NULL || (n = (size_t)(colon - text)) >= sizeof host)
		return failure("cannot listen on", text, "want ADDRESS:PORT or unix:/path");
	memcpy(host, text, n);
	host[n] = '\0';
	if (strcmp(host, "*") == 0) {
		int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

		(void)snprintf(host, sizeof host, "%s", probe >= 0 ? "::" : "0.0.0.0");
		if (probe >= 0)
			close(probe);
	} else if (host[0] == '[' && host[n - 1] == ']') {
		memmove(host, host + 1, n);
		host[n - 2] = '\0';
	}
	if ((rc = getaddrinfo(host, colon + 1, &hints, &info)) != 0)
		return failure("cannot listen on", text, gai_strerror(rc));
	why = open_resolved(daemon, kind, text, info, text[0] == '*');
	freeaddrinfo(info);
	return why;
}

/* The sockets that a service manager gives us, by the names of the listeners; unnamed ones in their order. */
static void take_inherited(struct net_daemon *daemon)
{
	const struct net_program *program = daemon->program;
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
	char *copy = alloc_text(names == NULL ? "" : names), *rest = copy;
	long count = fds == NULL ? 0 : strtol(fds, NULL, 10);

	if (pid == NULL || strtol(pid, NULL, 10) != getpid())
		count = 0;
	for (long i = 0; i < count; i++) {
		const char *name = rest == NULL ? "" : strsep(&rest, ":");
		const struct net_listener *kind = &program->listeners[(size_t)i % program->listener_count];

		for (size_t k = 0; k < program->listener_count; k++)
			if (strcmp(name, program->listeners[k].name) == 0)
				kind = &program->listeners[k];
		(void)fcntl(FIRST_INHERITED + (int)i, F_SETFD, FD_CLOEXEC);
		(void)fcntl(FIRST_INHERITED + (int)i, F_SETFL, O_NONBLOCK);
		add(daemon, kind, FIRST_INHERITED + (int)i, NULL);
	}
	free(copy);
}

char *listeners_open(struct net_daemon *daemon)
{
	const struct net_program *program = daemon->program;
	char *why = NULL;

	daemon->listeners = alloc_zero(1, sizeof *daemon->listeners);
	take_inherited(daemon);
	for (size_t i = 0; i < program->listener_count; i++) {
		const char *const *words;
		size_t count = config_words(daemon->config, "listen", program->listeners[i].name, &words);

		for (size_t k = 0; k < count; k++)
			if ((why = open_address(daemon, &program->listeners[i], words[k])) != NULL)
				return why;
	}
	if (daemon->listeners->count == 0)
		return alloc_text("nothing to listen on: give addresses in [listen]");
	return NULL;
}

/* --- accepting
 * --------------------------------------------------------------------------------------------------------------------
 */

static void accept_one(struct listening *listening, int fd, const struct sockaddr_storage *from)
{
	struct net_daemon *daemon = listening->daemon;
	struct peer peer;
	struct net_transport *transport;
	struct loop *loop = &daemon->loops[daemon->listeners->next_loop++ % daemon->loop_count];
	uint64_t sessions = atomic_load(&daemon->sessions), most = atomic_load(&daemon->max_connections);

	peer_of(from, &peer);
	atomic_fetch_add(&daemon->accepted, 1);
	if (sessions >= most + REFUSALS_MAX) {
		admit_complain(daemon, peer.remote, "refused: too many connections");
		close(fd);
		return;
	}
	atomic_fetch_add(&daemon->sessions, 1);
	transport = transport_create(daemon, loop, listening->kind, fd, &peer);
	transport->is_refused = sessions >= most;
	if (daemon->proxies.count > 0 && networks_have(&daemon->proxies, peer.address))
		transport->phase = PHASE_PROXY;
	else
		admit(transport);
	if (loop == daemon->loops) /* ours */
		loop_adopt(loop, transport);
	else
		loop_add(loop, transport);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listening *listening = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_IN_A_ROW; i++) {
		struct sockaddr_storage from = {.ss_family = AF_UNIX};
		socklen_t n = sizeof from;
		int client = accept4(fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			accept_one(listening, client, &from);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			static const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};

			admit_complain(listening->daemon, NULL, "cannot accept: out of files or memory");
			event_del(listening->event);
			event_add(listening->pause, &pause);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct listening *listening = arg;

	(void)fd;
	(void)what;
	event_add(listening->event, NULL);
}

void listeners_start(struct net_daemon *daemon)
{
	struct listeners *listeners = daemon->listeners;

	for (size_t i = 0; i < listeners->count; i++) {
		struct listening *one = &listeners->list[i];

		one->event = event_new(daemon->loops[0].base, one->fd, EV_READ | EV_PERSIST, on_accept, one);
		one->pause = evtimer_new(daemon->loops[0].base, on_pause_over, one);
		must(one->event != NULL && one->pause != NULL);
		event_add(one->event, NULL);
	}
}

void listeners_close(struct net_daemon *daemon)
{
	struct listeners *listeners = daemon->listeners;

	if (listeners == NULL)
		return;
	for (size_t i = 0; i < listeners->count; i++) {
		struct listening *one = &listeners->list[i];

		if (one->event != NULL)
			event_free(one->event);
		if (one->pause != NULL)
			event_free(one->pause);
		close(one->fd);
		if (one->path != NULL)
			(void)unlink(one->path);
		free(one->path);
	}
	free(listeners->list);
	free(listeners);
	daemon->listeners = NULL;
}

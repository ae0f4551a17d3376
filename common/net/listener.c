/* Listening sockets: configured ones and inherited ones (LISTEN_FDS, sd_listen_fds(3)), on IPv4, IPv6 and Unix
 * addresses. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <arpa/inet.h>
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
	int64_t complained_at; /* so that a flood does not fill the log */
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

static void address_texts(const struct sockaddr_storage *from, char *address, size_t n, char *remote, size_t remote_n,
			  bool *is_local)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

	*is_local = false;
	if (from->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &v4->sin_addr, address, (socklen_t)n);
		(void)snprintf(remote, remote_n, "%s:%u", address, ntohs(v4->sin_port));
		*is_local = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	} else if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		(void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], address, (socklen_t)n);
		(void)snprintf(remote, remote_n, "%s:%u", address, ntohs(v6->sin6_port));
		*is_local = v6->sin6_addr.s6_addr[12] == 127;
	} else if (from->ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, address, (socklen_t)n);
		(void)snprintf(remote, remote_n, "[%s]:%u", address, ntohs(v6->sin6_port));
		*is_local = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	} else {
		(void)snprintf(address, n, "unix");
		(void)snprintf(remote, remote_n, "unix");
		*is_local = true;
	}
}

/* ADDRESS or ADDRESS/BITS of that family. */
static bool parse_network(const char *network, int family, unsigned char *address_r, unsigned *bits_r)
{
	char text[INET6_ADDRSTRLEN];
	size_t n = strcspn(network, "/");
	uint64_t bits = family == AF_INET ? 32 : 128;

	if (n >= sizeof text)
		return false;
	memcpy(text, network, n);
	text[n] = '\0';
	if (inet_pton(family, text, address_r) != 1)
		return false;
	if (network[n] == '/' && !span_to_u64(span_of(network + n + 1), bits, &bits))
		return false;
	*bits_r = (unsigned)bits;
	return true;
}

static bool in_network(const char *network, int family, const unsigned char *address)
{
	unsigned char of[16];
	unsigned bits;

	return parse_network(network, family, of, &bits) && memcmp(of, address, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((of[bits / 8] ^ address[bits / 8]) >> (8 - bits % 8)) == 0);
}

bool address_network_is_valid(const char *network)
{
	unsigned char ignored[16];
	unsigned bits;

	return parse_network(network, AF_INET, ignored, &bits) || parse_network(network, AF_INET6, ignored, &bits);
}

bool address_is_trusted(const struct net_daemon *daemon, const char *address)
{
	unsigned char bytes[16];
	int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, address, bytes) != 1)
		return false;
	for (size_t i = 0; i < daemon->trusted_count; i++)
		if (in_network(daemon->trusted[i], family, bytes))
			return true;
	return false;
}

static void complain(struct listeners *listeners, const char *remote, const char *what)
{
	struct log_about about = {.remote = remote};
	int64_t now = clock_uptime_ms();

	if (listeners->complained_at != 0 && now - listeners->complained_at < 1000)
		return;
	listeners->complained_at = now;
	log_warning(&about, "%s", what);
}

static void accept_one(struct listening *listening, int fd, const struct sockaddr_storage *from)
{
	struct net_daemon *daemon = listening->daemon;
	char address[INET6_ADDRSTRLEN], remote[64];
	struct net_transport *transport;
	struct loop *loop = &daemon->loops[daemon->listeners->next_loop++ % daemon->loop_count];
	uint64_t sessions = atomic_load(&daemon->sessions), most = atomic_load(&daemon->max_connections),
		 per_address = from->ss_family == AF_UNIX ? 0 : atomic_load(&daemon->max_per_address);
	bool is_local, is_refused;

	address_texts(from, address, sizeof address, remote, sizeof remote, &is_local);
	atomic_fetch_add(&daemon->accepted, 1);
	is_refused = sessions >= most || !counter_enter(daemon->by_address, address, per_address);
	if (is_refused)
		complain(daemon->listeners, remote, "refused: too many connections");
	if (sessions >= most + REFUSALS_MAX) {
		close(fd);
		return;
	}
	atomic_fetch_add(&daemon->sessions, 1);
	transport = transport_create(daemon, loop, listening->kind, fd, address, remote, is_local);
	transport->is_refused = is_refused;
	transport->is_counted = !is_refused;
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

			complain(listening->daemon->listeners, NULL, "cannot accept: out of files or memory");
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

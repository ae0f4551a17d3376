/* A daemon with a small protocol of lines, run in a child process, and clients for it. Each test program includes this
 * once.
 *
 *   ECHO text        text, by a worker             LOOP text      text, by the loop
 *   LOGIN name       "OK", or "NO" and the end     QUIT, ABORT    the end, with and without "BYE"
 *   BIG n            n bytes, as a generator       SLEEP ms       a worker blocks
 *   DELAY ms         "delayed", by the timer       WAKE n         n calls of net_wake() from a thread; then "woken"
 *   STARTTLS, COMPRESS                             BIND type      the channel binding in hex
 *   CLIENT           the certificate's name        KEEP           timed_out() keeps the session
 *   ABOUT            user, TLS, local, trusted     REMOTE         the client's address
 */
#ifndef TESTS_UNIT_NET_NET_TEST_H
#define TESTS_UNIT_NET_NET_TEST_H

#include "common/base/must.h"
#include "common/net/control.h"
#include "common/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the daemon
 * ----------------------------------------------------------------------------------------------------------------------
 */

struct net_test_counts { /* shared with the parent */
	_Atomic int opened, closed, overlaps, looks, works, wakers;
};

struct echo {
	struct net_session net;
	_Atomic bool is_busy; /* somebody is at work on it: nobody else may be */
	bool keeps, waits_for_wake, is_delayed;
	uint64_t big;
};

static struct net_test_counts *net_test_counts;

static inline struct echo *echo_enter(struct net_session *session)
{
	struct echo *echo = container_of(session, struct echo, net);

	if (atomic_exchange(&echo->is_busy, true))
		atomic_fetch_add(&net_test_counts->overlaps, 1);
	return echo;
}

static inline void echo_leave(struct echo *echo)
{
	atomic_store(&echo->is_busy, false);
}

static enum net_next echo_open(struct net_session *session)
{
	struct echo *echo = echo_enter(session);

	atomic_fetch_add(&net_test_counts->opened, 1);
	out_text(&session->out, "hello\n");
	echo_leave(echo);
	return NET_WAIT;
}

static enum net_next echo_look(struct net_session *session)
{
	struct echo *echo = echo_enter(session);
	enum net_next next = NET_WAIT;
	struct span in = buf_view(&session->in);
	size_t end = span_find_byte(in, '\n');

	atomic_fetch_add(&net_test_counts->looks, 1);
	if (end != SIZE_MAX && span_starts(in, SPAN("LOOP "))) {
		out_span(&session->out, span_sub(in, 5, end - 4));
		buf_consume(&session->in, end + 1);
		next = span_find_byte(buf_view(&session->in), '\n') == SIZE_MAX ? NET_WAIT : NET_WORK;
	} else if (end != SIZE_MAX) {
		next = NET_WORK;
	} else if (in.n > 100000) {
		next = NET_CLOSE;
	}
	echo_leave(echo);
	return next;
}

struct echo_wake {
	struct net_daemon *daemon;
	uint64_t number;
	int times;
};

static void *echo_wake_main(void *arg)
{
	struct echo_wake *wake = arg;

	for (int i = 0; i < wake->times; i++) {
		net_wake(wake->daemon, wake->number);
		net_wake(wake->daemon, wake->number + (uint64_t)(i % 16)); /* some there, some gone */
	}
	free(wake);
	atomic_fetch_sub(&net_test_counts->wakers, 1);
	return NULL;
}

static inline void echo_wake(struct net_session *session, int times)
{
	struct echo_wake *wake = malloc(sizeof *wake);
	pthread_t thread;

	*wake = (struct echo_wake){session->daemon, session->number, times};
	atomic_fetch_add(&net_test_counts->wakers, 1);
	must(pthread_create(&thread, NULL, echo_wake_main, wake) == 0);
	pthread_detach(thread);
}

static enum net_next echo_big(struct echo *echo)
{
	static const char bytes[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";

	while (echo->big > 0 && !out_is_full(&echo->net.out)) {
		size_t n = echo->big < 64 ? (size_t)echo->big : 64;

		out_span(&echo->net.out, span_from(bytes + 64 - n, n));
		echo->big -= n;
	}
	return echo->big > 0 ? NET_FLUSH : NET_WORK;
}

static inline void echo_bind(struct net_session *session, const char *type)
{
	unsigned char bytes[64];
	size_t n = net_session_channel_binding(session, type, bytes);

	for (size_t i = 0; i < n; i++)
		out_printf(&session->out, "%02x", bytes[i]);
	out_byte(&session->out, '\n');
}

static enum net_next echo_command(struct echo *echo, char *line)
{
	struct net_session *session = &echo->net;
	char *arg = strchr(line, ' ');

	if (arg == NULL)
		arg = line + strlen(line);
	else
		*arg++ = '\0';
	if (strcmp(line, "ECHO") == 0 || strcmp(line, "LOOP") == 0) {
		out_printf(&session->out, "%s\n", arg);
	} else if (strcmp(line, "LOGIN") == 0) {
		if (!net_session_logged_in(session, arg)) {
			out_text(&session->out, "NO\n");
			return NET_CLOSE;
		}
		out_text(&session->out, "OK\n");
	} else if (strcmp(line, "QUIT") == 0) {
		out_text(&session->out, "BYE\n");
		return NET_CLOSE;
	} else if (strcmp(line, "ABORT") == 0) {
		return NET_ABORT;
	} else if (strcmp(line, "BIG") == 0) {
		echo->big = strtoull(arg, NULL, 10);
	} else if (strcmp(line, "SLEEP") == 0) {
		usleep((unsigned)strtoul(arg, NULL, 10) * 1000);
		out_text(&session->out, "slept\n");
	} else if (strcmp(line, "DELAY") == 0) {
		echo->is_delayed = true;
		net_session_set_timer(session, strtoul(arg, NULL, 10));
	} else if (strcmp(line, "WAKE") == 0) {
		echo->waits_for_wake = true;
		echo_wake(session, atoi(arg));
	} else if (strcmp(line, "STARTTLS") == 0) {
		out_text(&session->out, "OK\n");
		must(net_can_start_tls(session->daemon));
		must(net_session_start_tls(session));
	} else if (strcmp(line, "COMPRESS") == 0) {
		out_text(&session->out, "OK\n");
		net_session_start_deflate(session);
	} else if (strcmp(line, "BIND") == 0) {
		echo_bind(session, arg);
	} else if (strcmp(line, "CLIENT") == 0) {
		char *name = net_session_client_name(session);

		out_printf(&session->out, "%s\n", name == NULL ? "nobody" : name);
		free(name);
	} else if (strcmp(line, "KEEP") == 0) {
		echo->keeps = true;
		out_text(&session->out, "OK\n");
	} else if (strcmp(line, "ABOUT") == 0) {
		out_printf(&session->out, "%s %s%s%s\n", session->user == NULL ? "-" : session->user,
			   session->is_tls ? "tls " : "", session->is_local ? "local " : "",
			   session->is_trusted ? "trusted" : "");
	} else if (strcmp(line, "REMOTE") == 0) {
		out_printf(&session->out, "%s\n", session->remote);
	} else {
		out_printf(&session->out, "what is %s?\n", line);
	}
	return NET_WORK;
}

static enum net_next echo_work(struct net_session *session, unsigned why)
{
	struct echo *echo = echo_enter(session);
	enum net_next next = NET_WORK;

	atomic_fetch_add(&net_test_counts->works, 1);
	if ((why & NET_WHY_WAKE) && echo->waits_for_wake) {
		echo->waits_for_wake = false;
		out_text(&session->out, "woken\n");
	}
	if ((why & NET_WHY_TIMER) && echo->is_delayed) {
		echo->is_delayed = false;
		out_text(&session->out, "delayed\n");
	}
	for (unsigned i = 0; i < 8 && next == NET_WORK; i++) {
		size_t end = span_find_byte(buf_view(&session->in), '\n');

		if (echo->big > 0) {
			next = echo_big(echo);
		} else if (end == SIZE_MAX || echo->is_delayed) {
			next = NET_WAIT;
		} else {
			char *line = strndup(session->in.p, end > 0 && session->in.p[end - 1] == '\r' ? end - 1 : end);

			buf_consume(&session->in, end + 1);
			if (net_session_is_traced(session))
				net_session_trace(session, 'C', span_of(line));
			next = echo_command(echo, line);
			free(line);
		}
	}
	echo_leave(echo);
	return next;
}

static enum net_next echo_timed_out(struct net_session *session)
{
	struct echo *echo = echo_enter(session);
	bool keeps = echo->keeps;

	echo->keeps = false;
	out_text(&session->out, keeps ? "still there?\n" : "too slow\n");
	echo_leave(echo);
	return keeps ? NET_WAIT : NET_CLOSE;
}

static void echo_farewell(struct net_session *session, const char *reason)
{
	struct echo *echo = echo_enter(session);

	out_printf(&session->out, "farewell: %s\n", reason);
	echo_leave(echo);
}

static void echo_close(struct net_session *session)
{
	(void)echo_enter(session);
	atomic_fetch_add(&net_test_counts->closed, 1);
}

static void echo_describe(const struct net_session *session, struct buf *out)
{
	(void)session;
	buf_text(out, "echoing");
}

static const struct net_protocol echo_protocol = {
	.name = "echo",
	.session_size = sizeof(struct echo),
	.open = echo_open,
	.look = echo_look,
	.work = echo_work,
	.timed_out = echo_timed_out,
	.farewell = echo_farewell,
	.close = echo_close,
	.describe = echo_describe,
};

static char *net_test_on_start(struct net_daemon *daemon, const struct config *config, void **state_r)
{
	(void)daemon;
	(void)config;
	*state_r = net_test_counts;
	return NULL;
}

static void net_test_on_stop(struct net_daemon *daemon, void *state)
{
	must(net_daemon_state(daemon) == state);
	while (net_test_counts->wakers > 0) /* nobody wakes sessions of a daemon that is gone */
		usleep(1000);
}

static const struct net_listener net_test_listeners[] = {
	{.name = "echo", .protocol = &echo_protocol},
	{.name = "echos", .tls = true, .protocol = &echo_protocol},
};
static const struct config_key net_test_keys[] = {{0}};
static const struct net_program net_test_program = {
	.name = "trivet-echod",
	.default_config = "/nonexistent/echod.conf",
	.keys = net_test_keys,
	.listeners = net_test_listeners,
	.listener_count = 2,
	.start = net_test_on_start,
	.stop = net_test_on_stop,
};

/* --- the test's side
 * ----------------------------------------------------------------------------------------------------------------------
 */

struct net_test {
	char folder[64];
	pid_t pid;
	uint16_t port, tls_port;
	struct net_test_counts *counts;
};

struct client {
	int fd;
	SSL_CTX *context;
	SSL *ssl;
	char line[4096];
};

static inline void net_test_write(const struct net_test *t, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", t->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline uint16_t net_test_free_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &n), 0);
	close(fd);
	return ntohs(any.sin_port);
}

static inline int net_test_connect_once(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	return fd;
}

/* The configuration that all tests share; more is what follows it. */
static inline void net_test_configure(const struct net_test *t, bool with_tls, const char *more)
{
	char text[4096];

	snprintf(text, sizeof text,
		 "[listen]\necho = 127.0.0.1:%u unix:%s/echo.sock\n%s%.0u"
		 "[control]\nfolder = %s/control\n[log]\nlevel = debug\ntrace_folder = %s\n"
		 "[process]\nloops = 2\nworkers = 6\n",
		 t->port, t->folder, "", 0u, t->folder, t->folder);
	if (with_tls)
		snprintf(text + strlen(text), sizeof text - strlen(text),
			 "[listen]\nechos = 127.0.0.1:%u\n[tls]\ncert = %s/cert.pem\n", t->tls_port, t->folder);
	snprintf(text + strlen(text), sizeof text - strlen(text), "%s", more);
	net_test_write(t, "echod.conf", text);
}

static inline int net_test_run(const struct net_test *t, char **settings)
{
	char path[128], *argv[32] = {(char *)"echod", (char *)"--config", path};
	int argc = 3;

	snprintf(path, sizeof path, "%s/echod.conf", t->folder);
	for (; settings != NULL && *settings != NULL; settings++)
		argv[argc++] = *settings;
	return net_main(argc, argv, &net_test_program);
}

static inline void net_test_start(struct net_test *t)
{
	char path[128];
	int fd = -1;

	fflush(NULL);
	memset(t->counts, 0, sizeof *t->counts);
	t->pid = fork();
	if (t->pid == 0) {
		snprintf(path, sizeof path, "%s/log", t->folder);
		dup2(open(path, O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
		exit(net_test_run(t, NULL));
	}
	for (int i = 0; i < 1000 && (fd = net_test_connect_once(t->port)) < 0; i++)
		usleep(10000);
	assert_true(fd >= 0);
	assert_int_equal(recv(fd, path, 1, 0), 1); /* its other sockets are open, too */
	close(fd);
}

static inline int net_test_stop(struct net_test *t)
{
	int status = -1;

	kill(t->pid, SIGTERM);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	t->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int net_test_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline int net_test_setup(void **state)
{
	struct net_test *t = calloc(1, sizeof *t);

	strcpy(t->folder, "/tmp/trivet-net-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	t->counts = net_test_counts =
		mmap(NULL, sizeof *t->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(t->counts != MAP_FAILED);
	t->port = net_test_free_port();
	t->tls_port = net_test_free_port();
	*state = t;
	return 0;
}

/* What holds at the end of every daemon's life. */
static inline void net_test_check_end(struct net_test *t)
{
	if (t->pid != 0)
		assert_int_equal(net_test_stop(t), 0);
	assert_int_equal(t->counts->overlaps, 0);
	assert_int_equal(t->counts->opened, t->counts->closed);
}

static inline int net_test_teardown(void **state)
{
	struct net_test *t = *state;

	if (t->pid != 0) { /* the test failed */
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	munmap(t->counts, sizeof *t->counts);
	(void)nftw(t->folder, net_test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(t);
	return 0;
}

#define NET_TEST(function) cmocka_unit_test_setup_teardown(function, net_test_setup, net_test_teardown)

/* --- clients
 * ------------------------------------------------------------------------------------------------------------------------
 */

static inline void client_close(struct client *c)
{
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	if (c->context != NULL)
		SSL_CTX_free(c->context);
	if (c->fd >= 0)
		close(c->fd);
	c->ssl = NULL;
	c->context = NULL;
	c->fd = -1;
}

static inline void client_send_n(struct client *c, const char *bytes, size_t n)
{
	if (c->ssl != NULL)
		assert_int_equal(SSL_write(c->ssl, bytes, (int)n), n);
	else
		assert_int_equal(send(c->fd, bytes, n, MSG_NOSIGNAL), n);
}

static inline void client_send(struct client *c, const char *text)
{
	client_send_n(c, text, strlen(text));
}

/* > 0 bytes, 0 the end, -1 an error or too late. */
static inline ssize_t client_receive(struct client *c, char *to, size_t n)
{
	if (c->ssl == NULL)
		return recv(c->fd, to, n, 0);
	int rc = SSL_read(c->ssl, to, (int)n);

	if (rc > 0)
		return rc;
	return SSL_get_error(c->ssl, rc) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

/* Without the line's end; NULL: the connection has ended instead. */
static inline const char *client_line(struct client *c)
{
	size_t n = 0;

	while (n < sizeof c->line - 1 && client_receive(c, c->line + n, 1) == 1)
		if (c->line[n++] == '\n') {
			c->line[n - 1] = '\0';
			return c->line;
		}
	return NULL;
}

#define assert_line(client, text)                                                                                      \
	do {                                                                                                           \
		const char *line_ = client_line(client);                                                               \
                                                                                                                       \
		assert_non_null(line_);                                                                                \
		assert_string_equal(line_, text);                                                                      \
	} while (0)

/* What BIG answers. */
static inline void assert_big(struct client *c, size_t want)
{
	static char bytes[262144];

	while (want > 0) {
		ssize_t got = client_receive(c, bytes, want < sizeof bytes ? want : sizeof bytes);

		assert_true(got > 0);
		want -= (size_t)got;
	}
}

/* The daemon has closed, and closed cleanly: neither reset nor, on TLS, truncated. */
static inline void assert_end(struct client *c)
{
	char byte;

	assert_int_equal(client_receive(c, &byte, 1), 0);
}

static inline struct client client_connect(const struct net_test *t)
{
	struct client c = {.fd = net_test_connect_once(t->port)};

	assert_true(c.fd >= 0);
	assert_line(&c, "hello");
	return c;
}

static inline bool client_start_tls(struct client *c, const char *server_name, int max_version)
{
	c->context = SSL_CTX_new(TLS_client_method());
	if (max_version != 0)
		SSL_CTX_set_max_proto_version(c->context, max_version);
	c->ssl = SSL_new(c->context);
	SSL_set_fd(c->ssl, c->fd);
	if (server_name != NULL)
		SSL_set_tlsext_host_name(c->ssl, server_name);
	return SSL_connect(c->ssl) == 1;
}

static inline struct client client_connect_tls(const struct net_test *t)
{
	struct client c = {.fd = net_test_connect_once(t->tls_port)};

	assert_true(c.fd >= 0);
	assert_true(client_start_tls(&c, NULL, 0));
	assert_line(&c, "hello");
	return c;
}

/* Waits up to ten seconds until the count is what it should become. */
static inline void assert_becomes(const _Atomic int *count, int want)
{
	for (int i = 0; i < 1000 && *count != want; i++)
		usleep(10000);
	assert_int_equal(*count, want);
}

/* A self-signed certificate with its key in one file; with issuer (both not NULL) one that is signed by it. */
static inline void net_test_certificate(const struct net_test *t, const char *file, const char *name, X509 *issuer,
					EVP_PKEY *issuer_key, X509 **cert_r, EVP_PKEY **key_r)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	X509V3_CTX context;
	X509_EXTENSION *extension;
	char path[128], value[128];
	FILE *out;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)getpid());
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer == NULL ? subject : X509_get_subject_name(issuer));
	X509V3_set_ctx(&context, issuer == NULL ? cert : issuer, cert, NULL, NULL, 0);
	snprintf(value, sizeof value, strchr(name, '@') == NULL ? "DNS:%s" : "email:%s", name);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, value);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, issuer == NULL ? "CA:TRUE" : "CA:FALSE");
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(cert, issuer_key == NULL ? key : issuer_key, EVP_sha256()) > 0);
	snprintf(path, sizeof path, "%s/%s", t->folder, file);
	out = fopen(path, "w");
	PEM_write_X509(out, cert);
	PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	fclose(out);
	if (cert_r != NULL)
		*cert_r = cert;
	else
		X509_free(cert);
	if (key_r != NULL)
		*key_r = key;
	else
		EVP_PKEY_free(key);
}

#endif

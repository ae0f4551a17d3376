/* Connections that come from a proxy: 127.0.0.2, or whoever speaks to the Unix socket. */
#include "net_said.h"
#include "proxy_test.h"

#include <netinet/tcp.h>

#define PROXIES "[trusted]\nproxies = 192.0.2.77 127.0.0.2/31 unix\nnetworks = 203.0.113.0/24\n"
#define TCP4    "PROXY TCP4 198.51.100.7 192.0.2.2 4711 143\r\n"

static struct client from_proxy(uint16_t port)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002)},
			   to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(port)};
	struct timeval limit = {.tv_sec = 20};
	struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	int yes = 1;

	assert_int_equal(bind(c.fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
	(void)setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	return c;
}

static struct client from_unix(const struct net_test *t)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 20};
	struct client c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	snprintf(to.sun_path, sizeof to.sun_path, "%s/echo.sock", t->folder);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
	(void)setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return c;
}

/* Not a byte has come. */
static void assert_silent(const struct client *c)
{
	struct pollfd fd = {.fd = c->fd, .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 150), 0);
}

/* Closed without an answer; what we sent was not read, so it may be a reset. */
static void assert_cut_off(struct client *c)
{
	char byte;

	assert_true(recv(c->fd, &byte, 1, 0) <= 0);
	assert_true(errno != EAGAIN);
	client_close(c);
}

static void assert_is(struct client *c, const char *remote, const char *about)
{
	assert_line(c, "hello");
	client_send(c, "REMOTE\nABOUT\n");
	assert_line(c, remote);
	assert_line(c, about);
}

static unsigned times(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static struct buf v2(int command, int family, struct span addresses, struct span list)
{
	struct buf rest = {0}, header = {0};

	buf_span(&rest, addresses);
	buf_span(&rest, list);
	v2_header(&header, command, family, buf_view(&rest));
	buf_done(&rest);
	return header;
}

static void test_clients(void **state)
{
	struct net_test *t = *state;
	static const char zeroes[216];
	static const struct span none = {"", 0}, tls = SPAN("\x20\0\x05\x01\0\0\0\0"), unix_addresses = {zeroes, 216};
	const struct {
		struct buf header;
		const char *by_tcp, *by_unix, *about; /* NULL: the proxy's own address */
	} cases[] = {
		{v2(V2_PROXY, V2_TCP4, V2_INET, none), "192.0.2.1:4711", "192.0.2.1:4711", "- "},
		{v2(V2_PROXY, V2_TCP4, V2_INET, tls), "192.0.2.1:4711", "192.0.2.1:4711", "- trusted"},
		{v2(V2_PROXY, V2_UNIX, unix_addresses, none), "unix", "unix", "- local trusted"},
		{v2(V2_LOCAL, 0, none, none), NULL, "unix", "- local trusted"},
		{v2(V2_PROXY, 0, none, none), NULL, "unix", "- local trusted"},
		{v2(V2_PROXY, V2_TCP6,
		    SPAN("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xfe\0\0"),
		    none),
		 "[2001:db8::1]:65534", "[2001:db8::1]:65534", "- "},
		{v2(V2_PROXY, V2_TCP6,
		    SPAN("\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0"), none),
		 "203.0.113.1:1", "203.0.113.1:1", "- trusted"}, /* an IPv4 address, in a network that is trusted */
	};

	net_test_configure(t, false, PROXIES);
	net_test_start(t);
	for (size_t i = 0; i < array_count(cases); i++) {
		struct client c[] = {from_proxy(t->port), from_unix(t)};

		for (size_t k = 0; k < 2; k++) {
			const char *remote = k == 0 ? cases[i].by_tcp : cases[i].by_unix;

			client_send_n(&c[k], cases[i].header.p, cases[i].header.n);
			assert_line(&c[k], "hello");
			client_send(&c[k], "REMOTE\nABOUT\n");
			if (remote != NULL)
				assert_line(&c[k], remote);
			else
				assert_int_equal(strncmp(client_line(&c[k]), "127.0.0.2:", 10), 0);
			assert_line(&c[k], cases[i].about);
			client_close(&c[k]);
		}
		buf_done((struct buf *)&cases[i].header);
	}
	net_test_check_end(t);
	assert_null(strstr(said(t, "log"), "warning"));
}

static void test_text(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, PROXIES);
	net_test_start(t);
	c = from_proxy(t->port);
	client_send(&c, TCP4 "REMOTE\nABOUT\n"); /* commands in the same segment */
	assert_line(&c, "hello");
	assert_line(&c, "198.51.100.7:4711");
	assert_line(&c, "- ");
	client_send(&c, TCP4 "LOGIN anna\n"); /* a second one is a command like any other */
	assert_line(&c, "what is PROXY?");
	assert_line(&c, "OK");
	usleep(100000); /* what a worker is at is only "busy" */
	assert_non_null(strstr(ask(t, "who"), "\techo\tanna\t198.51.100.7:4711\tplain\t"));
	client_send(&c, "QUIT\n");
	assert_line(&c, "BYE");
	assert_end(&c);
	client_close(&c);
	c = from_proxy(t->port);
	client_send(&c, "PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n"); /* the proxy's loopback is ours: it is here */
	assert_is(&c, "127.0.0.9:1", "- local trusted");
	client_close(&c);
	c = from_proxy(t->port);
	client_send(&c, "PROXY UNKNOWN\r\nABOUT\n");
	assert_line(&c, "hello");
	assert_line(&c, "- local trusted");
	client_close(&c);
	net_test_check_end(t);
	assert_non_null(strstr(said(t, "log"), "remote=198.51.100.7:4711 closed: "));
}

static void test_pieces(void **state)
{
	struct net_test *t = *state;
	struct buf binary = v2(V2_PROXY, V2_TCP4, V2_INET, SPAN("\x04\0\x20pad pad pad pad pad pad pad pad "));

	net_test_configure(t, false, PROXIES);
	net_test_start(t);
	for (int i = 0; i < 4; i++) {
		struct client c = i % 2 == 0 ? from_proxy(t->port) : from_unix(t);
		struct span header = i < 2 ? buf_view(&binary) : SPAN(TCP4);

		for (size_t at = 0; at < header.n; at++) {
			if (at % 9 == 0)
				usleep(2000);
			client_send_n(&c, header.p + at, 1);
			if (at == header.n - 2)
				assert_silent(&c);
		}
		assert_is(&c, i < 2 ? "192.0.2.1:4711" : "198.51.100.7:4711", "- ");
		client_close(&c);
	}
	buf_done(&binary);
	net_test_check_end(t);
}

static void test_tls(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, PROXIES);
	net_test_start(t);
	c = from_proxy(t->tls_port);
	client_send(&c, TCP4);
	assert_silent(&c); /* TLS's first word is the client's */
	assert_true(client_start_tls(&c, NULL, 0));
	assert_is(&c, "198.51.100.7:4711", "- tls trusted");
	client_close(&c);
	c = from_proxy(t->port);
	client_send(&c, TCP4);
	assert_line(&c, "hello");
	client_send(&c, "STARTTLS\n");
	assert_line(&c, "OK");
	assert_true(client_start_tls(&c, NULL, 0));
	client_send(&c, "REMOTE\n");
	assert_line(&c, "198.51.100.7:4711");
	client_close(&c);
	c = from_proxy(t->tls_port); /* the header comes inside TLS: too late */
	assert_false(client_start_tls(&c, NULL, 0));
	client_close(&c);
	net_test_check_end(t);
	assert_int_equal(times(said(t, "log"), "must begin with a PROXY header"), 1);
}

static void test_bad(void **state)
{
	struct net_test *t = *state;
	static const char *const bad[] = {"a1 NOOP\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "GET / HTTP/1.1\r\n\r\n",
					  "\r\n\r\n", "PROXY UNKNOWN"};
	struct client c;
	char filler[200];

	net_test_configure(t, false, PROXIES);
	net_test_start(t);
	memset(filler, 'x', sizeof filler);
	for (size_t i = 0; i < array_count(bad); i++) {
		c = from_proxy(t->port);
		client_send(&c, bad[i]);
		if (i == array_count(bad) - 1)
			client_send_n(&c, filler, sizeof filler);
		if (i == array_count(bad) - 2) {
			assert_silent(&c);
			client_send(&c, "\r\n");
		}
		assert_cut_off(&c);
	}
	assert_int_equal(t->counts->opened, 1); /* the test's first look */
	assert_int_equal(times(said(t, "log"), "a proxy's connection must begin with a PROXY header"),
			 array_count(bad));
	c = from_proxy(t->port);
	client_send(&c, "PROXY TCP4 198.");
	usleep(50000);
	shutdown(c.fd, SHUT_WR); /* half a header, and its end */
	assert_cut_off(&c);
	assert_int_equal(times(said(t, "log"), "the PROXY header is not complete"), 1);
	net_test_check_end(t);
	assert_int_equal(times(said(t, "log"), "warning"), array_count(bad) + 1);
}

/* What looks whether somebody is there, and goes. */
static void test_health_checks(void **state)
{
	struct net_test *t = *state;
	struct buf local = v2(V2_LOCAL, 0, (struct span){"", 0}, (struct span){"", 0});
	struct linger reset = {.l_onoff = 1};

	net_test_configure(t, false, PROXIES);
	net_test_start(t);
	for (int i = 0; i < 60; i++) {
		struct client c = from_proxy(t->port);

		if (i % 3 > 0)
			client_send_n(&c, local.p, local.n);
		if (i % 2 == 0)
			setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		client_close(&c);
	}
	buf_done(&local);
	for (int i = 0; i < 500 && strstr(ask(t, "status"), "\tsessions 0\n") == NULL; i++)
		usleep(10000);
	assert_non_null(strstr(ask(t, "status"), "\tsessions 0\n"));
	net_test_check_end(t);
	assert_null(strstr(said(t, "log"), "warning"));
	assert_null(strstr(said(t, "log"), "error"));
}

static void test_missing(void **state)
{
	struct net_test *t = *state;
	struct client silent, trickling, stopped, kicked;
	const char *who;
	char kick[64];

	net_test_configure(t, false, PROXIES "[limits]\nlogin_time = 1s\n");
	net_test_start(t);
	silent = from_proxy(t->port);
	trickling = from_proxy(t->port);
	client_send(&trickling, "PROXY UNK");
	usleep(700000);
	client_send(&trickling, "NOWN ");
	assert_cut_off(&silent);
	assert_cut_off(&trickling);
	assert_int_equal(times(said(t, "log"), "no PROXY header has come in time"), 2);
	kicked = from_proxy(t->port);
	usleep(100000);
	who = ask(t, "who");
	snprintf(kick, sizeof kick, "kick %lu", strtoul(strchr(strchr(who, '\t') + 1, '\t') + 1, NULL, 10));
	assert_non_null(strstr(ask(t, kick), "\t1\n"));
	assert_cut_off(&kicked);
	stopped = from_proxy(t->port);
	usleep(100000);
	assert_int_equal(net_test_stop(t), 0);
	assert_cut_off(&stopped);
	net_test_check_end(t);
	assert_int_equal(times(said(t, "log"), "warning"), 2);
}

/* From an address that is no proxy's the header is not looked at. */
static void test_spoofing(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, PROXIES);
	net_test_start(t);
	c = client_connect(t); /* greeted before it says a word */
	client_send(&c, TCP4 "REMOTE\n");
	assert_line(&c, "what is PROXY?");
	assert_int_equal(strncmp(client_line(&c), "127.0.0.1:", 10), 0);
	client_close(&c);
	c = (struct client){.fd = net_test_connect_once(t->tls_port)};
	client_send(&c, TCP4);
	assert_false(client_start_tls(&c, NULL, 0));
	client_close(&c);
	net_test_check_end(t);
	assert_null(strstr(said(t, "log"), "198.51.100.7"));
}

static void test_limits(void **state)
{
	struct net_test *t = *state;
	struct client one, two, other, local;

	net_test_configure(t, false, PROXIES "[limits]\nconnections_per_address = 1\n");
	net_test_start(t);
	one = from_proxy(t->port);
	client_send(&one, TCP4);
	assert_line(&one, "hello");
	two = from_proxy(t->port);
	client_send(&two, TCP4);
	assert_line(&two, "farewell: Too many connections");
	assert_end(&two);
	client_close(&two);
	assert_non_null(strstr(said(t, "log"), "remote=198.51.100.7:4711 refused: too many connections"));
	other = from_proxy(t->port); /* somebody else by the same proxy */
	client_send(&other, "PROXY TCP4 198.51.100.8 192.0.2.2 4711 143\r\n");
	assert_line(&other, "hello");
	local = from_proxy(t->port); /* the proxy itself */
	client_send(&local, "PROXY UNKNOWN\r\n");
	assert_line(&local, "hello");
	client_close(&one);
	for (int i = 0; i < 500 && strstr(ask(t, "who"), "198.51.100.7") != NULL; i++)
		usleep(10000);
	one = from_proxy(t->port); /* there is room again */
	client_send(&one, TCP4);
	assert_line(&one, "hello");
	client_close(&one);
	client_close(&other);
	client_close(&local);
	net_test_check_end(t);
}

static void test_full(void **state)
{
	struct net_test *t = *state;
	struct client one, two;

	net_test_configure(t, false, PROXIES "[limits]\nconnections = 1\n");
	net_test_start(t);
	assert_becomes(&t->counts->closed, 1);
	usleep(100000);
	one = client_connect(t);
	two = from_proxy(t->port);
	assert_silent(&two);
	client_send(&two, TCP4);
	assert_line(&two, "farewell: Too many connections");
	assert_end(&two);
	client_close(&one);
	client_close(&two);
	net_test_check_end(t);
	assert_non_null(strstr(said(t, "log"), "remote=198.51.100.7:4711 refused: too many connections"));
}

static _Atomic bool is_over;

static void *ask_for_ever(void *arg)
{
	char folder[128];

	snprintf(folder, sizeof folder, "%s/control", ((const struct net_test *)arg)->folder);
	while (!is_over) {
		struct buf out = {0};

		(void)control_ask(folder, "who", &out);
		buf_done(&out);
	}
	return NULL;
}

/* Others look at the sessions while they learn their names: for the thread sanitizer. */
static void test_looked_at(void **state)
{
	struct net_test *t = *state;
	enum { CLIENTS = 40, ROUNDS = 15 };
	struct client c[CLIENTS];
	pthread_t thread;

	net_test_configure(t, false, PROXIES);
	net_test_start(t);
	is_over = false;
	assert_int_equal(pthread_create(&thread, NULL, ask_for_ever, t), 0);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CLIENTS; i++)
			c[i] = from_proxy(t->port);
		for (int i = 0; i < CLIENTS; i++) {
			client_send(&c[i], "PROXY TCP4 198.51.");
			client_send(&c[i], "100.9 192.0.2.2 4711 143\r\nREMOTE\n");
		}
		for (int i = 0; i < CLIENTS; i++) {
			assert_line(&c[i], "hello");
			assert_line(&c[i], "198.51.100.9:4711");
			client_close(&c[i]);
		}
	}
	is_over = true;
	pthread_join(thread, NULL);
	net_test_check_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_clients),       NET_TEST(test_text),    NET_TEST(test_pieces),    NET_TEST(test_tls),
		NET_TEST(test_bad),           NET_TEST(test_missing), NET_TEST(test_spoofing),  NET_TEST(test_limits),
		NET_TEST(test_health_checks), NET_TEST(test_full),    NET_TEST(test_looked_at),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that the daemon has closed */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

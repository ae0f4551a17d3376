/* Limits: of time before log-in and after it, of connections, of sessions. */
#include "net_test.h"

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_log_in_time(void **state)
{
	struct net_test *t = *state;
	enum { SILENT = 500 };
	static struct client silent[SILENT];
	struct client trickling, user;
	long long start;

	net_test_configure(t, false, "[limits]\nlogin_time = 2s\n");
	net_test_start(t);
	for (size_t i = 0; i < SILENT; i++)
		silent[i] = client_connect(t);
	start = now_ms();
	user = client_connect(t); /* whom the others do not hinder */
	client_send(&user, "LOGIN anna\n");
	assert_line(&user, "OK");
	trickling = client_connect(t);
	while (now_ms() - start < 4000 && send(trickling.fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(100000);
	assert_true(now_ms() - start < 3900); /* a byte now and then does not help */
	for (size_t i = 0; i < SILENT; i++) {
		assert_line(&silent[i], "too slow");
		assert_end(&silent[i]);
		client_close(&silent[i]);
	}
	client_send(&user, "ECHO x\n");
	assert_line(&user, "x");
	client_close(&user);
	client_close(&trickling);
	net_test_check_end(t);
}

static void test_handshake_time(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "[limits]\nlogin_time = 1s\n");
	net_test_start(t);
	c = (struct client){.fd = net_test_connect_once(t->tls_port)};
	assert_null(client_line(&c));
	client_close(&c);
	net_test_check_end(t);
}

static void test_idle_time(void **state)
{
	struct net_test *t = *state;
	struct client idle, busy, kept;

	net_test_configure(t, false, "[limits]\nidle_time = 1s\n");
	net_test_start(t);
	idle = client_connect(t);
	busy = client_connect(t);
	kept = client_connect(t);
	client_send(&kept, "LOGIN a\nKEEP\n");
	assert_line(&kept, "OK");
	assert_line(&kept, "OK");
	client_send(&idle, "LOGIN a\n");
	assert_line(&idle, "OK");
	client_send(&busy, "LOGIN a\n");
	assert_line(&busy, "OK");
	for (int i = 0; i < 15; i++) {
		client_send(&busy, "ECHO x\n");
		assert_line(&busy, "x");
		usleep(100000);
	}
	assert_line(&idle, "too slow");
	assert_end(&idle);
	assert_line(&kept, "still there?");
	assert_line(&kept, "too slow");
	assert_end(&kept);
	client_close(&idle);
	client_close(&busy);
	client_close(&kept);
	net_test_check_end(t);
}

/* A client that asks much and takes nothing does not stay for ever. */
static void test_dead_reader(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "[limits]\nidle_time = 1s\n");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "LOGIN a\nBIG 100000000\n");
	assert_becomes(&t->counts->closed, t->counts->opened);
	client_close(&c);
	net_test_check_end(t);
}

static void test_connections(void **state)
{
	struct net_test *t = *state;
	struct client one, two, three;

	net_test_configure(t, false, "[limits]\nconnections = 2\n");
	net_test_start(t);
	assert_becomes(&t->counts->closed, 1);
	usleep(100000);
	one = client_connect(t);
	two = client_connect(t);
	three = (struct client){.fd = net_test_connect_once(t->port)};
	assert_line(&three, "farewell: Too many connections");
	assert_end(&three);
	client_close(&three);
	client_close(&one);
	assert_becomes(&t->counts->closed, 3);
	usleep(100000);
	three = client_connect(t);
	client_close(&two);
	client_close(&three);
	net_test_check_end(t);
}

static void test_per_address(void **state)
{
	struct net_test *t = *state;
	struct client one, two;
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002)},
			   to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(t->port)};

	net_test_configure(t, false, "[limits]\nconnections_per_address = 1\n");
	net_test_start(t);
	assert_becomes(&t->counts->closed, 1);
	usleep(100000);
	one = client_connect(t);
	two = (struct client){.fd = net_test_connect_once(t->port)};
	assert_line(&two, "farewell: Too many connections");
	client_close(&two);
	two = (struct client){.fd = socket(AF_INET, SOCK_STREAM, 0)}; /* somebody else */
	assert_int_equal(bind(two.fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(two.fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_line(&two, "hello");
	client_close(&two);
	client_close(&one);
	net_test_check_end(t);
}

static void test_per_user(void **state)
{
	struct net_test *t = *state;
	struct client c[3];

	net_test_configure(t, false, "[limits]\nsessions_per_user = 2\n");
	net_test_start(t);
	for (int i = 0; i < 3; i++) {
		c[i] = client_connect(t);
		client_send(&c[i], "LOGIN anna\n");
		assert_line(&c[i], i < 2 ? "OK" : "NO");
	}
	assert_end(&c[2]);
	client_close(&c[2]);
	client_close(&c[1]);
	assert_becomes(&t->counts->closed, 3);
	usleep(100000);
	c[1] = client_connect(t);
	client_send(&c[1], "LOGIN anna\n");
	assert_line(&c[1], "OK");
	client_close(&c[0]);
	client_close(&c[1]);
	net_test_check_end(t);
}

/* What takes a worker longer than the limit is not the client's silence. */
static void test_slow_work(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "[limits]\nidle_time = 1s\n");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "LOGIN a\nSLEEP 1700\n");
	usleep(1300000);
	client_send(&c, "ECHO x\n");
	assert_line(&c, "OK");
	assert_line(&c, "slept");
	assert_line(&c, "x");
	assert_line(&c, "too slow");
	assert_end(&c);
	client_close(&c);
	net_test_check_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_log_in_time), NET_TEST(test_handshake_time), NET_TEST(test_idle_time),
		NET_TEST(test_dead_reader), NET_TEST(test_connections),    NET_TEST(test_per_address),
		NET_TEST(test_per_user),    NET_TEST(test_slow_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sessions over plain sockets: loop and worker, half-closed clients, slow readers, timers, wake-ups. */
#include "net_test.h"

static void test_echo(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	for (int i = 0; i < 200; i++) {
		client_send(&c, i % 2 == 0 ? "ECHO one two\r\n" : "LOOP one two\n");
		assert_line(&c, "one two");
	}
	client_send(&c, "ABOUT\nNONSENSE\n");
	assert_line(&c, "- local trusted");
	assert_line(&c, "what is NONSENSE?");
	client_send(&c, "QUIT\nECHO never\n");
	assert_line(&c, "BYE");
	assert_end(&c);
	client_close(&c);
	net_test_check_end(t);
}

static void test_pipelined_byte_by_byte(void **state)
{
	static const char text[] = "ECHO 1\nLOOP 2\nECHO 3\nLOOP 4\nLOOP 5\nECHO 6\n";
	struct net_test *t = *state;
	struct client c;
	char want[2] = "1";

	net_test_configure(t, false, "");
	net_test_start(t);
	for (int round = 0; round < 2; round++) {
		c = client_connect(t);
		for (const char *p = text; *p != '\0' && round == 1; p++) {
			client_send_n(&c, p, 1);
			usleep(500);
		}
		if (round == 0)
			client_send(&c, text);
		for (want[0] = '1'; want[0] <= '6'; want[0]++)
			assert_line(&c, want);
		client_close(&c);
	}
	c = client_connect(t); /* more commands than a worker takes in a row */
	for (int i = 0; i < 2000; i++)
		client_send(&c, "ECHO x\n");
	for (int i = 0; i < 2000; i++)
		assert_line(&c, "x");
	client_close(&c);
	net_test_check_end(t);
}

static void test_abort_and_reset(void **state)
{
	struct net_test *t = *state;
	struct linger reset = {.l_onoff = 1};
	struct client c;

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "ABORT\n");
	assert_null(client_line(&c));
	client_close(&c);
	for (int i = 0; i < 50; i++) { /* at any time, also while a worker is at it */
		c = client_connect(t);
		client_send(&c, i % 2 == 0 ? "SLEEP 5\nECHO x\n" : "BIG 1000000\n");
		setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		client_close(&c);
	}
	assert_becomes(&t->counts->closed, t->counts->opened);
	net_test_check_end(t);
}

static void test_half_closed(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "SLEEP 50\nECHO a\nDELAY 300\nECHO b\nBIG 3000000\n");
	shutdown(c.fd, SHUT_WR);
	assert_line(&c, "slept");
	assert_line(&c, "a");
	assert_line(&c, "delayed");
	assert_line(&c, "b");
	assert_big(&c, 3000000);
	assert_end(&c);
	client_close(&c);
	c = client_connect(t); /* bytes and end arrive as one */
	client_send(&c, "ECHO x\nECHO never");
	shutdown(c.fd, SHUT_WR);
	assert_line(&c, "x");
	assert_end(&c);
	client_close(&c);
	c = client_connect(t); /* nothing but the end */
	shutdown(c.fd, SHUT_WR);
	assert_end(&c);
	client_close(&c);
	net_test_check_end(t);
}

static long resident_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

/* 200 MB to a client that never has read everything: neither memory nor a worker is spent on it. */
static void test_slow_reader(void **state)
{
	struct net_test *t = *state;
	struct client slow, quick;
	long before;

	net_test_configure(t, false, "");
	net_test_start(t);
	slow = client_connect(t);
	client_send(&slow, "ECHO x\n");
	assert_line(&slow, "x");
	before = resident_kib(t->pid);
	client_send(&slow, "BIG 200000000\nECHO done\n");
	usleep(300000);
	for (int i = 0; i < 20; i++) { /* all workers are free */
		quick = client_connect(t);
		client_send(&quick, "ECHO quick\n");
		assert_line(&quick, "quick");
		client_close(&quick);
	}
	assert_big(&slow, 200000000);
	assert_line(&slow, "done");
	assert_true(resident_kib(t->pid) - before < 20000);
	client_close(&slow);
	net_test_check_end(t);
}

static void test_timer(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "DELAY 200\nECHO after\n");
	assert_line(&c, "delayed");
	assert_line(&c, "after");
	client_close(&c);
	net_test_check_end(t);
}

static void test_wake_storm(void **state)
{
	struct net_test *t = *state;
	struct client c[16];

	net_test_configure(t, false, "");
	net_test_start(t);
	for (size_t i = 0; i < 16; i++)
		c[i] = client_connect(t);
	for (size_t i = 0; i < 16; i++)
		client_send(&c[i], "WAKE 20000\nECHO x\n");
	for (size_t i = 0; i < 16; i++) {
		bool woken = false, echoed = false;

		for (int k = 0; k < 2; k++) {
			const char *line = client_line(&c[i]);

			assert_non_null(line);
			woken |= strcmp(line, "woken") == 0;
			echoed |= strcmp(line, "x") == 0;
		}
		assert_true(woken && echoed);
	}
	for (size_t i = 0; i < 16; i++) { /* sessions go while they are woken */
		client_send(&c[i], i % 2 == 0 ? "WAKE 20000\nQUIT\n" : "WAKE 20000\nABORT\n");
		client_close(&c[i]);
	}
	assert_becomes(&t->counts->closed, t->counts->opened);
	net_test_check_end(t);
}

static void test_many_at_once(void **state)
{
	struct net_test *t = *state;
	enum { MANY = 300 };
	static struct client c[MANY];

	net_test_configure(t, false, "");
	net_test_start(t);
	for (size_t i = 0; i < MANY; i++)
		c[i] = client_connect(t);
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < MANY; i++)
			client_send(&c[i], round % 2 == 0 ? "ECHO x\n" : "SLEEP 1\n");
		for (size_t i = 0; i < MANY; i++)
			assert_line(&c[i], round % 2 == 0 ? "x" : "slept");
	}
	for (size_t i = 0; i < MANY; i++)
		client_close(&c[i]);
	assert_becomes(&t->counts->closed, t->counts->opened);
	net_test_check_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_echo),
		NET_TEST(test_pipelined_byte_by_byte),
		NET_TEST(test_abort_and_reset),
		NET_TEST(test_half_closed),
		NET_TEST(test_slow_reader),
		NET_TEST(test_timer),
		NET_TEST(test_wake_storm),
		NET_TEST(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

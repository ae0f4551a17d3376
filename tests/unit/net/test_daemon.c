/* The life of a daemon: options, listening, signals, drain, the control socket, traces. */
#include "net_said.h"

static int run_and_wait(struct net_test *t, char **settings)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		char path[128];

		snprintf(path, sizeof path, "%s/said", t->folder);
		dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		dup2(1, 2);
		alarm(30); /* where it starts although it should not */
		exit(net_test_run(t, settings));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_options(void **state)
{
	struct net_test *t = *state;
	char *check[] = {(char *)"--check-config", NULL}, *version[] = {(char *)"--version", NULL},
	     *help[] = {(char *)"--help", NULL}, *unknown[] = {(char *)"--nonsense", NULL},
	     *more[] = {(char *)"nonsense", NULL}, *dump[] = {(char *)"--dump-config", NULL},
	     *set[] = {(char *)"-o", (char *)"limits.connections=77", (char *)"--dump-config", NULL},
	     *bad_set[] = {(char *)"-o", (char *)"limits.connections=many", NULL};
	char *dumped;

	net_test_configure(t, false, "");
	assert_int_equal(run_and_wait(t, check), 0);
	assert_int_equal(run_and_wait(t, version), 0);
	assert_non_null(strstr(said(t, "said"), "trivet-echod "));
	assert_int_equal(run_and_wait(t, help), 0);
	assert_int_equal(run_and_wait(t, unknown), 64);
	assert_int_equal(run_and_wait(t, more), 64);
	assert_int_equal(run_and_wait(t, set), 0);
	assert_non_null(strstr(said(t, "said"), "connections = 77\n"));
	assert_int_equal(run_and_wait(t, bad_set), 78);
	assert_int_equal(run_and_wait(t, dump), 0);
	dumped = strdup(said(t, "said"));
	net_test_write(t, "echod.conf", dumped); /* what is dumped can be loaded, and says the same */
	assert_int_equal(run_and_wait(t, dump), 0);
	assert_string_equal(said(t, "said"), dumped);
	free(dumped);
}

static void test_cannot_start(void **state)
{
	struct net_test *t = *state;
	static const struct {
		const char *more, *why;
		int status;
	} cases[] = {
		{"[limits]\nconnections = no\n", "echod.conf:12: connections must be a number, not 'no'", 78},
		{"[tls]\ncert = /nonexistent\n", "cannot use the certificate /nonexistent", 78},
		{"[listen]\nechos = 127.0.0.1:0\n", "a TLS listener needs a certificate", 78},
		{"[listen]\necho = 127.0.0.1\n", "want ADDRESS:PORT", 69},
		{"[listen]\necho = nowhere:1\n", "cannot listen on nowhere:1", 69},
		{"[listen]\necho =\n", "nothing to listen on", 69},
		{"[trusted]\nnetworks = 10.0.0.0/8 home\n", "'home' is not ADDRESS/BITS", 78},
		{"[trusted]\nnetworks = unix\n", "networks in [trusted]: 'unix' is not ADDRESS/BITS", 78},
		{"[trusted]\nproxies = unix ::1 haproxy\n", "proxies in [trusted]: 'haproxy' is not ADDRESS/BITS", 78},
		{"[trusted]\nnetworks = 10.0.0.0/33\n", "'10.0.0.0/33' is not ADDRESS/BITS", 78},
		{"[process]\nuser = no-such-user\n", "no such user", 69},
	};

	for (size_t i = 0; i < array_count(cases); i++) {
		if (strstr(cases[i].more, "user =") != NULL && getuid() != 0)
			continue;
		net_test_configure(t, false, cases[i].more);
		assert_int_equal(run_and_wait(t, NULL), cases[i].status);
		if (strstr(said(t, "said"), cases[i].why) == NULL)
			fail_msg("'%s' does not say '%s'", said(t, "said"), cases[i].why);
	}
}

static struct client connect_unix(const struct net_test *t)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct client c = {.fd = socket(AF_UNIX, SOCK_STREAM, 0)};

	snprintf(to.sun_path, sizeof to.sun_path, "%s/echo.sock", t->folder);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
	return c;
}

static void test_unix_socket(void **state)
{
	struct net_test *t = *state;
	struct client c;
	char path[128];

	net_test_configure(t, false, "");
	net_test_start(t);
	c = connect_unix(t);
	assert_line(&c, "hello");
	client_send(&c, "ABOUT\n");
	assert_line(&c, "- local trusted");
	client_close(&c);
	net_test_check_end(t);
	snprintf(path, sizeof path, "%s/echo.sock", t->folder);
	assert_int_equal(access(path, F_OK), -1);
}

/* The listening socket comes from the service manager. */
static void test_inherited(void **state)
{
	struct net_test *t = *state;
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(t->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	struct client c;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 10), 0);
	net_test_configure(t, false, "[listen]\necho =\n");
	fflush(NULL);
	if ((t->pid = fork()) == 0) {
		char text[16], path[128];

		dup2(fd, 3);
		snprintf(path, sizeof path, "%s/log", t->folder);
		dup2(open(path, O_WRONLY | O_CREAT, 0600), 2);
		snprintf(text, sizeof text, "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		setenv("LISTEN_FDS", "1", 1);
		setenv("LISTEN_FDNAMES", "echo", 1);
		exit(net_test_run(t, NULL));
	}
	close(fd);
	c = client_connect(t);
	client_send(&c, "ECHO x\n");
	assert_line(&c, "x");
	client_close(&c);
	net_test_check_end(t);
}

static void test_drain(void **state)
{
	struct net_test *t = *state;
	struct client idle, working, reading;
	int status = -1;

	net_test_configure(t, false, "");
	net_test_start(t);
	idle = client_connect(t);
	working = client_connect(t);
	reading = client_connect(t);
	client_send(&working, "SLEEP 500\n");
	client_send(&reading, "BIG 30000000\n");
	usleep(100000);
	kill(t->pid, SIGTERM);
	assert_line(&idle, "farewell: The server is shutting down");
	assert_end(&idle);
	assert_int_equal(net_test_connect_once(t->port), -1); /* nobody is let in any more */
	assert_line(&working, "slept");
	assert_line(&working, "farewell: The server is shutting down");
	assert_big(&reading, 30000000); /* an answer is not torn */
	assert_line(&reading, "farewell: The server is shutting down");
	assert_end(&reading);
	client_close(&idle);
	client_close(&working);
	client_close(&reading);
	waitpid(t->pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	t->pid = 0;
	net_test_check_end(t);
}

/* Clients that do not go are left behind when the time is over. */
static void test_drain_is_bounded(void **state)
{
	struct net_test *t = *state;
	struct client stuck, half;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "[limits]\ndrain_time = 500ms\n");
	net_test_start(t);
	stuck = client_connect(t);
	client_send(&stuck, "BIG 100000000\n");
	half = (struct client){.fd = net_test_connect_once(t->tls_port)};
	usleep(100000);
	assert_int_equal(net_test_stop(t), 0);
	client_close(&stuck);
	client_close(&half);
	net_test_check_end(t);
}

static void test_control(void **state)
{
	struct net_test *t = *state;
	struct client anna, bert, stuck;
	char start[64];

	net_test_configure(t, false, "");
	net_test_start(t);
	anna = client_connect(t);
	bert = client_connect(t);
	stuck = client_connect(t);
	client_send(&anna, "LOGIN anna\n");
	assert_line(&anna, "OK");
	client_send(&bert, "LOGIN bert\n");
	assert_line(&bert, "OK");
	client_send(&stuck, "LOGIN carl\nBIG 100000000\n");
	usleep(200000);
	snprintf(start, sizeof start, "trivet-echod\t%d\t", (int)t->pid);
	assert_int_equal(strncmp(ask(t, "who"), start, strlen(start)), 0);
	assert_non_null(strstr(ask(t, "who"), "\techo\tanna\t127.0.0.1:"));
	assert_non_null(strstr(ask(t, "who"), "\tplain\t0\techoing\n"));
	assert_non_null(strstr(ask(t, "status"), "\tlogins 3\n"));
	assert_non_null(strstr(ask(t, "status"), "\thealthy yes\n"));
	assert_non_null(strstr(ask(t, "kick user=anna"), "\t1\n"));
	assert_line(&anna, "farewell: An administrator ended this session");
	assert_end(&anna);
	assert_non_null(strstr(ask(t, "kick 999"), "\t0\n"));
	assert_non_null(strstr(ask(t, "kick user=carl"), "\t1\n"));
	assert_becomes(&t->counts->closed, 3); /* the test's first look, anna, carl */
	for (int i = 0; i < 500 && strstr(ask(t, "who"), "\tcarl\t") != NULL; i++)
		usleep(10000); /* closed by a worker, and then to be taken off the list by his loop */
	assert_null(strstr(ask(t, "who"), "\tcarl\t"));
	assert_non_null(strstr(ask(t, "who"), "\tbert\t"));
	(void)ask(t, "nonsense");
	client_close(&anna);
	client_close(&bert);
	client_close(&stuck);
	net_test_check_end(t);
}

static bool has_trace(const struct net_test *t, const char *user, const char *line)
{
	char name[64];

	snprintf(name, sizeof name, "%s.%d.trace", user, (int)t->pid);
	return strstr(said(t, name), line) != NULL;
}

static void test_trace(void **state)
{
	struct net_test *t = *state;
	struct client anna, bert;
	char path[128];

	net_test_configure(t, false, "[log]\ntrace_users = bert\n");
	net_test_start(t);
	anna = client_connect(t);
	bert = client_connect(t);
	client_send(&anna, "LOGIN anna\nECHO unseen\n");
	assert_line(&anna, "OK");
	assert_line(&anna, "unseen");
	client_send(&bert, "LOGIN bert\nECHO of bert\n");
	assert_line(&bert, "OK");
	assert_line(&bert, "of bert");
	assert_true(has_trace(t, "bert", " C: ECHO of bert\n"));
	(void)ask(t, "trace anna on");
	client_send(&anna, "ECHO seen\n");
	assert_line(&anna, "seen");
	assert_true(has_trace(t, "anna", " C: ECHO seen\n"));
	assert_false(has_trace(t, "anna", "unseen"));
	net_test_configure(t, false, "[log]\ntrace_users = anna\n"); /* a reload says who alone */
	kill(t->pid, SIGHUP);
	usleep(300000);
	client_send(&bert, "ECHO no longer\n");
	assert_line(&bert, "no longer");
	assert_false(has_trace(t, "bert", "no longer"));
	client_close(&anna);
	anna = client_connect(t);
	client_send(&anna, "LOGIN ../anna\nECHO x\n");
	assert_line(&anna, "OK");
	assert_line(&anna, "x");
	snprintf(path, sizeof path, "%s/../anna.%d.trace", t->folder, (int)t->pid);
	assert_int_equal(access(path, F_OK), -1);
	client_close(&anna);
	client_close(&bert);
	net_test_check_end(t);
}

static void test_reload_is_all_or_nothing(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "");
	net_test_start(t);
	net_test_configure(t, false, "[limits]\nconnections = none\n");
	kill(t->pid, SIGHUP);
	usleep(300000);
	assert_non_null(strstr(said(t, "log"), "connections must be a number"));
	c = client_connect(t);
	client_close(&c);
	net_test_configure(t, false, "[limits]\nsessions_per_user = 1\n");
	kill(t->pid, SIGHUP);
	usleep(300000);
	for (int i = 0; i < 2; i++) {
		c = client_connect(t);
		client_send(&c, "LOGIN a\n");
		assert_line(&c, i == 0 ? "OK" : "NO");
	}
	net_test_check_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_options),   NET_TEST(test_cannot_start), NET_TEST(test_unix_socket),
		NET_TEST(test_inherited), NET_TEST(test_drain),        NET_TEST(test_drain_is_bounded),
		NET_TEST(test_control),   NET_TEST(test_trace),        NET_TEST(test_reload_is_all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Exchanges between our server side and libsasl2's client side (RFC 4422, 5802, 7677, 4616). */
#include "tests/unit/auth/auth_test.h"

#include <pthread.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

enum { STEPS_MAX = 8 };

struct client {
	const char *user, *as, *password;
	sasl_secret_t *secret;
	sasl_conn_t *conn;
	sasl_callback_t callbacks[6];
	sasl_channel_binding_t binding;
	bool binds; /* it knows channel binding, and wants it */
};

static int on_user(void *context, int id, const char **result, unsigned *length)
{
	struct client *client = context;

	*result = id == SASL_CB_USER ? client->as : client->user;
	if (*result == NULL)
		*result = "";
	if (length != NULL)
		*length = (unsigned)strlen(*result);
	return SASL_OK;
}

static int on_secret(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret)
{
	struct client *client = context;
	size_t n = strlen(client->password);

	(void)conn;
	(void)id;
	free(client->secret);
	client->secret = malloc(sizeof *client->secret + n + 1);
	client->secret->len = n;
	memcpy(client->secret->data, client->password, n + 1);
	*secret = client->secret;
	return SASL_OK;
}

static void client_open(struct client *client, const unsigned char *binding, size_t binding_size)
{
	client->callbacks[0] = (sasl_callback_t){SASL_CB_USER, (sasl_callback_ft)(void (*)(void))on_user, client};
	client->callbacks[1] = (sasl_callback_t){SASL_CB_AUTHNAME, (sasl_callback_ft)(void (*)(void))on_user, client};
	client->callbacks[2] = (sasl_callback_t){SASL_CB_PASS, (sasl_callback_ft)(void (*)(void))on_secret, client};
	client->callbacks[3] = (sasl_callback_t){SASL_CB_LIST_END, NULL, NULL};
	assert_int_equal(sasl_client_new("imap", "localhost", NULL, NULL, client->callbacks, 0, &client->conn),
			 SASL_OK);
	if (client->binds) {
		client->binding = (sasl_channel_binding_t){
			.name = "tls-exporter", .critical = 0, .len = binding_size, .data = binding};
		assert_int_equal(sasl_setprop(client->conn, SASL_CHANNEL_BINDING, &client->binding), SASL_OK);
	}
}

/* What the client makes of a challenge; false: it breaks off, as where the server cannot prove itself. */
static bool client_step(struct client *client, const struct buf *challenge, struct span *response_r, int *rc)
{
	const char *out = NULL;
	unsigned n = 0;

	*rc = sasl_client_step(client->conn, challenge->n == 0 ? "" : challenge->p, (unsigned)challenge->n, NULL, &out,
			       &n);
	*response_r = span_from(out, out == NULL ? 0 : n);
	return *rc == SASL_OK || *rc == SASL_CONTINUE;
}

static enum auth_result exchange(struct auth_test *t, const char *mechanism, const char *list, struct client *client)
{
	struct auth_exchange *exchange = NULL;
	struct buf challenge = {0};
	const char *out = NULL, *chosen = NULL;
	unsigned n = 0;
	int rc;
	enum auth_result result;
	struct span response;

	auth_identity_done(&t->identity);
	client_open(client, t->peer.binding, t->peer.binding_size);
	rc = sasl_client_start(client->conn, list, NULL, &out, &n, &chosen);
	assert_true(rc == SASL_OK || rc == SASL_CONTINUE);
	if (mechanism == NULL)
		mechanism = chosen;
	result = auth_exchange_start(t->auth, &t->peer, span_of(mechanism), span_from(out, out == NULL ? 0 : n),
				     out != NULL, &exchange, &challenge, &t->identity, &t->delay_ms);
	for (int i = 0; result == AUTH_CONTINUE && i < STEPS_MAX; i++) {
		if (!client_step(client, &challenge, &response, &rc))
			break;
		challenge.n = 0;
		result = auth_exchange_step(exchange, response, &challenge, &t->identity, &t->delay_ms);
	}
	if (result == AUTH_OK)
		assert_int_equal(rc, SASL_OK); /* the client too is content: the server has proved itself */
	auth_exchange_destroy(&exchange);
	buf_done(&challenge);
	sasl_dispose(&client->conn);
	free(client->secret);
	client->secret = NULL;
	return result;
}

/* A client that binds says so in its first message: "p=…". */
static void binding_is_used(struct auth_test *t)
{
	struct client client = {.user = "anna", .password = "geheim", .binds = true};
	const char *out = NULL, *chosen = NULL;
	unsigned n = 0;

	client_open(&client, t->peer.binding, t->peer.binding_size);
	assert_int_equal(sasl_client_start(client.conn, "SCRAM-SHA-256-PLUS SCRAM-SHA-256", NULL, &out, &n, &chosen),
			 SASL_CONTINUE);
	assert_true(span_starts(span_from(out, n), SPAN("p=tls-exporter,,")));
	sasl_dispose(&client.conn);
	free(client.secret);
}

static const char *const by_password[] = {"PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"};

static void rights(void **state)
{
	struct auth_test *t = *state;

	for (size_t i = 0; i < array_count(by_password); i++) {
		struct client anna = {.user = "anna", .password = "geheim"};
		struct client bob = {.user = "Bob@Example.com", .password = "p\xc3\xa4ss w\xc3\xb6rd"};

		assert_int_equal(exchange(t, by_password[i], by_password[i], &anna), AUTH_OK);
		assert_string_equal(t->identity.name, "anna");
		assert_null(t->identity.master);
		assert_true(t->identity.user > 0);
		assert_int_equal(exchange(t, by_password[i], by_password[i], &bob), AUTH_OK);
		assert_string_equal(t->identity.name, "bob@example.com");
	}
}

static void details(void **state)
{
	struct auth_test *t = *state;

	t->peer.detail_separator = '+';
	for (size_t i = 0; i < array_count(by_password); i++) {
		struct client anna = {.user = "Anna+Work", .password = "geheim"};

		assert_int_equal(exchange(t, by_password[i], by_password[i], &anna), AUTH_OK);
		assert_string_equal(t->identity.name, "anna");
		assert_string_equal(t->identity.detail, "Work");
	}
}

static void wrongs(void **state)
{
	struct auth_test *t = *state;

	auth_test_set(t, "auth.lockout_failures=0", NULL);
	for (size_t i = 0; i < array_count(by_password); i++) {
		struct client wrong = {.user = "anna", .password = "falsch"};
		struct client nobody = {.user = "nobody", .password = "geheim"};
		struct client empty = {.user = "empty", .password = "geheim"};
		struct client disabled = {.user = "dora", .password = "geheim"};

		assert_int_equal(exchange(t, by_password[i], by_password[i], &wrong), AUTH_FAILED);
		assert_null(t->identity.name);
		assert_int_equal(exchange(t, by_password[i], by_password[i], &nobody), AUTH_FAILED);
		assert_int_equal(exchange(t, by_password[i], by_password[i], &empty), AUTH_FAILED);
		assert_int_equal(exchange(t, by_password[i], by_password[i], &disabled), AUTH_EXPIRED);
	}
}

/* The name that authenticates and the one it wants to be (RFC 4422, 3.4.1). */
static void another_name(void **state)
{
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"};
	struct auth_test *t = *state;

	auth_test_set(t, "auth.lockout_failures=0", NULL);
	for (size_t i = 0; i < array_count(mechanisms); i++) {
		struct client same = {.user = "anna", .as = "anna", .password = "geheim"};
		struct client other = {.user = "anna", .as = "root", .password = "geheim"};
		struct client master = {.user = "root", .as = "anna", .password = "wurzel"};
		struct client unknown = {.user = "root", .as = "nobody", .password = "wurzel"};
		struct client disabled = {.user = "root", .as = "dora", .password = "wurzel"};

		assert_int_equal(exchange(t, mechanisms[i], mechanisms[i], &same), AUTH_OK);
		assert_string_equal(t->identity.name, "anna");
		assert_null(t->identity.master);
		assert_int_equal(exchange(t, mechanisms[i], mechanisms[i], &other), AUTH_DENIED);
		assert_int_equal(exchange(t, mechanisms[i], mechanisms[i], &master), AUTH_OK);
		assert_string_equal(t->identity.name, "anna");
		assert_string_equal(t->identity.master, "root");
		assert_int_equal(exchange(t, mechanisms[i], mechanisms[i], &unknown), AUTH_FAILED);
		assert_int_equal(exchange(t, mechanisms[i], mechanisms[i], &disabled), AUTH_EXPIRED);
	}
}

static void master_that_is_off(void **state)
{
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"};
	struct auth_test *t = *state;

	auth_test_set(t, "auth.master_users=root dora", NULL);
	for (size_t i = 0; i < array_count(mechanisms); i++) {
		struct client disabled = {.user = "dora", .as = "anna", .password = "geheim"};

		assert_int_equal(exchange(t, mechanisms[i], mechanisms[i], &disabled), AUTH_EXPIRED);
		assert_null(t->identity.name);
	}
}

static void master_in_the_name(void **state)
{
	struct auth_test *t = *state;
	struct client master = {.user = "anna*root", .password = "wurzel"};
	struct client nobody = {.user = "nobody*root", .password = "wurzel"};
	struct client no_master = {.user = "root*anna", .password = "geheim"};

	assert_int_equal(exchange(t, "PLAIN", "PLAIN", &master), AUTH_OK);
	assert_string_equal(t->identity.name, "anna");
	assert_string_equal(t->identity.master, "root");
	assert_int_equal(exchange(t, "PLAIN", "PLAIN", &nobody), AUTH_FAILED);
	assert_int_equal(exchange(t, "PLAIN", "PLAIN", &no_master), AUTH_DENIED);
}

static void channel_binding(void **state)
{
	static const unsigned char data[32] = {1, 2, 3}, other[32] = {3, 2, 1};
	struct auth_test *t = *state;
	struct client binds = {.user = "anna", .password = "geheim", .binds = true};
	struct client plain = {.user = "anna", .password = "geheim"};
	struct auth_exchange *exchange_ = NULL;
	struct buf challenge = {0};
	struct client client = {.user = "anna", .password = "geheim", .binds = true};
	const char *out, *chosen;
	unsigned n;

	t->peer.binding = data;
	t->peer.binding_size = sizeof data;
	t->peer.binding_type = "tls-exporter";
	binding_is_used(t);
	assert_int_equal(exchange(t, "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS SCRAM-SHA-256", &binds), AUTH_OK);
	assert_string_equal(t->identity.name, "anna");
	/* a client without it */
	assert_int_equal(exchange(t, "SCRAM-SHA-256", "SCRAM-SHA-256", &plain), AUTH_OK);
	/* two channels: someone sits in between */
	client_open(&client, other, sizeof other);
	assert_int_equal(sasl_client_start(client.conn, "SCRAM-SHA-256-PLUS", NULL, &out, &n, &chosen), SASL_CONTINUE);
	assert_int_equal(auth_exchange_start(t->auth, &t->peer, SPAN("SCRAM-SHA-256-PLUS"), span_from(out, n), true,
					     &exchange_, &challenge, &t->identity, &t->delay_ms),
			 AUTH_CONTINUE);
	assert_int_equal(sasl_client_step(client.conn, challenge.p, (unsigned)challenge.n, NULL, &out, &n),
			 SASL_CONTINUE);
	challenge.n = 0;
	assert_int_not_equal(auth_exchange_step(exchange_, span_from(out, n), &challenge, &t->identity, &t->delay_ms),
			     AUTH_OK);
	auth_exchange_destroy(&exchange_);
	buf_done(&challenge);
	sasl_dispose(&client.conn);
	free(client.secret);
}

static enum auth_result start(struct auth_test *t, const char *mechanism, const char *initial, size_t n,
			      struct buf *challenge)
{
	struct auth_exchange *exchange_ = NULL;
	enum auth_result result;

	auth_identity_done(&t->identity);
	result = auth_exchange_start(t->auth, &t->peer, span_of(mechanism), span_from(initial, n), initial != NULL,
				     &exchange_, challenge, &t->identity, &t->delay_ms);
	auth_exchange_destroy(&exchange_);
	return result;
}

/* A client that could bind and thinks that the server cannot says "y": somebody in between took -PLUS out of the list
 * (RFC 5802, 6), unless it was not in it. */
static void binding_taken_away(void **state)
{
	static const char first[] = "y,,n=anna,r=abcdefgh";
	static const unsigned char data[32] = {1, 2, 3};
	struct auth_test *t = *state;
	struct auth_exchange *exchange_ = NULL;
	struct buf challenge = {0};

	assert_int_equal(start(t, "SCRAM-SHA-256", first, strlen(first), &challenge), AUTH_CONTINUE);
	t->peer.binding = data;
	t->peer.binding_size = sizeof data;
	t->peer.binding_type = "tls-exporter";
	assert_int_not_equal(start(t, "SCRAM-SHA-256", first, strlen(first), &challenge), AUTH_CONTINUE);
	assert_int_equal(start(t, "SCRAM-SHA-1", first, strlen(first), &challenge), AUTH_CONTINUE);
	assert_int_equal(auth_exchange_start(t->auth, &t->peer, SPAN("SCRAM-SHA-256"), (struct span){0}, false,
					     &exchange_, &challenge, &t->identity, &t->delay_ms),
			 AUTH_CONTINUE);
	assert_int_equal(auth_exchange_step(exchange_, span_of(first), &challenge, &t->identity, &t->delay_ms),
			 AUTH_FAILED);
	auth_exchange_destroy(&exchange_);
	buf_done(&challenge);
}

static void external(void **state)
{
	struct auth_test *t = *state;
	struct buf challenge = {0};

	assert_int_equal(start(t, "EXTERNAL", "", 0, &challenge), AUTH_UNKNOWN_MECHANISM);
	t->peer.client_name = "Anna";
	assert_int_equal(start(t, "EXTERNAL", "", 0, &challenge), AUTH_OK);
	assert_string_equal(t->identity.name, "anna");
	assert_int_equal(start(t, "EXTERNAL", "anna", 4, &challenge), AUTH_OK);
	assert_int_equal(start(t, "external", "bob", 3, &challenge), AUTH_DENIED);
	t->peer.client_name = "root";
	assert_int_equal(start(t, "EXTERNAL", "anna", 4, &challenge), AUTH_OK);
	assert_string_equal(t->identity.name, "anna");
	assert_string_equal(t->identity.master, "root");
	t->peer.client_name = "nobody";
	assert_int_equal(start(t, "EXTERNAL", "", 0, &challenge), AUTH_FAILED);
	t->peer.client_name = "dora";
	assert_int_equal(start(t, "EXTERNAL", "", 0, &challenge), AUTH_EXPIRED);
	buf_done(&challenge);
}

static void what_is_offered(void **state)
{
	static const unsigned char data[32] = {1};
	struct auth_test *t = *state;
	struct buf list = {0}, challenge = {0};

	auth_mechanisms(t->auth, &t->peer, "AUTH=", &list);
	assert_string_equal(buf_cstr(&list), "AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=PLAIN AUTH=LOGIN");
	t->peer.binding = data;
	t->peer.client_name = "anna";
	list.n = 0;
	auth_mechanisms(t->auth, &t->peer, "", &list);
	assert_string_equal(buf_cstr(&list), "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN EXTERNAL");
	t->peer = (struct auth_peer){.remote = "192.0.2.1:4711"};
	list.n = 0;
	auth_mechanisms(t->auth, &t->peer, "", &list);
	assert_string_equal(buf_cstr(&list), "SCRAM-SHA-256 SCRAM-SHA-1");
	assert_int_equal(start(t, "PLAIN", "\0anna\0geheim", 12, &challenge), AUTH_INSECURE);
	assert_int_equal(start(t, "plain", NULL, 0, &challenge), AUTH_INSECURE);
	assert_int_equal(start(t, "CRAM-MD5", NULL, 0, &challenge), AUTH_UNKNOWN_MECHANISM);
	assert_int_equal(start(t, "", NULL, 0, &challenge), AUTH_UNKNOWN_MECHANISM);
	assert_int_equal(start(t, "SCRAM-SHA-256-PLUS", NULL, 0, &challenge), AUTH_UNKNOWN_MECHANISM);
	/* what libsasl2 has no plugin for is not promised */
	auth_test_set(t, "auth.mechanisms=NO-SUCH SCRAM-SHA-256 PLAIN", NULL);
	t->peer.is_trusted = true;
	list.n = 0;
	auth_mechanisms(t->auth, &t->peer, "", &list);
	assert_string_equal(buf_cstr(&list), "SCRAM-SHA-256 PLAIN");
	buf_done(&challenge);
	buf_done(&list);
}

static void bad_syntax(void **state)
{
	static const struct {
		const char *mechanism, *initial;
		size_t n;
	} cases[] = {
		{"PLAIN", "", 0},
		{"PLAIN", "anna", 4},
		{"PLAIN", "\0anna", 5},
		{"PLAIN", "\0anna\0gehei\0m", 13},
		{"PLAIN", "\0\0", 2},
		{"SCRAM-SHA-256", "", 0},
		{"SCRAM-SHA-256", "n,,", 3},
		{"SCRAM-SHA-256", "n,,n=anna", 9},
		{"SCRAM-SHA-256", "n,,n=anna,r=", 12},
		{"SCRAM-SHA-256", "x,,n=anna,r=abc", 15},
		{"SCRAM-SHA-256", "n,,n=an\0na,r=abcdefgh", 21},
		{"SCRAM-SHA-256", "p=tls-exporter,,n=anna,r=abcdefgh", 33},
		{"SCRAM-SHA-1", "n,a=,n=anna,r=abcdefgh", 22},
		{"LOGIN", "", 0},
		{"LOGIN", "\x01", 1},
	};
	struct auth_test *t = *state;
	struct buf challenge = {0};

	for (size_t i = 0; i < array_count(cases); i++) {
		char *initial = malloc(cases[i].n + 1); /* of exactly that size: sanitizers see a byte too far */
		enum auth_result result;

		auth_test_set(t, NULL);
		memcpy(initial, cases[i].initial, cases[i].n);
		result = start(t, cases[i].mechanism, initial, cases[i].n, &challenge);
		if (result != AUTH_BAD_SYNTAX && result != AUTH_FAILED && result != AUTH_CONTINUE)
			fail_msg("case %zu: %d", i, result);
		assert_null(t->identity.name);
		free(initial);
	}
	buf_done(&challenge);
}

static struct client failing;

static void fail_once(struct auth_test *t)
{
	assert_int_equal(exchange(t, NULL, "SCRAM-SHA-256", &failing), AUTH_FAILED);
}

/* SCRAM must not tell who exists: a name that does not gets a salt too, always the same. */
static void unknown_names_look_like_known_ones(void **state)
{
	static const char first[] = "n,,n=nobody,r=abcdefgh", known[] = "n,,n=anna,r=abcdefgh";
	struct auth_test *t = *state;
	struct buf one = {0}, two = {0}, other = {0};
	struct span salt;

	assert_int_equal(start(t, "SCRAM-SHA-256", known, strlen(known), &other), AUTH_CONTINUE);
	assert_int_equal(start(t, "SCRAM-SHA-256", first, strlen(first), &one), AUTH_CONTINUE);
	assert_int_equal(start(t, "SCRAM-SHA-256", first, strlen(first), &two), AUTH_CONTINUE);
	assert_int_equal(one.n, other.n);
	salt = span_sub(buf_view(&one), span_find(buf_view(&one), SPAN(",s=")), SIZE_MAX);
	assert_true(span_find(buf_view(&two), salt) != SIZE_MAX);
	assert_true(span_find(buf_view(&other), span_sub(salt, 0, 20)) == SIZE_MAX);
	assert_true(span_find(buf_view(&other), SPAN(",i=4096")) != SIZE_MAX);
	assert_true(span_find(salt, SPAN(",i=4096")) != SIZE_MAX);
	buf_done(&one);
	buf_done(&two);
	buf_done(&other);
}

static void failures_count_for_every_mechanism(void **state)
{
	struct auth_test *t = *state;
	const char *line;

	auth_test_set(t, "auth.lockout_failures=4", NULL);
	failing = (struct client){.user = "ANNA", .password = "falsch"};
	line = auth_test_log_of(t, fail_once);
	assert_non_null(
		strstr(line, "login failed: user=<ANNA> rip=192.0.2.1 reason=password mechanism=SCRAM-SHA-256"));
	assert_null(strstr(line, "falsch"));
	assert_int_equal(t->delay_ms, 0);
	fail_once(t);
	assert_int_equal(t->delay_ms, 1000);
	for (size_t i = 0; i < 2; i++) {
		struct client wrong = {.user = "anna", .password = "falsch"};

		assert_int_equal(exchange(t, NULL, by_password[i], &wrong), AUTH_FAILED);
	}
	for (size_t i = 0; i < array_count(by_password); i++) {
		struct client right = {.user = "anna", .password = "geheim"};

		assert_int_equal(exchange(t, NULL, by_password[i], &right), AUTH_LOCKED_OUT);
	}
}

static void two_steps_of_login_and_plain(void **state)
{
	struct auth_test *t = *state;
	struct auth_exchange *exchange_ = NULL;
	struct buf challenge = {0};

	assert_int_equal(auth_exchange_start(t->auth, &t->peer, SPAN("PLAIN"), (struct span){0}, false, &exchange_,
					     &challenge, &t->identity, &t->delay_ms),
			 AUTH_CONTINUE);
	assert_int_equal(challenge.n, 0);
	assert_int_equal(auth_exchange_step(exchange_, SPAN("\0anna\0geheim"), &challenge, &t->identity, &t->delay_ms),
			 AUTH_OK);
	assert_string_equal(t->identity.name, "anna");
	auth_exchange_destroy(&exchange_);
	auth_identity_done(&t->identity);
	/* the name in the initial response, as Outlook sends it */
	assert_int_equal(auth_exchange_start(t->auth, &t->peer, SPAN("LOGIN"), SPAN("anna"), true, &exchange_,
					     &challenge, &t->identity, &t->delay_ms),
			 AUTH_CONTINUE);
	assert_true(span_is_nocase(buf_view(&challenge), "Password:"));
	assert_int_equal(auth_exchange_step(exchange_, SPAN("geheim"), &challenge, &t->identity, &t->delay_ms),
			 AUTH_OK);
	assert_string_equal(t->identity.name, "anna");
	auth_exchange_destroy(&exchange_);
	auth_identity_done(&t->identity);
	/* no name at all: the plugin must not lose the password */
	challenge.n = 0;
	assert_int_equal(auth_exchange_start(t->auth, &t->peer, SPAN("LOGIN"), SPAN("\x01"), true, &exchange_,
					     &challenge, &t->identity, &t->delay_ms),
			 AUTH_CONTINUE);
	assert_int_equal(auth_exchange_step(exchange_, SPAN("geheim"), &challenge, &t->identity, &t->delay_ms),
			 AUTH_FAILED);
	auth_exchange_destroy(&exchange_);
	buf_done(&challenge);
}

/* At any step, without a leak of what was said before. */
static void given_up(void **state)
{
	static const char first[] = "n,,n=anna,r=abcdefgh";
	char name[20000];
	struct auth_test *t = *state;
	struct buf challenge = {0};

	memset(name, 'x', sizeof name);
	for (size_t i = 0; i < array_count(by_password); i++)
		assert_int_equal(start(t, by_password[i], NULL, 0, &challenge), AUTH_CONTINUE);
	assert_int_equal(start(t, "LOGIN", "anna", 4, &challenge), AUTH_CONTINUE);
	assert_int_equal(start(t, "login", name, 200, &challenge), AUTH_CONTINUE);
	(void)start(t, "LOGIN", name, sizeof name, &challenge);
	assert_int_equal(start(t, "SCRAM-SHA-1", first, strlen(first), &challenge), AUTH_CONTINUE);
	buf_done(&challenge);
}

static void *work(void *arg)
{
	struct auth_test t = *(struct auth_test *)arg; /* its own peer and identity, the same auth */
	size_t wrong = 0;

	for (int i = 0; i < 40; i++) {
		struct client right = {.user = "anna", .password = "geheim"};
		struct client bad = {.user = "nobody", .password = "geheim"};
		const char *mechanism = by_password[i % (int)array_count(by_password)];

		wrong += exchange(&t, mechanism, mechanism, &right) != AUTH_OK;
		wrong += exchange(&t, mechanism, mechanism, &bad) != AUTH_FAILED;
		wrong += auth_test_login(&t, "bob@example.com", "p\xc3\xa4ss w\xc3\xb6rd") != AUTH_OK;
	}
	auth_identity_done(&t.identity);
	return (void *)wrong;
}

static void many_threads(void **state)
{
	struct auth_test *t = *state;
	pthread_t threads[6];
	void *wrong;

	auth_test_set(t, "auth.lockout_failures=0", NULL);
	for (size_t i = 0; i < array_count(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, t), 0);
	for (size_t i = 0; i < array_count(threads); i++) {
		pthread_join(threads[i], &wrong);
		assert_int_equal((size_t)wrong, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUTH_TEST(rights),
		AUTH_TEST(details),
		AUTH_TEST(wrongs),
		AUTH_TEST(another_name),
		AUTH_TEST(master_that_is_off),
		AUTH_TEST(master_in_the_name),
		AUTH_TEST(channel_binding),
		AUTH_TEST(binding_taken_away),
		AUTH_TEST(external),
		AUTH_TEST(what_is_offered),
		AUTH_TEST(bad_syntax),
		AUTH_TEST(unknown_names_look_like_known_ones),
		AUTH_TEST(failures_count_for_every_mechanism),
		AUTH_TEST(two_steps_of_login_and_plain),
		AUTH_TEST(given_up),
		AUTH_TEST(many_threads),
	};

	assert_int_equal(sasl_client_init(NULL), SASL_OK);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

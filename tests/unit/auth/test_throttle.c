/* What failures cost: by address, by user, over time. */
#include "tests/unit/auth/auth_test.h"
#include "common/auth/auth_private.h"

static unsigned fail_from(struct auth_test *t, const char *remote, const char *user)
{
	t->peer.remote = remote;
	assert_int_equal(auth_test_login(t, user, "falsch"), AUTH_FAILED);
	return t->delay_ms;
}

static void delays_grow(void **state)
{
	static const unsigned want[] = {0, 1000, 2000, 4000, 8000, 15000, 15000, 15000};
	struct auth_test *t = *state;

	for (size_t i = 0; i < array_count(want); i++)
		assert_int_equal(fail_from(t, "192.0.2.1:1", "anna"), want[i]);
	/* another user from there, the same user from elsewhere: both are slow, a third is not */
	assert_int_equal(fail_from(t, "192.0.2.1:2", "bob@example.com"), 15000);
	assert_int_equal(fail_from(t, "192.0.2.2:1", "anna"), 15000);
	assert_int_equal(fail_from(t, "192.0.2.3:1", "root"), 0);
	/* what went well takes no delay with it, and makes an end of the user's */
	t->peer.remote = "192.0.2.4:1";
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
	assert_int_equal(t->delay_ms, 0);
	assert_int_equal(fail_from(t, "192.0.2.4:1", "anna"), 0);
}

static void spelling_is_no_way_around(void **state)
{
	static const char *const spellings[] = {"anna", "ANNA", " Anna", "aNNa "};
	struct auth_test *t = *state;
	char remote[32];
	unsigned delay = 0;

	for (size_t i = 0; i < array_count(spellings); i++) {
		snprintf(remote, sizeof remote, "192.0.2.%zu:1", i);
		delay = fail_from(t, remote, spellings[i]);
	}
	assert_int_equal(delay, 4000);
	/* guesses at a master's password count for the master, whomever he wants to be */
	(void)fail_from(t, "198.51.100.1:1", "anna*root");
	(void)fail_from(t, "198.51.100.2:1", "bob@example.com*ROOT");
	assert_int_equal(fail_from(t, "198.51.100.3:1", "root"), 2000);
}

static void lock_out_by_user_and_its_end(void **state)
{
	struct auth_test *t = *state;
	char remote[32];

	auth_test_set(t, "auth.lockout_failures=5", "auth.lockout_time=10m", NULL);
	for (int i = 0; i < 5; i++) {
		snprintf(remote, sizeof remote, "192.0.2.%d:1", i);
		(void)fail_from(t, remote, "anna");
	}
	t->peer.remote = "192.0.2.99:1";
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_LOCKED_OUT);
	assert_int_equal(t->delay_ms, 0);
	assert_int_equal(auth_test_login(t, "root", "wurzel"), AUTH_OK);
	auth_test_sleep(599);
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_LOCKED_OUT); /* does not make it longer */
	auth_test_sleep(2);
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
}

static void lock_out_by_address_and_its_end(void **state)
{
	struct auth_test *t = *state;
	char user[32];

	auth_test_set(t, "auth.lockout_failures=5", "auth.lockout_time=10m", NULL);
	for (int i = 0; i < 5; i++) {
		snprintf(user, sizeof user, "guess%d", i);
		(void)fail_from(t, "192.0.2.1:1", user);
	}
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_LOCKED_OUT);
	t->peer.remote = "192.0.2.2:1";
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
	auth_test_sleep(601);
	t->peer.remote = "192.0.2.1:1";
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
}

static void networks_of_ipv6(void **state)
{
	struct auth_test *t = *state;

	(void)fail_from(t, "[2001:db8:1:2::1]:1", "guess1");
	assert_int_equal(fail_from(t, "[2001:db8:1:2:ffff::2]:1", "guess2"), 1000);
	assert_int_equal(fail_from(t, "[2001:db8:1:3::1]:1", "guess3"), 0);
}

static void exempt(void **state)
{
	struct auth_test *t = *state;

	auth_test_set(t, "auth.throttle_exempt=127.0.0.1 ::1", NULL);
	for (int i = 0; i < 3; i++) {
		char user[16];

		snprintf(user, sizeof user, "guess%d", i);
		assert_int_equal(fail_from(t, "127.0.0.1:1", user), 0);
		user[0] = 'G';
		user[1] = 'a';
		assert_int_equal(fail_from(t, "[::1]:1", user), 0);
		user[1] = 'b';
		assert_int_equal(fail_from(t, "unix", user), 0);
	}
	assert_int_equal(fail_from(t, "127.0.0.1:1", "guess0"), 1000); /* by user it counts */
}

static void addresses(void **state)
{
	static const struct {
		const char *remote, *plain, *counted;
	} cases[] = {
		{"192.0.2.1:4711", "192.0.2.1", "192.0.2.1"},
		{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"unix", "unix", "unix"},
		{"", "", ""},
		{"[::1]:143", "::1", "::1"},
		{"[2001:db8:1:2:3:4:5:6]:143", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"[]:1", "", ""},
		{"[x]:1", "x", "x"},
		{"[", "[", "["},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		throttle_address(cases[i].remote, text, sizeof text);
		assert_string_equal(text, cases[i].plain);
		throttle_network(text, text, sizeof text);
		assert_string_equal(text, cases[i].counted);
	}
}

static void memory_is_bounded(void **state)
{
	struct auth_test *t = *state;
	struct throttle *throttle = throttle_create(t->config);
	char text[64];
	unsigned delay = 0;

	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof text, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
		delay = throttle_failed(throttle, text, span_of(text));
		assert_int_equal(delay, 0);
	}
	assert_int_equal(throttle_failed(throttle, text, span_of(text)), 1000); /* the last ones are known */
	throttle_destroy(&throttle);
	assert_null(throttle);
	throttle_destroy(&throttle);
}

/* Many log-ins at once that go well meet no limit. */
static void crowds(void **state)
{
	struct auth_test *t = *state;

	t->peer.remote = "127.0.0.1:1";
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(auth_test_login(t, i % 2 == 0 ? "anna" : "root", i % 2 == 0 ? "geheim" : "wurzel"),
				 AUTH_OK);
		assert_int_equal(t->delay_ms, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUTH_TEST(delays_grow),
		AUTH_TEST(spelling_is_no_way_around),
		AUTH_TEST(lock_out_by_user_and_its_end),
		AUTH_TEST(lock_out_by_address_and_its_end),
		AUTH_TEST(networks_of_ipv6),
		AUTH_TEST(exempt),
		cmocka_unit_test(addresses),
		AUTH_TEST(memory_is_bounded),
		AUTH_TEST(crowds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

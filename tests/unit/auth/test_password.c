/* Names and passwords: the answer, the time it takes, the cache, masters, the log. */
#include "tests/unit/auth/auth_test.h"

#include <time.h>

static void rights_and_wrongs(void **state)
{
	static const struct {
		const char *user, *password;
		enum auth_result want;
		const char *name;
	} cases[] = {
		{"anna", "geheim", AUTH_OK, "anna"},
		{" Anna\t", "geheim", AUTH_OK, "anna"},
		{"bob@example.com", "p\xc3\xa4ss w\xc3\xb6rd", AUTH_OK, "bob@example.com"},
		{"bob@example.com", "pa\xcc\x88ss w\xc3\xb6rd", AUTH_OK, "bob@example.com"}, /* decomposed */
		{"bob@example.com", "p\xe4ss w\xf6rd", AUTH_OK, "bob@example.com"},          /* Latin-1 */
		{"anna", "Geheim", AUTH_FAILED, NULL},
		{"anna", "geheim ", AUTH_FAILED, NULL},
		{"anna", "", AUTH_FAILED, NULL},
		{"", "geheim", AUTH_FAILED, NULL},
		{"", "", AUTH_FAILED, NULL},
		{"nobody", "geheim", AUTH_FAILED, NULL},
		{"an\xff\xfe", "geheim", AUTH_FAILED, NULL},
		{"empty", "", AUTH_FAILED, NULL},
		{"empty", "geheim", AUTH_FAILED, NULL},
		{"dora", "geheim", AUTH_EXPIRED, NULL},
		{"dora", "falsch", AUTH_FAILED, NULL},
		{"anna*root", "wurzel", AUTH_OK, "anna"},
		{"ANNA*Root", "wurzel", AUTH_OK, "anna"},
		{"anna*root", "geheim", AUTH_FAILED, NULL},
		{"anna*bob@example.com", "p\xc3\xa4ss w\xc3\xb6rd", AUTH_DENIED, NULL},
		{"nobody*root", "wurzel", AUTH_FAILED, NULL},
		{"dora*root", "wurzel", AUTH_EXPIRED, NULL},
		{"*root", "wurzel", AUTH_FAILED, NULL},
		{"anna*", "geheim", AUTH_FAILED, NULL},
		{"root", "wurzel", AUTH_OK, "root"},
	};
	struct auth_test *t = *state;

	auth_test_set(t, "auth.lockout_failures=0", NULL);
	for (int twice = 0; twice < 2; twice++)
		for (size_t i = 0; i < array_count(cases); i++) {
			enum auth_result got = auth_test_login(t, cases[i].user, cases[i].password);

			if (got != cases[i].want)
				fail_msg("case %zu: %d instead of %d", i, got, cases[i].want);
			if (cases[i].name != NULL)
				assert_string_equal(t->identity.name, cases[i].name);
			else
				assert_null(t->identity.name);
			if (strchr(cases[i].user, '*') == NULL)
				assert_null(t->identity.master);
			else if (got == AUTH_OK)
				assert_string_equal(t->identity.master, "root");
		}
}

static void details(void **state)
{
	static const struct {
		const char *user, *password, *name, *detail; /* detail NULL: none */
	} cases[] = {
		{"anna", "geheim", "anna", NULL},
		{"anna+Some/Folder", "geheim", "anna", "Some/Folder"},
		{"anna+", "geheim", "anna", ""},
		{"anna+a+b", "geheim", "anna", "a+b"},
		{"anna+Work*root", "wurzel", "anna", "Work"},
		{"e+f", "plus", "e+f", NULL}, /* the name of a user wins */
		{"e+f+g", "plus", NULL, NULL},
	};
	struct auth_test *t = *state;

	auth_test_set(t, "auth.lockout_failures=0", NULL);
	auth_test_add_user(t, "e+f", "plus", false);
	assert_int_equal(auth_test_login(t, "anna+x", "geheim"), AUTH_FAILED); /* nobody asked for it */
	t->peer.detail_separator = '+';
	for (size_t i = 0; i < array_count(cases); i++) {
		enum auth_result want = cases[i].name == NULL ? AUTH_FAILED : AUTH_OK;

		if (auth_test_login(t, cases[i].user, cases[i].password) != want)
			fail_msg("case %zu", i);
		if (want != AUTH_OK)
			continue;
		assert_string_equal(t->identity.name, cases[i].name);
		if (cases[i].detail == NULL)
			assert_null(t->identity.detail);
		else
			assert_string_equal(t->identity.detail, cases[i].detail);
	}
}

static void nul_in_name_or_password(void **state)
{
	struct auth_test *t = *state;

	assert_int_equal(auth_password(t->auth, &t->peer, SPAN("anna\0x"), SPAN("geheim"), &t->identity, &t->delay_ms),
			 AUTH_FAILED);
	assert_int_equal(auth_password(t->auth, &t->peer, SPAN("anna"), SPAN("geheim\0"), &t->identity, &t->delay_ms),
			 AUTH_FAILED);
	assert_int_equal(auth_password(t->auth, &t->peer, SPAN("anna"), SPAN("geheim\0x"), &t->identity, &t->delay_ms),
			 AUTH_FAILED);
}

static void in_the_clear(void **state)
{
	struct auth_test *t = *state;

	t->peer.is_trusted = t->peer.is_tls = false;
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_INSECURE);
	assert_null(t->identity.name);
}

static void secrets(void **state)
{
	struct buf one = {0}, two = {0};

	(void)state;
	assert_true(auth_secrets_make(SPAN("geheim"), 4096, &one));
	assert_true(auth_secrets_make(SPAN("geheim"), 4096, &two));
	assert_true(span_starts(buf_view(&one), SPAN("SCRAM-SHA-256$4096:")));
	assert_true(span_find(buf_view(&one), SPAN("\nSCRAM-SHA-1$4096:")) != SIZE_MAX);
	assert_false(span_equal(buf_view(&one), buf_view(&two))); /* salted */
	assert_true(auth_secrets_verify(buf_view(&one), SPAN("geheim")));
	assert_true(auth_secrets_verify(buf_view(&two), SPAN("geheim")));
	assert_false(auth_secrets_verify(buf_view(&one), SPAN("geheim1")));
	/* RFC 7677, 3: user "user", password "pencil" */
	assert_true(auth_secrets_verify(
		SPAN("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLm"
		     "tbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="),
		SPAN("pencil")));
	two.n = 0;
	assert_false(auth_secrets_make(SPAN(""), 4096, &two));
	assert_false(auth_secrets_make(SPAN("a\0b"), 4096, &two));
	assert_int_equal(two.n, 0);
	/* cut off anywhere, it fits nothing, and is not read too far */
	for (size_t n = 0; n < span_find_byte(buf_view(&one), '\n'); n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, one.p, n);
		if (n + 80 < span_find_byte(buf_view(&one), '\n')) /* the server key is not looked at */
			assert_false(auth_secrets_verify(span_from(cut, n), SPAN("geheim")));
		free(cut);
	}
	buf_done(&one);
	buf_done(&two);
}

static void broken_secrets(void **state)
{
	static const char *const cases[] = {"",
					    "geheim",
					    "{PLAIN}geheim",
					    "SCRAM-SHA-256$",
					    "SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA:AAAA",
					    "SCRAM-SHA-256$99999999999:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA:AAAA",
					    "SCRAM-SHA-256$4096:$:",
					    "SCRAM-SHA-256$4096:!!$!!:!!",
					    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$:",
					    "\n\n\n"};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		assert_false(auth_secrets_verify(span_of(cases[i]), SPAN("geheim")));
}

static int64_t cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

enum { OFTEN = 20 }; /* the allocator of a sanitizer is slow at first */

static int64_t fastest_us(struct auth_test *t, const char *user, const char *password, int times)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < times; i++) {
		int64_t began = cpu_us(), took;

		(void)auth_test_login(t, user, password);
		took = cpu_us() - began;
		best = took < best ? took : best;
	}
	return best;
}

/* Rough, since sanitizers and neighbours disturb: within a factor of two, where a name that is not hashed would be far
 * below. They take turns, so that what disturbs meets all of them. */
static void unknown_names_take_the_same_time(void **state)
{
	static const char *const names[] = {"anna", "nobody", "empty", "\x01", "anna*nobody"};
	int64_t best[array_count(names)];
	struct auth_test *t = *state;

	auth_test_set(t, "auth.lockout_failures=0", NULL);
	for (int round = 0; round < OFTEN; round++)
		for (size_t i = 0; i < array_count(names); i++) {
			int64_t took = fastest_us(t, names[i], "falsch", 1);

			best[i] = round == 0 || took < best[i] ? took : best[i];
		}
	for (size_t i = 1; i < array_count(names); i++)
		if (best[i] < best[0] / 2 || best[i] > best[0] * 2)
			fail_msg("%s: %lld us instead of %lld us", names[i], (long long)best[i], (long long)best[0]);
}

static void cache_is_fast_and_ends(void **state)
{
	struct auth_test *t = *state;
	int64_t slow, fast;

	auth_test_set(t, "auth.lockout_failures=0", "auth.cache_ttl=5m", NULL);
	slow = fastest_us(t, "anna", "falsch", OFTEN);
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
	fast = fastest_us(t, "anna", "geheim", 50);
	print_message("hashed: %lld us, remembered: %lld us\n", (long long)slow, (long long)fast);
	assert_true(fast < slow / 4);
	assert_int_equal(auth_test_login(t, "anna", "falsch"), AUTH_FAILED);
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
	auth_test_sleep(301);
	assert_true(fastest_us(t, "anna", "geheim", 1) > slow / 2); /* hashed anew */
	assert_true(fastest_us(t, "anna", "geheim", 5) < slow / 4);
}

static void cache_can_be_switched_off(void **state)
{
	struct auth_test *t = *state;
	int64_t wrong = INT64_MAX, right = INT64_MAX;

	auth_test_set(t, "auth.lockout_failures=0", "auth.cache_ttl=0s", NULL);
	for (int round = 0; round < OFTEN; round++) {
		int64_t took = fastest_us(t, "anna", "falsch", 1);

		wrong = took < wrong ? took : wrong;
		took = fastest_us(t, "anna", "geheim", 1);
		right = took < right ? took : right;
	}
	assert_true(right > wrong / 2);
}

static void another_password_takes_hold_at_once(void **state)
{
	struct auth_test *t = *state;
	struct buf made = {0};

	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_OK);
	assert_true(auth_secrets_make(SPAN("neu"), AUTH_TEST_ITERATIONS, &made));
	assert_int_equal(store_user_set_secrets(t->store, t->identity.user, buf_view(&made)), STORE_OK);
	assert_int_equal(auth_test_login(t, "anna", "geheim"), AUTH_FAILED);
	assert_int_equal(auth_test_login(t, "anna", "neu"), AUTH_OK);
	assert_int_equal(store_user_set_profile(t->store, t->identity.user, SPAN(""), SPAN(""), false, true), STORE_OK);
	assert_int_equal(auth_test_login(t, "anna", "neu"), AUTH_EXPIRED);
	buf_done(&made);
}

static void fail_as_forger(struct auth_test *t)
{
	(void)auth_test_login(t, "x> rip=198.51.100.9 reason=password\r\nlogin failed: user=<y", "falsch");
}

static void succeed_as_master(struct auth_test *t)
{
	assert_int_equal(auth_test_login(t, "anna*root", "wurzel"), AUTH_OK);
}

static void fail_from_v6(struct auth_test *t)
{
	t->peer.remote = "[2001:db8:1:2:3:4:5:6]:4711";
	(void)auth_test_login(t, "anna", "falsch");
}

static void lines_of_the_log(void **state)
{
	struct auth_test *t = *state;
	const char *text = auth_test_log_of(t, fail_as_forger);

	assert_non_null(strstr(text,
			       "login failed: user=<x\\x3e\\x20rip=198.51.100.9\\x20reason=password\\x0d\\x0alogin"
			       "\\x20failed:\\x20user=\\x3cy> rip=192.0.2.1 reason=password mechanism=password\n"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	text = auth_test_log_of(t, succeed_as_master);
	assert_non_null(strstr(text, "user=anna "));
	assert_non_null(strstr(text, "login: mechanism=password master=<root> tls\n"));
	assert_null(strstr(text, "wurzel"));
	text = auth_test_log_of(t, fail_from_v6);
	assert_non_null(strstr(text, " rip=2001:db8:1:2:3:4:5:6 "));
	assert_null(strstr(text, "falsch"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUTH_TEST(rights_and_wrongs),
		AUTH_TEST(details),
		AUTH_TEST(nul_in_name_or_password),
		AUTH_TEST(in_the_clear),
		cmocka_unit_test(secrets),
		cmocka_unit_test(broken_secrets),
		AUTH_TEST(unknown_names_take_the_same_time),
		AUTH_TEST(cache_is_fast_and_ends),
		AUTH_TEST(cache_can_be_switched_off),
		AUTH_TEST(another_password_takes_hold_at_once),
		AUTH_TEST(lines_of_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

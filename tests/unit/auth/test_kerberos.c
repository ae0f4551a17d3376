/* Which users principals are. */
#include "tests/unit/auth/auth_test.h"
#include "common/auth/auth_private.h"

static void users_of_principals(void **state)
{
	static const struct {
		const char *principal, *user;
	} cases[] = {
		{"anna", "anna"}, /* of the default realm, which libsasl2 has taken off */
		{"anna@SHORT.TEST", "anna"},
		{"anna/admin@SHORT.TEST", "anna/admin"},
		{"anna@WHOLE.TEST", "anna@WHOLE.TEST"},
		{"anna@short.test", ""}, /* realms have cases (RFC 4120, 6.1) */
		{"anna@OTHER.TEST", ""},
		{"anna@SHORT.TEST@OTHER.TEST", ""},
		{"anna@", ""},
	};
	char *realms[] = {(char *)"SHORT.TEST", (char *)"@WHOLE.TEST"};
	const struct auth auth = {.realms = realms, .realm_count = array_count(realms)};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		if (!span_is(kerberos_user_of(&auth, span_of(cases[i].principal)), cases[i].user))
			fail_msg("%s", cases[i].principal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(users_of_principals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

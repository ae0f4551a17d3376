/* From principals (RFC 4120, 6.2) to users. libsasl2 has taken the default realm off already. */
#include "common/auth/auth_private.h"

struct span kerberos_user_of(const struct auth *auth, struct span principal)
{
	size_t at = span_find_byte(principal, '@');
	struct span realm;

	if (at == SIZE_MAX)
		return principal;
	realm = span_sub(principal, at, SIZE_MAX);
	for (size_t i = 0; i < auth->realm_count; i++) {
		if (span_is(realm, auth->realms[i]))
			return principal;
		if (span_is(span_sub(realm, 1, SIZE_MAX), auth->realms[i]))
			return span_sub(principal, 0, at);
	}
	return (struct span){0};
}

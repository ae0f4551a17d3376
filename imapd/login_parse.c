/* LOGIN and AUTHENTICATE (RFC 9051, 6.2.2, 6.2.3; RFC 4959). What is copied here is secret: the buffer in between is
 * wiped. */
#include "imapd/parse_private.h"
#include "common/base/base64.h"

#include <string.h>

enum parse imap_login_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_login *login = &command->login;
	struct span at = *in;

	*login = (struct imap_login){0};
	if (!imap_take(&at, ' ') || !imap_take_astring(context, &at, &login->user) || !imap_take(&at, ' '))
		return imap_fail(context, "A user name is expected");
	if (!imap_take_astring(context, &at, &login->password))
		return imap_fail(context, "A password is expected");
	return imap_parsed(context, at, in);
}

/* initial-resp = base64 / "=", up to the end of the command */
static bool take_initial(struct imap_parse_context *context, struct span *at, struct span *initial_r)
{
	struct buf decoded = {0};
	bool ok = at->n > 0 && (span_is(*at, "=") || base64_decode(*at, &decoded));

	*initial_r = arena_span(context->arena, buf_view(&decoded));
	if (decoded.n > 0)
		explicit_bzero(decoded.p, decoded.n);
	buf_done(&decoded);
	*at = span_sub(*at, at->n, 0);
	return ok;
}

enum parse imap_authenticate_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_authenticate *authenticate = &command->authenticate;
	struct span at = *in;

	*authenticate = (struct imap_authenticate){0};
	if (!imap_take(&at, ' ') || !imap_take_upper(context, &at, &authenticate->mechanism))
		return imap_fail(context, "A mechanism is expected");
	authenticate->has_initial = imap_take(&at, ' ');
	if (authenticate->has_initial && !take_initial(context, &at, &authenticate->initial))
		return imap_fail(context, "That is not base64");
	return imap_parsed(context, at, in);
}

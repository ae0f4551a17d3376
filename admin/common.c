/* What the commands share: complaints, users, JSON. */
#include "admin/command.h"
#include "common/base/buf.h"
#include "common/directory/directory.h"

#include <stdarg.h>
#include <string.h>

int admin_fail(const struct admin *admin, int status, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "trivet %s: ", admin->command);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

int admin_usage(const struct admin *admin, const char *what)
{
	return admin_fail(admin, EX_USAGE, "%s (trivet %s --help says more)", what, admin->command);
}

int admin_fail_status(const struct admin *admin, enum store_status status, const char *what)
{
	int code = EX_SOFTWARE;

	switch (status) {
	case STORE_OK:
		return EX_OK;
	case STORE_NOT_FOUND:
	case STORE_GONE:
		code = EX_NOINPUT;
		break;
	case STORE_EXISTS:
	case STORE_DENIED:
	case STORE_CONFLICT:
	case STORE_LOCKED:
	case STORE_OVER_QUOTA:
	case STORE_LIMIT:
		code = EX_CANTCREAT;
		break;
	case STORE_INVALID:
		code = EX_DATAERR;
		break;
	case STORE_NO_SPACE:
	case STORE_BROKEN:
		code = EX_IOERR;
		break;
	case STORE_BUSY:
	case STORE_UNCERTAIN:
		code = EX_TEMPFAIL;
		break;
	}
	return admin_fail(admin, code, "%s: %s", what, store_status_text(status));
}

int admin_find_user(struct admin *admin, const char *name, struct arena *arena, struct store_user *user_r)
{
	struct buf normal = {0};
	enum store_status status = STORE_NOT_FOUND;

	if (directory_name_normalize(span_of(name), &normal))
		status = store_user_find(admin->store, buf_view(&normal), arena, user_r);
	buf_done(&normal);
	if (status == STORE_NOT_FOUND)
		return admin_fail(admin, EX_NOUSER, "%s: no such user", name);
	return admin_fail_status(admin, status, name);
}

void admin_json_string(FILE *out, struct span s)
{
	fputc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

bool admin_size(const char *text, uint64_t *bytes_r)
{
	static const char units[] = "KMGT";
	struct span all = span_of(text);
	const char *unit = all.n > 0 ? strchr(units, ascii_upper(all.p[all.n - 1])) : NULL;
	uint64_t number;

	if (unit != NULL && *unit != '\0')
		all.n--;
	if (!span_to_u64(all, UINT64_MAX >> 44, &number))
		return false;
	if (unit != NULL && *unit != '\0')
		number <<= 10 * (unit - units + 1);
	*bytes_r = number;
	return true;
}

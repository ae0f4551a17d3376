/* trivet alias: addresses that stand for others, and groups. */
#include "admin/command.h"
#include "common/base/buf.h"
#include "common/directory/directory.h"

/* As the directory looks them up. */
static int normal(struct admin *admin, const char *text, struct buf *out)
{
	if (directory_name_normalize(span_of(text), out))
		return EX_OK;
	return admin_fail(admin, EX_DATAERR, "\"%s\" is no address", text);
}

int admin_alias_add(struct admin *admin, int argc, char **argv)
{
	struct buf address = {0};
	int rc = argc < 3 ? admin_usage(admin, "want ADDRESS and TARGET...") : normal(admin, argv[1], &address);

	for (int i = 2; i < argc && rc == EX_OK; i++) {
		struct buf target = {0};
		enum store_status status;

		if ((rc = normal(admin, argv[i], &target)) == EX_OK) {
			status = store_alias_add(admin->store, buf_view(&address), buf_view(&target));
			if (status != STORE_OK && status != STORE_EXISTS)
				rc = admin_fail_status(admin, status, argv[1]);
		}
		buf_done(&target);
	}
	buf_done(&address);
	return rc;
}

int admin_alias_del(struct admin *admin, int argc, char **argv)
{
	struct buf address = {0}, target = {0};
	int rc = argc < 2 || argc > 3 ? admin_usage(admin, "want ADDRESS and perhaps TARGET")
				      : normal(admin, argv[1], &address);

	if (rc == EX_OK && argc == 3)
		rc = normal(admin, argv[2], &target);
	if (rc == EX_OK)
		rc = admin_fail_status(admin, store_alias_delete(admin->store, buf_view(&address), buf_view(&target)),
				       argv[1]);
	buf_done(&target);
	buf_done(&address);
	return rc;
}

static void print(const struct admin *admin, const struct store_alias *aliases, size_t count)
{
	if (admin->json)
		putchar('[');
	for (size_t i = 0; i < count; i++) {
		if (!admin->json) {
			printf("%.*s\t%.*s\n", (int)aliases[i].address.n, aliases[i].address.p,
			       (int)aliases[i].target.n, aliases[i].target.p);
			continue;
		}
		fputs(i > 0 ? ",{\"address\":" : "{\"address\":", stdout);
		admin_json_string(stdout, aliases[i].address);
		fputs(",\"target\":", stdout);
		admin_json_string(stdout, aliases[i].target);
		putchar('}');
	}
	if (admin->json)
		fputs("]\n", stdout);
}

int admin_alias_list(struct admin *admin, int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct store_alias *aliases = NULL;
	struct buf address = {0};
	size_t count = 0;
	int rc = argc > 2 ? admin_usage(admin, "want at most one ADDRESS") : EX_OK;

	if (rc == EX_OK && argc == 2)
		rc = normal(admin, argv[1], &address);
	if (rc == EX_OK)
		rc = admin_fail_status(admin,
				       store_alias_list(admin->store, buf_view(&address), arena, &aliases, &count),
				       "the aliases");
	if (rc == EX_OK)
		print(admin, aliases, count);
	buf_done(&address);
	arena_destroy(&arena);
	return rc;
}

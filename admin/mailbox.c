/* trivet mailbox: list, create, delete, rename. */
#include "admin/command.h"
#include "common/base/buf.h"
#include "common/content/mailbox_name.h"
#include "common/store/mailbox.h"

static void print_mailbox(const struct admin *admin, const struct store_mailbox *mailbox, bool first)
{
	if (!admin->json) {
		printf("%8u messages %8u unseen %12llu bytes  %.*s%s\n", mailbox->messages, mailbox->unseen,
		       (unsigned long long)mailbox->bytes, (int)mailbox->name.n, mailbox->name.p,
		       mailbox->is_selectable ? "" : "  (no mailbox)");
		return;
	}
	fputs(first ? "{\"name\":" : ",\n{\"name\":", stdout);
	admin_json_string(stdout, mailbox->name);
	printf(",\"messages\":%u,\"unseen\":%u,\"bytes\":%llu,\"uidvalidity\":%u,\"uidnext\":%u,\"modseq\":%llu,"
	       "\"subscribed\":%s,\"selectable\":%s}",
	       mailbox->messages, mailbox->unseen, (unsigned long long)mailbox->bytes, mailbox->uidvalidity,
	       mailbox->uidnext, (unsigned long long)mailbox->modseq, mailbox->is_subscribed ? "true" : "false",
	       mailbox->is_selectable ? "true" : "false");
}

int admin_mailbox_list(struct admin *admin, int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct store_user user = {0};
	struct store_mailbox *list = NULL, *orphans = NULL;
	size_t count = 0, orphan_count = 0;
	int rc = argc == 2 ? admin_find_user(admin, argv[1], arena, &user) : admin_usage(admin, "want one USER");

	if (rc == EX_OK)
		rc = admin_fail_status(
			admin, store_mailbox_list(admin->store, user.id, arena, &list, &count, &orphans, &orphan_count),
			argv[1]);
	if (rc == EX_OK && admin->json)
		putchar('[');
	for (size_t i = 0; rc == EX_OK && i < count; i++)
		print_mailbox(admin, &list[i], i == 0);
	if (rc == EX_OK && admin->json)
		puts("]");
	arena_destroy(&arena);
	return rc;
}

enum change { CREATE, DELETE, RENAME };

static int change(struct admin *admin, int argc, char **argv, enum change what)
{
	struct arena *arena;
	struct store_user user;
	struct store_mailbox made;
	struct buf name = {0}, to = {0};
	enum store_status status = STORE_OK;
	int rc;

	if (argc != (what == RENAME ? 4 : 3))
		return admin_usage(admin, what == RENAME ? "want USER, FROM and TO" : "want USER and MAILBOX");
	content_mailbox_name(span_of(argv[2]), &name);
	if (what == RENAME)
		content_mailbox_name(span_of(argv[3]), &to);
	arena = arena_create();
	if ((rc = admin_find_user(admin, argv[1], arena, &user)) == EX_OK) {
		switch (what) {
		case CREATE:
			status = store_mailbox_create(admin->store, user.id, buf_view(&name), 0, &made);
			break;
		case DELETE:
			status = store_mailbox_delete(admin->store, user.id, buf_view(&name));
			break;
		case RENAME:
			status = store_mailbox_rename(admin->store, user.id, buf_view(&name), buf_view(&to));
			break;
		}
		rc = admin_fail_status(admin, status, argv[2]);
	}
	arena_destroy(&arena);
	buf_done(&name);
	buf_done(&to);
	return rc;
}

int admin_mailbox_create(struct admin *admin, int argc, char **argv)
{
	return change(admin, argc, argv, CREATE);
}

int admin_mailbox_delete(struct admin *admin, int argc, char **argv)
{
	return change(admin, argc, argv, DELETE);
}

int admin_mailbox_rename(struct admin *admin, int argc, char **argv)
{
	return change(admin, argc, argv, RENAME);
}

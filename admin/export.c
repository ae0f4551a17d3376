/* trivet export: writes a user's messages out as Maildir or mbox, into what is not there yet or an empty folder. Flags
 * and dates are those of one moment a mailbox. */
#include "admin/export.h"
#include "common/base/must.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 262144 };

int export_fail(struct export *export, const char *path)
{
	int error = errno;

	progress_clear(&export->progress);
	return admin_fail(export->admin, error == ENOSPC || error == EDQUOT || error == EIO ? EX_IOERR : EX_CANTCREAT,
			  "%s: %s", path, strerror(error));
}

bool export_write(struct export *export)
{
	size_t done = 0;

	while (done < export->block.n) {
		ssize_t n = write(export->fd, export->block.p + done, export->block.n - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	export->block.n = 0;
	return true;
}

int export_read(struct export *export, struct store_blob *blob, uint64_t *at, struct buf *out, size_t *got_r)
{
	enum store_status status = store_blob_read(blob, *at, buf_room(out, READ_BYTES), READ_BYTES, got_r);

	if (status != STORE_OK) {
		progress_clear(&export->progress);
		return admin_fail_status(export->admin, status, export->folder);
	}
	buf_added(out, *got_r);
	*at += *got_r;
	return EX_OK;
}

static bool parse_options(int argc, char **argv, struct export *export)
{
	static const struct export_format *const formats[] = {&export_maildir, &export_mbox};
	static const struct option longs[] = {{"user", required_argument, NULL, 'u'},
					      {"mailbox", required_argument, NULL, 'm'},
					      {"format", required_argument, NULL, 'f'},
					      {"status", no_argument, NULL, 's'},
					      {NULL, 0, NULL, 0}};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'u':
			export->user_name = optarg;
			break;
		case 'm':
			export->mailbox_name = strcasecmp(optarg, "INBOX") == 0 ? "INBOX" : optarg;
			break;
		case 'f':
			for (size_t i = 0; i < array_count(formats); i++)
				if (strcmp(optarg, formats[i]->name) == 0)
					export->format = formats[i];
			break;
		case 's':
			export->with_status = true;
			break;
		default:
			return false;
		}
	if (argc - optind == 1)
		export->path = argv[optind];
	return true;
}

static int write_messages(struct export *export, const struct store_snapshot *snapshot)
{
	int rc = EX_OK;

	for (uint32_t n = 1; n <= snapshot->count && rc == EX_OK; n++) {
		struct store_row row;
		struct store_blob *blob = NULL;
		enum store_status status;

		store_snapshot_row(snapshot, n, &row);
		status = store_blob_open(export->admin->store, row.blob, &blob);
		if (status != STORE_OK) {
			progress_clear(&export->progress);
			rc = admin_fail_status(export->admin, status, export->folder);
		} else {
			rc = export->format->message(export, snapshot, &row, blob);
			progress_add(&export->progress, 1, row.size);
		}
		store_blob_close(&blob);
	}
	return rc;
}

static int write_mailbox(struct export *export, const struct store_mailbox *mailbox)
{
	struct arena *arena;
	struct store_snapshot *snapshot = NULL;
	enum store_status status;
	int rc;

	if (!mailbox->is_selectable)
		return EX_OK;
	status = store_snapshot_newest(export->admin->store, export->user, mailbox->id, &snapshot);
	if (status != STORE_OK)
		return admin_fail_status(export->admin, status, export->user_name);
	arena = arena_create();
	export->mailboxes++;
	export->fd = -1;
	rc = export->format->begin(export, mailbox, snapshot, arena);
	if (rc == EX_OK)
		rc = write_messages(export, snapshot);
	rc = export->format->end(export, rc);
	export->block.n = 0;
	store_snapshot_unref(&snapshot);
	arena_destroy(&arena);
	return rc;
}

static int write_all(struct export *export, struct arena *arena)
{
	struct store_mailbox *list, *orphans, one;
	size_t count = 1, orphan_count;
	enum store_status status;
	int rc;

	if (export->mailbox_name != NULL) {
		list = &one;
		status = store_mailbox_find(export->admin->store, export->user, span_of(export->mailbox_name), arena,
					    &one);
	} else {
		status = store_mailbox_list(export->admin->store, export->user, arena, &list, &count, &orphans,
					    &orphan_count);
	}
	rc = admin_fail_status(export->admin, status,
			       export->mailbox_name == NULL ? export->user_name : export->mailbox_name);
	for (size_t i = 0; i < count && rc == EX_OK; i++)
		rc = write_mailbox(export, &list[i]);
	return rc;
}

static void print_summary(struct export *export)
{
	const struct progress *done = &export->progress;

	progress_clear(&export->progress);
	printf(export->admin->json ? "{\"messages\":%llu,\"bytes\":%llu,\"mailboxes\":%llu,\"seconds\":%.3f}\n"
				   : "%llu messages, %llu bytes, %llu mailboxes, %.1f seconds\n",
	       (unsigned long long)done->messages, (unsigned long long)done->bytes,
	       (unsigned long long)export->mailboxes, progress_seconds(done));
}

int admin_export(struct admin *admin, int argc, char **argv)
{
	struct export export = {.admin = admin, .fd = -1};
	struct arena *arena;
	struct store_user user;
	int rc;

	if (!parse_options(argc, argv, &export) || export.format == NULL)
		return admin_usage(admin, "want --format maildir or mbox");
	if (export.user_name == NULL || export.path == NULL)
		return admin_usage(admin, "want --user USER and one PATH");
	arena = arena_create();
	if ((rc = admin_find_user(admin, export.user_name, arena, &user)) == EX_OK) {
		export.user = user.id;
		progress_init(&export.progress);
		export.progress.what = export.user_name;
		rc = write_all(&export, arena);
		print_summary(&export);
	}
	buf_done(&export.block);
	arena_destroy(&arena);
	return rc;
}

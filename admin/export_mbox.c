/* Writes mbox files, quoted as mboxrd, lines ended by LF. A mailbox that was named becomes the file PATH; all of them
 * become PATH/A/B.mbox. A level that begins with a dot begins with '_' there, so that no name leaves the folder. */
#include "admin/export.h"
#include "admin/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_folders(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		bool ok;

		*slash = '\0';
		ok = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
		if (!ok)
			return false;
	}
	return true;
}

static int mbox_begin(struct export *export, const struct store_mailbox *mailbox, const struct store_snapshot *snapshot,
		      struct arena *arena)
{
	(void)snapshot;
	if (export->mailbox_name != NULL) {
		export->folder = arena_text(arena, span_of(export->path));
	} else {
		export->folder =
			arena_printf(arena, "%s/%.*s.mbox", export->path, (int)mailbox->name.n, mailbox->name.p);
		for (char *c = export->folder + strlen(export->path); c[1] != '\0'; c++)
			if (c[0] == '/' && c[1] == '.')
				c[1] = '_';
		if (!make_folders(export->folder, strlen(export->path)))
			return export_fail(export, export->folder);
	}
	export->fd = open(export->folder, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return export->fd >= 0 ? EX_OK : export_fail(export, export->folder);
}

/* What stands in `in` up to its last line end, or all of it at the end of the message, is written quoted. */
static bool write_lines(struct export *export, struct buf *in, bool at_end)
{
	size_t n = in->n;

	while (!at_end && n > 0 && in->p[n - 1] != '\n')
		n--;
	if (n == 0 && !at_end)
		return true;
	mbox_quote(span_from(in->p, n), &export->block);
	buf_consume(in, n);
	if (at_end)
		buf_byte(&export->block, '\n');
	return export_write(export);
}

static int mbox_message(struct export *export, const struct store_snapshot *snapshot, const struct store_row *row,
			struct store_blob *blob)
{
	struct buf in = {0};
	uint64_t at = 0;
	size_t got = 1;
	int rc = EX_OK;

	(void)snapshot;
	mbox_from_write(row->date, &export->block);
	if (export->with_status)
		mbox_status_write((unsigned)row->flags, &export->block);
	while (rc == EX_OK && got > 0) {
		rc = export_read(export, blob, &at, &in, &got);
		if (rc == EX_OK && !write_lines(export, &in, got == 0))
			rc = export_fail(export, export->folder);
	}
	buf_done(&in);
	return rc;
}

static int mbox_end(struct export *export, int rc)
{
	if (export->fd >= 0) {
		if (rc == EX_OK && fsync(export->fd) != 0)
			rc = export_fail(export, export->folder);
		close(export->fd);
		export->fd = -1;
	}
	return rc;
}

const struct export_format export_mbox = {"mbox", mbox_begin, mbox_message, mbox_end};

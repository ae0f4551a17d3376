/* Writes Maildir++: line ends are LF there, flags stand in the name, the internal date is the file's modification time.
 * Of the keywords of a mailbox the first 26 get letters, told in the file dovecot-keywords. A file is made in tmp and
 * then moved into cur, so nobody sees half a message. */
#include "admin/export.h"
#include "admin/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_folder(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool make_maildir(const char *folder, struct arena *arena)
{
	static const char *const parts[] = {"tmp", "new", "cur"};

	if (!make_folder(folder))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (mkdir(arena_printf(arena, "%s/%s", folder, parts[i]), 0700) != 0)
			return false;
	return true;
}

static int write_keywords(struct export *export, const struct store_keyword_list *list, struct arena *arena)
{
	char *path = arena_printf(arena, "%s/dovecot-keywords", export->folder);
	FILE *file;

	export->keywords = list == NULL ? 0 : list->count < MAILDIR_KEYWORDS ? list->count : MAILDIR_KEYWORDS;
	if (export->keywords == 0)
		return EX_OK;
	if ((file = fopen(path, "wxe")) == NULL)
		return export_fail(export, path);
	for (uint32_t i = 0; i < export->keywords; i++)
		fprintf(file, "%u %.*s\n", i, (int)list->names[i].n, list->names[i].p);
	return fclose(file) == 0 ? EX_OK : export_fail(export, path);
}

static int maildir_begin(struct export *export, const struct store_mailbox *mailbox,
			 const struct store_snapshot *snapshot, struct arena *arena)
{
	struct buf name = {0};

	export->folder = arena_text(arena, span_of(export->path));
	if (!span_is(mailbox->name, "INBOX") && export->mailbox_name == NULL) {
		maildir_folder_encode(mailbox->name, &name);
		export->folder = arena_printf(arena, "%s/%s", export->path, buf_cstr(&name));
		buf_done(&name);
	}
	if (!make_folder(export->path) || !make_maildir(export->folder, arena))
		return export_fail(export, export->folder);
	return write_keywords(export, snapshot->keywords, arena);
}

/* A CR is held back until it is seen whether an LF follows. */
static int write_body(struct export *export, struct store_blob *blob, uint64_t *size_r)
{
	struct buf in = {0};
	uint64_t at = 0;
	size_t got = 1;
	int rc = EX_OK;

	*size_r = 0;
	while (rc == EX_OK && got > 0) {
		size_t keep = 0;

		if ((rc = export_read(export, blob, &at, &in, &got)) != EX_OK)
			break;
		if (got > 0 && in.n > 0 && in.p[in.n - 1] == '\r')
			keep = 1;
		for (size_t i = 0; i < in.n - keep; i++)
			if (in.p[i] != '\r' || i + 1 == in.n || in.p[i + 1] != '\n')
				buf_byte(&export->block, in.p[i]);
		buf_consume(&in, in.n - keep);
		*size_r += export->block.n;
		if (!export_write(export))
			rc = export_fail(export, export->folder);
	}
	buf_done(&in);
	return rc;
}

static void name_write(const struct export *export, const struct store_snapshot *snapshot, const struct store_row *row,
		       uint64_t size, struct buf *name)
{
	uint32_t keywords = 0, forwarded = store_snapshot_keyword(snapshot, SPAN("$Forwarded"));

	for (uint32_t i = 0; i < export->keywords; i++)
		if (store_row_has_keyword(row, i))
			keywords |= 1U << i;
	buf_printf(name, "%s/cur/%lld.V%uU%u.trivet,S=%llu", export->folder, (long long)row->date,
		   snapshot->uidvalidity, row->uid, (unsigned long long)size);
	maildir_flags_write((unsigned)row->flags, forwarded != UINT32_MAX && store_row_has_keyword(row, forwarded),
			    keywords, name);
}

static int maildir_message(struct export *export, const struct store_snapshot *snapshot, const struct store_row *row,
			   struct store_blob *blob)
{
	const struct timespec times[2] = {{.tv_sec = (time_t)row->date}, {.tv_sec = (time_t)row->date}};
	struct buf made = {0}, name = {0};
	uint64_t size;
	int rc;

	buf_printf(&made, "%s/tmp/%u.V%u.trivet", export->folder, row->uid, snapshot->uidvalidity);
	export->fd = open(buf_cstr(&made), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (export->fd < 0) {
		rc = export_fail(export, buf_cstr(&made));
	} else if ((rc = write_body(export, blob, &size)) == EX_OK) {
		name_write(export, snapshot, row, size, &name);
		if (futimens(export->fd, times) != 0 || rename(buf_cstr(&made), buf_cstr(&name)) != 0)
			rc = export_fail(export, buf_cstr(&name));
	}
	if (export->fd >= 0)
		close(export->fd);
	export->fd = -1;
	if (rc != EX_OK)
		unlink(buf_cstr(&made));
	buf_done(&made);
	buf_done(&name);
	return rc;
}

/* Durable in one stroke, instead of file by file. */
static int maildir_end(struct export *export, int rc)
{
	int fd = open(export->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rc == EX_OK && (fd < 0 || syncfs(fd) != 0))
		rc = export_fail(export, export->folder);
	if (fd >= 0)
		close(fd);
	return rc;
}

const struct export_format export_maildir = {"maildir", maildir_begin, maildir_message, maildir_end};

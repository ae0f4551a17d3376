/* trivet export: what its parts share. export.c reads the options and goes over mailboxes and messages,
 * export_maildir.c and export_mbox.c write them. */
#ifndef ADMIN_EXPORT_H
#define ADMIN_EXPORT_H

#include "admin/command.h"
#include "admin/progress.h"
#include "common/base/buf.h"
#include "common/store/content.h"
#include "common/store/mailbox.h"
#include "common/store/snapshot.h"

struct export_format;

struct export
{
	struct admin *admin;
	const char *user_name, *mailbox_name, *path; /* as given; mailbox_name may be NULL: all of them */
	bool with_status;                            /* mbox: fields Status and X-Status tell the flags */
	const struct export_format *format;
	uint64_t user;
	struct progress progress;
	uint64_t mailboxes;

	/* the format's own, while a mailbox is written */
	char *folder; /* in the arena of the mailbox */
	int fd;
	struct buf block;  /* bytes that wait to be written */
	uint32_t keywords; /* how many of the mailbox have a letter */
};

/* All return an exit status, and have said what is wrong where it is not EX_OK. */
struct export_format {
	const char *name;
	int (*begin)(struct export *export, const struct store_mailbox *mailbox, const struct store_snapshot *snapshot,
		     struct arena *arena);
	int (*message)(struct export *export, const struct store_snapshot *snapshot, const struct store_row *row,
		       struct store_blob *blob);
	int (*end)(struct export *export, int rc); /* closes what begin opened; rc: how it went so far */
};

extern const struct export_format export_maildir, export_mbox;

/* errno about a path, as an exit status with its line. */
int export_fail(struct export *export, const char *path);
/* The bytes of block go to fd. */
bool export_write(struct export *export);
/* Appends up to so many bytes from *at on and moves it; got 0 bytes at the end. */
int export_read(struct export *export, struct store_blob *blob, uint64_t *at, struct buf *out, size_t *got_r);

#endif

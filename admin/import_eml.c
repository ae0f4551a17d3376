/* Files of one message each, or a folder of such files named *.eml, as a source. Their modification time is mostly that
 * of a copy, so the field Date goes before it. */
#include "admin/import.h"

#include <errno.h>
#include <string.h>

static int add_file(struct import *import, const char *path, const char *called)
{
	struct import_message message = {.path = path, .prefers_sent = true};
	struct buf name = {0};
	struct stat st;
	bool done;

	if (stat(path, &st) != 0)
		return admin_fail(import->admin, EX_NOINPUT, "%s: %s", path, strerror(errno));
	buf_printf(&name, "%lld %lld.%09ld %s", (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		   called);
	done = import_is_done(import, buf_view(&name), &message.key);
	buf_done(&name);
	return done ? EX_OK : import_add(import, &message);
}

static int read_folder(struct import *import, const char *path)
{
	struct arena *arena = arena_create();
	char **files;
	size_t count;
	int rc = EX_OK;

	if (!import_list(path, ".eml", arena, &files, &count))
		rc = admin_fail(import->admin, EX_NOINPUT, "%s: %s", path, strerror(errno));
	for (size_t i = 0; rc == EX_OK && i < count; i++)
		rc = add_file(import, arena_printf(arena, "%s/%s", path, files[i]), files[i]);
	arena_destroy(&arena);
	return rc;
}

int import_eml(struct import *import, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	int rc;

	if (stat(path, &st) != 0)
		return admin_fail(import->admin, EX_NOINPUT, "%s: %s", path, strerror(errno));
	rc = import_mailbox(import, span_of(import->mailbox_name == NULL ? "INBOX" : import->mailbox_name));
	if (rc != EX_OK)
		return rc;
	return S_ISDIR(st.st_mode) ? read_folder(import, path)
				   : add_file(import, path, slash == NULL ? path : slash + 1);
}

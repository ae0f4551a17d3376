/* Maildir and Maildir++ as a source: the folder itself is INBOX (or the mailbox that was named), ".A.B" beside its cur
 * and new is A/B. The internal date is the file's modification time, as everywhere in that world. */
#include "admin/import.h"
#include "common/base/alloc.h"
#include "common/store/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && strcmp(name + n - m, suffix) == 0;
}

bool import_list(const char *folder, const char *suffix, struct arena *arena, char ***names_r, size_t *count_r)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	void *names = NULL;
	size_t capacity = 0;

	*names_r = NULL;
	*count_r = 0;
	if (dir == NULL)
		return errno == ENOENT;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || !ends_in(entry->d_name, suffix))
			continue;
		arena_grow(arena, &names, &capacity, *count_r + 1, sizeof(char *));
		*names_r = names;
		(*names_r)[(*count_r)++] = arena_text(arena, span_of(entry->d_name));
	}
	closedir(dir);
	if (*count_r > 0)
		qsort(*names_r, *count_r, sizeof(char *), compare_names);
	return true;
}

/* What the letters a … z stand for in this folder. */
static void read_keywords(const char *folder, struct arena *arena, struct span names[MAILDIR_KEYWORDS])
{
	char *path = arena_printf(arena, "%s/dovecot-keywords", folder), bytes[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);

	memset(names, 0, MAILDIR_KEYWORDS * sizeof *names);
	if (n > 0)
		maildir_keywords_parse(arena_span(arena, span_from(bytes, (size_t)n)), names);
	if (fd >= 0)
		close(fd);
}

static void add_keyword(struct import_message *message, struct span name)
{
	if (name.n == 0)
		return;
	for (size_t i = 0; i < message->keyword_count; i++)
		if (span_equal_nocase(message->keywords[i], name))
			return;
	message->keywords[message->keyword_count++] = name;
}

static int add_file(struct import *import, struct span base_of, const char *path, const char *file,
		    const struct span names[MAILDIR_KEYWORDS])
{
	struct import_message message = {.path = path};
	struct maildir_name name;
	struct buf key = {0};
	bool done;

	maildir_name_parse(span_of(file), &name);
	buf_span(&key, base_of);
	buf_byte(&key, '/');
	buf_span(&key, name.base);
	done = import_is_done(import, buf_view(&key), &message.key);
	buf_done(&key);
	if (done)
		return EX_OK;
	message.flags = name.flags;
	if (name.is_forwarded)
		add_keyword(&message, SPAN("$Forwarded"));
	for (size_t i = 0; i < MAILDIR_KEYWORDS; i++)
		if ((name.keywords & 1U << i) != 0)
			add_keyword(&message, names[i]);
	return import_add(import, &message);
}

/* folder holds cur and new; what it is called in the Maildir, for the journal. */
static int read_folder(struct import *import, const char *folder, struct span called)
{
	static const char *const parts[] = {"cur", "new"}; /* what is in new came last */
	struct arena *arena = arena_create(), *one = arena_create();
	struct span names[MAILDIR_KEYWORDS];
	int rc = EX_OK;

	read_keywords(folder, arena, names);
	for (size_t p = 0; p < 2 && rc == EX_OK; p++) {
		char *part = arena_printf(arena, "%s/%s", folder, parts[p]), **files;
		size_t count;

		if (!import_list(part, "", arena, &files, &count)) {
			rc = admin_fail(import->admin, EX_NOINPUT, "%s: %s", part, strerror(errno));
			break;
		}
		for (size_t i = 0; i < count && rc == EX_OK; i++) {
			rc = add_file(import, called, arena_printf(one, "%s/%s", part, files[i]), files[i], names);
			arena_reset(one);
		}
	}
	if (rc == EX_OK)
		rc = import_flush(import);
	arena_destroy(&one);
	arena_destroy(&arena);
	return rc;
}

static bool holds_mail(const char *folder, struct arena *arena)
{
	return access(arena_printf(arena, "%s/cur", folder), X_OK) == 0 ||
	       access(arena_printf(arena, "%s/new", folder), X_OK) == 0;
}

static int read_subfolder(struct import *import, const char *path, const char *called)
{
	struct buf name = {0};
	int rc = EX_OK;

	if (import->mailbox_name != NULL)
		buf_printf(&name, "%s/", import->mailbox_name);
	if (maildir_folder_decode(span_of(called), &name)) {
		rc = import_mailbox(import, buf_view(&name));
		if (rc == EX_OK)
			rc = read_folder(import, path, span_of(called));
	}
	buf_done(&name);
	return rc;
}

int import_maildir(struct import *import, const char *path)
{
	struct arena *arena = arena_create();
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort), rc = EX_OK;
	bool found = false;

	if (count < 0)
		rc = admin_fail(import->admin, EX_NOINPUT, "%s: %s", path, strerror(errno));
	if (rc == EX_OK && holds_mail(path, arena)) {
		found = true;
		rc = import_mailbox(import, span_of(import->mailbox_name == NULL ? "INBOX" : import->mailbox_name));
		if (rc == EX_OK)
			rc = read_folder(import, path, SPAN(""));
	}
	for (int i = 0; i < count; i++) {
		const char *called = entries[i]->d_name;

		if (rc == EX_OK && called[0] == '.' && strcmp(called, ".") != 0 && strcmp(called, "..") != 0) {
			char *folder = arena_printf(arena, "%s/%s", path, called);

			if (holds_mail(folder, arena)) {
				found = true;
				rc = read_subfolder(import, folder, called);
			}
		}
		free(entries[i]);
	}
	free(entries);
	if (rc == EX_OK && !found)
		rc = admin_fail(import->admin, EX_NOINPUT, "%s: no Maildir (no cur, no new)", path);
	arena_destroy(&arena);
	return rc;
}

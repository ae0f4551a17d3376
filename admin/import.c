/* trivet import: takes messages in from Maildir, mbox and plain files. */
#include "admin/import.h"
#include "common/base/alloc.h"
#include "common/directory/store_config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef int import_source_fn(struct import *import, const char *path);

static const struct {
	const char *name;
	import_source_fn *read;
} formats[] = {{"maildir", import_maildir}, {"mbox", import_mbox}, {"eml", import_eml}};

struct import_options {
	const char *map;
	import_source_fn *read;
};

static bool parse_options(int argc, char **argv, struct import *import, struct import_options *options)
{
	static const struct option longs[] = {
		{"user", required_argument, NULL, 'u'},   {"mailbox", required_argument, NULL, 'm'},
		{"format", required_argument, NULL, 'f'}, {"map", required_argument, NULL, 'p'},
		{"restart", no_argument, NULL, 'r'},      {"mboxrd", no_argument, NULL, 'R'},
		{"mboxo", no_argument, NULL, 'O'},        {NULL, 0, NULL, 0}};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'u':
			import->user_name = optarg;
			break;
		case 'm':
			import->mailbox_name = optarg;
			break;
		case 'f':
			for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
				if (strcmp(optarg, formats[i].name) == 0)
					options->read = formats[i].read;
			break;
		case 'p':
			options->map = optarg;
			break;
		case 'r':
			import->restart = true;
			break;
		case 'R':
		case 'O':
			import->quoting = c == 'O' ? MBOX_O : MBOX_RD;
			break;
		default:
			return false;
		}
	return true;
}

/* What the journal of a source is named after: user, mailbox and path; files that are given one by one share that of
 * their folder. */
static int identify(struct import *import, import_source_fn *read, const char *path, struct buf *identity)
{
	char real[PATH_MAX];
	struct stat st;

	if (realpath(path, real) == NULL || stat(real, &st) != 0)
		return admin_fail(import->admin, EX_NOINPUT, "%s: %s", path, strerror(errno));
	if (read == import_eml && !S_ISDIR(st.st_mode))
		*strrchr(real, '/') = '\0';
	buf_printf(identity, "%llu\t%s\t%s\t%s", (unsigned long long)import->user, import->user_name,
		   import->mailbox_name == NULL ? "" : import->mailbox_name, real);
	return EX_OK;
}

static int close_source(struct import *import)
{
	int rc = import->journal == NULL ? EX_OK : import_flush(import);

	journal_close(&import->journal);
	buf_done(&import->source);
	return rc;
}

/* The journal of a source, which may be the one that is open. */
static int open_source(struct import *import, struct buf *identity)
{
	struct store_options options;
	struct buf folder = {0};
	char *error = NULL;
	int rc;

	if (import->journal != NULL && span_equal(buf_view(identity), buf_view(&import->source)))
		return EX_OK;
	if ((rc = close_source(import)) != EX_OK)
		return rc;
	store_options_from(import->admin->config, &options);
	buf_printf(&folder, "%s/import", options.path);
	import->journal = journal_open(buf_cstr(&folder), buf_view(identity), import->restart, &error);
	buf_done(&folder);
	if (import->journal == NULL)
		rc = admin_fail(import->admin, EX_TEMPFAIL, "%s", error);
	free(error);
	buf_span(&import->source, buf_view(identity));
	return rc != EX_OK ? rc : import_recover(import);
}

static int read_source(struct import *import, import_source_fn *read, const char *path)
{
	struct buf identity = {0};
	int rc = identify(import, read, path, &identity);

	if (rc == EX_OK)
		rc = open_source(import, &identity);
	if (rc == EX_OK)
		rc = read(import, path);
	buf_done(&identity);
	return rc;
}

static int read_for_user(struct import *import, import_source_fn *read, const char *user, const char *path)
{
	struct arena *arena = arena_create();
	struct store_user found;
	int rc = admin_find_user(import->admin, user, arena, &found);

	if (rc == EX_OK && found.id != import->user)
		rc = close_source(import);
	if (rc == EX_OK) {
		import->user_name = user;
		import->user = found.id;
		import->progress.what = user;
		rc = read_source(import, read, path);
	}
	arena_destroy(&arena);
	return rc;
}

/* Lines USER TAB PATH. One that fails does not keep the others from being read; the answer is that of the last failure.
 */
static int read_map(struct import *import, import_source_fn *read, const char *map)
{
	FILE *file = fopen(map, "re");
	char *line = NULL;
	size_t capacity = 0;
	int rc = EX_OK;

	if (file == NULL)
		return admin_fail(import->admin, EX_NOINPUT, "%s: %s", map, strerror(errno));
	while (getline(&line, &capacity, file) >= 0) {
		char *path;
		int one;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if ((path = strchr(line, '\t')) == NULL) {
			rc = admin_fail(import->admin, EX_DATAERR, "%s: want USER TAB PATH: %s", map, line);
			continue;
		}
		*path++ = '\0';
		if ((one = read_for_user(import, read, line, path)) != EX_OK)
			rc = one;
	}
	free(line);
	fclose(file);
	return rc;
}

static void print_summary(struct import *import)
{
	const struct progress *done = &import->progress;

	progress_clear(&import->progress);
	printf(import->admin->json ? "{\"messages\":%llu,\"bytes\":%llu,\"skipped\":%llu,\"seconds\":%.3f}\n"
				   : "%llu messages, %llu bytes, %llu skipped (there already), %.1f seconds\n",
	       (unsigned long long)done->messages, (unsigned long long)done->bytes, (unsigned long long)import->skipped,
	       progress_seconds(done));
}

static int run(struct import *import, const struct import_options *options, int argc, char **argv)
{
	const char *user = import->user_name;
	int rc = EX_OK, closed;

	progress_init(&import->progress);
	if (options->map != NULL)
		rc = read_map(import, options->read, options->map);
	for (int i = optind; i < argc && rc == EX_OK; i++)
		rc = read_for_user(import, options->read, user, argv[i]);
	closed = close_source(import); /* where one failed, those in front of it are taken in */
	print_summary(import);
	return rc != EX_OK ? rc : closed;
}

int admin_import(struct admin *admin, int argc, char **argv)
{
	struct import *import = alloc_zero(1, sizeof *import);
	struct import_options options = {0};
	int rc;

	import->admin = admin;
	if (!parse_options(argc, argv, import, &options) || options.read == NULL)
		rc = admin_usage(admin, "want --format maildir, mbox or eml");
	else if (options.map != NULL ? import->user_name != NULL || optind < argc
				     : import->user_name == NULL || optind == argc)
		rc = admin_usage(admin, "want --user USER and PATH, or --map FILE");
	else {
		import->arena = arena_create();
		rc = run(import, &options, argc, argv);
		arena_destroy(&import->arena);
	}
	for (size_t i = 0; i < IMPORT_BATCH_MESSAGES; i++)
		buf_done(&import->slots[i].bytes);
	free(import);
	return rc;
}

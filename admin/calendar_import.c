/* trivet calendar import: a file of iCalendar into a calendar, all or nothing. */
#include "admin/calendar.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/calendar/judge.h"
#include "common/ical/collection.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/sha.h>
#include <string.h>

enum { FILE_MAX = 256 * 1024 * 1024, READ_SIZE = 65536 };

struct calendar_import {
	struct admin *admin;
	struct admin_calendar calendar;
	struct arena *arena;
	struct store_object_put *puts;
	size_t count, capacity, skipped;
	const char *path;
	bool replaces, skips;
	int rc;
};

static bool parse_options(int argc, char **argv, struct calendar_import *import)
{
	static const struct option longs[] = {
		{"replace", no_argument, NULL, 'r'}, {"skip-broken", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'r':
			import->replaces = true;
			break;
		case 's':
			import->skips = true;
			break;
		default:
			return false;
		}
	return argc - optind == 3;
}

/* "-": standard input. */
static int read_file(struct calendar_import *import, struct buf *text)
{
	FILE *file = strcmp(import->path, "-") == 0 ? stdin : fopen(import->path, "re");
	size_t got;
	int rc = EX_OK;

	if (file == NULL)
		return admin_fail(import->admin, EX_NOINPUT, "%s: %s", import->path, strerror(errno));
	do {
		got = fread(buf_room(text, READ_SIZE), 1, READ_SIZE, file);
		buf_added(text, got);
	} while (got > 0 && text->n <= FILE_MAX);
	if (ferror(file))
		rc = admin_fail(import->admin, EX_IOERR, "%s: %s", import->path, strerror(errno));
	else if (text->n > FILE_MAX)
		rc = admin_fail(import->admin, EX_DATAERR, "%s: it is too large", import->path);
	if (file != stdin)
		fclose(file);
	return rc;
}

/* An object that has the UID keeps its name; a new one is called by a digest of it. */
static enum store_status choose_name(struct calendar_import *import, struct store_object_put *put)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf name = {0};
	struct store_object old;
	enum store_status status = store_object_find_uid(import->admin->store, import->calendar.user.id,
							 put->collection, put->facts.uid, import->arena, &old);

	if (status == STORE_OK)
		put->name = old.name;
	if (status != STORE_NOT_FOUND)
		return status;
	(void)SHA256((const unsigned char *)put->facts.uid.p, put->facts.uid.n, hash);
	for (size_t i = 0; i < sizeof hash; i++)
		buf_printf(&name, "%02x", hash[i]);
	buf_text(&name, ".ics");
	put->name = arena_span(import->arena, buf_view(&name));
	put->expect = STORE_EXPECT_NOTHING;
	buf_done(&name);
	return STORE_OK;
}

static bool take(void *arg, const struct ical_piece *piece)
{
	struct calendar_import *import = arg;
	struct store_object_put put = {.collection = import->calendar.collection.id,
				       .bytes = arena_span(import->arena, piece->text)};
	const char *problem;

	if (calendar_judge(put.bytes, import->calendar.collection.components, import->arena, &put.facts, &problem) !=
	    ICAL_GOOD) {
		admin_fail(import->admin, EX_DATAERR, "%s: line %zu: %s", import->path, piece->line, problem);
		import->rc = import->skips ? EX_OK : EX_DATAERR;
		import->skipped++;
		return import->skips;
	}
	import->rc = admin_fail_status(import->admin, choose_name(import, &put), import->path);
	arena_grow(import->arena, (void **)&import->puts, &import->capacity, import->count + 1, sizeof *import->puts);
	import->puts[import->count++] = put;
	return import->rc == EX_OK;
}

static int store_all(struct calendar_import *import)
{
	const struct store_guard none = {0};
	struct store_object_counts counts;
	enum store_status status =
		store_object_put_all(import->admin->store, import->calendar.user.id, import->calendar.collection.id,
				     import->puts, import->count, import->replaces, &none, &counts);

	if (status != STORE_OK)
		return admin_fail_status(import->admin, status, import->path);
	printf(import->admin->json ? "{\"new\":%zu,\"changed\":%zu,\"unchanged\":%zu,\"removed\":%zu,\"skipped\":%zu}\n"
				   : "%zu new, %zu changed, %zu unchanged, %zu removed, %zu skipped\n",
	       counts.created, counts.changed, counts.unchanged, counts.removed, import->skipped);
	return EX_OK;
}

static int run(struct calendar_import *import)
{
	struct buf text = {0};
	const char *problem = "";
	int rc = read_file(import, &text);

	if (rc == EX_OK && ical_split(buf_view(&text), import->arena, take, import, &problem) != ICAL_GOOD)
		rc = admin_fail(import->admin, EX_DATAERR, "%s: %s", import->path, problem);
	buf_done(&text);
	if (rc == EX_OK)
		rc = import->rc;
	return rc == EX_OK ? store_all(import) : rc;
}

int admin_calendar_import(struct admin *admin, int argc, char **argv)
{
	struct calendar_import import = {.admin = admin};
	int rc;

	if (!parse_options(argc, argv, &import))
		return admin_usage(admin, "want USER, CALENDAR and FILE");
	if (import.replaces && import.skips) /* what is broken there would take away what is there */
		return admin_usage(admin, "--replace goes without --skip-broken");
	import.path = argv[optind + 2];
	import.arena = arena_create();
	rc = admin_calendar_find(admin, argv[optind], argv[optind + 1], import.arena, &import.calendar);
	if (rc == EX_OK)
		rc = run(&import);
	arena_destroy(&import.arena);
	return rc;
}

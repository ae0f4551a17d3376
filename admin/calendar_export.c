/* trivet calendar export: all objects of a calendar as one text. */
#include "admin/calendar.h"
#include "common/base/buf.h"
#include "common/ical/collection.h"

#include <errno.h>
#include <string.h>

enum { PAGE = 64, OBJECT_MAX = 1 << 30 };

struct calendar_export {
	struct admin *admin;
	struct admin_calendar calendar;
	struct ical_join *join;
	struct arena *page;
	struct buf after, out;
	uint64_t blobs[PAGE];
	size_t count; /* of the page */
	uint64_t objects, bytes;
	const char *path;
	FILE *file;
};

static bool take(void *arg, const struct store_object *object)
{
	struct calendar_export *export = arg;

	export->blobs[export->count++] = object->blob;
	export->after.n = 0;
	buf_span(&export->after, object->name);
	return true;
}

static int flush(struct calendar_export *export)
{
	size_t n = export->out.n;

	export->bytes += n;
	export->out.n = 0;
	if (fwrite(export->out.p, 1, n, export->file) == n)
		return EX_OK;
	return admin_fail(export->admin, EX_IOERR, "%s: %s", export->path, strerror(errno));
}

static int write_page(struct calendar_export *export)
{
	int rc = EX_OK;

	for (size_t i = 0; i < export->count && rc == EX_OK; i++) {
		struct span bytes;

		arena_reset(export->page);
		rc = admin_fail_status(
			export->admin,
			store_object_bytes(export->admin->store, export->blobs[i], OBJECT_MAX, export->page, &bytes),
			"an object");
		if (rc == EX_OK && ical_join_add(export->join, bytes, &export->out))
			export->objects++;
		if (rc == EX_OK)
			rc = flush(export);
	}
	return rc;
}

static int write_all(struct calendar_export *export, struct span name)
{
	const struct store_collection *calendar = &export->calendar.collection;
	int rc;

	ical_join_begin(export->join, name, &export->out);
	do {
		struct span after = export->after.n > 0 ? buf_view(&export->after) : (struct span){0};

		export->count = 0;
		rc = admin_fail_status(export->admin,
				       store_object_each(export->admin->store, export->calendar.user.id, calendar->id,
							 arena_span(export->page, after), PAGE, take, export),
				       export->path);
		if (rc == EX_OK)
			rc = write_page(export);
	} while (rc == EX_OK && export->count == PAGE);
	ical_join_end(export->join, &export->out);
	return rc == EX_OK ? flush(export) : rc;
}

static int run(struct calendar_export *export, struct arena *arena)
{
	struct store_property *list;
	size_t count;
	enum store_status status = store_property_list(export->admin->store, export->calendar.user.id,
						       export->calendar.collection.id, SPAN(""), arena, &list, &count);
	int rc = admin_fail_status(export->admin, status, export->path);

	if (rc != EX_OK)
		return rc;
	export->file = strcmp(export->path, "-") == 0 ? stdout : fopen(export->path, "we");
	if (export->file == NULL)
		return admin_fail(export->admin, EX_CANTCREAT, "%s: %s", export->path, strerror(errno));
	rc = write_all(export, admin_property_text(list, count, PROPERTY_DISPLAY_NAME, arena));
	if ((export->file == stdout ? fflush(stdout) : fclose(export->file)) != 0 && rc == EX_OK)
		rc = admin_fail(export->admin, EX_IOERR, "%s: %s", export->path, strerror(errno));
	if (rc == EX_OK && export->file != stdout)
		printf(export->admin->json ? "{\"objects\":%llu,\"bytes\":%llu}\n" : "%llu objects, %llu bytes\n",
		       (unsigned long long)export->objects, (unsigned long long)export->bytes);
	return rc;
}

int admin_calendar_export(struct admin *admin, int argc, char **argv)
{
	struct calendar_export export = {.admin = admin};
	struct arena *arena;
	int rc;

	if (argc != 3 && argc != 4)
		return admin_usage(admin, "want USER, CALENDAR, and perhaps FILE");
	export.path = argc == 4 ? argv[3] : "-";
	arena = arena_create();
	export.page = arena_create();
	export.join = ical_join_create();
	rc = admin_calendar_find(admin, argv[1], argv[2], arena, &export.calendar);
	if (rc == EX_OK)
		rc = run(&export, arena);
	buf_done(&export.after);
	buf_done(&export.out);
	ical_join_destroy(&export.join);
	arena_destroy(&export.page);
	arena_destroy(&arena);
	return rc;
}

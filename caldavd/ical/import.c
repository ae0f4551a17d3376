/* Importing: pieces of a text become objects, judged one by one and stored in one transaction. */
#include "caldavd/ical/import.h"
#include "caldavd/caldav/check.h"
#include "common/base/random.h"
#include "common/ical/collection.h"

#include <openssl/sha.h>
#include <string.h>

enum { TRIES = 3, UID_AS_NAME_MAX = 200 };

/* --- reading --- */

struct reading {
	struct dav_request *r;
	const struct store_collection *calendar;
	struct ical_import *import;
	size_t capacity, line_capacity;
	const char *condition, *problem; /* of the first piece that cannot be taken */
	size_t line;
};

static void judge(struct reading *reading, const struct ical_piece *piece, struct store_object_put *put)
{
	struct dav_request *r = reading->r;

	if (piece->text.n > r->daemon->options.resource_max) {
		reading->condition = "C:max-resource-size";
		reading->problem = "it is too large";
	} else {
		put->bytes = arena_span(r->arena, piece->text);
		reading->condition = caldav_judge(r->daemon, reading->calendar, put->bytes, r->arena, &put->facts,
						  &reading->problem);
	}
	if (reading->condition != NULL)
		reading->line = piece->line;
}

static bool take(void *arg, const struct ical_piece *piece)
{
	struct reading *reading = arg;
	struct ical_import *import = reading->import;
	struct store_object_put put = {.collection = reading->calendar->id};

	judge(reading, piece, &put);
	if (reading->condition != NULL)
		return false;
	arena_grow(reading->r->arena, (void **)&import->puts, &reading->capacity, import->count + 1,
		   sizeof *import->puts);
	arena_grow(reading->r->arena, (void **)&import->lines, &reading->line_capacity, import->count + 1,
		   sizeof *import->lines);
	import->puts[import->count] = put;
	import->lines[import->count++] = piece->line;
	import->components |= put.facts.component;
	return true;
}

bool ical_import_read(struct dav_request *r, const struct store_collection *calendar, struct span text,
		      struct ical_import *import_r)
{
	struct reading reading = {.r = r, .calendar = calendar, .import = import_r};
	const char *problem;

	*import_r = (struct ical_import){0};
	if (ical_split(text, r->arena, take, &reading, &problem) != ICAL_GOOD) {
		dav_error(r, 403, "C:valid-calendar-data", "%s", problem);
		return false;
	}
	if (reading.condition != NULL)
		dav_error(r, 403, reading.condition, "line %zu: %s", reading.line, reading.problem);
	return reading.condition == NULL;
}

bool ical_import_check_attachments(struct dav_request *r, struct ical_import *import)
{
	const char *condition = NULL;
	enum store_status status = STORE_OK;

	import->attached = arena_zero(r->arena, import->count + 1, sizeof *import->attached);
	for (size_t i = 0; i < import->count; i++) {
		status = caldav_attachment_judge(r, import->puts[i].bytes, &import->attached[i], &condition);
		if (status != STORE_OK)
			dav_fail(r, status);
		else if (condition != NULL)
			dav_error(r, 403, condition, "line %zu", import->lines[i]);
		if (status != STORE_OK || condition != NULL)
			return false;
		import->puts[i].result_r = arena_new(r->arena, struct store_object_result);
	}
	return true;
}

/* --- names --- */

static bool is_plain(struct span uid)
{
	if (uid.n == 0 || uid.n > UID_AS_NAME_MAX || uid.p[0] == '.')
		return false;
	for (size_t i = 0; i < uid.n; i++) {
		char c = uid.p[i], lower = ascii_lower(c);

		if (!(lower >= 'a' && lower <= 'z') && !ascii_is_digit(c) && c != '-' && c != '_' && c != '.' &&
		    c != '@' && c != '+' && c != '=')
			return false;
	}
	return true;
}

/* The UID where it can be a name, else a digest of it, with a letter in it that no UID of the first kind has: so that
 * no two UIDs have the same name. */
static struct span name_of_uid(struct span uid, struct arena *arena)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char *name, *at;

	if (is_plain(uid))
		return span_of(arena_printf(arena, "%.*s.ics", (int)uid.n, uid.p));
	(void)SHA256((const unsigned char *)uid.p, uid.n, hash);
	name = at = arena_bytes(arena, sizeof hash * 2 + sizeof "~.ics");
	for (size_t i = 0; i < sizeof hash; i++) {
		*at++ = "0123456789abcdef"[hash[i] >> 4];
		*at++ = "0123456789abcdef"[hash[i] & 15];
	}
	memcpy(at, "~.ics", sizeof "~.ics");
	return span_of(name);
}

static enum store_status choose_name(struct dav_request *r, const struct store_collection *calendar,
				     struct store_object_put *put, bool strict)
{
	struct store_object old;
	enum store_status status =
		store_object_find_uid(r->store, r->user.id, calendar->id, put->facts.uid, r->arena, &old);

	if (status == STORE_OK) {
		put->name = old.name;
		put->expect = strict ? STORE_EXPECT_TAG : STORE_EXPECT_ANYTHING;
		memcpy(put->tag, old.tag, STORE_TAG_BYTES);
		return STORE_OK;
	}
	if (status != STORE_NOT_FOUND)
		return status;
	put->expect = STORE_EXPECT_NOTHING;
	put->name = name_of_uid(put->facts.uid, r->arena);
	status = store_object_get(r->store, r->user.id, calendar->id, put->name, r->arena, &old);
	if (status == STORE_OK) /* something else is called so */
		put->name = span_of(arena_printf(r->arena, "%016llx%016llx~.ics", (unsigned long long)random_u64(),
						 (unsigned long long)random_u64()));
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/* --- writing --- */

enum store_status ical_import_write(struct dav_request *r, const struct store_collection *calendar,
				    struct ical_import *import, bool replaces, bool strict,
				    struct store_object_counts *counts_r)
{
	enum store_status status = STORE_CONFLICT;

	*counts_r = (struct store_object_counts){0};
	for (int i = 0; i < TRIES && (status == STORE_CONFLICT || status == STORE_EXISTS); i++) {
		status = STORE_OK;
		for (size_t k = 0; k < import->count && status == STORE_OK; k++) {
			import->puts[k].collection = calendar->id;
			status = choose_name(r, calendar, &import->puts[k], strict);
		}
		if (status == STORE_OK)
			status = store_object_put_all(r->store, r->user.id, calendar->id, import->puts, import->count,
						      replaces, &r->guard, counts_r);
		if (strict)
			break;
	}
	if (status == STORE_OK && import->attached != NULL)
		caldav_attachment_settle_all(r, calendar->id, import->puts, import->attached, import->count);
	return status;
}

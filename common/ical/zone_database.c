/* The system's time zone database.
 *
 * libical's own copy of the data (icaltimezone_set_builtin_tzdata(true)) is as old as the library, and Debian does not
 * even install it; the system's is what the administrator keeps up to date. But libical 3.0 reads it when it is asked:
 * each unknown name is a file it tries to open, be it "../../dev/stdin", and each known one that zone.tab does not list
 * is appended to a table without a lock, once more for each spelling ("Europe//Berlin"). TZIDs come from the net. So
 * all zones are read here, once; then the table is sorted and libical told that the data is built in: it searches the
 * table and neither opens a file nor changes anything from there on.
 *
 * The table is the process's, as libical's is: hence the variables of this file. */
#include "common/ical/zone_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/ical/zoneinfo_private.h"

#include <libical/icaltz-util.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ETAG_BYTES = 16, VERSION_MAX = 32, DIGEST_BYTES = 32 };

static struct {
	pthread_once_t once;
	struct ical_zone_entry *entries; /* by name, without case */
	size_t count, capacity;
	char version[VERSION_MAX];
} database = {.once = PTHREAD_ONCE_INIT};

static struct span next_word(struct span *line)
{
	size_t end;
	struct span word;

	*line = span_trim(*line);
	end = span_find_byte(*line, ' ');
	word = span_sub(*line, 0, end);
	*line = span_sub(*line, word.n, SIZE_MAX);
	return word;
}

static bool read_file(const char *folder, const char *name, struct buf *bytes, int64_t *modified_r)
{
	struct buf path = {0};
	struct stat st;
	FILE *file;
	size_t got;

	bytes->n = 0;
	buf_printf(&path, "%s/%s", folder, name);
	file = fopen(buf_cstr(&path), "rbe");
	buf_done(&path);
	if (file == NULL)
		return false;
	*modified_r = fstat(fileno(file), &st) == 0 ? (int64_t)st.st_mtime : 0;
	while ((got = fread(buf_room(bytes, 65536), 1, 65536, file)) > 0)
		buf_added(bytes, got);
	(void)fclose(file);
	return true;
}

/* --- reading --- */

/* The library is part of it: another one may write the same data in another way. */
static char *etag_of(const char *name, struct span alias_of, struct span bytes)
{
	unsigned char sum[DIGEST_BYTES];
	struct buf all = {0};
	char *etag = alloc_bytes(2 * ETAG_BYTES + 1);
	unsigned n = sizeof sum;

	buf_printf(&all, "%s %s %s ", TRIVET_VERSION, ICAL_VERSION, name);
	buf_span(&all, alias_of);
	buf_byte(&all, '\n');
	buf_span(&all, bytes);
	must(EVP_Digest(all.p, all.n, sum, &n, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < ETAG_BYTES; i++)
		(void)snprintf(etag + 2 * i, 3, "%02x", sum[i]);
	buf_done(&all);
	return etag;
}

static icalcomponent *read_vtimezone(struct span file, const char *name)
{
	struct buf text = {0};
	icalcomponent *vtimezone = NULL;

	if (ical_zoneinfo_write(file, name, &text))
		vtimezone = ical_parse(buf_view(&text));
	buf_done(&text);
	return vtimezone;
}

/* libical's zone of the name, from now on with our component; but UTC, which has none there. */
static icaltimezone *teach_libical(const char *name, icalcomponent *vtimezone)
{
	icaltimezone *zone = icaltimezone_get_builtin_timezone(name);

	if (zone != NULL && zone != icaltimezone_get_utc_timezone())
		must(icaltimezone_set_component(zone, vtimezone));
	return zone;
}

static void add(const char *folder, struct span name, struct span alias_of, struct buf *scratch)
{
	struct ical_zone_entry entry = {.zone = NULL};
	char *text = alloc_text_n(name.p, name.n);
	void *entries = database.entries;

	if (read_file(folder, text, scratch, &entry.info.modified))
		entry.vtimezone = read_vtimezone(buf_view(scratch), text);
	if (entry.vtimezone != NULL && !ical_zone_ending_of(entry.vtimezone, &entry.ending))
		entry.ending.since = 0;
	if (entry.vtimezone != NULL)
		entry.zone = teach_libical(text, entry.vtimezone);
	if (entry.zone == NULL) {
		if (entry.vtimezone != NULL)
			icalcomponent_free(entry.vtimezone);
		free(text); /* listed, but not installed */
		return;
	}
	entry.info.name = text;
	entry.info.alias_of = alias_of.n == 0 ? NULL : alloc_text_n(alias_of.p, alias_of.n);
	entry.info.etag = etag_of(text, alias_of, buf_view(scratch));
	alloc_grow(&entries, &database.capacity, database.count + 1, sizeof *database.entries);
	database.entries = entries;
	database.entries[database.count++] = entry;
}

/* tzdata.zi: "# version 2025b", "Z NAME …", "L TARGET NAME". */
static void add_listed(const char *folder, struct span list)
{
	struct buf scratch = {0};

	while (list.n > 0) {
		size_t end = span_find_byte(list, '\n');
		struct span line = span_sub(list, 0, end), first, second, third;

		list = span_sub(list, line.n + 1, SIZE_MAX);
		first = next_word(&line);
		second = next_word(&line);
		third = next_word(&line);
		if (span_is(first, "Z") && !span_is(second, "Factory"))
			add(folder, second, SPAN(""), &scratch);
		else if (span_is(first, "L"))
			add(folder, third, second, &scratch);
		else if (span_is(first, "#") && span_is(second, "version"))
			(void)snprintf(database.version, sizeof database.version, "%.*s", (int)third.n, third.p);
	}
	buf_done(&scratch);
}

/* Where the list is missing there is still zone.tab, which libical has read. */
static void add_of_zone_tab(const char *folder)
{
	icalarray *all = icaltimezone_get_builtin_timezones();
	struct buf scratch = {0};

	for (size_t i = 0, count = all->num_elements; i < count; i++)
		add(folder, span_of(icaltimezone_get_location(icalarray_element_at(all, i))), SPAN(""), &scratch);
	add(folder, SPAN("Etc/UTC"), SPAN(""), &scratch);
	add(folder, SPAN("UTC"), SPAN("Etc/UTC"), &scratch);
	buf_done(&scratch);
}

/* --- the table --- */

static int compare_names(struct span a, struct span b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return ascii_lower(a.p[i]) < ascii_lower(b.p[i]) ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *a, const void *b)
{
	const struct ical_zone_entry *x = a, *y = b;

	return compare_names(span_of(x->info.name), span_of(y->info.name));
}

/* As libical's own search of a built-in table compares. */
static int by_location(const void *a, const void *b)
{
	return strcmp(icaltimezone_get_location((icaltimezone *)a), icaltimezone_get_location((icaltimezone *)b));
}

static const struct ical_zone_entry *find(struct span name)
{
	size_t low = 0, high = database.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_names(name, span_of(database.entries[middle].info.name));

		if (order == 0)
			return &database.entries[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Sorting moves libical's zones from place to place, but not their components. */
static void find_zones_again(void)
{
	for (size_t i = 0; i < database.count; i++) {
		struct ical_zone_entry *entry = &database.entries[i];

		entry->zone = icaltimezone_get_builtin_timezone(entry->info.name);
		must(entry->zone != NULL);
	}
}

static void load(void)
{
	const char *folder;
	struct buf list = {0};
	int64_t modified;

	icalerror_set_errors_are_fatal(0);
	icaltimezone_set_builtin_tzdata(0);
	folder = icaltzutil_get_zone_directory();
	if (read_file(folder, "tzdata.zi", &list, &modified))
		add_listed(folder, buf_view(&list));
	else
		add_of_zone_tab(folder);
	if (database.count > 1)
		qsort(database.entries, database.count, sizeof *database.entries, by_name);
	icalarray_sort(icaltimezone_get_builtin_timezones(), by_location);
	icaltimezone_set_builtin_tzdata(1);
	find_zones_again();
	buf_done(&list);
}

void ical_zones_load(void)
{
	must(pthread_once(&database.once, load) == 0);
}

/* --- names --- */

/* "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "/mozilla.org/20070129_1/Europe/Berlin",
 * "/citadel.org/20211207_1/Europe/Berlin": the longest end that is a name of the database. */
static const struct ical_zone_entry *find_end(struct span name)
{
	const struct ical_zone_entry *entry = NULL;

	if (name.n == 0 || name.p[0] != '/')
		return NULL;
	for (size_t at = 0; at != SIZE_MAX && entry == NULL; at = span_find_byte(name, '/')) {
		name = span_sub(name, at + 1, SIZE_MAX);
		entry = find(name);
	}
	return entry;
}

const struct ical_zone_entry *ical_zone_entry_of(struct span name)
{
	const struct ical_zone_entry *entry;
	const char *windows;

	ical_zones_load();
	name = span_trim(name);
	if ((entry = find(name)) != NULL || (entry = find_end(name)) != NULL)
		return entry;
	windows = ical_windows_zone(name);
	return windows == NULL ? NULL : find(span_of(windows));
}

const struct ical_zone_info *ical_zone_find(struct span name)
{
	const struct ical_zone_entry *entry = ical_zone_entry_of(name);

	return entry == NULL ? NULL : &entry->info;
}

const struct ical_zone_info *ical_zone_at(size_t at)
{
	ical_zones_load();
	return at < database.count ? &database.entries[at].info : NULL;
}

const char *ical_zone_version(void)
{
	ical_zones_load();
	return database.version;
}

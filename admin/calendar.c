/* trivet calendar: list, add, del, share-url. */
#include "admin/calendar.h"
#include "common/base/must.h"
#include "common/base/utf8.h"

#include <getopt.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned bit;
} components[] = {{"VEVENT", STORE_EVENTS},
		  {"VTODO", STORE_TODOS},
		  {"VJOURNAL", STORE_JOURNALS},
		  {"VFREEBUSY", STORE_FREEBUSY},
		  {"VAVAILABILITY", STORE_AVAILABILITY}};

/* --- finding --- */

static size_t split_path(struct span path, struct span names[STORE_COLLECTION_DEPTH_MAX + 1])
{
	size_t count = 0;

	while (path.n > 0 && count <= STORE_COLLECTION_DEPTH_MAX) {
		size_t slash = span_find_byte(path, '/');

		if (slash > 0)
			names[count++] = span_sub(path, 0, slash);
		path = slash == SIZE_MAX ? (struct span){0} : span_sub(path, slash + 1, SIZE_MAX);
	}
	return count;
}

int admin_calendar_find(struct admin *admin, const char *user, const char *name, struct arena *arena,
			struct admin_calendar *calendar_r)
{
	struct span names[STORE_COLLECTION_DEPTH_MAX + 1];
	size_t count = split_path(span_of(name), names);
	struct store_place place;
	enum store_status status;
	int rc = admin_find_user(admin, user, arena, &calendar_r->user);

	if (rc != EX_OK)
		return rc;
	status = store_place_find(admin->store, calendar_r->user.id, calendar_r->user.id, names, count, arena, &place);
	if (status != STORE_OK)
		return admin_fail_status(admin, status, name);
	if (place.depth != count || place.object != NULL || place.collection.kind != STORE_CALENDAR)
		return admin_fail(admin, EX_NOINPUT, "%s: no such calendar", name);
	calendar_r->collection = place.collection;
	return EX_OK;
}

/* --- list --- */

static void print_components(unsigned kinds, bool json)
{
	bool first = true;

	for (size_t i = 0; i < array_count(components); i++) {
		if (kinds != 0 && !(kinds & components[i].bit))
			continue;
		printf(json ? "%s\"%s\"" : "%s%s", first ? "" : ",", components[i].name);
		first = false;
	}
}

static int print_calendar(struct admin *admin, const struct store_collection *one, struct arena *arena, bool first)
{
	struct store_property *list = NULL;
	size_t count = 0;
	enum store_status status =
		store_property_list(admin->store, one->owner, one->id, SPAN(""), arena, &list, &count);
	struct span shown, color;

	if (status != STORE_OK)
		return admin_fail_status(admin, status, "its properties");
	shown = admin_property_text(list, count, PROPERTY_DISPLAY_NAME, arena);
	color = admin_property_text(list, count, PROPERTY_COLOR, arena);
	if (!admin->json) {
		printf("%8llu objects %12llu bytes  ", (unsigned long long)one->objects,
		       (unsigned long long)one->bytes);
		print_components(one->components, false);
		printf("  %.*s%s", (int)one->name.n, one->name.p, one->share.n > 0 ? "  (shared)" : "");
		printf(shown.n > 0 ? "  \"%.*s\"\n" : "\n", (int)shown.n, shown.p);
		return EX_OK;
	}
	fputs(first ? "{\"name\":" : ",\n{\"name\":", stdout);
	admin_json_string(stdout, one->name);
	fputs(",\"display_name\":", stdout);
	admin_json_string(stdout, shown);
	fputs(",\"color\":", stdout);
	admin_json_string(stdout, color);
	fputs(",\"components\":[", stdout);
	print_components(one->components, true);
	printf("],\"objects\":%llu,\"bytes\":%llu,\"modseq\":%llu,\"shared\":%s}", (unsigned long long)one->objects,
	       (unsigned long long)one->bytes, (unsigned long long)one->modseq, one->share.n > 0 ? "true" : "false");
	return EX_OK;
}

static int list_home(struct admin *admin, const struct store_user *user, struct arena *arena)
{
	struct store_collection home, *list = NULL;
	size_t count = 0;
	bool first = true;
	enum store_status status = store_collection_home(admin->store, user->id, user->id, arena, &home);
	int rc;

	if (status == STORE_OK)
		status = store_collection_list(admin->store, user->id, home.id, arena, &list, &count);
	rc = admin_fail_status(admin, status, "the home");
	if (rc == EX_OK && admin->json)
		putchar('[');
	for (size_t i = 0; i < count && rc == EX_OK; i++) {
		if (list[i].kind != STORE_CALENDAR)
			continue;
		rc = print_calendar(admin, &list[i], arena, first);
		first = false;
	}
	if (rc == EX_OK && admin->json)
		puts("]");
	return rc;
}

int admin_calendar_list(struct admin *admin, int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct store_user user = {0};
	int rc = argc == 2 ? admin_find_user(admin, argv[1], arena, &user) : admin_usage(admin, "want one USER");

	if (rc == EX_OK)
		rc = list_home(admin, &user, arena);
	arena_destroy(&arena);
	return rc;
}

/* --- add --- */

struct add_options {
	const char *components, *display_name, *color;
};

static bool parse_add(int argc, char **argv, struct add_options *options)
{
	static const struct option longs[] = {{"components", required_argument, NULL, 'c'},
					      {"display-name", required_argument, NULL, 'd'},
					      {"color", required_argument, NULL, 'o'},
					      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'c':
			options->components = optarg;
			break;
		case 'd':
			options->display_name = optarg;
			break;
		case 'o':
			options->color = optarg;
			break;
		default:
			return false;
		}
	return argc - optind == 2;
}

/* "VEVENT,VTODO"; "all" is 0. */
static bool parse_components(const char *text, unsigned *kinds_r)
{
	struct span rest = span_of(text);

	*kinds_r = 0;
	if (span_is_nocase(rest, "all"))
		return true;
	while (rest.n > 0) {
		size_t comma = span_find_byte(rest, ',');
		unsigned bit = 0;

		for (size_t i = 0; i < array_count(components); i++)
			if (span_is_nocase(span_sub(rest, 0, comma), components[i].name))
				bit = components[i].bit;
		if (bit == 0)
			return false;
		*kinds_r |= bit;
		rest = comma == SIZE_MAX ? (struct span){0} : span_sub(rest, comma + 1, SIZE_MAX);
	}
	return *kinds_r != 0;
}

static bool is_color(const char *text)
{
	size_t n = strlen(text);

	return text[0] == '#' && (n == 7 || n == 9) && strspn(text + 1, "0123456789abcdefABCDEF") == n - 1;
}

static bool is_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return text[0] != '\0' && utf8_is_valid(span_of(text));
}

/* <D:displayname xmlns:D="DAV:">…</D:displayname> */
static struct store_property property(struct arena *arena, const char *name, const char *tag, const char *xmlns,
				      const char *text)
{
	struct buf xml = {0};
	struct store_property made = {.name = span_of(name)};

	buf_printf(&xml, "<%s %s>", tag, xmlns);
	for (const char *c = text; *c != '\0'; c++)
		if (*c == '&')
			buf_text(&xml, "&amp;");
		else if (*c == '<')
			buf_text(&xml, "&lt;");
		else if (*c == '>')
			buf_text(&xml, "&gt;");
		else
			buf_byte(&xml, *c);
	buf_printf(&xml, "</%s>", tag);
	made.value = arena_span(arena, buf_view(&xml));
	buf_done(&xml);
	return made;
}

static int add(struct admin *admin, const struct add_options *options, const char *name, const struct store_user *user,
	       struct arena *arena)
{
	struct span names[STORE_COLLECTION_DEPTH_MAX + 1];
	size_t count = split_path(span_of(name), names);
	struct store_property properties[2];
	struct store_new_collection make = {.kind = STORE_CALENDAR, .properties = properties};
	struct store_place place;
	const struct store_guard none = {0};
	uint64_t id;
	enum store_status status;

	if (!parse_components(options->components == NULL ? "VEVENT" : options->components, &make.components))
		return admin_usage(admin, "components are VEVENT, VTODO, VJOURNAL, VFREEBUSY, VAVAILABILITY, or all");
	if (options->color != NULL && !is_color(options->color))
		return admin_usage(admin, "a color is #RRGGBB or #RRGGBBAA");
	if (options->display_name != NULL && !is_text(options->display_name))
		return admin_usage(admin, "a display name is a line of text");
	if (options->display_name != NULL)
		properties[make.property_count++] = property(arena, PROPERTY_DISPLAY_NAME, "D:displayname",
							     "xmlns:D=\"DAV:\"", options->display_name);
	if (options->color != NULL)
		properties[make.property_count++] = property(arena, PROPERTY_COLOR, "A:calendar-color",
							     "xmlns:A=\"http://apple.com/ns/ical/\"", options->color);
	if (count == 0)
		return admin_fail_status(admin, STORE_INVALID, name);
	status = store_place_find(admin->store, user->id, user->id, names, count - 1, arena, &place);
	if (status == STORE_OK && place.depth != count - 1)
		status = STORE_NOT_FOUND;
	make.parent = place.collection.id;
	make.name = names[count - 1];
	if (status == STORE_OK)
		status = store_collection_make(admin->store, user->id, &make, &none, &id);
	return admin_fail_status(admin, status, name);
}

int admin_calendar_add(struct admin *admin, int argc, char **argv)
{
	struct add_options options = {0};
	struct arena *arena;
	struct store_user user;
	int rc;

	if (!parse_add(argc, argv, &options))
		return admin_usage(admin, "want USER and CALENDAR");
	arena = arena_create();
	if ((rc = admin_find_user(admin, argv[optind], arena, &user)) == EX_OK)
		rc = add(admin, &options, argv[optind + 1], &user, arena);
	arena_destroy(&arena);
	return rc;
}

/* --- del, share-url --- */

int admin_calendar_del(struct admin *admin, int argc, char **argv)
{
	const struct store_guard none = {0};
	struct arena *arena;
	struct admin_calendar calendar;
	int rc;

	if (argc != 3)
		return admin_usage(admin, "want USER and CALENDAR");
	arena = arena_create();
	rc = admin_calendar_find(admin, argv[1], argv[2], arena, &calendar);
	if (rc == EX_OK && span_is(calendar.collection.name, "calendar") && strchr(argv[2], '/') == NULL)
		rc = admin_fail(admin, EX_CANTCREAT, "%s: invitations go into the default calendar: it stays", argv[2]);
	if (rc == EX_OK)
		rc = admin_fail_status(
			admin, store_collection_delete(admin->store, calendar.user.id, calendar.collection.id, &none),
			argv[2]);
	arena_destroy(&arena);
	return rc;
}

static bool parse_share(int argc, char **argv, bool *withdraws_r)
{
	static const struct option longs[] = {{"withdraw", no_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
	int c;

	*withdraws_r = false;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (c != 'w')
			return false;
		else
			*withdraws_r = true;
	return argc - optind == 2;
}

int admin_calendar_share_url(struct admin *admin, int argc, char **argv)
{
	struct arena *arena;
	struct admin_calendar calendar;
	struct span secret = {0};
	bool withdraws;
	int rc;

	if (!parse_share(argc, argv, &withdraws))
		return admin_usage(admin, "want USER and CALENDAR");
	arena = arena_create();
	rc = admin_calendar_find(admin, argv[optind], argv[optind + 1], arena, &calendar);
	if (rc == EX_OK)
		rc = admin_fail_status(admin,
				       store_collection_share(admin->store, calendar.user.id, calendar.collection.id,
							      !withdraws, arena, &secret),
				       argv[optind + 1]);
	if (rc == EX_OK && !withdraws)
		printf(admin->json ? "{\"path\":\"/subscribe/%.*s.ics\"}\n" : "/subscribe/%.*s.ics\n", (int)secret.n,
		       secret.p);
	arena_destroy(&arena);
	return rc;
}

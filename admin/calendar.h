/* What the commands about calendars share. */
#ifndef ADMIN_CALENDAR_H
#define ADMIN_CALENDAR_H

#include "admin/command.h"
#include "common/store/object.h"

struct admin_calendar {
	struct store_user user;
	struct store_collection collection;
};

/* The calendar of that name: names below the user's home, joined by '/'. An exit status. */
int admin_calendar_find(struct admin *admin, const char *user, const char *name, struct arena *arena,
			struct admin_calendar *calendar_r);

/* The text of a property of a collection, which is kept as an XML element; empty: it has none. In the arena. */
struct span admin_property_text(const struct store_property *list, size_t count, const char *name, struct arena *arena);

#define PROPERTY_DISPLAY_NAME "{DAV:}displayname"
#define PROPERTY_COLOR        "{http://apple.com/ns/ical/}calendar-color"

#endif

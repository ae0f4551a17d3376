/* Time zones by name, out of libical's table. */
#include "common/ical/ical_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 128 };

struct ical_zone *ical_zone_of_name(struct span name)
{
	char text[NAME_MAX_BYTES + 1];
	icaltimezone *found;
	struct ical_zone *zone;

	name = span_trim(name);
	if (name.n == 0 || name.n > NAME_MAX_BYTES || span_find_byte(name, '\0') != SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < name.n; i++)
		text[i] = name.p[i];
	text[name.n] = '\0';
	found = icaltimezone_get_builtin_timezone(text);
	if (found == NULL)
		return NULL;
	zone = alloc_zero(1, sizeof *zone);
	zone->zone = found;
	return zone;
}

void ical_zone_destroy(struct ical_zone **zone)
{
	struct ical_zone *gone = *zone;

	*zone = NULL;
	if (gone == NULL)
		return;
	if (gone->is_own)
		icaltimezone_free(gone->zone, 1);
	free(gone);
}

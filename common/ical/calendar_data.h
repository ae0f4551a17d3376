/* An object as a client wants to see it (RFC 4791, 9.6): parts of it, its recurrence expanded or cut down, without the
 * time zones that everybody knows (RFC 7809, 3.1). */
#ifndef ICAL_CALENDAR_DATA_H
#define ICAL_CALENDAR_DATA_H

#include "common/ical/filter.h"

struct ical_prop_choice {
	struct span name;
	bool has_no_value; /* novalue="yes": the name and nothing behind it */
	const struct ical_prop_choice *next;
};

struct ical_comp_choice { /* the element comp */
	struct span name;
	bool has_all_props, has_all_comps;
	const struct ical_prop_choice *props;
	const struct ical_comp_choice *comps;
	const struct ical_comp_choice *next;
};

struct ical_shape {
	const struct ical_comp_choice *choice; /* of VCALENDAR; NULL: everything */
	const struct ical_range *expand;       /* instances one by one, in UTC, no rules, no zones; NULL: as it is */
	const struct ical_range *limit_recurrence; /* only the overrides that matter there */
	const struct ical_range *limit_freebusy;   /* only the FREEBUSY periods that overlap */
	bool without_zones;                        /* VTIMEZONEs that the database has by the same name are left out */
	size_t max_instances;                      /* of expand */
};

/* Appends the object to out, CRLF and folded. zone: what floating times mean. ICAL_TOO_MUCH: more than max_instances;
 * out is then as it was. */
enum ical_verdict ical_object_write(struct ical_object *object, const struct ical_shape *shape,
				    const struct ical_zone *zone, struct buf *out);

#endif

/* Does an object match a filter of calendar-query (RFC 4791, 9.7)? The structs are the filter's elements one to one;
 * who parses them owns them. */
#ifndef ICAL_FILTER_H
#define ICAL_FILTER_H

#include "common/ical/zone.h"

struct ical_range { /* [from, to), seconds since 1970; ICAL_OPEN_START, ICAL_OPEN_END */
	int64_t from, to;
};

enum ical_collation { ICAL_ASCII_CASEMAP, ICAL_OCTET, ICAL_UNICODE_CASEMAP };

struct ical_text_match { /* a substring (RFC 4791, 9.7.5) */
	struct span text;
	enum ical_collation collation;
	bool is_negated;
};

struct ical_param_filter {
	struct span name;
	bool is_not_defined;
	const struct ical_text_match *match; /* NULL: it need only be there */
	const struct ical_param_filter *next;
};

struct ical_prop_filter {
	struct span name;
	bool is_not_defined;
	const struct ical_range *range;
	const struct ical_text_match *match;
	const struct ical_param_filter *params;
	const struct ical_prop_filter *next;
};

struct ical_comp_filter {
	struct span name;
	bool is_not_defined;
	const struct ical_range *range; /* RFC 4791, 9.9 */
	const struct ical_prop_filter *props;
	const struct ical_comp_filter *comps;
	const struct ical_comp_filter *next;
};

/* filter: of VCALENDAR, the outermost. zone: what floating times mean. ICAL_TOO_MUCH: a rule that does not get there.
 */
enum ical_verdict ical_object_matches(struct ical_object *object, const struct ical_comp_filter *filter,
				      const struct ical_zone *zone, bool *matches_r);

#endif

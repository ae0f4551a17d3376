/* What the files of the filter share. */
#ifndef ICAL_FILTER_PRIVATE_H
#define ICAL_FILTER_PRIVATE_H

#include "common/base/buf.h"
#include "common/ical/ical_private.h"

bool ical_text_matches(const struct ical_text_match *match, struct span text);

/* prop-filter (RFC 4791, 9.7.2) on the properties of a component. zone: for floating times. */
bool ical_property_matches(icalcomponent *component, const struct ical_prop_filter *filter,
			   const struct ical_zone *zone);

/* Appends the meaning of a property's value, without the backslashes of TEXT. */
void ical_property_text(icalproperty *property, struct buf *out);
bool ical_property_is(icalproperty *property, struct span name);
bool ical_component_is(icalcomponent *component, struct span name);

#endif

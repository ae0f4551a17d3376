/* What the files that write objects share. */
#ifndef ICAL_SHAPE_PRIVATE_H
#define ICAL_SHAPE_PRIVATE_H

#include "common/ical/calendar_data.h"
#include "common/ical/ical_private.h"
#include "common/ical/source_private.h"

struct ical_writer {
	struct ical_object *object;
	const struct ical_shape *shape;
	const struct ical_zone *zone;
	struct ical_source source;
	struct buf *out;
	struct ical_pair { /* the object's components, by the first; and where they begin in the source */
		const icalcomponent *component;
		size_t begin;
	} * pairs;
	size_t count;
	bool *is_left_out; /* by limit-recurrence-set; of each entry of the source */
};

/* --- choices (RFC 4791, 9.6.1); NULL: everything --- */

const struct ical_comp_choice *ical_choice_of_comp(const struct ical_comp_choice *parent, struct span name,
						   bool *is_chosen_r);
bool ical_choice_has_prop(const struct ical_comp_choice *choice, struct span name, bool *has_no_value_r);

/* --- lines --- */

/* A line of the source, folded anew where it is too long. */
void ical_write_line(const struct ical_entry *entry, bool has_no_value, struct buf *out);
/* The component that begins there, with what is in it; of an instance, where it is not NULL, with its
 * own times. */
void ical_write_component(struct ical_writer *writer, size_t begin, const struct ical_comp_choice *choice,
			  const struct ical_occurrence *instance);
/* Instead of those that an instance has anew: its times, and what it stands for. */
void ical_write_instance_times(const struct ical_occurrence *instance, const struct ical_comp_choice *choice,
			       const struct ical_zone *zone, struct buf *out);
/* Is the line one that does not belong to a single instance? */
bool ical_is_of_recurrence(struct span name);

/* FREEBUSY with those of its periods that overlap. */
void ical_write_freebusy(const struct ical_entry *entry, bool has_no_value, const struct ical_range *range,
			 struct buf *out);

/* All instances in the range, one by one. */
enum ical_verdict ical_write_expanded(struct ical_writer *writer, const struct ical_comp_choice *root);
/* Where a component begins in the source; 0: nowhere. */
size_t ical_writer_begin(const struct ical_writer *writer, const icalcomponent *component);
/* Fills is_left_out. */
enum ical_verdict ical_limit_recurrence(struct ical_writer *writer);

#endif

/* Free and busy time. Periods are gathered as they come and put together at the end: where several overlap, the one
 * that says most wins (busy, unavailable, tentative). Availability (RFC 7953) is painted first, the least important
 * first, each over those before it; what events say lies above all of it. */
#include "common/ical/freebusy.h"
#include "common/base/alloc.h"
#include "common/base/random.h"
#include "common/ical/ical_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	INSTANCES_MAX = 20000, /* of one object in the range */
	PERIODS_MAX = 200000,  /* in all */
	LAYERS_MAX = 200,
	TYPES = 3,
};

struct period {
	int64_t start, end;
	enum ical_busy_type type;
};

struct periods {
	struct period *list;
	size_t count, capacity;
};

struct layer {        /* one VAVAILABILITY */
	int priority; /* 1 is the highest, 9 the lowest, 0 lower still (RFC 7953, 3.1) */
	struct period whole;
	struct periods available;
};

struct ical_busy {
	struct ical_range range;
	struct periods periods;
	struct layer *layers;
	size_t layer_count, layer_capacity;
	bool is_full; /* there were more than PERIODS_MAX */
};

struct ical_busy *ical_busy_create(const struct ical_range *range)
{
	struct ical_busy *busy = alloc_zero(1, sizeof *busy);

	busy->range = *range;
	return busy;
}

void ical_busy_destroy(struct ical_busy **busy)
{
	struct ical_busy *gone = *busy;

	*busy = NULL;
	if (gone == NULL)
		return;
	for (size_t i = 0; i < gone->layer_count; i++)
		free(gone->layers[i].available.list);
	free(gone->layers);
	free(gone->periods.list);
	free(gone);
}

/* Cut to the range; what is outside is left out. */
static void add(const struct ical_busy *busy, struct periods *periods, struct period period)
{
	void *list = periods->list;

	if (period.start < busy->range.from)
		period.start = busy->range.from;
	if (period.end > busy->range.to)
		period.end = busy->range.to;
	if (period.end <= period.start || periods->count == PERIODS_MAX)
		return;
	alloc_grow(&list, &periods->capacity, periods->count + 1, sizeof *periods->list);
	periods->list = list;
	periods->list[periods->count++] = period;
}

void ical_busy_add_period(struct ical_busy *busy, int64_t start, int64_t end, enum ical_busy_type type)
{
	busy->is_full |= busy->periods.count == PERIODS_MAX;
	add(busy, &busy->periods, (struct period){start, end, type});
}

/* --- events --- */

struct taking {
	struct ical_busy *busy;
	struct periods *to;
};

static bool take_event(void *arg, const struct ical_instance *instance)
{
	struct ical_busy *busy = arg;

	if (!instance->is_transparent)
		ical_busy_add_period(busy, instance->start, instance->end,
				     instance->is_tentative ? ICAL_BUSY_TENTATIVE : ICAL_BUSY);
	return true;
}

/* --- VFREEBUSY (RFC 5545, 3.6.4) --- */

static void add_freebusy(struct ical_busy *busy, icalproperty *property)
{
	icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_FBTYPE_PARAMETER);
	struct icalperiodtype period = icalproperty_get_freebusy(property);
	enum ical_busy_type type = ICAL_BUSY;
	int64_t start, end;

	if (parameter != NULL)
		switch (icalparameter_get_fbtype(parameter)) {
		case ICAL_FBTYPE_FREE:
			return;
		case ICAL_FBTYPE_BUSYTENTATIVE:
			type = ICAL_BUSY_TENTATIVE;
			break;
		case ICAL_FBTYPE_BUSYUNAVAILABLE:
			type = ICAL_BUSY_UNAVAILABLE;
			break;
		default:
			break;
		}
	if (icaltime_is_null_time(period.start))
		return;
	start = ical_seconds(period.start, NULL);
	end = icaltime_is_null_time(period.end) ? start + icaldurationtype_as_int(period.duration)
						: ical_seconds(period.end, NULL);
	ical_busy_add_period(busy, start, end, type);
}

static void add_freebusy_object(struct ical_busy *busy, const struct ical_object *object)
{
	for (icalcomponent *c = icalcomponent_get_first_component(object->root, ICAL_VFREEBUSY_COMPONENT); c != NULL;
	     c = icalcomponent_get_next_component(object->root, ICAL_VFREEBUSY_COMPONENT))
		for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_FREEBUSY_PROPERTY); p != NULL;
		     p = icalcomponent_get_next_property(c, ICAL_FREEBUSY_PROPERTY))
			add_freebusy(busy, p);
}

/* --- VAVAILABILITY (RFC 7953) --- */

static bool take_available(void *arg, const struct ical_instance *instance)
{
	const struct taking *taking = arg;

	add(taking->busy, taking->to, (struct period){instance->start, instance->end, ICAL_BUSY});
	return true;
}

static enum ical_busy_type busy_type_of(icalcomponent *component)
{
	icalproperty *property = icalcomponent_get_first_property(component, ICAL_BUSYTYPE_PROPERTY);

	if (property == NULL)
		return ICAL_BUSY_UNAVAILABLE;
	switch (icalproperty_get_busytype(property)) {
	case ICAL_BUSYTYPE_BUSY:
		return ICAL_BUSY;
	case ICAL_BUSYTYPE_BUSYTENTATIVE:
		return ICAL_BUSY_TENTATIVE;
	default:
		return ICAL_BUSY_UNAVAILABLE;
	}
}

/* An end that is missing is open, and so is a start (RFC 7953, 3.1). */
static struct period whole_of(const struct ical_busy *busy, icalcomponent *component, const struct ical_zone *zone)
{
	icalproperty *end = icalcomponent_get_first_property(component, ICAL_DTEND_PROPERTY);
	struct ical_span_of_time time;
	struct period whole = {busy->range.from, busy->range.to, busy_type_of(component)};

	ical_component_time(component, &time);
	if (icaltime_is_null_time(time.start)) {
		if (end != NULL)
			whole.end = ical_seconds(icalproperty_get_datetime_with_component(end, component),
						 ical_zone_or_utc(zone));
		return whole;
	}
	whole.start = ical_seconds(time.start, ical_zone_or_utc(zone));
	if (time.has_end)
		whole.end = ical_end_of(time.start, time.days, time.seconds, ical_zone_or_utc(zone));
	return whole;
}

static enum ical_verdict add_availability(struct ical_busy *busy, icalcomponent *component,
					  const struct ical_zone *zone)
{
	icalproperty *priority = icalcomponent_get_first_property(component, ICAL_PRIORITY_PROPERTY);
	struct ical_object available = {
		.root = component, .kind = ICAL_KIND_EVENT, .component = ICAL_XAVAILABLE_COMPONENT};
	void *layers = busy->layers;
	struct layer *layer;
	struct taking taking;

	if (busy->layer_count == LAYERS_MAX)
		return ICAL_TOO_MUCH;
	alloc_grow(&layers, &busy->layer_capacity, busy->layer_count + 1, sizeof *busy->layers);
	busy->layers = layers;
	layer = &busy->layers[busy->layer_count++];
	*layer = (struct layer){.whole = whole_of(busy, component, zone)};
	if (priority != NULL)
		layer->priority = icalproperty_get_priority(priority);
	if (layer->priority <= 0 || layer->priority > 9)
		layer->priority = 10;
	taking = (struct taking){busy, &layer->available};
	return ical_object_instances(&available, zone, busy->range.from, busy->range.to, INSTANCES_MAX, take_available,
				     &taking);
}

static enum ical_verdict add_availability_object(struct ical_busy *busy, const struct ical_object *object,
						 const struct ical_zone *zone)
{
	enum ical_verdict verdict = ICAL_GOOD;

	for (icalcomponent *c = icalcomponent_get_first_component(object->root, ICAL_VAVAILABILITY_COMPONENT);
	     c != NULL && verdict == ICAL_GOOD;
	     c = icalcomponent_get_next_component(object->root, ICAL_VAVAILABILITY_COMPONENT))
		verdict = add_availability(busy, c, zone);
	return verdict;
}

enum ical_verdict ical_busy_add(struct ical_busy *busy, struct ical_object *object, const struct ical_zone *zone)
{
	enum ical_verdict verdict = ICAL_GOOD;

	switch (object->kind) {
	case ICAL_KIND_EVENT:
		verdict = ical_object_instances(object, zone, busy->range.from, busy->range.to, INSTANCES_MAX,
						take_event, busy);
		break;
	case ICAL_KIND_FREEBUSY:
		add_freebusy_object(busy, object);
		break;
	case ICAL_KIND_AVAILABILITY:
		verdict = add_availability_object(busy, object, zone);
		break;
	case ICAL_KIND_TODO:
	case ICAL_KIND_JOURNAL:
		break;
	}
	return busy->is_full ? ICAL_TOO_MUCH : verdict;
}

/* --- putting it together --- */

static int by_start(const void *a, const void *b)
{
	const struct period *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Ten to one: 1 is the highest priority. */
static int by_importance(const void *a, const void *b)
{
	return ((const struct layer *)b)->priority - ((const struct layer *)a)->priority;
}

/* Appends to `to` what of `from` lies outside the periods of `cut`. Both are sorted and do not overlap in themselves.
 */
static void subtract(const struct ical_busy *busy, const struct periods *from, const struct periods *cut,
		     struct periods *to)
{
	size_t first = 0;

	for (size_t i = 0; i < from->count; i++) {
		struct period left = from->list[i];

		while (first < cut->count && cut->list[first].end <= left.start)
			first++;
		for (size_t k = first; k < cut->count && cut->list[k].start < left.end; k++) {
			if (cut->list[k].start > left.start)
				add(busy, to, (struct period){left.start, cut->list[k].start, left.type});
			left.start = cut->list[k].end;
		}
		add(busy, to, left);
	}
}

/* Overlapping and touching ones become one. Sorted. */
static void merge(struct periods *periods)
{
	size_t count = 0;

	if (periods->count > 1)
		qsort(periods->list, periods->count, sizeof *periods->list, by_start);
	for (size_t i = 0; i < periods->count; i++) {
		struct period *last = count == 0 ? NULL : &periods->list[count - 1];

		if (last == NULL || periods->list[i].start > last->end)
			periods->list[count++] = periods->list[i];
		else if (periods->list[i].end > last->end)
			last->end = periods->list[i].end;
	}
	periods->count = count;
}

/* What a more important availability speaks of, a less important one does not. */
static void paint(const struct ical_busy *busy, const struct layer *layer, struct periods *base)
{
	struct periods whole = {0}, kept = {0}, unavailable = {0};
	struct periods available = layer->available;

	add(busy, &whole, layer->whole);
	merge(&available);
	subtract(busy, base, &whole, &kept);
	subtract(busy, &whole, &available, &unavailable);
	for (size_t i = 0; i < unavailable.count; i++)
		add(busy, &kept, unavailable.list[i]);
	if (kept.count > 1)
		qsort(kept.list, kept.count, sizeof *kept.list, by_start);
	free(base->list);
	free(whole.list);
	free(unavailable.list);
	*base = kept;
}

static void paint_all(struct ical_busy *busy, struct periods *base)
{
	if (busy->layer_count > 1)
		qsort(busy->layers, busy->layer_count, sizeof *busy->layers, by_importance);
	for (size_t i = 0; i < busy->layer_count; i++)
		paint(busy, &busy->layers[i], base);
}

/* By type, each without what a stronger one covers. */
static void put_together(struct ical_busy *busy, struct periods result[TYPES])
{
	static const enum ical_busy_type strongest_first[TYPES] = {ICAL_BUSY, ICAL_BUSY_UNAVAILABLE,
								   ICAL_BUSY_TENTATIVE};
	struct periods base = {0}, covered = {0};

	paint_all(busy, &base);
	for (size_t i = 0; i < TYPES; i++) {
		struct periods all = {0};

		for (size_t k = 0; k < base.count; k++)
			if (base.list[k].type == strongest_first[i])
				add(busy, &all, base.list[k]);
		for (size_t k = 0; k < busy->periods.count; k++)
			if (busy->periods.list[k].type == strongest_first[i])
				add(busy, &all, busy->periods.list[k]);
		merge(&all);
		subtract(busy, &all, &covered, &result[strongest_first[i]]);
		for (size_t k = 0; k < all.count; k++)
			add(busy, &covered, all.list[k]);
		merge(&covered);
		free(all.list);
	}
	free(base.list);
	free(covered.list);
}

/* --- writing --- */

static void write_time(int64_t at, struct buf *out)
{
	time_t time = (time_t)at;
	struct tm tm;

	if (gmtime_r(&time, &tm) != NULL)
		buf_printf(out, "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			   tm.tm_min, tm.tm_sec);
}

static void write_line(const char *name, int64_t at, struct buf *out)
{
	buf_text(out, name);
	buf_byte(out, ':');
	write_time(at, out);
	buf_text(out, "\r\n");
}

/* A line a period: none gets too long. */
static void write_periods(const struct periods *periods, const char *type, struct buf *out)
{
	for (size_t i = 0; i < periods->count; i++) {
		buf_text(out, "FREEBUSY;FBTYPE=");
		buf_text(out, type);
		buf_byte(out, ':');
		write_time(periods->list[i].start, out);
		buf_byte(out, '/');
		write_time(periods->list[i].end, out);
		buf_text(out, "\r\n");
	}
}

void ical_busy_write(struct ical_busy *busy, int64_t now, struct buf *out)
{
	struct periods result[TYPES] = {{0}};

	put_together(busy, result);
	buf_text(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Trivet//EN\r\nBEGIN:VFREEBUSY\r\n");
	buf_printf(out, "UID:%016llx%016llx\r\n", (unsigned long long)random_u64(), (unsigned long long)random_u64());
	write_line("DTSTAMP", now, out);
	write_line("DTSTART", busy->range.from, out);
	write_line("DTEND", busy->range.to, out);
	write_periods(&result[ICAL_BUSY], "BUSY", out);
	write_periods(&result[ICAL_BUSY_UNAVAILABLE], "BUSY-UNAVAILABLE", out);
	write_periods(&result[ICAL_BUSY_TENTATIVE], "BUSY-TENTATIVE", out);
	buf_text(out, "END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
	for (size_t i = 0; i < TYPES; i++)
		free(result[i].list);
}

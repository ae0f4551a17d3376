/* Times on the wall. The zones that people have are those of the database, so its observances say what the clock
 * shows. */
#include "caldavd/caldav/calendar_data.h"
#include "caldavd/page/page_private.h"

enum { AROUND = 400 * PAGE_DAY };

int64_t page_day_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void page_day_split(int64_t day, int64_t *year_r, int *month_r, int *day_r)
{
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day_r = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month_r = (int)(m < 10 ? m + 3 : m - 9);
	*year_r = y + era * 400 + (*month_r <= 2);
}

int64_t page_day_at(int64_t wall)
{
	return wall / PAGE_DAY - (wall % PAGE_DAY < 0);
}

static bool take(void *arg, const struct ical_observance *observance)
{
	struct page_zone *zone = arg;

	zone->list[zone->count].onset = observance->onset;
	zone->list[zone->count].offset = observance->offset_to;
	return ++zone->count < PAGE_OBSERVANCES_MAX;
}

void page_zone_init(struct dav_request *r, const struct dav_resource *const *resources, size_t count, int64_t around,
		    struct page_zone *zone_r)
{
	struct caldav_zone zone = {0};

	*zone_r = (struct page_zone){.name = "UTC"};
	for (size_t i = 0; i < count && zone.zone == NULL; i++)
		caldav_zone_of(r, resources[i], &zone);
	if (zone.zone == NULL)
		return;
	if (!ical_zone_observances(span_of(ical_zone_name(zone.zone)), around - AROUND, around + AROUND, take,
				   zone_r)) {
		zone_r->count = 0;
		caldav_zone_done(&zone);
		return;
	}
	zone_r->zone = zone.zone;
	zone_r->name = ical_zone_name(zone.zone);
}

void page_zone_done(struct page_zone *zone)
{
	ical_zone_destroy(&zone->zone);
}

static int64_t offset_at(const struct page_zone *zone, int64_t seconds)
{
	int64_t offset = zone->count > 0 ? zone->list[0].offset : 0;

	for (size_t i = 0; i < zone->count && zone->list[i].onset <= seconds; i++)
		offset = zone->list[i].offset;
	return offset;
}

int64_t page_wall_of(const struct page_zone *zone, int64_t seconds)
{
	return seconds + offset_at(zone, seconds);
}

int64_t page_seconds_of(const struct page_zone *zone, int64_t wall)
{
	int64_t guess = wall - offset_at(zone, wall);

	return wall - offset_at(zone, guess);
}

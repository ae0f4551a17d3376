/* A hash table under one lock; what was not asked for since the hand came by last goes first (the clock algorithm). */
#include "caldavd/caldav/times_cache.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	BUCKETS = 16384,
	INSTANCES_MAX = 5000, /* of one object */
	YEAR = 31557600,
	YEARS_BACK = 8,
	YEARS_AHEAD = 4,
};

struct entry {
	struct entry *next; /* in the bucket */
	uint64_t blob, zone_key;
	struct ical_times *times;
	size_t bytes;
	bool is_used;
};

struct times_cache {
	pthread_mutex_t lock;
	struct entry *buckets[BUCKETS];
	size_t hand; /* the bucket that is swept next */
	uint64_t bytes, bytes_max;
	struct ical_range window;
};

struct times_cache *times_cache_create(uint64_t bytes_max)
{
	struct times_cache *cache = alloc_zero(1, sizeof *cache);
	int64_t now = clock_now();

	pthread_mutex_init(&cache->lock, NULL);
	cache->bytes_max = bytes_max;
	cache->window = (struct ical_range){now - (int64_t)YEARS_BACK * YEAR, now + (int64_t)YEARS_AHEAD * YEAR};
	return cache;
}

static void entry_destroy(struct entry *entry)
{
	ical_times_destroy(&entry->times);
	free(entry);
}

void times_cache_destroy(struct times_cache **cache)
{
	struct times_cache *gone = *cache;

	*cache = NULL;
	if (gone == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (gone->buckets[i] != NULL) {
			struct entry *entry = gone->buckets[i];

			gone->buckets[i] = entry->next;
			entry_destroy(entry);
		}
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

static struct entry **bucket_of(struct times_cache *cache, uint64_t blob, uint64_t zone_key)
{
	uint64_t h = (blob ^ zone_key) * 11400714819323198485U;

	return &cache->buckets[h >> 50];
}

static struct entry *find(struct times_cache *cache, uint64_t blob, uint64_t zone_key)
{
	struct entry *entry = *bucket_of(cache, blob, zone_key);

	while (entry != NULL && (entry->blob != blob || entry->zone_key != zone_key))
		entry = entry->next;
	if (entry != NULL)
		entry->is_used = true;
	return entry;
}

static bool is_within(const struct ical_range *range, const struct ical_range *window)
{
	return range->from >= window->from && range->to <= window->to;
}

enum times_answer times_cache_overlap(struct times_cache *cache, uint64_t blob, uint64_t zone_key,
				      const struct ical_range *range)
{
	enum times_answer answer = TIMES_UNKNOWN;
	const struct entry *entry;

	if (!is_within(range, &cache->window))
		return TIMES_UNKNOWN;
	pthread_mutex_lock(&cache->lock);
	entry = find(cache, blob, zone_key);
	if (entry != NULL)
		answer = ical_times_overlap(entry->times, range) ? TIMES_YES : TIMES_NO;
	pthread_mutex_unlock(&cache->lock);
	return answer;
}

bool times_cache_busy(struct times_cache *cache, uint64_t blob, uint64_t zone_key, struct ical_busy *busy,
		      const struct ical_range *range)
{
	const struct entry *entry;

	if (!is_within(range, &cache->window))
		return false;
	pthread_mutex_lock(&cache->lock);
	entry = find(cache, blob, zone_key);
	if (entry != NULL)
		ical_times_busy(entry->times, busy, range);
	pthread_mutex_unlock(&cache->lock);
	return entry != NULL;
}

/* Twice round at most: the first time takes the marks away. */
static void make_room(struct times_cache *cache)
{
	for (size_t i = 0; i < 2 * (size_t)BUCKETS && cache->bytes > cache->bytes_max; i++) {
		struct entry **at = &cache->buckets[cache->hand++ % BUCKETS];

		while (*at != NULL) {
			struct entry *entry = *at;

			if (entry->is_used) {
				entry->is_used = false;
				at = &entry->next;
				continue;
			}
			*at = entry->next;
			cache->bytes -= entry->bytes;
			entry_destroy(entry);
		}
	}
}

void times_cache_add(struct times_cache *cache, uint64_t blob, uint64_t zone_key, struct ical_object *object,
		     const struct ical_zone *zone)
{
	struct ical_times *times = ical_times_make(object, zone, &cache->window, INSTANCES_MAX);
	struct entry *entry, **bucket;

	if (times == NULL)
		return;
	entry = alloc_zero(1, sizeof *entry);
	*entry = (struct entry){.blob = blob, .zone_key = zone_key, .times = times, .is_used = true};
	entry->bytes = sizeof *entry + ical_times_bytes(times);
	pthread_mutex_lock(&cache->lock);
	if (find(cache, blob, zone_key) != NULL || entry->bytes > cache->bytes_max) {
		entry_destroy(entry);
	} else {
		bucket = bucket_of(cache, blob, zone_key);
		entry->next = *bucket;
		*bucket = entry;
		cache->bytes += entry->bytes;
		make_room(cache);
	}
	pthread_mutex_unlock(&cache->lock);
}

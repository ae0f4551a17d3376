/* The newest snapshot of each mailbox in use, shared by all sessions of the process. */
#include "common/store/snapshot_private.h"
#include "common/base/alloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

enum {
	BUCKETS = 4096,
	ROWS_MAX =
		4 * 1024 * 1024, /* beyond, snapshots that nobody but the cache refers to are dropped: about 170 MB */
	ENTRY_ROWS = 16,         /* what an empty mailbox costs, in rows */
	EVICT_TRIES = 16,        /* entries looked at in one go, under the lock that everybody needs */
};

struct entry {
	LIST_ENTRY(entry) chain;
	TAILQ_ENTRY(entry) by_age;
	uint64_t mailbox;
	unsigned users;       /* threads that hold the entry; under the cache's lock */
	uint32_t rows;        /* counted in the cache */
	pthread_mutex_t lock; /* held while it is brought up to date: others wait for the one who reads */
	struct store_snapshot *snapshot;
};

struct snapshot_cache {
	pthread_mutex_t lock;
	LIST_HEAD(bucket, entry) buckets[BUCKETS];
	TAILQ_HEAD(, entry) entries; /* the one used last stands last */
	uint64_t rows;
};

struct snapshot_cache *snapshot_cache_create(void)
{
	struct snapshot_cache *cache = alloc_zero(1, sizeof *cache);

	pthread_mutex_init(&cache->lock, NULL);
	TAILQ_INIT(&cache->entries);
	return cache;
}

static void entry_free(struct snapshot_cache *cache, struct entry *entry)
{
	LIST_REMOVE(entry, chain);
	TAILQ_REMOVE(&cache->entries, entry, by_age);
	cache->rows -= entry->rows;
	store_snapshot_unref(&entry->snapshot);
	pthread_mutex_destroy(&entry->lock);
	free(entry);
}

void snapshot_cache_destroy(struct snapshot_cache **cache)
{
	struct entry *entry;

	if (*cache == NULL)
		return;
	while ((entry = TAILQ_FIRST(&(*cache)->entries)) != NULL)
		entry_free(*cache, entry);
	pthread_mutex_destroy(&(*cache)->lock);
	free(*cache);
	*cache = NULL;
}

static struct entry *entry_take(struct snapshot_cache *cache, uint64_t mailbox)
{
	struct bucket *bucket = &cache->buckets[mailbox % BUCKETS];
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	LIST_FOREACH (entry, bucket, chain) {
		if (entry->mailbox == mailbox)
			break;
	}
	if (entry == NULL) {
		entry = alloc_zero(1, sizeof *entry);
		entry->mailbox = mailbox;
		pthread_mutex_init(&entry->lock, NULL);
		LIST_INSERT_HEAD(bucket, entry, chain);
	} else {
		TAILQ_REMOVE(&cache->entries, entry, by_age);
	}
	TAILQ_INSERT_TAIL(&cache->entries, entry, by_age);
	entry->users++;
	pthread_mutex_unlock(&cache->lock);
	return entry;
}

/* Old entries that no session refers to go, while there are too many rows; the others get behind, for they are in use.
 */
static void evict(struct snapshot_cache *cache)
{
	struct entry *entry;

	for (int i = 0; i < EVICT_TRIES && cache->rows > ROWS_MAX; i++) {
		if ((entry = TAILQ_FIRST(&cache->entries)) == NULL)
			return;
		if (entry->users == 0 && (entry->snapshot == NULL || atomic_load(&entry->snapshot->refs) == 1)) {
			entry_free(cache, entry);
		} else {
			TAILQ_REMOVE(&cache->entries, entry, by_age);
			TAILQ_INSERT_TAIL(&cache->entries, entry, by_age);
		}
	}
}

static void entry_leave(struct snapshot_cache *cache, struct entry *entry, uint32_t rows)
{
	pthread_mutex_lock(&cache->lock);
	cache->rows += (uint64_t)rows - entry->rows;
	entry->rows = rows;
	entry->users--;
	if (entry->users == 0 && entry->snapshot == NULL)
		entry_free(cache, entry);
	else if (cache->rows > ROWS_MAX)
		evict(cache);
	pthread_mutex_unlock(&cache->lock);
}

struct newest {
	uint64_t actor, mailbox;
	struct store_snapshot *old, *snapshot;
};

static enum store_status newest_tx(struct store_tx *tx, void *arg)
{
	struct newest *job = arg;

	return snapshot_load(tx, job->actor, job->mailbox, job->old, &job->snapshot);
}

enum store_status store_snapshot_newest(struct store *store, uint64_t actor, uint64_t mailbox,
					struct store_snapshot **snapshot_r)
{
	struct snapshot_cache *cache = store_snapshot_cache(store);
	struct entry *entry = entry_take(cache, mailbox);
	struct newest job = {.actor = actor, .mailbox = mailbox};
	enum store_status status;
	uint32_t rows;

	*snapshot_r = NULL;
	pthread_mutex_lock(&entry->lock);
	job.old = entry->snapshot;
	status = store_read(store, newest_tx, &job);
	if (status == STORE_OK) {
		*snapshot_r = store_snapshot_ref(job.snapshot);
		store_snapshot_unref(&entry->snapshot);
		entry->snapshot = job.snapshot;
	}
	rows = entry->snapshot == NULL ? 0 : entry->snapshot->count + ENTRY_ROWS;
	pthread_mutex_unlock(&entry->lock);
	entry_leave(cache, entry, rows);
	return status;
}

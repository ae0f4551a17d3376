/* How many connections an address has, how many sessions a user: a small hash table of names. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct counted {
	struct counted *next;
	uint64_t count;
	char name[];
};

struct counter {
	pthread_mutex_t lock;
	struct counted *buckets[BUCKETS];
};

struct counter *counter_create(void)
{
	struct counter *counter = alloc_zero(1, sizeof *counter);

	pthread_mutex_init(&counter->lock, NULL);
	return counter;
}

void counter_destroy(struct counter **counter)
{
	if (*counter == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct counted *c = (*counter)->buckets[i], *next; c != NULL; c = next) {
			next = c->next;
			free(c);
		}
	pthread_mutex_destroy(&(*counter)->lock);
	free(*counter);
	*counter = NULL;
}

static struct counted **place(struct counter *counter, const char *name)
{
	uint32_t hash = 2166136261u;
	struct counted **at;

	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	for (at = &counter->buckets[hash % BUCKETS]; *at != NULL && strcmp((*at)->name, name) != 0;)
		at = &(*at)->next;
	return at;
}

bool counter_enter(struct counter *counter, const char *name, uint64_t max)
{
	struct counted **at;
	bool is_free;

	pthread_mutex_lock(&counter->lock);
	at = place(counter, name);
	if (*at == NULL) {
		*at = alloc_zero(1, sizeof **at + strlen(name) + 1);
		memcpy((*at)->name, name, strlen(name) + 1);
	}
	is_free = max == 0 || (*at)->count < max;
	(*at)->count += is_free;
	pthread_mutex_unlock(&counter->lock);
	return is_free;
}

void counter_leave(struct counter *counter, const char *name)
{
	struct counted **at, *gone;

	pthread_mutex_lock(&counter->lock);
	at = place(counter, name);
	if (*at != NULL && --(*at)->count == 0) {
		gone = *at;
		*at = gone->next;
		free(gone);
	}
	pthread_mutex_unlock(&counter->lock);
}

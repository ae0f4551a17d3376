/* A hash table with open addressing: mailbox -> number of watches, last told modseq. A mailbox that nobody watches any
 * more leaves its place behind as a grave, which goes when the table is built anew. */
#include "common/store/notify/watch.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <pthread.h>
#include <stdlib.h>

struct watch {
	uint64_t mailbox; /* 0: the place is free */
	uint64_t told;    /* modseq */
	uint32_t count;   /* 0: a grave */
};

struct watch_table {
	store_changed_fn *changed;
	void *arg;
	pthread_mutex_t lock; /* over what follows */
	struct watch *places;
	size_t size; /* a power of two */
	size_t used; /* graves too */
	size_t live;
};

enum { FIRST_SIZE = 64 };

struct watch_table *watch_table_create(void)
{
	struct watch_table *table = alloc_zero(1, sizeof(*table));

	table->size = FIRST_SIZE;
	table->places = alloc_zero(table->size, sizeof(*table->places));
	pthread_mutex_init(&table->lock, NULL);
	return table;
}

void watch_table_destroy(struct watch_table **table)
{
	struct watch_table *gone = *table;

	*table = NULL;
	if (gone == NULL)
		return;
	pthread_mutex_destroy(&gone->lock);
	free(gone->places);
	free(gone);
}

void watch_listen(struct watch_table *table, store_changed_fn *changed, void *arg)
{
	pthread_mutex_lock(&table->lock);
	table->changed = changed;
	table->arg = arg;
	pthread_mutex_unlock(&table->lock);
}

/* The mailbox's place, or the free one where it belongs. */
static struct watch *place_of(struct watch_table *table, uint64_t mailbox)
{
	size_t mask = table->size - 1;
	size_t at = (size_t)((mailbox * 0x9E3779B97F4A7C15U) >> 32) & mask;

	while (table->places[at].mailbox != 0 && table->places[at].mailbox != mailbox)
		at = (at + 1) & mask;
	return &table->places[at];
}

static void build_anew(struct watch_table *table)
{
	struct watch *old = table->places;
	size_t old_size = table->size;

	table->size = FIRST_SIZE;
	while (table->size < table->live * 4)
		table->size *= 2;
	table->places = alloc_zero(table->size, sizeof(*table->places));
	table->used = table->live;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].count > 0)
			*place_of(table, old[i].mailbox) = old[i];
	free(old);
}

bool watch_add(struct watch_table *table, uint64_t mailbox)
{
	struct watch *watch;
	bool is_first = false;

	must(mailbox != 0);
	pthread_mutex_lock(&table->lock);
	if ((table->used + 1) * 4 > table->size * 3)
		build_anew(table);
	watch = place_of(table, mailbox);
	if (watch->mailbox == 0)
		table->used++;
	if (watch->count == 0) {
		*watch = (struct watch){.mailbox = mailbox};
		is_first = table->live++ == 0;
	}
	watch->count++;
	pthread_mutex_unlock(&table->lock);
	return is_first;
}

void watch_remove(struct watch_table *table, uint64_t mailbox)
{
	struct watch *watch;

	pthread_mutex_lock(&table->lock);
	watch = place_of(table, mailbox);
	must(watch->count > 0);
	if (--watch->count == 0)
		table->live--;
	pthread_mutex_unlock(&table->lock);
}

size_t watch_count(struct watch_table *table)
{
	size_t count;

	pthread_mutex_lock(&table->lock);
	count = table->live;
	pthread_mutex_unlock(&table->lock);
	return count;
}

void watch_tell(struct watch_table *table, uint64_t mailbox, uint64_t modseq)
{
	store_changed_fn *changed = NULL;
	struct watch *watch;
	void *arg;

	pthread_mutex_lock(&table->lock);
	watch = place_of(table, mailbox);
	if (watch->count > 0 && (modseq == 0 || modseq > watch->told)) {
		changed = table->changed;
		if (modseq != 0)
			watch->told = modseq;
	}
	arg = table->arg;
	pthread_mutex_unlock(&table->lock);
	if (changed != NULL)
		changed(arg, mailbox);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

size_t watch_list(struct watch_table *table, uint64_t **list_r)
{
	size_t count = 0;

	pthread_mutex_lock(&table->lock);
	*list_r = alloc_zero(table->live + 1, sizeof(**list_r));
	for (size_t i = 0; i < table->size; i++)
		if (table->places[i].count > 0)
			(*list_r)[count++] = table->places[i].mailbox;
	pthread_mutex_unlock(&table->lock);
	qsort(*list_r, count, sizeof(**list_r), by_number);
	return count;
}

/* A ring: the newest takes the place of the oldest. Its place is the first part of an exchange's name. */
#include "caldavd/waiting.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/random.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1024, LIFE_MS = 60000, PLACE_DIGITS = 4 };

struct slot {
	struct auth_exchange *exchange; /* NULL: the slot is free */
	int64_t until;                  /* clock_uptime_ms() */
	char name[WAITING_NAME_BYTES + 1];
};

struct waiting {
	pthread_mutex_t lock;
	size_t next;
	struct slot slots[SLOTS];
};

struct waiting *waiting_create(void)
{
	struct waiting *waiting = alloc_zero(1, sizeof *waiting);

	pthread_mutex_init(&waiting->lock, NULL);
	return waiting;
}

void waiting_destroy(struct waiting **waiting)
{
	if (*waiting == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		auth_exchange_destroy(&(*waiting)->slots[i].exchange);
	pthread_mutex_destroy(&(*waiting)->lock);
	free(*waiting);
	*waiting = NULL;
}

static void make_name(size_t place, char name[WAITING_NAME_BYTES + 1])
{
	(void)snprintf(name, PLACE_DIGITS + 1, "%04zx", place);
	random_hex(name + PLACE_DIGITS, (WAITING_NAME_BYTES - PLACE_DIGITS) / 2);
}

void waiting_put(struct waiting *waiting, struct auth_exchange *exchange, char name_r[WAITING_NAME_BYTES + 1])
{
	struct auth_exchange *oldest;
	struct slot *slot;

	pthread_mutex_lock(&waiting->lock);
	make_name(waiting->next, name_r);
	slot = &waiting->slots[waiting->next];
	waiting->next = (waiting->next + 1) % SLOTS;
	oldest = slot->exchange;
	slot->exchange = exchange;
	slot->until = clock_uptime_ms() + LIFE_MS;
	memcpy(slot->name, name_r, sizeof slot->name);
	pthread_mutex_unlock(&waiting->lock);
	auth_exchange_destroy(&oldest);
}

/* False: it cannot be one of ours. */
static bool place_of(struct span name, size_t *place_r)
{
	*place_r = 0;
	if (name.n != WAITING_NAME_BYTES)
		return false;
	for (size_t i = 0; i < PLACE_DIGITS; i++) {
		int digit = ascii_hex_value(name.p[i]);

		if (digit < 0)
			return false;
		*place_r = *place_r * 16 + (size_t)digit;
	}
	return *place_r < SLOTS;
}

struct auth_exchange *waiting_take(struct waiting *waiting, struct span name)
{
	struct auth_exchange *exchange = NULL;
	struct slot *slot;
	bool is_late;
	size_t place;

	if (!place_of(name, &place))
		return NULL;
	pthread_mutex_lock(&waiting->lock);
	slot = &waiting->slots[place];
	is_late = slot->until < clock_uptime_ms();
	if (slot->exchange != NULL && CRYPTO_memcmp(slot->name, name.p, WAITING_NAME_BYTES) == 0) {
		exchange = slot->exchange;
		slot->exchange = NULL;
	}
	pthread_mutex_unlock(&waiting->lock);
	if (is_late)
		auth_exchange_destroy(&exchange);
	return exchange;
}

/* Failures make the next answer slower, by address and by user; too many of them close the door for a while. */
#include "common/auth/auth_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, ENTRIES_MAX = 65536, KEY_BYTES = 256 };

struct failures {
	struct failures *next;
	uint64_t count;
	int64_t last_ms; /* clock_uptime_ms() */
	char name[];
};

struct throttle {
	pthread_mutex_t lock;
	struct failures *buckets[BUCKETS];
	size_t entries;
	uint64_t closed_from;
	int64_t window_ms, delay_max_ms;
	char **exempt;
	size_t exempt_count;
};

struct throttle *throttle_create(const struct config *config)
{
	struct throttle *throttle = alloc_zero(1, sizeof *throttle);
	const char *const *words;

	pthread_mutex_init(&throttle->lock, NULL);
	throttle->closed_from = config_number(config, "auth", "lockout_failures");
	throttle->window_ms = (int64_t)config_number(config, "auth", "lockout_time");
	throttle->delay_max_ms = (int64_t)config_number(config, "auth", "delay_max");
	throttle->exempt_count = config_words(config, "auth", "throttle_exempt", &words);
	throttle->exempt = alloc_zero(throttle->exempt_count + 1, sizeof *throttle->exempt);
	for (size_t i = 0; i < throttle->exempt_count; i++)
		throttle->exempt[i] = alloc_text(words[i]);
	return throttle;
}

void throttle_destroy(struct throttle **throttle)
{
	if (*throttle == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct failures *f = (*throttle)->buckets[i], *next; f != NULL; f = next) {
			next = f->next;
			free(f);
		}
	for (size_t i = 0; i < (*throttle)->exempt_count; i++)
		free((*throttle)->exempt[i]);
	free((*throttle)->exempt);
	pthread_mutex_destroy(&(*throttle)->lock);
	free(*throttle);
	*throttle = NULL;
}

void throttle_address(const char *remote, char *to, size_t n)
{
	struct span address = span_of(remote);
	const char *colon = strrchr(remote, ':');

	if (colon != NULL)
		address.n = (size_t)(colon - remote);
	if (address.n >= 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
		address = span_sub(address, 1, address.n - 2);
	(void)snprintf(to, n, "%.*s", (int)address.n, address.p);
}

void throttle_network(const char *address, char *to, size_t n)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET6, address, bytes) == 1 && memcmp(bytes, &in6addr_loopback, sizeof bytes) != 0) {
		memset(bytes + 8, 0, 8);
		(void)inet_ntop(AF_INET6, bytes, to, (socklen_t)n);
	} else if (to != address) {
		(void)snprintf(to, n, "%s", address);
	}
}

static struct failures **find(struct throttle *throttle, struct span name)
{
	uint32_t hash = 2166136261u;
	struct failures **at;

	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (unsigned char)name.p[i]) * 16777619u;
	for (at = &throttle->buckets[hash % BUCKETS]; *at != NULL && !span_is(name, (*at)->name);)
		at = &(*at)->next;
	return at;
}

static void forget(struct throttle *throttle, struct failures **at)
{
	struct failures *gone = *at;

	*at = gone->next;
	free(gone);
	throttle->entries--;
}

/* What lies behind the window counts no more; and where that frees too little, others go, a quarter of them at once, so
 * that a flood of names does not make every failure walk over all of them. */
static void forget_old(struct throttle *throttle, int64_t now)
{
	size_t keep = ENTRIES_MAX / 4 * 3;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct failures **at = &throttle->buckets[i]; *at != NULL;) {
			if (now - (*at)->last_ms > throttle->window_ms || throttle->entries > keep)
				forget(throttle, at);
			else
				at = &(*at)->next;
		}
}

static uint64_t count_of(struct throttle *throttle, struct span name, int64_t now)
{
	struct failures **at = find(throttle, name);

	if (*at != NULL && now - (*at)->last_ms > throttle->window_ms)
		forget(throttle, at);
	return *at == NULL ? 0 : (*at)->count;
}

static uint64_t count_one_more(struct throttle *throttle, struct span name, int64_t now)
{
	struct failures **at;

	(void)count_of(throttle, name, now);
	at = find(throttle, name);
	if (*at == NULL) {
		*at = alloc_zero(1, sizeof **at + name.n + 1);
		memcpy((*at)->name, name.p, name.n);
		throttle->entries++;
	}
	(*at)->last_ms = now;
	return ++(*at)->count;
}

/* Who comes by a local socket (a proxy, webmail) speaks for many, and has no address of his own. */
static bool is_exempt(const struct throttle *throttle, const char *address)
{
	if (strcmp(address, "unix") == 0)
		return true;
	for (size_t i = 0; i < throttle->exempt_count; i++)
		if (strcmp(throttle->exempt[i], address) == 0)
			return true;
	return false;
}

/* Users and addresses share the table: a user's entry begins with a byte that no address has. */
static struct span user_key(struct span user, char *to, size_t n)
{
	size_t length = user.n < n - 1 ? user.n : n - 1;

	to[0] = '@';
	if (length > 0)
		memcpy(to + 1, user.p, length);
	for (size_t i = 1; i <= length; i++)
		if (to[i] == '\0')
			to[i] = '?';
	return span_from(to, length + 1);
}

bool throttle_is_closed(struct throttle *throttle, const char *address, struct span user)
{
	int64_t now = clock_uptime_ms();
	char key[KEY_BYTES], network[KEY_BYTES];
	bool is_closed;

	if (throttle->closed_from == 0)
		return false;
	throttle_network(address, network, sizeof network);
	pthread_mutex_lock(&throttle->lock);
	is_closed =
		(!is_exempt(throttle, address) && count_of(throttle, span_of(network), now) >= throttle->closed_from) ||
		count_of(throttle, user_key(user, key, sizeof key), now) >= throttle->closed_from;
	pthread_mutex_unlock(&throttle->lock);
	return is_closed;
}

unsigned throttle_failed(struct throttle *throttle, const char *address, struct span user)
{
	int64_t now = clock_uptime_ms(), delay_ms = 0;
	uint64_t by_address = 0, by_user, count;
	char key[KEY_BYTES], network[KEY_BYTES];

	throttle_network(address, network, sizeof network);
	pthread_mutex_lock(&throttle->lock);
	if (throttle->entries >= ENTRIES_MAX)
		forget_old(throttle, now);
	if (!is_exempt(throttle, address))
		by_address = count_one_more(throttle, span_of(network), now);
	by_user = count_one_more(throttle, user_key(user, key, sizeof key), now);
	pthread_mutex_unlock(&throttle->lock);
	count = by_address > by_user ? by_address : by_user;
	/* one slip of the finger costs nothing: 0, 1 s, 2 s, 4 s … */
	if (count > 1)
		delay_ms = count > 16 ? throttle->delay_max_ms : (int64_t)1000 << (count - 2);
	return (unsigned)(delay_ms < throttle->delay_max_ms ? delay_ms : throttle->delay_max_ms);
}

void throttle_succeeded(struct throttle *throttle, const char *address, struct span user)
{
	char key[KEY_BYTES], network[KEY_BYTES];
	struct failures **at;

	throttle_network(address, network, sizeof network);
	pthread_mutex_lock(&throttle->lock);
	if (throttle->entries > 0) {
		at = find(throttle, user_key(user, key, sizeof key));
		if (*at != NULL)
			forget(throttle, at);
		at = find(throttle, span_of(network));
		if (*at != NULL)
			(*at)->count /= 2; /* others may still be guessing from there */
	}
	pthread_mutex_unlock(&throttle->lock);
}

/* Passwords that were verified minutes ago: the slow hash is computed once. What is kept is a digest under a key that
 * lives in this process alone, over name, stored secrets and password: a changed secret matches nothing any more. */
#include "common/auth/auth_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"
#include "common/base/random.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16384, WAYS = 4, DIGEST_BYTES = 32, KEY_BYTES = 64 };

struct slot {
	unsigned char digest[DIGEST_BYTES];
	int64_t until; /* clock_uptime_ms(); 0: empty */
};

struct cache {
	pthread_mutex_t lock;
	unsigned char key[KEY_BYTES];
	int64_t ttl_ms;
	struct slot slots[SLOTS];
};

struct cache *cache_create(int64_t ttl_ms)
{
	struct cache *cache = alloc_zero(1, sizeof *cache);

	pthread_mutex_init(&cache->lock, NULL);
	random_bytes(cache->key, sizeof cache->key);
	cache->ttl_ms = ttl_ms;
	return cache;
}

void cache_destroy(struct cache **cache)
{
	if (*cache == NULL)
		return;
	pthread_mutex_destroy(&(*cache)->lock);
	OPENSSL_cleanse(*cache, sizeof **cache);
	free(*cache);
	*cache = NULL;
}

void cache_set_ttl(struct cache *cache, int64_t ttl_ms)
{
	pthread_mutex_lock(&cache->lock);
	cache->ttl_ms = ttl_ms;
	pthread_mutex_unlock(&cache->lock);
}

/* SHA-256(key, lengths, parts, key): keyed at both ends, so that nothing can be put in front or behind. */
static void digest(const struct cache *cache, struct span user, struct span secrets, struct span password,
		   unsigned char to[DIGEST_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint64_t lengths[] = {user.n, secrets.n, password.n};
	unsigned n = DIGEST_BYTES;
	int ok;

	must(context != NULL);
	ok = EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	     EVP_DigestUpdate(context, cache->key, KEY_BYTES) == 1 &&
	     EVP_DigestUpdate(context, lengths, sizeof lengths) == 1 &&
	     EVP_DigestUpdate(context, user.p, user.n) == 1 && EVP_DigestUpdate(context, secrets.p, secrets.n) == 1 &&
	     EVP_DigestUpdate(context, password.p, password.n) == 1 &&
	     EVP_DigestUpdate(context, cache->key, KEY_BYTES) == 1 && EVP_DigestFinal_ex(context, to, &n) == 1;
	must(ok);
	EVP_MD_CTX_free(context);
}

static struct slot *set_of(struct cache *cache, const unsigned char *bytes)
{
	uint32_t at;

	memcpy(&at, bytes, sizeof at);
	return &cache->slots[at % (SLOTS / WAYS) * WAYS];
}

bool cache_has(struct cache *cache, struct span user, struct span secrets, struct span password)
{
	unsigned char want[DIGEST_BYTES];
	int64_t now = clock_uptime_ms();
	struct slot *set;
	bool has = false;

	digest(cache, user, secrets, password, want);
	set = set_of(cache, want);
	pthread_mutex_lock(&cache->lock);
	for (int i = 0; i < WAYS; i++)
		if (set[i].until > now && CRYPTO_memcmp(set[i].digest, want, DIGEST_BYTES) == 0)
			has = true;
	pthread_mutex_unlock(&cache->lock);
	return has;
}

void cache_add(struct cache *cache, struct span user, struct span secrets, struct span password)
{
	unsigned char is[DIGEST_BYTES];
	struct slot *set, *oldest;

	digest(cache, user, secrets, password, is);
	oldest = set = set_of(cache, is);
	pthread_mutex_lock(&cache->lock);
	for (int i = 1; i < WAYS; i++)
		if (set[i].until < oldest->until)
			oldest = &set[i];
	memcpy(oldest->digest, is, DIGEST_BYTES);
	oldest->until = clock_uptime_ms() + cache->ttl_ms;
	pthread_mutex_unlock(&cache->lock);
}

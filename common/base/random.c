/* Randomness from the kernel. */
#include "common/base/random.h"
#include "common/base/must.h"

#include <errno.h>
#include <sys/random.h>

#ifdef TRIVET_FAULTS
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t seeded_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t seeded_state;
static bool seeded_asked;

/* splitmix64: a fixed sequence for tests, nothing more. */
static bool from_seed(unsigned char *to, size_t n)
{
	const char *seed;
	bool is_seeded;

	pthread_mutex_lock(&seeded_lock);
	if (!seeded_asked) {
		seeded_asked = true;
		if ((seed = getenv("TRIVET_TEST_SEED")) != NULL)
			seeded_state = strtoull(seed, NULL, 10) | 1;
	}
	is_seeded = seeded_state != 0;
	for (size_t i = 0; is_seeded && i < n; i++) {
		uint64_t z = (seeded_state += 0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		to[i] = (unsigned char)(z >> 56);
	}
	pthread_mutex_unlock(&seeded_lock);
	return is_seeded;
}
#endif

void random_bytes(void *to, size_t n)
{
	unsigned char *p = to;

#ifdef TRIVET_FAULTS
	if (from_seed(p, n))
		return;
#endif
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0) {
			must(errno == EINTR);
			continue;
		}
		p += got;
		n -= (size_t)got;
	}
}

void random_hex(char *to, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	random_bytes(to + n, n); /* each is read before its place is written */
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)to[n + i];

		to[2 * i] = digits[byte >> 4];
		to[2 * i + 1] = digits[byte & 15];
	}
	to[2 * n] = '\0';
}

uint64_t random_u64(void)
{
	uint64_t number;

	random_bytes(&number, sizeof number);
	return number;
}

uint64_t random_below(uint64_t limit)
{
	uint64_t number, fair;

	must(limit > 0);
	fair = UINT64_MAX - UINT64_MAX % limit;
	do {
		number = random_u64();
	} while (number >= fair);
	return number % limit;
}

/* Injected faults, counted down in a file that the test holds too. */
#include "common/base/fault.h"

#ifdef TRIVET_FAULTS
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic int32_t *fault_counts;
static pthread_once_t fault_once = PTHREAD_ONCE_INIT;

static void map_counts(void)
{
	const char *path = getenv("TRIVET_TEST_FAULTS");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, FAULT_POINT_COUNT * sizeof(int32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		fault_counts = map;
	close(fd);
}

bool fault_strikes(enum fault_point point)
{
	int32_t left;

	pthread_once(&fault_once, map_counts);
	if (fault_counts == NULL)
		return false;
	left = atomic_load(&fault_counts[point]);
	while (left > 0)
		if (atomic_compare_exchange_weak(&fault_counts[point], &left, left - 1))
			return true;
	return false;
}
#else
_Static_assert(FAULT_POINT_COUNT > 0, "a translation unit must not be empty");
#endif

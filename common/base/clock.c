/* Time, which tests can move. */
#include "common/base/clock.h"

#include <time.h>

#ifdef TRIVET_FAULTS
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const volatile int64_t *moved_by_file;
static pthread_once_t moved_once = PTHREAD_ONCE_INIT;

static void map_moved(void)
{
	const char *path = getenv("TRIVET_TEST_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		moved_by_file = map;
	close(fd);
}

static int64_t moved_s(void)
{
	pthread_once(&moved_once, map_moved);
	return moved_by_file == NULL ? 0 : *moved_by_file;
}
#else
static int64_t moved_s(void)
{
	return 0;
}
#endif

static int64_t read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return ((int64_t)t.tv_sec + moved_s()) * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	return read_ms(CLOCK_REALTIME) / 1000;
}

int64_t clock_now_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_uptime_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

/* One thread that sleeps until there is something to do: the log has grown, the last commit is a while ago, or (only
 * while something is watched) it is time to look what others did. Commits do not wait for a
 * checkpoint, but for the short one that makes a huge log begin anew. */
#include "common/store/keeper.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/store/notify/poll.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	LOG_GROWN = 8 << 20, /* bytes; each time it has grown by so much it is moved */
	LOG_HUGE = 64 << 20, /* readers and writers kept it from beginning anew: now it must */
	LOG_WORTH = 1 << 18, /* moved only when nothing is written for a while */
	IDLE_MS = 5000,
};

struct keeper {
	struct keeper_parts parts;
	struct sql_db *db; /* the thread's */
	int wake;          /* eventfd */
	pthread_t thread;
	_Atomic bool is_closing;
	_Atomic bool is_asked;   /* to checkpoint; until it is done, commits do not ask again */
	_Atomic bool is_written; /* since the thread last looked */
	_Atomic uint64_t log_bytes, ask_at;

	int64_t poll_at_ms, idle_at_ms; /* the thread's; idle_at_ms 0: nothing was written since it was idle */
	uint64_t version;
};

static void wake(struct keeper *keeper)
{
	uint64_t one = 1;

	(void)!write(keeper->wake, &one, sizeof(one));
}

void keeper_log_grew(struct keeper *keeper, uint64_t log_bytes)
{
	bool must_wake = !atomic_exchange(&keeper->is_written, true);

	if (atomic_exchange(&keeper->log_bytes, log_bytes) > log_bytes) /* it began anew */
		atomic_store(&keeper->ask_at, LOG_GROWN);
	if (log_bytes >= atomic_load(&keeper->ask_at))
		must_wake |= !atomic_exchange(&keeper->is_asked, true);
	if (must_wake)
		wake(keeper);
}

void keeper_watching(struct keeper *keeper)
{
	wake(keeper);
}

static void checkpoint(struct keeper *keeper)
{
	enum store_status status = sql_checkpoint(keeper->db);

	if (status == STORE_OK && atomic_load(&keeper->log_bytes) >= LOG_HUGE)
		status = writer_begin_log_anew(keeper->parts.writer);
	if (status != STORE_OK && status != STORE_BUSY)
		log_error(NULL, "store: checkpoint of %s: %s", keeper->parts.sql.path, store_status_text(status));
	atomic_store(&keeper->ask_at, atomic_load(&keeper->log_bytes) + LOG_GROWN);
	atomic_store(&keeper->is_asked, false);
}

static void look_at_log(struct keeper *keeper, int64_t now_ms)
{
	if (atomic_load(&keeper->is_asked))
		checkpoint(keeper);
	if (atomic_load(&keeper->is_written)) {
		if (keeper->idle_at_ms == 0 || now_ms >= keeper->idle_at_ms) {
			atomic_store(&keeper->is_written, false);
			keeper->idle_at_ms = now_ms + IDLE_MS;
		}
	} else if (keeper->idle_at_ms != 0 && now_ms >= keeper->idle_at_ms) {
		keeper->idle_at_ms = 0;
		if (atomic_load(&keeper->log_bytes) >= LOG_WORTH)
			checkpoint(keeper);
	}
}

static void look_at_journal(struct keeper *keeper, int64_t now_ms)
{
	uint64_t version;

	if (now_ms < keeper->poll_at_ms)
		return;
	keeper->poll_at_ms = now_ms + keeper->parts.poll_ms;
	version = writer_version(keeper->parts.writer);
	if (version != keeper->version)
		poll_journal(keeper->db, keeper->parts.watches);
	keeper->version = version;
}

/* How long there is nothing to do; -1: until somebody calls. */
static int pause_ms(const struct keeper *keeper, bool is_watching, int64_t now_ms)
{
	int64_t until = INT64_MAX;

	if (is_watching)
		until = keeper->poll_at_ms;
	if (keeper->idle_at_ms != 0 && keeper->idle_at_ms < until)
		until = keeper->idle_at_ms;
	if (until == INT64_MAX)
		return -1;
	return until <= now_ms ? 0 : (int)(until - now_ms);
}

static void *keep(void *arg)
{
	struct keeper *keeper = arg;
	struct pollfd fd = {.fd = keeper->wake, .events = POLLIN};
	uint64_t calls;

	while (!atomic_load(&keeper->is_closing)) {
		int64_t now_ms = clock_uptime_ms();
		bool is_watching = watch_count(keeper->parts.watches) > 0;

		if (is_watching)
			look_at_journal(keeper, now_ms);
		look_at_log(keeper, now_ms);
		if (poll(&fd, 1, pause_ms(keeper, is_watching, clock_uptime_ms())) > 0)
			(void)!read(keeper->wake, &calls, sizeof(calls));
	}
	return NULL;
}

enum store_status keeper_open(const struct keeper_parts *parts, struct keeper **keeper_r, char **error_r)
{
	struct keeper *keeper = alloc_zero(1, sizeof(*keeper));
	enum store_status status;
	int failed;

	keeper->parts = *parts;
	keeper->parts.sql.create = false;
	keeper->parts.sql.read_only = true;
	keeper->ask_at = LOG_GROWN;
	keeper->wake = eventfd(0, EFD_CLOEXEC);
	if ((status = sql_open(&keeper->parts.sql, &keeper->db, error_r)) == STORE_OK) {
		keeper->version = writer_version(parts->writer);
		failed = keeper->wake < 0 ? errno : pthread_create(&keeper->thread, NULL, keep, keeper);
		if (failed == 0) {
			*keeper_r = keeper;
			return STORE_OK;
		}
		*error_r = alloc_text(strerror(failed));
		status = STORE_BROKEN;
		sql_close(&keeper->db);
	}
	if (keeper->wake >= 0)
		close(keeper->wake);
	free(keeper);
	*keeper_r = NULL;
	return status;
}

void keeper_close(struct keeper **keeper)
{
	struct keeper *gone = *keeper;

	*keeper = NULL;
	if (gone == NULL)
		return;
	atomic_store(&gone->is_closing, true);
	wake(gone);
	pthread_join(gone->thread, NULL);
	sql_close(&gone->db);
	close(gone->wake);
	free(gone);
}

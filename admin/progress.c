/* A line on the terminal that says how far a long command is. */
#include "admin/progress.h"
#include "common/base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { BETWEEN_MS = 100 };

void progress_init(struct progress *progress)
{
	*progress = (struct progress){.is_shown = isatty(STDERR_FILENO) == 1, .began_ms = clock_uptime_ms()};
}

void progress_add(struct progress *progress, uint64_t messages, uint64_t bytes)
{
	int64_t now = clock_uptime_ms();

	progress->messages += messages;
	progress->bytes += bytes;
	if (!progress->is_shown || now - progress->shown_ms < BETWEEN_MS)
		return;
	progress->shown_ms = now;
	fprintf(stderr, "\r\033[K%llu messages, %.1f MiB, %.0f a second%s%s", (unsigned long long)progress->messages,
		(double)progress->bytes / 1048576, (double)progress->messages / progress_seconds(progress),
		progress->what == NULL ? "" : "  ", progress->what == NULL ? "" : progress->what);
	fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->is_shown && progress->shown_ms != 0)
		fputs("\r\033[K", stderr);
	progress->shown_ms = 0;
}

double progress_seconds(const struct progress *progress)
{
	int64_t ms = clock_uptime_ms() - progress->began_ms;

	return ms < 1 ? 0.001 : (double)ms / 1000;
}

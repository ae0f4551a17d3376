/* A line on the terminal that says how far a long command is; nothing where standard error is no terminal. One thread.
 */
#ifndef ADMIN_PROGRESS_H
#define ADMIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool is_shown;
	int64_t began_ms, shown_ms;
	uint64_t messages, bytes;
	const char *what; /* of whom or what; borrowed; may be NULL */
};

void progress_init(struct progress *progress);
void progress_add(struct progress *progress, uint64_t messages,
		  uint64_t bytes);              /* shows it at most ten times a second */
void progress_clear(struct progress *progress); /* takes the line away */
double progress_seconds(const struct progress *progress);

#endif

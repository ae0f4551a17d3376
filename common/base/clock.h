/* The only source of time (DESIGN.md). Any thread.
 *
 * In builds with TRIVET_FAULTS, tests can move it: where the environment names a file in TRIVET_TEST_CLOCK, its first
 * eight bytes (a native int64_t, seconds; mapped shared) are added to both clocks while the process runs. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);       /* seconds since 1970-01-01T00:00:00Z */
int64_t clock_now_ms(void);    /* milliseconds since 1970 */
int64_t clock_uptime_ms(void); /* milliseconds that only go forward, from an arbitrary start: for time limits */

#endif

/* The only source of randomness (DESIGN.md): the kernel's, good for keys. Any thread.
 * In builds with TRIVET_FAULTS the environment's TRIVET_TEST_SEED makes it a fixed sequence. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *to, size_t n);
void random_hex(char *to, size_t n); /* so many bytes in hexadecimal digits, and a NUL */
uint64_t random_u64(void);
uint64_t random_below(uint64_t limit); /* 0 … limit-1, evenly; limit must not be 0 */

#endif

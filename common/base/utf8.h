/* UTF-8 (RFC 3629): neither overlong forms nor surrogates nor anything above U+10FFFF. Any thread. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "common/base/buf.h"

enum { UTF8_REPLACEMENT = 0xfffd, UTF8_MAX_BYTES = 4 };

bool utf8_is_valid(struct span s);

size_t utf8_ascii_prefix(struct span s); /* how many bytes at its front are ASCII */

/* Takes one code point off the front of a span that is not empty. Where none begins there: one byte, as U+FFFD. */
uint32_t utf8_take(struct span *in);

/* Writes code (a scalar value; others as U+FFFD) to at most four bytes; returns how many. */
size_t utf8_format(char *to, uint32_t code);
void utf8_put(struct buf *out, uint32_t code);

void utf8_clean(struct span s, struct buf *out); /* appends s, each byte that is no UTF-8 as U+FFFD */

/* The longest front of s, at most max bytes, that does not cut a code point in two. */
struct span utf8_cut(struct span s, size_t max);

#endif

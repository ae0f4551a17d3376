/* Base64 (RFC 4648, 4), without line breaks. Any thread. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "common/base/buf.h"

void base64_encode(struct span bytes, struct buf *out); /* appends, with padding */

/* Appends. False, and nothing appended, where text is not whole groups of four, padded at the end alone. */
bool base64_decode(struct span text, struct buf *out);

#endif

/* Base64 (RFC 4648, 4), without line breaks. Any thread. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "common/base/buf.h"

void base64_encode(struct span bytes, struct buf *out); /* appends, with padding */

/* Appends. False, and nothing appended, where text is not whole groups of four, padded at the end alone. */
bool base64_decode(struct span text, struct buf *out);

/* Appends what sense can be made of it, as mail needs (RFC 2045, 6.8): bytes that are no digits are passed over,
 * padding may be missing, and digits behind a padding begin a new run. */
void base64_decode_loose(struct span text, struct buf *out);

#endif

/* Modified UTF-7, in which IMAP4rev1 writes mailbox names (RFC 3501, 5.1.3). Any thread. */
#ifndef BASE_MUTF7_H
#define BASE_MUTF7_H

#include "common/base/buf.h"

/* Appends the name as UTF-8. False, and nothing appended, where it is not written in the one way the RFC allows:
 * printable ASCII stands for itself, everything else is in base64 runs, no two runs stand side by side, unused bits are
 * zero. */
bool mutf7_decode(struct span name, struct buf *out);

/* Appends the UTF-8 name as modified UTF-7; bytes that are no UTF-8 become U+FFFD. */
void mutf7_encode(struct span name, struct buf *out);

#endif

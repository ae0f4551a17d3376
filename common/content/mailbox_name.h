/* A mailbox's name as a person or another program writes it, in the words of the store. Any thread. */
#ifndef CONTENT_MAILBOX_NAME_H
#define CONTENT_MAILBOX_NAME_H

#include "common/base/buf.h"

/* Appends the name as the store wants it: NFC, and INBOX in capitals. What is not UTF-8 stays as it is, and the store
 * refuses it. */
void content_mailbox_name(struct span name, struct buf *out);

#endif

/* Which sessions wait for news of which mailbox. Any thread, does not wait. Sessions are kept by their number: one that
 * is gone does no harm. */
#ifndef IMAPD_WATCHERS_H
#define IMAPD_WATCHERS_H

#include <stdint.h>

struct imap_watchers;
struct imapd;

struct imap_watchers *imap_watchers_create(struct imapd *imapd);
void imap_watchers_destroy(struct imap_watchers **watchers);

void imap_watchers_add(struct imap_watchers *watchers, uint64_t mailbox, uint64_t session);
void imap_watchers_remove(struct imap_watchers *watchers, uint64_t mailbox, uint64_t session);
/* Wakes all who wait for the mailbox; the store calls it after a change. arg is the struct imap_watchers. */
void imap_watchers_wake(void *arg, uint64_t mailbox);

#endif

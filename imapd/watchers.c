/* Sessions in IDLE, by mailbox: a hash table with chains, under one mutex that is held for moments. */
#include "imapd/watchers.h"
#include "imapd/imapd.h"
#include "common/base/alloc.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 4096 };

struct watcher {
	struct watcher *next;
	uint64_t mailbox, session;
};

struct imap_watchers {
	struct imapd *imapd;
	pthread_mutex_t lock;
	struct watcher *buckets[BUCKETS];
};

static struct watcher **bucket_of(struct imap_watchers *watchers, uint64_t mailbox)
{
	return &watchers->buckets[mailbox % BUCKETS];
}

struct imap_watchers *imap_watchers_create(struct imapd *imapd)
{
	struct imap_watchers *watchers = alloc_zero(1, sizeof *watchers);

	watchers->imapd = imapd;
	pthread_mutex_init(&watchers->lock, NULL);
	return watchers;
}

void imap_watchers_destroy(struct imap_watchers **watchers)
{
	if (*watchers == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct watcher *w = (*watchers)->buckets[i], *next; w != NULL; w = next) {
			next = w->next;
			free(w);
		}
	pthread_mutex_destroy(&(*watchers)->lock);
	free(*watchers);
	*watchers = NULL;
}

void imap_watchers_add(struct imap_watchers *watchers, uint64_t mailbox, uint64_t session)
{
	struct watcher *watcher = alloc_zero(1, sizeof *watcher), **bucket = bucket_of(watchers, mailbox);

	pthread_mutex_lock(&watchers->lock);
	*watcher = (struct watcher){.next = *bucket, .mailbox = mailbox, .session = session};
	*bucket = watcher;
	pthread_mutex_unlock(&watchers->lock);
	store_watch(watchers->imapd->service.store, mailbox);
}

void imap_watchers_remove(struct imap_watchers *watchers, uint64_t mailbox, uint64_t session)
{
	struct watcher *found = NULL;

	pthread_mutex_lock(&watchers->lock);
	for (struct watcher **at = bucket_of(watchers, mailbox); *at != NULL; at = &(*at)->next)
		if ((*at)->mailbox == mailbox && (*at)->session == session) {
			found = *at;
			*at = found->next;
			break;
		}
	pthread_mutex_unlock(&watchers->lock);
	if (found != NULL)
		store_unwatch(watchers->imapd->service.store, mailbox);
	free(found);
}

void imap_watchers_wake(void *arg, uint64_t mailbox)
{
	struct imap_watchers *watchers = arg;

	pthread_mutex_lock(&watchers->lock);
	for (struct watcher *w = *bucket_of(watchers, mailbox); w != NULL; w = w->next)
		if (w->mailbox == mailbox)
			net_wake(watchers->imapd->service.net, w->session);
	pthread_mutex_unlock(&watchers->lock);
}

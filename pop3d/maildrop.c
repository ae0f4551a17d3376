/* The maildrop: a snapshot of a mailbox, and what the session wants to be done with it at its end. */
#include "pop3d/maildrop.h"
#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/must.h"
#include "common/base/ranges.h"
#include "common/content/mailbox_name.h"
#include "common/store/content.h"
#include "common/store/mailbox.h"
#include "common/store/message.h"
#include "common/store/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { BUCKETS = 256 };

struct pop3_maildrop {
	LIST_ENTRY(pop3_maildrop) chain; /* in the locks, where is_locked */
	bool is_locked, is_identified;
	uint64_t actor, mailbox, octets;
	struct store_snapshot *snapshot;
	uint32_t hidden, count;  /* messages in front of number 1; messages from there on */
	struct ranges marked;    /* message numbers */
	struct ranges retrieved; /* UIDs */
	uint64_t marked_octets;
	uint32_t marked_count;
};

struct pop3_locks {
	pthread_mutex_t lock;
	LIST_HEAD(pop3_bucket, pop3_maildrop) buckets[BUCKETS];
};

struct pop3_locks *pop3_locks_create(void)
{
	struct pop3_locks *locks = alloc_zero(1, sizeof *locks);

	pthread_mutex_init(&locks->lock, NULL);
	return locks;
}

void pop3_locks_destroy(struct pop3_locks **locks)
{
	if (*locks == NULL)
		return;
	pthread_mutex_destroy(&(*locks)->lock);
	free(*locks);
	*locks = NULL;
}

static bool lock(struct pop3_locks *locks, struct pop3_maildrop *maildrop)
{
	struct pop3_bucket *bucket = &locks->buckets[maildrop->mailbox % BUCKETS];
	struct pop3_maildrop *other;

	pthread_mutex_lock(&locks->lock);
	LIST_FOREACH (other, bucket, chain)
		if (other->mailbox == maildrop->mailbox)
			break;
	maildrop->is_locked = other == NULL;
	if (maildrop->is_locked)
		LIST_INSERT_HEAD(bucket, maildrop, chain);
	pthread_mutex_unlock(&locks->lock);
	return maildrop->is_locked;
}

static void unlock(struct pop3_locks *locks, struct pop3_maildrop *maildrop)
{
	if (!maildrop->is_locked)
		return;
	pthread_mutex_lock(&locks->lock);
	LIST_REMOVE(maildrop, chain);
	pthread_mutex_unlock(&locks->lock);
	maildrop->is_locked = false;
}

/* --- opening and leaving --- */

static enum store_status find(struct pop3d *pop3d, uint64_t user, struct span folder, uint64_t *mailbox_r)
{
	struct arena *arena = arena_create();
	struct buf name = {0};
	struct store_mailbox mailbox;
	enum store_status status;

	content_mailbox_name(folder.n == 0 ? SPAN("INBOX") : folder, &name);
	status = store_mailbox_find(pop3d->service.store, user, buf_view(&name), arena, &mailbox);
	if (status == STORE_OK && !mailbox.is_selectable)
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		*mailbox_r = mailbox.id;
	buf_done(&name);
	arena_destroy(&arena);
	return status;
}

static enum pop3_maildrop_result load(struct pop3d *pop3d, struct pop3_maildrop *maildrop)
{
	uint32_t newest = pop3d->options.newest;
	enum store_status status =
		store_snapshot_newest(pop3d->service.store, maildrop->actor, maildrop->mailbox, &maildrop->snapshot);

	if (status != STORE_OK)
		return status == STORE_NOT_FOUND ? POP3_MAILDROP_MISSING : POP3_MAILDROP_UNAVAILABLE;
	maildrop->count = maildrop->snapshot->count;
	if (newest > 0 && maildrop->count > newest)
		maildrop->count = newest;
	maildrop->hidden = maildrop->snapshot->count - maildrop->count;
	return POP3_MAILDROP_OK;
}

enum pop3_maildrop_result pop3_maildrop_open(struct pop3d *pop3d, uint64_t user, struct span folder,
					     struct pop3_maildrop **maildrop_r)
{
	struct pop3_maildrop *maildrop;
	enum pop3_maildrop_result result = POP3_MAILDROP_OK;
	uint64_t mailbox;
	enum store_status status = find(pop3d, user, folder, &mailbox);

	*maildrop_r = NULL;
	if (status != STORE_OK)
		return status == STORE_NOT_FOUND || status == STORE_INVALID ? POP3_MAILDROP_MISSING
									    : POP3_MAILDROP_UNAVAILABLE;
	maildrop = alloc_zero(1, sizeof *maildrop);
	maildrop->actor = user;
	maildrop->mailbox = mailbox;
	if (pop3d->options.is_exclusive && !lock(pop3d->locks, maildrop))
		result = POP3_MAILDROP_IN_USE;
	else
		result = load(pop3d, maildrop);
	if (result != POP3_MAILDROP_OK)
		pop3_maildrop_close(&maildrop, pop3d);
	*maildrop_r = maildrop;
	return result;
}

static void mark_seen(struct pop3_maildrop *maildrop, struct pop3d *pop3d)
{
	const struct store_flag_change change = {.how = STORE_FLAGS_ADD, .flags = (unsigned)STORE_FLAG_SEEN};
	struct store_flagged flagged = {0};

	if (maildrop->retrieved.count == 0)
		return;
	if (store_message_flags(pop3d->service.store, maildrop->actor, maildrop->mailbox, &maildrop->retrieved, &change,
				&flagged) != STORE_OK)
		log_warning(NULL, "what was retrieved of mailbox %llu could not be marked as seen",
			    (unsigned long long)maildrop->mailbox);
	store_flagged_done(&flagged);
	ranges_clear(&maildrop->retrieved);
}

void pop3_maildrop_close(struct pop3_maildrop **maildrop, struct pop3d *pop3d)
{
	struct pop3_maildrop *m = *maildrop;

	if (m == NULL)
		return;
	mark_seen(m, pop3d);
	unlock(pop3d->locks, m);
	store_snapshot_unref(&m->snapshot);
	ranges_done(&m->marked);
	ranges_done(&m->retrieved);
	free(m);
	*maildrop = NULL;
}

/* The actor's mailbox for what is thrown away; 0 where there is none, or it is this one. */
static enum store_status find_trash(const struct pop3_maildrop *maildrop, struct store *store, uint64_t *trash_r)
{
	struct arena *arena = arena_create();
	struct store_mailbox *list = NULL, *orphans = NULL;
	size_t count = 0, orphan_count = 0;
	enum store_status status =
		store_mailbox_list(store, maildrop->actor, arena, &list, &count, &orphans, &orphan_count);

	*trash_r = 0;
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		if ((list[i].uses & STORE_USE_TRASH) && list[i].is_selectable && list[i].id != maildrop->mailbox)
			*trash_r = list[i].id;
	arena_destroy(&arena);
	return status;
}

static enum store_status remove_marked(struct pop3_maildrop *maildrop, struct pop3d *pop3d, const struct ranges *uids)
{
	struct store *store = pop3d->service.store;
	struct store_copied copied = {0};
	uint64_t trash = 0;
	enum store_status status = STORE_OK;

	if (pop3d->options.to_trash)
		status = find_trash(maildrop, store, &trash);
	if (status != STORE_OK)
		return status;
	if (trash == 0)
		return store_message_remove(store, maildrop->actor, maildrop->mailbox, uids);
	status = store_message_copy(store, maildrop->actor, maildrop->mailbox, uids, trash, true, &copied);
	store_copied_done(&copied);
	if (status == STORE_NOT_FOUND) /* one of the two is gone meanwhile */
		status = store_message_remove(store, maildrop->actor, maildrop->mailbox, uids);
	return status;
}

static enum store_status remove_all_marked(struct pop3_maildrop *maildrop, struct pop3d *pop3d)
{
	struct ranges uids = {0};
	enum store_status status;

	RANGES_FOREACH_NUMBER(&maildrop->marked, range, number)
	{
		uint32_t uid = store_snapshot_uid(maildrop->snapshot, maildrop->hidden + (uint32_t)number);

		ranges_add(&uids, uid, uid);
	}
	status = remove_marked(maildrop, pop3d, &uids);
	ranges_done(&uids);
	return status == STORE_NOT_FOUND ? STORE_OK : status; /* the whole mailbox is gone, and so are they */
}

enum store_status pop3_maildrop_update(struct pop3_maildrop *maildrop, struct pop3d *pop3d)
{
	enum store_status status = STORE_OK;

	mark_seen(maildrop, pop3d);
	if (maildrop->marked.count > 0)
		status = remove_all_marked(maildrop, pop3d);
	unlock(pop3d->locks, maildrop); /* before the answer: who hears it may come again at once */
	return status;
}

/* --- messages --- */

bool pop3_maildrop_identify(struct pop3_maildrop *maildrop, struct pop3d *pop3d)
{
	struct pop3_message message;

	if (maildrop->is_identified)
		return true;
	if (store_snapshot_identify(pop3d->service.store, maildrop->snapshot) != STORE_OK)
		return false;
	for (uint32_t n = 1; n <= maildrop->count; n++) {
		pop3_maildrop_message(maildrop, n, &message);
		maildrop->octets += message.octets;
	}
	return maildrop->is_identified = true;
}

void pop3_maildrop_message(const struct pop3_maildrop *maildrop, uint32_t number, struct pop3_message *message_r)
{
	uint32_t i;
	const struct store_chunk *chunk = store_snapshot_chunk(maildrop->snapshot, maildrop->hidden + number, &i);
	const struct store_identity *identity = atomic_load(&chunk->identities) + i;

	*message_r = (struct pop3_message){.blob = chunk->blob[i],
					   .octets = (uint64_t)chunk->size[i] + identity->growth,
					   .uid = chunk->uid[i],
					   .digest = identity->digest};
}

uint32_t pop3_maildrop_count(const struct pop3_maildrop *maildrop)
{
	return maildrop->count;
}

void pop3_maildrop_total(const struct pop3_maildrop *maildrop, uint32_t *messages_r, uint64_t *octets_r)
{
	must(maildrop->is_identified);
	*messages_r = maildrop->count - maildrop->marked_count;
	*octets_r = maildrop->octets - maildrop->marked_octets;
}

bool pop3_maildrop_is_marked(const struct pop3_maildrop *maildrop, uint32_t number)
{
	return maildrop->marked_count > 0 && ranges_has(&maildrop->marked, number);
}

void pop3_maildrop_mark(struct pop3_maildrop *maildrop, uint32_t number)
{
	struct pop3_message message;

	pop3_maildrop_message(maildrop, number, &message);
	ranges_add(&maildrop->marked, number, number);
	maildrop->marked_count++;
	maildrop->marked_octets += message.octets;
}

void pop3_maildrop_unmark_all(struct pop3_maildrop *maildrop)
{
	ranges_clear(&maildrop->marked);
	maildrop->marked_count = 0;
	maildrop->marked_octets = 0;
}

void pop3_maildrop_retrieved(struct pop3_maildrop *maildrop, uint32_t number)
{
	uint32_t index;
	const struct store_chunk *chunk = store_snapshot_chunk(maildrop->snapshot, maildrop->hidden + number, &index);

	if (!(chunk->flags[index] & STORE_FLAG_SEEN))
		ranges_add(&maildrop->retrieved, chunk->uid[index], chunk->uid[index]);
}

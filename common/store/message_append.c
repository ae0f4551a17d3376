/* Adding messages to a mailbox. */
#include "common/store/blob/blob.h"
#include "common/store/message_private.h"
#include "common/base/alloc.h"

#include <stdlib.h>

enum { TRIES = 3 }; /* where a collector takes a file away between preparing and adding */

struct append {
	uint64_t actor, mailbox;
	struct store_new_message *messages;
	struct blob_prepared *prepared;
	size_t count;
	struct store_appended *appended;
};

static enum store_status set_keywords(struct store_tx *tx, uint64_t mailbox, const struct store_new_message *message,
				      struct message_row *row)
{
	uint32_t *numbers;
	size_t count;
	enum store_status status;

	if (message->keyword_count == 0)
		return STORE_OK;
	numbers = alloc_zero(message->keyword_count, sizeof *numbers);
	status = keyword_numbers(tx, mailbox, message->keywords, message->keyword_count, true, numbers, &count);
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		keyword_set(&row->flags, &row->more, numbers[i]);
	free(numbers);
	return status;
}

static enum store_status add_one(struct store_tx *tx, struct append *job, size_t i,
				 const struct store_mailbox_lock *lock, struct store_mailbox_delta *delta)
{
	const struct store_new_message *message = &job->messages[i];
	struct message_row row = {.uid = message->uid,
				  .flags = message->flags & STORE_FLAG_SYSTEM,
				  .modseq = lock->modseq,
				  .size = job->prepared[i].size,
				  .date = message->date,
				  .zone = message->zone};
	struct message_rows one = {.list = &row, .count = 1};
	enum store_status status = blob_add(tx, &job->prepared[i], &message->derived, &row.blob);

	if (status == STORE_OK)
		status = set_keywords(tx, job->mailbox, message, &row);
	if (status == STORE_OK)
		status = message_row_insert(tx, job->mailbox, &row);
	message_rows_count(&one, 1, delta);
	buf_done(&row.more);
	return status;
}

static enum store_status append_tx(struct store_tx *tx, void *arg)
{
	struct append *job = arg;
	struct store_mailbox_lock lock;
	struct store_mailbox_delta delta = {.mailbox = job->mailbox, .check_quota = true};
	enum store_status status = store_mailbox_lock(tx, job->actor, job->mailbox, &lock);

	if (status != STORE_OK)
		return status;
	if (job->count > UINT32_MAX - lock.uidnext)
		return STORE_LIMIT;
	delta.owner = lock.owner;
	for (size_t i = 0; i < job->count && status == STORE_OK; i++) {
		job->messages[i].uid = lock.uidnext + (uint32_t)i;
		status = add_one(tx, job, i, &lock, &delta);
	}
	delta.uidnext = lock.uidnext + (uint32_t)job->count;
	if (status == STORE_OK)
		status = store_mailbox_count(tx, &delta);
	*job->appended = (struct store_appended){.uidvalidity = lock.uidvalidity, .modseq = lock.modseq};
	return status;
}

static enum store_status prepare(struct store *store, struct append *job)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < job->count && status == STORE_OK; i++)
		status = job->messages[i].upload != NULL
				 ? blob_prepare_upload(store, job->messages[i].upload, &job->prepared[i])
				 : blob_prepare(store, job->messages[i].bytes, &job->prepared[i]);
	return status;
}

enum store_status store_message_append(struct store *store, uint64_t actor, uint64_t mailbox,
				       struct store_new_message *messages, size_t count,
				       struct store_appended *appended_r)
{
	struct append job = {
		.actor = actor, .mailbox = mailbox, .messages = messages, .count = count, .appended = appended_r};
	enum store_status status = STORE_CONFLICT;

	job.prepared = alloc_zero(count, sizeof *job.prepared);
	for (int i = 0; i < TRIES && status == STORE_CONFLICT; i++)
		if ((status = prepare(store, &job)) == STORE_OK)
			status = store_write(store, append_tx, &job);
	free(job.prepared);
	return status;
}

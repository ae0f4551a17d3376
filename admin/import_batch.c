/* Gives messages to the store, in batches that are one transaction each, so that an import of many small messages does
 * not wait for the disk each time. */
#include "admin/import.h"
#include "common/base/alloc.h"
#include "common/content/derive.h"
#include "common/content/mailbox_name.h"
#include "common/store/mailbox.h"
#include "common/store/message.h"
#include "common/store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 * 1024, READ_BYTES = 65536 };

static int fail(struct import *import, enum store_status status, struct span what)
{
	struct buf text = {0};
	int rc;

	progress_clear(&import->progress);
	buf_printf(&text, "%s: %.*s", import->user_name, (int)what.n, what.p);
	rc = admin_fail_status(import->admin, status, buf_cstr(&text));
	buf_done(&text);
	return rc;
}

int import_mailbox(struct import *import, struct span name)
{
	struct arena *arena = arena_create();
	struct buf normal = {0};
	struct store_mailbox mailbox;
	enum store_status status;
	int rc = EX_OK;

	content_mailbox_name(name, &normal);
	name = buf_view(&normal);
	status = store_mailbox_find(import->admin->store, import->user, name, arena, &mailbox);
	if (status == STORE_NOT_FOUND || (status == STORE_OK && !mailbox.is_selectable)) {
		status = store_mailbox_create(import->admin->store, import->user, name, 0, &mailbox);
		if (status == STORE_OK)
			status = store_mailbox_subscribe(import->admin->store, import->user, name, true);
	}
	if (status != STORE_OK)
		rc = fail(import, status, name);
	else if (mailbox.id != import->mailbox)
		rc = import_flush(import);
	if (rc == EX_OK)
		import->mailbox = mailbox.id;
	buf_done(&normal);
	arena_destroy(&arena);
	return rc;
}

/* Mailboxes have numbers that never come again: so a mailbox that was removed meanwhile is filled anew. */
bool import_is_done(struct import *import, struct span name, struct journal_key *key_r)
{
	struct buf text = {0};

	buf_u64(&text, import->mailbox);
	buf_byte(&text, ' ');
	buf_span(&text, name);
	journal_key_make(buf_view(&text), key_r);
	buf_done(&text);
	if (!journal_has(import->journal, key_r))
		return false;
	import->skipped++;
	return true;
}

/* --- adding --- */

/* The whole file, with its line ends as they are. False with errno. */
static bool read_file(const char *path, struct buf *out, int64_t *modified_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t n = 1;
	bool ok = fd >= 0 && fstat(fd, &st) == 0;

	while (ok && n != 0) {
		n = read(fd, buf_room(out, READ_BYTES), READ_BYTES);
		if (n > 0)
			buf_added(out, (size_t)n);
		else
			ok = n == 0 || errno == EINTR;
	}
	if (ok)
		*modified_r = (int64_t)st.st_mtim.tv_sec;
	if (fd >= 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return ok;
}

static int fill(struct import *import, struct import_slot *slot)
{
	struct buf raw = {0};
	struct import_message *message = &slot->message;

	slot->bytes.n = 0;
	if (message->path != NULL) {
		if (!read_file(message->path, &raw, &message->date)) {
			int error = errno;

			buf_done(&raw);
			progress_clear(&import->progress);
			return admin_fail(import->admin, error == ENOENT ? EX_TEMPFAIL : EX_NOINPUT, "%s: %s%s",
					  message->path, strerror(error),
					  error == ENOENT ? " any more: run the import again" : "");
		}
		message->bytes = buf_view(&raw);
	}
	import_lines(message->bytes, &slot->bytes);
	buf_done(&raw);
	message->bytes = buf_view(&slot->bytes);
	message->path = NULL; /* the caller's */
	if (slot->bytes.n > UINT32_MAX) {
		progress_clear(&import->progress);
		return admin_fail(import->admin, EX_DATAERR, "%s: a message of more than 4 GiB", import->user_name);
	}
	return EX_OK;
}

int import_add(struct import *import, const struct import_message *message)
{
	struct import_slot *slot = &import->slots[import->count];
	int rc;

	slot->message = *message;
	for (size_t i = 0; i < message->keyword_count; i++)
		slot->message.keywords[i] = arena_span(import->arena, message->keywords[i]);
	if ((rc = fill(import, slot)) != EX_OK)
		return rc;
	import->count++;
	import->bytes += slot->bytes.n;
	if (import->count < IMPORT_BATCH_MESSAGES && import->bytes < IMPORT_BATCH_BYTES)
		return EX_OK;
	return import_flush(import);
}

/* --- a batch --- */

static void prepare(struct import *import, struct store_new_message *messages, struct journal_item *items)
{
	for (size_t i = 0; i < import->count; i++) {
		const struct import_message *from = &import->slots[i].message;
		struct store_new_message *to = &messages[i];

		*to = (struct store_new_message){.bytes = from->bytes,
						 .flags = from->flags,
						 .keywords = from->keywords,
						 .keyword_count = from->keyword_count,
						 .date = from->date,
						 .zone = from->zone};
		content_derive(to->bytes, TEXT_MAX, import->arena, &to->derived);
		if (from->prefers_sent && to->derived.sent_at != INT64_MIN)
			to->date = to->derived.sent_at;
		items[i].key = from->key;
		items[i].size = to->bytes.n;
		journal_key_make(to->bytes, &items[i].content);
	}
}

static int answer(struct import *import, bool is_stored)
{
	if (journal_answer(import->journal, is_stored))
		return EX_OK;
	progress_clear(&import->progress);
	return admin_fail(import->admin, EX_IOERR, "the journal of the import: %s", strerror(errno));
}

static int give(struct import *import, struct store_new_message *messages, const struct journal_item *items)
{
	struct arena *arena = arena_create();
	struct store_mailbox mailbox = {.name = SPAN("the mailbox")};
	struct store_appended appended;
	enum store_status status =
		store_mailbox_get(import->admin->store, import->user, import->mailbox, arena, &mailbox);
	int rc = EX_OK;

	if (status == STORE_OK) {
		if (!journal_begin(import->journal, import->mailbox, mailbox.uidnext, items, import->count))
			rc = admin_fail(import->admin, EX_IOERR, "the journal of the import: %s", strerror(errno));
		else
			status = store_message_append(import->admin->store, import->user, import->mailbox, messages,
						      import->count, &appended);
		/* Without an answer in the journal, the next run looks whether an uncertain batch is there. */
		if (rc == EX_OK && status != STORE_UNCERTAIN)
			rc = answer(import, status == STORE_OK);
	}
	if (status != STORE_OK)
		rc = fail(import, status, mailbox.name);
	arena_destroy(&arena);
	return rc;
}

int import_flush(struct import *import)
{
	struct store_new_message *messages;
	struct journal_item *items;
	int rc;

	if (import->count == 0)
		return EX_OK;
	messages = arena_zero(import->arena, import->count, sizeof *messages);
	items = arena_zero(import->arena, import->count, sizeof *items);
	prepare(import, messages, items);
	if ((rc = give(import, messages, items)) == EX_OK)
		progress_add(&import->progress, import->count, import->bytes);
	for (size_t i = 0; i < import->count; i++)
		if (import->slots[i].bytes.capacity > IMPORT_BATCH_BYTES / IMPORT_BATCH_MESSAGES)
			buf_done(&import->slots[i].bytes);
	import->count = 0;
	import->bytes = 0;
	arena_reset(import->arena);
	return rc;
}

/* --- a batch whose fate is unknown --- */

static enum store_status is_same(struct store *store, uint64_t id, const struct journal_item *item, bool *same_r)
{
	struct store_blob *blob = NULL;
	struct buf bytes = {0};
	struct journal_key content;
	size_t n = 1;
	enum store_status status = store_blob_open(store, id, &blob);

	while (status == STORE_OK && n > 0) {
		status = store_blob_read(blob, bytes.n, buf_room(&bytes, READ_BYTES), READ_BYTES, &n);
		if (status == STORE_OK)
			buf_added(&bytes, n);
	}
	journal_key_make(buf_view(&bytes), &content);
	*same_r = memcmp(&content, &item->content, sizeof content) == 0;
	store_blob_close(&blob);
	buf_done(&bytes);
	return status;
}

/* Does the batch stand in the mailbox, its first message at that number? */
static enum store_status stands_at(struct store *store, const struct store_snapshot *snapshot, uint32_t number,
				   const struct journal_batch *batch, bool *stands_r)
{
	enum store_status status = STORE_OK;

	*stands_r = true;
	for (size_t i = 0; i < batch->count && *stands_r && status == STORE_OK; i++) {
		struct store_row row;

		store_snapshot_row(snapshot, number + (uint32_t)i, &row);
		*stands_r = row.size == batch->items[i].size;
		if (*stands_r)
			status = is_same(store, row.blob, &batch->items[i], stands_r);
	}
	return status;
}

int import_recover(struct import *import)
{
	const struct journal_batch *batch = journal_pending(import->journal);
	struct store_snapshot *snapshot = NULL;
	enum store_status status;
	bool stands = false;

	if (batch == NULL)
		return EX_OK;
	status = store_snapshot_newest(import->admin->store, import->user, batch->mailbox, &snapshot);
	if (status == STORE_OK)
		for (uint32_t n = store_snapshot_number_from(snapshot, batch->uidnext);
		     status == STORE_OK && !stands && n - 1 + batch->count <= snapshot->count; n++)
			status = stands_at(import->admin->store, snapshot, n, batch, &stands);
	else if (status == STORE_NOT_FOUND)
		status = STORE_OK; /* the mailbox is gone, and the batch with it */
	store_snapshot_unref(&snapshot);
	if (status != STORE_OK)
		return fail(import, status, SPAN("what an interrupted import left"));
	return answer(import, stands);
}

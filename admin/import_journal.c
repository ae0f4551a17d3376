/* What an import has taken in already. */
#include "admin/import_journal.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_BYTES = 2 * JOURNAL_KEY_BYTES, LINE_MAX_BYTES = 256, FIRST_SLOTS = 1024 };

struct journal {
	int fd;
	struct journal_key *slots; /* open addressing; all zero: free (no hash is that) */
	size_t slot_count, used;
	struct journal_batch batch;
	size_t capacity;
	bool is_pending;
};

void journal_key_make(struct span bytes, struct journal_key *key_r)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)bytes.p, bytes.n, hash);
	memcpy(key_r->bytes, hash, JOURNAL_KEY_BYTES);
}

/* --- the set of keys --- */

static size_t find_slot(const struct journal *journal, const struct journal_key *key)
{
	static const struct journal_key unused;
	size_t at;

	memcpy(&at, key->bytes, sizeof at);
	for (at &= journal->slot_count - 1;; at = (at + 1) & (journal->slot_count - 1))
		if (memcmp(&journal->slots[at], key, sizeof *key) == 0 ||
		    memcmp(&journal->slots[at], &unused, sizeof unused) == 0)
			return at;
}

static void add_key(struct journal *journal, const struct journal_key *key)
{
	static const struct journal_key unused;
	size_t at;

	if (2 * (journal->used + 1) > journal->slot_count) {
		struct journal_key *old = journal->slots;
		size_t old_count = journal->slot_count;

		journal->slot_count *= 2;
		journal->slots = alloc_zero(journal->slot_count, sizeof *journal->slots);
		for (size_t i = 0; i < old_count; i++)
			if (memcmp(&old[i], &unused, sizeof unused) != 0)
				journal->slots[find_slot(journal, &old[i])] = old[i];
		free(old);
	}
	at = find_slot(journal, key);
	if (memcmp(&journal->slots[at], key, sizeof *key) != 0)
		journal->used++;
	journal->slots[at] = *key;
}

bool journal_has(const struct journal *journal, const struct journal_key *key)
{
	return memcmp(&journal->slots[find_slot(journal, key)], key, sizeof *key) == 0;
}

/* --- the batch --- */

static void set_batch(struct journal *journal, uint64_t mailbox, uint32_t uidnext)
{
	journal->batch.mailbox = mailbox;
	journal->batch.uidnext = uidnext;
	journal->batch.count = 0;
}

static void add_item(struct journal *journal, const struct journal_item *item)
{
	void *items = journal->batch.items;

	alloc_grow(&items, &journal->capacity, journal->batch.count + 1, sizeof *item);
	journal->batch.items = items;
	journal->batch.items[journal->batch.count++] = *item;
}

static void end_batch(struct journal *journal, bool is_stored)
{
	for (size_t i = 0; is_stored && i < journal->batch.count; i++)
		add_key(journal, &journal->batch.items[i].key);
	journal->batch.count = 0;
	journal->is_pending = false;
}

const struct journal_batch *journal_pending(const struct journal *journal)
{
	return journal->is_pending ? &journal->batch : NULL;
}

/* --- the file --- */

static void hex_write(const struct journal_key *key, struct buf *out)
{
	for (size_t i = 0; i < JOURNAL_KEY_BYTES; i++)
		buf_printf(out, "%02x", key->bytes[i]);
}

static bool hex_read(const char *text, struct journal_key *key_r)
{
	for (size_t i = 0; i < JOURNAL_KEY_BYTES; i++)
		if (sscanf(text + 2 * i, "%2hhx", &key_r->bytes[i]) != 1)
			return false;
	return true;
}

static bool write_out(struct journal *journal, struct buf *text, bool durable)
{
	bool ok = true;

	while (ok && text->n > 0) {
		ssize_t n = write(journal->fd, text->p, text->n);

		if (n > 0)
			buf_consume(text, (size_t)n);
		else
			ok = n < 0 && errno == EINTR;
	}
	buf_done(text);
	return ok && (!durable || fdatasync(journal->fd) == 0);
}

/* One line of the file; a batch is pending as soon as all its items were read. False: not a line of ours. */
static bool load_line(struct journal *journal, const char *line, size_t *left)
{
	struct journal_item item;
	char key[HEX_BYTES + 1], content[HEX_BYTES + 1];
	uint64_t mailbox;
	uint32_t uidnext;

	if (sscanf(line, "B %" SCNu64 " %" SCNu32 " %zu", &mailbox, &uidnext, left) == 3) {
		set_batch(journal, mailbox, uidnext); /* one that was not complete was not begun */
		journal->is_pending = false;
	} else if (*left > 0 && sscanf(line, "M %32s %" SCNu64 " %32s", key, &item.size, content) == 3) {
		if (!hex_read(key, &item.key) || !hex_read(content, &item.content))
			return false;
		add_item(journal, &item);
		journal->is_pending = --*left == 0;
	} else if (line[0] == 'C' || line[0] == 'A') {
		end_batch(journal, line[0] == 'C' && journal->is_pending);
		*left = 0;
	} else {
		return line[0] == '#';
	}
	return true;
}

/* Reads what is there, and cuts off a line that was not written to its end. */
static bool load(struct journal *journal)
{
	int fd = dup(journal->fd);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[LINE_MAX_BYTES];
	size_t left = 0;
	off_t good = 0;
	bool ok = file != NULL;

	while (ok && fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
		ok = load_line(journal, line, &left);
		good = ftello(file);
	}
	if (file != NULL)
		fclose(file);
	if (!ok)
		errno = EILSEQ;
	return ok && ftruncate(journal->fd, good) == 0 && lseek(journal->fd, 0, SEEK_END) >= 0;
}

/* The whole identity is in the name, as a hash, and cut to one short line at the top, for people. */
static bool write_top(struct journal *journal, struct span identity)
{
	struct buf top = {0};

	if (lseek(journal->fd, 0, SEEK_END) > 0)
		return true;
	buf_text(&top, "# ");
	for (size_t i = 0; i < identity.n && i < LINE_MAX_BYTES / 2; i++)
		buf_byte(&top, identity.p[i] < ' ' ? ' ' : identity.p[i]);
	buf_byte(&top, '\n');
	return write_out(journal, &top, false);
}

struct journal *journal_open(const char *folder, struct span identity, bool forget, char **error_r)
{
	struct journal *journal = alloc_zero(1, sizeof *journal);
	struct journal_key name;
	struct buf path = {0};
	const char *error = NULL;

	journal_key_make(identity, &name);
	buf_printf(&path, "%s/", folder);
	hex_write(&name, &path);
	buf_text(&path, ".journal");
	journal->slot_count = FIRST_SLOTS;
	journal->slots = alloc_zero(FIRST_SLOTS, sizeof *journal->slots);
	(void)mkdir(folder, 0700); /* where that failed, open() says why */
	journal->fd = open(buf_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
	if (journal->fd < 0)
		error = strerror(errno);
	else if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? "another import of the same source is running" : strerror(errno);
	else if ((forget && ftruncate(journal->fd, 0) != 0) || !load(journal) || !write_top(journal, identity))
		error = errno == EILSEQ ? "not a journal of an import" : strerror(errno);
	if (error != NULL) {
		struct buf text = {0};

		buf_printf(&text, "%s: %s", buf_cstr(&path), error);
		*error_r = alloc_text(buf_cstr(&text));
		buf_done(&text);
		journal_close(&journal);
	}
	buf_done(&path);
	return journal;
}

void journal_close(struct journal **journal)
{
	if (*journal == NULL)
		return;
	if ((*journal)->fd >= 0)
		close((*journal)->fd);
	free((*journal)->slots);
	free((*journal)->batch.items);
	free(*journal);
	*journal = NULL;
}

bool journal_begin(struct journal *journal, uint64_t mailbox, uint32_t uidnext, const struct journal_item *items,
		   size_t count)
{
	struct buf text = {0};

	must(!journal->is_pending);
	set_batch(journal, mailbox, uidnext);
	buf_printf(&text, "B %" PRIu64 " %" PRIu32 " %zu\n", mailbox, uidnext, count);
	for (size_t i = 0; i < count; i++) {
		add_item(journal, &items[i]);
		buf_text(&text, "M ");
		hex_write(&items[i].key, &text);
		buf_printf(&text, " %" PRIu64 " ", items[i].size);
		hex_write(&items[i].content, &text);
		buf_byte(&text, '\n');
	}
	journal->is_pending = true;
	return write_out(journal, &text, true);
}

/* Need not be durable: a batch without an answer is looked up in the mailbox. */
bool journal_answer(struct journal *journal, bool is_stored)
{
	struct buf text = {0};

	end_batch(journal, is_stored);
	buf_text(&text, is_stored ? "C\n" : "A\n");
	return write_out(journal, &text, false);
}

/* An mbox file as a source. The file is mapped, so nobody may cut it short meanwhile; what is appended is left for the
 * next run. */
#include "admin/import.h"
#include "common/base/clock.h"
#include "common/mime/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned status_flags(struct span message)
{
	unsigned flags = 0;
	struct span name, value;

	while (mime_header_next(&message, &name, &value))
		if (span_is_nocase(name, "Status") || span_is_nocase(name, "X-Status"))
			flags |= mbox_status_flags(value);
	return flags;
}

/* Known again by its place and its bytes: in a file that was rewritten meanwhile something else may stand there. */
static bool is_done(struct import *import, const struct mbox_message *found, struct journal_key *key_r)
{
	struct journal_key content;
	struct buf name = {0};
	bool done;

	journal_key_make(found->bytes, &content);
	buf_u64(&name, found->offset);
	buf_byte(&name, ' ');
	buf_bytes(&name, content.bytes, sizeof content.bytes);
	done = import_is_done(import, buf_view(&name), key_r);
	buf_done(&name);
	return done;
}

static int read_messages(struct import *import, struct span file)
{
	struct mbox_message found;
	struct buf plain = {0};
	uint64_t at = 0;
	int rc = EX_OK;

	while (rc == EX_OK && mbox_next(file, &at, &found)) {
		struct import_message message = {.prefers_sent = !found.has_date,
						 .date = found.has_date ? found.date : clock_now(),
						 .zone = found.has_date ? found.zone : 0};

		if (is_done(import, &found, &message.key))
			continue;
		plain.n = 0;
		mbox_unquote(found.bytes, import->quoting, &plain);
		message.bytes = buf_view(&plain);
		message.flags = status_flags(message.bytes);
		rc = import_add(import, &message);
	}
	buf_done(&plain);
	return rc == EX_OK ? import_flush(import) : rc;
}

int import_mbox(struct import *import, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;
	void *bytes = MAP_FAILED;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = admin_fail(import->admin, EX_NOINPUT, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		rc = admin_fail(import->admin, EX_NOINPUT, "%s: not a file", path);
	} else if (st.st_size > 0 &&
		   (bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED) {
		rc = admin_fail(import->admin, EX_IOERR, "%s: %s", path, strerror(errno));
	} else {
		rc = import_mailbox(import, span_of(import->mailbox_name == NULL ? "INBOX" : import->mailbox_name));
		if (rc == EX_OK && st.st_size > 0)
			rc = read_messages(import, span_from(bytes, (size_t)st.st_size));
	}
	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return rc;
}

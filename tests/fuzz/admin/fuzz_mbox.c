/* mbox: whatever the file is, offsets go forward. Names of Maildir++ folders. */
#include "admin/maildir.h"
#include "admin/mbox.h"
#include "common/base/must.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span in = span_from(data, size);
	struct mbox_message message;
	struct buf plain = {0}, quoted = {0}, again = {0};
	uint64_t at = 0, before = 0;

	while (mbox_next(in, &at, &message)) {
		must(at > before && at <= size);
		before = at;
		plain.n = quoted.n = again.n = 0;
		mbox_unquote(message.bytes, MBOX_RD, &plain);
		mbox_quote(message.bytes, &quoted);
		mbox_unquote(buf_view(&quoted), MBOX_RD, &again);
		must(again.n <= message.bytes.n + 1);
	}
	again.n = 0;
	(void)maildir_folder_decode(in, &again);
	buf_done(&plain);
	buf_done(&quoted);
	buf_done(&again);
	return 0;
}

/* The framer: bytes that come in pieces are framed as those that come at once. The first byte of an input is the size
 * of a piece. */
#include "common/base/buf.h"
#include "common/base/must.h"
#include "imapd/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void play(struct span all, size_t piece, bool before_login, struct buf *said)
{
	struct imap_frame_limits limits = {.line_max = 300,
					   .append_max = 2000,
					   .literal_max = 200,
					   .stream_threshold = 1000,
					   .before_login = before_login};
	struct imap_frame frame;
	size_t at = 0, n = 0;

	imap_frame_init(&frame);
	for (;;) {
		enum imap_frame_result r = imap_frame_scan(&frame, &limits, span_sub(all, at, n - at));

		if (r == FRAME_MORE && n == all.n)
			return;
		if (r == FRAME_MORE) {
			n = all.n - n < piece ? all.n : n + piece;
			continue;
		}
		if (r == FRAME_LINE_TOO_LONG || r == FRAME_GARBAGE) { /* which is seen first depends on the pieces */
			buf_text(said, "dead");
			return;
		}
		buf_printf(said, "%d:%zu ", r, r == FRAME_CONTINUE ? 0 : frame.length);
		if (r == FRAME_STREAM) {
			imap_frame_streamed(&frame);
		} else if (r != FRAME_CONTINUE) {
			must(frame.length > 0 && frame.length <= n - at);
			must(imap_frame_trim(span_sub(all, at, frame.length)).n < frame.length);
			at += frame.length;
			imap_frame_init(&frame);
		}
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct buf whole = {0}, pieces = {0};

	if (size == 0)
		return 0;
	play(span_from(data + 1, size - 1), size, data[0] & 1, &whole);
	play(span_from(data + 1, size - 1), 1 + data[0] / 2, data[0] & 1, &pieces);
	must(span_equal(buf_view(&whole), buf_view(&pieces)));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}

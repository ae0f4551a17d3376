/* Framing: line by line with memchr(). A line that ends in "{n}" (where no quoted string is open) announces a literal,
 * whose bytes are skipped unseen; then the command's next line follows. Only a line that ends in '}' is looked at more
 * closely. */
#include "imapd/frame.h"

#include <string.h>

void imap_frame_init(struct imap_frame *frame)
{
	*frame = (struct imap_frame){.result = FRAME_MORE};
}

void imap_frame_streamed(struct imap_frame *frame)
{
	frame->result = FRAME_MORE;
	frame->seen = frame->line_at = frame->length;
}

struct span imap_frame_trim(struct span command)
{
	if (command.n > 0 && command.p[command.n - 1] == '\n')
		command.n--;
	if (command.n > 0 && command.p[command.n - 1] == '\r')
		command.n--;
	return command;
}

static bool has_open_quote(struct span line)
{
	bool open = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '"')
			open = !open;
		else if (open && line.p[i] == '\\')
			i++;
	}
	return open;
}

/* Does the line (without its end) end in a literal's announcement? at_r: where its '{' or '~' stands. A size beyond all
 * measure is INT64_MAX. */
static bool find_literal(struct span line, uint64_t *size_r, bool *is_sync_r, size_t *at_r)
{
	size_t end = line.n, at;

	if (end < 3 || line.p[end - 1] != '}')
		return false;
	end--;
	*is_sync_r = line.p[end - 1] != '+';
	if (!*is_sync_r)
		end--;
	for (at = end; at > 0 && ascii_is_digit(line.p[at - 1]); at--)
		;
	if (at == end || at == 0 || line.p[at - 1] != '{')
		return false;
	if (!span_to_u64(span_sub(line, at, end - at), INT64_MAX, size_r))
		*size_r = INT64_MAX;
	at--;
	if (at > 0 && line.p[at - 1] == '~')
		at--;
	if (at == 0 || (line.p[at - 1] != ' ' && line.p[at - 1] != '('))
		return false;
	*at_r = at;
	return !has_open_quote(span_sub(line, 0, at));
}

/* Looks at the first line, once, before its first literal: is this APPEND, and where do its arguments begin? */
static size_t learn_name(struct imap_frame *frame, struct span line)
{
	size_t tag = span_find_byte(line, ' ');
	struct span rest;

	frame->knows_name = true;
	if (tag == SIZE_MAX)
		return SIZE_MAX;
	rest = span_sub(line, tag + 1, SIZE_MAX);
	frame->is_append = span_starts_nocase(rest, SPAN("APPEND "));
	return frame->is_append ? tag + 1 + strlen("APPEND ") : SIZE_MAX;
}

static enum imap_frame_result final(struct imap_frame *frame, size_t length, enum imap_frame_result result)
{
	frame->length = length;
	frame->result = result;
	return result;
}

/* line ends (with its line end) at end, and announces a literal of frame->literal bytes at offset at. */
static enum imap_frame_result take_literal(struct imap_frame *frame, const struct imap_frame_limits *limits,
					   struct span line, size_t at, size_t end)
{
	bool is_message = frame->knows_name && frame->is_append;
	size_t max;

	if (!frame->knows_name) /* the mailbox of APPEND may be a literal too: that is no message */
		is_message = learn_name(frame, line) != at && frame->is_append;
	max = is_message ? limits->append_max : limits->literal_max;
	frame->seen = frame->line_at = end;
	if (is_message && frame->literal <= max && frame->literal >= limits->stream_threshold)
		return final(frame, end, FRAME_STREAM);
	if (frame->literal > max || frame->literals > max - frame->literal)
		return final(frame, end, frame->literal_is_sync ? FRAME_LITERAL_TOO_BIG : FRAME_LITERAL_PLUS_TOO_BIG);
	frame->literals += frame->literal;
	frame->skip = frame->literal;
	return frame->literal_is_sync ? FRAME_CONTINUE : FRAME_MORE;
}

/* Before login: bytes that no IMAP client sends. fresh: those of the line that were not seen before. */
static bool is_garbage(const struct imap_frame *frame, struct span fresh)
{
	if (frame->seen == 0 && fresh.n > 0 && (unsigned char)(fresh.p[0] - ' ') > 0x5e && fresh.p[0] != '\r' &&
	    fresh.p[0] != '\n')
		return true;
	return span_find_byte(fresh, '\0') != SIZE_MAX;
}

static void skip_literal(struct imap_frame *frame, size_t size)
{
	size_t there = size - frame->seen;
	size_t n = frame->skip < there ? (size_t)frame->skip : there;

	frame->skip -= n;
	frame->seen += n;
	frame->line_at = frame->seen;
}

enum imap_frame_result imap_frame_scan(struct imap_frame *frame, const struct imap_frame_limits *limits, struct span in)
{
	enum imap_frame_result r = FRAME_MORE;

	if (frame->result != FRAME_MORE)
		return frame->result;
	while (r == FRAME_MORE) {
		struct span fresh, line;
		size_t n, at;

		if (frame->skip > 0)
			skip_literal(frame, in.n);
		if (frame->seen == in.n)
			break;
		fresh = span_sub(in, frame->seen, SIZE_MAX);
		n = span_find_byte(fresh, '\n');
		if (n != SIZE_MAX)
			fresh.n = n + 1;
		if (limits->before_login && is_garbage(frame, fresh))
			return final(frame, 0, FRAME_GARBAGE);
		frame->seen += fresh.n;
		if (frame->lines + (frame->seen - frame->line_at) > limits->line_max)
			return final(frame, 0, FRAME_LINE_TOO_LONG);
		if (n == SIZE_MAX)
			break;
		frame->lines += frame->seen - frame->line_at;
		line = imap_frame_trim(span_sub(in, frame->line_at, frame->seen - frame->line_at));
		if (!find_literal(line, &frame->literal, &frame->literal_is_sync, &at))
			return final(frame, frame->seen, FRAME_COMMAND);
		r = take_literal(frame, limits, line, at, frame->seen);
	}
	return r;
}

/* RETR and TOP (RFC 1939, 5 and 7): the bytes of a message with every line ended by CRLF and dots stuffed, in constant
 * memory. A small message lies in the database in one piece and is written at once; a large one is read from its blob
 * while the client takes it. */
#include "pop3d/answer.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/store/content.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 65536 };

/* Where the writer stands in the message. */
struct stuffing {
	char last;        /* byte before; '\n' at the start of the message */
	uint64_t length;  /* of the line so far */
	bool is_any;      /* something was written */
	bool in_body;     /* TOP: the empty line has passed */
	bool is_limited;  /* TOP */
	uint64_t lines;   /* TOP: lines of the body still to come */
	bool is_complete; /* TOP: all lines wanted have been written */
};

struct retrieval {
	struct pop3_answer answer; /* first */
	struct stuffing stuffing;
	struct store_blob *blob;
	uint64_t at;
	uint32_t number;
};

/* TOP: a line has ended; was it the last one wanted? */
static void count_line(struct stuffing *s, bool is_empty)
{
	if (!s->in_body)
		s->in_body = is_empty;
	else if (s->lines > 0)
		s->lines--;
	s->is_complete = s->in_body && s->lines == 0;
}

/* Writes what of bytes goes out. Runs of untroubled lines are copied as one. */
static void write_stuffed(struct stuffing *s, struct span bytes, struct out *out)
{
	const char *from = bytes.p, *end = bytes.p + bytes.n, *at = from;
	bool starts_line = s->last == '\n';

	while (at < end && !s->is_complete) {
		const char *lf;
		char before;

		if (starts_line && *at == '.') {
			out_span(out, span_from(from, (size_t)(at - from)));
			out_byte(out, '.');
			from = at;
		}
		lf = memchr(at, '\n', (size_t)(end - at));
		starts_line = lf != NULL;
		if (lf == NULL) {
			s->length += (uint64_t)(end - at);
			break;
		}
		before = lf > bytes.p ? lf[-1] : s->last;
		if (before != '\r') {
			out_span(out, span_from(from, (size_t)(lf - from)));
			out_byte(out, '\r');
			from = lf;
		}
		if (s->is_limited)
			count_line(s, s->length + (uint64_t)(lf - at) == (before == '\r' ? 1 : 0));
		s->length = 0;
		at = lf + 1;
	}
	if (s->is_complete)
		end = at;
	out_span(out, span_from(from, (size_t)(end - from)));
	if (bytes.n > 0) {
		s->is_any = true;
		s->last = end[-1];
	}
}

static void write_end(const struct stuffing *s, struct out *out)
{
	out_text(out, s->is_any && s->last != '\n' ? "\r\n.\r\n" : ".\r\n");
}

/* RETR, not TOP. */
static void retrieved(struct pop3_session *session, uint32_t number, const struct stuffing *stuffing)
{
	if (session->pop3d->options.marks_seen && !stuffing->is_limited)
		pop3_maildrop_retrieved(session->maildrop, number);
}

static enum pop3_step step(struct pop3_answer *answer, struct pop3_session *session)
{
	struct retrieval *r = container_of(answer, struct retrieval, answer);
	struct out *out = &session->net.out;
	char piece[PIECE_BYTES];
	size_t got;

	while (!out_is_full(out)) {
		if (store_blob_read(r->blob, r->at, piece, sizeof piece, &got) != STORE_OK)
			return POP3_STEP_FAILED; /* a size was promised: there is no honest way on */
		if (got == 0 || r->stuffing.is_complete) {
			write_end(&r->stuffing, out);
			retrieved(session, r->number, &r->stuffing);
			return POP3_STEP_DONE;
		}
		write_stuffed(&r->stuffing, span_from(piece, got), out);
		r->at += got;
	}
	return POP3_STEP_MORE;
}

static void stop(struct pop3_answer *answer)
{
	struct retrieval *r = container_of(answer, struct retrieval, answer);

	store_blob_close(&r->blob);
	free(r);
}

/* --- a message in one piece --- */

struct piece {
	struct pop3_session *session;
	const struct pop3_message *message;
	struct stuffing stuffing;
	bool is_written;
};

static void promise(struct pop3_session *session, const struct pop3_message *message, bool is_limited)
{
	if (is_limited)
		pop3_ok(session, "The top of it follows");
	else
		pop3_ok(session, "%llu octets", (unsigned long long)message->octets);
}

static bool write_piece(void *arg, size_t index, const struct store_content *content)
{
	struct piece *piece = arg;
	struct out *out = &piece->session->net.out;

	(void)index;
	if (piece->is_written || content->is_missing || content->bytes.p == NULL)
		return true;
	promise(piece->session, piece->message, piece->stuffing.is_limited);
	write_stuffed(&piece->stuffing, content->bytes, out);
	write_end(&piece->stuffing, out);
	piece->is_written = true;
	return true;
}

static void begin(struct pop3_session *session, uint32_t number, const struct pop3_message *message,
		  const struct stuffing *stuffing)
{
	struct retrieval *r = alloc_zero(1, sizeof *r);

	*r = (struct retrieval){.answer = {.step = step, .stop = stop}, .stuffing = *stuffing, .number = number};
	if (store_blob_open(session->pop3d->service.store, message->blob, &r->blob) != STORE_OK) {
		pop3_err(session, "[SYS/TEMP] That message cannot be read");
		stop(&r->answer);
		return;
	}
	promise(session, message, stuffing->is_limited);
	session->answer = &r->answer;
}

static void send_message(struct pop3_session *session, uint32_t number, const struct stuffing *stuffing)
{
	struct pop3_message message;
	struct piece piece = {.session = session, .message = &message, .stuffing = *stuffing};

	pop3_maildrop_message(session->maildrop, number, &message);
	(void)store_content_each(session->pop3d->service.store, &message.blob, 1, STORE_CONTENT_BYTES, write_piece,
				 &piece);
	if (piece.is_written)
		retrieved(session, number, stuffing);
	else
		begin(session, number, &message, stuffing);
}

void pop3_retr_run(struct pop3_session *session, const struct pop3_command *command)
{
	const struct stuffing stuffing = {.last = '\n'};
	uint32_t number;

	if (!pop3_needs_identities(session) || (number = pop3_message_number(session, command->arguments[0])) == 0)
		return;
	send_message(session, number, &stuffing);
}

void pop3_top_run(struct pop3_session *session, const struct pop3_command *command)
{
	struct stuffing stuffing = {.last = '\n', .is_limited = true};
	uint32_t number;

	if (!span_to_u64(command->arguments[1], UINT32_MAX, &stuffing.lines)) {
		pop3_bad(session, "That is no number of lines");
		return;
	}
	if (pop3_needs_identities(session) && (number = pop3_message_number(session, command->arguments[0])) != 0)
		send_message(session, number, &stuffing);
}

/* An LMTP session from greeting to farewell. look() runs in the loop and only decides whether a worker is needed;
 * work() takes line after line, and in the modes DATA and CHUNK the bytes of the message as they come. */
#include "admin/lmtp/lmtp.h"
#include "common/base/must.h"

#include <stdarg.h>
#include <stdio.h>

enum { COMMANDS_IN_A_ROW = 64, PIECE_BYTES = 65536, ANSWER_MAX = 1024 };

static struct lmtp_session *session_of(struct net_session *net)
{
	return container_of(net, struct lmtp_session, net);
}

void lmtp_say(struct lmtp_session *session, const char *fmt, ...)
{
	char text[ANSWER_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	must(n >= 0 && (size_t)n < sizeof text); /* an address has at most LMTP_PATH_MAX bytes */
	out_span(&session->net.out, span_from(text, (size_t)n));
	out_text(&session->net.out, "\r\n");
	if (net_session_is_traced(&session->net))
		net_session_trace(&session->net, 'S', span_from(text, (size_t)n));
}

void lmtp_bad(struct lmtp_session *session, const char *text)
{
	session->bad_streak++;
	lmtp_say(session, "%s", text);
}

static enum net_next after_line(struct lmtp_session *session)
{
	if (session->state == LMTP_QUIT)
		return NET_CLOSE;
	if (session->bad_streak >= session->lmtp->bad_commands) {
		lmtp_say(session, "421 4.7.0 Too many bad commands");
		return NET_CLOSE;
	}
	return NET_WORK;
}

static enum net_next take_line(struct lmtp_session *session)
{
	struct span line;

	switch (net_line_take(&session->lines, &session->net, session->lmtp->line, &line)) {
	case NET_LINE_NONE:
		return NET_WAIT;
	case NET_LINE_TOO_LONG:
		lmtp_bad(session, "500 5.5.2 That line is too long");
		break;
	case NET_LINE_OK:
		lmtp_run_line(session, line);
		break;
	}
	return after_line(session);
}

static void use_up(struct lmtp_session *session, size_t n)
{
	session->lines.at += n;
	session->lines.seen = 0;
	session->scanned = 0;
}

static enum net_next take_data(struct lmtp_session *session)
{
	bool is_end;
	size_t used = lmtp_data_take(&session->data, net_lines_rest(&session->lines, &session->net),
				     &session->transaction->message, &is_end);

	use_up(session, used);
	if (!is_end)
		return NET_WAIT;
	session->mode = LMTP_MODE_COMMAND;
	lmtp_deliver(session);
	return NET_WORK;
}

static enum net_next take_chunk(struct lmtp_session *session)
{
	struct lmtp_chunk *chunk = &session->chunk;
	struct span rest = net_lines_rest(&session->lines, &session->net);

	rest = span_sub(rest, 0, chunk->left < rest.n ? (size_t)chunk->left : rest.n);
	if (chunk->refusal == NULL)
		delivery_message_write(&session->transaction->message, rest);
	use_up(session, rest.n);
	chunk->left -= rest.n;
	if (chunk->left > 0)
		return NET_WAIT;
	lmtp_chunk_end(session);
	return after_line(session);
}

static enum net_next advance(struct lmtp_session *session)
{
	if (out_is_full(&session->net.out))
		return NET_FLUSH;
	switch (session->mode) {
	case LMTP_MODE_COMMAND:
		return take_line(session);
	case LMTP_MODE_DATA:
		return take_data(session);
	case LMTP_MODE_CHUNK:
		return take_chunk(session);
	}
	return NET_ABORT;
}

static bool is_ready(struct lmtp_session *session)
{
	struct span in = buf_view(&session->net.in);

	switch (session->mode) {
	case LMTP_MODE_COMMAND:
		return net_line_is_there(&session->lines, &session->net, session->lmtp->line);
	case LMTP_MODE_DATA:
		return in.n >= PIECE_BYTES || lmtp_data_has_end(&session->data, in, &session->scanned);
	case LMTP_MODE_CHUNK:
		return in.n >= PIECE_BYTES || in.n >= session->chunk.left;
	}
	return true;
}

/* --- what common/net calls --- */

static enum net_next session_open(struct net_session *net)
{
	struct lmtp_session *session = session_of(net);

	if (session->lmtp != NULL) /* after STARTTLS: no second greeting */
		return NET_WAIT;
	session->lmtp = net_daemon_state(net->daemon);
	session->state = LMTP_CONNECTED;
	net_session_set_timeout(net, session->lmtp->timeout_ms);
	lmtp_say(session, "220 %s LMTP Trivet", session->lmtp->host);
	return NET_WAIT;
}

static enum net_next session_look(struct net_session *net)
{
	/* nobody logs in: so the time limit begins anew with whatever comes */
	net_session_set_timeout(net, session_of(net)->lmtp->timeout_ms);
	if (is_ready(session_of(net)))
		return NET_WORK;
	return net->input_closed ? NET_CLOSE : NET_WAIT;
}

static enum net_next session_work(struct net_session *net, unsigned why)
{
	struct lmtp_session *session = session_of(net);
	enum net_next next = NET_WORK;

	(void)why;
	for (unsigned i = 0; i < COMMANDS_IN_A_ROW && next == NET_WORK; i++)
		next = advance(session);
	net_lines_settle(&session->lines, net);
	net_session_set_timeout(net, session->lmtp->timeout_ms);
	return next == NET_WAIT && net->input_closed ? NET_CLOSE : next;
}

static enum net_next session_timed_out(struct net_session *net)
{
	lmtp_say(session_of(net), "421 4.4.2 Nothing was heard of you for too long");
	return NET_CLOSE;
}

static void session_farewell(struct net_session *net, const char *reason)
{
	lmtp_say(session_of(net), "421 4.3.2 %s", reason);
}

static void session_close(struct net_session *net)
{
	lmtp_transaction_end(session_of(net));
}

static void session_describe(const struct net_session *net, struct buf *out)
{
	const struct lmtp_session *session = container_of(net, const struct lmtp_session, net);

	if (session->transaction == NULL)
		buf_text(out, "no transaction");
	else
		buf_printf(out, "%zu recipients", session->transaction->count);
}

const struct net_protocol lmtp_protocol = {
	.name = "lmtp",
	.session_size = sizeof(struct lmtp_session),
	.open = session_open,
	.look = session_look,
	.work = session_work,
	.timed_out = session_timed_out,
	.farewell = session_farewell,
	.close = session_close,
	.describe = session_describe,
};

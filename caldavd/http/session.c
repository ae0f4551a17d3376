/* The connection's state machine. HEAD: bytes are gathered until a head is whole. DELAY: the service has asked for a
 * while (a failed log-in). BODY: it is gathered, or runs through. ANSWER: the head goes out with the first bytes of the
 * body, the rest as the client takes it; then it is HEAD again.
 *
 * Whatever is refused before its body has come ends the connection, unless the body is so small that it is cheaper to
 * read it away. LINGER: it ends when the client has had time to read why, since closing at once would reset it. */
#include "caldavd/http/session.h"
#include "caldavd/http/date.h"
#include "caldavd/http/encode.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REQUESTS_IN_A_ROW = 32,
	PIECE_BYTES = 32768, /* of an answer, before it is sent */
	LINGER_MS = 5000,
	LINGER_BYTES_MAX = 64 * 1024 * 1024,
	DISCARD_MAX = 65536,  /* of a body that nobody wants */
	COMPRESS_MIN = 1400,  /* a packet goes out anyway */
	BODY_PROGRESS = 4096, /* bytes of a body that must come within body_ms */
	TARGET_MAX = 8192,
};

static struct http_session *session_of(struct net_session *net)
{
	return container_of(net, struct http_session, net);
}

static void set_timer(struct http_session *session, unsigned ms)
{
	session->has_timer = ms != 0;
	net_session_set_timer(&session->net, ms);
}

/* --- one exchange --- */

static struct http_exchange *exchange_create(struct http_session *session)
{
	struct http_exchange *x = alloc_zero(1, sizeof *x);

	x->session = session;
	x->arena = arena_create();
	x->length = HTTP_LENGTH_UNKNOWN;
	return x;
}

static void exchange_destroy(struct http_session *session)
{
	struct http_exchange *x = session->exchange;

	session->exchange = NULL;
	if (x == NULL)
		return;
	if (x->generator != NULL)
		x->generator->stop(x->generator);
	session->service->end(x);
	http_encoder_destroy(&x->encoder);
	buf_done(&x->head_bytes);
	buf_done(&x->body);
	buf_done(&x->fields);
	buf_done(&x->answer);
	arena_destroy(&x->arena);
	free(x);
}

/* --- the head --- */

static void refuse(struct http_exchange *x, unsigned status, const char *reason)
{
	x->must_close = true;
	x->fields.n = 0; /* there may be an answer already, whose body is still read away */
	http_answer_text(x, status, "%s", reason);
}

static void trace_head(const struct http_exchange *x)
{
	struct net_session *net = &x->session->net;
	struct buf line = {0};

	if (!net_session_is_traced(net))
		return;
	buf_span(&line, x->head.method);
	buf_byte(&line, ' ');
	buf_span(&line, x->head.target);
	for (size_t i = 0; i < x->head.field_count; i++) {
		bool is_secret = span_is_nocase(x->head.fields[i].name, "Authorization") ||
				 span_is_nocase(x->head.fields[i].name, "Proxy-Authorization") ||
				 span_is_nocase(x->head.fields[i].name, "Cookie");

		buf_text(&line, " | ");
		buf_span(&line, x->head.fields[i].name);
		buf_text(&line, ": ");
		buf_span(&line, is_secret ? SPAN("…") : x->head.fields[i].value);
	}
	net_session_trace(net, 'C', buf_view(&line));
	buf_done(&line);
}

static void begin_body(struct http_session *session)
{
	struct http_exchange *x = session->exchange;

	session->chunks = (struct http_chunks){0};
	session->body_left = x->head.length;
	session->body_got = session->body_mark = 0;
	session->mode = x->head.body == HTTP_BODY_NONE ? HTTP_MODE_ANSWER : HTTP_MODE_BODY;
	if (session->mode == HTTP_MODE_BODY)
		set_timer(session, session->service->body_ms);
}

/* After begin() or resume(). */
static void begun(struct http_session *session)
{
	struct http_exchange *x = session->exchange;
	bool has_body = x->head.body != HTTP_BODY_NONE && !(x->head.body == HTTP_BODY_LENGTH && x->head.length == 0);

	if (x->status == 0 && x->head.body == HTTP_BODY_LENGTH && x->head.length > x->body_max) {
		x->must_close = true;
		http_answer_text(x, 413, "The body is too large: at most %llu bytes are taken here",
				 (unsigned long long)x->body_max);
	}
	if (x->status != 0 && has_body) {
		x->is_discarding =
			x->head.body == HTTP_BODY_LENGTH && x->head.length <= DISCARD_MAX && !x->head.expects_continue;
		x->is_refused_early = !x->is_discarding;
		x->must_close |= x->is_refused_early;
	}
	if (x->status != 0 && !x->is_discarding) {
		session->mode = HTTP_MODE_ANSWER;
		return;
	}
	begin_body(session);
	if (session->mode == HTTP_MODE_BODY && x->head.expects_continue && session->net.in.n == 0 && has_body)
		out_text(&session->net.out, "HTTP/1.1 100 Continue\r\n\r\n");
	if (session->mode == HTTP_MODE_ANSWER && x->status == 0)
		session->service->run(x);
}

static enum net_next take_head(struct http_session *session)
{
	struct net_session *net = &session->net;
	size_t length = http_head_length(buf_view(&net->in), &session->scanned);
	enum http_begin begin = HTTP_BEGIN_NOW;
	struct http_exchange *x;
	const char *reason;
	unsigned status;

	if (length == 0 && net->in.n <= session->service->head_max) {
		if (net->in.n > 0 && !session->has_timer)
			set_timer(session, session->service->head_ms);
		return NET_WAIT;
	}
	set_timer(session, 0);
	session->scanned = 0;
	session->exchange = x = exchange_create(session);
	session->mode = HTTP_MODE_ANSWER;
	if (length == 0 || length > session->service->head_max) {
		refuse(x, 431, "The head is too large");
		return NET_WORK;
	}
	buf_bytes(&x->head_bytes, net->in.p, length);
	buf_consume(&net->in, length);
	status = http_head_parse(buf_view(&x->head_bytes), x->arena, &x->head, &reason);
	if (status == 0 && x->head.target.n > TARGET_MAX) {
		status = 414;
		reason = "The address is too long";
	}
	if (status != 0) {
		refuse(x, status, reason);
		return NET_WORK;
	}
	if (!http_target_parse(x->head.target, x->arena, &x->target))
		http_answer_text(x, 400, "The address is malformed");
	else
		begin = session->service->begin(x);
	trace_head(x); /* not before: begin() takes secrets out of the address */
	if (begin == HTTP_BEGIN_LATER) {
		session->mode = HTTP_MODE_DELAY;
		return NET_WAIT;
	}
	begun(session);
	return NET_WORK;
}

/* --- the body --- */

static bool keep(struct http_exchange *x, struct span bytes)
{
	if (x->is_discarding)
		return true;
	if (x->sink != NULL)
		return x->sink->take(x->sink, bytes);
	buf_span(&x->body, bytes);
	return true;
}

static void body_fails(struct http_session *session, unsigned status, const char *reason)
{
	refuse(session->exchange, status, reason);
	session->exchange->is_refused_early = true;
	session->mode = HTTP_MODE_ANSWER;
	set_timer(session, 0);
}

static void body_is_there(struct http_session *session)
{
	set_timer(session, 0);
	session->mode = HTTP_MODE_ANSWER;
	if (session->exchange->status == 0)
		session->service->run(session->exchange);
}

static enum net_next take_length(struct http_session *session)
{
	struct net_session *net = &session->net;
	size_t n = net->in.n < session->body_left ? net->in.n : (size_t)session->body_left;

	if (!keep(session->exchange, span_from(net->in.p, n))) {
		body_fails(session, 507, "The body cannot be kept");
		return NET_WORK;
	}
	buf_consume(&net->in, n);
	session->body_left -= n;
	session->body_got += n;
	if (session->body_left > 0)
		return NET_WAIT;
	body_is_there(session);
	return NET_WORK;
}

static enum net_next take_chunks(struct http_session *session)
{
	struct net_session *net = &session->net;
	struct http_exchange *x = session->exchange;
	struct buf piece = {0};
	size_t used = 0, max;
	unsigned status;
	bool ok;

	/* the limit holds for the whole body, whatever has been passed on already */
	max = x->body_max - session->body_got > SIZE_MAX ? SIZE_MAX : (size_t)(x->body_max - session->body_got);
	status = http_chunks_take(&session->chunks, buf_view(&net->in), &piece, max, &used);
	session->body_got += piece.n;
	ok = keep(x, buf_view(&piece));
	buf_done(&piece);
	buf_consume(&net->in, used);
	if (status != 0 || !ok) {
		body_fails(session, !ok ? 507 : status,
			   !ok             ? "The body cannot be kept"
			   : status == 413 ? "The body is too large"
					   : "A chunk is malformed");
		return NET_WORK;
	}
	if (session->chunks.state != HTTP_CHUNK_DONE)
		return NET_WAIT;
	body_is_there(session);
	return NET_WORK;
}

static enum net_next take_body(struct http_session *session)
{
	return session->exchange->head.body == HTTP_BODY_CHUNKED ? take_chunks(session) : take_length(session);
}

/* --- the answer --- */

static bool has_no_body(const struct http_exchange *x)
{
	return x->status == 204 || x->status == 304 || x->status < 200;
}

static bool is_head(const struct http_exchange *x)
{
	return span_is(x->head.method, "HEAD");
}

/* is_whole: all of the body is in x->answer. */
static void choose_coding(struct http_exchange *x, bool is_whole)
{
	if (!x->may_compress || !x->session->service->compresses || has_no_body(x) || is_head(x) ||
	    x->length != HTTP_LENGTH_UNKNOWN)
		return;
	http_field_span(x, "Vary", SPAN("Accept-Encoding"));
	if (!is_whole || x->answer.n >= COMPRESS_MIN)
		x->encoder = http_encoder_create(http_request_field(x, "Accept-Encoding"));
	if (x->encoder != NULL)
		http_field_span(x, "Content-Encoding", span_of(http_encoder_name(x->encoder)));
}

/* A body that is there whole is encoded before its length is told. */
static bool encode_whole(struct http_exchange *x)
{
	struct buf encoded = {0};
	bool ok;

	if (x->encoder == NULL)
		return true;
	ok = http_encode(x->encoder, buf_view(&x->answer), true, &encoded);
	buf_done(&x->answer);
	x->answer = encoded;
	http_encoder_destroy(&x->encoder);
	return ok;
}

static bool is_chunked(const struct http_exchange *x)
{
	return x->length == HTTP_LENGTH_UNKNOWN && x->head.minor > 0;
}

static bool write_head(struct http_session *session, bool is_whole)
{
	struct http_exchange *x = session->exchange;
	struct out *out = &session->net.out;

	choose_coding(x, is_whole);
	if (is_whole) {
		if (!encode_whole(x))
			return false;
		if (x->length == HTTP_LENGTH_UNKNOWN)
			x->length = x->answer.n;
	}
	if (x->length == HTTP_LENGTH_UNKNOWN && x->head.minor == 0)
		x->must_close = true;
	x->must_close |= !x->head.keep_alive;
	out_printf(out, "HTTP/1.1 %u %s\r\n", x->status, http_reason(x->status));
	out_text(out, "Date: ");
	http_date_write(clock_now(), &out->bytes);
	out_text(out, "\r\n");
	out_span(out, buf_view(&x->fields));
	if (!has_no_body(x)) {
		if (is_chunked(x))
			out_text(out, "Transfer-Encoding: chunked\r\n");
		else if (x->length != HTTP_LENGTH_UNKNOWN)
			out_printf(out, "Content-Length: %llu\r\n", (unsigned long long)x->length);
	}
	if (x->must_close)
		out_text(out, "Connection: close\r\n");
	else if (x->head.minor == 0)
		out_text(out, "Connection: keep-alive\r\n");
	out_text(out, "\r\n");
	x->is_head_sent = true;
	return true;
}

static bool write_piece(struct http_session *session, bool is_last)
{
	struct http_exchange *x = session->exchange;
	struct out *out = &session->net.out;
	struct buf encoded = {0};
	struct span bytes = buf_view(&x->answer);

	if (x->encoder != NULL) {
		if (!http_encode(x->encoder, bytes, is_last, &encoded))
			return false;
		bytes = buf_view(&encoded);
	}
	if (!is_chunked(x)) {
		out_span(out, bytes);
	} else if (bytes.n > 0) {
		out_printf(out, "%zx\r\n", bytes.n);
		out_span(out, bytes);
		out_text(out, "\r\n");
	}
	if (is_chunked(x) && is_last)
		out_text(out, "0\r\n\r\n");
	x->sent += bytes.n;
	x->answer.n = 0;
	buf_done(&encoded);
	return x->length == HTTP_LENGTH_UNKNOWN || (is_last ? x->sent == x->length : x->sent <= x->length);
}

static void log_access(const struct http_session *session, const struct http_exchange *x)
{
	struct log_about about = net_session_about(&session->net);
	/* nobody has looked at the target of a malformed head: it may be a secret one */
	struct span target = x->target.segments != NULL || x->target.is_asterisk ? x->head.target : SPAN("-");

	if (net_session_is_traced(&session->net)) {
		char text[64];
		int n = snprintf(text, sizeof text, "%u %s", x->status, http_reason(x->status));

		net_session_trace((struct net_session *)&session->net, 'S', span_from(text, (size_t)n));
	}
	if (!session->service->logs_access)
		return;
	about.user = x->log_user;
	if (x->log_remote != NULL)
		about.remote = x->log_remote;
	target = span_sub(target, 0, 1000);
	log_info(&about, "%.*s %.*s %u %llu", (int)(x->head.method.n < 32 ? x->head.method.n : 32), x->head.method.p,
		 (int)target.n, target.p, x->status, (unsigned long long)x->sent);
}

static enum net_next answer_is_out(struct http_session *session)
{
	bool must_close = session->exchange->must_close, lingers = session->exchange->is_refused_early;

	log_access(session, session->exchange);
	exchange_destroy(session);
	session->mode = HTTP_MODE_HEAD;
	if (!must_close)
		return NET_WORK;
	if (!lingers)
		return NET_CLOSE;
	session->mode = HTTP_MODE_LINGER;
	session->body_got = 0;
	set_timer(session, LINGER_MS);
	return NET_WORK;
}

/* Loop or worker: drops what comes. */
static enum net_next linger(struct http_session *session)
{
	struct net_session *net = &session->net;

	session->body_got += net->in.n;
	net->in.n = 0;
	return net->input_closed || session->body_got > LINGER_BYTES_MAX ? NET_CLOSE : NET_WAIT;
}

/* Fills x->answer from the generator. False: it failed. */
static bool generate(struct http_exchange *x)
{
	while (x->generator != NULL && x->answer.n < PIECE_BYTES) {
		enum http_step step = x->generator->step(x->generator, &x->answer);

		if (step == HTTP_STEP_MORE)
			continue;
		x->generator->stop(x->generator);
		x->generator = NULL;
		if (step == HTTP_STEP_FAILED)
			return false;
	}
	return true;
}

static void fail(struct http_exchange *x)
{
	x->fields.n = 0;
	x->length = HTTP_LENGTH_UNKNOWN;
	http_answer_text(x, 500, "The server has a fault; it was logged");
}

static enum net_next answer(struct http_session *session)
{
	struct http_exchange *x = session->exchange;

	must(x->status != 0);
	for (;;) {
		bool is_last;

		if (is_head(x) && x->generator != NULL) { /* what it would write, nobody wants to see */
			x->generator->stop(x->generator);
			x->generator = NULL;
			return write_head(session, false) ? answer_is_out(session) : NET_ABORT;
		}
		if (!generate(x)) {
			if (x->is_head_sent)
				return NET_ABORT;
			fail(x);
		}
		is_last = x->generator == NULL;
		if (!x->is_head_sent && !write_head(session, is_last))
			return NET_ABORT;
		if (has_no_body(x) || is_head(x))
			return answer_is_out(session);
		if (!write_piece(session, is_last))
			return NET_ABORT;
		if (is_last)
			return answer_is_out(session);
		if (out_is_full(&session->net.out))
			return NET_FLUSH;
	}
}

/* --- what common/net calls --- */

enum net_next http_session_open(struct http_session *session, const struct http_service *service)
{
	session->service = service;
	session->mode = HTTP_MODE_HEAD;
	return NET_WAIT;
}

enum net_next http_session_look(struct net_session *net)
{
	struct http_session *session = session_of(net);

	switch (session->mode) {
	case HTTP_MODE_HEAD:
		if (net->in.n > session->service->head_max ||
		    http_head_length(buf_view(&net->in), &session->scanned) != 0)
			return NET_WORK;
		if (net->in.n > 0 && !session->has_timer)
			set_timer(session, session->service->head_ms);
		break;
	case HTTP_MODE_BODY:
		if (net->in.n > 0)
			return NET_WORK;
		break;
	case HTTP_MODE_DELAY: /* nothing is taken meanwhile: it would pile up */
		if (net->in.n > session->service->head_max + DISCARD_MAX)
			return NET_CLOSE;
		break;
	case HTTP_MODE_ANSWER:
		return NET_WORK;
	case HTTP_MODE_LINGER:
		return linger(session);
	}
	return net->input_closed ? NET_CLOSE : NET_WAIT;
}

/* A head or a body that does not come on; or the service's own time. */
static void time_is_up(struct http_session *session)
{
	if (!session->has_timer && session->mode != HTTP_MODE_DELAY)
		return; /* it was called off meanwhile */
	switch (session->mode) {
	case HTTP_MODE_HEAD:
		session->exchange = exchange_create(session);
		session->mode = HTTP_MODE_ANSWER;
		refuse(session->exchange, 408, "The request took too long");
		set_timer(session, 0);
		break;
	case HTTP_MODE_BODY:
		if (session->body_got - session->body_mark < BODY_PROGRESS) {
			body_fails(session, 408, "The body took too long");
			break;
		}
		session->body_mark = session->body_got;
		set_timer(session, session->service->body_ms);
		break;
	case HTTP_MODE_DELAY:
		session->service->resume(session->exchange);
		begun(session);
		break;
	case HTTP_MODE_ANSWER:
		break;
	case HTTP_MODE_LINGER:
		session->body_got = LINGER_BYTES_MAX + 1;
		break;
	}
}

static enum net_next advance(struct http_session *session)
{
	switch (session->mode) {
	case HTTP_MODE_HEAD:
		return take_head(session);
	case HTTP_MODE_DELAY:
		return NET_WAIT;
	case HTTP_MODE_BODY:
		return take_body(session);
	case HTTP_MODE_ANSWER:
		return answer(session);
	case HTTP_MODE_LINGER:
		return linger(session);
	}
	return NET_ABORT;
}

enum net_next http_session_work(struct net_session *net, unsigned why)
{
	struct http_session *session = session_of(net);
	enum net_next next = NET_WORK;

	if (why & NET_WHY_TIMER)
		time_is_up(session);
	for (unsigned i = 0; i < 2 * REQUESTS_IN_A_ROW && next == NET_WORK; i++) {
		if (session->mode == HTTP_MODE_HEAD && out_is_full(&net->out))
			return NET_FLUSH;
		next = advance(session);
	}
	if (next == NET_WAIT && net->input_closed && session->mode != HTTP_MODE_DELAY)
		return NET_CLOSE;
	return next;
}

enum net_next http_session_timed_out(struct net_session *net)
{
	(void)net; /* between requests there is nothing to say */
	return NET_CLOSE;
}

void http_session_farewell(struct net_session *net, const char *reason)
{
	(void)net;
	(void)reason;
}

void http_session_close(struct http_session *session)
{
	exchange_destroy(session);
}

void http_session_describe(const struct net_session *net, struct buf *out)
{
	const struct http_session *session = container_of(net, const struct http_session, net);
	const struct http_exchange *x = session->exchange;

	if (x == NULL || x->head.method.p == NULL) {
		buf_text(out, "between requests");
		return;
	}
	buf_span(out, span_sub(x->head.method, 0, 32));
	buf_byte(out, ' ');
	buf_span(out, span_sub(x->head.target, 0, 200));
}

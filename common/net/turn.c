/* A session's turn: what happened to it is looked at, the protocol is called, output is sent, and the session is let go
 * (see the top of net_private.h). The loop reads and looks; whatever may block goes to a worker, who then goes on by
 * himself as long as there is something to do. */
#include "common/net/net_private.h"
#include "common/base/clock.h"

#include <openssl/err.h>

enum {
	STEPS_IN_A_ROW = 16, /* then others get their turn */
	CLOSING_MS = 60000,
};

/* Where the turn is taken. */
enum place { IN_LOOP, ON_WORKER };

/* What a step came to. */
enum step {
	STEP_ON,   /* look again */
	STEP_REST, /* nothing to do until something happens */
	STEP_AWAY, /* handed to somebody else, or gone: hands off */
};

static void run_turn(struct net_transport *transport, enum place place);

static enum step to_worker(struct net_transport *transport, unsigned why)
{
	transport->why |= why;
	workers_push(transport->loop->daemon, transport);
	return STEP_AWAY;
}

/* The connection is over: the protocol releases its things on a worker, then the loop frees the rest. */
static enum step end(struct net_transport *transport, enum place place)
{
	transport->is_broken = true;
	if (place == IN_LOOP)
		return to_worker(transport, 0);
	if (transport->phase == PHASE_CLOSING && transport_waiting(transport) == 0)
		transport_finish(transport);
	transport->phase = PHASE_DEAD;
	if (transport->is_opened)
		transport->protocol->close(transport->session);
	loop_bury(transport->loop, transport);
	return STEP_AWAY;
}

static void start_closing(struct net_transport *transport)
{
	transport->phase = PHASE_CLOSING;
	atomic_store(&transport->timer_at, 0);
	atomic_store(&transport->timeout_ms, CLOSING_MS);
	transport_limit(transport);
}

static enum step after_next(struct net_transport *transport, enum net_next next)
{
	transport->next = next;
	switch (next) {
	case NET_CLOSE:
		start_closing(transport);
		break;
	case NET_ABORT:
		transport->is_broken = true;
		break;
	case NET_WAIT:
	case NET_WORK:
	case NET_FLUSH:
		break;
	}
	return STEP_ON;
}

static void say_farewell(struct net_transport *transport, const char *reason)
{
	transport->protocol->farewell(transport->session, reason);
	start_closing(transport);
}

static enum step open_session(struct net_transport *transport)
{
	enum net_next next;

	transport->phase = PHASE_OPEN;
	transport->is_opened = true;
	next = transport->protocol->open(transport->session);
	if (!transport->is_refused)
		return after_next(transport, next);
	transport->session->out.bytes.n = 0; /* no greeting: the farewell is all there is */
	say_farewell(transport, "Too many connections");
	return STEP_ON;
}

/* What comes first where no PROXY header is due, and behind it where one is. */
static enum step begin(struct net_transport *transport)
{
	transport->phase = PHASE_HANDSHAKE;
	return transport->handshake_is_first ? STEP_ON : open_session(transport);
}

static enum step proxy_header(struct net_transport *transport)
{
	if (transport->is_drained)
		return STEP_REST;
	switch (admit_behind_proxy(transport)) {
	case PARSE_OK:
		return begin(transport);
	case PARSE_MORE:
		return STEP_REST;
	case PARSE_BAD:
		break;
	}
	return STEP_ON;
}

static void log_handshake(const struct net_transport *transport)
{
	struct log_about about = net_session_about(transport->session);
	unsigned long error = ERR_peek_error();
	const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);

	log_debug(&about, "no TLS: %s", reason == NULL ? "the connection broke" : reason);
}

static enum step handshake(struct net_transport *transport, enum place place)
{
	int rc;

	if (place == IN_LOOP) /* it takes a millisecond of arithmetic */
		return to_worker(transport, 0);
	rc = SSL_accept(transport->ssl);
	if (rc != 1) {
		int error = SSL_get_error(transport->ssl, rc);

		if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
			return STEP_REST;
		log_handshake(transport);
		ERR_clear_error();
		return end(transport, place);
	}
	transport->phase = PHASE_OPEN;
	transport->session->is_tls = transport->session->is_trusted = true;
	transport->is_drained = false;
	if (!transport->handshake_is_first)
		return STEP_ON;
	return open_session(transport);
}

/* STARTTLS and COMPRESS begin when the answer that announces them is out. */
static enum step change_layers(struct net_transport *transport)
{
	struct net_session *session = transport->session;

	if (transport->wants_tls) {
		transport->wants_tls = false;
		buf_done(&session->in); /* what came in the clear is not believed */
		if (!tls_start(transport)) {
			transport->is_broken = true;
			return STEP_ON;
		}
		transport->phase = PHASE_HANDSHAKE;
	} else {
		transport->wants_deflate = false;
		transport->deflate = deflate_create();
		transport->is_drained = false;
	}
	return STEP_ON;
}

static void time_is_up(struct net_transport *transport)
{
	enum net_next next;

	if (transport->phase == PHASE_PROXY) {
		struct log_about about = net_session_about(transport->session);

		log_warning(&about, "closed: no PROXY header has come in time");
	}
	if (transport->phase != PHASE_OPEN || transport->next == NET_FLUSH) {
		transport->is_broken = true; /* a client that does not even read */
		return;
	}
	transport_limit(transport);
	if (transport->next != NET_WAIT) /* it was heard of: its commands wait for a worker */
		return;
	next = transport->protocol->timed_out(transport->session);
	(void)after_next(transport, next);
}

/* Time limits, the end of the daemon, an administrator. */
static void outside_events(struct net_transport *transport, unsigned bits)
{
	const char *reason = (bits & TURN_KICK) ? "An administrator ended this session" : NULL;

	if (bits & TURN_STOP)
		transport->is_stopping = true;
	if (reason == NULL && transport->is_stopping)
		reason = "The server is shutting down";
	if (reason != NULL && transport->phase == PHASE_OPEN && transport->next != NET_FLUSH)
		say_farewell(transport, reason);
	else if ((transport->phase == PHASE_HANDSHAKE || transport->phase == PHASE_PROXY) && reason != NULL)
		transport->is_broken = true;
	else if (transport->phase == PHASE_OPEN && (bits & TURN_KICK))
		transport->is_broken = true; /* a farewell must not stand in the middle of an answer */
	if ((bits & TURN_TIMEOUT) && clock_uptime_ms() >= atomic_load(&transport->deadline))
		time_is_up(transport);
}

static enum step work(struct net_transport *transport, enum place place, unsigned why)
{
	enum net_next next;

	if (place == IN_LOOP)
		return to_worker(transport, why);
	why |= transport->why;
	transport->why = 0;
	next = transport->protocol->work(transport->session, why);
	if (atomic_load(&transport->state) & TURN_TIMEOUT) /* our work was slow, not the client */
		transport_touch(transport);
	return after_next(transport, next);
}

static enum step read_and_look(struct net_transport *transport)
{
	struct net_session *session = transport->session;

	if (transport->is_drained && !transport->is_eof && !transport_has_more(transport))
		return STEP_REST;
	if (!transport_read(transport)) {
		if (transport->is_broken)
			return STEP_ON;
		return STEP_REST;
	}
	if (transport->is_eof) {
		session->input_closed = true;
		if (session->in.n == 0)
			return STEP_REST;
	}
	return after_next(transport, transport->protocol->look(session));
}

/* At the end of the input: what the client said before is still answered, also where a timer delays that; then it is
 * over. */
static enum step at_rest(struct net_transport *transport)
{
	bool is_delayed = transport->session->in.n > 0 && atomic_load(&transport->timer_at) != 0;

	if (transport->is_eof && transport_waiting(transport) == 0 && !is_delayed) {
		transport->is_broken = true;
		return STEP_ON;
	}
	return STEP_REST;
}

static enum step one_step(struct net_transport *transport, enum place place)
{
	unsigned bits = atomic_fetch_and(&transport->state, ~(unsigned)TURN_EVENTS) & TURN_EVENTS;
	size_t waiting;

	if (bits & TURN_READABLE)
		transport->is_drained = false;
	if (bits & TURN_HANGUP)
		transport->is_hanging_up = true;
	if (transport->is_broken)
		return end(transport, place);
	if (bits & (TURN_STOP | TURN_TIMEOUT | TURN_KICK) || transport->is_stopping) {
		outside_events(transport, bits);
		if (transport->is_broken)
			return STEP_ON;
	}
	if (bits & TURN_WAKE)
		transport->why |= NET_WHY_WAKE;
	if (bits & TURN_TIMER)
		transport->why |= NET_WHY_TIMER;
	if (transport->phase == PHASE_HANDSHAKE)
		return handshake(transport, place);
	if (transport->phase == PHASE_PROXY)
		return proxy_header(transport);
	if (!transport_flush(transport)) {
		transport->is_broken = true;
		return STEP_ON;
	}
	waiting = transport_waiting(transport);
	if (transport->phase == PHASE_CLOSING) {
		if (waiting > 0)
			return STEP_REST;
		transport->is_broken = true;
		return STEP_ON;
	}
	if (transport->wants_tls || transport->wants_deflate)
		return waiting > 0 ? STEP_REST : change_layers(transport);
	if (waiting > OUT_LOW_WATER) /* a client that does not read gets nothing more to read, and is not listened to */
		return STEP_REST;
	if (transport->next == NET_FLUSH)
		return work(transport, place, NET_WHY_FLUSHED);
	if (transport->next == NET_WORK)
		return work(transport, place, transport->why == 0 ? NET_WHY_AGAIN | NET_WHY_INPUT : NET_WHY_INPUT);
	if (transport->why & (NET_WHY_WAKE | NET_WHY_TIMER))
		return work(transport, place, 0);
	return read_and_look(transport);
}

static bool let_go(struct net_transport *transport)
{
	unsigned owned = TURN_OWNED;

	return atomic_compare_exchange_strong(&transport->state, &owned, 0);
}

static void save_memory(struct net_transport *transport)
{
	struct net_session *session = transport->session;

	if (session->in.n == 0)
		buf_done(&session->in);
	if (out_waiting(&session->out) == 0) {
		buf_done(&session->out.bytes);
		session->out.sent = 0;
	}
}

static void run_turn(struct net_transport *transport, enum place place)
{
	for (unsigned steps = 0;; steps++) {
		enum step step = one_step(transport, place);

		if (step == STEP_REST)
			step = at_rest(transport);
		if (step == STEP_AWAY)
			return;
		if (step == STEP_ON) {
			if (steps < STEPS_IN_A_ROW || transport->is_broken)
				continue;
			(void)to_worker(transport, 0);
			return;
		}
		save_memory(transport);
		if (let_go(transport))
			return; /* it is somebody else's now: hands off */
	}
}

void turn_on_worker(struct net_transport *transport)
{
	run_turn(transport, ON_WORKER);
}

void turn_begin_in_loop(struct net_transport *transport)
{
	if (transport->phase != PHASE_PROXY)
		(void)begin(transport);
	run_turn(transport, IN_LOOP);
}

static bool post(struct net_transport *transport, unsigned bits)
{
	return (atomic_fetch_or(&transport->state, bits | TURN_OWNED) & TURN_OWNED) == 0;
}

void turn_post_in_loop(struct net_transport *transport, unsigned bits)
{
	if (post(transport, bits))
		run_turn(transport, IN_LOOP);
}

void turn_post(struct net_transport *transport, unsigned bits)
{
	if (post(transport, bits))
		workers_push(transport->loop->daemon, transport);
}

bool turn_try_own(struct net_transport *transport)
{
	unsigned idle = 0;

	return atomic_compare_exchange_strong(&transport->state, &idle, TURN_OWNED);
}

void turn_let_go(struct net_transport *transport)
{
	if (!let_go(transport))
		workers_push(transport->loop->daemon, transport);
}

/* A POP3 session from greeting to farewell (RFC 1939, 3). look() runs in the loop and only decides whether a worker is
 * needed; work() takes line after line: a command, or in AUTH mode an answer of a SASL exchange. A long answer leaves a
 * struct pop3_answer behind, which is stepped until it is done before the next line is looked at. */
#include "pop3d/answer.h"
#include "pop3d/command.h"
#include "pop3d/maildrop.h"
#include "common/base/must.h"

#include <stdarg.h>
#include <string.h>

enum { COMMANDS_IN_A_ROW = 64, DELAY_INPUT_MAX = 131072 };

static struct pop3_session *session_of(struct net_session *net)
{
	return container_of(net, struct pop3_session, net);
}

static void say(struct pop3_session *session, const char *status, const char *fmt, va_list args)
{
	char text[256];
	int n = vsnprintf(text, sizeof text, fmt, args);

	must(n >= 0 && (size_t)n < sizeof text); /* our own words and numbers */
	out_text(&session->net.out, status);
	out_span(&session->net.out, span_from(text, (size_t)n));
	out_text(&session->net.out, "\r\n");
	if (net_session_is_traced(&session->net))
		net_session_trace(&session->net, 'S', span_from(text, (size_t)n));
}

void pop3_ok(struct pop3_session *session, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(session, "+OK ", fmt, args);
	va_end(args);
}

void pop3_err(struct pop3_session *session, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(session, "-ERR ", fmt, args);
	va_end(args);
}

void pop3_bad(struct pop3_session *session, const char *text)
{
	session->bad_streak++;
	pop3_err(session, "%s", text);
}

/* --- one line --- */

static void trace_line(struct pop3_session *session, struct span line, const struct pop3_command_row *row)
{
	if (!net_session_is_traced(&session->net))
		return;
	net_session_trace(&session->net, 'C', row != NULL && row->has_secrets ? span_of(row->name) : line);
}

static void run_line(struct pop3_session *session, struct span line)
{
	size_t end = span_find_byte(line, ' ');
	const struct pop3_command_row *row = pop3_command_find(span_sub(line, 0, end));
	struct span rest = end == SIZE_MAX ? (struct span){0} : span_sub(line, end + 1, SIZE_MAX);
	struct pop3_command command;
	unsigned bad_before = session->bad_streak;

	trace_line(session, line, row);
	if (row == NULL)
		pop3_bad(session, "Unknown command");
	else if (!(row->states & session->state))
		pop3_bad(session, session->state == POP3_AUTHORIZATION ? "Log in first" : "You are logged in already");
	else if (!pop3_arguments_parse(row, rest, &command))
		pop3_bad(session, "Wrong number of arguments");
	else
		row->run(session, &command);
	if (session->bad_streak == bad_before)
		session->bad_streak = 0;
	if (row != NULL && row->has_secrets && line.n > 0)
		explicit_bzero((char *)line.p, line.n); /* ours: it stands in net.in */
}

static enum net_next after_line(struct pop3_session *session)
{
	if (session->state == POP3_UPDATE)
		return NET_CLOSE;
	if (session->bad_streak >= session->pop3d->options.bad_commands) {
		pop3_err(session, "Too many bad commands");
		return NET_CLOSE;
	}
	return session->mode == POP3_MODE_DELAY ? NET_WAIT : NET_WORK;
}

static enum net_next take_line(struct pop3_session *session)
{
	struct span line;

	switch (net_line_take(&session->lines, &session->net, session->pop3d->options.line, &line)) {
	case NET_LINE_NONE:
		return NET_WAIT;
	case NET_LINE_TOO_LONG:
		if (session->mode == POP3_MODE_AUTH) {
			login_done(&session->login);
			session->mode = POP3_MODE_COMMAND;
		}
		pop3_bad(session, "That line is too long");
		return after_line(session);
	case NET_LINE_OK:
		break;
	}
	if (session->mode == POP3_MODE_AUTH) {
		pop3_login_line(session, line);
		if (line.n > 0)
			explicit_bzero((char *)line.p, line.n); /* ours */
	} else {
		run_line(session, line);
	}
	return after_line(session);
}

/* NET_WORK: there may be more to do. */
static enum net_next advance(struct pop3_session *session)
{
	enum pop3_step result;

	if (session->answer == NULL) {
		if (out_is_full(&session->net.out))
			return NET_FLUSH;
		return session->mode == POP3_MODE_DELAY ? NET_WAIT : take_line(session);
	}
	result = session->answer->step(session->answer, session);
	if (result == POP3_STEP_MORE)
		return NET_FLUSH;
	session->answer->stop(session->answer);
	session->answer = NULL;
	return result == POP3_STEP_FAILED ? NET_ABORT : NET_WORK;
}

/* --- what common/net calls --- */

static enum net_next session_open(struct net_session *net)
{
	struct pop3_session *session = session_of(net);

	if (session->pop3d != NULL) /* after STLS: no second greeting */
		return NET_WAIT;
	session->pop3d = net_daemon_state(net->daemon);
	session->state = POP3_AUTHORIZATION;
	session->mode = POP3_MODE_COMMAND;
	pop3_ok(session, "Trivet ready");
	return NET_WAIT;
}

static enum net_next session_look(struct net_session *net)
{
	struct pop3_session *session = session_of(net);

	if (session->mode == POP3_MODE_DELAY) /* nothing is taken meanwhile: it would pile up */
		return net->input_closed || net->in.n > DELAY_INPUT_MAX ? NET_CLOSE : NET_WAIT;
	if (net_line_is_there(&session->lines, net, session->pop3d->options.line))
		return NET_WORK;
	return net->input_closed ? NET_CLOSE : NET_WAIT;
}

static enum net_next session_work(struct net_session *net, unsigned why)
{
	struct pop3_session *session = session_of(net);
	enum net_next next = NET_WORK;

	if (session->mode == POP3_MODE_DELAY && (why & NET_WHY_TIMER))
		pop3_login_delay_over(session);
	for (unsigned i = 0; i < COMMANDS_IN_A_ROW && next == NET_WORK; i++)
		next = advance(session);
	net_lines_settle(&session->lines, net);
	return next == NET_WAIT && net->input_closed && session->mode != POP3_MODE_DELAY ? NET_CLOSE : next;
}

static enum net_next session_timed_out(struct net_session *net)
{
	(void)net; /* without a word (RFC 1939, 3) */
	return NET_CLOSE;
}

static void session_farewell(struct net_session *net, const char *reason)
{
	pop3_err(session_of(net), "[SYS/TEMP] %s", reason);
}

static void session_close(struct net_session *net)
{
	struct pop3_session *session = session_of(net);

	if (session->answer != NULL)
		session->answer->stop(session->answer);
	session->answer = NULL;
	login_done(&session->login);
	pop3_maildrop_close(&session->maildrop, session->pop3d);
	buf_done(&session->user);
}

static void session_describe(const struct net_session *net, struct buf *out)
{
	const struct pop3_session *session = container_of(net, const struct pop3_session, net);

	if (session->maildrop == NULL)
		buf_text(out, "not logged in");
	else
		buf_printf(out, "%u messages", pop3_maildrop_count(session->maildrop));
}

const struct net_protocol pop3_protocol = {
	.name = "pop3",
	.session_size = sizeof(struct pop3_session),
	.open = session_open,
	.look = session_look,
	.work = session_work,
	.timed_out = session_timed_out,
	.farewell = session_farewell,
	.close = session_close,
	.describe = session_describe,
};

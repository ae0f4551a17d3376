/* An IMAP session from greeting to farewell: what the bytes that have come mean, which command runs, what is answered.
 *
 * The mode says what the next bytes are. COMMAND: framed by imapd/frame.h; a complete command is parsed, checked
 * against its row in the table, and run. A long answer leaves a generator behind, which is stepped until it is done
 * before the next command is looked at. AUTHENTICATE and IDLE take single lines; STREAM and SKIP take the bytes of a
 * literal; DELAY takes nothing until its time has come. look() runs in the loop and only decides whether a worker is
 * needed; work() does everything else. */
#include "imapd/command_table.h"
#include "imapd/idle.h"
#include "imapd/imapd.h"
#include "imapd/login.h"
#include "imapd/select.h"
#include "imapd/stream.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <stdlib.h>
#include <string.h>

enum { COMMANDS_IN_A_ROW = 64, ARENA_KEPT = 16384, DELAY_INPUT_MAX = 131072 };

/* What advance() has done. */
enum advance { ADVANCE_RAN, ADVANCE_WAIT, ADVANCE_FLUSH, ADVANCE_CLOSE, ADVANCE_ABORT };

static struct imap_session *session_of(struct net_session *net)
{
	return container_of(net, struct imap_session, net);
}

static struct span input(const struct imap_session *session)
{
	return span_sub(buf_view(&session->net.in), session->at, SIZE_MAX);
}

static struct imap_frame_limits frame_limits(const struct imap_session *session)
{
	const struct imap_limits *limits = &session->imapd->limits;
	bool known = session->state != IMAP_NOT_AUTHENTICATED;

	return (struct imap_frame_limits){
		.line_max = limits->line,
		.append_max = known ? limits->message : limits->literal_before_login,
		.literal_max = known ? limits->literal : limits->literal_before_login,
		.stream_threshold = limits->stream_from,
		.before_login = !known,
	};
}

/* --- the running command
 * ------------------------------------------------------------------------------------------------------ */

static void running_begin(struct imap_session *session)
{
	if (session->running == NULL) {
		session->running = alloc_zero(1, sizeof *session->running);
		session->running->arena = arena_create();
	}
}

static void running_end(struct imap_session *session)
{
	struct imap_running *running = session->running;

	if (running == NULL)
		return;
	if (running->generator != NULL)
		running->generator->stop(running->generator);
	imap_command_done(&running->command);
	running->generator = NULL;
	memset(&running->command, 0, sizeof running->command);
	if (running->arena != NULL)
		arena_reset(running->arena);
	imap_stream_done(session);
}

static void running_free(struct imap_session *session)
{
	struct imap_running *running = session->running;

	if (running == NULL)
		return;
	running_end(session);
	arena_destroy(&running->arena);
	free(running->tag);
	free(running);
	session->running = NULL;
}

/* IDLE and AUTHENTICATE outlive their work() call with nothing but the tag. */
static void running_keep_tag(struct imap_session *session)
{
	struct imap_running *running = session->running;

	if (running->tag != NULL)
		return;
	running->tag = alloc_text_n(running->command.tag.p, running->command.tag.n);
	running->command = (struct imap_command){.tag = span_of(running->tag)};
	arena_destroy(&running->arena);
}

static void running_revive(struct imap_session *session)
{
	must(session->running != NULL);
	if (session->running->arena == NULL)
		session->running->arena = arena_create();
}

static void running_forget_tag(struct imap_session *session)
{
	free(session->running->tag);
	session->running->tag = NULL;
	session->running->command.tag = (struct span){0};
}

/* --- one command
 * ----------------------------------------------------------------------------------------------------------------- */

static void trace_command(struct imap_session *session, struct span bytes, const struct imap_command_row *row)
{
	if (!net_session_is_traced(&session->net))
		return;
	if (row != NULL && (row->traits & IMAP_SECRET_ARGS))
		net_session_trace(&session->net, 'C', span_of(row->name));
	else
		net_session_trace(&session->net, 'C', bytes);
}

static bool tell_first(struct imap_session *session, const struct imap_command_row *row)
{
	unsigned how = (row->traits & IMAP_TELLS_NO_EXPUNGE) ? 0 : IMAP_TELL_EXPUNGE;
	enum store_status status;

	if (session->selected == NULL || (row->traits & IMAP_TELLS_NOTHING))
		return true;
	status = imap_tell(session, how, NULL);
	if (status == STORE_NOT_FOUND)
		session->mailbox_is_gone = true;
	else if (status != STORE_OK)
		imap_no_status(session, status, "mailbox");
	return status == STORE_OK || status == STORE_NOT_FOUND;
}

static void run_parsed(struct imap_session *session, struct imap_command *command)
{
	const struct imap_command_row *row = command->row;

	if ((row->traits & IMAP_CHANGES) && session->selected->read_only) {
		imap_no(session, "[READ-ONLY] The mailbox was opened by EXAMINE");
		return;
	}
	if (tell_first(session, row))
		row->run(session, command);
}

static bool is_allowed(struct imap_session *session, const struct imap_command_row *row)
{
	if (row->states & session->state)
		return true;
	if (session->state == IMAP_NOT_AUTHENTICATED)
		imap_bad(session, "Log in first");
	else if (row->states == IMAP_NOT_AUTHENTICATED)
		imap_bad(session, "You are logged in already");
	else
		imap_bad(session, "Select a mailbox first");
	return false;
}

static void wipe_secrets(struct imap_command *command, struct span bytes)
{
	if (command->row == NULL || !(command->row->traits & IMAP_SECRET_ARGS))
		return;
	explicit_bzero((char *)bytes.p, bytes.n); /* ours: it stands in net.in */
	if (command->row->parse == imap_login_parse && command->login.password.n > 0)
		explicit_bzero((char *)command->login.password.p, command->login.password.n); /* ours: in the arena */
	if (command->row->parse == imap_authenticate_parse && command->authenticate.initial.n > 0)
		explicit_bzero((char *)command->authenticate.initial.p, command->authenticate.initial.n); /* likewise */
}

static void run_command(struct imap_session *session, struct span bytes)
{
	struct imap_command *command = &session->running->command;
	struct imap_parse_context context = {.arena = session->running->arena,
					     .utf8 = imap_has(session, IMAP_ENABLED_REV2),
					     .max_search_depth = session->imapd->limits.search_depth,
					     .max_set_ranges = session->imapd->limits.line,
					     .stream_threshold =
						     session->stream == NULL ? 0 : session->imapd->limits.stream_from};
	struct span in = imap_frame_trim(bytes), name;
	unsigned bad_before = session->bad_streak;

	command->arena = session->running->arena;
	if (imap_tag_and_name_parse(&context, &in, &command->tag, &name) != PARSE_OK) {
		trace_command(session, bytes, NULL);
		imap_bad(session, context.error);
		return;
	}
	command->row = imap_command_find(name);
	trace_command(session, bytes, command->row);
	if (command->row == NULL) {
		imap_bad(session, "Unknown command");
		return;
	}
	command->by_uid = (command->row->traits & IMAP_BY_UID) != 0;
	if (is_allowed(session, command->row)) {
		if (command->row->parse(&context, &in, command) != PARSE_OK)
			imap_bad(session, context.error == NULL ? "Syntax error" : context.error);
		else
			run_parsed(session, command);
	}
	if (session->bad_streak == bad_before && !(command->row->traits & IMAP_KEEPS_BAD_STREAK))
		session->bad_streak = 0;
	wipe_secrets(command, bytes);
}

/* --- bytes
 * -----------------------------------------------------------------------------------------------------------------------
 */

static enum advance bye(struct imap_session *session, const char *text)
{
	struct log_about about = net_session_about(&session->net);

	log_info(&about, "ended: %s", text);
	imap_untagged(session, "BYE %s", text);
	return ADVANCE_CLOSE;
}

/* A tagged answer to a command that was refused for its literal: only its tag is known. */
static void refuse(struct imap_session *session, struct span bytes, const char *condition, const char *text)
{
	struct imap_parse_context context = {.arena = NULL};
	struct span name;

	running_begin(session);
	context.arena = session->running->arena;
	(void)imap_tag_and_name_parse(&context, &bytes, &session->running->command.tag, &name);
	session->bad_streak++;
	imap_tagged(session, condition, "%s", text);
	running_end(session);
}

static enum advance after_command(struct imap_session *session)
{
	if (session->state == IMAP_LOGOUT)
		return ADVANCE_CLOSE;
	if (session->mailbox_is_gone)
		return bye(session, "The selected mailbox was deleted");
	if (session->bad_streak >= session->imapd->limits.bad_commands)
		return bye(session, "Too many bad commands");
	return ADVANCE_RAN;
}

static enum advance step(struct imap_session *session)
{
	struct imap_running *running = session->running;
	enum imap_step result = running->generator->step(running->generator, session);

	if (result == IMAP_STEP_MORE)
		return ADVANCE_FLUSH;
	running_end(session);
	return result == IMAP_STEP_FAILED ? ADVANCE_ABORT : after_command(session);
}

static enum advance take_command(struct imap_session *session, size_t length)
{
	running_begin(session);
	run_command(session, span_sub(input(session), 0, length));
	if (session->net.in.n >= session->at + length)
		session->at += length;
	else
		session->at = session->net.in.n; /* STARTTLS has thrown the rest away */
	imap_frame_init(&session->frame);
	if (session->mode == IMAP_MODE_COMMAND && session->running->generator == NULL)
		running_end(session);
	return session->running != NULL && session->running->generator != NULL ? ADVANCE_RAN : after_command(session);
}

static enum advance skip_literal(struct imap_session *session)
{
	struct span in = input(session);
	size_t n = in.n < session->skip ? in.n : (size_t)session->skip;

	session->at += n;
	session->skip -= n;
	if (session->skip > 0)
		return ADVANCE_WAIT;
	session->mode = IMAP_MODE_SKIP_LINE;
	return ADVANCE_RAN;
}

static enum advance take_frame(struct imap_session *session)
{
	struct imap_frame_limits limits = frame_limits(session);
	struct imap_frame *frame = &session->frame;
	struct span in = input(session);

	switch (imap_frame_scan(frame, &limits, in)) {
	case FRAME_MORE:
		return ADVANCE_WAIT;
	case FRAME_CONTINUE:
		out_text(&session->net.out, "+ OK\r\n");
		return ADVANCE_RAN;
	case FRAME_COMMAND:
		return take_command(session, frame->length);
	case FRAME_STREAM:
		if (frame->literal_is_sync)
			out_text(&session->net.out, "+ OK\r\n");
		buf_consume(&session->net.in, session->at);
		session->at = 0;
		imap_stream_begin(session, frame->length, frame->literal);
		imap_frame_streamed(frame);
		return ADVANCE_RAN;
	case FRAME_LITERAL_TOO_BIG:
		refuse(session, span_sub(in, 0, frame->length), "NO", "[TOOBIG] That literal is too big");
		session->at += frame->length;
		imap_frame_init(frame);
		return after_command(session);
	case FRAME_LITERAL_PLUS_TOO_BIG:
		if (session->state == IMAP_NOT_AUTHENTICATED)
			return bye(session, "That literal is too big before log-in");
		refuse(session, span_sub(in, 0, frame->length), "NO", "[TOOBIG] That literal is too big");
		session->at += frame->length;
		session->skip = frame->literal;
		session->mode = IMAP_MODE_SKIP;
		imap_frame_init(frame);
		return after_command(session);
	case FRAME_LINE_TOO_LONG:
		return bye(session, "That line is too long");
	case FRAME_GARBAGE:
		return bye(session, "This is an IMAP server");
	}
	return ADVANCE_ABORT;
}

/* A line for AUTHENTICATE or IDLE, or the rest of a refused command. */
static enum advance take_line(struct imap_session *session)
{
	struct span in = input(session);
	size_t end = span_find_byte(in, '\n');
	struct span line;

	if (end == SIZE_MAX)
		return in.n > session->imapd->limits.line ? bye(session, "That line is too long") : ADVANCE_WAIT;
	line = span_sub(in, 0, end > 0 && in.p[end - 1] == '\r' ? end - 1 : end);
	if (session->mode == IMAP_MODE_SKIP_LINE) {
		session->at += end + 1;
		session->mode = IMAP_MODE_COMMAND;
		return ADVANCE_RAN;
	}
	running_revive(session);
	if (session->mode == IMAP_MODE_IDLE) {
		if (imap_idle_line(session, line))
			session->at += end + 1;
	} else {
		imap_login_line(session, line);
		explicit_bzero((char *)in.p, end); /* ours: it stands in net.in */
		session->at += end + 1;
	}
	if (session->mode == IMAP_MODE_COMMAND) {
		running_forget_tag(session);
		running_end(session);
	}
	return after_command(session);
}

static enum advance advance(struct imap_session *session)
{
	if (session->running != NULL && session->running->generator != NULL)
		return step(session);
	if (out_is_full(&session->net.out))
		return ADVANCE_FLUSH;
	switch (session->mode) {
	case IMAP_MODE_COMMAND:
		return take_frame(session);
	case IMAP_MODE_AUTHENTICATE:
	case IMAP_MODE_IDLE:
	case IMAP_MODE_SKIP_LINE:
		return take_line(session);
	case IMAP_MODE_STREAM:
		return imap_stream_take(session) ? ADVANCE_RAN : ADVANCE_WAIT;
	case IMAP_MODE_SKIP:
		return skip_literal(session);
	case IMAP_MODE_DELAY:
		return ADVANCE_WAIT;
	}
	return ADVANCE_ABORT;
}

/* Before a worker lets go of a session: nothing is kept that a waiting session does not need. */
static void settle(struct imap_session *session)
{
	if (session->at > 0) {
		buf_consume(&session->net.in, session->at);
		session->at = 0;
	}
	if (session->running == NULL || session->running->generator != NULL)
		return;
	if (session->mode == IMAP_MODE_IDLE || session->mode == IMAP_MODE_AUTHENTICATE ||
	    session->mode == IMAP_MODE_DELAY)
		running_keep_tag(session);
	else
		running_free(session);
}

/* --- what common/net calls
 * ------------------------------------------------------------------------------------------------------- */

static enum net_next session_open(struct net_session *net)
{
	struct imap_session *session = session_of(net);

	session->imapd = net_daemon_state(net->daemon);
	session->state = IMAP_NOT_AUTHENTICATED;
	session->mode = IMAP_MODE_COMMAND;
	imap_frame_init(&session->frame);
	if (session->greeted) /* after STARTTLS: no second greeting */
		return NET_WAIT;
	session->greeted = true;
	out_text(&net->out, "* OK [CAPABILITY ");
	imap_write_capabilities(session);
	out_text(&net->out, "] Trivet ready\r\n");
	return NET_WAIT;
}

static enum net_next session_look(struct net_session *net)
{
	struct imap_session *session = session_of(net);
	struct imap_frame_limits limits;

	switch (session->mode) {
	case IMAP_MODE_COMMAND:
		limits = frame_limits(session);
		for (;;) {
			switch (imap_frame_scan(&session->frame, &limits, buf_view(&net->in))) {
			case FRAME_MORE:
				return NET_WAIT;
			case FRAME_CONTINUE:
				out_text(&net->out, "+ OK\r\n");
				continue;
			case FRAME_COMMAND:
			case FRAME_STREAM:
			case FRAME_LITERAL_TOO_BIG:
			case FRAME_LITERAL_PLUS_TOO_BIG:
			case FRAME_LINE_TOO_LONG:
			case FRAME_GARBAGE:
				return NET_WORK;
			}
		}
	case IMAP_MODE_AUTHENTICATE:
	case IMAP_MODE_IDLE:
	case IMAP_MODE_SKIP_LINE:
		return net->in.n > session->imapd->limits.line || span_find_byte(buf_view(&net->in), '\n') != SIZE_MAX
			       ? NET_WORK
			       : NET_WAIT;
	case IMAP_MODE_STREAM:
		return imap_stream_is_ready(session) ? NET_WORK : NET_WAIT;
	case IMAP_MODE_SKIP:
		return NET_WORK;
	case IMAP_MODE_DELAY: /* nothing is taken meanwhile: it would pile up */
		return net->in.n > DELAY_INPUT_MAX ? NET_CLOSE : NET_WAIT;
	}
	return NET_ABORT;
}

static enum net_next session_work(struct net_session *net, unsigned why)
{
	struct imap_session *session = session_of(net);
	enum net_next next = NET_WORK;

	if (session->mode == IMAP_MODE_DELAY && (why & NET_WHY_TIMER)) {
		imap_login_delay_over(session);
		running_free(session);
	}
	if (session->mode == IMAP_MODE_IDLE && (why & (NET_WHY_WAKE | NET_WHY_TIMER)) &&
	    !imap_idle_news(session, (why & NET_WHY_TIMER) != 0)) {
		(void)bye(session, "The selected mailbox was deleted");
		return NET_CLOSE;
	}
	for (unsigned i = 0; i < COMMANDS_IN_A_ROW && next == NET_WORK; i++) {
		switch (advance(session)) {
		case ADVANCE_RAN:
			break;
		case ADVANCE_WAIT:
			next = NET_WAIT;
			break;
		case ADVANCE_FLUSH:
			next = NET_FLUSH;
			break;
		case ADVANCE_CLOSE:
			next = NET_CLOSE;
			break;
		case ADVANCE_ABORT:
			next = NET_ABORT;
			break;
		}
	}
	settle(session);
	return next;
}

static enum net_next session_timed_out(struct net_session *net)
{
	imap_untagged(session_of(net), "BYE Nothing was heard of you for too long");
	return NET_CLOSE;
}

static void session_farewell(struct net_session *net, const char *reason)
{
	imap_untagged(session_of(net), "BYE %s", reason);
}

static void session_close(struct net_session *net)
{
	struct imap_session *session = session_of(net);

	imap_idle_stop(session);
	login_done(&session->login);
	running_free(session);
	imap_stream_done(session);
	imap_selected_leave(session);
}

static void session_describe(const struct net_session *net, struct buf *out)
{
	const struct imap_session *session = container_of(net, const struct imap_session, net);

	if (session->mode == IMAP_MODE_IDLE)
		buf_text(out, "IDLE ");
	if (session->selected != NULL)
		buf_text(out, session->selected->name);
	else
		buf_text(out, session->state == IMAP_NOT_AUTHENTICATED ? "not logged in" : "no mailbox");
}

const struct net_protocol imap_protocol = {
	.name = "imap",
	.session_size = sizeof(struct imap_session),
	.open = session_open,
	.look = session_look,
	.work = session_work,
	.timed_out = session_timed_out,
	.farewell = session_farewell,
	.close = session_close,
	.describe = session_describe,
};

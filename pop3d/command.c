/* The commands of POP3, the small ones themselves, and CAPA (RFC 2449), which is written from what the daemon is. */
#include "pop3d/command.h"
#include "pop3d/maildrop.h"

#define ANY (POP3_AUTHORIZATION | POP3_TRANSACTION)

/* clang-format off */
const struct pop3_command_row pop3_commands[] = {
	/* name    run              states               arguments  rest   secrets */
	{ "CAPA",  pop3_capa_run,   ANY,                 0, 0,      false, false },
	{ "STAT",  pop3_stat_run,   POP3_TRANSACTION,    0, 0,      false, false },
	{ "LIST",  pop3_list_run,   POP3_TRANSACTION,    0, 1,      false, false },
	{ "UIDL",  pop3_uidl_run,   POP3_TRANSACTION,    0, 1,      false, false },
	{ "RETR",  pop3_retr_run,   POP3_TRANSACTION,    1, 1,      false, false },
	{ "TOP",   pop3_top_run,    POP3_TRANSACTION,    2, 2,      false, false },
	{ "DELE",  pop3_dele_run,   POP3_TRANSACTION,    1, 1,      false, false },
	{ "RSET",  pop3_rset_run,   POP3_TRANSACTION,    0, 0,      false, false },
	{ "NOOP",  pop3_noop_run,   POP3_TRANSACTION,    0, 0,      false, false },
	{ "QUIT",  pop3_quit_run,   ANY,                 0, 0,      false, false },
	{ "USER",  pop3_user_run,   POP3_AUTHORIZATION,  1, 1,      true,  false },
	{ "PASS",  pop3_pass_run,   POP3_AUTHORIZATION,  1, 1,      true,  true },
	{ "AUTH",  pop3_auth_run,   POP3_AUTHORIZATION,  0, 2,      false, true },
	{ "STLS",  pop3_stls_run,   POP3_AUTHORIZATION,  0, 0,      false, false },
	{ "LANG",  pop3_lang_run,   ANY,                 0, 1,      false, false },
	{ "UTF8",  pop3_utf8_run,   POP3_AUTHORIZATION,  0, 0,      false, false },
	{ NULL,    NULL,            0,                   0, 0,      false, false },
};
/* clang-format on */

const struct pop3_command_row *pop3_command_find(struct span name)
{
	for (const struct pop3_command_row *row = pop3_commands; row->name != NULL; row++)
		if (span_is_nocase(name, row->name))
			return row;
	return NULL;
}

static struct span take_word(struct span *rest)
{
	size_t end = span_find_byte(*rest, ' ');
	struct span word = span_sub(*rest, 0, end);

	*rest = end == SIZE_MAX ? (struct span){0} : span_sub(*rest, end + 1, SIZE_MAX);
	return word;
}

bool pop3_arguments_parse(const struct pop3_command_row *row, struct span rest, struct pop3_command *command_r)
{
	*command_r = (struct pop3_command){0};
	if (!row->takes_rest)
		rest = span_trim(rest); /* some clients leave a blank at the end */
	while (rest.n > 0) {
		if (command_r->count == row->arguments_max)
			return false;
		if (row->takes_rest && command_r->count + 1 == row->arguments_max) {
			command_r->arguments[command_r->count++] = rest;
			break;
		}
		command_r->arguments[command_r->count++] = take_word(&rest);
	}
	return command_r->count >= row->arguments_min;
}

/* --- the small ones --- */

static void write_log_in(struct pop3_session *session)
{
	struct net_session *net = &session->net;
	struct login_peer peer;
	struct buf mechanisms = {0};

	if (net->is_trusted)
		out_text(&net->out, "USER\r\n");
	if (session->state == POP3_AUTHORIZATION && !net->is_tls && net_can_start_tls(net->daemon))
		out_text(&net->out, "STLS\r\n");
	login_peer_init(&peer, net, '+');
	auth_mechanisms(session->pop3d->service.auth, &peer.peer, "", &mechanisms);
	login_peer_done(&peer);
	if (mechanisms.n > 0) {
		out_text(&net->out, "SASL ");
		out_span(&net->out, buf_view(&mechanisms));
		out_text(&net->out, "\r\n");
	}
	buf_done(&mechanisms);
}

void pop3_capa_run(struct pop3_session *session, const struct pop3_command *command)
{
	(void)command;
	pop3_ok(session, "Capabilities follow");
	out_text(&session->net.out, "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n"
				    "EXPIRE NEVER\r\nLOGIN-DELAY 0\r\nUTF8 USER\r\nLANG\r\n");
	write_log_in(session); /* USER and SASL in both states: they must not differ (RFC 2449, 6.2, 6.3) */
	out_text(&session->net.out, "IMPLEMENTATION Trivet-" TRIVET_VERSION "\r\n.\r\n");
}

void pop3_noop_run(struct pop3_session *session, const struct pop3_command *command)
{
	(void)command;
	pop3_ok(session, "Still here");
}

void pop3_quit_run(struct pop3_session *session, const struct pop3_command *command)
{
	enum store_status status = STORE_OK;

	(void)command;
	if (session->maildrop != NULL)
		status = pop3_maildrop_update(session->maildrop, session->pop3d);
	session->state = POP3_UPDATE;
	if (status == STORE_OK)
		pop3_ok(session, "Bye");
	else
		pop3_err(session, "[SYS/TEMP] The deleted messages could not be removed");
}

void pop3_stls_run(struct pop3_session *session, const struct pop3_command *command)
{
	(void)command;
	if (session->net.is_tls)
		pop3_bad(session, "TLS is on already");
	else if (!net_can_start_tls(session->net.daemon))
		pop3_err(session, "[SYS/PERM] No certificate is configured");
	else {
		pop3_ok(session, "Begin TLS now");
		(void)net_session_start_tls(&session->net);
		session->lines = (struct net_lines){0};
		buf_done(&session->user); /* what was said in the clear is forgotten (RFC 2595, 4) */
	}
}

/* RFC 6856, 3: one language is spoken here. */
void pop3_lang_run(struct pop3_session *session, const struct pop3_command *command)
{
	if (command->count == 0) {
		pop3_ok(session, "Languages follow");
		out_text(&session->net.out, "en English\r\n.\r\n");
	} else if (span_is(command->arguments[0], "*") || span_is_nocase(command->arguments[0], "en")) {
		pop3_ok(session, "en English it is");
	} else {
		pop3_err(session, "That language is not spoken here");
	}
}

/* RFC 6856, 2: names and passwords are UTF-8 before it and after, and messages are sent as they are. That departs
 * from 2.1, by which a client that has not said UTF8 gets a substitute or an error for a message with UTF-8 in its
 * header: clients that never heard of UTF8 read such headers, and have no use for an error. */
void pop3_utf8_run(struct pop3_session *session, const struct pop3_command *command)
{
	(void)command;
	pop3_ok(session, "UTF-8 it is");
}

/* The commands of LMTP (RFC 2033; RFC 5321 where that one says so; RFC 3030 BDAT; RFC 3207 STARTTLS). */
#include "admin/lmtp/lmtp.h"
#include "admin/lmtp/parse.h"

#include <string.h>

#define ANY     (LMTP_CONNECTED | LMTP_READY | LMTP_MAIL | LMTP_RCPT | LMTP_CHUNKS)
#define GREETED (LMTP_READY | LMTP_MAIL | LMTP_RCPT | LMTP_CHUNKS)

typedef void run_fn(struct lmtp_session *session, struct span arguments);

struct row {
	const char *name;
	run_fn *run;
	unsigned states; /* enum lmtp_state */
};

static run_fn lhlo_run, helo_run, mail_run, rcpt_run, data_run, bdat_run, rset_run, noop_run, quit_run, vrfy_run,
	expn_run, help_run, starttls_run;

/* clang-format off */
static const struct row rows[] = {
	{ "LHLO",     lhlo_run,     ANY },
	{ "HELO",     helo_run,     ANY },
	{ "EHLO",     helo_run,     ANY },
	{ "MAIL",     mail_run,     LMTP_READY },
	{ "RCPT",     rcpt_run,     LMTP_MAIL | LMTP_RCPT },
	{ "DATA",     data_run,     LMTP_RCPT },
	{ "BDAT",     bdat_run,     ANY }, /* its bytes come, whatever the state */
	{ "RSET",     rset_run,     ANY },
	{ "NOOP",     noop_run,     ANY },
	{ "QUIT",     quit_run,     ANY },
	{ "VRFY",     vrfy_run,     ANY },
	{ "EXPN",     expn_run,     ANY },
	{ "HELP",     help_run,     ANY },
	{ "STARTTLS", starttls_run, LMTP_READY },
	{ NULL,       NULL,         0 },
};
/* clang-format on */

static const struct row *find(struct span name)
{
	for (const struct row *row = rows; row->name != NULL; row++)
		if (span_is_nocase(name, row->name))
			return row;
	return NULL;
}

static const char *wrong_state(const struct lmtp_session *session, const struct row *row)
{
	if (session->state == LMTP_CONNECTED)
		return "503 5.5.1 Say LHLO first";
	if (row->run == mail_run)
		return "503 5.5.1 A transaction is under way: RSET ends it";
	if (row->run == starttls_run)
		return "503 5.5.1 Not within a transaction";
	if (session->state == LMTP_CHUNKS)
		return "503 5.5.1 Chunks have come: BDAT or RSET";
	return session->state == LMTP_READY ? "503 5.5.1 Say MAIL first" : "503 5.5.1 There is no valid recipient";
}

void lmtp_run_line(struct lmtp_session *session, struct span line)
{
	size_t end = span_find_byte(line, ' ');
	const struct row *row = find(span_sub(line, 0, end));
	struct span rest = end == SIZE_MAX ? (struct span){0} : span_trim(span_sub(line, end + 1, SIZE_MAX));
	unsigned bad_before = session->bad_streak;

	if (net_session_is_traced(&session->net))
		net_session_trace(&session->net, 'C', line);
	if (row == NULL)
		lmtp_bad(session, "500 5.5.2 Unknown command");
	else if (!(row->states & session->state))
		lmtp_bad(session, wrong_state(session, row));
	else
		row->run(session, rest);
	if (session->bad_streak == bad_before)
		session->bad_streak = 0;
}

static bool can_start_tls(const struct lmtp_session *session)
{
	return !session->net.is_tls && net_can_start_tls(session->net.daemon) &&
	       strcmp(session->net.remote, "unix") != 0;
}

static void lhlo_run(struct lmtp_session *session, struct span arguments)
{
	if (arguments.n == 0) {
		lmtp_bad(session, "501 5.5.4 LHLO wants the client's name");
		return;
	}
	lmtp_transaction_end(session);
	session->state = LMTP_READY;
	lmtp_say(session, "250-%s", session->lmtp->host);
	lmtp_say(session, "250-PIPELINING");
	lmtp_say(session, "250-8BITMIME");
	lmtp_say(session, "250-SMTPUTF8");
	lmtp_say(session, "250-ENHANCEDSTATUSCODES");
	lmtp_say(session, "250-CHUNKING");
	if (can_start_tls(session))
		lmtp_say(session, "250-STARTTLS");
	lmtp_say(session, "250 SIZE %llu", (unsigned long long)session->lmtp->delivery.message_max);
}

static void helo_run(struct lmtp_session *session, struct span arguments)
{
	(void)arguments;
	lmtp_bad(session, "500 5.5.1 This is LMTP: say LHLO"); /* RFC 2033, 4.1 */
}

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 127)
			return false;
	return true;
}

struct mail {
	bool is_utf8;
	uint64_t size;
};

/* NULL, or the answer that refuses them. */
static const char *mail_parameters(struct span in, struct mail *mail)
{
	struct lmtp_parameter p;
	bool is_bad;

	while (lmtp_parameter_next(&in, &p, &is_bad)) {
		if (span_is_nocase(p.keyword, "SIZE")) {
			if (!span_to_u64(p.value, UINT64_MAX, &mail->size))
				return "501 5.5.4 SIZE wants a number";
		} else if (span_is_nocase(p.keyword, "BODY")) {
			if (!span_is_nocase(p.value, "7BIT") && !span_is_nocase(p.value, "8BITMIME"))
				return "501 5.5.4 BODY is 7BIT or 8BITMIME";
		} else if (span_is_nocase(p.keyword, "SMTPUTF8") && p.value.p == NULL) {
			mail->is_utf8 = true;
		} else {
			return "555 5.5.4 That parameter is not known";
		}
	}
	return is_bad ? "501 5.5.4 That is no parameter" : NULL;
}

static void mail_run(struct lmtp_session *session, struct span arguments)
{
	struct span sender;
	struct mail mail = {0};
	const char *refusal = NULL;

	if (lmtp_path_parse(&arguments, "FROM:", &sender) != PARSE_OK)
		refusal = "501 5.5.4 MAIL wants FROM:<address>";
	else if ((refusal = mail_parameters(arguments, &mail)) == NULL &&
		 mail.size > session->lmtp->delivery.message_max)
		refusal = "552 5.3.4 The message is too large";
	else if (refusal == NULL && !mail.is_utf8 && !is_ascii(sender))
		refusal = "550 5.6.7 Such an address needs SMTPUTF8";
	if (refusal == NULL) {
		lmtp_transaction_begin(session, sender, mail.is_utf8);
		lmtp_say(session, "250 2.1.0 Sender noted");
	} else if (refusal[0] == '5' && refusal[1] == '0') {
		lmtp_bad(session, refusal);
	} else {
		lmtp_say(session, "%s", refusal);
	}
}

static void add_recipient(struct lmtp_session *session, struct span address)
{
	struct lmtp_transaction *transaction = session->transaction;
	struct delivery_recipient recipient;
	void *list = transaction->recipients;

	switch (delivery_resolve(session->lmtp->service.directory, &session->lmtp->delivery, address,
				 transaction->arena, &recipient)) {
	case DELIVERY_DONE:
		break;
	case DELIVERY_UNKNOWN:
		lmtp_say(session, "550 5.1.1 <%.*s> There is no such user", (int)address.n, address.p);
		return;
	default:
		lmtp_say(session, "451 4.3.0 <%.*s> Users cannot be looked up at the moment", (int)address.n,
			 address.p);
		return;
	}
	arena_grow(transaction->arena, &list, &transaction->capacity, transaction->count + 1,
		   sizeof *transaction->recipients);
	transaction->recipients = list;
	transaction->recipients[transaction->count++] = recipient;
	session->state = LMTP_RCPT;
	lmtp_say(session, "250 2.1.5 Recipient noted");
}

static void rcpt_run(struct lmtp_session *session, struct span arguments)
{
	struct span path;
	struct lmtp_parameter parameter;
	bool is_bad;

	if (lmtp_path_parse(&arguments, "TO:", &path) != PARSE_OK || path.n == 0)
		lmtp_bad(session, "501 5.5.4 RCPT wants TO:<address>");
	else if (lmtp_parameter_next(&arguments, &parameter, &is_bad) || is_bad)
		lmtp_say(session, "555 5.5.4 That parameter is not known");
	else if (session->transaction->count >= session->lmtp->recipients)
		lmtp_say(session, "452 4.5.3 Too many recipients");
	else if (!session->transaction->is_utf8 && !is_ascii(path))
		lmtp_say(session, "553 5.6.7 Such an address needs SMTPUTF8");
	else
		add_recipient(session, path);
}

static void data_run(struct lmtp_session *session, struct span arguments)
{
	if (arguments.n > 0) {
		lmtp_bad(session, "501 5.5.4 DATA has no arguments");
		return;
	}
	lmtp_transaction_open_message(session);
	lmtp_data_init(&session->data);
	session->scanned = 0;
	session->mode = LMTP_MODE_DATA;
	lmtp_say(session, "354 Send the message, and a dot on a line of its own");
}

/* --- BDAT --- */

static void bdat_run(struct lmtp_session *session, struct span arguments)
{
	size_t blank = span_find_byte(arguments, ' ');
	struct span last = blank == SIZE_MAX ? (struct span){0} : span_trim(span_sub(arguments, blank + 1, SIZE_MAX));
	struct lmtp_chunk *chunk = &session->chunk;

	*chunk = (struct lmtp_chunk){.is_last = last.n > 0};
	if (!span_to_u64(span_sub(arguments, 0, blank), UINT64_MAX, &chunk->size)) {
		lmtp_bad(session, "501 5.5.4 BDAT wants a size, and perhaps LAST");
		return;
	}
	chunk->left = chunk->size;
	if (last.n > 0 && !span_is_nocase(last, "LAST")) /* what was announced comes all the same, and is no command */
		chunk->refusal = "501 5.5.4 BDAT wants a size, and perhaps LAST";
	else if (session->state == LMTP_CONNECTED)
		chunk->refusal = "503 5.5.1 Say LHLO first";
	else if (session->state == LMTP_READY || session->state == LMTP_MAIL)
		chunk->refusal = "503 5.5.1 There is no valid recipient";
	else
		lmtp_transaction_open_message(session);
	session->mode = LMTP_MODE_CHUNK;
}

void lmtp_chunk_end(struct lmtp_session *session)
{
	struct lmtp_chunk *chunk = &session->chunk;

	session->mode = LMTP_MODE_COMMAND;
	if (chunk->refusal != NULL) {
		lmtp_bad(session, chunk->refusal);
	} else if (chunk->is_last) {
		lmtp_deliver(session);
	} else {
		session->state = LMTP_CHUNKS;
		if (session->transaction->message.status == STORE_LIMIT)
			lmtp_say(session, "552 5.3.4 The message is too large");
		else if (session->transaction->message.status != STORE_OK)
			lmtp_say(session, "451 4.3.0 The store is not to be had at the moment");
		else
			lmtp_say(session, "250 2.0.0 %llu octets received", (unsigned long long)chunk->size);
	}
}

/* --- the small ones --- */

static void rset_run(struct lmtp_session *session, struct span arguments)
{
	(void)arguments;
	lmtp_transaction_end(session);
	lmtp_say(session, "250 2.0.0 Begin anew");
}

static void noop_run(struct lmtp_session *session, struct span arguments)
{
	(void)arguments;
	lmtp_say(session, "250 2.0.0 Still here");
}

static void quit_run(struct lmtp_session *session, struct span arguments)
{
	(void)arguments;
	lmtp_transaction_end(session);
	session->state = LMTP_QUIT;
	lmtp_say(session, "221 2.0.0 Bye");
}

static void vrfy_run(struct lmtp_session *session, struct span arguments)
{
	if (arguments.n == 0)
		lmtp_bad(session, "501 5.5.4 VRFY wants a name");
	else
		lmtp_say(session, "252 2.5.2 Send some mail, and RCPT will tell");
}

static void expn_run(struct lmtp_session *session, struct span arguments)
{
	(void)arguments;
	lmtp_say(session, "502 5.5.1 Who is in a group is not told");
}

static void help_run(struct lmtp_session *session, struct span arguments)
{
	(void)arguments;
	lmtp_say(session, "214 2.0.0 RFC 2033 says it all");
}

static void starttls_run(struct lmtp_session *session, struct span arguments)
{
	if (arguments.n > 0) {
		lmtp_bad(session, "501 5.5.4 STARTTLS has no arguments");
	} else if (!can_start_tls(session)) {
		lmtp_bad(session, "502 5.5.1 STARTTLS is not to be had");
	} else {
		lmtp_say(session, "220 2.0.0 Begin TLS now");
		(void)net_session_start_tls(&session->net);
		session->lines = (struct net_lines){0};
		session->state = LMTP_CONNECTED; /* RFC 3207, 4.2: what was said before is forgotten */
	}
}

/* LMTP (RFC 2033): one connection, its transaction, and what all connections share. A session is owned by one thread at
 * a time (common/net/net.h). */
#ifndef ADMIN_LMTP_LMTP_H
#define ADMIN_LMTP_LMTP_H

#include "admin/lmtp/data.h"
#include "common/delivery/delivery.h"
#include "common/net/line.h"
#include "common/service/service.h"

struct lmtp { /* the daemon */
	struct service service;
	struct delivery_options delivery;
	size_t line, recipients;
	unsigned bad_commands;
	uint64_t timeout_ms;
	char host[256];
};

enum lmtp_state {                     /* bits, for the command table */
		  LMTP_CONNECTED = 1, /* no LHLO yet */
		  LMTP_READY = 2,     /* between transactions */
		  LMTP_MAIL = 4,      /* the sender is known */
		  LMTP_RCPT = 8,      /* … and a recipient */
		  LMTP_CHUNKS = 16,   /* … and chunks have come (RFC 3030) */
		  LMTP_QUIT = 32,
};

enum lmtp_mode {
	LMTP_MODE_COMMAND, /* the next line is a command */
	LMTP_MODE_DATA,    /* the next bytes are the message, up to CRLF "." CRLF */
	LMTP_MODE_CHUNK,   /* … so many bytes of it */
};

/* From MAIL to the answer to its data. */
struct lmtp_transaction {
	struct arena *arena;
	struct span sender; /* as it was given, without the brackets; empty: a bounce */
	bool is_utf8;       /* SMTPUTF8 (RFC 6531) */
	struct delivery_recipient *recipients;
	size_t count, capacity;
	struct delivery_message message;
	bool has_message; /* its trace is written */
};

struct lmtp_chunk {
	uint64_t left; /* bytes still to come */
	uint64_t size;
	bool is_last;
	const char *refusal; /* the answer where its bytes are thrown away; NULL: they are taken */
};

struct lmtp_session {
	struct net_session net; /* first */
	struct lmtp *lmtp;
	struct net_lines lines;
	enum lmtp_state state;
	enum lmtp_mode mode;
	unsigned bad_streak;                  /* bad commands in a row */
	struct lmtp_transaction *transaction; /* NULL between transactions */
	struct lmtp_data data;
	size_t scanned; /* bytes of net.in in which the end of the data is not */
	struct lmtp_chunk chunk;
};

extern const struct net_protocol lmtp_protocol;

/* One line of an answer, with its line end. */
void lmtp_say(struct lmtp_session *session, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a command that makes no sense: so many in a row end the session. */
void lmtp_bad(struct lmtp_session *session, const char *text);

/* transaction.c: the end of the data has come: gives the message to the store and answers for each recipient. */
void lmtp_deliver(struct lmtp_session *session);
void lmtp_transaction_begin(struct lmtp_session *session, struct span sender, bool is_utf8);
/* Puts the trace on top of the message that is about to come. */
void lmtp_transaction_open_message(struct lmtp_session *session);
void lmtp_transaction_end(struct lmtp_session *session); /* whatever it has come to; harmless twice */

/* command.c */
void lmtp_run_line(struct lmtp_session *session, struct span line);
void lmtp_chunk_end(struct lmtp_session *session);

#endif

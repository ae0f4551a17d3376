/* Finds where a command ends in the bytes that have come: lines and literals (RFC 9051, 4.3; RFC 7888; RFC 3516 for
 * "~{"). Runs in the event loop, so it looks at every byte once and keeps no copy. Whoever holds the struct, one thread
 * at a time. */
#ifndef IMAPD_FRAME_H
#define IMAPD_FRAME_H

#include "common/base/span.h"

enum imap_frame_result {
	FRAME_MORE,     /* nothing to do until more bytes have come */
	FRAME_COMMAND,  /* .length bytes are a whole command, with its last line end */
	FRAME_CONTINUE, /* said once: a synchronizing literal waits for "+ OK"; then scan again */
	FRAME_STREAM,   /* .length bytes reach up to a literal of APPEND that is not to be buffered: take its .literal
			   bytes   out of the way (after "+ OK" if .literal_is_sync), then imap_frame_streamed() */
	FRAME_LITERAL_TOO_BIG, /* a synchronizing literal is refused: the command ends at .length, nothing follows */
	FRAME_LITERAL_PLUS_TOO_BIG, /* .literal bytes follow behind .length all the same (7888, 4), then the rest of the
				       command */
	FRAME_LINE_TOO_LONG,        /* hopeless: where the next command begins is not known */
	FRAME_GARBAGE,              /* before login: these bytes are no IMAP (a TLS ClientHello, a NUL) */
};

struct imap_frame_limits {
	size_t line_max;         /* all lines of a command together, without its literals */
	size_t append_max;       /* one message of APPEND, and all that are buffered together */
	size_t literal_max;      /* all literals of any other command together, and the mailbox of APPEND */
	size_t stream_threshold; /* messages of APPEND from this size on are FRAME_STREAM */
	bool before_login;
};

struct imap_frame {
	size_t length;    /* bytes from the start of the command; see the results */
	uint64_t literal; /* size of the literal the result is about */
	bool literal_is_sync;
	/* private */
	bool is_append, knows_name;
	enum imap_frame_result result; /* FRAME_MORE, or what is repeated until the caller has dealt with it */
	size_t seen;                   /* bytes looked at, from the start of the command */
	size_t line_at;                /* where the present line begins */
	size_t lines;                  /* bytes of the lines before it */
	uint64_t skip;                 /* bytes of a literal still to come */
	uint64_t literals;             /* bytes of all literals that are buffered */
};

void imap_frame_init(struct imap_frame *frame); /* the next byte is a command's first */

/* in: everything since the command's first byte; the same bytes as last time, and what has come since. All results but
 * FRAME_MORE and FRAME_CONTINUE are repeated until imap_frame_init() or imap_frame_streamed(). */
enum imap_frame_result imap_frame_scan(struct imap_frame *frame, const struct imap_frame_limits *limits,
				       struct span in);

/* After FRAME_STREAM: the literal is gone; from the next scan on, what came behind it stands at .length. */
void imap_frame_streamed(struct imap_frame *frame);

/* A command without the line end at its end. */
struct span imap_frame_trim(struct span command);

#endif

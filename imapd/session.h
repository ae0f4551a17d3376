/* One IMAP connection: its state, the mailbox it has selected, the command that is running. Owned by one thread at a
 * time (see common/net/net.h); small while it waits, since there may be ten thousand of them. */
#ifndef IMAPD_SESSION_H
#define IMAPD_SESSION_H

#include "common/auth/auth.h"
#include "common/net/net.h"
#include "common/service/login.h"
#include "common/store/snapshot.h"
#include "common/store/store.h"
#include "imapd/command.h"
#include "imapd/frame.h"

struct imapd; /* imapd.h: the daemon */
struct imap_session;
struct imap_command_row;
struct store_upload;

enum imap_state { /* bits, for the command table (RFC 9051, 3) */
		  IMAP_NOT_AUTHENTICATED = 1,
		  IMAP_AUTHENTICATED = 2,
		  IMAP_SELECTED = 4,
		  IMAP_LOGOUT = 8,
};

enum imap_enabled { /* bits: what the client has switched on (RFC 5161) */
		    IMAP_ENABLED_REV2 = 1,
		    IMAP_ENABLED_CONDSTORE = 2, /* also by the commands that RFC 7162, 3.1 lists */
		    IMAP_ENABLED_QRESYNC = 4,
};

/* The selected mailbox. view is what the client knows: it moves only by imap_tell(). */
struct imap_selected {
	uint64_t mailbox;
	char *name; /* UTF-8 */
	bool read_only;
	struct store_snapshot *view; /* a reference */
	uint32_t recent_from;        /* UIDs from here on are \Recent in this session */
	uint32_t recent_told;        /* the number in the last RECENT response */
	struct ranges saved;         /* UIDs of the last SEARCH RETURN (SAVE) (5182); ghosts drop out when resolved */
};

/* A long answer (STYLE.md): step() appends to the output until it is full. */
enum imap_step { IMAP_STEP_DONE, IMAP_STEP_MORE, IMAP_STEP_FAILED /* connection must close */ };
struct imap_generator {
	enum imap_step (*step)(struct imap_generator *generator, struct imap_session *session);
	void (*stop)(
		struct imap_generator *generator); /* exactly once: after DONE or FAILED, or when the client has gone */
};

/* The command that is being run, from its parsing to its tagged response. */
struct imap_running {
	struct arena *arena; /* NULL while IDLE or AUTHENTICATE waits: then tag is all that is kept */
	struct imap_command command;
	struct imap_generator *generator; /* NULL, or in the arena */
	char *tag;                        /* heap; NULL while it lies in the arena */
};

enum imap_mode {
	IMAP_MODE_COMMAND,      /* the next bytes are a command */
	IMAP_MODE_AUTHENTICATE, /* … a line of a SASL exchange */
	IMAP_MODE_IDLE,         /* … DONE */
	IMAP_MODE_STREAM,       /* … of a large APPEND literal, taken to an upload */
	IMAP_MODE_SKIP,         /* … of a refused non-synchronizing literal, thrown away */
	IMAP_MODE_SKIP_LINE,    /* … the rest of its command, thrown away up to the line end */
	IMAP_MODE_DELAY,        /* nothing is read: the answer to a failed log-in waits for its time */
};

struct imap_session {
	struct net_session net; /* first */
	struct imapd *imapd;
	struct imap_frame frame;
	enum imap_state state;
	enum imap_mode mode;
	unsigned enabled;    /* enum imap_enabled */
	unsigned bad_streak; /* bad commands in a row */
	uint64_t watched;    /* the mailbox that IDLE waits for; 0: none */
	uint64_t skip;       /* bytes of a refused literal still to come */
	size_t at;           /* bytes at the front of net.in that are used up; 0 outside work() */
	bool greeted;
	bool mailbox_is_gone;           /* the selected mailbox was deleted: BYE after the answer */
	uint64_t actor;                 /* the user's id; 0 before log-in */
	struct imap_selected *selected; /* NULL unless state is IMAP_SELECTED */
	struct imap_running *running;   /* NULL between commands */
	struct login *login;            /* a SASL exchange, or the answer that waits for its delay; NULL else */
	struct imap_stream *stream;     /* uploads of the running APPEND; NULL else */
};

static inline bool imap_has(const struct imap_session *session, unsigned enabled)
{
	return (session->enabled & enabled) != 0;
}

/* --- tagged and untagged responses (response.c)
 * ----------------------------------------------------------------------------- */

/* "tag OK text\r\n"; text may begin with a response code: "[READ-WRITE] SELECT completed". They end the command. */
void imap_ok(struct imap_session *session, const char *text);
void imap_no(struct imap_session *session, const char *text);
void imap_bad(struct imap_session *session, const char *text); /* counts towards the 20 in a row that end the session */
void imap_tagged(struct imap_session *session, const char *condition, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "* " fmt "\r\n" */
void imap_untagged(struct imap_session *session, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The tagged NO that a status of the store means (one switch for all commands). what: "mailbox", "message" … */
void imap_no_status(struct imap_session *session, enum store_status status, const char *what);

/* A string of the grammar: quoted where possible, literal else (no NUL may occur). NIL for p NULL. */
void imap_write_string(struct out *out, struct span s);
void imap_write_astring(struct out *out, struct span s);
/* A mailbox name as this client wants it: modified UTF-7, or UTF-8 where rev2 or UTF8 is enabled. */
void imap_write_mailbox(struct imap_session *session, struct span name);
void imap_write_date_time(struct out *out, int64_t date, int zone); /* "17-Jul-1996 02:44:25 -0700" with the quotes */
/* "(\Seen \Flagged $Forwarded)"; recent: with \Recent. */
void imap_write_flags(struct out *out, const struct store_snapshot *snapshot, const struct store_row *row, bool recent);

/* --- telling the client what others did (tell.c)
 * ----------------------------------------------------------------------------- */

enum imap_tell {                        /* bits */
		 IMAP_TELL_EXPUNGE = 1, /* EXPUNGE or VANISHED may be told now */
		 IMAP_TELL_UID = 2,     /* FETCH responses carry the UID: a UID command is running */
};
struct imap_own_change {           /* what the running STORE did itself */
	const struct ranges *uids; /* asked for and there */
	bool silent;
	uint64_t modseq;  /* of the change; 0: nothing changed */
	bool with_modseq; /* MODSEQ is told even when silent */
};
/* Brings the view up to date and tells the difference. own may be NULL. STORE_NOT_FOUND: the mailbox is gone; the
 * caller says BYE or closes it. */
enum store_status imap_tell(struct imap_session *session, unsigned how, const struct imap_own_change *own);

/* Takes the newest state into the view without telling anything of flags (FETCH has just set \Seen and tells it
 * itself); removals stay ghosts, new messages are told. */
enum store_status imap_tell_quietly(struct imap_session *session, struct ranges *changed_r);

/* "* n FETCH (UID u FLAGS (…) MODSEQ (m))" of one row. */
void imap_write_fetch_flags(struct imap_session *session, uint32_t number, const struct store_row *row, bool with_uid,
			    bool with_flags, bool with_modseq);

/* --- numbers (sequence.c)
 * ------------------------------------------------------------------------------------------------------ */

/* The messages a set names, as UIDs (ascending), ghosts included; '*' is the last message; "$" the saved result.
 * False: a message number beyond the end (BAD); never for by_uid. */
bool imap_resolve(struct imap_session *session, const struct imap_set *set, bool by_uid, struct ranges *uids_r);
/* The same as message numbers of the view: of a long set the cheaper answer. */
bool imap_resolve_numbers(struct imap_session *session, const struct imap_set *set, bool by_uid,
			  struct ranges *numbers_r);

/* --- the commands' long answers
 * -------------------------------------------------------------------------------------------------- */

/* Runs after parsing: answers, or sets session->running->generator; then the generator's end must give the tagged
 * response. */
typedef void imap_run_fn(struct imap_session *session, struct imap_command *command);

imap_run_fn imap_fetch_run, imap_search_run;

#endif

/* What a client said, parsed: one struct a command. Filled by the *_parse functions from the bytes of one complete
 * command, read by the *_run functions. Everything lies in the command's arena, and nothing points into the socket's
 * buffer but the messages of APPEND, which are not copied.
 *
 * Mailbox names arrive as UTF-8 in NFC, whichever form the client used; "inbox" in any case is "INBOX" (and so is a
 * first level "inbox/"). Grammar: RFC 9051, section 9, and RFC 3501, section 9; the extensions name theirs. */
#ifndef IMAPD_COMMAND_H
#define IMAPD_COMMAND_H

#include "common/base/arena.h"
#include "common/base/ranges.h"
#include "common/base/span.h"

/* sequence-set (9051, 9), not yet resolved: '*' is IMAP_STAR; "$" (5182) stands for the saved result. */
#define IMAP_STAR UINT32_MAX
struct imap_set {
	struct imap_range {
		uint32_t first, last; /* as written, not sorted; either may be IMAP_STAR */
	} * list;
	size_t count;
	bool is_saved; /* "$" */
};

/* flag-list: system flags as bits, keywords as written (in the arena). */
enum imap_flag { /* the same bits as STORE_FLAG_* */
		 IMAP_SEEN = 1,
		 IMAP_ANSWERED = 2,
		 IMAP_FLAGGED = 4,
		 IMAP_DELETED = 8,
		 IMAP_DRAFT = 16,
};
struct imap_flags {
	unsigned system; /* of enum imap_flag; \Recent is refused with BAD where a client may not set it */
	struct span *keywords;
	size_t keyword_count; /* without duplicates (ASCII case disregarded) */
};

struct imap_status_items { /* status-att; deleted: RFC 9051 DELETED */
	bool messages, recent, uidnext, uidvalidity, unseen, deleted, size, highestmodseq, appendlimit;
};

/* section and partial of FETCH */
enum imap_section_text {
	IMAP_SECTION_ALL,               /* [] or [1.2] */
	IMAP_SECTION_HEADER,            /* [HEADER] [1.HEADER] */
	IMAP_SECTION_HEADER_FIELDS,     /* ... (names) */
	IMAP_SECTION_HEADER_FIELDS_NOT, /* ... (names) */
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME, /* only behind numbers */
};

enum imap_fetch_kind {
	IMAP_FETCH_UID,
	IMAP_FETCH_FLAGS,
	IMAP_FETCH_INTERNALDATE,
	IMAP_FETCH_SIZE, /* RFC822.SIZE */
	IMAP_FETCH_ENVELOPE,
	IMAP_FETCH_BODY, /* BODY without [] */
	IMAP_FETCH_BODYSTRUCTURE,
	IMAP_FETCH_MODSEQ,
	IMAP_FETCH_SECTION,       /* BODY[...], BODY.PEEK[...] */
	IMAP_FETCH_BINARY,        /* BINARY[...], BINARY.PEEK[...]: text is IMAP_SECTION_ALL */
	IMAP_FETCH_BINARY_SIZE,   /* BINARY.SIZE[...] */
	IMAP_FETCH_RFC822,        /* answers under its own name, sets \Seen */
	IMAP_FETCH_RFC822_HEADER, /* sets nothing */
	IMAP_FETCH_RFC822_TEXT,   /* sets \Seen */
};

struct imap_fetch_item {
	enum imap_fetch_kind kind;
	bool peek;
	enum imap_section_text text;
	uint32_t *path; /* section-part numbers */
	size_t path_count;
	struct span *fields; /* of HEADER.FIELDS and its inverse, as the client wrote them */
	size_t field_count;
	struct span
		fields_written; /* "(From To)": as it is to be repeated in the answer, astrings quoted where needed */
	bool has_partial;
	uint64_t partial_offset, partial_length;
};

struct imap_fetch { /* FETCH, UID FETCH */
	struct imap_set set;
	struct imap_fetch_item *items; /* macros expanded; UID not added for UID FETCH: the runner does */
	size_t item_count;
	bool has_changedsince, wants_vanished; /* 7162 */
	uint64_t changedsince;
};

enum imap_store_how { IMAP_STORE_REPLACE, IMAP_STORE_ADD, IMAP_STORE_REMOVE };
struct imap_store {
	struct imap_set set;
	enum imap_store_how how;
	bool silent;
	bool has_unchangedsince;
	uint64_t unchangedsince;
	struct imap_flags flags;
};

struct imap_copy { /* COPY, MOVE and their UID forms */
	struct imap_set set;
	struct span mailbox;
};

struct imap_expunge { /* UID EXPUNGE; EXPUNGE leaves it empty */
	struct imap_set set;
};

/* One SEARCH program as a tree (9051, 6.4.4; 7162 MODSEQ). */
enum imap_search_kind {
	IMAP_SEARCH_AND,     /* children; an empty AND matches all (ALL) */
	IMAP_SEARCH_OR,      /* two children */
	IMAP_SEARCH_NOT,     /* one child */
	IMAP_SEARCH_FLAG,    /* .flag (one bit): set; UNSEEN etc. arrive as NOT FLAG */
	IMAP_SEARCH_RECENT,  /* NEW arrives as AND(RECENT, NOT FLAG seen), OLD as NOT RECENT */
	IMAP_SEARCH_KEYWORD, /* .text */
	IMAP_SEARCH_SEQUENCE,
	IMAP_SEARCH_UID, /* .set */
	IMAP_SEARCH_LARGER,
	IMAP_SEARCH_SMALLER, /* .number */
	IMAP_SEARCH_BEFORE,
	IMAP_SEARCH_ON,
	IMAP_SEARCH_SINCE, /* .day: internal date */
	IMAP_SEARCH_SENTBEFORE,
	IMAP_SEARCH_SENTON,
	IMAP_SEARCH_SENTSINCE, /* .day: the Date field */
	IMAP_SEARCH_HEADER,    /* .field, .text; BCC, CC, FROM, SUBJECT, TO arrive as HEADER */
	IMAP_SEARCH_BODY,
	IMAP_SEARCH_TEXT,   /* .text */
	IMAP_SEARCH_MODSEQ, /* .number; entry names are parsed and ignored (7162, 3.1.5) */
	IMAP_SEARCH_YOUNGER,
	IMAP_SEARCH_OLDER, /* .number seconds (5032); not announced unless WITHIN is */
};

struct imap_search_key {
	enum imap_search_kind kind;
	struct imap_search_key *child; /* first child */
	struct imap_search_key *next;  /* next sibling */
	unsigned flag;
	uint64_t number;
	int32_t day;       /* days since 1970-01-01 */
	struct span field; /* header name as written */
	struct span text;  /* UTF-8, converted from CHARSET and folded by mime_fold(): ready to look for */
	struct imap_set set;
};

enum imap_search_return { /* bits; 4731, 5182 */
			  IMAP_RETURN_MIN = 1,
			  IMAP_RETURN_MAX = 2,
			  IMAP_RETURN_ALL = 4,
			  IMAP_RETURN_COUNT = 8,
			  IMAP_RETURN_SAVE = 16,
};

struct imap_search {
	bool has_return; /* RETURN (...) was there: answer with ESEARCH; "RETURN ()" has ALL */
	unsigned returns;
	struct imap_search_key *key;
	bool uses_modseq; /* MODSEQ key somewhere: answers carry the highest modseq */
	bool bad_charset; /* CHARSET unknown: NO [BADCHARSET (...)] */
};

struct imap_append_message {
	struct imap_flags flags;
	bool has_date;
	int64_t date;      /* seconds since 1970 */
	int zone_minutes;  /* east of Greenwich */
	struct span bytes; /* the literal, borrowed from the bytes that were parsed: valid while the command runs; empty
			      with is_streamed where the session took it to a blob writer already */
	bool is_literal8;  /* ~{n} or UTF8 (~{n}) */
	bool is_streamed;
};
struct imap_append { /* APPEND, also several messages (3502) */
	struct span mailbox;
	struct imap_append_message *messages;
	size_t message_count;
};

struct imap_mailbox_arg { /* CREATE, DELETE, SUBSCRIBE, UNSUBSCRIBE */
	struct span mailbox;
	bool had_trailing_separator; /* CREATE "a/": taken off (3501, 6.3.3) */
	struct span *uses;           /* CREATE ... (USE (\Sent)) (6154), as written, with the backslash */
	size_t use_count;
	bool has_use;
};

struct imap_rename {
	struct span from, to;
};

struct imap_select { /* SELECT, EXAMINE */
	struct span mailbox;
	bool condstore;
	bool has_qresync;
	uint32_t uidvalidity;
	uint64_t modseq;
	bool has_known_uids, has_match;
	struct ranges known_uids;             /* must not be "*"; ranges in heap memory: imap_command_done() frees */
	struct ranges match_seqs, match_uids; /* seq-match-data, the same number of numbers in both, else BAD */
};

enum imap_list_select {
	IMAP_LIST_SUBSCRIBED = 1,
	IMAP_LIST_REMOTE = 2,
	IMAP_LIST_RECURSIVEMATCH = 4,
	IMAP_LIST_SPECIAL_USE = 8
};
struct imap_list {             /* LIST, LSUB, XLIST */
	unsigned select;       /* of enum imap_list_select */
	bool is_extended;      /* selection or return options or several patterns: 5258's rules apply */
	struct span reference; /* UTF-8 */
	struct span *patterns; /* UTF-8 with % and *; nothing converted around them */
	size_t pattern_count;
	bool return_subscribed, return_children, return_special_use, return_status;
	struct imap_status_items status;
};

struct imap_status {
	struct span mailbox;
	struct imap_status_items items;
};

struct imap_login {
	struct span user, password; /* secret: never logged; wiped with the arena's command */
};

struct imap_authenticate {
	struct span mechanism; /* upper case */
	bool has_initial;      /* SASL-IR (4959) */
	struct span initial;   /* decoded from base64; "=" is empty */
};

struct imap_enable {
	struct span *names; /* upper case */
	size_t count;
};

struct imap_id {
	struct imap_id_pair {
		struct span field, value;
		bool is_nil;
	} * pairs;
	size_t count;
};

struct imap_compress {
	struct span algorithm; /* upper case */
};

/* A whole command. */
struct imap_command_row; /* imapd/command_table.h */
struct imap_command {
	struct arena *arena; /* borrowed */
	struct span tag;
	const struct imap_command_row *row; /* NULL: unknown command */
	bool by_uid;                        /* UID FETCH etc. */
	bool has_ranges;                    /* .select holds memory of the heap: see imap_command_done() */
	union {
		struct imap_fetch fetch;
		struct imap_store store;
		struct imap_copy copy;
		struct imap_expunge expunge;
		struct imap_search search;
		struct imap_append append;
		struct imap_mailbox_arg mailbox;
		struct imap_rename rename;
		struct imap_select select;
		struct imap_list list;
		struct imap_status status;
		struct imap_login login;
		struct imap_authenticate authenticate;
		struct imap_enable enable;
		struct imap_id id;
		struct imap_compress compress;
	};
};

/* What a parser may need to know of the session; a parser knows neither socket nor store. */
struct imap_parse_context {
	struct arena *arena;
	bool utf8; /* IMAP4rev2 or UTF8=ACCEPT is enabled: names are UTF-8 (else modified UTF-7, and raw UTF-8 is
		      accepted too where it is valid) */
	unsigned max_search_depth; /* nesting of search programs; deeper is BAD */
	size_t max_set_ranges;     /* numbers and ranges in a sequence-set; more are BAD */
	uint64_t stream_threshold; /* APPEND: not 0 where the session streamed its literals from this size on: their
				      bytes are then not in `in`, and the message gets is_streamed */
	const char *error; /* NULL at first; set on PARSE_BAD: a short fixed phrase for the client, e.g. "sequence set
			      expected" */
};

/* Each takes what stands behind the command's name, beginning with the SP where there are arguments, up to (without)
 * the final CRLF. in is a complete command: a parser that wants more bytes answers PARSE_BAD. Literals stand in it as
 * they came:
 * "{3+}\r\nabc"; sizes were checked by the framer before the bytes were taken. On PARSE_OK in is empty. */
typedef enum parse imap_parse_fn(struct imap_parse_context *context, struct span *in, struct imap_command *command);

imap_parse_fn imap_args_none, imap_fetch_parse, imap_store_parse, imap_copy_parse, imap_expunge_parse,
	imap_search_parse, imap_append_parse, imap_mailbox_parse, imap_create_parse, imap_rename_parse,
	imap_select_parse, imap_list_parse, imap_lsub_parse, imap_status_parse, imap_login_parse,
	imap_authenticate_parse, imap_enable_parse, imap_id_parse, imap_compress_parse;

/* Takes tag and name off the front of a command, and leaves what the functions above want. name is in upper case, "UID
 * FETCH" as one; both lie in the arena. On PARSE_BAD tag_r is the tag if there was one, else empty. */
enum parse imap_tag_and_name_parse(struct imap_parse_context *context, struct span *in, struct span *tag_r,
				   struct span *name_r);

void imap_command_done(struct imap_command *command); /* frees what does not lie in the arena; harmless twice */

#endif

/* SEARCH between its files: the program (search_compile.c), its evaluation (search_match.c), the passes over content
 * (search_content.c), the answer (search_write.c), and the command (search.c).
 *
 * A program is evaluated chunk by chunk of the snapshot. First every node says of every row yes, no, or (by being in
 * neither set) that it does not know, from the narrow rows alone. Rows that are still open are looked at with their
 * content, cheap parts first. */
#ifndef IMAPD_SEARCH_PRIVATE_H
#define IMAPD_SEARCH_PRIVATE_H

#include "common/base/must.h"
#include "common/store/content.h"
#include "imapd/session.h"

enum { SEARCH_WORDS = STORE_CHUNK_ROWS / 64, SEARCH_STEP_MS = 20 };

/* One bit a row of the chunk; bits behind the last row have no meaning. */
struct search_lanes {
	uint64_t yes[SEARCH_WORDS], no[SEARCH_WORDS];
};

enum search_kind {
	SEARCH_AND, /* without children: always */
	SEARCH_OR,  /* without children: never */
	SEARCH_NOT,
	/* from the narrow row; from <= value < to */
	SEARCH_FLAG,
	SEARCH_KEYWORD, /* one that does not fit into the row's flags */
	SEARCH_NUMBERS,
	SEARCH_UIDS,
	SEARCH_SIZE,
	SEARCH_LOCAL_DATE, /* internal date as its own clock showed it */
	SEARCH_DATE,       /* internal date as an instant */
	SEARCH_MODSEQ,
	/* from the content */
	SEARCH_SENT_DAY,
	SEARCH_HEADER,
	SEARCH_BODY,
	SEARCH_TEXT,
};

struct search_node {
	enum search_kind kind;
	unsigned needs;            /* enum store_content_part: its own and its children's */
	struct search_node *child; /* an array */
	size_t child_count;
	uint64_t flag;
	uint32_t keyword;
	struct ranges set; /* owned: search_program_done() */
	int64_t from, to;
	uint64_t modseq;
	struct span field, text;   /* in the command's arena */
	struct search_lanes lanes; /* of the chunk that was evaluated last */
};

struct search_program {
	struct search_node root;
	unsigned needs_first; /* what the first pass over content reads; 0: there is only one pass … */
	unsigned needs;       /* … which reads this */
};

struct search_context { /* what a program is compiled for; borrowed */
	struct arena *arena;
	const struct store_snapshot *view;
	const struct ranges *saved; /* "$" */
	uint32_t recent_from;
	int64_t now;
};

enum search_answer { SEARCH_NO, SEARCH_YES, SEARCH_UNKNOWN };

/* --- search_compile.c
 * ---------------------------------------------------------------------------------------------------------- */

void search_program_init(struct search_program *program, const struct search_context *context,
			 const struct imap_search_key *key);
void search_program_done(struct search_program *program); /* harmless twice */

/* --- search_match.c
 * ------------------------------------------------------------------------------------------------------------ */

/* Evaluates for all rows of a chunk; the answer is in node->lanes. first: number of the chunk's first row. */
void search_match_chunk(struct search_node *node, const struct store_chunk *chunk, uint32_t first);
/* Row k of the chunk that was evaluated last, with parts of its content. */
enum search_answer search_match_content(const struct search_node *node, uint32_t k, const struct store_derived *content,
					unsigned parts);

/* --- search.c, search_content.c, search_write.c
 * ----------------------------------------------------------------------------------- */

struct search {
	struct imap_generator generator;
	struct imap_session *session;
	bool by_uid;
	bool is_esearch;
	unsigned returns; /* enum imap_search_return */
	bool with_modseq;
	struct search_program program;
	struct store_snapshot *view; /* a reference */

	uint32_t chunk_next; /* how many chunks are done; from the end with only_max */
	bool only_min, only_max;

	/* what was found */
	uint32_t count;
	struct search_hit {
		uint32_t number, uid;
		uint64_t modseq;
	} first, last;       /* with count > 0 */
	uint64_t modseq;     /* the highest */
	struct ranges found; /* UIDs or numbers: what the answer lists; empty where it lists nothing */
	struct ranges saved; /* UIDs for "$" */

	/* the candidates of the current chunk */
	uint64_t blobs[STORE_CHUNK_ROWS];
	uint32_t rows[STORE_CHUNK_ROWS];
	size_t open_count;

	/* the position in the answer */
	bool is_written_to; /* its beginning is out */
	size_t range;
	uint64_t number;
	struct arena *scratch; /* one message's */
};

/* Decides the rows of the chunk that the narrow rows left open: in program.root.lanes. */
enum store_status search_decide_by_content(struct search *s, const struct store_chunk *chunk);
/* Writes the untagged answer. False: the output is full, call again. */
bool search_write(struct search *s);

#endif

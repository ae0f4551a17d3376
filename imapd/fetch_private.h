/* FETCH between its files: the plan of a command (fetch.c), the sections of one message (fetch_section.c), their
 * writing (fetch_write.c), and where a message's content comes from (fetch_source.c). */
#ifndef IMAPD_FETCH_PRIVATE_H
#define IMAPD_FETCH_PRIVATE_H

#include "common/base/must.h"
#include "common/mime/mime.h"
#include "common/store/content.h"
#include "imapd/session.h"

enum {
	FETCH_BATCH = 256,
	FETCH_FLAGS_CACHE = 32,
	FETCH_FLAGS_TEXT = 120,
	FETCH_PUMP = 64 * 1024,
	FETCH_ITEMS_LENT = 16
};

struct fetch_item {
	const struct imap_fetch_item *asked;
	unsigned needs;   /* enum store_content_part; 0: an item of the narrow row */
	struct span name; /* as it stands in the response: "BODY[TEXT]<0> " */
};

struct fetch_row {
	uint32_t number;
	struct store_row row;
};

/* The content of one message, from wherever it comes. Spans are valid until the message's response is written. */
struct fetch_source {
	struct store_derived derived; /* the parts that the plan wants */
	struct span bytes;            /* p NULL: they are in blob */
	struct store_blob *blob;      /* owned; NULL where bytes has them */
	bool is_lent;                 /* by a callback of the store: gone when it returns */
	uint64_t size;
	const struct mime_part *root; /* of derived.parts; NULL until somebody asks */
};

/* What stands behind an item's name: a run of bytes in memory, or of the message. */
struct fetch_piece {
	struct span memory;
	uint64_t at, size; /* of the message, where is_range */
	bool is_range;
	bool is_nil;    /* it cannot be answered: the tagged NO says why */
	bool is_number; /* size is the answer: BINARY.SIZE */
};

/* Texts of flags that were written lately, by the flags' bits. */
struct fetch_flags_text {
	uint64_t flags;
	uint32_t size; /* 0: empty */
	char text[FETCH_FLAGS_TEXT];
};

struct fetch {
	struct imap_generator generator;
	struct imap_session *session;
	struct arena *arena; /* the command's */
	bool by_uid;

	struct fetch_item *items;
	size_t item_count;
	unsigned content; /* enum store_content_part: 0 where the narrow rows have it all */
	bool has_uid;     /* what is among the items */
	bool has_flags;
	bool has_modseq;
	bool has_since;
	uint64_t since;

	struct store_snapshot *view; /* a reference */
	struct ranges numbers;       /* asked for */
	struct ranges due;           /* UIDs whose flags the client must be told */
	size_t range;                /* the position: numbers.list[range], and in it … */
	uint32_t number;             /* … the next; 0: its first */

	struct fetch_row rows[FETCH_BATCH];
	uint64_t blobs[FETCH_BATCH];
	size_t row_count, row_next;

	struct fetch_source source; /* of the message that is under way */
	size_t item_next;           /* and its next item */
	bool is_first_item;
	bool is_under_way;          /* piece by piece, with steps between */
	struct fetch_piece pending; /* what of the current item is still to be sent, its literal's length being out */

	struct arena *scratch;                /* one message's */
	struct buf text;                      /* selected header fields, rewritten structure */
	struct buf raw;                       /* bytes read from a blob */
	struct buf decoded;                   /* BINARY, of … */
	const struct mime_part *decoded_part; /* … this part; NULL: of none */
	struct fetch_flags_text flags_texts[FETCH_FLAGS_CACHE];
	int64_t day;       /* whose text day_text is; INT64_MIN: none yet */
	char day_text[12]; /* "17-Jul-1996" */

	enum store_status failure; /* the first that a message met */
	bool is_gone;              /* a removed message had no content any more */
	bool unknown_cte;
};

/* --- fetch_write.c
 * ----------------------------------------------------------------------------------------------------------- */

/* What is implied; then items; then the end. A response without any item is not written at all. */
void fetch_write_begin(struct fetch *f, const struct fetch_row *row);
/* Writes items from f->item_next on. False: f->pending, or else the full output, is to be sent first; then it is to be
 * called again. */
bool fetch_write_items(struct fetch *f, const struct fetch_row *row);
void fetch_write_end(struct fetch *f);
/* Sends of f->pending what the output takes. DONE: nothing is left of it, and there is room. */
enum imap_step fetch_write_pending(struct fetch *f);
/* The name an item has in a response, with the blank behind it, in the arena. */
struct span fetch_item_name(struct arena *arena, const struct imap_fetch_item *item);

/* --- fetch_section.c
 * --------------------------------------------------------------------------------------------------------- */

/* What an item of content is, of f->source. The piece's memory is valid until the next item. */
void fetch_section_find(struct fetch *f, const struct imap_fetch_item *item, struct fetch_piece *piece_r);
/* Which parts of the content an item needs (enum store_content_part). */
unsigned fetch_section_needs(const struct imap_fetch_item *item);

/* --- fetch_source.c
 * ---------------------------------------------------------------------------------------------------------- */

/* Copies what a callback of the store was given, and opens the blob: for a message that does not lie in one piece. */
enum store_status fetch_source_open(struct fetch *f, uint64_t blob, const struct store_content *content);
/* Derives anew what the store has lost, from the bytes of the message. */
enum store_status fetch_source_derive(struct fetch *f, uint64_t blob);
/* Bytes of the message; false: they cannot be read. Valid until the next call. */
bool fetch_source_view(struct fetch *f, uint64_t at, uint64_t size, struct span *view_r);
void fetch_source_close(struct fetch *f);

/* --- fetch_seen.c
 * ------------------------------------------------------------------------------------------------------------ */

/* Sets \Seen where the items do so, and brings the session's view up to date: before the rows are looked at. */
enum store_status fetch_set_seen(struct fetch *f);
/* "* VANISHED (EARLIER) …" (RFC 7162, 3.2.6). */
enum store_status fetch_tell_vanished(struct fetch *f, const struct imap_set *set);

#endif

/* The small steps that the parsers of commands are made of (RFC 9051, 9). Each takes something off the front of *at and
 * says whether it could; a command is complete, so there is no "more" to ask for. Where one fails, it may have set
 * context->error; a parser works on a copy of what it was given, and gives it back by imap_parsed() only when all is
 * well. */
#ifndef IMAPD_PARSE_PRIVATE_H
#define IMAPD_PARSE_PRIVATE_H

#include "imapd/command.h"

/* The classes of bytes, bits of imap_class[]. */
enum {
	IMAP_ATOM_CHAR = 1,
	IMAP_ASTRING_CHAR = 2, /* and bytes from 0x80 on: clients send raw UTF-8 */
	IMAP_LIST_CHAR = 4,    /* likewise */
	IMAP_TAG_CHAR = 8,
	IMAP_NAME_CHAR = 16, /* letters, digits, '.', '-': the words of FETCH */
};
extern const unsigned char imap_class[256];

/* Sets the phrase for the client, unless something more exact was found to say, and gives PARSE_BAD. */
enum parse imap_fail(struct imap_parse_context *context, const char *error);
/* The end of every parser: PARSE_OK where nothing is left of at; then *in is empty too. */
enum parse imap_parsed(struct imap_parse_context *context, struct span at, struct span *in);

static inline bool imap_next_is(const struct span *at, char byte)
{
	return at->n > 0 && at->p[0] == byte;
}

static inline bool imap_take(struct span *at, char byte)
{
	if (!imap_next_is(at, byte))
		return false;
	at->p++;
	at->n--;
	return true;
}

/* Goes over "(a b c)" from behind its '(' on: true where another item follows; false at the ')', which is taken, or
 * where the list is broken, which *bad_r tells. first is true before the first call. */
bool imap_list_goes_on(struct span *at, bool *first, bool *bad_r);

/* token_parse.c. The spans of a run are borrowed from *at; those of strings lie in the arena. */
struct span imap_take_run(struct span *at, unsigned class); /* may be empty */
bool imap_take_word(struct span *at, const char *word);     /* an atom, in any case, whole */
bool imap_take_atom(struct imap_parse_context *context, struct span *at, struct span *atom_r);  /* copied */
bool imap_take_upper(struct imap_parse_context *context, struct span *at, struct span *atom_r); /* ... in upper case */
bool imap_take_u64(struct span *at, uint64_t max, uint64_t *number_r);
bool imap_take_nz_u32(struct span *at, uint32_t *number_r);
bool imap_take_literal_size(struct span *at, uint64_t *size_r); /* "{n}" CRLF */
bool imap_take_literal(struct span *at, struct span *bytes_r);  /* borrowed; any bytes */
bool imap_take_string(struct imap_parse_context *context, struct span *at, struct span *string_r);
bool imap_take_astring(struct imap_parse_context *context, struct span *at, struct span *string_r);
/* As the two before, where the result is converted at once: it may be borrowed. class: that of an unquoted one. */
bool imap_borrow_string(struct imap_parse_context *context, struct span *at, unsigned class, struct span *string_r);
/* A copy in the arena of what a buffer holds; the buffer is freed. */
struct span imap_keep_buf(struct imap_parse_context *context, struct buf *buf);

/* set_parse.c */
bool imap_take_set(struct imap_parse_context *context, struct span *at, struct imap_set *set_r);
/* For sets that must name numbers ("*" and "$" refused): as ranges, heap memory that the caller frees, also on false.
 */
bool imap_take_ranges(struct imap_parse_context *context, struct span *at, struct ranges *ranges_r);

/* name_parse.c: names as UTF-8 in NFC (see command.h) */
bool imap_take_mailbox(struct imap_parse_context *context, struct span *at, struct span *name_r);
/* ... and was there a separator behind it? It is taken off in both. */
bool imap_take_mailbox_with_separator(struct imap_parse_context *context, struct span *at, struct span *name_r,
				      bool *had_separator_r);
bool imap_take_reference(struct imap_parse_context *context, struct span *at, struct span *name_r); /* of LIST */
bool imap_take_pattern(struct imap_parse_context *context, struct span *at, struct span *pattern_r);

/* flags_parse.c */
bool imap_take_flag_list(struct imap_parse_context *context, struct span *at, struct imap_flags *flags_r); /* "(...)" */
bool imap_take_flags(struct imap_parse_context *context, struct span *at,
		     struct imap_flags *flags_r); /* ... or bare ones */

/* date_parse.c */
bool imap_take_date(struct span *at, int32_t *day_r);                               /* with or without quotes */
bool imap_take_date_time(struct span *at, int64_t *seconds_r, int *zone_minutes_r); /* in quotes */

/* status_parse.c: "(MESSAGES UNSEEN)" */
bool imap_take_status_items(struct imap_parse_context *context, struct span *at, struct imap_status_items *items_r);

#endif

/* Messages: structure, header, text (RFC 5322, 2045, 2046, 2047, 2183, 2231). One pass over the bytes of a message
 * gives everything the store keeps beside them. Whatever the bytes are, there is an answer: broken structure becomes a
 * sensible part tree, never an error. Time is linear in the bytes; depth and number of parts are bounded. Any thread.
 *
 * Texts that clients get as they are written here (envelope, bodystructure) use the forms that RFC 9051, 7.5.2 defines
 * and RFC 3501 shares, and are always grammatical: Thunderbird stops reading a whole folder at the first that is not.
 * - Strings are quoted where all bytes are 7-bit without CR and LF, and literals otherwise. A NUL, which neither can
 *   carry, is a blank.
 * - Values stand as in the message, encoded-words and RFC 2231 still encoded; a line end with the white space around it
 *   is one blank, blanks at both ends are left out. Of a field that occurs twice the first counts; address fields are
 *   joined, so that no address can hide.
 * - An address without a domain has the host "", never NIL: that would make it the name of a group.
 * - Parameters that were cut into pieces (RFC 2231, 3) are joined; where a piece is encoded the whole is ("filename*").
 * A text without a charset has "us-ascii".
 * - A multipart without parts has an empty text/plain; so it is in the part tree, too. A message/rfc822 in base64 is a
 * leaf whose envelope and body are empty. */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include "common/base/arena.h"
#include "common/base/buf.h"

enum {
	MIME_DERIVED_VERSION = 1, /* of everything below: raised when the meaning of derived data changes */
	MIME_MAX_DEPTH = 64,      /* parts nested deeper are shown as one application/octet-stream leaf */
	MIME_MAX_PARTS = 4096,
};

enum mime_encoding { MIME_7BIT, MIME_8BIT, MIME_BINARY, MIME_BASE64, MIME_QUOTED_PRINTABLE, MIME_ENCODING_UNKNOWN };

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,
	MIME_MESSAGE, /* message/rfc822 or message/global: child[0] is the message inside */
};

/* One part of a message; offsets are bytes from the start of the whole message. */
struct mime_part {
	enum mime_kind kind;
	enum mime_encoding encoding;
	size_t header_at,
		header_size;       /* MIME header of the part (of the root: the message header) with the empty line */
	size_t body_at, body_size; /* what BODY[n] gives: without the line end that belongs to a boundary */
	uint32_t body_lines;
	struct mime_part *child; /* an array of child_count parts */
	uint32_t child_count;
	struct span charset; /* in UTF-8, lower case; empty where there is none */
	bool is_text;        /* type text/anything, or no Content-Type at all */
};

/* Everything that is derived from the bytes of one message. The spans lie in arena or in the message. */
struct mime_derived {
	struct span header;        /* the header block with the empty line that ends it */
	struct span envelope;      /* "(...)" */
	struct span bodystructure; /* "(...)" with all extension data */
	struct span parts;         /* the part tree, packed: see mime_parts_unpack() */
	struct span header_text;   /* for search: a line "name:value\n" a field, decoded, folded as mime_fold() does */
	struct span body_text;     /* for search: the decoded text of all text parts (and of the headers of nested
				      messages),     folded; parts separated by '\n'; HTML as its text without the tags */
	bool body_text_is_partial; /* more than text_max bytes: a search must look at the message itself behind them */
	int64_t sent_at;           /* the Date field's instant, seconds since 1970; INT64_MIN where there is none */
	int32_t sent_day;          /* its day, zone disregarded, in days since 1970-01-01 (SEARCH SENTON); INT32_MIN */
};

/* Derives it all. message stays in place as long as the result is used. text_max bounds body_text (bytes). */
void mime_derive(struct span message, size_t text_max, struct arena *arena, struct mime_derived *derived_r);

/* The part tree alone. The charsets lie in arena. */
struct mime_part *mime_parse(struct span message, struct arena *arena);
void mime_parts_pack(const struct mime_part *root, struct buf *out);
/* A copy of its own: packed may go. NULL where the bytes are not a packed tree of this version (then parse the message
 * again). */
struct mime_part *mime_parts_unpack(struct span packed, struct arena *arena);

/* BODY is BODYSTRUCTURE without extension data (RFC 9051, 7.5.2): rewrites the one into the other. */
void mime_body_write(struct span bodystructure, struct buf *out);

/* The part that a section number names, by the rules of RFC 9051, 6.4.5.1 ("1" of a single-part message is its body;
 * a message/rfc822 part passes numbers on to the message inside). path has count > 0 numbers. NULL: no such part. */
const struct mime_part *mime_part_find(const struct mime_part *root, const uint32_t *path, size_t count);

/* Copies the fields of a header block whose names are listed (or, inverted, all others), folded lines as they are, and
 * the empty line at the end (CRLF where the block has none): HEADER.FIELDS and HEADER.FIELDS.NOT. names are compared
 * without regard to ASCII case. */
void mime_header_select(struct span header, const struct span *names, size_t count, bool invert, struct buf *out);

/* Goes over the fields of a header block: false at its end. value_r is raw, with its foldings, without the last line
 * end. */
bool mime_header_next(struct span *header, struct span *name_r, struct span *value_r);

/* Unfolds and decodes encoded-words (RFC 2047) and raw 8-bit text into valid UTF-8. */
void mime_header_decode(struct span raw, struct buf *out);

/* Makes text comparable for SEARCH: full case folding and NFKC-less canonical composition (NFC), runs of white space
 * become one blank. ASCII stays ASCII in lower case. text must be UTF-8; invalid bytes become U+FFFD. */
void mime_fold(struct span text, struct buf *out);

/* Canonical composition alone (NFC), as names of mailboxes need it; invalid bytes become U+FFFD. */
void mime_nfc(struct span text, struct buf *out);

/* Converts to UTF-8; what the charset does not define becomes U+FFFD. False: the charset is unknown (out gets the
 * ASCII, and U+FFFD for the rest). charset is compared without regard to case, and known wrong names are understood. */
bool mime_to_utf8(struct span charset, struct span bytes, struct buf *out);
bool mime_charset_is_known(struct span charset); /* for SEARCH CHARSET and [BADCHARSET (...)] */

/* Undoes a content-transfer-encoding as RFC 9051's BINARY needs it. False: the encoding is unknown ([UNKNOWN-CTE]).
 * Damaged base64 and quoted-printable are decoded as far as they make sense. */
bool mime_decode(enum mime_encoding encoding, struct span body, struct buf *out);

/* date-time of RFC 5322, 3.3 with the obsolete forms: false where it cannot be understood. zone in minutes east. */
bool mime_date_parse(struct span text, int64_t *seconds_r, int *zone_minutes_r);

#endif

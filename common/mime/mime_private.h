/* What the files of this folder share. */
#ifndef MIME_PRIVATE_H
#define MIME_PRIVATE_H

#include "common/mime/mime.h"

/* lex.c: the tokens of structured fields (RFC 5322, 3.2; RFC 2045, 5.1), taken off the front of a raw value. */

enum mime_class {
	MIME_SPACE = 1,   /* blank, tab, CR, LF */
	MIME_ATOM = 2,    /* may stand in an atom; every byte above 127 may */
	MIME_TOKEN = 4,   /* may stand in a token of MIME */
	MIME_CONTROL = 8, /* below 0x20, or 0x7f */
};
extern const unsigned char mime_classes[256];

static inline bool mime_is(char c, enum mime_class class)
{
	return (mime_classes[(unsigned char)c] & class) != 0;
}

static inline void mime_step(struct span *at, size_t n)
{
	if (n > 0) /* an empty span may have no address at all */
		at->p += n;
	at->n -= n;
}

/* Passes over white space and comments. comment_r (may be NULL) gets the inside of the last comment, if there is one.
 */
void mime_skip(struct span *at, struct span *comment_r);
struct span mime_take_run(struct span *at, enum mime_class class); /* the longest run of one class; perhaps empty */
/* A quoted string; at->p[0] is '"'. Gives its raw inside. Without a closing quote it goes on to the end. */
struct span mime_take_quoted(struct span *at);
/* Appends the inside of a quoted string, a comment or a domain literal without its quoting and folding. */
void mime_unquote(struct span inside, struct buf *out);
/* Without the blanks at both ends; a line end, with all white space around it, is one blank. A copy in arena only where
 * something had to go. */
struct span mime_unfold(struct span raw, struct arena *arena);
struct span mime_trim(struct span raw); /* without white space, line ends too, at both ends */

/* content.c: Content-Type and Content-Disposition (RFC 2045, 5.1; RFC 2183; RFC 2231). */

enum { MIME_MAX_PARAMS = 128 }; /* of one field: further ones are passed over */

struct mime_param {
	struct span name, value; /* as written, without quoting; continuations joined */
};

struct mime_content {
	struct span type, subtype; /* as written; of a disposition the type alone; both empty: not understood */
	struct mime_param *params;
	size_t param_count;
};

/* The spans of the result lie in value or in arena. */
void mime_content_parse(struct span value, bool has_subtype, struct arena *arena, struct mime_content *content_r);
struct span mime_content_param(const struct mime_content *content, const char *name); /* .p NULL: not there */

/* fields.c: the fields that structure and envelope are made of. */

enum mime_field {
	MIME_TO,
	MIME_CC,
	MIME_BCC,
	MIME_DATE,
	MIME_FROM,
	MIME_SENDER,
	MIME_SUBJECT,
	MIME_REPLY_TO,
	MIME_MESSAGE_ID,
	MIME_CONTENT_ID,
	MIME_IN_REPLY_TO,
	MIME_CONTENT_MD5,
	MIME_CONTENT_TYPE,
	MIME_CONTENT_LANGUAGE,
	MIME_CONTENT_LOCATION,
	MIME_CONTENT_DESCRIPTION,
	MIME_CONTENT_DISPOSITION,
	MIME_CONTENT_TRANSFER_ENCODING,
	MIME_FIELD_COUNT,
};

/* The header of one part. */
struct mime_fields {
	struct span header;
	struct span value[MIME_FIELD_COUNT]; /* raw, of the first such field; .p NULL: there is none */
	uint32_t repeated;                   /* bit n: field n occurs again */
	struct mime_content content;         /* never empty: the default where the field is missing or broken */
	bool has_content;                    /* false: content is the default */
	bool is_opaque;                      /* its parts are not shown: too deep, or too many */
};

void mime_fields_read(struct span header, struct mime_fields *fields_r); /* all but content and what follows it */

/* parse.c: a part tree with the fields of each part, parents before their children. */

struct mime_tree {
	struct mime_part *root;
	struct mime_fields *fields;
	size_t count;
};

void mime_tree_parse(struct span message, struct arena *arena, struct mime_tree *tree_r);

/* write.c, address.c, envelope.c, bodystructure.c: what clients get. */

void mime_write_string(struct span s, struct buf *out);  /* quoted or literal */
void mime_write_nstring(struct span s, struct buf *out); /* NIL where s.p is NULL */
/* All fields of this kind in the header, as if they were one: "((…)(…))" or NIL. False: NIL. */
bool mime_write_addresses(const struct mime_fields *fields, enum mime_field field, struct buf *out);
void mime_write_envelope(const struct mime_fields *fields, struct arena *arena, struct buf *out);
void mime_write_bodystructure(const struct mime_tree *tree, struct arena *arena, struct buf *out);

/* text.c, html.c: what SEARCH looks at. */

void mime_write_header_text(struct span header, struct buf *out);
/* False: the text was cut at max bytes. */
bool mime_write_body_text(struct span message, const struct mime_tree *tree, size_t max, struct buf *out);
void mime_html_to_text(struct span html, struct buf *out); /* both UTF-8 */
uint32_t mime_html_entity(struct span name);               /* "amp" gives '&'; 0: no such name */

#endif

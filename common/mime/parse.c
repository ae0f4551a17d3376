/* The part tree of a message (RFC 2045, RFC 2046).
 *
 * One pass over the lines. The boundaries of all multiparts that are open are on a stack; a line that matches one of
 * them ends everything inside of it, so a missing end boundary costs no more than its own part. A boundary matches
 * where the line begins with it (RFC 2046, 5.1.1), and of several the longest, of equal ones the innermost. */
#include "common/mime/mime_private.h"

#include <string.h>

enum { NO_HIT = -1 };

struct scan {
	struct arena *arena;
	struct span message;
	size_t at;         /* the start of a line */
	uint32_t lines;    /* ended before it */
	size_t header_end; /* of the header that was read last */

	struct span boundaries[MIME_MAX_DEPTH];
	int open; /* how many of them */

	/* the boundary line that was met last */
	int hit; /* whose it is; NO_HIT: the end of the message */
	bool hit_is_last;
	size_t hit_at;      /* where it begins */
	uint32_t hit_lines; /* lines ended before it */

	struct mime_fields *fields;
	size_t count, capacity;
};

static void parse_part(struct scan *scan, struct mime_part *part, int depth, bool in_digest);

/* Where the next line begins. */
static size_t line_end(const struct scan *scan, size_t at)
{
	const char *lf = memchr(scan->message.p + at, '\n', scan->message.n - at);

	return lf == NULL ? scan->message.n : (size_t)(lf - scan->message.p) + 1;
}

/* line begins with "--". Fills in the hit. */
static bool is_boundary(struct scan *scan, struct span line)
{
	size_t longest = 0;

	mime_step(&line, 2);
	scan->hit = NO_HIT;
	for (int i = scan->open - 1; i >= 0; i--) {
		struct span boundary = scan->boundaries[i];

		if (boundary.n > longest && boundary.n <= line.n && memcmp(boundary.p, line.p, boundary.n) == 0) {
			scan->hit = i;
			longest = boundary.n;
		}
	}
	if (scan->hit == NO_HIT)
		return false;
	mime_step(&line, longest);
	scan->hit_is_last = line.n >= 2 && line.p[0] == '-' && line.p[1] == '-';
	return true;
}

static void pass_line(struct scan *scan, size_t end)
{
	scan->at = end;
	if (scan->message.p[end - 1] == '\n')
		scan->lines++;
}

/* Looks at the line at scan->at: true where it is a boundary, which is then passed over. */
static bool take_boundary(struct scan *scan, size_t end)
{
	const char *p = scan->message.p + scan->at;

	if (scan->open == 0 || end - scan->at < 3 || p[0] != '-' || p[1] != '-' ||
	    !is_boundary(scan, span_from(p, end - scan->at)))
		return false;
	scan->hit_at = scan->at;
	scan->hit_lines = scan->lines;
	pass_line(scan, end);
	return true;
}

static void reach_end(struct scan *scan)
{
	scan->hit = NO_HIT;
	scan->hit_at = scan->message.n;
	scan->hit_lines = scan->lines;
}

/* Goes on to the next boundary line or the end of the message. */
static void skip_body(struct scan *scan)
{
	while (scan->at < scan->message.n) {
		size_t end = line_end(scan, scan->at);

		if (take_boundary(scan, end))
			return;
		pass_line(scan, end);
	}
	reach_end(scan);
}

/* Goes over the header. False: a boundary, or the end of the message, stands where its empty line should. */
static bool take_header(struct scan *scan, struct span *header_r)
{
	const char *p = scan->message.p;
	size_t start = scan->at;

	while (scan->at < scan->message.n) {
		size_t at = scan->at, end = line_end(scan, at);

		if (take_boundary(scan, end)) {
			*header_r = span_sub(scan->message, start, at - start);
			scan->header_end = at;
			return false;
		}
		pass_line(scan, end);
		if (p[at] == '\n' || (p[at] == '\r' && end - at == 2 && p[at + 1] == '\n')) {
			*header_r = span_sub(scan->message, start, end - start);
			scan->header_end = end;
			return true;
		}
	}
	reach_end(scan);
	scan->header_end = scan->message.n;
	*header_r = span_sub(scan->message, start, scan->message.n - start);
	return false;
}

static enum mime_encoding encoding_of(struct span value)
{
	struct span token;

	mime_skip(&value, NULL);
	token = mime_take_run(&value, MIME_TOKEN);
	if (token.n == 0 || span_is_nocase(token, "7bit"))
		return MIME_7BIT;
	if (span_is_nocase(token, "8bit"))
		return MIME_8BIT;
	if (span_is_nocase(token, "binary"))
		return MIME_BINARY;
	if (span_is_nocase(token, "base64"))
		return MIME_BASE64;
	return span_is_nocase(token, "quoted-printable") ? MIME_QUOTED_PRINTABLE : MIME_ENCODING_UNKNOWN;
}

static struct span charset_of(const struct mime_content *content, struct arena *arena)
{
	struct span charset = mime_trim(mime_content_param(content, "charset"));
	char *copy;

	if (charset.n == 0 || charset.n > 64)
		return SPAN("");
	copy = arena_bytes(arena, charset.n);
	for (size_t i = 0; i < charset.n; i++) {
		if (!mime_is(charset.p[i], MIME_ATOM | MIME_TOKEN) || (unsigned char)charset.p[i] > 127)
			return SPAN("");
		copy[i] = ascii_lower(charset.p[i]);
	}
	return span_from(copy, charset.n);
}

/* What the part is: its own word, or the default of where it stands (RFC 2045, 5.2; RFC 2046, 5.1.5). */
static void settle_content(struct scan *scan, struct mime_fields *fields, bool in_digest)
{
	struct mime_content *content = &fields->content;

	if (fields->value[MIME_CONTENT_TYPE].p != NULL)
		mime_content_parse(fields->value[MIME_CONTENT_TYPE], true, scan->arena, content);
	fields->has_content = content->type.n > 0 && content->subtype.n > 0;
	if (fields->has_content)
		return;
	content->type = in_digest ? SPAN("message") : SPAN("text");
	content->subtype = in_digest ? SPAN("rfc822") : SPAN("plain");
}

static bool is_message(const struct mime_content *content)
{
	return span_is_nocase(content->type, "message") &&
	       (span_is_nocase(content->subtype, "rfc822") || span_is_nocase(content->subtype, "global"));
}

static enum mime_kind kind_of(const struct scan *scan, struct mime_fields *fields, enum mime_encoding encoding,
			      int depth)
{
	bool is_multipart = span_is_nocase(fields->content.type, "multipart");

	/* an encoded message has no parts before it is decoded; an encoded multipart is a contradiction that some
	 * programs write, and its encoding is wrong, not its type (RFC 2045, 6.4) */
	if (!is_multipart &&
	    (!is_message(&fields->content) || encoding == MIME_BASE64 || encoding == MIME_QUOTED_PRINTABLE))
		return MIME_LEAF;
	if (depth >= MIME_MAX_DEPTH || scan->count >= MIME_MAX_PARTS) {
		fields->is_opaque = true;
		return MIME_LEAF;
	}
	return is_multipart ? MIME_MULTIPART : MIME_MESSAGE;
}

static struct mime_fields *new_fields(struct scan *scan)
{
	arena_grow(scan->arena, (void **)&scan->fields, &scan->capacity, scan->count + 1, sizeof *scan->fields);
	return &scan->fields[scan->count++];
}

/* A multipart has at least one part in IMAP: an empty text where there is none in the message. */
static void add_empty_child(struct scan *scan, struct mime_part *part)
{
	struct mime_fields *fields = new_fields(scan);
	size_t at = part->body_at;

	*fields = (struct mime_fields){.header = span_sub(scan->message, at, 0)};
	settle_content(scan, fields, false);
	part->child = arena_new(scan->arena, struct mime_part);
	part->child_count = 1;
	part->child[0] = (struct mime_part){.header_at = at, .body_at = at, .charset = SPAN(""), .is_text = true};
}

static void parse_multipart(struct scan *scan, struct mime_part *part, struct span boundary, int depth, bool is_digest)
{
	int own = scan->open;
	size_t capacity = 0;

	if (boundary.n > 0)
		scan->boundaries[scan->open++] = boundary;
	skip_body(scan);
	if (boundary.n == 0) {
		add_empty_child(scan, part);
		return;
	}
	while (scan->hit == own && !scan->hit_is_last && scan->count < MIME_MAX_PARTS) {
		arena_grow(scan->arena, (void **)&part->child, &capacity, part->child_count + 1u, sizeof *part->child);
		parse_part(scan, &part->child[part->child_count++], depth + 1, is_digest);
	}
	scan->open = own;
	if (part->child_count == 0)
		add_empty_child(scan, part);
	if (scan->hit == own)
		skip_body(scan);
}

/* How many bytes of the line end before the boundary belong to it (RFC 2046, 5.1.1): none of a header's. */
static size_t line_end_before(const struct scan *scan)
{
	const char *p = scan->message.p;
	size_t at = scan->hit_at, from = scan->header_end;

	if (scan->hit == NO_HIT || at == from || p[at - 1] != '\n')
		return 0;
	return at - from >= 2 && p[at - 2] == '\r' ? 2 : 1;
}

static void parse_body(struct scan *scan, struct mime_part *part, const struct mime_content *content, int depth)
{
	switch (part->kind) {
	case MIME_LEAF:
		skip_body(scan);
		break;
	case MIME_MULTIPART:
		parse_multipart(scan, part, span_trim(mime_content_param(content, "boundary")), depth,
				span_is_nocase(content->subtype, "digest"));
		break;
	case MIME_MESSAGE:
		part->child = arena_new(scan->arena, struct mime_part);
		part->child_count = 1;
		parse_part(scan, part->child, depth + 1, false);
		break;
	}
}

/* Fills in the part that begins at scan->at; afterwards scan->hit tells what ended it. */
static void parse_part(struct scan *scan, struct mime_part *part, int depth, bool in_digest)
{
	struct mime_fields *fields = new_fields(scan);
	struct mime_content content;
	struct span header;
	size_t shared;
	uint32_t lines_before;
	bool has_body;

	*part = (struct mime_part){.header_at = scan->at};
	has_body = take_header(scan, &header);
	mime_fields_read(header, fields);
	settle_content(scan, fields, in_digest);
	part->encoding = encoding_of(fields->value[MIME_CONTENT_TRANSFER_ENCODING]);
	part->kind = kind_of(scan, fields, part->encoding, depth);
	part->is_text = part->kind == MIME_LEAF && span_is_nocase(fields->content.type, "text");
	part->charset = charset_of(&fields->content, scan->arena);
	part->header_size = header.n;
	part->body_at = part->header_at + header.n;
	content = fields->content; /* the array may move */
	lines_before = scan->lines;
	if (has_body)
		parse_body(scan, part, &content, depth);
	else if (part->kind != MIME_LEAF)
		add_empty_child(scan, part);
	if (!has_body)
		return;
	shared = line_end_before(scan);
	part->body_size = scan->hit_at - shared - part->body_at;
	part->body_lines = scan->hit_lines - lines_before - (shared > 0 ? 1 : 0);
}

void mime_tree_parse(struct span message, struct arena *arena, struct mime_tree *tree_r)
{
	struct scan scan = {.arena = arena, .message = message, .hit = NO_HIT};

	tree_r->root = arena_new(arena, struct mime_part);
	parse_part(&scan, tree_r->root, 0, false);
	tree_r->fields = scan.fields;
	tree_r->count = scan.count;
}

struct mime_part *mime_parse(struct span message, struct arena *arena)
{
	struct mime_tree tree;

	mime_tree_parse(message, arena, &tree);
	return tree.root;
}

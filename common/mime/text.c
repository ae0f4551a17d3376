/* The texts that SEARCH looks at, decoded and folded. */
#include "common/mime/mime_private.h"
#include "common/base/utf8.h"

#include <string.h>

enum {
	/* Of one part, at most so many times the room left plus SLACK are decoded: what a part says in more bytes than
	 * that (endless tags, blanks) is not worth the time of a delivery. */
	MOST_BYTES_PER_BYTE = 16,
	SLACK = 65536,
};

struct collect {
	struct span message;
	const struct mime_fields *next;
	struct buf *out;
	size_t start, max;
	bool is_cut;
	struct buf decoded, utf8, text;
};

/* ASCII without a '?', so without encoded-words, needs no decoding, and folding takes the line ends for the white space
 * they are. */
static bool needs_decoding(struct span value)
{
	return utf8_ascii_prefix(value) < value.n || memchr(value.p, '?', value.n) != NULL;
}

void mime_write_header_text(struct span header, struct buf *out)
{
	struct span name, value, rest = header;
	struct buf decoded = {0};

	(void)buf_room(out, header.n + 64);
	while (mime_header_next(&rest, &name, &value)) {
		value = mime_trim(value);
		mime_fold(name, out);
		buf_byte(out, ':');
		if (value.n > 0 && needs_decoding(value)) {
			decoded.n = 0;
			mime_header_decode(value, &decoded);
			value = mime_trim(buf_view(&decoded));
		}
		mime_fold(value, out);
		buf_byte(out, '\n');
	}
	buf_done(&decoded);
}

static size_t room(const struct collect *c)
{
	size_t used = c->out->n - c->start;

	return used < c->max ? c->max - used : 0;
}

/* Takes away what is behind the limit. */
static void cut(struct collect *c)
{
	struct span text = span_sub(buf_view(c->out), c->start, SIZE_MAX);

	if (text.n <= c->max)
		return;
	c->out->n = c->start + utf8_cut(text, c->max).n;
	c->is_cut = true;
}

static void part_texts(struct collect *c)
{
	if (c->out->n > c->start)
		buf_byte(c->out, '\n');
}

/* The part's bytes without their encoding, as UTF-8 or what folding makes valid. Spans lie in the message where there
 * is nothing to do. */
static struct span text_of(struct collect *c, const struct mime_part *part, struct span bytes)
{
	bool is_plain = part->charset.n == 0 || span_is(part->charset, "utf-8") || span_is(part->charset, "us-ascii");

	if (part->encoding == MIME_BASE64 || part->encoding == MIME_QUOTED_PRINTABLE) {
		c->decoded.n = 0;
		(void)mime_decode(part->encoding, bytes, &c->decoded);
		bytes = buf_view(&c->decoded);
	}
	if (utf8_ascii_prefix(bytes) == bytes.n && part->charset.n < 8 && is_plain)
		return bytes;
	if (is_plain && utf8_is_valid(bytes))
		return bytes;
	c->utf8.n = 0;
	(void)mime_to_utf8(is_plain ? SPAN("iso-8859-1") : part->charset, bytes, &c->utf8);
	return buf_view(&c->utf8);
}

static void collect_leaf(struct collect *c, const struct mime_part *part, const struct mime_fields *fields)
{
	struct span bytes = span_sub(c->message, part->body_at, part->body_size);
	size_t most;

	if (bytes.n == 0)
		return;
	if (room(c) == 0) {
		c->is_cut = true;
		return;
	}
	if (!__builtin_mul_overflow(room(c), (size_t)MOST_BYTES_PER_BYTE, &most) &&
	    !__builtin_add_overflow(most, (size_t)SLACK, &most) && bytes.n > most) {
		bytes.n = most;
		c->is_cut = true;
	}
	part_texts(c);
	bytes = text_of(c, part, bytes);
	if (span_is_nocase(fields->content.subtype, "html")) {
		c->text.n = 0;
		mime_html_to_text(bytes, &c->text);
		bytes = buf_view(&c->text);
	}
	mime_fold(bytes, c->out);
	cut(c);
}

static void collect_part(struct collect *c, const struct mime_part *part, bool is_inside)
{
	const struct mime_fields *fields = c->next++;

	if (is_inside && room(c) > 0) {
		part_texts(c);
		mime_write_header_text(fields->header, c->out);
		cut(c);
	}
	if (part->is_text)
		collect_leaf(c, part, fields);
	for (uint32_t i = 0; i < part->child_count; i++)
		collect_part(c, &part->child[i], part->kind == MIME_MESSAGE);
}

bool mime_write_body_text(struct span message, const struct mime_tree *tree, size_t max, struct buf *out)
{
	struct collect c = {.message = message, .next = tree->fields, .out = out, .start = out->n, .max = max};

	collect_part(&c, tree->root, false);
	buf_done(&c.decoded);
	buf_done(&c.utf8);
	buf_done(&c.text);
	return !c.is_cut;
}

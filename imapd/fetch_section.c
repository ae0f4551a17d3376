/* Sections of a message (RFC 9051, 6.4.5 and 6.4.5.1): which bytes BODY[…], BINARY[…] and their relatives mean. A
 * section that is not there is an empty string: older clients stumble over NIL. */
#include "imapd/fetch_private.h"

static struct fetch_piece in_memory(struct span s)
{
	return (struct fetch_piece){.memory = s};
}

static struct fetch_piece in_message(const struct fetch *f, uint64_t at, uint64_t size)
{
	uint64_t all = f->source.size;

	if (at > all)
		at = all;
	return (struct fetch_piece){.is_range = true, .at = at, .size = size < all - at ? size : all - at};
}

static struct fetch_piece nothing(void)
{
	return (struct fetch_piece){.is_nil = true};
}

static void apply_partial(const struct imap_fetch_item *item, struct fetch_piece *piece)
{
	uint64_t size = piece->is_range ? piece->size : piece->memory.n;
	uint64_t from = item->partial_offset < size ? item->partial_offset : size;
	uint64_t n = item->partial_length < size - from ? item->partial_length : size - from;

	if (!item->has_partial || piece->is_nil)
		return;
	if (piece->is_range) {
		piece->at += from;
		piece->size = n;
	} else {
		piece->memory = span_sub(piece->memory, (size_t)from, (size_t)n);
	}
}

static const struct mime_part *find_root(struct fetch *f)
{
	struct span all;

	if (f->source.root == NULL)
		f->source.root = mime_parts_unpack(f->source.derived.parts, f->scratch);
	if (f->source.root == NULL && fetch_source_view(f, 0, f->source.size, &all))
		f->source.root = mime_parse(arena_span(f->scratch, all), f->scratch);
	return f->source.root;
}

static const struct mime_part *find_part(struct fetch *f, const struct imap_fetch_item *item)
{
	const struct mime_part *root = find_root(f);

	return root == NULL ? NULL : mime_part_find(root, item->path, item->path_count);
}

static struct fetch_piece select_fields(struct fetch *f, const struct imap_fetch_item *item, struct span header)
{
	f->text.n = 0;
	mime_header_select(header, item->fields, item->field_count, item->text == IMAP_SECTION_HEADER_FIELDS_NOT,
			   &f->text);
	return in_memory(buf_view(&f->text));
}

static struct fetch_piece whole_section(struct fetch *f, const struct imap_fetch_item *item)
{
	struct span header = f->source.derived.header;

	switch (item->text) {
	case IMAP_SECTION_ALL:
		return in_message(f, 0, f->source.size);
	case IMAP_SECTION_HEADER:
		return in_memory(header);
	case IMAP_SECTION_HEADER_FIELDS:
	case IMAP_SECTION_HEADER_FIELDS_NOT:
		return select_fields(f, item, header);
	case IMAP_SECTION_TEXT:
		return in_message(f, header.n, UINT64_MAX);
	case IMAP_SECTION_MIME:
		break; /* only behind numbers: the parser sees to it */
	}
	return in_memory(SPAN(""));
}

/* HEADER, its fields and TEXT behind numbers are those of the message inside a message/rfc822 part. */
static struct fetch_piece nested_section(struct fetch *f, const struct imap_fetch_item *item,
					 const struct mime_part *part)
{
	const struct mime_part *inside;
	struct span header;

	if (part->kind != MIME_MESSAGE || part->child_count == 0)
		return in_memory(SPAN(""));
	inside = &part->child[0];
	switch (item->text) {
	case IMAP_SECTION_HEADER:
		return in_message(f, inside->header_at, inside->header_size);
	case IMAP_SECTION_HEADER_FIELDS:
	case IMAP_SECTION_HEADER_FIELDS_NOT:
		if (!fetch_source_view(f, inside->header_at, inside->header_size, &header))
			return nothing();
		return select_fields(f, item, header);
	case IMAP_SECTION_TEXT:
		return in_message(f, inside->body_at, inside->body_size);
	case IMAP_SECTION_ALL:
	case IMAP_SECTION_MIME:
		break;
	}
	return in_memory(SPAN(""));
}

static struct fetch_piece part_section(struct fetch *f, const struct imap_fetch_item *item)
{
	const struct mime_part *part = find_part(f, item);

	if (part == NULL)
		return in_memory(SPAN(""));
	if (item->text == IMAP_SECTION_ALL)
		return in_message(f, part->body_at, part->body_size);
	if (item->text == IMAP_SECTION_MIME)
		return in_message(f, part->header_at, part->header_size);
	return nested_section(f, item, part);
}

/* False: the encoding is unknown, or the bytes cannot be read. */
static bool decode_part(struct fetch *f, const struct mime_part *part)
{
	struct span body;

	if (f->decoded_part == part)
		return true;
	f->decoded_part = NULL;
	f->decoded.n = 0;
	if (!fetch_source_view(f, part->body_at, part->body_size, &body))
		return false;
	if (!mime_decode(part->encoding, body, &f->decoded)) {
		f->unknown_cte = true;
		return false;
	}
	f->decoded_part = part;
	return true;
}

/* The decoded bytes of a leaf. Whole messages and multiparts have no encoding that could be undone: their bytes. */
static struct fetch_piece binary_section(struct fetch *f, const struct imap_fetch_item *item)
{
	const struct mime_part *part;

	if (item->path_count == 0)
		return in_message(f, 0, f->source.size);
	if ((part = find_part(f, item)) == NULL)
		return in_memory(SPAN(""));
	if (part->kind != MIME_LEAF || part->encoding == MIME_7BIT || part->encoding == MIME_8BIT ||
	    part->encoding == MIME_BINARY)
		return in_message(f, part->body_at, part->body_size);
	if (!decode_part(f, part))
		return nothing();
	return in_memory(buf_view(&f->decoded));
}

static struct fetch_piece binary_size(struct fetch *f, const struct imap_fetch_item *item)
{
	struct fetch_piece piece = binary_section(f, item);

	if (piece.is_nil)
		return piece;
	return (struct fetch_piece){.is_number = true, .size = piece.is_range ? piece.size : piece.memory.n};
}

static struct fetch_piece short_structure(struct fetch *f)
{
	f->text.n = 0;
	mime_body_write(f->source.derived.bodystructure, &f->text);
	return in_memory(buf_view(&f->text));
}

void fetch_section_find(struct fetch *f, const struct imap_fetch_item *item, struct fetch_piece *piece_r)
{
	switch (item->kind) {
	case IMAP_FETCH_ENVELOPE:
		*piece_r = in_memory(f->source.derived.envelope);
		return;
	case IMAP_FETCH_BODYSTRUCTURE:
		*piece_r = in_memory(f->source.derived.bodystructure);
		return;
	case IMAP_FETCH_BODY:
		*piece_r = short_structure(f);
		return;
	case IMAP_FETCH_SECTION:
		*piece_r = item->path_count == 0 ? whole_section(f, item) : part_section(f, item);
		break;
	case IMAP_FETCH_BINARY:
		*piece_r = binary_section(f, item);
		break;
	case IMAP_FETCH_BINARY_SIZE:
		*piece_r = binary_size(f, item);
		return;
	case IMAP_FETCH_RFC822:
		*piece_r = in_message(f, 0, f->source.size);
		return;
	case IMAP_FETCH_RFC822_HEADER:
		*piece_r = in_memory(f->source.derived.header);
		return;
	case IMAP_FETCH_RFC822_TEXT:
		*piece_r = in_message(f, f->source.derived.header.n, UINT64_MAX);
		return;
	case IMAP_FETCH_UID:
	case IMAP_FETCH_FLAGS:
	case IMAP_FETCH_INTERNALDATE:
	case IMAP_FETCH_SIZE:
	case IMAP_FETCH_MODSEQ:
		*piece_r = nothing(); /* of the narrow row: fetch_write.c */
		return;
	}
	apply_partial(item, piece_r);
}

static unsigned section_needs(const struct imap_fetch_item *item)
{
	if (item->path_count > 0)
		return STORE_CONTENT_STRUCTURE | STORE_CONTENT_BYTES;
	switch (item->text) {
	case IMAP_SECTION_ALL:
		return STORE_CONTENT_BYTES;
	case IMAP_SECTION_TEXT:
		return STORE_CONTENT_HEADER | STORE_CONTENT_BYTES;
	case IMAP_SECTION_HEADER:
	case IMAP_SECTION_HEADER_FIELDS:
	case IMAP_SECTION_HEADER_FIELDS_NOT:
	case IMAP_SECTION_MIME:
		break;
	}
	return STORE_CONTENT_HEADER;
}

unsigned fetch_section_needs(const struct imap_fetch_item *item)
{
	switch (item->kind) {
	case IMAP_FETCH_ENVELOPE:
		return STORE_CONTENT_ENVELOPE;
	case IMAP_FETCH_BODY:
	case IMAP_FETCH_BODYSTRUCTURE:
		return STORE_CONTENT_STRUCTURE;
	case IMAP_FETCH_SECTION:
		return section_needs(item);
	case IMAP_FETCH_BINARY:
	case IMAP_FETCH_BINARY_SIZE:
		return STORE_CONTENT_STRUCTURE | STORE_CONTENT_BYTES;
	case IMAP_FETCH_RFC822:
		return STORE_CONTENT_BYTES;
	case IMAP_FETCH_RFC822_HEADER:
		return STORE_CONTENT_HEADER;
	case IMAP_FETCH_RFC822_TEXT:
		return STORE_CONTENT_HEADER | STORE_CONTENT_BYTES;
	case IMAP_FETCH_UID:
	case IMAP_FETCH_FLAGS:
	case IMAP_FETCH_INTERNALDATE:
	case IMAP_FETCH_SIZE:
	case IMAP_FETCH_MODSEQ:
		break;
	}
	return 0;
}

/* Finding the part that a section number names (RFC 9051, 6.4.5.1), and the part tree as bytes.
 *
 * Packed: a version byte, the number of parts, then each part, parents first: kind, encoding and is_text in one byte,
 * then the numbers of struct mime_part as base-128 numbers, the lowest seven bits first, the charset with its length.
 */
#include "common/mime/mime_private.h"

#include <string.h>

/* The part `number` of a message whose body has this structure. */
static const struct mime_part *step(const struct mime_part *message, uint32_t number)
{
	if (message->kind != MIME_MULTIPART)
		return number == 1 ? message : NULL;
	return number >= 1 && number <= message->child_count ? &message->child[number - 1] : NULL;
}

const struct mime_part *mime_part_find(const struct mime_part *root, const uint32_t *path, size_t count)
{
	const struct mime_part *at = step(root, path[0]);

	for (size_t i = 1; i < count && at != NULL; i++) {
		if (at->kind == MIME_LEAF)
			return NULL;
		at = step(at->kind == MIME_MESSAGE ? &at->child[0] : at, path[i]);
	}
	return at;
}

enum {
	KIND_BITS = 2,
	ENCODING_BITS = 3,
	MOST_NUMBER_BYTES = 10,
	LEAST_PART_BYTES = 8, /* a byte, six numbers, the length of the charset */
};

static void put_number(uint64_t number, struct buf *out)
{
	char *to = buf_room(out, MOST_NUMBER_BYTES);
	size_t n = 0;

	for (; number >= 0x80; number >>= 7)
		to[n++] = (char)(0x80 | (number & 0x7f));
	to[n++] = (char)number;
	buf_added(out, n);
}

static bool take_number(struct span *at, uint64_t max, uint64_t *number_r)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 63 && at->n > 0; shift += 7) {
		unsigned char byte = (unsigned char)at->p[0];

		mime_step(at, 1);
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*number_r = number;
			return number <= max;
		}
	}
	return false;
}

static size_t count_parts(const struct mime_part *part)
{
	size_t count = 1;

	for (uint32_t i = 0; i < part->child_count; i++)
		count += count_parts(&part->child[i]);
	return count;
}

static void pack_part(const struct mime_part *part, struct buf *out)
{
	buf_byte(out, (char)((unsigned)part->kind | (unsigned)part->encoding << KIND_BITS |
			     (unsigned)part->is_text << (KIND_BITS + ENCODING_BITS)));
	put_number(part->header_at, out);
	put_number(part->header_size, out);
	put_number(part->body_at - part->header_at - part->header_size, out);
	put_number(part->body_size, out);
	put_number(part->body_lines, out);
	put_number(part->child_count, out);
	put_number(part->charset.n, out);
	buf_span(out, part->charset);
	for (uint32_t i = 0; i < part->child_count; i++)
		pack_part(&part->child[i], out);
}

void mime_parts_pack(const struct mime_part *root, struct buf *out)
{
	buf_byte(out, MIME_DERIVED_VERSION);
	put_number(count_parts(root), out);
	pack_part(root, out);
}

struct unpack {
	struct span at;
	struct mime_part *free; /* an array for all parts but the root: children lie side by side in it */
	uint64_t free_count;
};

static bool unpack_part(struct unpack *u, struct mime_part *part, int depth)
{
	uint64_t numbers[7];
	unsigned bits;

	if (u->at.n == 0 || depth > MIME_MAX_DEPTH)
		return false;
	bits = (unsigned char)u->at.p[0];
	mime_step(&u->at, 1);
	for (size_t i = 0; i < 7; i++)
		if (!take_number(&u->at, i < 4 ? SIZE_MAX / 8 : UINT32_MAX, &numbers[i]))
			return false;
	if (bits >> (KIND_BITS + ENCODING_BITS + 1) != 0 || (bits & 3) > MIME_MESSAGE ||
	    (bits >> KIND_BITS & 7) > MIME_ENCODING_UNKNOWN || numbers[5] > u->free_count || numbers[6] > u->at.n ||
	    ((bits & 3) == MIME_LEAF) != (numbers[5] == 0))
		return false;
	*part = (struct mime_part){
		.kind = bits & 3,
		.encoding = bits >> KIND_BITS & 7,
		.header_at = numbers[0],
		.header_size = numbers[1],
		.body_at = numbers[0] + numbers[1] + numbers[2],
		.body_size = numbers[3],
		.body_lines = (uint32_t)numbers[4],
		.child = u->free,
		.child_count = (uint32_t)numbers[5],
		.charset = span_sub(u->at, 0, numbers[6]),
		.is_text = bits >> (KIND_BITS + ENCODING_BITS) != 0,
	};
	mime_step(&u->at, numbers[6]);
	u->free += part->child_count;
	u->free_count -= part->child_count;
	for (uint32_t i = 0; i < part->child_count; i++)
		if (!unpack_part(u, &part->child[i], depth + 1))
			return false;
	return true;
}

struct mime_part *mime_parts_unpack(struct span packed, struct arena *arena)
{
	struct unpack u = {.at = packed};
	struct mime_part *root;
	uint64_t count;

	if (packed.n < 2 || packed.p[0] != MIME_DERIVED_VERSION)
		return NULL;
	u.at = arena_span(arena, packed); /* the charsets lie in it */
	mime_step(&u.at, 1);
	if (!take_number(&u.at, u.at.n / LEAST_PART_BYTES, &count) || count == 0)
		return NULL;
	root = arena_bytes(arena, count * sizeof *root);
	u.free = root + 1;
	u.free_count = count - 1;
	return unpack_part(&u, root, 0) && u.at.n == 0 && u.free_count == 0 ? root : NULL;
}

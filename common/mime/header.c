/* Header blocks: their lines, their fields (RFC 5322, 2.2). A field is a line with a name before a colon, and the lines
 * behind it that begin with a blank or tab. */
#include "common/mime/mime_private.h"

#include <string.h>

static size_t line_size(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf == NULL ? (size_t)(end - p) : (size_t)(lf - p) + 1;
}

/* Bytes of the field that begins at p, foldings and the last line end included. */
static size_t field_size(const char *p, const char *end)
{
	size_t size = line_size(p, end);

	while (p + size < end && (p[size] == ' ' || p[size] == '\t'))
		size += line_size(p + size, end);
	return size;
}

static bool is_empty_line(const char *p, size_t size)
{
	return p[0] == '\n' || (size >= 2 && p[0] == '\r' && p[1] == '\n');
}

/* How many bytes of a line are a field's name: 0 where the line is no field. */
static size_t name_size(struct span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] != ':' && !mime_is(line.p[n], MIME_SPACE | MIME_CONTROL))
		n++;
	for (size_t i = n; i < line.n; i++) {
		if (line.p[i] == ':')
			return n;
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return 0;
	}
	return 0;
}

bool mime_header_next(struct span *header, struct span *name_r, struct span *value_r)
{
	while (header->n > 0) {
		size_t size = field_size(header->p, header->p + header->n);
		struct span field = {header->p, size};

		if (is_empty_line(field.p, size))
			return false;
		mime_step(header, size);
		*name_r = span_sub(field, 0, name_size(field));
		if (name_r->n == 0)
			continue;
		mime_step(&field, name_r->n);
		while (field.p[0] != ':')
			mime_step(&field, 1);
		mime_step(&field, 1);
		if (field.n > 0 && field.p[field.n - 1] == '\n')
			field.n--;
		if (field.n > 0 && field.p[field.n - 1] == '\r')
			field.n--;
		*value_r = field;
		return true;
	}
	return false;
}

static bool field_is(struct span field, struct span name)
{
	size_t at = name.n;

	if (field.n <= at || !span_equal_nocase(span_sub(field, 0, at), name))
		return false;
	while (at < field.n && (field.p[at] == ' ' || field.p[at] == '\t'))
		at++;
	return at < field.n && field.p[at] == ':';
}

/* Which letters the names begin with, so that most lines need no comparison. */
static uint32_t first_letters(const struct span *names, size_t count)
{
	uint32_t letters = 0;

	for (size_t i = 0; i < count; i++)
		if (names[i].n > 0)
			letters |= 1u << (names[i].p[0] & 31);
	return letters;
}

static bool is_listed(struct span field, const struct span *names, size_t count)
{
	char first = ascii_lower(field.p[0]);

	for (size_t i = 0; i < count; i++)
		if (names[i].n > 0 && ascii_lower(names[i].p[0]) == first && field_is(field, names[i]))
			return true;
	return false;
}

void mime_header_select(struct span header, const struct span *names, size_t count, bool invert, struct buf *out)
{
	uint32_t letters = first_letters(names, count);
	const char *p = header.p, *end = header.n == 0 ? p : p + header.n;
	char *start = buf_room(out, header.n + 4), *to = start;

	while (p < end) {
		size_t size = field_size(p, end);

		if (is_empty_line(p, size))
			break;
		if (((letters >> (p[0] & 31) & 1) != 0 && is_listed(span_from(p, size), names, count)) != invert) {
			memcpy(to, p, size);
			to += size;
		}
		p += size;
	}
	if (to > start && to[-1] != '\n') {
		memcpy(to, "\r\n", 2);
		to += 2;
	}
	if (p < end && *p == '\n') {
		*to++ = '\n';
	} else {
		memcpy(to, "\r\n", 2);
		to += 2;
	}
	buf_added(out, (size_t)(to - start));
}

/* Names of files in heads of HTTP (RFC 6266; RFC 8187). */
#include "caldavd/caldav/attachment_name.h"
#include "caldavd/http/token.h"
#include "common/base/utf8.h"

enum { NAME_MAX_BYTES = 255, TYPE_MAX = 127 };

/* --- parameters --- */

static void skip_blanks(struct span *in)
{
	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = span_sub(*in, 1, SIZE_MAX);
}

static size_t token_length(struct span in)
{
	size_t n = 0;

	while (n < in.n && http_is_token(span_sub(in, n, 1)))
		n++;
	return n;
}

/* A token or a quoted string; the value without quotes and backslashes. */
static bool take_value(struct span *in, struct buf *out)
{
	size_t n, i;

	out->n = 0;
	if (in->n == 0 || in->p[0] != '"') {
		n = token_length(*in);
		buf_span(out, span_sub(*in, 0, n));
		*in = span_sub(*in, n, SIZE_MAX);
		return n > 0;
	}
	for (i = 1; i < in->n && in->p[i] != '"'; i++) {
		if (in->p[i] == '\\' && i + 1 < in->n)
			i++;
		buf_byte(out, in->p[i]);
	}
	if (i >= in->n)
		return false;
	*in = span_sub(*in, i + 1, SIZE_MAX);
	return true;
}

/* ";" NAME "=" VALUE. */
static bool take_parameter(struct span *in, struct span *name_r, struct buf *value)
{
	size_t n;

	skip_blanks(in);
	if (span_take_byte(in, ';') != PARSE_OK)
		return false;
	skip_blanks(in);
	n = token_length(*in);
	*name_r = span_sub(*in, 0, n);
	*in = span_sub(*in, n, SIZE_MAX);
	skip_blanks(in);
	if (n == 0 || span_take_byte(in, '=') != PARSE_OK)
		return false;
	skip_blanks(in);
	return take_value(in, value);
}

/* UTF-8''n%C3%A4me (RFC 8187, 3.2). */
static bool decode_extended(struct span value, struct buf *out)
{
	out->n = 0;
	if (span_take_text_nocase(&value, "UTF-8'") != PARSE_OK || span_find_byte(value, '\'') == SIZE_MAX)
		return false;
	value = span_sub(value, span_find_byte(value, '\'') + 1, SIZE_MAX);
	for (size_t i = 0; i < value.n; i++) {
		int high, low;

		if (value.p[i] != '%') {
			buf_byte(out, value.p[i]);
			continue;
		}
		if (i + 2 >= value.n || (high = ascii_hex_value(value.p[i + 1])) < 0 ||
		    (low = ascii_hex_value(value.p[i + 2])) < 0)
			return false;
		buf_byte(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* filename* goes before filename. */
static bool find_name(struct span in, struct buf *name)
{
	struct buf value = {0};
	struct span parameter;
	bool found = false, is_extended = false;

	in = span_sub(in, token_length(in), SIZE_MAX);
	while (take_parameter(&in, &parameter, &value)) {
		if (span_is_nocase(parameter, "filename*") && !is_extended) {
			struct buf decoded = {0};

			if (decode_extended(buf_view(&value), &decoded)) {
				name->n = 0;
				buf_span(name, buf_view(&decoded));
				found = is_extended = true;
			}
			buf_done(&decoded);
		} else if (span_is_nocase(parameter, "filename") && !found) {
			buf_span(name, buf_view(&value));
			found = true;
		}
	}
	buf_done(&value);
	return found;
}

/* The last segment of a path, as Windows and Unix write them. */
static struct span last_segment(struct span name)
{
	size_t n = name.n;

	while (n > 0 && name.p[n - 1] != '/' && name.p[n - 1] != '\\')
		n--;
	return span_sub(name, n, SIZE_MAX);
}

struct span attachment_name(struct span disposition, struct span otherwise, struct arena *arena)
{
	struct buf name = {0}, clean = {0}, kept = {0};
	struct span result;

	if (otherwise.n == 0)
		otherwise = SPAN("attachment");
	if (find_name(disposition, &name))
		utf8_clean(last_segment(buf_view(&name)), &clean);
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] >= ' ' && clean.p[i] != 0x7f)
			buf_byte(&kept, clean.p[i]);
	result = span_trim(utf8_cut(buf_view(&kept), NAME_MAX_BYTES));
	result = result.n == 0 || span_is(result, ".") || span_is(result, "..") ? otherwise : arena_span(arena, result);
	buf_done(&name);
	buf_done(&clean);
	buf_done(&kept);
	return result;
}

struct span attachment_type(struct span content_type, struct span otherwise)
{
	struct span type = span_trim(span_sub(content_type, 0, span_find_byte(content_type, ';')));
	size_t slash = span_find_byte(type, '/');

	if (slash != SIZE_MAX && type.n <= TYPE_MAX && http_is_token(span_sub(type, 0, slash)) &&
	    http_is_token(span_sub(type, slash + 1, SIZE_MAX)))
		return type;
	return otherwise.n > 0 ? otherwise : SPAN("application/octet-stream");
}

void attachment_disposition_write(struct span name, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	buf_text(out, "attachment; filename=\"");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		buf_byte(out, c < ' ' || c > 126 || c == '"' || c == '\\' ? '_' : (char)c);
	}
	buf_text(out, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (ascii_is_digit((char)c) || (ascii_lower((char)c) >= 'a' && ascii_lower((char)c) <= 'z') ||
		    c == '.' || c == '-' || c == '_') {
			buf_byte(out, (char)c);
		} else {
			buf_byte(out, '%');
			buf_byte(out, hex[c >> 4]);
			buf_byte(out, hex[c & 15]);
		}
	}
}

/* Addresses. */
#include "caldavd/http/target.h"
#include "common/base/buf.h"
#include "common/base/utf8.h"

static bool decode(struct span raw, struct buf *out, bool *has_slash)
{
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '%') {
			int high = i + 2 < raw.n ? ascii_hex_value(raw.p[i + 1]) : -1;
			int low = i + 2 < raw.n ? ascii_hex_value(raw.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
			*has_slash |= c == '/';
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return false;
		buf_byte(out, c);
	}
	return true;
}

static bool add_segment(struct span raw, struct arena *arena, struct http_target *target)
{
	struct buf decoded = {0};
	bool ok = raw.n > 0 && target->segment_count < HTTP_SEGMENTS_MAX &&
		  decode(raw, &decoded, &target->has_encoded_slash) && utf8_is_valid(buf_view(&decoded)) &&
		  !span_is(buf_view(&decoded), ".") && !span_is(buf_view(&decoded), "..");

	if (ok)
		target->segments[target->segment_count++] = arena_span(arena, buf_view(&decoded));
	buf_done(&decoded);
	return ok;
}

static bool parse_path(struct span path, struct arena *arena, struct http_target *target)
{
	if (path.n == 0 || path.p[0] != '/')
		return false;
	path = span_sub(path, 1, SIZE_MAX);
	target->ends_with_slash = true;
	while (path.n > 0) {
		size_t slash = span_find_byte(path, '/');

		if (!add_segment(span_sub(path, 0, slash), arena, target))
			return false;
		target->ends_with_slash = slash != SIZE_MAX;
		path = slash == SIZE_MAX ? (struct span){0} : span_sub(path, slash + 1, SIZE_MAX);
	}
	return true;
}

/* "http://host[:port]" in front of the path. */
static bool take_authority(struct span *text, struct http_target *target)
{
	size_t slash;

	if (span_take_text_nocase(text, "https://") != PARSE_OK && span_take_text_nocase(text, "http://") != PARSE_OK)
		return false;
	slash = span_find_byte(*text, '/');
	target->host = span_sub(*text, 0, slash);
	*text = slash == SIZE_MAX ? SPAN("/") : span_sub(*text, slash, SIZE_MAX);
	return target->host.n > 0;
}

bool http_target_parse(struct span text, struct arena *arena, struct http_target *target_r)
{
	size_t mark;

	*target_r = (struct http_target){.segments = arena_zero(arena, HTTP_SEGMENTS_MAX, sizeof *target_r->segments)};
	if (span_is(text, "*"))
		return target_r->is_asterisk = true;
	if (text.n > 0 && text.p[0] != '/' && !take_authority(&text, target_r))
		return false;
	if (span_find_byte(text, '#') != SIZE_MAX)
		return false;
	mark = span_find_byte(text, '?');
	if (mark != SIZE_MAX)
		target_r->query = span_sub(text, mark + 1, SIZE_MAX);
	return parse_path(span_sub(text, 0, mark), arena, target_r);
}

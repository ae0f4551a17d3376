/* Lines out of a session's input. */
#include "common/net/line.h"

struct span net_lines_rest(const struct net_lines *lines, const struct net_session *session)
{
	return span_sub(buf_view(&session->in), lines->at, SIZE_MAX);
}

/* Offset of the next LF behind what is used up; SIZE_MAX: none has come. */
static size_t find_end(struct net_lines *lines, struct span rest)
{
	size_t at = span_find_byte(span_sub(rest, lines->seen, SIZE_MAX), '\n');

	if (at == SIZE_MAX) {
		lines->seen = rest.n;
		return SIZE_MAX;
	}
	lines->seen += at;
	return lines->seen;
}

bool net_line_is_there(struct net_lines *lines, const struct net_session *session, size_t max)
{
	struct span rest = net_lines_rest(lines, session);

	return find_end(lines, rest) != SIZE_MAX || rest.n > max || (lines->is_skipping && rest.n > 0);
}

enum net_line net_line_take(struct net_lines *lines, const struct net_session *session, size_t max, struct span *line_r)
{
	struct span rest = net_lines_rest(lines, session);
	size_t end = find_end(lines, rest);

	while (lines->is_skipping) {
		lines->at += end == SIZE_MAX ? rest.n : end + 1;
		lines->seen = 0;
		lines->is_skipping = end == SIZE_MAX;
		if (lines->is_skipping)
			return NET_LINE_NONE;
		rest = net_lines_rest(lines, session);
		end = find_end(lines, rest);
	}
	if (end == SIZE_MAX && rest.n <= max)
		return NET_LINE_NONE;
	if (end == SIZE_MAX || end + 1 > max) {
		lines->is_skipping = true;
		return NET_LINE_TOO_LONG;
	}
	*line_r = span_sub(rest, 0, end > 0 && rest.p[end - 1] == '\r' ? end - 1 : end);
	lines->at += end + 1;
	lines->seen = 0;
	return NET_LINE_OK;
}

void net_lines_settle(struct net_lines *lines, struct net_session *session)
{
	buf_consume(&session->in, lines->at);
	lines->at = 0;
}

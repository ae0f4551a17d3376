/* POP3: lines that come in pieces are those that come at once, and any of them parses or is refused. The first byte of
 * an input is the size of a piece. */
#include "common/base/must.h"
#include "common/net/line.h"
#include "pop3d/command.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { MAX = 64 };

static void parse(struct span line, struct buf *said)
{
	size_t end = span_find_byte(line, ' ');
	const struct pop3_command_row *row = pop3_command_find(span_sub(line, 0, end));
	struct span rest = end == SIZE_MAX ? (struct span){0} : span_sub(line, end + 1, SIZE_MAX);
	struct pop3_command command;

	buf_printf(said, "%zu:", line.n);
	if (row == NULL || !pop3_arguments_parse(row, rest, &command))
		return;
	must(command.count >= row->arguments_min && command.count <= row->arguments_max);
	for (size_t i = 0; i < command.count; i++)
		must(command.arguments[i].p >= line.p &&
		     command.arguments[i].p + command.arguments[i].n <= line.p + line.n);
	buf_text(said, row->name);
}

static void play(struct span all, size_t piece, struct buf *said)
{
	struct net_session session = {0};
	struct net_lines lines = {0};
	struct span line;

	for (size_t at = 0; at < all.n; at += piece) {
		enum net_line result;

		buf_span(&session.in, span_sub(all, at, piece));
		while ((result = net_line_take(&lines, &session, MAX, &line)) != NET_LINE_NONE) {
			if (result == NET_LINE_OK)
				parse(line, said);
			else
				buf_byte(said, '!');
		}
		net_lines_settle(&lines, &session);
	}
	buf_done(&session.in);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct buf whole = {0}, pieces = {0};

	if (size < 2)
		return 0;
	play(span_from(data + 1, size - 1), size, &whole);
	play(span_from(data + 1, size - 1), 1 + data[0] / 4, &pieces);
	must(span_equal(buf_view(&whole), buf_view(&pieces)));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}

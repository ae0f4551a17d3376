/* Lines out of a session's input, whatever the pieces they come in. */
#include "common/base/must.h"
#include "common/net/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 10 };

static void take_all(struct net_lines *lines, struct net_session *session, struct buf *got)
{
	struct span line;

	for (;;) {
		bool is_there = net_line_is_there(lines, session, MAX);
		enum net_line result = net_line_take(lines, session, MAX, &line);

		if (result == NET_LINE_NONE)
			break;
		assert_true(is_there);
		if (result == NET_LINE_TOO_LONG)
			buf_text(got, "!");
		else
			buf_printf(got, "[%.*s]", (int)line.n, line.p);
	}
	net_lines_settle(lines, session);
}

static void pieces(void **state)
{
	static const struct {
		const char *in, *want;
		size_t left;
	} cases[] = {
		{"a\r\nb\n\r\nc", "[a][b][]", 1},
		{"12345678\r\n", "[12345678]", 0},
		{"123456789\r\nx\r\n", "![x]", 0},
		{"1234567890123456789012\r\ny\nz", "![y]", 1},
		{"\n\r\n", "[][]", 0},
		{"a\rb\r\n", "[a\rb]", 0},
		{"1234567890123\r\n1234567890123\r\nq\n", "!![q]", 0},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t piece = 1; piece <= strlen(cases[i].in); piece++) {
			struct net_session session = {0};
			struct net_lines lines = {0};
			struct buf got = {0};
			size_t n = strlen(cases[i].in);

			for (size_t at = 0; at < n; at += piece) {
				buf_bytes(&session.in, cases[i].in + at, n - at < piece ? n - at : piece);
				take_all(&lines, &session, &got);
			}
			if (strcmp(buf_cstr(&got), cases[i].want) != 0 || session.in.n != cases[i].left)
				fail_msg("case %zu in pieces of %zu: %s, %zu left", i, piece, buf_cstr(&got),
					 session.in.n);
			buf_done(&got);
			buf_done(&session.in);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pieces)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The framer: every conversation is fed whole, and byte by byte; both must say the same. */
#include "imapd/frame.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"

static const struct imap_frame_limits after_login = {
	.line_max = 200, .append_max = 1000, .literal_max = 100, .stream_threshold = 500};
static const struct imap_frame_limits before_login = {
	.line_max = 200, .append_max = 50, .literal_max = 50, .stream_threshold = 500, .before_login = true};

/* What the framer says of bytes that come in pieces of `piece` bytes: "+" for CONTINUE, "c12" for a command of 12
 * bytes, … */
static void play(const struct imap_frame_limits *limits, struct span all, size_t piece, struct buf *said)
{
	struct imap_frame frame;
	size_t at = 0, n = 0;

	imap_frame_init(&frame);
	while (n <= all.n) {
		char *block = malloc(n - at); /* exactly what is there */
		enum imap_frame_result r;

		memcpy(block, all.p + at, n - at);
		r = imap_frame_scan(&frame, limits, (struct span){block, n - at});
		if (r != FRAME_MORE && r != FRAME_CONTINUE)
			assert_int_equal(imap_frame_scan(&frame, limits, (struct span){block, n - at}), r);
		free(block);
		if (r == FRAME_MORE) {
			if (n == all.n)
				return;
			n = n + piece < all.n ? n + piece : all.n;
			continue;
		}
		if (r == FRAME_CONTINUE) {
			buf_byte(said, '+');
			continue;
		}
		buf_printf(said, "%c%zu", "?c?stplg"[r], frame.length);
		if (r == FRAME_STREAM || r == FRAME_LITERAL_TOO_BIG || r == FRAME_LITERAL_PLUS_TOO_BIG)
			buf_printf(said, "{%llu%s}", (unsigned long long)frame.literal,
				   frame.literal_is_sync ? "" : "+");
		if (r == FRAME_STREAM) {
			imap_frame_streamed(
				&frame); /* as if the literal's bytes had been taken out in front of what follows */
			continue;
		}
		if (r == FRAME_LINE_TOO_LONG || r == FRAME_GARBAGE)
			return;
		at += frame.length;
		imap_frame_init(&frame);
	}
}

static void check(const struct imap_frame_limits *limits, struct span bytes, const char *want)
{
	for (size_t piece = 1; piece <= bytes.n + 1; piece++) {
		struct buf said = {0};

		play(limits, bytes, piece, &said);
		assert_string_equal(buf_cstr(&said), want);
		buf_done(&said);
	}
}

static void commands(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", ""},
		{"a NOOP", ""},
		{"a NOOP\r", ""},
		{"a NOOP\r\n", "c8"},
		{"a NOOP\n", "c7"},
		{"\r\n", "c2"},
		{"a NOOP\r\nb NOOP\r\nc", "c8c8"},
		{"a LOGIN {1}\r\nu {2}\r\npw\r\nb NOOP\r\n", "++c24c8"},
		{"a LOGIN {1+}\r\nu {2+}\r\n\r\n\r\nb NOOP\r\n", "c26c8"},
		{"a LOGIN {1+}\nu {0+}\n\n", "c21"},
		{"a LOGIN {3}\r\n", "+"},
		{"a LOGIN {0}\r\n\r\n", "+c15"},
		{"a X ({1}\r\nx)\r\n", "+c14"},
		{"a X ~{1+}\r\nx\r\n", "c14"},
		{"a X (~{1}\r\nx)\r\n", "+c15"},
		/* no literals */
		{"a X \"{1}\r\nb NOOP\r\n", "c10c8"},
		{"a X \"\\\"{1}\r\n", "c12"},
		{"a X \"\\\\ {1}\r\n", "c13"},
		{"a X x{1}\r\n", "c10"},
		{"a X {}\r\n", "c8"},
		{"a X {+}\r\n", "c9"},
		{"a X {1-}\r\n", "c10"},
		{"a X {1++}\r\n", "c11"},
		{"a X { 1}\r\n", "c10"},
		{"a X {1} \r\n", "c10"},
		{"a X }\r\n", "c7"},
		{"}\r\n", "c3"},
		{"{1}\r\n", "c5"},
		{"a X \"\" {1+}\r\nx\r\n", "c16"},
		{"a X \"\\\"\" {1+}\r\n\"\r\n", "c18"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&after_login, span_of(cases[i].in), cases[i].want);
}

static void literal_limits(void **state)
{
	(void)state;
	check(&after_login, span_of("a X {101}\r\nb NOOP\r\n"), "t11{101}c8");
	check(&after_login, span_of("a X {101+}\r\n"), "p12{101+}");
	check(&after_login, span_of("a X {99999999999999999999}\r\n"), "t28{9223372036854775807}");
	check(&after_login,
	      span_of("a X {60+}\r\n000000000000000000000000000000000000000000000000000000000000 {41}\r\n"), "t78{41}");
	check(&after_login, span_of("a APPEND x {1001}\r\n"), "t19{1001}");
	check(&after_login, span_of("a APPEND x {1001+}\r\n"), "p20{1001+}");
	check(&after_login, span_of("a APPEND {101}\r\n"), "t16{101}"); /* the mailbox is no message */
	check(&after_login, span_of("a APPENDX {101}\r\n"), "t17{101}");
	check(&after_login, span_of("a append x {101}\r\n"), "+");
	check(&after_login, span_of("a APPEND {1}\r\nx {101}\r\n"), "++");
}

static void streamed(void **state)
{
	(void)state;
	check(&after_login, span_of("a APPEND x {499}\r\n"), "+");
	check(&after_login, span_of("a APPEND x {500}\r\n\r\nb NOOP\r\n"), "s18{500}c20c8");
	check(&after_login, span_of("a APPEND x {500+}\r\n (\\Seen) {1000}\r\n {2}\r\nab\r\n"),
	      "s19{500+}s36{1000}+c46");
	check(&after_login, span_of("a APPEND x ~{500}\r\n"), "s19{500}");
	check(&after_login, span_of("a APPEND {1+}\r\nx {500}\r\n\r\n"), "s24{500}c26");
}

static void line_limit(void **state)
{
	char line[260];

	(void)state;
	memset(line, 'x', sizeof line);
	check(&after_login, span_from(line, 200), "");
	check(&after_login, span_from(line, 201), "l0");
	line[198] = '\r', line[199] = '\n';
	check(&after_login, span_from(line, 200), "c200");
	memcpy(line + 190, " {3+}\r\nabc", 10); /* the lines count together, the literal does not */
	check(&after_login, span_from(line, 203), "");
	check(&after_login, span_from(line, 204), "l0");
}

static void garbage(void **state)
{
	(void)state;
	check(&before_login, SPAN("\x16\x03\x01"), "g0");
	check(&before_login, SPAN("\x80\x2e"), "g0");
	check(&before_login, SPAN("a NO\0OP\r\n"), "g0");
	check(&before_login, SPAN("a NOOP\r\n\r\nb NOOP\r\n"), "c8c2c8");
	check(&before_login, SPAN("a LOGIN x {2+}\r\n\0\0\r\n"), "c20");
	check(&before_login, SPAN("a LOGIN {30+}\r\n000000000000000000000000000000 {21+}\r\n"), "p53{21+}");
	check(&before_login, SPAN("a APPEND x {51}\r\n"), "t17{51}");
	check(&after_login, SPAN("\x16\x03\0\n"), "c4");
}

static void trim(void **state)
{
	(void)state;
	assert_true(span_is(imap_frame_trim(SPAN("a\r\n")), "a"));
	assert_true(span_is(imap_frame_trim(SPAN("a\n")), "a"));
	assert_true(span_is(imap_frame_trim(SPAN("a\r")), "a"));
	assert_true(span_is(imap_frame_trim(SPAN("")), ""));
	assert_true(span_is(imap_frame_trim(SPAN("\r\n\r\n")), "\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),   cmocka_unit_test(literal_limits), cmocka_unit_test(streamed),
		cmocka_unit_test(line_limit), cmocka_unit_test(garbage),        cmocka_unit_test(trim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

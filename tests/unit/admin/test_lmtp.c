/* LMTP's data and addresses. */
#include "admin/lmtp/data.h"
#include "admin/lmtp/parse.h"
#include "common/base/must.h"
#include "common/delivery/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Plays in, in pieces, as a session does; what came out, and how much was used up. */
static size_t play(struct span in, size_t piece, struct buf *out, bool *is_end)
{
	struct delivery_message message;
	struct lmtp_data data;
	size_t at = 0, n = 0, scanned = 0;

	delivery_message_init(&message, NULL, 1 << 20);
	lmtp_data_init(&data);
	*is_end = false;
	while (!*is_end && n < in.n) {
		bool has_end;
		size_t used;

		n = in.n - n < piece ? in.n : n + piece;
		has_end = lmtp_data_has_end(&data, span_sub(in, at, n - at), &scanned);
		used = lmtp_data_take(&data, span_sub(in, at, n - at), &message, is_end);
		if (has_end != *is_end)
			fail_msg("the end is %sseen beforehand", has_end ? "" : "not ");
		at += used;
		scanned = 0;
	}
	buf_span(out, buf_view(&message.memory));
	delivery_message_done(&message);
	return at;
}

static void data(void **state)
{
	static const struct {
		struct span in, want;
		size_t used; /* SIZE_MAX: the end has not come */
	} cases[] = {
		{SPAN(".\r\n"), SPAN(""), 3},
		{SPAN("a\r\n.\r\nNOOP"), SPAN("a\r\n"), 6},
		{SPAN("..\r\n.\r\n"), SPAN(".\r\n"), 7},
		{SPAN(".a\r\n..b\r\n.\r\n"), SPAN("a\r\n.b\r\n"), 12},
		{SPAN("a\n.\n.\r\n"), SPAN("a\n.\n.\r\n"), SIZE_MAX},
		{SPAN("a\n.\r\n.\r\n"), SPAN("a\n.\r\n"), 8},
		{SPAN("a\r.\r\n.\r\n"), SPAN("a\r.\r\n"), 8},
		{SPAN("a\r\n.\rb\r\n.\r\n"), SPAN("a\r\n\rb\r\n"), 11},
		{SPAN("a\r\n.\n\r\n.\r\n"), SPAN("a\r\n\n\r\n"), 10},
		{SPAN("\0\r\n.\r\n"), SPAN("\0\r\n"), 6},
		{SPAN("\r\n\r\n.\r\n"), SPAN("\r\n\r\n"), 7},
		{SPAN("a\r\r\n.\r\n"), SPAN("a\r\r\n"), 7},
		{SPAN("a\r\n."), SPAN("a\r\n"), SIZE_MAX},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t piece = 1; piece <= cases[i].in.n; piece++) {
			bool is_end;
			size_t used;

			out.n = 0;
			used = play(cases[i].in, piece, &out, &is_end);
			if (is_end != (cases[i].used != SIZE_MAX) || (is_end && used != cases[i].used) ||
			    !span_equal(buf_view(&out), cases[i].want))
				fail_msg("case %zu in pieces of %zu: %d, %zu, \"%s\"", i, piece, is_end, used,
					 buf_cstr(&out));
		}
	buf_done(&out);
}

static void too_much_is_thrown_away(void **state)
{
	struct delivery_message message;

	(void)state;
	delivery_message_init(&message, NULL, 5);
	delivery_message_trace(&message, SPAN("a@b"), SPAN("c"));
	delivery_message_write(&message, SPAN("12345"));
	assert_int_equal(message.status, STORE_OK);
	assert_true(span_is(buf_view(&message.memory), "Return-Path: <a@b>\r\nDelivered-To: c\r\n12345"));
	delivery_message_write(&message, SPAN("6"));
	assert_int_equal(message.status, STORE_LIMIT);
	assert_int_equal(message.memory.capacity, 0);
	delivery_message_write(&message, SPAN("7"));
	assert_int_equal(message.memory.n, 0);
	delivery_message_done(&message);
}

static void paths(void **state)
{
	static const struct {
		const char *in, *want, *rest; /* want NULL: refused */
	} cases[] = {
		{"FROM:<a@b>", "a@b", ""},
		{"from: <a@b> SIZE=1", "a@b", " SIZE=1"},
		{"FROM:<>", "", ""},
		{"FROM:<@x,@y:a@b>", "a@b", ""},
		{"FROM:<\"a b\"@c>", "\"a b\"@c", ""},
		{"FROM:<\"a\\\"b\"@c>", "\"a\\\"b\"@c", ""},
		{"FROM:<j\xc3\xb6rg@b>", "j\xc3\xb6rg@b", ""},
		{"FROM:<j\xf6rg@b>", NULL, ""},
		{"FROM:a@b", NULL, ""},
		{"FROM:<a@b", NULL, ""},
		{"FROM:<a b>", NULL, ""},
		{"FROM:<a\x01@b>", NULL, ""},
		{"FROM:<\"a@b>", NULL, ""},
		{"FROM:<\"a\\", NULL, ""},
		{"FROM:<a@b>SIZE=1", NULL, ""},
		{"TO:<a@b>", NULL, ""},
		{"", NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span in = span_of(cases[i].in);
		struct span path = {0};
		enum parse result = lmtp_path_parse(&in, "FROM:", &path);

		if ((result == PARSE_OK) != (cases[i].want != NULL))
			fail_msg("%s", cases[i].in);
		if (cases[i].want != NULL && (!span_is(path, cases[i].want) || !span_is(in, cases[i].rest)))
			fail_msg("%s: %s", cases[i].in, cases[i].want);
	}
}

static void a_path_is_bounded(void **state)
{
	struct span path;
	struct buf text = {0};
	struct span in;

	(void)state;
	buf_text(&text, "FROM:<");
	for (int i = 0; i <= LMTP_PATH_MAX; i++)
		buf_byte(&text, 'a');
	buf_byte(&text, '>');
	in = buf_view(&text);
	assert_int_equal(lmtp_path_parse(&in, "FROM:", &path), PARSE_BAD);
	buf_done(&text);
}

static void parameters(void **state)
{
	struct span in = SPAN("  SIZE=12  SMTPUTF8 ");
	struct lmtp_parameter p;
	bool is_bad;

	(void)state;
	assert_true(lmtp_parameter_next(&in, &p, &is_bad));
	assert_true(span_is(p.keyword, "SIZE") && span_is(p.value, "12"));
	assert_true(lmtp_parameter_next(&in, &p, &is_bad));
	assert_true(span_is(p.keyword, "SMTPUTF8") && p.value.p == NULL);
	assert_false(lmtp_parameter_next(&in, &p, &is_bad));
	assert_false(is_bad);
	in = SPAN("=1");
	assert_false(lmtp_parameter_next(&in, &p, &is_bad));
	assert_true(is_bad);
	in = SPAN("SIZE=");
	assert_false(lmtp_parameter_next(&in, &p, &is_bad));
	assert_true(is_bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data),       cmocka_unit_test(too_much_is_thrown_away),
		cmocka_unit_test(paths),      cmocka_unit_test(a_path_is_bounded),
		cmocka_unit_test(parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

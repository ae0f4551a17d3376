/* APPEND: flags, dates, literals of all kinds, several messages, streamed ones. */
#include "tests/unit/imapd/parse_test.h"

static void describe(const struct imap_command *command, struct buf *out)
{
	const struct imap_append *append = &command->append;

	describe_span(append->mailbox, out);
	for (size_t i = 0; i < append->message_count; i++) {
		const struct imap_append_message *message = &append->messages[i];

		buf_byte(out, ' ');
		if (message->flags.system != 0 || message->flags.keyword_count > 0)
			describe_flags(&message->flags, out);
		if (message->has_date)
			buf_printf(out, "%lld%+d", (long long)message->date, message->zone_minutes);
		buf_text(out, message->is_literal8 ? "~" : "");
		if (message->is_streamed)
			buf_text(out, "streamed");
		else
			describe_span(message->bytes, out);
	}
}

static const struct parse_test test = {.parse = imap_append_parse, .describe = describe, .borrows = true};

static void append(void **state)
{
	static const struct parse_case cases[] = {
		{" saved-messages (\\Seen) {3}\r\nabc", "<saved-messages> (S)<abc>"},
		{" inbox {3+}\r\nabc", "<INBOX> <abc>"},
		{" {1+}\r\na {3+}\r\na\r\n", "<a> <a\r\n>"},
		{" a () {0}\r\n", "<a> <>"},
		{" a ~{3}\r\nabc", "<a> ~<abc>"},
		{" a ~{3+}\r\nabc", "<a> ~<abc>"},
		{" a UTF8 (~{3+}\r\nabc)", "<a> ~<abc>"},
		{" a (\\Draft $x) \" 1-Jan-1970 00:00:01 +0000\" {1}\r\nx", "<a> (T<$x>)1+0<x>"},
		{" a \"17-Jul-1996 02:44:25 -0700\" {1}\r\nx", "<a> 837596665-420<x>"},
		{" a \"29-Feb-2000 23:59:60 +0530\" {1}\r\nx", "<a> 951849000+330<x>"},
		{" a \"1-jan-2026 12:00:00 +0000\" {1}\r\nx", "<a> 1767268800+0<x>"},
		{" a \"31-Dec-1969 23:59:59 +0000\" {1}\r\nx", "<a> -1+0<x>"},
		{" a {1}\r\nx (\\Seen) {1}\r\ny \"01-Jan-1970 00:00:00 +0000\" ~{1+}\r\nz", "<a> <x> (S)<y> 0+0~<z>"},
		{"", NULL},
		{" a", NULL},
		{" a ", NULL},
		{" a {3}\r\nab", NULL},
		{" a {3}\r\nabcd", NULL},
		{" a {1}\r\nx ", NULL},
		{" a {1}\r\nx{1}\r\ny", NULL},
		{" a \"abc\"", NULL},
		{" a abc", NULL},
		{" a (\\Recent) {1}\r\nx", NULL},
		{" a (\\Seen){1}\r\nx", NULL},
		{" a \\Seen {1}\r\nx", NULL},
		{" a \"30-Feb-2000 00:00:00 +0000\" {1}\r\nx", NULL},
		{" a \"29-Feb-1900 00:00:00 +0000\" {1}\r\nx", NULL},
		{" a \"00-Jan-2000 00:00:00 +0000\" {1}\r\nx", NULL},
		{" a \"01-Foo-2000 00:00:00 +0000\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 24:00:00 +0000\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:60:00 +0000\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:00:61 +0000\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:00:00 0000\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:00:00 +2400\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:00:00 +0060\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:00:00 +000\" {1}\r\nx", NULL},
		{" a \"01-Jan-200 00:00:00 +0000\" {1}\r\nx", NULL},
		{" a \"01-Jan-2000 00:00:00 +0000\"{1}\r\nx", NULL},
		{" a UTF8 ({1}\r\nx)", NULL},
		{" a UTF8 (~{1}\r\nx", NULL},
		{" a UTF8 ~{1}\r\nx", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
	parse_test_n(&test, " a ~{2}\r\n\0x", 11, "<a> ~<"); /* what is described ends at the NUL */
}

static void streamed(void **state)
{
	static const struct parse_test streams = {
		.parse = imap_append_parse, .describe = describe, .borrows = true, .stream_threshold = 10};
	static const struct parse_case cases[] = {
		{" a {10}\r\n", "<a> streamed"},
		{" a {9}\r\n123456789", "<a> <123456789>"},
		{" a {9999999999+}\r\n (\\Seen) {1}\r\nx ~{10}\r\n", "<a> streamed (S)<x> ~streamed"},
		{" {10}\r\n0123456789 {10}\r\n", "<0123456789> streamed"},
		{" a UTF8 (~{10}\r\n)", "<a> ~streamed"},
		{" a {10}\r\n0123456789", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&streams, cases);
}

/* Nothing is copied, however large the message. */
static void borrowed(void **state)
{
	struct imap_parse_context context = {.arena = arena_create()};
	struct imap_command command = {.arena = context.arena};
	struct buf in = {0};
	struct span at;

	(void)state;
	buf_printf(&in, " a {100000}\r\n%0100000d", 0);
	at = buf_view(&in);
	assert_int_equal(imap_append_parse(&context, &at, &command), PARSE_OK);
	assert_int_equal(command.append.messages[0].bytes.n, 100000);
	assert_ptr_equal(command.append.messages[0].bytes.p, in.p + 13);
	assert_true(arena_used(context.arena) < 2048);
	arena_destroy(&context.arena);
	buf_done(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(append),
		cmocka_unit_test(streamed),
		cmocka_unit_test(borrowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

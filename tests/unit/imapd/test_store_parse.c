/* STORE, COPY, UID EXPUNGE; sets of many numbers. */
#include "tests/unit/imapd/parse_test.h"

static void describe_store(const struct imap_command *command, struct buf *out)
{
	const struct imap_store *store = &command->store;

	describe_set(&store->set, out);
	if (store->has_unchangedsince)
		buf_printf(out, " unless %llu", (unsigned long long)store->unchangedsince);
	buf_printf(out, " %c%s", "=+-"[store->how], store -> silent ? "silent" : "");
	describe_flags(&store->flags, out);
}

static void describe_copy(const struct imap_command *command, struct buf *out)
{
	describe_set(&command->copy.set, out);
	describe_span(command->copy.mailbox, out);
}

static void describe_expunge(const struct imap_command *command, struct buf *out)
{
	describe_set(&command->expunge.set, out);
}

static const struct parse_test test_store = {.parse = imap_store_parse, .describe = describe_store};
static const struct parse_test test_copy = {.parse = imap_copy_parse, .describe = describe_copy};
static const struct parse_test test_expunge = {.parse = imap_expunge_parse, .describe = describe_expunge};

static void store(void **state)
{
	static const struct parse_case cases[] = {
		{" 2:4 +FLAGS (\\Deleted)", "2:4 +(D)"},
		{" 1 -flags.silent (\\seen \\ANSWERED)", "1 -silent(SA)"},
		{" 1 FLAGS \\Seen", "1 =(S)"},
		{" 1 FLAGS \\Seen $Forwarded \\Draft", "1 =(ST<$Forwarded>)"},
		{" 1 FLAGS.SILENT ()", "1 =silent()"},
		{" $ +FLAGS ($Junk $junk NonJunk \\Flagged)", "$ +(F<$Junk><NonJunk>)"},
		{" 1 (UNCHANGEDSINCE 0) FLAGS.SILENT ($a)", "1 unless 0 =silent(<$a>)"},
		{" 1 (unchangedsince 12) +FLAGS $a", "1 unless 12 +(<$a>)"},
		{" 1 +FLAGS (\\Recent)", NULL},
		{" 1 +FLAGS \\*", NULL},
		{" 1 +FLAGS (\\Foo)", NULL},
		{" 1 +FLAGS (\\)", NULL},
		{" 1 +FLAGS", NULL},
		{" 1 +FLAGS ", NULL},
		{" 1 FLAGS", NULL},
		{" 1 FLAGS (a", NULL},
		{" 1 FLAGS (a) b", NULL},
		{" 1 FLAGS (a)b", NULL},
		{" 1 FLAGS a]", NULL},
		{" 1 FLAGS (\"a\")", NULL},
		{" 1 FLAGS ({1}\r\na)", NULL},
		{" 1 +FLAG (a)", NULL},
		{" 1 *FLAGS (a)", NULL},
		{" 1 FLAGSX (a)", NULL},
		{" 1 (UNCHANGEDSINCE) FLAGS a", NULL},
		{" 1 () FLAGS a", NULL},
		{" 1 (X 1) FLAGS a", NULL},
		{" 1 (UNCHANGEDSINCE 1)FLAGS a", NULL},
		{" 1", NULL},
		{"", NULL},
		{" x FLAGS a", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test_store, cases);
}

static void copy(void **state)
{
	static const struct parse_case cases[] = {
		{" 2:4 MEETING", "2:4<MEETING>"},
		{" 1,3 \"a b\"", "1,3<a b>"},
		{" 1 {5}\r\ninbox", "1<INBOX>"},
		{" 1 inbox/x", "1<INBOX/x>"},
		{" 1 inboxes", "1<inboxes>"},
		{" 1 a/", "1<a>"},
		{" 1 /", "1</>"},
		{" 1 \"\"", "1<>"}, /* Apple Mail asks for it (CLIENTS.md, IMAP 5) */
		{" 1 a b", NULL},
		{" 1", NULL},
		{" 1 ", NULL},
		{" 1 (a)", NULL},
		{" 1 {5}\r\nabcd", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test_copy, cases);
}

static void expunge(void **state)
{
	static const struct parse_case cases[] = {
		{" 3000:3002", "3000:3002"},
		{" 1,2,5:4,*", "1,2,5:4,*"},
		{" $", "$"},
		{"", NULL},
		{" 1 2", NULL},
		{" 1,", NULL},
		{" $1", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test_expunge, cases);
}

/* A set of 60 KB, as clients send them (CLIENTS.md, IMAP 18): memory stays in proportion, 8 bytes a number. */
static void large_set(void **state)
{
	struct imap_parse_context context = {.arena = arena_create(), .max_set_ranges = 65536};
	struct imap_command command = {.arena = context.arena};
	struct buf in = {0};
	struct span at;
	size_t count = 0;

	(void)state;
	for (uint32_t uid = 100001; in.n < 60000; uid += 2, count++)
		buf_printf(&in, "%c%u", in.n == 0 ? ' ' : ',', uid);
	at = buf_view(&in);
	assert_int_equal(imap_expunge_parse(&context, &at, &command), PARSE_OK);
	assert_int_equal(command.expunge.set.count, count);
	assert_int_equal(command.expunge.set.list[count - 1].first, 100001 + 2 * (count - 1));
	assert_true(arena_used(context.arena) <= count * 8 + 1024);

	arena_reset(context.arena);
	context.max_set_ranges = count - 1;
	at = buf_view(&in);
	assert_int_equal(imap_expunge_parse(&context, &at, &command), PARSE_BAD);
	assert_true(arena_used(context.arena) == 0); /* the limit holds before memory is taken */
	arena_destroy(&context.arena);
	buf_done(&in);
}

static void too_many_keywords(void **state)
{
	struct buf in = {0}, out = {0};
	enum parse result;

	(void)state;
	buf_text(&in, " 1 FLAGS (k0");
	for (unsigned i = 1; i < 512; i++)
		buf_printf(&in, " k%u", i);
	buf_text(&in, " K511)");
	parse_test_one(&test_store, in.p, in.n, &out, &result);
	assert_int_equal(result, PARSE_OK);
	in.n--;
	buf_text(&in, " k512)");
	parse_test_one(&test_store, in.p, in.n, &out, &result);
	assert_int_equal(result, PARSE_BAD);
	buf_done(&in);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store),
		cmocka_unit_test(copy),
		cmocka_unit_test(expunge),
		cmocka_unit_test(large_set),
		cmocka_unit_test(too_many_keywords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The front of every command, the commands without arguments, and the small ones: ID, ENABLE, COMPRESS, LOGIN,
 * AUTHENTICATE. */
#include "tests/unit/imapd/parse_test.h"

static void tag_and_name(void **state)
{
	static const struct {
		const char *in, *tag, *name, *rest; /* name NULL: BAD */
	} cases[] = {
		{"a1 NOOP", "a1", "NOOP", ""},
		{"a1 noop", "a1", "NOOP", ""},
		{"A.1-] uid fetch 1 FLAGS", "A.1-]", "UID FETCH", " 1 FLAGS"},
		{"a uid", "a", "UID", ""},
		{"a uid ", "a", "UID", " "},
		{"a uid  fetch", "a", "UID", "  fetch"},
		{"a LOGIN {1}", "a", "LOGIN", " {1}"},
		{"a LOGIN ", "a", "LOGIN", " "},
		{"a x(", "a", NULL, NULL},
		{"a", "a", NULL, NULL},
		{"a ", "a", NULL, NULL},
		{"a  NOOP", "a", NULL, NULL},
		{"a\tNOOP", "", NULL, NULL},
		{"+ NOOP", "", NULL, NULL},
		{"a+ NOOP", "", NULL, NULL},
		{"a* NOOP", "", NULL, NULL},
		{" NOOP", "", NULL, NULL},
		{"", "", NULL, NULL},
		{"\xff NOOP", "", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t n = 0; n <= strlen(cases[i].in); n++) {
			struct imap_parse_context context = {.arena = arena_create()};
			char *block = malloc(n);
			struct span in = {block, n}, tag, name;
			enum parse r;

			memcpy(block, cases[i].in, n);
			r = imap_tag_and_name_parse(&context, &in, &tag, &name);
			assert_true(r == PARSE_OK || (in.n == n && context.error != NULL));
			if (n == strlen(cases[i].in)) {
				assert_int_equal(r, cases[i].name == NULL ? PARSE_BAD : PARSE_OK);
				assert_true(r == PARSE_BAD || span_is(in, cases[i].rest));
			}
			free(block);
			if (n == strlen(cases[i].in)) {
				assert_true(span_is(tag, cases[i].tag));
				assert_true(r == PARSE_BAD || span_is(name, cases[i].name));
			}
			arena_destroy(&context.arena);
		}
}

static void describe_none(const struct imap_command *command, struct buf *out)
{
	(void)command;
	buf_text(out, "none");
}

static void describe_id(const struct imap_command *command, struct buf *out)
{
	for (size_t i = 0; i < command->id.count; i++) {
		describe_span(command->id.pairs[i].field, out);
		if (command->id.pairs[i].is_nil)
			buf_text(out, "NIL");
		else
			describe_span(command->id.pairs[i].value, out);
	}
}

static void describe_enable(const struct imap_command *command, struct buf *out)
{
	for (size_t i = 0; i < command->enable.count; i++)
		describe_span(command->enable.names[i], out);
}

static void describe_compress(const struct imap_command *command, struct buf *out)
{
	describe_span(command->compress.algorithm, out);
}

static void describe_login(const struct imap_command *command, struct buf *out)
{
	describe_span(command->login.user, out);
	describe_span(command->login.password, out);
}

static void describe_authenticate(const struct imap_command *command, struct buf *out)
{
	describe_span(command->authenticate.mechanism, out);
	if (command->authenticate.has_initial)
		describe_span(command->authenticate.initial, out);
}

static void none(void **state)
{
	static const struct parse_test test = {.parse = imap_args_none, .describe = describe_none};
	static const struct parse_case cases[] = {{"", "none"}, {" ", NULL}, {" x", NULL}};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void id(void **state)
{
	static const struct parse_test test = {.parse = imap_id_parse, .describe = describe_id};
	static const struct parse_case cases[] = {
		{" NIL", ""},
		{" nil", ""},
		{" ()", ""},
		{" (\"name\" \"x y\" \"version\" NIL)", "<name><x y><version>NIL"},
		{" ({4}\r\nname {1+}\r\nx)", "<name><x>"},
		{"", NULL},
		{" ", NULL},
		{" (\"name\")", NULL},
		{" (\"name\" \"x\" \"v\")", NULL},
		{" (NIL \"x\")", NULL},
		{" (\"name\" x)", NULL},
		{" (\"name\" \"x\"", NULL},
		{" NIL x", NULL},
		{" (\"name\" \"x\") ", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void enable(void **state)
{
	static const struct parse_test test = {.parse = imap_enable_parse, .describe = describe_enable};
	static const struct parse_case cases[] = {
		{" CONDSTORE", "<CONDSTORE>"},
		{" imap4rev2 UTF8=ACCEPT", "<IMAP4REV2><UTF8=ACCEPT>"},
		{"", NULL},
		{" ", NULL},
		{" a ", NULL},
		{" (a)", NULL},
		{" a  b", NULL},
		{" \"a\"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void compress(void **state)
{
	static const struct parse_test test = {.parse = imap_compress_parse, .describe = describe_compress};
	static const struct parse_case cases[] = {{" deflate", "<DEFLATE>"}, {"", NULL}, {" ", NULL}, {" a b", NULL}};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void login(void **state)
{
	static const struct parse_test test = {.parse = imap_login_parse, .describe = describe_login};
	static const struct parse_case cases[] = {
		{" user pass", "<user><pass>"},
		{" \"us er\" \"p\\\"\\\\\"", "<us er><p\"\\>"},
		{" {4}\r\nuser {4+}\r\np\r\n)", "<user><p\r\n)>"},
		{" {4}\nuser {0}\r\n", "<user><>"},
		{" u@example.com \"\"", "<u@example.com><>"},
		{" user p]x", "<user><p]x>"},
		{" user \"p\xe4ss\"", "<user><p\xe4ss>"}, /* Latin-1: what it means, others decide */
		{" user p\xc3\xa4ss", "<user><p\xc3\xa4ss>"},
		{"", NULL},
		{" user", NULL},
		{" user ", NULL},
		{" user pass x", NULL},
		{" user \"pass", NULL},
		{" user \"pa\\ss\"", NULL},
		{" user \"pa\rss\"", NULL},
		{" user {5}\r\npass", NULL},
		{" user {4}pass", NULL},
		{" user {4+ }\r\npass", NULL},
		{" user {18446744073709551615}\r\npass", NULL},
		{" user {18446744073709551616}\r\npass", NULL},
		{" user ~{4}\r\npass", NULL},
		{" user pa%ss", NULL},
		{" us(er pass", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
	parse_test_n(&test, " a {1}\r\n\0", 9, NULL);
	parse_test_n(&test, " a \"\0\"", 6, NULL);
}

static void authenticate(void **state)
{
	static const struct parse_test test = {.parse = imap_authenticate_parse, .describe = describe_authenticate};
	static const struct parse_case cases[] = {
		{" plain", "<PLAIN>"},
		{" SCRAM-SHA-256 =", "<SCRAM-SHA-256><>"},
		{" PLAIN YQ==", "<PLAIN><a>"},
		{" PLAIN YWJj", "<PLAIN><abc>"},
		{"", NULL},
		{" ", NULL},
		{" PLAIN ", NULL},
		{" PLAIN YQ", NULL},
		{" PLAIN Y===", NULL},
		{" PLAIN YQ== x", NULL},
		{" PLAIN \"YQ==\"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tag_and_name), cmocka_unit_test(none),     cmocka_unit_test(id),
		cmocka_unit_test(enable),       cmocka_unit_test(compress), cmocka_unit_test(login),
		cmocka_unit_test(authenticate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

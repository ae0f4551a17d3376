/* ENVELOPE (RFC 9051, 7.5.2): exact bytes, for sane and for broken headers. */
#include "tests/unit/mime/mime_test.h"

static void check_header(const char *header, const char *want)
{
	struct arena *arena = arena_create();
	struct mime_derived d;
	struct span message = test_span(header, strlen(header));

	mime_derive(message, 0, arena, &d);
	assert_span(d.envelope, want);
	test_span_free(message);
	arena_destroy(&arena);
	test_cut(header, strlen(header));
}

static void envelopes(void **state)
{
	static const char *const cases[][2] = {
		{"", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"},
		{"Date: Tue,\r\n\t3 Mar 2026\r\nSubject: a\r\n  b \r\nMessage-Id:<1@x>\r\nIn-Reply-To: <0@x>\r\n\r\n",
		 "(\"Tue, 3 Mar 2026\" \"a b\" NIL NIL NIL NIL NIL NIL \"<0@x>\" \"<1@x>\")"},
		{"Subject: \r\n\r\n", "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
		{"Subject : \"q\" \\ =?utf-8?q?x?=\n\n",
		 "(NIL \"\\\"q\\\" \\\\ =?utf-8?q?x?=\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
		{"Subject: caf\xe9\n\n", "(NIL {4}\r\ncaf\xe9 NIL NIL NIL NIL NIL NIL NIL NIL)"},
		{"Subject: one\nSubject: two\n\n", "(NIL \"one\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
		/* Sender and Reply-To are From where they are missing or empty */
		{"From: a@b\n\n", "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) "
				  "NIL NIL NIL NIL NIL)"},
		{"From: a@b\nSender: c@d\nReply-To:\n\n", "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) "
							  "((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		check_header(cases[i][0], cases[i][1]);
}

static void addresses(void **state)
{
	static const char *const cases[][2] = {
		{"a@b.c", "(NIL NIL \"a\" \"b.c\")"},
		{"Anna B. Carl <a.b@c>", "(\"Anna B. Carl\" NIL \"a.b\" \"c\")"},
		{"\"Carl, Anna\" <a@b>", "(\"Carl, Anna\" NIL \"a\" \"b\")"},
		{"\"a \\\"q\\\"\" <a@b>", "(\"a \\\"q\\\"\" NIL \"a\" \"b\")"},
		{"\"john doe\"@b", "(NIL NIL \"john doe\" \"b\")"},
		{"a . b @ c . d", "(NIL NIL \"a.b\" \"c.d\")"},
		{"a@[192.0.2.1]", "(NIL NIL \"a\" \"[192.0.2.1]\")"},
		{"a@b (Anna)", "(\"Anna\" NIL \"a\" \"b\")"},
		{"Anna (works) <a@b> (here)", "(\"Anna\" NIL \"a\" \"b\")"},
		{"a@b, , c@d", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")"},
		{"<@r1,@r2:a@b>", "(NIL \"@r1,@r2\" \"a\" \"b\")"},
		{"=?utf-8?q?Smith,_J?= <a@b>", "(\"=?utf-8?q?Smith,_J?=\" NIL \"a\" \"b\")"},
		{"J\xc3\xb6rg <a@b>", "({5}\r\nJ\xc3\xb6rg NIL \"a\" \"b\")"},
		/* groups, always ended; an address in none */
		{"Team: a@b, c@d;",
		 "(NIL NIL \"Team\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)"},
		{"undisclosed-recipients:;", "(NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL)"},
		{"Team: a@b", "(NIL NIL \"Team\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)"},
		{"A: B: a@b;",
		 "(NIL NIL \"A\" NIL)(NIL NIL NIL NIL)(NIL NIL \"B\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)"},
		{"a@b; c@d", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")"},
		{":;", "(NIL NIL \"\" NIL)(NIL NIL NIL NIL)"},
		/* without a domain: never a host of NIL, which would be a group */
		{"anna", "(NIL NIL \"anna\" \"\")"},
		{"Anna <anna>", "(\"Anna\" NIL \"anna\" \"\")"},
		{"Anna Carl", "(\"Anna Carl\" NIL \"\" \"\")"},
		{"<>", "(NIL NIL \"\" \"\")"},
		{"Anna a@b", "(\"Anna\" NIL \"a\" \"b\")"},
		/* broken */
		{"a@b <c@d>", "(\"a@b\" NIL \"c\" \"d\")"},
		{"Anna <a@b", "(\"Anna\" NIL \"a\" \"b\")"},
		{"Anna <a@b, c@d", "(\"Anna\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")"},
		{"\"Anna <a@b>", "(NIL NIL \"Anna <a@b>\" \"\")"},
		{"a@b (open", "(\"open\" NIL \"a\" \"b\")"},
		{"a@", "(NIL NIL \"a\" \"\")"},
		{"@b", "(NIL NIL \"\" \"b\")"},
		{"a@b junk, c@d", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct buf header = {0}, want = {0};

		buf_printf(&header, "To: %s\r\n\r\n", cases[i][0]);
		buf_printf(&want, "(NIL NIL NIL NIL NIL (%s) NIL NIL NIL NIL)", cases[i][1]);
		check_header(buf_cstr(&header), buf_cstr(&want));
		buf_done(&header);
		buf_done(&want);
	}
	check_header("To: , ,\n\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	check_header("To: (nobody)\n\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	check_header("To: a@b\nCc: x@y\nTO: c@d\n\n", "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" "
						      "\"d\")) ((NIL NIL \"x\" \"y\")) NIL NIL NIL)");
}

static void nul(void **state)
{
	static const char message[] = "Subject: a\0b\n\n";
	struct arena *arena = arena_create();
	struct mime_derived d;

	(void)state;
	mime_derive(span_from(message, sizeof message - 1), 0, arena, &d);
	assert_span(d.envelope, "(NIL \"a b\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(envelopes), cmocka_unit_test(addresses),
					   cmocka_unit_test(nul)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

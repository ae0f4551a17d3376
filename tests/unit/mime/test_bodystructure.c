/* BODYSTRUCTURE and BODY (RFC 9051, 7.5.2): exact bytes. */
#include "tests/unit/mime/mime_test.h"

#define EMPTY_ENVELOPE "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
#define TEXT           "\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\""

static void structures(void **state)
{
	static const struct {
		const char *message, *structure, *body;
	} cases[] = {
		{"\nab\n", "(" TEXT " 3 1 NIL NIL NIL NIL)", "(" TEXT " 3 1)"},
		{"Content-Type: text/html; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 8BIT\n\n",
		 "(\"text\" \"html\" (\"charset\" \"UTF-8\" \"format\" \"flowed\") NIL NIL \"8BIT\" 0 0 NIL NIL NIL "
		 "NIL)",
		 "(\"text\" \"html\" (\"charset\" \"UTF-8\" \"format\" \"flowed\") NIL NIL \"8BIT\" 0 0)"},
		{"Content-Type: application/pdf; name=\"a \\\"b\\\".pdf\"\nContent-ID: <1@x>\nContent-Description: a\n "
		 "b\n"
		 "Content-MD5: abc==\nContent-Disposition: Attachment; filename=b.pdf; size=3\n"
		 "Content-Language: en, (x) de-AT\nContent-Location: http://x/\nContent-Transfer-Encoding: "
		 "base64\n\nYQ==\n",
		 "(\"application\" \"pdf\" (\"name\" \"a \\\"b\\\".pdf\") \"<1@x>\" \"a b\" \"base64\" 5 \"abc==\" "
		 "(\"Attachment\" (\"filename\" \"b.pdf\" \"size\" \"3\")) (\"en\" \"de-AT\") \"http://x/\")",
		 "(\"application\" \"pdf\" (\"name\" \"a \\\"b\\\".pdf\") \"<1@x>\" \"a b\" \"base64\" 5)"},
		{"Content-Type: multipart/mixed; boundary=b\nContent-Disposition: inline\nContent-Language: en\n\n"
		 "--b\n\nx\n--b\nContent-Type: image/png\n\n--b--\n",
		 "((" TEXT " 1 0 NIL NIL NIL NIL)(\"image\" \"png\" NIL NIL NIL \"7bit\" 0 NIL NIL NIL NIL) "
		 "\"mixed\" (\"boundary\" \"b\") (\"inline\" NIL) (\"en\") NIL)",
		 "((" TEXT " 1 0)(\"image\" \"png\" NIL NIL NIL \"7bit\" 0) \"mixed\")"},
		{"Content-Type: multipart/mixed; boundary=b\n\nno part\n",
		 "((" TEXT " 0 0 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)",
		 "((" TEXT " 0 0) \"mixed\")"},
		{"Content-Type: message/rfc822\n\nSubject: in\n\nx\n",
		 "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) (" TEXT
		 " 2 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)",
		 "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) (" TEXT
		 " 2 1) 3)"},
		{"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTog\n",
		 "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 5 " EMPTY_ENVELOPE " (" TEXT
		 " 0 0 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)",
		 "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 5 " EMPTY_ENVELOPE " (" TEXT " 0 0) 1)"},
		/* RFC 2231 */
		{"Content-Type: a/b; t*1=two; t*0=\"one \"; u*=utf-8''%c3%a9; v*1*=%20b; v*0*=utf-8''a; v*2=\"c "
		 "d\"\n\n",
		 "(\"a\" \"b\" (\"t\" \"one two\" \"u*\" \"utf-8''%c3%a9\" \"v*\" \"utf-8''a%20bc%20d\") NIL NIL "
		 "\"7bit\" 0 "
		 "NIL NIL NIL NIL)",
		 "(\"a\" \"b\" (\"t\" \"one two\" \"u*\" \"utf-8''%c3%a9\" \"v*\" \"utf-8''a%20bc%20d\") NIL NIL "
		 "\"7bit\" 0)"},
		/* broken */
		{"Content-Type: text\nContent-Disposition: ;\nContent-Language: ,\nContent-ID:\n\n",
		 "(" TEXT " 0 0 NIL NIL NIL NIL)", "(" TEXT " 0 0)"},
		{"Content-Type: text/plain; charset=\"utf-8\nX: y\n\n",
		 "(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)",
		 "(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 0 0)"},
		{"Content-Type: image/png name=a.png;; x y=z; =; name2=\"caf\xe9\"\n\n",
		 "(\"image\" \"png\" (\"name\" \"a.png\" \"name2\" {4}\r\ncaf\xe9) NIL NIL \"7bit\" 0 NIL NIL NIL NIL)",
		 "(\"image\" \"png\" (\"name\" \"a.png\" \"name2\" {4}\r\ncaf\xe9) NIL NIL \"7bit\" 0)"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span message = test_span(cases[i].message, strlen(cases[i].message));
		struct arena *arena = arena_create();
		struct mime_derived d;
		struct buf body = {0};

		mime_derive(message, 0, arena, &d);
		assert_span(d.bodystructure, cases[i].structure);
		mime_body_write(d.bodystructure, &body);
		assert_span(buf_view(&body), cases[i].body);
		buf_done(&body);
		arena_destroy(&arena);
		test_span_free(message);
		test_cut(cases[i].message, strlen(cases[i].message));
	}
}

/* A structure that is not ours, or cut off, gives a BODY all the same. */
static void damaged(void **state)
{
	static const char structure[] = "((\"message\" \"rfc822\" NIL {1}\r\nx NIL \"7bit\" 15 " EMPTY_ENVELOPE
					" (" TEXT " 2 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)(\"a\" \"b\\\"\" (\"c\" "
					"\"d\") NIL NIL \"7bit\" 0 NIL NIL NIL NIL) "
					"\"mixed\" NIL NIL NIL NIL)";

	(void)state;
	for (size_t n = 0; n < sizeof structure; n++) {
		struct span cut = test_span(structure, n), at;
		struct buf body = {0};

		mime_body_write(cut, &body);
		at = buf_view(&body);
		assert_true(check_body(&at, false));
		assert_int_equal(at.n, 0);
		buf_done(&body);
		test_span_free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(structures), cmocka_unit_test(damaged)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

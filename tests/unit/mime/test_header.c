/* Header blocks: going over them, selecting fields, decoding their text (RFC 5322, 2.2; RFC 2047). */
#include "tests/unit/mime/mime_test.h"

static void going_over(void **state)
{
	static const char header[] =
		"From anna Tue Mar  3 10:00:00 2026\r\nTo: a\r\n b\r\nno field\r\nSubject :x\nEmpty:\n"
		": nameless\nbad name: y\nlast:z";

	(void)state;
	for (size_t n = 0; n < sizeof header; n++) {
		struct span block = test_span(header, n), rest = block, name, value;
		struct buf out = {0};

		while (mime_header_next(&rest, &name, &value)) {
			buf_span(&out, name);
			buf_byte(&out, '=');
			buf_span(&out, value);
			buf_byte(&out, ';');
		}
		if (n == sizeof header - 1)
			assert_span(buf_view(&out), "To= a\r\n b;Subject=x;Empty=;last=z;");
		buf_done(&out);
		test_span_free(block);
	}
}

static void selecting(void **state)
{
	static const struct span names[] = {{"sUBJECT", 7}, {"to", 2}, {"", 0}};
	static const struct {
		const char *header, *listed, *others;
	} cases[] = {
		{"", "\r\n", "\r\n"},
		{"\r\n", "\r\n", "\r\n"},
		{"Subject: a\r\n\tb\r\nFrom: c\r\nTO : d\r\n\r\n", "Subject: a\r\n\tb\r\nTO : d\r\n\r\n",
		 "From: c\r\n\r\n"},
		{"Subject: a\nFrom: c\n\n", "Subject: a\n\n", "From: c\n\n"},
		{"From x\nSubjects: a\nTo\nTo x: b\n\n", "\n", "From x\nSubjects: a\nTo\nTo x: b\n\n"},
		{"To: a", "To: a\r\n\r\n", "\r\n"},
		{"To: a\r\n", "To: a\r\n\r\n", "\r\n"},
		{"To: a\n\nTo: in the body", "To: a\n\n", "\n"},
		{"\tTo: a\nTo: b\n\n", "To: b\n\n", "\tTo: a\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].header); n++) {
			struct span header = test_span(cases[i].header, n);
			struct buf listed = {0}, others = {0};

			mime_header_select(header, names, array_count(names), false, &listed);
			mime_header_select(header, names, array_count(names), true, &others);
			if (n == strlen(cases[i].header)) {
				assert_span(buf_view(&listed), cases[i].listed);
				assert_span(buf_view(&others), cases[i].others);
			}
			buf_done(&listed);
			buf_done(&others);
			test_span_free(header);
		}
}

static void decoding(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"plain text", "plain text"},
		{"folded\r\n text", "folded text"},
		{"=?utf-8?q?caf=C3=A9_au_lait?=", "café au lait"},
		{"=?UTF-8?B?Y2Fmw6k=?= x", "café x"},
		{"x =?iso-8859-1?Q?caf=e9?=y", "x caféy"},
		{"=?us-ascii*en?q?a?=", "a"},
		/* side by side: the blanks between are not shown, a character may be cut in two */
		{"=?utf-8?q?a?= =?utf-8?q?b?=\r\n =?iso-8859-1?q?=E9?=", "abé"},
		{"=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"},
		{"=?utf-8?b?Y2Fmww==?= =?utf-8?b?qQ==?=", "café"},
		{"=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"},
		{"=?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=", "テスト"},
		{"=?gb2312?b?xOO6ww==?=", "你好"},
		{"=?koi8-r?q?=D0=D2=C9?=", "при"},
		/* blanks inside, as careless programs write them */
		{"=?utf-8?q?a b?=", "a b"},
		/* broken: left as they are */
		{"=?utf-8?x?a?=", "=?utf-8?x?a?="},
		{"=?no-such-charset?q?a?=", "=?no-such-charset?q?a?="},
		{"=?utf-8?q?a", "=?utf-8?q?a"},
		{"=?utf-8?q?a?b?=", "=?utf-8?q?a?b?="},
		{"=?=?utf-8?q?a?=", "=?a"},
		{"a =? b", "a =? b"},
		{"=?utf-8?q?=C3?=", "\xef\xbf\xbd"},
		{"=?utf-8?q?=zz=?=", "=zz="},
		/* raw bytes: UTF-8, or else Latin-1 with the letters of windows-1252 */
		{"caf\xc3\xa9", "café"},
		{"caf\xe9 \x80", "café €"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i][0]); n++) {
			struct span raw = test_span(cases[i][0], n);
			struct buf out = {0};

			mime_header_decode(raw, &out);
			assert_true(utf8_is_valid(buf_view(&out)));
			if (n == strlen(cases[i][0]))
				assert_span(buf_view(&out), cases[i][1]);
			buf_done(&out);
			test_span_free(raw);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(going_over), cmocka_unit_test(selecting),
					   cmocka_unit_test(decoding)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Content-transfer-encodings and charsets (RFC 2045, 6). */
#include "tests/unit/mime/mime_test.h"

static void encodings(void **state)
{
	static const struct {
		enum mime_encoding encoding;
		const char *body, *want; /* want NULL: not known */
	} cases[] = {
		{MIME_7BIT, "a=3D\r\n", "a=3D\r\n"},
		{MIME_8BIT, "\xe9", "\xe9"},
		{MIME_BINARY, "", ""},
		{MIME_ENCODING_UNKNOWN, "a", NULL},
		{MIME_BASE64, "SGVs\r\nbG8=\r\n", "Hello"},
		{MIME_BASE64, "SGVsbG8", "Hello"},
		{MIME_BASE64, "SGk=SGk=", "HiHi"},
		{MIME_BASE64, "S*G V\tsbG8=--", "Hello"},
		{MIME_BASE64, "=", ""},
		{MIME_BASE64, "S", ""},
		{MIME_QUOTED_PRINTABLE, "caf=E9=\r\n au =3d \t\r\nlait  \n", "caf\xe9 au =\r\nlait\n"},
		{MIME_QUOTED_PRINTABLE, "a= \t\r\nb=\nc", "abc"},
		{MIME_QUOTED_PRINTABLE, "=zz =4 =", "=zz =4 "},
		{MIME_QUOTED_PRINTABLE, "=e9=C3", "\xe9\xc3"},
		{MIME_QUOTED_PRINTABLE, "\r\n\n", "\r\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].body); n++) {
			struct span body = test_span(cases[i].body, n);
			struct buf out = {0};

			assert_int_equal(mime_decode(cases[i].encoding, body, &out), cases[i].want != NULL);
			if (n == strlen(cases[i].body) && cases[i].want != NULL)
				assert_span(buf_view(&out), cases[i].want);
			buf_done(&out);
			test_span_free(body);
		}
}

static void charsets(void **state)
{
	static const struct {
		const char *charset, *bytes, *want;
		bool is_known;
	} cases[] = {
		{"utf-8", "caf\xc3\xa9", "café", true},
		{"UTF8", "a\xc3", "a\xef\xbf\xbd", true},
		{"us-ascii", "a\xe9", "a\xef\xbf\xbd", true},
		{"ISO-8859-1", "caf\xe9 \x93x\x94", "café “x”", true},
		{"windows-1252", "\x80\x81", "€\xef\xbf\xbd", true},
		{" latin1 ", "\xe9", "é", true},
		{"iso-8859-15", "\xa4", "€", true},
		{"koi8-r", "\xd0\xd2\xc9", "при", true},
		{"gb2312", "\xc4\xe3", "你", true},
		{"x-sjis", "\x83\x65", "テ", true},
		{"ks_c_5601-1987", "\xb0\xa1", "가", true},
		{"big5", "\xa7\x41", "你", true},
		{"iso-2022-jp", "\x1b$B%F\x1b(B!", "テ!", true},
		{"utf-16be", "\x4e\x2d\x4e", "中\xef\xbf\xbd", true},
		{"utf-7", "+AOk-", "é", true},
		{"euc-jp",
		 "a\xff"
		 "b",
		 "a\xef\xbf\xbd"
		 "b",
		 true},
		{"no-such", "a\xe9", "a\xef\xbf\xbd", false},
		{"", "a", "a", false},
		{"utf-8//TRANSLIT", "a", "a", false},
		{"wchar_t", "a", "a", false},
		{"../../utf-8", "a", "a", false},
		{"012345678901234567890123456789012345678901", "a", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i].bytes); n++) {
			struct span bytes = test_span(cases[i].bytes, n);
			struct buf out = {0};

			assert_int_equal(mime_to_utf8(span_of(cases[i].charset), bytes, &out), cases[i].is_known);
			assert_true(utf8_is_valid(buf_view(&out)));
			assert_int_equal(mime_charset_is_known(span_of(cases[i].charset)), cases[i].is_known);
			if (n == strlen(cases[i].bytes))
				assert_span(buf_view(&out), cases[i].want);
			buf_done(&out);
			test_span_free(bytes);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(encodings), cmocka_unit_test(charsets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

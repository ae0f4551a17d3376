/* What SEARCH looks at: header text, body text, HTML without its tags. */
#include "common/mime/mime_private.h"
#include "tests/unit/mime/mime_test.h"

static void texts(void **state)
{
	static const struct {
		const char *message, *header, *body;
	} cases[] = {
		{"Subject:  =?utf-8?q?Caf=C3=89?=\r\n two \r\nX-A:\r\n\r\nHello  World\r\n", "subject:café two\nx-a:\n",
		 "hello world "},
		{"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
		 "quoted-printable\n\ncaf=E9=\n!\n",
		 "content-type:text/plain; charset=iso-8859-1\ncontent-transfer-encoding:quoted-printable\n", "café! "},
		{"Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n0NLJ\n",
		 "content-type:text/plain; charset=koi8-r\ncontent-transfer-encoding:base64\n", "при"},
		{"Content-Type: text/plain; charset=utf-8\n\ncaf\xe9\n", "content-type:text/plain; charset=utf-8\n",
		 "café "},
		{"Content-Type: text/html\n\n<b>A</b>b<p>c&eacute;\n", "content-type:text/html\n", "ab cé "},
		{"Content-Type: multipart/mixed; boundary=B\n\nnot this\n--B\n\nOne\n--B\nContent-Type: "
		 "image/png\n\nno\n"
		 "--B\nContent-Type: message/rfc822\n\nSubject: Inside\n\nTwo\n--B--\nnor this\n",
		 "content-type:multipart/mixed; boundary=b\n", "one\nsubject:inside\n\ntwo"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span message = test_span(cases[i].message, strlen(cases[i].message));
		struct arena *arena = arena_create();
		struct mime_derived d;

		mime_derive(message, SIZE_MAX, arena, &d);
		assert_span(d.header_text, cases[i].header);
		assert_span(d.body_text, cases[i].body);
		assert_false(d.body_text_is_partial);
		for (size_t max = 0; max <= d.body_text.n; max++) {
			struct mime_derived part;

			mime_derive(message, max, arena, &part);
			assert_true(part.body_text.n <= max && utf8_is_valid(part.body_text));
			assert_true(span_starts(d.body_text, part.body_text));
			assert_int_equal(part.body_text_is_partial, max < d.body_text.n);
		}
		arena_destroy(&arena);
		test_span_free(message);
		test_cut(cases[i].message, strlen(cases[i].message));
	}
}

/* Far more bytes than the limit: only the beginning is looked at. */
static void bounded(void **state)
{
	struct arena *arena = arena_create();
	struct buf message = {0};
	struct mime_derived d;

	(void)state;
	buf_text(&message, "\n");
	for (int i = 0; i < 400000; i++)
		buf_text(&message, "word ");
	mime_derive(buf_view(&message), 1000, arena, &d);
	assert_int_equal(d.body_text.n, 1000);
	assert_true(d.body_text_is_partial);
	buf_done(&message);
	arena_destroy(&arena);
}

static void html(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"a<br>b<BR/>c", "a b c"},
		{"un<b>frag</b><I class=x>mented</i>", "unfragmented"},
		{"<a title=\"x>y\" b='z>'>t</a>", "t"},
		{"a<!-- <p> -->b<!doctype html>c", "abc"},
		{"<style type=x>p{}</style>a<ScRiPt>if (a<b) '</b>'</script >b", " a b"},
		{"<title>T</title>", " T "},
		{"&lt;&amp;&gt;&quot;&apos;&eacute;&euro;", "<&>\"'é€"},
		{"&#65;&#x42;&#xe9;&#0;&#x110000;&#xd800;&#zz;", "ABé&#0;\xef\xbf\xbd\xef\xbf\xbd&#zz;"},
		{"a & b &nosuch; &amp", "a & b &nosuch; &"},
		{"soft&shy;hyphen", "softhyphen"},
		{"1 < 2 <3 <", "1 < 2 <3 <"},
		{"<p a=\"unclosed>x", " x"},
		{"<!-- unclosed>x", "x"},
		{"<script>never ends", " "},
		{"</", " "},
		{"<p", " "},
		{"&", "&"},
		{"&#", "&#"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i][0]); n++) {
			struct span page = test_span(cases[i][0], n);
			struct buf out = {0};

			mime_html_to_text(page, &out);
			assert_true(out.n <= n + 3);
			if (n == strlen(cases[i][0]))
				assert_span(buf_view(&out), cases[i][1]);
			buf_done(&out);
			test_span_free(page);
		}
}

/* Pages that would be quadratic for a careless reader. */
static void hostile_html(void **state)
{
	static const char *const pieces[] = {"<p a=\"", "<!--", "<script>", "&", "<a '", "</script", "<"};

	(void)state;
	for (size_t i = 0; i < array_count(pieces); i++) {
		struct buf page = {0}, out = {0};

		for (int k = 0; k < 200000; k++)
			buf_text(&page, pieces[i]);
		mime_html_to_text(buf_view(&page), &out);
		buf_done(&page);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(bounded), cmocka_unit_test(html),
					   cmocka_unit_test(hostile_html)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folding and composing text. */
#include "tests/unit/mime/mime_test.h"

static void folding(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"Hello, WORLD", "hello, world"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{\x7f", "abcdefghijklmnopqrstuvwxyz@[`{\x7f"},
		{" a  b\t\r\n c ", " a b c "},
		{"eight by  eight   blanks", "eight by eight blanks"},
		{"1234567  1234567\t\n", "1234567 1234567 "},
		{"STRASSE Straße", "strasse strasse"},
		{"É E\xcc\x81 e\xcc\x81", "é é é"},
		{"ПРИВЕТ, мир", "привет, мир"},
		{"a\xc2\xa0\xc2\xa0 b\xe3\x80\x80", "a b "},
		{"\xc2\xa0x", " x"},
		{"a\xff\xc3(", "a\xef\xbf\xbd\xef\xbf\xbd("},
		{"日本語テキスト", "日本語テキスト"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t n = 0; n <= strlen(cases[i][0]); n++) {
			struct span text = test_span(cases[i][0], n);
			struct buf out = {0};

			buf_text(&out, "before ");
			mime_fold(text, &out);
			assert_true(utf8_is_valid(buf_view(&out)));
			if (n == strlen(cases[i][0]))
				assert_span(span_sub(buf_view(&out), 7, out.n), cases[i][1]);
			buf_done(&out);
			test_span_free(text);
		}
}

/* Both sigmas are one letter when folded. */
static void sigma(void **state)
{
	struct buf out = {0};

	(void)state;
	mime_fold(SPAN("ΑΣ ας ασ"), &out);
	assert_span(buf_view(&out), "ασ ασ ασ");
	buf_done(&out);
}

/* Runs without white space that are longer than what is folded at once. */
static void long_runs(void **state)
{
	struct buf text = {0}, out = {0};

	(void)state;
	for (int i = 0; i < 30000; i++)
		buf_text(&text, "É");
	mime_fold(buf_view(&text), &out);
	assert_int_equal(out.n, text.n);
	assert_true(utf8_is_valid(buf_view(&out)));
	for (size_t i = 0; i < out.n; i += 2)
		assert_memory_equal(out.p + i, "é", 2);
	buf_done(&text);
	buf_done(&out);
}

static void composing(void **state)
{
	struct buf out = {0};

	(void)state;
	mime_nfc(SPAN("E\xcc\x81 ABC  x\xff"), &out);
	assert_span(buf_view(&out), "É ABC  x\xef\xbf\xbd");
	mime_nfc(SPAN(""), &out);
	mime_nfc(SPAN("-ascii"), &out);
	assert_span(buf_view(&out), "É ABC  x\xef\xbf\xbd-ascii");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(folding), cmocka_unit_test(sigma),
					   cmocka_unit_test(long_runs), cmocka_unit_test(composing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

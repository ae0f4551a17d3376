/* Modified UTF-7 both ways (RFC 3501, 5.1.3). */
#include "common/base/mutf7.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Decodes a copy in a block of exactly that size. */
static bool decode(const char *text, size_t n, struct buf *out)
{
	char *block = malloc(n);
	bool ok;

	memcpy(block, text, n);
	ok = mutf7_decode(span_from(block, n), out);
	free(block);
	return ok;
}

static void both_ways(void **state)
{
	static const struct {
		const char *mutf7, *utf8;
	} cases[] = {
		{"", ""},
		{"INBOX", "INBOX"},
		{"a&-b", "a&b"},
		{"&-&-", "&&"},
		{"&AOk-", "\xc3\xa9"},
		{"Entw&APw-rfe", "Entw\xc3\xbcrfe"},
		{"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		 "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
		{"&Jjo-!", "\xe2\x98\xba!"},
		{"&2D3eAA-", "\xf0\x9f\x98\x80"},
		{"&2D3eANg93gE-", "\xf0\x9f\x98\x80\xf0\x9f\x98\x81"},
		{"&AOkA6QDp-", "\xc3\xa9\xc3\xa9\xc3\xa9"},
		{"&AOk-&-&AOk-", "\xc3\xa9&\xc3\xa9"},
		{"&AOk--", "\xc3\xa9-"},
		{"&AAoAfw-", "\n\x7f"}, /* whether that is a name, others decide */
		{"&2,,f,w-", "\xf4\x8f\xbf\xbf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf decoded = {0}, encoded = {0}, part = {0};

		assert_true(decode(cases[i].mutf7, strlen(cases[i].mutf7), &decoded));
		assert_string_equal(buf_cstr(&decoded), cases[i].utf8);
		mutf7_encode(span_of(cases[i].utf8), &encoded);
		assert_string_equal(buf_cstr(&encoded), cases[i].mutf7);
		for (size_t n = 0; n < strlen(cases[i].mutf7); n++)
			(void)decode(cases[i].mutf7, n, &part);
		buf_done(&decoded);
		buf_done(&encoded);
		buf_done(&part);
	}
}

static void not_canonical(void **state)
{
	static const char *const cases[] = {
		"&",          "&AOk",     "a&AOk",     "&A-",      "&AO-",  "&AOkA-", "&AGE-", /* 'a' stands for itself
												*/
		"&ACY-",                                                                       /* '&' is "&-" */
		"&AOk-&AOk-", /* two runs side by side */
		"&AOl-",      /* bits that are left are zero */
		"&AOkA-",     "&AOkAAA-", "&AO/-",     "&AOk=-",   "&2D0-", "&3gA-",  "&2D3YPQ-", "&AO k-",
		"a\x01",      "a\x7f",    "a\xc3\xa4", "&AO\xff-",
	};
	struct buf out = {0};

	(void)state;
	buf_text(&out, "x");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool ok = decode(cases[i], strlen(cases[i]), &out);

		/* "&AOkAAA-" holds a NUL and is in its form */
		assert_int_equal(ok, strcmp(cases[i], "&AOkAAA-") == 0);
		out.n = 1;
	}
	buf_done(&out);
}

static void broken_utf8(void **state)
{
	static const char *const cases[] = {"\x80",     "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					    "\xe2\x98", "\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf encoded = {0};
		size_t n = strlen(cases[i]);
		char *block = malloc(n);

		memcpy(block, cases[i], n);
		mutf7_encode(span_from(block, n), &encoded);
		free(block);
		assert_true(span_starts(buf_view(&encoded), SPAN("&,,"))); /* U+FFFD */
		buf_done(&encoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(not_canonical),
		cmocka_unit_test(broken_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

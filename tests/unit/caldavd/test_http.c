/* HTTP's grammar: heads, chunks, targets, entity tags. */
#include "caldavd/http/chunk.h"
#include "caldavd/http/head.h"
#include "caldavd/http/target.h"
#include "caldavd/http/token.h"
#include "common/base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: x\r\n"

static void heads(void **state)
{
	static const struct {
		const char *head;
		unsigned status;
		enum http_body body;
		uint64_t length;
		bool keep_alive;
	} cases[] = {
		{GET HOST "\r\n", 0, HTTP_BODY_NONE, 0, true},
		{"\r\n" GET HOST "\r\n", 0, HTTP_BODY_NONE, 0, true},
		{GET HOST "Connection: Close\r\n\r\n", 0, HTTP_BODY_NONE, 0, false},
		{GET HOST "Connection: te, close\r\n\r\n", 0, HTTP_BODY_NONE, 0, false},
		{"GET / HTTP/1.0\r\n\r\n", 0, HTTP_BODY_NONE, 0, false},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, HTTP_BODY_NONE, 0, true},
		{"PUT /a HTTP/1.1\r\n" HOST "content-length:  12 \r\n\r\n", 0, HTTP_BODY_LENGTH, 12, true},
		{"PUT /a HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 0, HTTP_BODY_CHUNKED, 0, true},
		{"PROPFIND * HTTP/1.1\r\n" HOST "\r\n", 0, HTTP_BODY_NONE, 0, true},
		/* smuggling */
		{GET HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length: 1, 1\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length: +1\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length: -1\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length: 0x1\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length:\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length: 99999999999999999999\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, 0, 0, false},
		{GET HOST "Transfer-Encoding: xchunked\r\n\r\n", 501, 0, 0, false},
		{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, 0, false},
		{GET HOST "A : b\r\n\r\n", 400, 0, 0, false},
		{GET HOST " A: b\r\n\r\n", 400, 0, 0, false},
		{GET HOST "A: b\r\n c\r\n\r\n", 400, 0, 0, false},
		{GET HOST "A: b\n\r\n", 400, 0, 0, false},
		{GET HOST "A: b\rC: d\r\n\r\n", 400, 0, 0, false},
		{GET HOST "A: \x01\r\n\r\n", 400, 0, 0, false},
		{GET HOST "\x80: b\r\n\r\n", 400, 0, 0, false},
		{GET HOST ": b\r\n\r\n", 400, 0, 0, false},
		{GET HOST "b\r\n\r\n", 400, 0, 0, false},
		{GET "\n" HOST "\r\n", 400, 0, 0, false},
		{GET HOST HOST "\r\n", 400, 0, 0, false},
		{GET "\r\n", 400, 0, 0, false},
		/* request lines */
		{"GET  / HTTP/1.1\r\n" HOST "\r\n", 400, 0, 0, false},
		{"GET / a HTTP/1.1\r\n" HOST "\r\n", 400, 0, 0, false},
		{"GET /\r\n" HOST "\r\n", 400, 0, 0, false},
		{"G@T / HTTP/1.1\r\n" HOST "\r\n", 400, 0, 0, false},
		{"GET /\t HTTP/1.1\r\n" HOST "\r\n", 400, 0, 0, false},
		{"GET / HTTP/2.0\r\n" HOST "\r\n", 505, 0, 0, false},
		{"GET / http/1.1\r\n" HOST "\r\n", 400, 0, 0, false},
		{"GET / HTTP/1.1 \r\n" HOST "\r\n", 400, 0, 0, false},
		{"\r\n\r\n", 400, 0, 0, false},
		{GET HOST "Expect: 100-continue\r\n\r\n", 0, HTTP_BODY_NONE, 0, true},
		{GET HOST "Expect: tea\r\n\r\n", 417, 0, 0, false},
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span in = span_of(cases[i].head);
		struct http_head head;
		const char *reason = NULL;
		unsigned status;

		status = http_head_parse(in, arena, &head, &reason);
		if (status != cases[i].status)
			fail_msg("case %zu: %u %s", i, status, reason);
		if (status != 0) {
			assert_true(strlen(reason) > 0);
			continue;
		}
		if (head.body != cases[i].body || head.length != cases[i].length ||
		    head.keep_alive != cases[i].keep_alive)
			fail_msg("case %zu", i);
	}
	arena_destroy(&arena);
}

static void fields_are_found(void **state)
{
	struct arena *arena = arena_create();
	struct http_head head;
	const char *reason;

	(void)state;
	assert_int_equal(
		http_head_parse(SPAN("REPORT /a?b HTTP/1.1\r\nhost:\tx\t\r\nDepth: 1\r\nExpect: 100-Continue\r\n\r\n"),
				arena, &head, &reason),
		0);
	assert_true(span_is(head.method, "REPORT") && span_is(head.target, "/a?b"));
	assert_true(span_is(http_head_field(&head, "Host"), "x"));
	assert_true(span_is(http_head_field(&head, "DEPTH"), "1"));
	assert_null(http_head_field(&head, "If").p);
	assert_true(head.expects_continue);
	arena_destroy(&arena);
}

static void too_many_fields(void **state)
{
	struct arena *arena = arena_create();
	struct http_head head;
	struct buf text = {0};
	const char *reason;

	(void)state;
	buf_text(&text, GET HOST);
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		buf_text(&text, "A: b\r\n");
	buf_text(&text, "\r\n");
	assert_int_equal(http_head_parse(buf_view(&text), arena, &head, &reason), 431);
	buf_done(&text);
	arena_destroy(&arena);
}

static void lengths_of_heads(void **state)
{
	static const struct {
		const char *in;
		size_t length;
	} cases[] = {
		{GET HOST "\r\nbody", sizeof(GET HOST "\r\n") - 1},
		{"\r\n" GET "\r\n", sizeof("\r\n" GET "\r\n") - 1},
		{GET HOST, 0},
		{GET "\n", sizeof(GET "\n") - 1}, /* to be refused at once */
		{"\r\n\r\n", 4},
		{"\r\n", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t piece = 1; piece <= strlen(cases[i].in); piece++) {
			size_t scanned = 0, length = 0, n = 0;

			while (length == 0 && n < strlen(cases[i].in)) {
				n = n + piece > strlen(cases[i].in) ? strlen(cases[i].in) : n + piece;
				length = http_head_length(span_from(cases[i].in, n), &scanned);
			}
			if (length != cases[i].length)
				fail_msg("case %zu in pieces of %zu: %zu", i, piece, length);
		}
}

static void chunks(void **state)
{
	static const struct {
		const char *in, *want;
		unsigned status;
		size_t left;
	} cases[] = {
		{"5\r\nhello\r\n0\r\n\r\nGET", "hello", 0, 3},
		{"1;a=b\r\nx\r\n2 ; c\r\nyz\r\n00\r\nA: b\r\n\r\n", "xyz", 0, 0},
		{"0\r\n\r\n", "", 0, 0},
		{"5\nhello\r\n0\r\n\r\n", NULL, 400, 0},
		{"5\r\nhello0\r\n\r\n", NULL, 400, 0},
		{"5\r\nhello\n0\r\n\r\n", NULL, 400, 0},
		{"\r\n", NULL, 400, 0},
		{"x\r\n", NULL, 400, 0},
		{"-1\r\n", NULL, 400, 0},
		{"5 5\r\nhello\r\n", NULL, 400, 0},
		{"fffffffffffffffff\r\n", NULL, 400, 0},
		{"ffffffffffffffff\r\n", NULL, 413, 0},
		{"b\r\nhello world\r\n", NULL, 413, 0},
		{"0\r\nbad trailer\r\n\r\n", NULL, 400, 0},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		for (size_t piece = 1; piece <= strlen(cases[i].in); piece++) {
			struct http_chunks got = {0};
			struct buf out = {0};
			size_t at = 0, n = 0, all = strlen(cases[i].in), used;
			unsigned status = 0;

			while (status == 0 && got.state != HTTP_CHUNK_DONE && n < all) {
				n = n + piece > all ? all : n + piece;
				status = http_chunks_take(&got, span_from(cases[i].in + at, n - at), &out, 10, &used);
				at += used;
			}
			if (status != cases[i].status ||
			    (status == 0 && (got.state != HTTP_CHUNK_DONE || all - at != cases[i].left ||
					     !span_is(buf_view(&out), cases[i].want))))
				fail_msg("case %zu in pieces of %zu: %u", i, piece, status);
			buf_done(&out);
		}
}

static void targets(void **state)
{
	static const struct {
		const char *in, *want; /* want NULL: refused; segments parted by '|' */
	} cases[] = {
		{"/", "|"},
		{"/a", "a"},
		{"/a/", "a|"},
		{"/a/b%20c?x=y", "a|b c"},
		{"/%C3%A4/", "\xc3\xa4|"},
		{"http://x:8080/a", "a"},
		{"HTTPS://x", "|"},
		{"/a%2fb", "a/b"}, /* and marked: see below */
		{"/a%00", NULL},
		{"/..", NULL},
		{"/a/../b", NULL},
		{"/%2e%2E/b", NULL},
		{"/./a", NULL},
		{"//a", NULL},
		{"/a//b", NULL},
		{"/%ff", NULL},
		{"/%4", NULL},
		{"/%zz", NULL},
		{"a", NULL},
		{"", NULL},
		{"ftp://x/a", NULL},
		{"http:///a", NULL},
		{"/a#b", NULL},
		{"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL},
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct http_target target;
		struct buf got = {0};
		bool ok = http_target_parse(span_of(cases[i].in), arena, &target);

		if (ok != (cases[i].want != NULL))
			fail_msg("%s", cases[i].in);
		for (size_t s = 0; ok && s < target.segment_count; s++) {
			buf_text(&got, s > 0 ? "|" : "");
			buf_span(&got, target.segments[s]);
		}
		assert_int_equal(ok && target.has_encoded_slash, ok && strstr(cases[i].in, "%2f") != NULL);
		if (ok && target.ends_with_slash)
			buf_byte(&got, '|');
		if (ok && !span_is(buf_view(&got), cases[i].want))
			fail_msg("%s: %s", cases[i].in, buf_cstr(&got));
		buf_done(&got);
	}
	arena_destroy(&arena);
}

static void entity_tags(void **state)
{
	static const struct {
		const char *value, *tag; /* tag NULL: no such resource */
		bool strong, weak;
	} cases[] = {
		{"\"a\"", "\"a\"", true, true},     {"\"b\", \"a\"", "\"a\"", true, true},
		{"W/\"a\"", "\"a\"", false, true},  {"*", "\"a\"", true, true},
		{"*", NULL, false, false},          {"\"a\"", NULL, false, false},
		{"\"b\"", "\"a\"", false, false},   {"a", "\"a\"", false, false},
		{"\"a", "\"a\"", false, false},     {"\"a,b\"", "\"a,b\"", true, true},
		{",,\"a\" ,", "\"a\"", true, true}, {"\"b\" \"a\"", "\"a\"", false, false},
		{"", "\"a\"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span value = span_of(cases[i].value);
		struct span tag = cases[i].tag == NULL ? (struct span){0} : span_of(cases[i].tag);

		if (http_names_entity_tag(value, tag, false) != cases[i].strong ||
		    http_names_entity_tag(value, tag, true) != cases[i].weak)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),           cmocka_unit_test(fields_are_found),
		cmocka_unit_test(too_many_fields), cmocka_unit_test(lengths_of_heads),
		cmocka_unit_test(chunks),          cmocka_unit_test(targets),
		cmocka_unit_test(entity_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

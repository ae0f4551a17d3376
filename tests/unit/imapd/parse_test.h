/* For the tests of the parsers: each case is a command's arguments and what they are to become, written as a text by
 * the test's own describe function; NULL where the answer is BAD. Every case is also cut off at each byte, in a heap
 * block of exactly that size, which is freed before the result is looked at (but for APPEND, whose messages are
 * borrowed). */
#ifndef TESTS_UNIT_IMAPD_PARSE_TEST_H
#define TESTS_UNIT_IMAPD_PARSE_TEST_H

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "imapd/command.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse_case {
	const char *in, *want; /* want NULL: BAD */
};

struct parse_test {
	imap_parse_fn *parse;
	void (*describe)(const struct imap_command *command, struct buf *out);
	bool utf8;
	bool borrows;
	uint64_t stream_threshold;
};

static inline void parse_test_one(const struct parse_test *test, const char *text, size_t n, struct buf *out,
				  enum parse *result_r)
{
	char *block = malloc(n);
	struct span in = {block, n};
	struct imap_parse_context context = {.arena = arena_create(),
					     .utf8 = test->utf8,
					     .max_search_depth = 8,
					     .max_set_ranges = 1000,
					     .stream_threshold = test->stream_threshold};
	struct imap_command command = {.arena = context.arena};

	if (n > 0)
		memcpy(block, text, n);
	*result_r = test->parse(&context, &in, &command);
	if (!test->borrows)
		free(block);
	assert_true(*result_r == PARSE_OK || *result_r == PARSE_BAD);
	assert_int_equal(in.n, *result_r == PARSE_OK ? 0 : n); /* nothing is consumed, or everything */
	if (*result_r == PARSE_OK)
		test->describe(&command, out);
	else
		assert_non_null(context.error);
	imap_command_done(&command);
	imap_command_done(&command);
	arena_destroy(&context.arena);
	if (test->borrows)
		free(block);
}

static inline void parse_test_n(const struct parse_test *test, const char *in, size_t length, const char *want)
{
	struct buf out = {0};
	enum parse result;

	for (size_t n = 0; n < length; n++) {
		parse_test_one(test, in, n, &out, &result);
		buf_consume(&out, out.n);
	}
	parse_test_one(test, in, length, &out, &result);
	if (result != (want == NULL ? PARSE_BAD : PARSE_OK))
		fail_msg("\"%s\" is %s", in, result == PARSE_OK ? buf_cstr(&out) : "BAD");
	if (want != NULL)
		assert_string_equal(buf_cstr(&out), want);
	buf_done(&out);
}

static inline void parse_test_cases(const struct parse_test *test, const struct parse_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		parse_test_n(test, cases[i].in, strlen(cases[i].in), cases[i].want);
}

#define PARSE_TEST_CASES(test, cases) parse_test_cases(test, cases, sizeof(cases) / sizeof *(cases))

static inline void describe_number(uint32_t number, struct buf *out)
{
	if (number == IMAP_STAR)
		buf_byte(out, '*');
	else
		buf_u64(out, number);
}

static inline void describe_set(const struct imap_set *set, struct buf *out)
{
	if (set->is_saved)
		buf_byte(out, '$');
	for (size_t i = 0; i < set->count; i++) {
		if (i > 0)
			buf_byte(out, ',');
		describe_number(set->list[i].first, out);
		if (set->list[i].last == set->list[i].first)
			continue;
		buf_byte(out, ':');
		describe_number(set->list[i].last, out);
	}
}

static inline void describe_span(struct span s, struct buf *out)
{
	buf_byte(out, '<');
	buf_span(out, s);
	buf_byte(out, '>');
}

static inline void describe_flags(const struct imap_flags *flags, struct buf *out)
{
	static const char letters[] = "SAFDT"; /* seen, answered, flagged, deleted, draft */

	buf_byte(out, '(');
	for (size_t i = 0; i < 5; i++)
		if (flags->system & 1u << i)
			buf_byte(out, letters[i]);
	for (size_t i = 0; i < flags->keyword_count; i++)
		describe_span(flags->keywords[i], out);
	buf_byte(out, ')');
}

#endif

/* Sections of FETCH: which bytes an item of a message means, and the name it has in the response (RFC 9051, 6.4.5
 * and 7.5.2). */
#include "imapd/fetch_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char message[] = "From: anna@example.com\r\n"
			      "Subject: two parts\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: multipart/mixed; boundary=b\r\n"
			      "\r\n"
			      "--b\r\n"
			      "Content-Type: text/plain\r\n"
			      "Content-Transfer-Encoding: base64\r\n"
			      "\r\n"
			      "aGVsbG8A\r\n"
			      "--b\r\n"
			      "Content-Type: message/rfc822\r\n"
			      "\r\n"
			      "Subject: inside\r\n"
			      "To: bert@example.com\r\n"
			      "\r\n"
			      "nested\r\n"
			      "--b\r\n"
			      "Content-Type: text/plain\r\n"
			      "Content-Transfer-Encoding: x-strange\r\n"
			      "\r\n"
			      "?\r\n"
			      "--b--\r\n";

#define HEADER                                                                                                         \
	"From: anna@example.com\r\nSubject: two parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "         \
	"boundary=b\r\n\r\n"

static uint32_t one[] = {1}, two[] = {2}, two_one[] = {2, 1}, three[] = {3}, nine[] = {9};
static struct span subject[] = {{"SUBJECT", 7}};

struct fixture {
	struct arena *arena;
	struct fetch f;
	struct mime_derived derived;
};

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);

	x->arena = arena_create();
	x->f.scratch = arena_create();
	mime_derive(span_from(message, sizeof message - 1), SIZE_MAX, x->arena, &x->derived);
	x->f.source = (struct fetch_source){
		.bytes = span_from(message, sizeof message - 1),
		.size = sizeof message - 1,
		.derived = {.header = x->derived.header,
			    .envelope = x->derived.envelope,
			    .bodystructure = x->derived.bodystructure,
			    .parts = x->derived.parts},
	};
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	buf_done(&x->f.text);
	buf_done(&x->f.raw);
	buf_done(&x->f.decoded);
	arena_destroy(&x->f.scratch);
	arena_destroy(&x->arena);
	free(x);
	return 0;
}

static void check(struct fixture *x, const struct imap_fetch_item *item, const char *name, const char *want,
		  size_t want_size)
{
	struct span got_name = fetch_item_name(x->arena, item), got;
	struct fetch_piece piece;

	assert_int_equal(got_name.n, strlen(name));
	assert_memory_equal(got_name.p, name, got_name.n);
	fetch_section_find(&x->f, item, &piece);
	assert_int_equal(piece.is_nil, want == NULL);
	if (want == NULL)
		return;
	got = piece.is_range ? span_sub(x->f.source.bytes, (size_t)piece.at, (size_t)piece.size) : piece.memory;
	assert_int_equal(got.n, want_size);
	assert_memory_equal(got.p, want, want_size);
}

#define SECTION(...)                                                                                                   \
	{                                                                                                              \
		.kind = IMAP_FETCH_SECTION, __VA_ARGS__                                                                \
	}
#define PATH(numbers) .path = numbers, .path_count = array_count(numbers)
#define FIELDS        .fields = subject, .field_count = 1, .fields_written = {"(SUBJECT)", 9}

static void test_sections(void **state)
{
	struct {
		struct imap_fetch_item item;
		const char *name, *want;
	} cases[] = {
		{SECTION(.text = IMAP_SECTION_ALL), "BODY[] ", message},
		{SECTION(.text = IMAP_SECTION_HEADER), "BODY[HEADER] ", HEADER},
		{SECTION(.text = IMAP_SECTION_HEADER_FIELDS, FIELDS), "BODY[HEADER.FIELDS (SUBJECT)] ",
		 "Subject: two parts\r\n\r\n"},
		{SECTION(.text = IMAP_SECTION_TEXT), "BODY[TEXT] ", message + sizeof HEADER - 1},
		{SECTION(PATH(one)), "BODY[1] ", "aGVsbG8A"},
		{SECTION(PATH(one), .text = IMAP_SECTION_MIME), "BODY[1.MIME] ",
		 "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"},
		{SECTION(PATH(one), .text = IMAP_SECTION_HEADER), "BODY[1.HEADER] ", ""},
		{SECTION(PATH(two)), "BODY[2] ", "Subject: inside\r\nTo: bert@example.com\r\n\r\nnested"},
		{SECTION(PATH(two), .text = IMAP_SECTION_HEADER), "BODY[2.HEADER] ",
		 "Subject: inside\r\nTo: bert@example.com\r\n\r\n"},
		{SECTION(PATH(two), .text = IMAP_SECTION_HEADER_FIELDS_NOT, FIELDS),
		 "BODY[2.HEADER.FIELDS.NOT (SUBJECT)] ", "To: bert@example.com\r\n\r\n"},
		{SECTION(PATH(two), .text = IMAP_SECTION_TEXT), "BODY[2.TEXT] ", "nested"},
		{SECTION(PATH(two_one)), "BODY[2.1] ", "nested"},
		{SECTION(PATH(nine)), "BODY[9] ", ""},
		{{.kind = IMAP_FETCH_RFC822}, "RFC822 ", message},
		{{.kind = IMAP_FETCH_RFC822_HEADER}, "RFC822.HEADER ", HEADER},
		{{.kind = IMAP_FETCH_RFC822_TEXT}, "RFC822.TEXT ", message + sizeof HEADER - 1},
	};

	for (size_t i = 0; i < array_count(cases); i++)
		check(*state, &cases[i].item, cases[i].name, cases[i].want, strlen(cases[i].want));
}

#define PART(from, n) .has_partial = true, .partial_offset = from, .partial_length = n

static void test_partials(void **state)
{
	struct {
		struct imap_fetch_item item;
		const char *name, *want;
	} cases[] = {
		{SECTION(.text = IMAP_SECTION_ALL, PART(0, 4)), "BODY[]<0> ", "From"},
		{SECTION(.text = IMAP_SECTION_HEADER, PART(6, 4)), "BODY[HEADER]<6> ", "anna"},
		{SECTION(PATH(one), PART(6, 100)), "BODY[1]<6> ", "8A"},
		{SECTION(PATH(one), PART(8, 1)), "BODY[1]<8> ", ""},
		{SECTION(PATH(one), PART(INT64_MAX, INT64_MAX)), "BODY[1]<9223372036854775807> ", ""},
		{{.kind = IMAP_FETCH_BINARY, PATH(one), PART(1, 3)}, "BINARY[1]<1> ", "ell"},
	};

	for (size_t i = 0; i < array_count(cases); i++)
		check(*state, &cases[i].item, cases[i].name, cases[i].want, strlen(cases[i].want));
}

static void test_binary(void **state)
{
	struct fixture *x = *state;
	struct imap_fetch_item item = {.kind = IMAP_FETCH_BINARY, PATH(one)},
			       size = {.kind = IMAP_FETCH_BINARY_SIZE, PATH(one)};
	struct fetch_piece piece;

	check(x, &item, "BINARY[1] ", "hello\0", 6);
	fetch_section_find(&x->f, &size, &piece);
	assert_true(piece.is_number);
	assert_int_equal(piece.size, 6);
	assert_false(x->f.unknown_cte);
	item.path = three;
	check(x, &item, "BINARY[3] ", NULL, 0);
	assert_true(x->f.unknown_cte);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_partials, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_binary, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

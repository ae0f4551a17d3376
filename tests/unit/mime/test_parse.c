/* The part tree: offsets, sizes and lines, what a section number names, packing (RFC 2046; RFC 9051, 6.4.5.1). */
#include "tests/unit/mime/mime_test.h"

/* One line a part, parents first: indented kind, header size, body as text (line ends as '|'), lines. */
static void write_tree(struct span message, const struct mime_part *part, int depth, struct buf *out)
{
	static const char *const kinds[] = {"leaf", "multipart", "message"};
	struct span body = span_sub(message, part->body_at, part->body_size);

	buf_printf(out, "%*s%s %zu %u \"", depth, "", kinds[part->kind], part->header_size, part->body_lines);
	for (size_t i = 0; i < body.n; i++)
		if (body.p[i] != '\r')
			buf_byte(out, body.p[i] == '\n' ? '|' : body.p[i]);
	buf_text(out, "\"\n");
	for (uint32_t i = 0; i < part->child_count; i++)
		write_tree(message, &part->child[i], depth + 1, out);
}

static void trees(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
		{"", "leaf 0 0 \"\"\n"},
		{"Subject: x", "leaf 10 0 \"\"\n"},
		{"Subject: x\r\n\r\nab\r\nc", "leaf 14 1 \"ab|c\"\n"},
		{"\nab\n", "leaf 1 1 \"ab|\"\n"},
		{"Subject: x\r\rno line feed\r", "leaf 25 0 \"\"\n"},
		{"Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b\nA: b\n\n\ntwo\n\n--b--\npost\n",
		 "multipart 43 12 \"pre|--b||one|--b|A: b|||two||--b--|post|\"\n"
		 " leaf 1 0 \"one\"\n leaf 6 2 \"|two|\"\n"},
		/* blanks behind the boundary, in quotes */
		{"Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b \t\n\nx\r\n--a b-- \n",
		 "multipart 47 4 \"--a b \t||x|--a b-- |\"\n leaf 1 0 \"x\"\n"},
		/* no end boundary; a boundary in the middle of a line is none */
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx --b\n",
		 "multipart 43 3 \"--b||x --b|\"\n leaf 1 1 \"x --b|\"\n"},
		/* a part without an empty line, and one without anything */
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n--b\n--b--\n",
		 "multipart 43 4 \"--b|A: b|--b|--b--|\"\n leaf 5 0 \"\"\n leaf 0 0 \"\"\n"},
		/* no part at all, and no boundary parameter: an empty one */
		{"Content-Type: multipart/mixed; boundary=b\n\nx\n", "multipart 43 1 \"x|\"\n leaf 0 0 \"\"\n"},
		{"Content-Type: multipart/mixed\n\n--b\n\nx\n", "multipart 31 3 \"--b||x|\"\n leaf 0 0 \"\"\n"},
		/* the outer boundary ends the inner parts */
		{"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; "
		 "boundary=i\n\n--i\n\nx\n--o\n\ny\n--o--\n",
		 "multipart 43 10 \"--o|Content-Type: multipart/mixed; boundary=i||--i||x|--o||y|--o--|\"\n"
		 " multipart 43 2 \"--i||x\"\n  leaf 1 0 \"x\"\n leaf 1 0 \"y\"\n"},
		/* one boundary is the beginning of the other */
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
		 "boundary=b2\n\n--b2\n\nx\n--b2--\n--b--\n",
		 "multipart 43 8 \"--b|Content-Type: multipart/mixed; boundary=b2||--b2||x|--b2--|--b--|\"\n"
		 " multipart 44 3 \"--b2||x|--b2--\"\n  leaf 1 0 \"x\"\n"},
		/* a message in a message, and the default of digests */
		{"Content-Type: message/rfc822\n\nSubject: in\n\nx\n",
		 "message 30 3 \"Subject: in||x|\"\n leaf 13 1 \"x|\"\n"},
		{"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\nx\n--b\n\nA: b\n\n--b--\n",
		 "multipart 44 10 \"--b||Subject: in||x|--b||A: b||--b--|\"\n"
		 " message 1 2 \"Subject: in||x\"\n  leaf 13 0 \"x\"\n message 1 2 \"A: b||\"\n  leaf 6 0 \"\"\n"},
		/* an encoded message has no parts yet */
		{"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYg==\n",
		 "leaf 64 1 \"QTogYg==|\"\n"},
		{"Content-Type: message/global\n\nA: b\n", "message 30 1 \"A: b|\"\n leaf 5 0 \"\"\n"},
		{"Content-Type: message/delivery-status\n\nA: b\n\n", "leaf 39 2 \"A: b||\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct span message = test_span(cases[i].message, strlen(cases[i].message));
		struct arena *arena = arena_create();
		struct buf out = {0};

		write_tree(message, mime_parse(message, arena), 0, &out);
		assert_span(buf_view(&out), cases[i].want);
		buf_done(&out);
		arena_destroy(&arena);
		test_span_free(message);
		test_cut(cases[i].message, strlen(cases[i].message));
	}
}

static void properties(void **state)
{
	static const struct {
		const char *header;
		enum mime_encoding encoding;
		bool is_text;
		const char *charset;
	} cases[] = {
		{"\n", MIME_7BIT, true, ""},
		{"Content-Type: Text/HTML; Charset=\"UTF-8\"\n\n", MIME_7BIT, true, "utf-8"},
		{"Content-Type: text/plain; charset=us-ascii (comment)\n\n", MIME_7BIT, true, "us-ascii"},
		{"Content-Transfer-Encoding: (x) BASE64 ;\n\n", MIME_BASE64, true, ""},
		{"Content-Transfer-Encoding: Quoted-Printable\n\n", MIME_QUOTED_PRINTABLE, true, ""},
		{"Content-Transfer-Encoding: binary\n\n", MIME_BINARY, true, ""},
		{"Content-Transfer-Encoding: 8bit\n\n", MIME_8BIT, true, ""},
		{"Content-Transfer-Encoding: x-uuencode\n\n", MIME_ENCODING_UNKNOWN, true, ""},
		{"Content-Type: image/png\n\n", MIME_7BIT, false, ""},
		{"Content-Type: broken\n\n", MIME_7BIT, true, ""},
		{"Content-Type: text/plain; charset=\"a b\"\n\n", MIME_7BIT, true, ""},
		{"Content-Type: text/plain; charset*0=iso-; charset*1=8859-1\n\n", MIME_7BIT, true, "iso-8859-1"},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct arena *arena = arena_create();
		struct mime_part *part = mime_parse(span_of(cases[i].header), arena);

		assert_int_equal(part->encoding, cases[i].encoding);
		assert_int_equal(part->is_text, cases[i].is_text);
		assert_span(part->charset, cases[i].charset);
		arena_destroy(&arena);
		test_cut(cases[i].header, strlen(cases[i].header));
	}
}

static void finding(void **state)
{
	static const char message[] = "Content-Type: multipart/mixed; boundary=o\n\n--o\n\none\n--o\n"
				      "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=i\n\n"
				      "--i\n\n2.1\n--i\nContent-Type: message/rfc822\n\nA: b\n\n2.2.1\n--i--\n--o--\n";
	static const struct {
		uint32_t path[4];
		size_t count;
		const char *want; /* NULL: no such part */
	} cases[] = {
		{{1}, 1, "one"},         {{2, 1}, 2, "2.1"},      {{2, 2}, 2, "A: b\n\n2.2.1"},
		{{2, 2, 1}, 3, "2.2.1"}, {{0}, 1, NULL},          {{3}, 1, NULL},
		{{1, 1}, 2, NULL},       {{2, 3}, 2, NULL},       {{2, 2, 2}, 3, NULL},
		{{2, 2, 1, 1}, 4, NULL}, {{UINT32_MAX}, 1, NULL},
	};
	struct arena *arena = arena_create();
	struct mime_part *root = mime_parse(span_of(message), arena), *single = mime_parse(SPAN("A: b\n\nx"), arena);

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct mime_part *part = mime_part_find(root, cases[i].path, cases[i].count);

		assert_int_equal(part == NULL, cases[i].want == NULL);
		if (part != NULL)
			assert_span(span_sub(span_of(message), part->body_at, part->body_size), cases[i].want);
	}
	assert_ptr_equal(mime_part_find(single, cases[0].path, 1), single);
	assert_null(mime_part_find(single, cases[1].path, 1));
	arena_destroy(&arena);
}

/* Nested as deep as the bytes allow, and as many parts: bounded, and quick. */
static void hostile(void **state)
{
	struct arena *arena = arena_create();
	struct buf deep = {0}, wide = {0};

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_printf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	check_derived(buf_view(&deep), SIZE_MAX, arena);
	deep.n = 0;
	for (int i = 0; i < 3000; i++)
		buf_text(&deep, "Content-Type: message/rfc822\n\n");
	check_derived(buf_view(&deep), SIZE_MAX, arena);
	buf_text(&wide, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 20000; i++)
		buf_text(&wide, "--b\nContent-Type: multipart/mixed\n\n");
	check_derived(buf_view(&wide), SIZE_MAX, arena);
	assert_true(mime_parse(buf_view(&wide), arena)->child_count <= MIME_MAX_PARTS);
	buf_done(&deep);
	buf_done(&wide);
	arena_destroy(&arena);
}

/* Bytes that are no packed tree, each cut and each changed byte of one included, give NULL or a bounded tree. */
static void unpacking(void **state)
{
	static const char message[] = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; "
				      "charset=utf-8\n\nx\n--b--\n";
	struct arena *arena = arena_create();
	struct buf packed = {0};

	(void)state;
	mime_parts_pack(mime_parse(span_of(message), arena), &packed);
	for (size_t n = 0; n < packed.n; n++) {
		struct span cut = test_span(packed.p, n);

		assert_null(mime_parts_unpack(cut, arena));
		test_span_free(cut);
	}
	for (size_t i = 0; i < packed.n; i++)
		for (unsigned change = 1; change < 256; change++) {
			struct span changed = test_span(packed.p, packed.n);

			((char *)(uintptr_t)changed.p)[i] ^= (char)change;
			(void)mime_parts_unpack(changed, arena);
			test_span_free(changed);
			arena_reset(arena);
		}
	buf_byte(&packed, 'x');
	assert_null(mime_parts_unpack(buf_view(&packed), arena));
	buf_done(&packed);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),   cmocka_unit_test(properties), cmocka_unit_test(finding),
		cmocka_unit_test(hostile), cmocka_unit_test(unpacking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

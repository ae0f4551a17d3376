/* FETCH: every item, sections, partials, modifiers. */
#include "tests/unit/imapd/parse_test.h"

static void describe_section(const struct imap_fetch_item *item, struct buf *out)
{
	static const char *const texts[] = {"", "HEADER", "FIELDS", "NOT", "TEXT", "MIME"};

	buf_byte(out, '[');
	for (size_t i = 0; i < item->path_count; i++)
		buf_printf(out, "%s%u", i > 0 ? "." : "", item->path[i]);
	buf_printf(out, " %s", texts[item->text]);
	for (size_t i = 0; i < item->field_count; i++)
		describe_span(item->fields[i], out);
	buf_span(out, item->fields_written);
	buf_byte(out, ']');
	if (item->has_partial)
		buf_printf(out, "%llu+%llu", (unsigned long long)item->partial_offset,
			   (unsigned long long)item->partial_length);
}

static void describe(const struct imap_command *command, struct buf *out)
{
	static const char *const kinds[] = {"UID",         "FLAGS",     "DATE",          "SIZE",       "ENVELOPE",
					    "BODY",        "STRUCTURE", "MODSEQ",        "SECTION",    "BINARY",
					    "BINARY.SIZE", "RFC822",    "RFC822.HEADER", "RFC822.TEXT"};
	const struct imap_fetch *fetch = &command->fetch;

	describe_set(&fetch->set, out);
	for (size_t i = 0; i < fetch->item_count; i++) {
		const struct imap_fetch_item *item = &fetch->items[i];

		buf_printf(out, " %s", kinds[item->kind]);
		if (item->kind == IMAP_FETCH_SECTION || item->kind == IMAP_FETCH_BINARY ||
		    item->kind == IMAP_FETCH_BINARY_SIZE) {
			buf_text(out, item->peek ? "-" : "");
			describe_section(item, out);
		}
	}
	if (fetch->has_changedsince)
		buf_printf(out, " since %llu%s", (unsigned long long)fetch->changedsince,
			   fetch->wants_vanished ? " vanished" : "");
}

static const struct parse_test test = {.parse = imap_fetch_parse, .describe = describe};

static void items(void **state)
{
	static const struct parse_case cases[] = {
		{" 1 FLAGS", "1 FLAGS"},
		{" 1:*,7 (UID FLAGS)", "1:*,7 UID FLAGS"},
		{" $ flags", "$ FLAGS"},
		{" * UID", "* UID"},
		{" *:4 UID", "*:4 UID"},
		{" 4294967295 UID", "4294967294 UID"},
		{" 1:4294967295 UID", "1:4294967294 UID"},
		{" 1 ALL", "1 FLAGS DATE SIZE ENVELOPE"},
		{" 1 fast", "1 FLAGS DATE SIZE"},
		{" 1 FULL", "1 FLAGS DATE SIZE ENVELOPE BODY"},
		{" 1 (FLAGS FLAGS UID flags)", "1 FLAGS UID"},
		{" 1 (INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE MODSEQ)",
		 "1 DATE SIZE ENVELOPE BODY STRUCTURE MODSEQ"},
		{" 1 (RFC822 RFC822.HEADER RFC822.TEXT)", "1 RFC822 RFC822.HEADER RFC822.TEXT"},
		{"", NULL},
		{" ", NULL},
		{" 1", NULL},
		{" 1 ", NULL},
		{" 1 ()", NULL},
		{" 1 (ALL)", NULL},
		{" 1 (FLAGS UID", NULL},
		{" 1 (FLAGS UID ", NULL},
		{" 1 ( FLAGS)", NULL},
		{" 1 (FLAGS )", NULL},
		{" 1 (FLAGS  UID)", NULL},
		{" 1 FLAGS UID", NULL},
		{" 1 FLAGSX", NULL},
		{" 1 X", NULL},
		{" 1  FLAGS", NULL},
		{" 0 FLAGS", NULL},
		{" 01 FLAGS", NULL},
		{" 1, FLAGS", NULL},
		{" 1: FLAGS", NULL},
		{" :1 FLAGS", NULL},
		{" 1,,2 FLAGS", NULL},
		{" 4294967296 FLAGS", NULL},
		{" $,1 FLAGS", NULL},
		{" 1 RFC822.PEEK", NULL},
		{" 1 UID[]", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void sections(void **state)
{
	static const struct parse_case cases[] = {
		{" 1 BODY[]", "1 SECTION[ ]"},
		{" 1 BODY.PEEK[]", "1 SECTION-[ ]"},
		{" 1 body[text]", "1 SECTION[ TEXT]"},
		{" 1 BODY[HEADER]", "1 SECTION[ HEADER]"},
		{" 1 BODY[1]", "1 SECTION[1 ]"},
		{" 1 BODY[1.20.3.MIME]", "1 SECTION[1.20.3 MIME]"},
		{" 1 BODY[4.HEADER]", "1 SECTION[4 HEADER]"},
		{" 1 BODY[4.TEXT]<0.1>", "1 SECTION[4 TEXT]0+1"},
		{" 1 (BODY[]<10.20> UID)", "1 SECTION[ ]10+20 UID"},
		{" 1 BODY.PEEK[HEADER.FIELDS (From To)]", "1 SECTION-[ FIELDS<From><To>(From To)]"},
		{" 1 BODY[1.HEADER.FIELDS.NOT (\"Subject\")]", "1 SECTION[1 NOT<Subject>(Subject)]"},
		{" 1 BODY[HEADER.FIELDS (\"a b\" {4}\r\nx\"\\y {3+}\r\nabc)]<1.2>",
		 "1 SECTION[ FIELDS<a b><x\"\\y><abc>(\"a b\" \"x\\\"\\\\y\" abc)]1+2"},
		{" 1 BINARY[]", "1 BINARY[ ]"},
		{" 1 BINARY.PEEK[1.2]<3.4>", "1 BINARY-[1.2 ]3+4"},
		{" 1 BINARY.SIZE[1]", "1 BINARY.SIZE-[1 ]"},
		{" 1 (BODY[1] BODY[1])", "1 SECTION[1 ] SECTION[1 ]"},
		{" 1 BODY[]<9223372036854775807.9223372036854775807>",
		 "1 SECTION[ ]9223372036854775807+9223372036854775807"},
		{" 1 BODY[", NULL},
		{" 1 BODY[MIME]", NULL},
		{" 1 BODY[1.]", NULL},
		{" 1 BODY[0]", NULL},
		{" 1 BODY[1.0]", NULL},
		{" 1 BODY[.1]", NULL},
		{" 1 BODY[1TEXT]", NULL},
		{" 1 BODY[4294967296]", NULL},
		{" 1 BODY[HEADER.FIELDS]", NULL},
		{" 1 BODY[HEADER.FIELDS ()]", NULL},
		{" 1 BODY[HEADER.FIELDS (a b]", NULL},
		{" 1 BODY[HEADER.FIELDS (\"a\xc3\xa4\")]", NULL},
		{" 1 BODY[HEADER.FIELDS ({3}\r\na\rb)]", NULL},
		{" 1 BODY[]<0.0>", NULL},
		{" 1 BODY[]<0>", NULL},
		{" 1 BODY[]<1.2", NULL},
		{" 1 BODY[]<9223372036854775808.1>", NULL},
		{" 1 BODY.PEEK", NULL},
		{" 1 BINARY", NULL},
		{" 1 BINARY[TEXT]", NULL},
		{" 1 BINARY[1.MIME]", NULL},
		{" 1 BINARY.SIZE[1]<1.2>", NULL},
		{" 1 BODYSTRUCTURE[]", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void modifiers(void **state)
{
	static const struct parse_case cases[] = {
		{" 1:* (FLAGS) (CHANGEDSINCE 12345)", "1:* FLAGS since 12345"},
		{" 300:500 FLAGS (CHANGEDSINCE 1 VANISHED)", "300:500 FLAGS since 1 vanished"},
		{" 1 FLAGS (vanished changedsince 9223372036854775807)", "1 FLAGS since 9223372036854775807 vanished"},
		{" 1 FLAGS (VANISHED)", NULL},
		{" 1 FLAGS ()", NULL},
		{" 1 FLAGS (CHANGEDSINCE)", NULL},
		{" 1 FLAGS (CHANGEDSINCE x)", NULL},
		{" 1 FLAGS (CHANGEDSINCE 9223372036854775808)", NULL},
		{" 1 FLAGS (CHANGEDSINCE 1", NULL},
		{" 1 FLAGS CHANGEDSINCE 1", NULL},
		{" 1 FLAGS (UNCHANGEDSINCE 1)", NULL},
		{" 1 FLAGS ", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void too_many_items(void **state)
{
	struct buf in = {0};
	struct buf out = {0};
	enum parse result;

	(void)state;
	buf_text(&in, " 1 (BODY[]");
	for (unsigned i = 0; i < 511; i++)
		buf_text(&in, " BODY[]");
	buf_byte(&in, ')');
	parse_test_one(&test, in.p, in.n, &out, &result);
	assert_int_equal(result, PARSE_OK);
	in.n--;
	buf_text(&in, " BODY[])");
	parse_test_one(&test, in.p, in.n, &out, &result);
	assert_int_equal(result, PARSE_BAD);
	buf_done(&in);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items),
		cmocka_unit_test(sections),
		cmocka_unit_test(modifiers),
		cmocka_unit_test(too_many_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

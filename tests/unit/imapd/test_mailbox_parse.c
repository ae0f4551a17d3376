/* Names of mailboxes in all forms; CREATE, DELETE, RENAME, SELECT, STATUS. */
#include "tests/unit/imapd/parse_test.h"

static void describe_mailbox(const struct imap_command *command, struct buf *out)
{
	const struct imap_mailbox_arg *arg = &command->mailbox;

	describe_span(arg->mailbox, out);
	if (arg->had_trailing_separator)
		buf_byte(out, '/');
	if (arg->has_use)
		buf_text(out, "use");
	for (size_t i = 0; i < arg->use_count; i++)
		describe_span(arg->uses[i], out);
}

static void names(void **state)
{
	static const struct parse_test test = {.parse = imap_mailbox_parse, .describe = describe_mailbox};
	static const struct parse_case cases[] = {
		{" a", "<a>"},
		{" InBoX", "<INBOX>"},
		{" \"iNbOx\"", "<INBOX>"},
		{" {5}\r\ninbox", "<INBOX>"},
		{" inbox/A", "<INBOX/A>"},
		{" inbox/", "<INBOX>/"},
		{" inboxa", "<inboxa>"},
		{" a/b", "<a/b>"},
		{" a/", "<a>/"},
		{" a//", "<a/>/"},
		{" /", "</>"},
		{" \"\"", "<>"},
		{" ~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		 "<~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e>"},
		{" Entw&APw-rfe", "<Entw\xc3\xbcrfe>"},
		{" \"Entw&APw-rfe\"", "<Entw\xc3\xbcrfe>"},
		{" Entwu&Awg-rfe", "<Entw\xc3\xbcrfe>"},   /* NFC */
		{" Entw\xc3\xbcrfe", "<Entw\xc3\xbcrfe>"}, /* raw UTF-8 */
		{" Entwu\xcc\x88rfe", "<Entw\xc3\xbcrfe>"},
		{" A&-B", "<A&B>"},
		{" A&B", "<A&B>"},     /* no mUTF-7: taken as it is */
		{" &AGE-", "<&AGE->"}, /* likewise: 'a' must stand for itself */
		{" &2D3eAA-", "<\xf0\x9f\x98\x80>"},
		{" &2D0-", "<&2D0->"}, /* half a surrogate pair is no mUTF-7 */
		{" a]", "<a]>"},
		{"", NULL},
		{" ", NULL},
		{" a b", NULL},
		{" a*", NULL},
		{" a%", NULL},
		{" (a)", NULL},
		{" a\\b", NULL},
		{" \"a\\b\"", NULL},
		{" Entw\xfcrfe", NULL}, /* Latin-1 */
		{" \"\xc3\"", NULL},
		{" {3}\r\na\nb", NULL},
		{" {3}\r\na\rb", NULL},
		{" \"a\tb\"", NULL},
		{" \"a\x7f\"", NULL},
		{" &AAo-", NULL},        /* a line feed in mUTF-7 */
		{" &AIU-", NULL},        /* U+0085 */
		{" &ICg-", NULL},        /* U+2028 */
		{" \xe2\x80\xa9", NULL}, /* U+2029 */
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
	parse_test_n(&test, " {1}\r\n\0", 7, NULL);
	parse_test_n(&test, " &AAA-", 6, NULL); /* a NUL in mUTF-7 */
}

static void utf8_names(void **state)
{
	static const struct parse_test test = {.parse = imap_mailbox_parse, .describe = describe_mailbox, .utf8 = true};
	static const struct parse_case cases[] = {
		{" \"Entw\xc3\xbcrfe\"", "<Entw\xc3\xbcrfe>"},
		{" \"Entwu\xcc\x88rfe\"", "<Entw\xc3\xbcrfe>"},
		{" Entw&APw-rfe", "<Entw&APw-rfe>"},
		{" A&-B", "<A&-B>"},
		{" inbox", "<INBOX>"},
		{" \"Entw\xfcrfe\"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void create(void **state)
{
	static const struct parse_test test = {.parse = imap_create_parse, .describe = describe_mailbox};
	static const struct parse_case cases[] = {
		{" owatagusiam/", "<owatagusiam>/"},
		{" a", "<a>"},
		{" MySpecial (USE (\\Drafts \\Sent))", "<MySpecial>use<\\Drafts><\\Sent>"},
		{" a (use (\\X))", "<a>use<\\X>"},
		{" a (USE ())", "<a>use"},
		{" a (USE (Sent))", NULL},
		{" a (USE (\\))", NULL},
		{" a (USE \\Sent)", NULL},
		{" a (USE (\\Sent)", NULL},
		{" a (FOO (\\Sent))", NULL},
		{" a ()", NULL},
		{" a ", NULL},
		{"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void describe_rename(const struct imap_command *command, struct buf *out)
{
	describe_span(command->rename.from, out);
	describe_span(command->rename.to, out);
}

static void rename_(void **state)
{
	static const struct parse_test test = {.parse = imap_rename_parse, .describe = describe_rename};
	static const struct parse_case cases[] = {
		{" a b", "<a><b>"},
		{" inbox {3}\r\nold", "<INBOX><old>"},
		{" \"a\" \"b c\"", "<a><b c>"},
		{" a", NULL},
		{" a ", NULL},
		{" a b c", NULL},
		{"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void describe_select(const struct imap_command *command, struct buf *out)
{
	const struct imap_select *select = &command->select;

	describe_span(select->mailbox, out);
	if (select->condstore)
		buf_text(out, " condstore");
	if (!select->has_qresync)
		return;
	buf_printf(out, " %u %llu", select->uidvalidity, (unsigned long long)select->modseq);
	if (select->has_known_uids) {
		buf_text(out, " known ");
		ranges_write(&select->known_uids, out);
	}
	if (select->has_match) {
		buf_text(out, " match ");
		ranges_write(&select->match_seqs, out);
		buf_byte(out, '=');
		ranges_write(&select->match_uids, out);
	}
}

static void select_(void **state)
{
	static const struct parse_test test = {.parse = imap_select_parse, .describe = describe_select};
	static const struct parse_case cases[] = {
		{" INBOX", "<INBOX>"},
		{" \"\"", "<>"},
		{" a (CONDSTORE)", "<a> condstore"},
		{" a (QRESYNC (67890007 20050715194045000))", "<a> 67890007 20050715194045000"},
		{" a (QRESYNC (67890007 90060115194045000 41,43:211,214:541))",
		 "<a> 67890007 90060115194045000 known 41,43:211,214:541"},
		{" a (QRESYNC (1 2 1:29997 (5000,7500,9000,9990:9999 "
		 "15000,22500,27000,29970,29973,29976,29979,29982,29985,"
		 "29988,29991,29994,29997)))",
		 "<a> 1 2 known 1:29997 match "
		 "5000,7500,9000,9990:9999=15000,22500,27000,29970,29973,29976,29979,29982,29985,"
		 "29988,29991,29994,29997"},
		{" a (QRESYNC (1 2 1:29997 (5000,7500,9000 15000,22500,27000)))",
		 "<a> 1 2 known 1:29997 match 5000,7500,9000=15000,22500,27000"},
		{" a (QRESYNC (1 2 (3:4 10,12)) condstore)", "<a> condstore 1 2 match 3:4=10,12"},
		{" a (QRESYNC (1 2 9,7,5:3))", "<a> 1 2 known 3:5,7,9"},
		{" a (QRESYNC (0 2))", NULL},
		{" a (QRESYNC (1))", NULL},
		{" a (QRESYNC (1 x))", NULL},
		{" a (QRESYNC (1 2 ))", NULL},
		{" a (QRESYNC (1 2 1:*))", NULL},
		{" a (QRESYNC (1 2 $))", NULL},
		{" a (QRESYNC (1 2 1:3 (1,2 5)))", NULL},
		{" a (QRESYNC (1 2 1:3 (1,* 5,6)))", NULL},
		{" a (QRESYNC (1 2 1:3 (1 5) x))", NULL},
		{" a (QRESYNC (1 2) QRESYNC (1 2))", NULL},
		{" a (QRESYNC (1 2 3)", NULL},
		{" a (QRESYNC 1 2)", NULL},
		{" a (FOO)", NULL},
		{" a ()", NULL},
		{" a CONDSTORE", NULL},
		{" a ", NULL},
		{"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void describe_status(const struct imap_command *command, struct buf *out)
{
	const struct imap_status_items *items = &command->status.items;
	const bool is[] = {items->messages, items->recent, items->uidnext,       items->uidvalidity, items->unseen,
			   items->deleted,  items->size,   items->highestmodseq, items->appendlimit};

	describe_span(command->status.mailbox, out);
	for (size_t i = 0; i < sizeof is / sizeof *is; i++)
		if (is[i])
			buf_byte(out, "mrnvudsha"[i]);
}

static void status(void **state)
{
	static const struct parse_test test = {.parse = imap_status_parse, .describe = describe_status};
	static const struct parse_case cases[] = {
		{" blurdybloop (UIDNEXT MESSAGES)", "<blurdybloop>mn"},
		{" a (messages recent uidnext uidvalidity unseen deleted size highestmodseq appendlimit)",
		 "<a>mrnvudsha"},
		{" inbox (UNSEEN UNSEEN)", "<INBOX>u"},
		{" a ()", NULL},
		{" a (X)", NULL},
		{" a (UNSEEN", NULL},
		{" a UNSEEN", NULL},
		{" a (UNSEEN) ", NULL},
		{" a", NULL},
		{"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),   cmocka_unit_test(utf8_names), cmocka_unit_test(create),
		cmocka_unit_test(rename_), cmocka_unit_test(select_),    cmocka_unit_test(status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

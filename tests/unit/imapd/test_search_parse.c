/* SEARCH: every key, charsets, RETURN, nesting. A tree is described with & for AND, | for OR, ! for NOT. */
#include "tests/unit/imapd/parse_test.h"

static void describe_key(const struct imap_search_key *key, struct buf *out)
{
	static const char *const names[] = {"&",     "|",          "!",       "flag",      "recent", "keyword",
					    "seq",   "uid",        "larger",  "smaller",   "before", "on",
					    "since", "sentbefore", "senton",  "sentsince", "header", "body",
					    "text",  "modseq",     "younger", "older"};

	buf_text(out, names[key->kind]);
	if (key->flag != 0)
		buf_printf(out, " %u", key->flag);
	if (key->field.p != NULL)
		describe_span(key->field, out);
	if (key->text.p != NULL)
		describe_span(key->text, out);
	if (key->kind == IMAP_SEARCH_SEQUENCE || key->kind == IMAP_SEARCH_UID) {
		buf_byte(out, ' ');
		describe_set(&key->set, out);
	}
	if (key->kind == IMAP_SEARCH_LARGER || key->kind == IMAP_SEARCH_SMALLER || key->kind >= IMAP_SEARCH_MODSEQ)
		buf_printf(out, " %llu", (unsigned long long)key->number);
	if (key->kind >= IMAP_SEARCH_BEFORE && key->kind <= IMAP_SEARCH_SENTSINCE)
		buf_printf(out, " %d", key->day);
	if (key->kind > IMAP_SEARCH_NOT)
		return;
	buf_byte(out, '(');
	for (const struct imap_search_key *child = key->child; child != NULL; child = child->next) {
		describe_key(child, out);
		if (child->next != NULL)
			buf_byte(out, ' ');
	}
	buf_byte(out, ')');
}

static void describe(const struct imap_command *command, struct buf *out)
{
	const struct imap_search *search = &command->search;

	if (search->has_return)
		buf_printf(out, "r%u ", search->returns);
	buf_text(out, search->uses_modseq ? "modseq " : "");
	buf_text(out, search->bad_charset ? "badcharset " : "");
	describe_key(search->key, out);
}

static const struct parse_test test = {.parse = imap_search_parse, .describe = describe};

static void keys(void **state)
{
	static const struct parse_case cases[] = {
		{" ALL", "&(&())"},
		{" 1:3,7 ANSWERED", "&(seq 1:3,7 flag 2)"},
		{" * $", "&(seq * seq $)"},
		{" UID 5:*", "&(uid 5:*)"},
		{" uid $", "&(uid $)"},
		{" DELETED DRAFT FLAGGED SEEN RECENT", "&(flag 8 flag 16 flag 4 flag 1 recent)"},
		{" UNANSWERED UNDELETED UNDRAFT UNFLAGGED UNSEEN",
		 "&(!(flag 2) !(flag 8) !(flag 16) !(flag 4) !(flag 1))"},
		{" NEW", "&(&(recent !(flag 1)))"},
		{" OLD", "&(!(recent))"},
		{" KEYWORD $Forwarded UNKEYWORD x", "&(keyword<$Forwarded> !(keyword<x>))"},
		{" LARGER 100 SMALLER 0", "&(larger 100 smaller 0)"},
		{" BEFORE 1-Feb-1994", "&(before 8797)"},
		{" ON 01-Jan-1970 SINCE \"2-jan-1970\"", "&(on 0 since 1)"},
		{" SENTBEFORE 31-Dec-1969 SENTON 29-Feb-2000 SENTSINCE 1-Jan-0001",
		 "&(sentbefore -1 senton 11016 sentsince -719162)"},
		{" FROM \"Smith\" TO x CC y BCC z SUBJECT {3}\r\na\"b",
		 "&(header<From><smith> header<To><x> header<Cc><y> header<Bcc><z> header<Subject><a\"b>)"},
		{" HEADER Message-ID <a@b>", "&(header<Message-ID><<a@b>>)"},
		{" HEADER \"X-Y\" \"\"", "&(header<X-Y><>)"},
		{" BODY foo TEXT \"BAR\"", "&(body<foo> text<bar>)"},
		{" NOT SEEN", "&(!(flag 1))"},
		{" NOT NOT SEEN", "&(!(!(flag 1)))"},
		{" OR SEEN FLAGGED", "&(|(flag 1 flag 4))"},
		{" OR (SEEN DRAFT) NOT OR ALL 7", "&(|(&(flag 1 flag 16) !(|(&() seq 7))))"},
		{" (SEEN)", "&(&(flag 1))"},
		{" ((SEEN) 1) 2", "&(&(&(flag 1) seq 1) seq 2)"},
		{" MODSEQ 620162338", "modseq &(modseq 620162338)"},
		{" MODSEQ \"/flags/\\\\draft\" all 0", "modseq &(modseq 0)"},
		{" OR MODSEQ 1 NOT 2", "modseq &(|(modseq 1 !(seq 2)))"},
		{" YOUNGER 3600 OLDER 1", "&(younger 3600 older 1)"},
		{"", NULL},
		{" ", NULL},
		{" FOO", NULL},
		{" ALL ", NULL},
		{" ALLX", NULL},
		{" SEEN  DRAFT", NULL},
		{" ()", NULL},
		{" (SEEN", NULL},
		{" (SEEN ", NULL},
		{" NOT", NULL},
		{" NOT ", NULL},
		{" OR SEEN", NULL},
		{" OR SEEN ", NULL},
		{" KEYWORD", NULL},
		{" KEYWORD \\Seen", NULL},
		{" KEYWORD \"x\"", NULL},
		{" LARGER x", NULL},
		{" LARGER -1", NULL},
		{" YOUNGER 0", NULL},
		{" BEFORE 32-Jan-2000", NULL},
		{" BEFORE 30-Feb-2000", NULL},
		{" BEFORE 0-Jan-2000", NULL},
		{" BEFORE 1-Jan-00", NULL},
		{" BEFORE \"1-Jan-2000", NULL},
		{" BEFORE 1-January-2000", NULL},
		{" BEFORE 1-Jan-20000", NULL},
		{" HEADER x", NULL},
		{" FROM", NULL},
		{" FROM \xff", NULL},
		{" MODSEQ x", NULL},
		{" MODSEQ \"/flags/x\" 7", NULL},
		{" MODSEQ \"/flags/x\" foo 7", NULL},
		{" UID", NULL},
		{" UID 0", NULL},
		{" 0", NULL},
		{" 1,", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void returns(void **state)
{
	static const struct parse_case cases[] = {
		{" RETURN () ALL", "r4 &(&())"},
		{" RETURN (MIN MAX) ALL", "r3 &(&())"},
		{" return (count save) seen", "r24 &(flag 1)"},
		{" RETURN (SAVE) CHARSET UTF-8 SEEN", "r16 &(flag 1)"},
		{" RETURN ALL", NULL},
		{" RETURN (FOO) ALL", NULL},
		{" RETURN (MIN ALL", NULL},
		{" RETURN (MIN)", NULL},
		{" RETURN (MIN) ", NULL},
		{" RETURN (MIN)ALL", NULL},
		{" CHARSET UTF-8 RETURN () SEEN", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void charsets(void **state)
{
	static const struct parse_case cases[] = {
		{" CHARSET UTF-8 SUBJECT {4}\r\n\xc3\x84\xc3\x96", "&(header<Subject><\xc3\xa4\xc3\xb6>)"},
		{" SUBJECT {2+}\r\n\xc3\x84", "&(header<Subject><\xc3\xa4>)"},
		{" CHARSET \"us-ascii\" BODY X", "&(body<x>)"},
		{" CHARSET ISO-8859-1 BODY {1}\r\n\xc4", "&(body<\xc3\xa4>)"},
		{" CHARSET no-such-charset BODY {1}\r\n\xc4", "badcharset &(body)"},
		{" CHARSET UTF-8 BODY {1}\r\n\xc4", NULL},
		{" CHARSET US-ASCII BODY {1}\r\n\xc4", NULL},
		{" CHARSET", NULL},
		{" CHARSET UTF-8", NULL},
		{" CHARSET UTF-8 ", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void depth(void **state)
{
	static const struct parse_case cases[] = {
		{" NOT NOT NOT NOT NOT NOT NOT SEEN", "&(!(!(!(!(!(!(!(flag 1))))))))"},
		{" NOT NOT NOT NOT NOT NOT NOT NOT SEEN", NULL},
		{" (((((((1)))))))", "&(&(&(&(&(&(&(&(seq 1))))))))"},
		{" ((((((((1))))))))", NULL},
		{" OR OR OR OR OR OR OR 1 2 3 4 5 6 7 8",
		 "&(|(|(|(|(|(|(|(seq 1 seq 2) seq 3) seq 4) seq 5) seq 6) seq 7) seq 8))"},
		{" OR OR OR OR OR OR OR OR 1 2 3 4 5 6 7 8 9", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(returns),
		cmocka_unit_test(charsets),
		cmocka_unit_test(depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* LIST in its plain and its extended form, LSUB. */
#include "tests/unit/imapd/parse_test.h"

static void describe(const struct imap_command *command, struct buf *out)
{
	const struct imap_list *list = &command->list;

	for (unsigned i = 0; i < 4; i++)
		if (list->select & 1u << i)
			buf_byte(out, "srmu"[i]); /* subscribed, remote, recursive match, special use */
	if (list->is_extended)
		buf_byte(out, '!');
	describe_span(list->reference, out);
	for (size_t i = 0; i < list->pattern_count; i++)
		describe_span(list->patterns[i], out);
	buf_text(out, list->return_subscribed ? " subscribed" : "");
	buf_text(out, list->return_children ? " children" : "");
	buf_text(out, list->return_special_use ? " use" : "");
	buf_text(out, list->return_status ? " status" : "");
	buf_text(out, list->status.messages ? " messages" : "");
	buf_text(out, list->status.unseen ? " unseen" : "");
}

static void list(void **state)
{
	static const struct parse_test test = {.parse = imap_list_parse, .describe = describe};
	static const struct parse_case cases[] = {
		{" \"\" \"\"", "<><>"},
		{" \"\" %", "<><%>"},
		{" \"\" *", "<><*>"},
		{" ~/Mail/ %", "<~/Mail/><%>"},
		{" /usr/staff/jones \"\"", "</usr/staff/jones><>"},
		{" \"\" inbox", "<><inbox>"},
		{" \"\" \"Entw&APw-rfe/*\"", "<><Entw\xc3\xbcrfe/*>"},
		{" \"\" Entw\xc3\xbcrfe%", "<><Entw\xc3\xbcrfe%>"},
		{" {1}\r\na {1}\r\n%", "<a><%>"},
		{" \"\" a]*", "<><a]*>"},
		{" (SUBSCRIBED) \"\" *", "s!<><*>"},
		{" () \"\" *", "!<><*>"},
		{" (REMOTE) \"\" *", "r!<><*>"},
		{" (subscribed recursivematch) \"\" *", "sm!<><*>"},
		{" (SUBSCRIBED REMOTE RECURSIVEMATCH) \"\" *", "srm!<><*>"},
		{" (SPECIAL-USE) \"\" *", "u!<><*>"},
		{" \"\" (INBOX Drafts Sent/%)", "!<><INBOX><Drafts><Sent/%>"},
		{" \"\" % RETURN (CHILDREN)", "!<><%> children"},
		{" \"\" % RETURN ()", "!<><%>"},
		{" (REMOTE) \"\" % RETURN (SUBSCRIBED SPECIAL-USE CHILDREN)", "r!<><%> subscribed children use"},
		{" \"\" % RETURN (STATUS (MESSAGES UNSEEN) CHILDREN)", "!<><%> children status messages unseen"},
		{" (RECURSIVEMATCH) \"\" *", NULL},
		{" (REMOTE RECURSIVEMATCH) \"\" *", NULL},
		{" (SPECIAL-USE RECURSIVEMATCH) \"\" *", NULL},
		{" (FOO) \"\" *", NULL},
		{" (SUBSCRIBED \"\" *", NULL},
		{" (SUBSCRIBED)\"\" *", NULL},
		{" \"\" ()", NULL},
		{" \"\" (a b", NULL},
		{" \"\"", NULL},
		{" \"\" ", NULL},
		{" ", NULL},
		{"", NULL},
		{" \"\" * *", NULL},
		{" \"\" * RETURN", NULL},
		{" \"\" * RETURN (", NULL},
		{" \"\" * RETURN (FOO)", NULL},
		{" \"\" * RETURN (STATUS)", NULL},
		{" \"\" * RETURN (STATUS (FOO))", NULL},
		{" \"\" \"a\x01*\"", NULL},
		{" \"\" \xff", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void lsub(void **state)
{
	static const struct parse_test test = {.parse = imap_lsub_parse, .describe = describe};
	static const struct parse_case cases[] = {
		{" \"\" *", "<><*>"}, {" \"#news.\" \"comp.mail.*\"", "<#news.><comp.mail.*>"},
		{" \"\" (a)", NULL},  {" (SUBSCRIBED) \"\" *", NULL},
		{" \"\" * x", NULL},  {"", NULL},
		{" \"\"", NULL},
	};

	(void)state;
	PARSE_TEST_CASES(&test, cases);
}

static void too_many_patterns(void **state)
{
	static const struct parse_test test = {.parse = imap_list_parse, .describe = describe};
	struct buf in = {0}, out = {0};
	enum parse result;

	(void)state;
	buf_text(&in, " \"\" (a");
	for (unsigned i = 1; i < 256; i++)
		buf_text(&in, " a");
	buf_byte(&in, ')');
	parse_test_one(&test, in.p, in.n, &out, &result);
	assert_int_equal(result, PARSE_OK);
	in.n--;
	buf_text(&in, " a)");
	parse_test_one(&test, in.p, in.n, &out, &result);
	assert_int_equal(result, PARSE_BAD);
	buf_done(&in);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list),
		cmocka_unit_test(lsub),
		cmocka_unit_test(too_many_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* trivet who, kick, trace, version: what concerns running daemons. */
#include "admin/command.h"
#include "common/base/buf.h"
#include "common/net/control.h"

#include <stdlib.h>
#include <string.h>

static const char *const columns[] = {"program", "pid", "session", "protocol", "user",
				      "remote",  "tls", "seconds", "doing"};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void print_json_line(struct span line, bool first)
{
	fputs(first ? "{" : ",\n{", stdout);
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t end = span_find_byte(line, '\t');

		printf("%s\"%s\":", i > 0 ? "," : "", columns[i]);
		admin_json_string(stdout, span_sub(line, 0, end));
		line = end == SIZE_MAX ? (struct span){0} : span_sub(line, end + 1, SIZE_MAX);
	}
	putchar('}');
}

static void print_lines(const struct admin *admin, struct span answer)
{
	bool first = true;

	if (admin->json)
		putchar('[');
	while (answer.n > 0) {
		size_t end = span_find_byte(answer, '\n');
		struct span line = span_sub(answer, 0, end);

		if (admin->json)
			print_json_line(line, first);
		else
			printf("%.*s\n", (int)line.n, line.p);
		first = false;
		answer = end == SIZE_MAX ? (struct span){0} : span_sub(answer, end + 1, SIZE_MAX);
	}
	if (admin->json)
		puts("]");
}

static int ask(struct admin *admin, const char *request, struct buf *answer)
{
	if (control_ask(config_text(admin->config, "control", "folder"), request, answer) == 0)
		return admin_fail(admin, EX_UNAVAILABLE, "no daemon answers in %s",
				  config_text(admin->config, "control", "folder"));
	return EX_OK;
}

int admin_who(struct admin *admin, int argc, char **argv)
{
	struct buf answer = {0};
	int rc;

	(void)argv;
	if (argc != 1)
		return admin_usage(admin, "no arguments are wanted");
	if ((rc = ask(admin, "who", &answer)) == EX_OK)
		print_lines(admin, buf_view(&answer));
	buf_done(&answer);
	return rc;
}

/* Each daemon says how many sessions it has ended: "PROGRAM TAB PID TAB NUMBER". */
static unsigned long sum(struct span answer)
{
	unsigned long total = 0;

	while (answer.n > 0) {
		size_t end = span_find_byte(answer, '\n');
		struct span line = span_sub(answer, 0, end);
		uint64_t number = 0;

		while (span_find_byte(line, '\t') != SIZE_MAX)
			line = span_sub(line, span_find_byte(line, '\t') + 1, SIZE_MAX);
		if (span_to_u64(line, UINT32_MAX, &number))
			total += number;
		answer = end == SIZE_MAX ? (struct span){0} : span_sub(answer, end + 1, SIZE_MAX);
	}
	return total;
}

static bool is_word(const char *text)
{
	return text[0] != '\0' && strpbrk(text, " \n") == NULL;
}

int admin_kick(struct admin *admin, int argc, char **argv)
{
	struct buf request = {0}, answer = {0};
	unsigned long ended;
	int rc;

	if (argc == 3 && strcmp(argv[1], "--user") == 0 && is_word(argv[2]))
		buf_printf(&request, "kick user=%s", argv[2]);
	else if (argc == 2 && is_word(argv[1]))
		buf_printf(&request, "kick %s", argv[1]);
	else
		return admin_usage(admin, "want SESSION or --user NAME");
	if ((rc = ask(admin, buf_cstr(&request), &answer)) == EX_OK) {
		ended = sum(buf_view(&answer));
		printf(admin->json ? "{\"ended\":%lu}\n" : "%lu ended\n", ended);
		rc = ended > 0 ? EX_OK : EX_NOINPUT;
	}
	buf_done(&answer);
	buf_done(&request);
	return rc;
}

int admin_trace(struct admin *admin, int argc, char **argv)
{
	struct buf request = {0}, answer = {0};
	int rc;

	if (argc != 3 || !is_word(argv[1]) || (strcmp(argv[2], "on") != 0 && strcmp(argv[2], "off") != 0))
		return admin_usage(admin, "want USER and on or off");
	buf_printf(&request, "trace %s %s", argv[1], argv[2]);
	rc = ask(admin, buf_cstr(&request), &answer);
	buf_done(&answer);
	buf_done(&request);
	return rc;
}

int admin_version(struct admin *admin, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts(admin->json ? "{\"version\":\"" TRIVET_VERSION "\"}" : "trivet " TRIVET_VERSION);
	return EX_OK;
}

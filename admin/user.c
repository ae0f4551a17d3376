/* trivet user: add, import, del, passwd, list, show, quota, set. */
#include "admin/command.h"
#include "common/auth/auth.h"
#include "common/base/alloc.h"
#include "common/base/buf.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

struct user_options {
	const char *display, *mail, *quota, *password_file;
	bool admin, password_stdin, yes;
};

static bool parse_options(int argc, char **argv, struct user_options *options)
{
	static const struct option longs[] = {{"name", required_argument, NULL, 'n'},
					      {"mail", required_argument, NULL, 'm'},
					      {"quota", required_argument, NULL, 'q'},
					      {"admin", no_argument, NULL, 'a'},
					      {"password-stdin", no_argument, NULL, 's'},
					      {"password-file", required_argument, NULL, 'f'},
					      {"yes", no_argument, NULL, 'y'},
					      {NULL, 0, NULL, 0}};
	int c;

	*options = (struct user_options){.display = "", .mail = ""};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'n':
			options->display = optarg;
			break;
		case 'm':
			options->mail = optarg;
			break;
		case 'q':
			options->quota = optarg;
			break;
		case 'a':
			options->admin = true;
			break;
		case 's':
			options->password_stdin = true;
			break;
		case 'f':
			options->password_file = optarg;
			break;
		case 'y':
			options->yes = true;
			break;
		default:
			return false;
		}
	return true;
}

static bool read_line(FILE *from, struct buf *line)
{
	int c;

	line->n = 0;
	while ((c = getc(from)) != EOF && c != '\n')
		buf_byte(line, (char)c);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return c != EOF || line->n > 0;
}

static void interrupted(int signal)
{
	(void)signal;
}

/* Asks on the terminal without echo. An interrupt ends the command, but not before the terminal is as it was. */
static bool ask(const char *prompt, struct buf *password)
{
	const struct sigaction interrupt = {.sa_handler = interrupted}; /* without SA_RESTART: reading ends */
	struct termios before, silent;
	struct sigaction usual;
	bool ok, is_interrupted;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)sigaction(SIGINT, &interrupt, &usual);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fputs(prompt, stderr);
	ok = read_line(stdin, password);
	is_interrupted = ferror(stdin) && errno == EINTR;
	fputc('\n', stderr);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	(void)sigaction(SIGINT, &usual, NULL);
	if (is_interrupted)
		(void)raise(SIGINT);
	return ok && !is_interrupted;
}

static int get_password(struct admin *admin, const struct user_options *options, struct buf *password)
{
	struct buf again = {0};
	FILE *file;
	int rc = EX_OK;

	if (options->password_file != NULL) {
		if ((file = fopen(options->password_file, "re")) == NULL)
			return admin_fail(admin, EX_NOINPUT, "%s: %s", options->password_file, strerror(errno));
		(void)read_line(file, password);
		fclose(file);
	} else if (options->password_stdin || !isatty(STDIN_FILENO)) {
		(void)read_line(stdin, password);
	} else if (!ask("Password: ", password) || !ask("Again: ", &again) ||
		   !span_equal(buf_view(password), buf_view(&again))) {
		rc = admin_fail(admin, EX_DATAERR, "the passwords are not the same");
	}
	buf_done(&again);
	if (rc == EX_OK && password->n == 0)
		rc = admin_fail(admin, EX_DATAERR, "no password was given");
	return rc;
}

static int make_secrets(struct admin *admin, struct span password, struct buf *secrets)
{
	if (password.n > PASSWORD_MAX ||
	    !auth_secrets_make(password, (unsigned)config_number(admin->config, "auth", "iterations"), secrets))
		return admin_fail(admin, EX_DATAERR, "that password cannot be used");
	return EX_OK;
}

static int add(struct admin *admin, const char *name, struct span password, struct store_user *user)
{
	struct buf secrets = {0}, normal = {0};
	uint64_t id;
	int rc;

	if (!directory_name_normalize(span_of(name), &normal)) {
		buf_done(&normal);
		return admin_fail(admin, EX_DATAERR, "%s: that is no name for a user", name);
	}
	if ((rc = make_secrets(admin, password, &secrets)) == EX_OK) {
		user->name = buf_view(&normal);
		user->secrets = buf_view(&secrets);
		rc = admin_fail_status(admin, store_user_add(admin->store, user, &id), name);
	}
	buf_done(&secrets);
	buf_done(&normal);
	return rc;
}

int admin_user_add(struct admin *admin, int argc, char **argv)
{
	struct user_options options;
	struct store_user user = {0};
	struct buf password = {0};
	int rc;

	if (!parse_options(argc, argv, &options) || argc - optind != 1)
		return admin_usage(admin, "want one NAME");
	if (options.quota != NULL && !admin_size(options.quota, &user.quota_bytes))
		return admin_usage(admin, "a quota is a size like 5G");
	user.display_name = span_of(options.display);
	user.mail = span_of(options.mail);
	user.is_admin = options.admin;
	if ((rc = get_password(admin, &options, &password)) == EX_OK)
		rc = add(admin, argv[optind], buf_view(&password), &user);
	if (password.p != NULL)
		explicit_bzero(password.p, password.n);
	buf_done(&password);
	return rc;
}

static struct span take_field(struct span *line)
{
	size_t end = span_find_byte(*line, '\t');
	struct span field = span_sub(*line, 0, end);

	*line = end == SIZE_MAX ? (struct span){0} : span_sub(*line, end + 1, SIZE_MAX);
	return field;
}

int admin_user_import(struct admin *admin, int argc, char **argv)
{
	struct buf line = {0};
	unsigned count = 0;
	int rc = EX_OK, one;

	(void)argv;
	if (argc != 1)
		return admin_usage(admin, "the users come from standard input");
	while (read_line(stdin, &line)) {
		struct span rest = buf_view(&line), name = take_field(&rest), password = take_field(&rest);
		struct store_user user = {.display_name = take_field(&rest), .mail = rest};
		char *text;

		if (name.n == 0)
			continue;
		text = alloc_text_n(name.p, name.n);
		if (user.display_name.p == NULL)
			user.display_name = SPAN("");
		if (user.mail.p == NULL)
			user.mail = SPAN("");
		if ((one = add(admin, text, password, &user)) != EX_OK)
			rc = one;
		else
			count++;
		free(text);
	}
	buf_done(&line);
	printf("%u users\n", count);
	return rc;
}

int admin_user_del(struct admin *admin, int argc, char **argv)
{
	struct user_options options;
	struct store_user user = {0};
	struct arena *arena;
	int rc;

	if (!parse_options(argc, argv, &options) || argc - optind != 1)
		return admin_usage(admin, "want one NAME");
	if (!options.yes)
		return admin_usage(admin, "this removes all mail of the user: say --yes");
	arena = arena_create();
	if ((rc = admin_find_user(admin, argv[optind], arena, &user)) == EX_OK)
		rc = admin_fail_status(admin, store_user_delete(admin->store, user.id), argv[optind]);
	arena_destroy(&arena);
	return rc;
}

int admin_user_passwd(struct admin *admin, int argc, char **argv)
{
	struct user_options options;
	struct store_user user = {0};
	struct buf password = {0}, secrets = {0};
	struct arena *arena;
	int rc;

	if (!parse_options(argc, argv, &options) || argc - optind != 1)
		return admin_usage(admin, "want one NAME");
	arena = arena_create();
	if ((rc = admin_find_user(admin, argv[optind], arena, &user)) == EX_OK &&
	    (rc = get_password(admin, &options, &password)) == EX_OK &&
	    (rc = make_secrets(admin, buf_view(&password), &secrets)) == EX_OK)
		rc = admin_fail_status(admin, store_user_set_secrets(admin->store, user.id, buf_view(&secrets)),
				       argv[optind]);
	if (password.p != NULL)
		explicit_bzero(password.p, password.n);
	buf_done(&password);
	buf_done(&secrets);
	arena_destroy(&arena);
	return rc;
}

static void print_json(const struct store_user *user)
{
	fputs("{\"name\":", stdout);
	admin_json_string(stdout, user->name);
	fputs(",\"display_name\":", stdout);
	admin_json_string(stdout, user->display_name);
	fputs(",\"mail\":", stdout);
	admin_json_string(stdout, user->mail);
	printf(",\"id\":%llu,\"quota_bytes\":%llu,\"used_bytes\":%llu,\"used_messages\":%llu,\"admin\":%s,\"disabled\":"
	       "%s}",
	       (unsigned long long)user->id, (unsigned long long)user->quota_bytes,
	       (unsigned long long)user->used_bytes, (unsigned long long)user->used_messages,
	       user->is_admin ? "true" : "false", user->is_disabled ? "true" : "false");
}

int admin_user_list(struct admin *admin, int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct store_user *users = NULL;
	size_t count = 0;
	enum store_status status = store_user_list(admin->store, arena, &users, &count);

	(void)argc;
	(void)argv;
	if (status == STORE_OK && admin->json)
		putchar('[');
	for (size_t i = 0; status == STORE_OK && i < count; i++) {
		if (admin->json) {
			fputs(i > 0 ? ",\n" : "", stdout);
			print_json(&users[i]);
		} else {
			printf("%-24.*s %10llu messages %14llu bytes  %.*s%s%s\n", (int)users[i].name.n,
			       users[i].name.p, (unsigned long long)users[i].used_messages,
			       (unsigned long long)users[i].used_bytes, (int)users[i].mail.n, users[i].mail.p,
			       users[i].is_admin ? "  admin" : "", users[i].is_disabled ? "  disabled" : "");
		}
	}
	if (status == STORE_OK && admin->json)
		puts("]");
	arena_destroy(&arena);
	return admin_fail_status(admin, status, "users");
}

int admin_user_show(struct admin *admin, int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct store_user user = {0};
	int rc = argc == 2 ? admin_find_user(admin, argv[1], arena, &user) : admin_usage(admin, "want one NAME");

	if (rc == EX_OK && admin->json) {
		print_json(&user);
		putchar('\n');
	} else if (rc == EX_OK) {
		printf("name      %.*s\ndisplay   %.*s\nmail      %.*s\nmessages  %llu\nbytes     %llu\nquota     "
		       "%llu\nadmin     %s\ndisabled  %s\n",
		       (int)user.name.n, user.name.p, (int)user.display_name.n, user.display_name.p, (int)user.mail.n,
		       user.mail.p, (unsigned long long)user.used_messages, (unsigned long long)user.used_bytes,
		       (unsigned long long)user.quota_bytes, user.is_admin ? "yes" : "no",
		       user.is_disabled ? "yes" : "no");
	}
	arena_destroy(&arena);
	return rc;
}

int admin_user_quota(struct admin *admin, int argc, char **argv)
{
	struct arena *arena;
	struct store_user user = {0};
	uint64_t bytes = 0;
	int rc;

	if (argc < 2 || argc > 3)
		return admin_usage(admin, "want NAME and, to set it, SIZE");
	if (argc == 3 && strcmp(argv[2], "none") != 0 && !admin_size(argv[2], &bytes))
		return admin_usage(admin, "a quota is a size like 5G, or none");
	arena = arena_create();
	if ((rc = admin_find_user(admin, argv[1], arena, &user)) == EX_OK && argc == 3)
		rc = admin_fail_status(admin, store_user_set_quota(admin->store, user.id, bytes), argv[1]);
	else if (rc == EX_OK && admin->json)
		printf("{\"quota_bytes\":%llu,\"used_bytes\":%llu}\n", (unsigned long long)user.quota_bytes,
		       (unsigned long long)user.used_bytes);
	else if (rc == EX_OK)
		printf("%llu of %llu bytes\n", (unsigned long long)user.used_bytes,
		       (unsigned long long)user.quota_bytes);
	arena_destroy(&arena);
	return rc;
}

/* "yes" or "no" */
static bool parse_yes(const char *text, bool *yes_r)
{
	*yes_r = strcmp(text, "yes") == 0;
	return *yes_r || strcmp(text, "no") == 0;
}

static bool parse_changes(int argc, char **argv, struct store_user *user)
{
	static const struct option longs[] = {{"name", required_argument, NULL, 'n'},
					      {"mail", required_argument, NULL, 'm'},
					      {"admin", required_argument, NULL, 'a'},
					      {"disabled", required_argument, NULL, 'd'},
					      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'n')
			user->display_name = span_of(optarg);
		else if (c == 'm')
			user->mail = span_of(optarg);
		else if ((c != 'a' || !parse_yes(optarg, &user->is_admin)) &&
			 (c != 'd' || !parse_yes(optarg, &user->is_disabled)))
			return false;
	}
	return argc - optind == 1;
}

int admin_user_set(struct admin *admin, int argc, char **argv)
{
	struct arena *arena;
	struct store_user user = {0};
	int rc;

	/* once to learn the name, which may stand anywhere, and once for what changes */
	if (!parse_changes(argc, argv, &user))
		return admin_usage(admin, "want one NAME and what to change, with yes or no");
	arena = arena_create();
	if ((rc = admin_find_user(admin, argv[optind], arena, &user)) == EX_OK) {
		optind = 0;
		(void)parse_changes(argc, argv, &user);
		rc = admin_fail_status(admin,
				       store_user_set_profile(admin->store, user.id, user.display_name, user.mail,
							      user.is_admin, user.is_disabled),
				       argv[optind]);
	}
	arena_destroy(&arena);
	return rc;
}

/* trivet: users, mailboxes, import, export, checking, and the sessions of running daemons. */
#include "admin/command.h"
#include "common/auth/auth.h"
#include "common/base/log.h"
#include "common/directory/store_config.h"
#include "common/net/control.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 32, WORDS_MAX = 4096 };

/* The files of the daemons are shared: what only they know is passed over here. */
static const struct config_key own_keys[] = {
	{.section = "control",
	 .name = "folder",
	 .type = CONFIG_TEXT,
	 .fallback = "/run/trivet",
	 .help = "where the daemons' control sockets are"},
	{.section = "tls", .name = "cert", .type = CONFIG_WORDS, .fallback = ""},
	{.section = "tls", .name = "key", .type = CONFIG_WORDS, .fallback = ""},
	{.section = "tls", .name = "client_ca", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "tls", .name = "min_version", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "log", .name = "target", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "log", .name = "level", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "log", .name = "trace_folder", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "log", .name = "trace_users", .type = CONFIG_WORDS, .fallback = ""},
	{.section = "limits", .name = "connections", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "limits", .name = "connections_per_address", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "limits", .name = "sessions_per_user", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "limits", .name = "login_time", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "limits", .name = "idle_time", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "limits", .name = "drain_time", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "trusted", .name = "networks", .type = CONFIG_WORDS, .fallback = ""},
	{.section = "process", .name = "user", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "process", .name = "group", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "process", .name = "loops", .type = CONFIG_TEXT, .fallback = ""},
	{.section = "process", .name = "workers", .type = CONFIG_TEXT, .fallback = ""},
	{.section = NULL},
};

static void usage(FILE *to)
{
	fprintf(to, "usage: trivet [--config FILE] [-o section.key=value]... COMMAND [ARGUMENTS] [--json]\n"
		    "  --config FILE   the shared configuration (default /etc/trivet/trivet.conf)\n\n");
	for (const struct admin_command *c = admin_commands; c->name != NULL; c++)
		fprintf(to, "  trivet %-16s %s\n", c->name, c->help);
	fprintf(to, "\ntrivet COMMAND --help says more. Exit statuses are those of sysexits.h.\n");
}

static void command_usage(const struct admin_command *command, FILE *to)
{
	fprintf(to, "usage: trivet %s %s\n  %s\n", command->name, command->arguments, command->help);
}

/* The command that the first one or two words name; *words_r how many they were. */
static const struct admin_command *find(int argc, char **argv, int *words_r)
{
	for (const struct admin_command *c = admin_commands; c->name != NULL; c++) {
		const char *blank = strchr(c->name, ' ');
		size_t n = blank == NULL ? strlen(c->name) : (size_t)(blank - c->name);

		if (argc < 1 || strlen(argv[0]) != n || memcmp(argv[0], c->name, n) != 0)
			continue;
		if (blank == NULL || (argc > 1 && strcmp(argv[1], blank + 1) == 0)) {
			*words_r = blank == NULL ? 1 : 2;
			return c;
		}
	}
	return NULL;
}

static int run(struct admin *admin, const struct admin_command *command, int argc, char **argv)
{
	struct store_options options;
	char *words[WORDS_MAX], *error = NULL;
	int count = 0, rc;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			command_usage(command, stdout);
			return EX_OK;
		}
		if (strcmp(argv[i], "--json") == 0)
			admin->json = true;
		else if (count < WORDS_MAX - 1)
			words[count++] = argv[i];
	}
	words[count] = NULL;
	admin->command = command->name;
	store_options_from(admin->config, &options);
	if (command->needs_store && store_open(&options, &admin->store, &error) != STORE_OK) {
		rc = admin_fail(admin, EX_UNAVAILABLE, "%s", error == NULL ? "the store cannot be opened" : error);
		free(error);
		return rc;
	}
	optind = 0;
	rc = command->run(admin, count, words);
	store_close(&admin->store);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct config_key *const tables[] = {own_keys, store_keys, directory_keys, auth_keys};
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'v'},
					      {NULL, 0, NULL, 0}};
	const char *path = "/etc/trivet/trivet.conf", *settings[SETTINGS_MAX];
	size_t setting_count = 0;
	struct admin admin = {0};
	const struct admin_command *command;
	char *error = NULL;
	int c, words = 0, rc;

	log_open("trivet", LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	while ((c = getopt_long(argc, argv, "+c:o:h", longs, NULL)) != -1)
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 'o':
			if (setting_count < SETTINGS_MAX)
				settings[setting_count++] = optarg;
			break;
		case 'v':
			return admin_version(&admin, 0, NULL);
		case 'h':
			usage(stdout);
			return EX_OK;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	if ((command = find(argc - optind, argv + optind, &words)) == NULL) {
		usage(stderr);
		return EX_USAGE;
	}
	admin.config = config_load(path, tables, sizeof tables / sizeof *tables, &error);
	for (size_t i = 0; admin.config != NULL && i < setting_count; i++)
		if (!config_set(admin.config, settings[i], &error))
			config_destroy(&admin.config);
	if (admin.config == NULL) {
		fprintf(stderr, "trivet: %s\n", error);
		free(error);
		return CONFIG_EXIT;
	}
	rc = run(&admin, command, argc - optind - words + 1, argv + optind + words - 1);
	config_destroy(&admin.config);
	return rc;
}

/* trivet: users, mailboxes, import, export, checking, and the sessions of running daemons. */
#include "admin/command.h"
#include "admin/lmtp/program.h"
#include "admin/owner.h"
#include "common/auth/auth.h"
#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/must.h"
#include "common/delivery/delivery.h"
#include "common/directory/store_config.h"
#include "common/net/net.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *to)
{
	fprintf(to, "usage: trivet [--config FILE] [-o section.key=value]... COMMAND [ARGUMENTS] [--json]\n"
		    "  --config FILE   the configuration (default /etc/trivet/trivet.conf; of lmtp and "
		    "deliver " LMTP_DEFAULT_CONFIG ")\n\n");
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

/* Takes --json and --help out, wherever they stand in front of "--". */
static int take_words(struct admin *admin, int argc, char **argv, char **words, bool *wants_help)
{
	int count = 0;
	bool ended = false;

	*wants_help = false;
	for (int i = 0; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--help") == 0)
			*wants_help = true;
		else if (!ended && strcmp(argv[i], "--json") == 0)
			admin->json = true;
		else
			words[count++] = argv[i];
		ended |= strcmp(argv[i], "--") == 0;
	}
	return count;
}

static void load(struct admin *admin, const struct admin_command *command, char **error)
{
	/* the last three are met in the file of delivery only */
	static const struct config_key *const tables[] = {net_keys,      store_keys, directory_keys,  auth_keys,
							  delivery_keys, lmtp_keys,  lmtp_listen_keys};
	bool is_delivery = command->needs == NEEDS_DELIVERY;
	const char *path = admin->config_path;

	if (path == NULL)
		path = is_delivery ? LMTP_DEFAULT_CONFIG : "/etc/trivet/trivet.conf";
	admin->config = config_load(path, tables, array_count(tables) - (is_delivery ? 0 : 3), error);
	for (size_t i = 0; admin->config != NULL && i < admin->setting_count; i++)
		if (!config_set(admin->config, admin->settings[i], error))
			config_destroy(&admin->config);
}

/* What delivery cannot do for its surroundings it must be asked to do again (EX_TEMPFAIL): else mail would bounce. */
static int prepare(struct admin *admin, const struct admin_command *command)
{
	struct store_options options;
	bool is_delivery = command->needs == NEEDS_DELIVERY;
	char *error = NULL;
	int rc = EX_OK;

	if (command->needs == NEEDS_NOTHING)
		return EX_OK;
	load(admin, command, &error);
	if (admin->config == NULL) {
		rc = admin_fail(admin, is_delivery ? EX_TEMPFAIL : EX_CONFIG, "%s", error);
	} else if (command->needs != NEEDS_CONFIG) {
		store_options_from(admin->config, &options);
		if ((error = admin_become_owner(admin->config)) != NULL ||
		    store_open(&options, &admin->store, &error) != STORE_OK)
			rc = admin_fail(admin, is_delivery ? EX_TEMPFAIL : EX_UNAVAILABLE, "%s",
					error == NULL ? "the store cannot be opened" : error);
	}
	free(error);
	return rc;
}

static int run(struct admin *admin, const struct admin_command *command, int argc, char **argv)
{
	char **words = alloc_zero((size_t)argc + 1, sizeof *words);
	bool wants_help;
	int count = take_words(admin, argc, argv, words, &wants_help), rc;

	admin->command = command->name;
	if (wants_help) {
		command_usage(command, stdout);
		rc = EX_OK;
	} else if ((rc = prepare(admin, command)) == EX_OK) {
		optind = 0; /* getopt() begins anew */
		rc = command->run(admin, count, words);
	}
	store_close(&admin->store);
	config_destroy(&admin->config);
	free(words);
	return rc;
}

/* -1: go on, behind optind; else the exit status. */
static int parse_options(int argc, char **argv, struct admin *admin)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'v'},
					      {NULL, 0, NULL, 0}};
	struct admin nothing = {0};
	int c;

	while ((c = getopt_long(argc, argv, "+c:o:h", longs, NULL)) != -1)
		switch (c) {
		case 'c':
			admin->config_path = optarg;
			break;
		case 'o':
			admin->settings[admin->setting_count++] = optarg;
			break;
		case 'v':
			return admin_version(&nothing, 0, NULL);
		case 'h':
			usage(stdout);
			return EX_OK;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	return -1;
}

int main(int argc, char **argv)
{
	struct admin admin = {.settings = alloc_zero((size_t)argc, sizeof(char *))};
	const struct admin_command *command;
	int words = 0, rc;

	log_open("trivet", LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	rc = parse_options(argc, argv, &admin);
	if (rc < 0 && (command = find(argc - optind, argv + optind, &words)) != NULL) {
		rc = run(&admin, command, argc - optind - words + 1, argv + optind + words - 1);
	} else if (rc < 0) {
		usage(stderr);
		rc = EX_USAGE;
	}
	free(admin.settings);
	return rc;
}

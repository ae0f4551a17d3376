/* The life of a daemon: options, configuration, listening, dropping root, threads, signals, reload, drain. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

enum {
	SETTINGS_MAX = 256,
	TABLES_MAX = 16,
	TRIM_S = 30,
	TRIM_SESSIONS = 100, /* fewer are not worth it */
};

struct options {
	const char *config;
	const char *settings[SETTINGS_MAX];
	size_t setting_count;
	bool check, dump;
};

static void notify_manager(const char *state)
{
#ifdef HAVE_SYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

static void usage(const struct net_program *program, FILE *to)
{
	fprintf(to,
		"usage: %s [--config FILE] [-o section.key=value]... [--check-config | --dump-config]\n"
		"  --config FILE    the configuration (default %s)\n"
		"  -o S.K=V         another value for one key\n"
		"  --check-config   says what is wrong with the configuration, and ends\n"
		"  --dump-config    prints all values in force, with what they mean, and ends\n"
		"  --version, --help\n"
		"The daemon stays in the foreground. SIGHUP: reload. SIGTERM: end.\n",
		program->name, program->default_config);
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, const struct net_program *program, struct options *options)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
		{"dump-config", no_argument, NULL, 'd'},  {"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
	int c;

	*options = (struct options){.config = program->default_config};
	while ((c = getopt_long(argc, argv, "c:o:h", longs, NULL)) != -1)
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case 'o':
			if (options->setting_count == SETTINGS_MAX) {
				usage(program, stderr);
				return EX_USAGE;
			}
			options->settings[options->setting_count++] = optarg;
			break;
		case 'k':
			options->check = true;
			break;
		case 'd':
			options->dump = true;
			break;
		case 'v':
			printf("%s " TRIVET_VERSION "\n", program->name);
			return EX_OK;
		case 'h':
			usage(program, stdout);
			return EX_OK;
		default:
			usage(program, stderr);
			return EX_USAGE;
		}
	if (optind < argc) {
		usage(program, stderr);
		return EX_USAGE;
	}
	return -1;
}

static struct config *load(const struct net_program *program, const struct config_key *listen,
			   const struct options *options, char **error_r)
{
	const struct config_key *tables[TABLES_MAX] = {listen, net_keys, program->keys};
	size_t count = 3;
	struct config *config;

	for (size_t i = 0; i < program->more_keys_count; i++) {
		must(count < TABLES_MAX);
		tables[count++] = program->more_keys[i];
	}
	config = config_load(options->config, tables, count, error_r);
	for (size_t i = 0; config != NULL && i < options->setting_count; i++)
		if (!config_set(config, options->settings[i], error_r))
			config_destroy(&config);
	return config;
}

static void take_reloadable(struct net_daemon *daemon, const struct config *config)
{
	enum log_level level;

	if (log_level_of(config_text(config, "log", "level"), &level))
		log_set_level(level);
	daemon->max_connections = config_number(config, "limits", "connections");
	daemon->max_per_address = config_number(config, "limits", "connections_per_address");
	daemon->max_per_user = config_number(config, "limits", "sessions_per_user");
	daemon->pre_login_ms = config_number(config, "limits", "login_time");
	daemon->idle_ms = config_number(config, "limits", "idle_time");
}

static void open_log(const struct net_program *program, const struct config *config)
{
	const char *target = config_text(config, "log", "target");
	enum log_level level = LOG_LEVEL_INFO;

	(void)log_level_of(config_text(config, "log", "level"), &level);
	log_open(program->name,
		 strcmp(target, "journal") == 0  ? LOG_TARGET_JOURNAL
		 : strcmp(target, "syslog") == 0 ? LOG_TARGET_SYSLOG
						 : LOG_TARGET_STDERR,
		 level);
}

static char *drop_root(const struct config *config)
{
	const char *user = config_text(config, "process", "user"), *group = config_text(config, "process", "group");
	struct passwd *pw;
	struct group *gr = NULL;
	struct buf line = {0};

	if (user[0] == '\0' || getuid() != 0)
		return NULL;
	if ((pw = getpwnam(user)) == NULL)
		buf_printf(&line, "user '%s' in [process]: no such user", user);
	else if (group[0] != '\0' && (gr = getgrnam(group)) == NULL)
		buf_printf(&line, "group '%s' in [process]: no such group", group);
	else if (initgroups(user, gr == NULL ? pw->pw_gid : gr->gr_gid) != 0 ||
		 setgid(gr == NULL ? pw->pw_gid : gr->gr_gid) != 0 || setuid(pw->pw_uid) != 0 || setuid(0) == 0)
		buf_printf(&line, "cannot become user '%s': %s", user, strerror(errno));
	if (line.n == 0)
		return NULL;
	(void)buf_cstr(&line);
	return line.p;
}

static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	/* many threads that allocate little: few arenas, or each keeps its own megabytes */
	(void)mallopt(M_ARENA_MAX, 4);
	(void)mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
	(void)mallopt(M_TOP_PAD, 1024 * 1024);
}

static void reload(struct net_daemon *daemon, const struct config_key *listen, const struct options *options)
{
	char *error = NULL;
	struct config *config = load(daemon->program, listen, options, &error);
	struct net_tls *tls;

	notify_manager("RELOADING=1");
	if (config != NULL) {
		take_reloadable(daemon, config);
		trace_reload(daemon->trace, config);
		transport_update_traces(daemon);
		tls = tls_create(config, &error);
		if (tls != NULL) /* without any it would serve in the clear what was not to be */
			tls_replace(daemon, tls);
		if (daemon->program->reload != NULL)
			daemon->program->reload(daemon, config, daemon->state);
		config_destroy(&config);
	}
	if (error != NULL)
		log_error(NULL, "reload: %s; what it concerns stays as it was", error);
	else
		log_info(NULL, "reloaded");
	free(error);
	notify_manager("READY=1");
}

static void drain(struct net_daemon *daemon)
{
	int64_t end = clock_uptime_ms() + (int64_t)config_number(daemon->config, "limits", "drain_time");
	struct timespec pause = {.tv_nsec = 20000000};

	atomic_store(&daemon->is_stopping, true);
	loop_wake(&daemon->loops[0]); /* closes the listening sockets */
	while (atomic_load(&daemon->sessions) > 0 && clock_uptime_ms() < end) {
		size_t count;
		struct net_transport **all = transport_all(daemon, &count);

		for (size_t i = 0; i < count; i++) {
			turn_post(all[i], TURN_STOP);
			transport_unref(all[i]);
		}
		free(all);
		nanosleep(&pause, NULL);
	}
}

/* After a rush the heap's free pages go back to the system. */
static uint64_t give_memory_back(struct net_daemon *daemon, uint64_t most)
{
	uint64_t sessions = atomic_load(&daemon->sessions);

	if (sessions + TRIM_SESSIONS < most / 2) {
		(void)malloc_trim(0);
		most = sessions;
	}
	return sessions > most ? sessions : most;
}

/* Signals are taken here and nowhere else: every other thread has them blocked. */
static void wait_for_the_end(struct net_daemon *daemon, const struct config_key *listen, const struct options *options,
			     const sigset_t *signals)
{
	static const struct timespec pause = {.tv_sec = TRIM_S};
	uint64_t most = 0;

	for (;;) {
		int number = sigtimedwait(signals, NULL, &pause);

		if (number == SIGTERM || number == SIGINT)
			return;
		if (number == SIGHUP)
			reload(daemon, listen, options);
		most = give_memory_back(daemon, most);
	}
}

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static void start_threads(struct net_daemon *daemon)
{
	uint64_t loops = config_number(daemon->config, "process", "loops");
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (loops == 0)
		loops = processors > 4 ? (uint64_t)processors / 4 : 1;
	daemon->loop_count = (unsigned)loops;
	daemon->loops = alloc_zero(loops, sizeof *daemon->loops);
	for (unsigned i = 0; i < daemon->loop_count; i++)
		loop_init(&daemon->loops[i], daemon);
	workers_start(daemon, (unsigned)config_number(daemon->config, "process", "workers"));
	listeners_start(daemon);
	for (unsigned i = 0; i < daemon->loop_count; i++)
		loop_start(&daemon->loops[i]);
}

static void stop_threads(struct net_daemon *daemon)
{
	for (unsigned i = 0; i < daemon->loop_count; i++)
		loop_stop(&daemon->loops[i]);
	for (unsigned i = 0; i < daemon->loop_count; i++)
		pthread_join(daemon->loops[i].thread, NULL);
	listeners_close(daemon);
	transport_forget_all(daemon); /* net_wake() may still be called, until the program has stopped */
	workers_stop(daemon);
	for (unsigned i = 0; i < daemon->loop_count; i++)
		loop_done(&daemon->loops[i]);
	free(daemon->loops);
}

static void daemon_free(struct net_daemon *daemon)
{
	listeners_close(daemon);
	tls_replace(daemon, NULL);
	trace_destroy(&daemon->trace);
	counter_destroy(&daemon->by_address);
	counter_destroy(&daemon->by_user);
	networks_done(&daemon->trusted);
	networks_done(&daemon->proxies);
	networks_done(&daemon->forwarders);
	config_destroy(&daemon->config);
	pthread_mutex_destroy(&daemon->tls_lock);
	pthread_mutex_destroy(&daemon->numbers_lock);
	free(daemon);
}

/* What the configuration names and only a look at it can judge: networks, certificates. */
static char *prepare_configured(struct net_daemon *daemon)
{
	char *error = NULL;

	if ((error = networks_take(&daemon->trusted, daemon->config, "networks", false)) != NULL ||
	    (error = networks_take(&daemon->proxies, daemon->config, "proxies", true)) != NULL ||
	    (error = networks_take(&daemon->forwarders, daemon->config, "forwarders", true)) != NULL)
		return error;
	daemon->tls = tls_create(daemon->config, &error);
	if (error != NULL)
		return error;
	for (size_t i = 0; i < daemon->program->listener_count; i++) {
		const char *const *words;

		if (daemon->program->listeners[i].tls && daemon->tls == NULL &&
		    config_words(daemon->config, "listen", daemon->program->listeners[i].name, &words) > 0)
			return alloc_text("a TLS listener needs a certificate: give cert in [tls]");
	}
	return NULL;
}

/* Everything that can fail, before anything runs. *rc_r: the exit status where it does. */
static char *prepare(struct net_daemon *daemon, int *rc_r)
{
	char *error = prepare_configured(daemon);

	*rc_r = error == NULL ? EX_UNAVAILABLE : CONFIG_EXIT;
	if (error != NULL)
		return error;
	if ((error = listeners_open(daemon)) != NULL || (error = drop_root(daemon->config)) != NULL)
		return error;
	return daemon->program->start(daemon, daemon->config, &daemon->state);
}

static int run(struct net_daemon *daemon, const struct config_key *listen, const struct options *options)
{
	sigset_t signals;
	char *error;
	int rc;

	block_signals(&signals);
	raise_limits();
	take_reloadable(daemon, daemon->config);
	if ((error = prepare(daemon, &rc)) != NULL) {
		log_error(NULL, "cannot start: %s", error);
		free(error);
		return rc;
	}
	start_threads(daemon);
	daemon->control = control_start(daemon, &error);
	if (error != NULL)
		log_warning(NULL, "%s", error); /* it serves all the same */
	free(error);
	log_info(NULL, "ready, version " TRIVET_VERSION);
	notify_manager("READY=1");
	wait_for_the_end(daemon, listen, options, &signals);
	notify_manager("STOPPING=1");
	log_info(NULL, "stopping");
	control_stop(&daemon->control);
	drain(daemon);
	stop_threads(daemon);
	daemon->program->stop(daemon, daemon->state);
	log_info(NULL, "stopped");
	return EX_OK;
}

int net_main(int argc, char **argv, const struct net_program *program)
{
	struct config_key *listen = listen_keys_create(program);
	struct options options;
	struct net_daemon *daemon;
	struct config *config;
	char *error = NULL;
	int rc = parse_options(argc, argv, program, &options);

	if (rc >= 0)
		goto out;
	if ((config = load(program, listen, &options, &error)) == NULL) {
		fprintf(stderr, "%s: %s\n", program->name, error);
		free(error);
		rc = CONFIG_EXIT;
		goto out;
	}
	if (options.check || options.dump) {
		if (options.dump)
			config_dump(config, stdout);
		config_destroy(&config);
		rc = EX_OK;
		goto out;
	}
	open_log(program, config);
	daemon = alloc_zero(1, sizeof *daemon);
	daemon->program = program;
	daemon->config = config;
	pthread_mutex_init(&daemon->numbers_lock, NULL);
	pthread_mutex_init(&daemon->tls_lock, NULL);
	daemon->by_address = counter_create();
	daemon->by_user = counter_create();
	daemon->trace = trace_create(config);
	rc = run(daemon, listen, &options);
	daemon_free(daemon);
out:
	free(listen);
	return rc;
}

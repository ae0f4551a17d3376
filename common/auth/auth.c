/* Names and passwords, identities, masters, and the one line that every log-in writes. */
#include "common/auth/auth_private.h"
#include "common/base/alloc.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ADDRESS_BYTES = 64 };

/* clang-format off */
const struct config_key auth_keys[] = {
	/* section name                type             fallback  min    max        choices  reloadable  help */
	{ "auth",  "mechanisms",       CONFIG_WORDS,    "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN EXTERNAL",
	                                                          0,     0,         NULL,    false,      "SASL mechanisms, best first" },
	{ "auth",  "kerberos_host",    CONFIG_TEXT,     "",       0,     0,         NULL,    false,      "the host of our service principals (imap/HOST, HTTP/HOST); empty: this host's name" },
	{ "auth",  "kerberos_realms",  CONFIG_WORDS,    "",       0,     0,         NULL,    false,      "beside the default realm: realms whose principals are users by their name, @REALM: by name and realm" },
	{ "auth",  "kerberos_keytab",  CONFIG_TEXT,     "",       0,     0,         NULL,    false,      "file with their keys; empty: the library's default" },
	{ "auth",  "iterations",       CONFIG_NUMBER,   "15000",  4096,  10000000,  NULL,    true,       "iterations of the hash of new passwords" },
	{ "auth",  "passwords",        CONFIG_CHOICE,   "directory", 0,  0,         "directory saslauthd auxprop", false, "who says whether a password is right: the directory, or libsasl2 by saslauthd or a plugin" },
	{ "auth",  "saslauthd_path",   CONFIG_TEXT,     "",       0,     0,         NULL,    false,      "socket of saslauthd; empty: libsasl2's default" },
	{ "auth",  "auxprop_plugin",   CONFIG_TEXT,     "",       0,     0,         NULL,    false,      "with passwords = auxprop: sql, ldapdb, …; its options stand in libsasl2's file trivet.conf" },
	{ "auth",  "cache_ttl",        CONFIG_DURATION, "5m",     0,     86400000,  NULL,    true,       "how long a verified password is remembered, as a keyed digest" },
	{ "auth",  "master_users",     CONFIG_WORDS,    "",       0,     0,         NULL,    false,      "users who may log in as others, by USER*MASTER" },
	{ "auth",  "master_separator", CONFIG_TEXT,     "*",      0,     0,         NULL,    false,      "what stands between USER and MASTER" },
	{ "auth",  "delay_max",        CONFIG_DURATION, "15s",    0,     600000,    NULL,    false,      "longest delay after failures" },
	{ "auth",  "lockout_failures", CONFIG_NUMBER,   "20",     0,     1000000,   NULL,    false,      "failures of an address or a user that close the door; 0: never" },
	{ "auth",  "lockout_time",     CONFIG_DURATION, "10m",    1000,  604800000, NULL,    false,      "for how long, and over which time failures count" },
	{ "auth",  "throttle_exempt",  CONFIG_WORDS,    "",       0,     0,         NULL,    false,      "addresses whose failures count by user alone" },
	{ NULL,    NULL,               CONFIG_TEXT,     NULL,     0,     0,         NULL,    false,      NULL },
};
/* clang-format on */

static bool is_scram(const char *mechanism)
{
	return span_starts_nocase(span_of(mechanism), SPAN("SCRAM-"));
}

/* What is switched on and what there is a plugin for; the bytes are the caller's. */
static struct span choose_mechanisms(const struct config *config)
{
	const char *const *words;
	struct buf chosen = {0};
	size_t count = config_words(config, "auth", "mechanisms", &words);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(config_text(config, "auth", "passwords"), "saslauthd") == 0 && is_scram(words[i]))
			continue; /* nobody has its secrets */
		if (sasl_has_mechanism(words[i]))
			buf_printf(&chosen, "%s%s", chosen.n > 0 ? " " : "", words[i]);
		else
			log_warning(NULL, "[auth] mechanisms: libsasl2 has no plugin for %s", words[i]);
	}
	(void)buf_cstr(&chosen);
	return buf_view(&chosen);
}

static char *choose_host(const struct config *config)
{
	const char *host = config_text(config, "auth", "kerberos_host");
	char own[HOST_NAME_MAX + 1] = "localhost";

	if (host[0] != '\0')
		return alloc_text(host);
	(void)gethostname(own, sizeof own - 1);
	return alloc_text(own);
}

/* The Kerberos library takes the name of the file from the environment: before the threads start. */
static void set_keytab(const struct config *config)
{
	const char *keytab = config_text(config, "auth", "kerberos_keytab");

	if (keytab[0] != '\0')
		(void)setenv("KRB5_KTNAME", keytab, 1);
}

static char **copy_words(const struct config *config, const char *name, size_t *count_r)
{
	const char *const *words;
	char **copy;

	*count_r = config_words(config, "auth", name, &words);
	copy = alloc_zero(*count_r + 1, sizeof *copy);
	for (size_t i = 0; i < *count_r; i++)
		copy[i] = alloc_text(words[i]);
	return copy;
}

static void free_words(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	free(words);
}

static void choose_password_check(struct auth *auth, const struct config *config)
{
	const char *who = config_text(config, "auth", "passwords");
	const char *plugin = config_text(config, "auth", "auxprop_plugin");

	auth->password_check = alloc_text(strcmp(who, "directory") == 0 ? "" : who);
	auth->saslauthd = alloc_text(config_text(config, "auth", "saslauthd_path"));
	auth->secrets_plugin = alloc_text(strcmp(who, "auxprop") == 0 && plugin[0] != '\0' ? plugin : "trivet");
}

struct auth *auth_create(const struct config *config, struct directory *directory, const char *service, char **error_r)
{
	struct auth *auth = alloc_zero(1, sizeof *auth);

	*error_r = NULL;
	auth->directory = directory;
	auth->service = alloc_text(service);
	auth->host = choose_host(config);
	auth->is_http = strcmp(service, "HTTP") == 0;
	set_keytab(config);
	auth->cache = cache_create((int64_t)config_number(config, "auth", "cache_ttl"));
	auth->throttle = throttle_create(config);
	auth->separator = config_text(config, "auth", "master_separator")[0];
	auth->masters = copy_words(config, "master_users", &auth->master_count);
	auth->realms = copy_words(config, "kerberos_realms", &auth->realm_count);
	choose_password_check(auth, config);
	atomic_init(&auth->iterations, (unsigned)config_number(config, "auth", "iterations"));
	directory_secret(directory, "scram", auth->fake_key);
	if (sasl_is_ready(error_r))
		auth->offered = choose_mechanisms(config);
	else
		auth_destroy(&auth);
	return auth;
}

void auth_destroy(struct auth **auth)
{
	if (*auth == NULL)
		return;
	free_words((*auth)->masters, (*auth)->master_count);
	free_words((*auth)->realms, (*auth)->realm_count);
	free((*auth)->password_check);
	free((*auth)->saslauthd);
	free((*auth)->secrets_plugin);
	free((char *)(*auth)->offered.p);
	free((*auth)->service);
	free((*auth)->host);
	cache_destroy(&(*auth)->cache);
	throttle_destroy(&(*auth)->throttle);
	free(*auth);
	*auth = NULL;
}

void auth_reload(struct auth *auth, const struct config *config)
{
	cache_set_ttl(auth->cache, (int64_t)config_number(config, "auth", "cache_ttl"));
	atomic_store(&auth->iterations, (unsigned)config_number(config, "auth", "iterations"));
}

void auth_identity_done(struct auth_identity *identity)
{
	free(identity->name);
	free(identity->master);
	free(identity->detail);
	*identity = (struct auth_identity){0};
}

static bool is_master(const struct auth *auth, struct span name)
{
	for (size_t i = 0; i < auth->master_count; i++)
		if (span_is_nocase(name, auth->masters[i]))
			return true;
	return false;
}

bool auth_may_act(const struct auth *auth, struct span who, struct span as)
{
	return span_equal_nocase(who, as) || is_master(auth, who);
}

/* "user*master" in two; false where there is no separator. */
static bool split_master(const struct auth *auth, struct span name, struct span *user, struct span *master)
{
	size_t at =
		auth->separator == '\0' || auth->master_count == 0 ? SIZE_MAX : span_find_byte(name, auth->separator);

	*user = span_sub(name, 0, at);
	*master = at == SIZE_MAX ? (struct span){0} : span_sub(name, at + 1, SIZE_MAX);
	return at != SIZE_MAX;
}

static bool is_user(const struct auth *auth, struct span name)
{
	struct arena *arena = arena_create();
	struct directory_user found;
	bool is = directory_find(auth->directory, name, arena, &found) == DIRECTORY_OK;

	arena_destroy(&arena);
	return is;
}

void auth_take_detail(const struct auth *auth, const struct auth_peer *peer, struct span name, struct buf *out,
		      char **detail)
{
	struct span user, master;
	bool by_master = split_master(auth, name, &user, &master);
	size_t at = peer->detail_separator == '\0' ? SIZE_MAX : span_find_byte(user, peer->detail_separator);

	if (at == SIZE_MAX || is_user(auth, user)) {
		buf_span(out, name);
		return;
	}
	free(*detail);
	*detail = alloc_text_n(user.p + at + 1, user.n - at - 1);
	buf_span(out, span_sub(user, 0, at));
	if (by_master) {
		buf_byte(out, auth->separator);
		buf_span(out, master);
	}
}

static enum auth_result take_identity(const struct directory_user *user, struct span master,
				      struct auth_identity *identity_r)
{
	if (user->is_disabled)
		return AUTH_EXPIRED;
	*identity_r = (struct auth_identity){.user = user->id,
					     .name = alloc_text_n(user->name.p, user->name.n),
					     .is_admin = user->is_admin,
					     .master = master.n == 0 ? NULL : alloc_text_n(master.p, master.n)};
	return AUTH_OK;
}

enum auth_result auth_identify(struct auth *auth, struct span user, struct span master,
			       struct auth_identity *identity_r)
{
	struct arena *arena = arena_create();
	struct directory_user found;
	enum auth_result result = AUTH_FAILED;

	switch (directory_find(auth->directory, user, arena, &found)) {
	case DIRECTORY_OK:
		result = take_identity(&found, master, identity_r);
		break;
	case DIRECTORY_UNKNOWN:
		break;
	case DIRECTORY_UNAVAILABLE:
		result = AUTH_UNAVAILABLE;
		break;
	}
	arena_destroy(&arena);
	return result;
}

/* An unknown name takes as long as a wrong password. */
static enum auth_result waste_time(struct auth *auth, struct span password)
{
	secrets_waste_time(password, atomic_load(&auth->iterations));
	return AUTH_FAILED;
}

/* AUTH_OK, AUTH_FAILED or AUTH_UNAVAILABLE. */
static enum auth_result verify(struct auth *auth, const struct directory_user *user, struct span password)
{
	enum auth_result result;

	if (cache_has(auth->cache, user->name, user->secrets, password))
		return AUTH_OK;
	if (auth->password_check[0] != '\0')
		result = sasl_check_password(auth, user->name, password);
	else if (user->secrets.n > 0)
		result = auth_secrets_verify(user->secrets, password) ? AUTH_OK : AUTH_FAILED;
	else
		result = waste_time(auth, password);
	if (result == AUTH_OK)
		cache_add(auth->cache, user->name, user->secrets, password);
	return result;
}

static enum auth_result identify_verified(struct auth *auth, const struct directory_user *found, bool by_master,
					  struct span user, struct auth_identity *identity_r)
{
	if (found->is_disabled)
		return AUTH_EXPIRED;
	if (!by_master)
		return take_identity(found, (struct span){0}, identity_r);
	return is_master(auth, found->name) ? auth_identify(auth, user, found->name, identity_r) : AUTH_DENIED;
}

enum auth_result auth_check(struct auth *auth, struct span name, struct span password, struct auth_identity *identity_r)
{
	struct span user, master;
	bool by_master = split_master(auth, name, &user, &master);
	struct arena *arena = arena_create();
	struct directory_user found;
	enum auth_result result = AUTH_FAILED;

	switch (directory_find(auth->directory, by_master ? master : user, arena, &found)) {
	case DIRECTORY_OK:
		if ((result = verify(auth, &found, password)) == AUTH_OK)
			result = identify_verified(auth, &found, by_master, user, identity_r);
		break;
	case DIRECTORY_UNKNOWN:
		result = waste_time(auth, password);
		break;
	case DIRECTORY_UNAVAILABLE:
		result = AUTH_UNAVAILABLE;
		break;
	}
	arena_destroy(&arena);
	return result;
}

static const char *reason_of(enum auth_result result)
{
	switch (result) {
	case AUTH_OK:
	case AUTH_CONTINUE:
		return "none";
	case AUTH_FAILED:
		return "password";
	case AUTH_DENIED:
		return "not-allowed";
	case AUTH_EXPIRED:
		return "disabled";
	case AUTH_LOCKED_OUT:
		return "locked-out";
	case AUTH_INSECURE:
		return "no-tls";
	case AUTH_UNAVAILABLE:
		return "unavailable";
	case AUTH_UNKNOWN_MECHANISM:
		return "mechanism";
	case AUTH_BAD_SYNTAX:
		return "syntax";
	}
	return "unknown";
}

/* The name whose password was tried, as the directory compares it: so no spelling of it is a way around its counter. */
static void counted_name(const struct auth *auth, struct span name, struct buf *out)
{
	struct span user, master;

	if (split_master(auth, name, &user, &master))
		user = master;
	if (!directory_name_normalize(user, out)) {
		out->n = 0;
		buf_span(out, span_sub(user, 0, STORE_USER_NAME_MAX));
	}
}

bool auth_is_locked_out(struct auth *auth, const struct auth_peer *peer, struct span user)
{
	char address[ADDRESS_BYTES];
	struct buf name = {0};
	bool is_closed;

	throttle_address(peer->remote, address, sizeof address);
	counted_name(auth, user, &name);
	is_closed = throttle_is_closed(auth->throttle, address, buf_view(&name));
	buf_done(&name);
	return is_closed;
}

/* Nobody writes a line of his own into the log by his choice of a name. */
static void log_name(struct span name, struct buf *out)
{
	for (size_t i = 0; i < name.n && i < STORE_USER_NAME_MAX; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c > ' ' && c != '<' && c != '>' && c != '"' && c != '\\' && c != 0x7f)
			buf_byte(out, (char)c);
		else
			buf_printf(out, "\\x%02x", c);
	}
}

static void log_success(const struct auth_peer *peer, const struct auth_identity *identity, const char *mechanism)
{
	struct log_about about = peer->about;
	struct buf master = {0};

	about.user = identity->name;
	if (identity->master != NULL) {
		buf_text(&master, " master=<");
		log_name(span_of(identity->master), &master);
		buf_byte(&master, '>');
	}
	log_info(&about, "login: mechanism=%s%s%s", mechanism, buf_cstr(&master), peer->is_tls ? " tls" : "");
	buf_done(&master);
}

static void log_failure(const struct auth_peer *peer, struct span user, enum auth_result result, const char *address,
			const char *mechanism)
{
	struct buf name = {0};

	log_name(user, &name);
	log_warning(&peer->about, "login failed: user=<%s> rip=%s reason=%s mechanism=%s", buf_cstr(&name), address,
		    reason_of(result), mechanism);
	buf_done(&name);
}

enum auth_result auth_finish(struct auth *auth, const struct auth_peer *peer, struct span user, enum auth_result result,
			     const struct auth_identity *identity, const char *mechanism, unsigned *delay_ms_r)
{
	struct buf name = {0};
	char address[ADDRESS_BYTES];

	*delay_ms_r = 0;
	throttle_address(peer->remote, address, sizeof address);
	counted_name(auth, user, &name);
	if (result == AUTH_OK) {
		throttle_succeeded(auth->throttle, address, buf_view(&name));
		log_success(peer, identity, mechanism);
	} else {
		if (result == AUTH_FAILED || result == AUTH_DENIED)
			*delay_ms_r = throttle_failed(auth->throttle, address, buf_view(&name));
		log_failure(peer, user, result, address, mechanism);
	}
	buf_done(&name);
	return result;
}

enum auth_result auth_password(struct auth *auth, const struct auth_peer *peer, struct span user, struct span password,
			       struct auth_identity *identity_r, unsigned *delay_ms_r)
{
	struct buf name = {0};
	char *detail = NULL;
	enum auth_result result;

	auth_take_detail(auth, peer, user, &name, &detail);
	if (!peer->is_trusted)
		result = AUTH_INSECURE;
	else if (auth_is_locked_out(auth, peer, buf_view(&name)))
		result = AUTH_LOCKED_OUT;
	else
		result = auth_check(auth, buf_view(&name), password, identity_r);
	if (result == AUTH_OK)
		identity_r->detail = detail;
	else
		free(detail);
	result = auth_finish(auth, peer, buf_view(&name), result, identity_r, "password", delay_ms_r);
	buf_done(&name);
	return result;
}

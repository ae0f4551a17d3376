/* SASL exchanges (RFC 4422) through libsasl2. Our auxprop plugin gives it the hashed secrets of the user; passwords
 * that come in clear it hands back to auth_check(). */
#include "common/auth/auth_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <pthread.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <stdlib.h>
#include <string.h>

#define NO_NAME  "\x7f"
#define PROPERTY "*authPassword" /* RFC 5803; the asterisk: not to be seen by others */

struct auth_exchange {
	struct auth *auth;
	struct auth_peer peer; /* its pointers are the caller's, who keeps them as long as the exchange */
	char *mechanism;
	sasl_conn_t *conn;
	sasl_callback_t callbacks[6];
	sasl_channel_binding_t binding;
	char *detail;                  /* see auth_peer.detail_separator */
	struct auth_identity identity; /* of a password that was checked */
	enum auth_result checked;      /* AUTH_OK: none was, or it was right */
	char *tried;                   /* the name somebody tried to be, for the log */
	bool has_begun;                /* the client has said something */
	bool is_waiting;               /* for the client */
	bool is_given_up;              /* nothing is checked any more */
	bool is_done;                  /* all was well; the client still has to take the server's last word */
};

/* --- locks and log of the library --- */

static void *mutex_new(void)
{
	pthread_mutex_t *mutex = alloc_bytes(sizeof *mutex);

	pthread_mutex_init(mutex, NULL);
	return mutex;
}

static int mutex_lock(void *mutex)
{
	return pthread_mutex_lock(mutex) == 0 ? SASL_OK : SASL_FAIL;
}

static int mutex_unlock(void *mutex)
{
	return pthread_mutex_unlock(mutex) == 0 ? SASL_OK : SASL_FAIL;
}

static void mutex_free(void *mutex)
{
	pthread_mutex_destroy(mutex);
	free(mutex);
}

static int on_log(void *context, int level, const char *message)
{
	(void)context;
	/* nothing from SASL_LOG_DEBUG on: there passwords occur */
	if (level == SASL_LOG_ERR)
		log_warning(NULL, "sasl: %s", message);
	else if (level < SASL_LOG_DEBUG && level != SASL_LOG_NONE)
		log_debug(NULL, "sasl: %s", message);
	return SASL_OK;
}

static int on_getopt(void *context, const char *plugin, const char *option, const char **result, unsigned *length)
{
	const struct auth *auth = context;
	const char *const options[][2] = {
		{"auxprop_plugin", auth == NULL ? "trivet" : auth->secrets_plugin},
		{"pwcheck_method", auth == NULL || auth->password_check[0] == '\0' ? "auxprop" : auth->password_check},
		{"saslauthd_path", auth == NULL || auth->saslauthd[0] == '\0' ? NULL : auth->saslauthd},
		{"log_level", "3"},
	};

	(void)plugin;
	for (size_t i = 0; i < array_count(options); i++)
		if (strcmp(option, options[i][0]) == 0 && options[i][1] != NULL) {
			*result = options[i][1];
			if (length != NULL)
				*length = (unsigned)strlen(*result);
			return SASL_OK;
		}
	return SASL_FAIL; /* then the library asks its own file, trivet.conf */
}

/* --- secrets for the mechanisms --- */

static void remember_tried(struct auth_exchange *exchange, struct span name)
{
	free(exchange->tried);
	exchange->tried = alloc_text_n(name.p, name.n);
}

/* The exchange that a connection of the library belongs to: the context of the callback that all of ours have. */
static struct auth_exchange *exchange_of(sasl_server_params_t *params)
{
	sasl_callback_ft proc = NULL;
	void *context = NULL;

	if (params->utils->getcallback(params->utils->conn, SASL_CB_SERVER_USERDB_CHECKPASS, &proc, &context) !=
	    SASL_OK)
		return NULL;
	return context;
}

static void set_secrets(sasl_server_params_t *params, const char *property, struct span secrets)
{
	while (secrets.n > 0) {
		size_t end = span_find_byte(secrets, '\n');
		struct span line = span_sub(secrets, 0, end);

		if (line.n > 0)
			(void)params->utils->prop_set(params->propctx, property, line.p, (int)line.n);
		property = NULL; /* further values of the same property */
		secrets = end == SIZE_MAX ? (struct span){0} : span_sub(secrets, end + 1, SIZE_MAX);
	}
}

/* Nobody's secrets look like somebody's: which names exist does not show before the proof is checked (RFC 5802, 9). */
static int give_secrets(struct auth_exchange *exchange, sasl_server_params_t *params, struct span name)
{
	struct arena *arena = arena_create();
	struct directory_user found = {0};
	struct buf fake = {0};
	int result = SASL_OK;

	if (auth_is_locked_out(exchange->auth, &exchange->peer, name)) {
		exchange->checked = AUTH_LOCKED_OUT;
		result = SASL_FAIL;
	} else if (directory_find(exchange->auth->directory, name, arena, &found) == DIRECTORY_UNAVAILABLE) {
		exchange->checked = AUTH_UNAVAILABLE;
		result = SASL_UNAVAIL;
	} else if (found.secrets.n > 0) {
		set_secrets(params, PROPERTY, found.secrets);
	} else {
		secrets_fake(exchange->auth, name, &fake);
		set_secrets(params, PROPERTY, buf_view(&fake));
	}
	buf_done(&fake);
	arena_destroy(&arena);
	return result;
}

/* Called for every name; only SCRAM asks for the property. */
static int on_lookup(void *glob, sasl_server_params_t *params, unsigned flags, const char *user, unsigned length)
{
	struct auth_exchange *exchange = exchange_of(params);
	const struct propval *wanted = params->utils->prop_get(params->propctx);

	(void)glob;
	if (exchange == NULL)
		return SASL_NOUSER;
	if (flags & SASL_AUXPROP_AUTHZID)
		return SASL_OK; /* on_proxy() and identify() judge that one */
	for (; wanted != NULL && wanted->name != NULL; wanted++)
		if (strcmp(wanted->name, PROPERTY) == 0 && wanted->values == NULL)
			return give_secrets(exchange, params, span_from(user, length));
	return SASL_OK;
}

static sasl_auxprop_plug_t auxprop = {.auxprop_lookup = on_lookup, .name = (char *)"trivet"};

static int auxprop_init(const sasl_utils_t *utils, int max_version, int *out_version, sasl_auxprop_plug_t **plug,
			const char *name)
{
	(void)utils;
	(void)name;
	if (max_version < SASL_AUXPROP_PLUG_VERSION)
		return SASL_BADVERS;
	*out_version = SASL_AUXPROP_PLUG_VERSION;
	*plug = &auxprop;
	return SASL_OK;
}

static pthread_once_t sasl_once = PTHREAD_ONCE_INIT;
static int sasl_result = SASL_FAIL;

static void sasl_start(void)
{
	static const sasl_callback_t callbacks[] = {{SASL_CB_LOG, (sasl_callback_ft)(void (*)(void))on_log, NULL},
						    {SASL_CB_GETOPT, (sasl_callback_ft)(void (*)(void))on_getopt, NULL},
						    {SASL_CB_LIST_END, NULL, NULL}};

	sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
	(void)sasl_auxprop_add_plugin("trivet", auxprop_init);
	sasl_result = sasl_server_init(callbacks, "trivet");
}

bool sasl_is_ready(char **error_r)
{
	struct buf line = {0};

	pthread_once(&sasl_once, sasl_start);
	if (sasl_result == SASL_OK)
		return true;
	buf_printf(&line, "libsasl2 cannot be used: %s", sasl_errstring(sasl_result, NULL, NULL));
	(void)buf_cstr(&line);
	*error_r = line.p;
	return false;
}

bool sasl_has_mechanism(const char *name)
{
	const char **known = sasl_global_listmech();
	struct span base = span_of(name);

	if (mechanism_is_plus(base))
		base.n -= strlen("-PLUS");
	for (; known != NULL && *known != NULL; known++)
		if (span_is_nocase(base, *known))
			return true;
	return false;
}

enum auth_result sasl_check_password(struct auth *auth, struct span user, struct span password)
{
	sasl_callback_t callbacks[] = {{SASL_CB_GETOPT, (sasl_callback_ft)(void (*)(void))on_getopt, auth},
				       {SASL_CB_LIST_END, NULL, NULL}};
	sasl_conn_t *conn = NULL;
	int rc = sasl_server_new(auth->service, auth->host, NULL, NULL, NULL, callbacks, 0, &conn);

	if (rc == SASL_OK)
		rc = sasl_checkpass(conn, user.p, (unsigned)user.n, password.p, (unsigned)password.n);
	sasl_dispose(&conn);
	switch (rc) {
	case SASL_OK:
		return AUTH_OK;
	case SASL_BADAUTH:
	case SASL_NOUSER:
	case SASL_NOVERIFY:
	case SASL_BADPARAM:
		return AUTH_FAILED;
	default:
		return AUTH_UNAVAILABLE;
	}
}

/* --- callbacks of one exchange --- */

static int on_checkpass(sasl_conn_t *conn, void *context, const char *user, const char *password, unsigned length,
			struct propctx *properties)
{
	struct auth_exchange *exchange = context;

	(void)conn;
	(void)properties;
	auth_identity_done(&exchange->identity);
	if (exchange->is_given_up)
		exchange->checked = AUTH_FAILED;
	else if (auth_is_locked_out(exchange->auth, &exchange->peer, span_of(user)))
		exchange->checked = AUTH_LOCKED_OUT;
	else
		exchange->checked =
			auth_check(exchange->auth, span_of(user), span_from(password, length), &exchange->identity);
	return exchange->checked == AUTH_OK ? SASL_OK : SASL_BADAUTH;
}

/* The name that authenticated wants to be another one (RFC 4422, 2). */
static int on_proxy(sasl_conn_t *conn, void *context, const char *as, unsigned as_length, const char *who,
		    unsigned who_length, const char *realm, unsigned realm_length, struct propctx *properties)
{
	struct auth_exchange *exchange = context;

	(void)conn;
	(void)realm;
	(void)realm_length;
	(void)properties;
	if (auth_may_act(exchange->auth, span_from(who, who_length), span_from(as, as_length)))
		return SASL_OK;
	exchange->checked = AUTH_DENIED;
	return SASL_NOAUTHZ;
}

/* Never fails: the plugin for LOGIN would not free the password then. What cannot be a name becomes one that nobody
 * has. */
static int on_canon(sasl_conn_t *conn, void *context, const char *in, unsigned in_length, unsigned flags,
		    const char *realm, char *out, unsigned out_max, unsigned *out_length)
{
	struct auth_exchange *exchange = context;
	struct span given = span_from(in, in_length);
	struct buf name = {0}, normal = {0};

	(void)conn;
	(void)realm;
	if (flags & SASL_CU_AUTHID && mechanism_is_kerberos(span_of(exchange->mechanism)))
		given = kerberos_user_of(exchange->auth, given);
	auth_take_detail(exchange->auth, &exchange->peer, given, &name, &exchange->detail);
	if (flags & SASL_CU_AUTHID)
		remember_tried(exchange, buf_view(&name));
	if (!directory_name_normalize(buf_view(&name), &normal) || normal.n >= out_max) {
		normal.n = 0;
		buf_text(&normal, NO_NAME);
	}
	memcpy(out, buf_cstr(&normal), normal.n + 1);
	*out_length = (unsigned)normal.n;
	buf_done(&normal);
	buf_done(&name);
	return SASL_OK;
}

static void set_callbacks(struct auth_exchange *exchange)
{
	size_t n = 0;

	exchange->callbacks[n++] = (sasl_callback_t){SASL_CB_SERVER_USERDB_CHECKPASS,
						     (sasl_callback_ft)(void (*)(void))on_checkpass, exchange};
	exchange->callbacks[n++] =
		(sasl_callback_t){SASL_CB_PROXY_POLICY, (sasl_callback_ft)(void (*)(void))on_proxy, exchange};
	exchange->callbacks[n++] =
		(sasl_callback_t){SASL_CB_CANON_USER, (sasl_callback_ft)(void (*)(void))on_canon, exchange};
	exchange->callbacks[n++] =
		(sasl_callback_t){SASL_CB_GETOPT, (sasl_callback_ft)(void (*)(void))on_getopt, exchange->auth};
	exchange->callbacks[n] = (sasl_callback_t){SASL_CB_LIST_END, NULL, NULL};
}

/* "y": the client could bind to the channel, but has seen no -PLUS in our list. Where it was there, somebody in between
 * has taken it out (RFC 5802, 6); libsasl2 leaves that to us. Over HTTP there is no -PLUS (RFC 7804). */
static bool is_downgraded(const struct auth_exchange *exchange, struct span first)
{
	struct span mechanism = span_of(exchange->mechanism);
	struct buf plus = {0};
	bool is_missed;

	buf_printf(&plus, "%s-PLUS", exchange->mechanism);
	is_missed = !exchange->auth->is_http && exchange->peer.binding != NULL &&
		    mechanism_is_on(exchange->auth, buf_view(&plus));
	buf_done(&plus);
	return is_missed && span_starts_nocase(mechanism, SPAN("SCRAM-")) && span_starts(first, SPAN("y"));
}

static bool open_conn(struct auth_exchange *exchange)
{
	sasl_security_properties_t properties = {.maxbufsize = 0};
	sasl_ssf_t ssf = exchange->peer.is_trusted ? 256 : 0;
	unsigned flags = SASL_SUCCESS_DATA | (exchange->auth->is_http ? SASL_NEED_HTTP : 0);

	set_callbacks(exchange);
	if (sasl_server_new(exchange->auth->service, exchange->auth->host, NULL, NULL, NULL, exchange->callbacks, flags,
			    &exchange->conn) != SASL_OK)
		return false;
	(void)sasl_setprop(exchange->conn, SASL_SEC_PROPS, &properties);
	(void)sasl_setprop(exchange->conn, SASL_SSF_EXTERNAL, &ssf);
	if (exchange->peer.client_name != NULL)
		(void)sasl_setprop(exchange->conn, SASL_AUTH_EXTERNAL, exchange->peer.client_name);
	if (mechanism_is_plus(span_of(exchange->mechanism))) {
		exchange->binding = (sasl_channel_binding_t){.name = exchange->peer.binding_type,
							     .critical = 0,
							     .len = exchange->peer.binding_size,
							     .data = exchange->peer.binding};
		(void)sasl_setprop(exchange->conn, SASL_CHANNEL_BINDING, &exchange->binding);
	}
	return true;
}

/* --- the exchange --- */

/* Who it turned out to be. */
static enum auth_result identify(struct auth_exchange *exchange, struct auth_identity *identity_r)
{
	const void *user = NULL, *who = NULL;
	struct auth_identity master = {0};
	enum auth_result result;

	(void)sasl_getprop(exchange->conn, SASL_USERNAME, &user);
	(void)sasl_getprop(exchange->conn, SASL_AUTHUSER, &who);
	if (user == NULL || who == NULL)
		return AUTH_FAILED;
	if (!span_equal_nocase(span_of(who), span_of(user))) {
		result = auth_identify(exchange->auth, span_of(who), (struct span){0}, &master);
		if (result == AUTH_OK)
			result = auth_identify(exchange->auth, span_of(user), span_of(master.name), identity_r);
		auth_identity_done(&master);
		return result;
	}
	if (exchange->identity.name == NULL)
		return auth_identify(exchange->auth, span_of(user), (struct span){0}, identity_r);
	*identity_r = exchange->identity; /* a password was checked, and "user*master" resolved */
	exchange->identity = (struct auth_identity){0};
	return AUTH_OK;
}

static enum auth_result result_of(struct auth_exchange *exchange, int rc)
{
	if (exchange->checked != AUTH_OK)
		return exchange->checked;
	switch (rc) {
	case SASL_BADPROT:
	case SASL_BADPARAM:
		return AUTH_BAD_SYNTAX;
	case SASL_NOMECH:
		return AUTH_UNKNOWN_MECHANISM;
	case SASL_NOAUTHZ:
		return AUTH_DENIED;
	case SASL_UNAVAIL:
	case SASL_TRYAGAIN:
		return AUTH_UNAVAILABLE;
	default:
		return AUTH_FAILED;
	}
}

static enum auth_result after_step(struct auth_exchange *exchange, int rc, const char *out, unsigned out_length,
				   struct buf *challenge, struct auth_identity *identity_r, unsigned *delay_ms_r)
{
	enum auth_result result;
	const char *tried = exchange->tried == NULL ? "" : exchange->tried;

	*delay_ms_r = 0;
	exchange->is_waiting = rc == SASL_CONTINUE;
	if (exchange->is_waiting) {
		buf_bytes(challenge, out, out == NULL ? 0 : out_length);
		return AUTH_CONTINUE;
	}
	if (rc == SASL_OK && exchange->auth->is_http) {
		buf_bytes(challenge, out, out == NULL ? 0 : out_length);
	} else if (rc == SASL_OK && out != NULL && out_length > 0 && !exchange->is_done) {
		/* the server's last word goes as a challenge of its own; the client answers with nothing (RFC
		 * 9051, 6.2.2) */
		exchange->is_done = true;
		buf_bytes(challenge, out, out_length);
		return AUTH_CONTINUE;
	}
	result = rc == SASL_OK ? identify(exchange, identity_r) : result_of(exchange, rc);
	if (result == AUTH_OK) {
		identity_r->detail = exchange->detail;
		exchange->detail = NULL;
	}
	return auth_finish(exchange->auth, &exchange->peer, span_of(tried), result, identity_r, exchange->mechanism,
			   delay_ms_r);
}

enum auth_result auth_exchange_start(struct auth *auth, const struct auth_peer *peer, struct span mechanism,
				     struct span initial, bool has_initial, struct auth_exchange **exchange_r,
				     struct buf *challenge, struct auth_identity *identity_r, unsigned *delay_ms_r)
{
	struct auth_exchange *exchange;
	const char *out = NULL;
	unsigned out_length = 0;
	int rc;

	*exchange_r = NULL;
	*delay_ms_r = 0;
	if (!mechanism_is_on(auth, mechanism))
		return AUTH_UNKNOWN_MECHANISM;
	if (!mechanism_is_offered(peer, mechanism))
		return !mechanism_is_clear(mechanism)
			       ? AUTH_UNKNOWN_MECHANISM
			       : auth_finish(auth, peer, (struct span){0}, AUTH_INSECURE, NULL,
					     span_is_nocase(mechanism, "PLAIN") ? "PLAIN" : "LOGIN", delay_ms_r);
	exchange = alloc_zero(1, sizeof *exchange);
	exchange->auth = auth;
	exchange->peer = *peer;
	exchange->mechanism = alloc_text_n(mechanism.p, mechanism.n);
	exchange->checked = AUTH_OK;
	*exchange_r = exchange;
	if (!open_conn(exchange))
		return AUTH_UNAVAILABLE;
	exchange->has_begun = has_initial;
	if (has_initial && is_downgraded(exchange, initial))
		rc = SASL_BADAUTH;
	else
		rc = sasl_server_start(exchange->conn, exchange->mechanism,
				       has_initial ? (initial.n == 0 ? "" : initial.p) : NULL,
				       has_initial ? (unsigned)initial.n : 0, &out, &out_length);
	return after_step(exchange, rc, out, out_length, challenge, identity_r, delay_ms_r);
}

enum auth_result auth_exchange_step(struct auth_exchange *exchange, struct span response, struct buf *challenge,
				    struct auth_identity *identity_r, unsigned *delay_ms_r)
{
	const char *out = NULL;
	unsigned out_length = 0;
	int rc = SASL_OK;

	if (!exchange->has_begun && is_downgraded(exchange, response))
		rc = SASL_BADAUTH;
	else if (!exchange->is_done)
		rc = sasl_server_step(exchange->conn, response.n == 0 ? "" : response.p, (unsigned)response.n, &out,
				      &out_length);
	exchange->has_begun = true;
	return after_step(exchange, rc, out, out_length, challenge, identity_r, delay_ms_r);
}

void auth_exchange_move(struct auth_exchange *exchange, const struct auth_peer *peer)
{
	exchange->peer = *peer;
}

/* The plugin for LOGIN forgets to free the name in an exchange that is given up, and a name may be long: so it is led
 * to its end. */
static void end_login(struct auth_exchange *exchange)
{
	const char *out;
	unsigned out_length;
	int rc = SASL_CONTINUE;

	exchange->is_given_up = true;
	for (int i = 0; i < 2 && rc == SASL_CONTINUE; i++)
		rc = sasl_server_step(exchange->conn, "x", 1, &out, &out_length);
}

void auth_exchange_destroy(struct auth_exchange **exchange)
{
	if (*exchange == NULL)
		return;
	if ((*exchange)->is_waiting && span_is_nocase(span_of((*exchange)->mechanism), "LOGIN"))
		end_login(*exchange);
	sasl_dispose(&(*exchange)->conn);
	auth_identity_done(&(*exchange)->identity);
	free((*exchange)->tried);
	free((*exchange)->detail);
	free((*exchange)->mechanism);
	free(*exchange);
	*exchange = NULL;
}

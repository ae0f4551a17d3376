/* Who may in: SASL mechanisms through libsasl2, password checks, throttling. Workers only, where not said otherwise.
 *
 * Only hashed secrets are stored: authPassword values (RFC 5803) for SCRAM-SHA-256 and SCRAM-SHA-1, which an auxprop
 * plugin in this process hands to libsasl2, and against which PLAIN, LOGIN and the commands of the protocols are
 * verified too. The slow hash is computed once: afterwards a keyed digest of the password is remembered for minutes
 * ([auth] cache_ttl), never skipped. Unknown users cost the same time as known ones. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/directory/directory.h"

struct auth; /* one a process, shared by all threads */

extern const struct config_key auth_keys[]; /* [auth] */

/* service: the name that the GSSAPI mechanisms have it by ("imap", "pop", "HTTP"). */
struct auth *auth_create(const struct config *config, struct directory *directory, const char *service, char **error_r);
void auth_destroy(struct auth **auth);
void auth_reload(struct auth *auth, const struct config *config);

/* What is known of the client's connection. Borrowed for the call or the life of the exchange. */
struct auth_peer {
	const char *remote; /* "192.0.2.1:4711", "unix" */
	bool is_trusted;    /* plain-text passwords are allowed */
	bool is_tls;
	const char *client_name;      /* of a verified client certificate; NULL: none (EXTERNAL is not offered) */
	const unsigned char *binding; /* channel binding data for -PLUS; NULL: none */
	size_t binding_size;
	char detail_separator; /* '+': the name may be USER+DETAIL, of which DETAIL goes into the identity; 0: none */
	const char *binding_type; /* "tls-exporter", "tls-unique", "tls-server-end-point" */
	struct log_about about;
};

enum auth_result {
	AUTH_OK,
	AUTH_CONTINUE,    /* the challenge goes to the client, its answer to auth_exchange_step() */
	AUTH_FAILED,      /* wrong name, password or proof: [AUTHENTICATIONFAILED] */
	AUTH_DENIED,      /* authenticated, but may not act as that user: [AUTHORIZATIONFAILED] */
	AUTH_EXPIRED,     /* the account is switched off: [CONTACTADMIN] */
	AUTH_LOCKED_OUT,  /* too many failures from here or for this user: [LIMIT]; nothing was checked */
	AUTH_INSECURE,    /* a plain-text mechanism on an untrusted connection: [PRIVACYREQUIRED] */
	AUTH_UNAVAILABLE, /* the directory or store is away: [UNAVAILABLE] */
	AUTH_UNKNOWN_MECHANISM,
	AUTH_BAD_SYNTAX, /* the client's data cannot be understood (bad base64 is the caller's to find) */
};

struct auth_identity {
	uint64_t user; /* id in the store: the actor of everything that follows */
	char *name;    /* heap; auth_identity_done() */
	bool is_admin;
	char *detail; /* heap: what stood behind the separator; NULL: nothing */
	char *master; /* who logged in as this user ("user*master"), or NULL */
};
void auth_identity_done(struct auth_identity *identity);

/* The mechanisms offered to this peer, e.g. "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN EXTERNAL", best
 * first; written to out parted by blanks, each led by prefix ("AUTH="). Does not wait: allowed in a loop. */
void auth_mechanisms(const struct auth *auth, const struct auth_peer *peer, const char *prefix, struct buf *out);

/* Is this one offered to this peer? Any thread, does not wait. */
bool auth_offers(const struct auth *auth, const struct auth_peer *peer, struct span mechanism);

/* Name and password, for LOGIN, PASS and HTTP Basic. delay_ms_r: how long the caller waits before it tells a failure
 * (growing, by address and by user). Logs every success, and every failure in one line that fail2ban can match:
 *
 *   login failed: user=<anna> rip=192.0.2.1 reason=password mechanism=PLAIN
 *
 * reason: password, not-allowed, disabled, locked-out, no-tls, unavailable, syntax. The name is as it was sent; blanks,
 * controls and the signs <>"\ in it are written as \x20, so that nobody forges a line. */
enum auth_result auth_password(struct auth *auth, const struct auth_peer *peer, struct span user, struct span password,
			       struct auth_identity *identity_r, unsigned *delay_ms_r);

/* One SASL exchange (RFC 4422). initial_r's absence is p NULL. challenge_r is appended to, raw (not base64). An
 * exchange is one thread's at a time, and must be destroyed. Success data of the server (SCRAM's v=) comes as a
 * challenge with AUTH_CONTINUE, to which the client answers with an empty response; over HTTP, which can carry it, with
 * AUTH_OK. */
struct auth_exchange;
enum auth_result auth_exchange_start(struct auth *auth, const struct auth_peer *peer, struct span mechanism,
				     struct span initial, bool has_initial, struct auth_exchange **exchange_r,
				     struct buf *challenge, struct auth_identity *identity_r, unsigned *delay_ms_r);
enum auth_result auth_exchange_step(struct auth_exchange *exchange, struct span response, struct buf *challenge,
				    struct auth_identity *identity_r, unsigned *delay_ms_r);
/* The exchange goes on over another connection (HTTP): the peer of what follows. */
void auth_exchange_move(struct auth_exchange *exchange, const struct auth_peer *peer);
void auth_exchange_destroy(struct auth_exchange **exchange); /* NULL is accepted */

/* The secrets of a new password, as store_user.secrets wants them: SCRAM-SHA-256 and SCRAM-SHA-1. False: the password
 * cannot be used (SASLprep, empty). Any thread. */
bool auth_secrets_make(struct span password, unsigned iterations, struct buf *out);
/* Any thread; slow by design. */
bool auth_secrets_verify(struct span secrets, struct span password);

#endif

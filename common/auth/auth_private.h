/* What the files of common/auth share. */
#ifndef AUTH_AUTH_PRIVATE_H
#define AUTH_AUTH_PRIVATE_H

#include "common/auth/auth.h"

struct cache;
struct throttle;

struct auth {
	struct directory *directory;
	char *service;
	char *host; /* whose name Kerberos tickets are for */
	bool is_http;
	char **realms; /* whose principals are users of ours; "@REALM": with the realm as a part of their name */
	size_t realm_count;
	/* who knows a right password: "" the directory, else libsasl2, by this method ("saslauthd", "auxprop") */
	char *password_check;
	char *saslauthd, *secrets_plugin; /* its options; "": its own choice */
	struct cache *cache;
	struct throttle *throttle;
	char **masters;
	size_t master_count;
	char separator;                             /* of "user*master"; '\0': none */
	struct span offered;                        /* mechanisms switched on, parted by blanks; owned */
	_Atomic unsigned iterations;                /* of new passwords: so long the wrong ones take too */
	unsigned char fake_key[STORE_SECRET_BYTES]; /* see secrets_fake() */
};

/* A name and a password against the directory, without throttle or log. */
enum auth_result auth_check(struct auth *auth, struct span user, struct span password,
			    struct auth_identity *identity_r);
/* Where nobody has the whole of it as a name: the name without what stands behind the peer's detail_separator (up to a
 * master's separator), which goes into *detail (heap). */
void auth_take_detail(const struct auth *auth, const struct auth_peer *peer, struct span name, struct buf *out,
		      char **detail);
/* May `who` act as `as`? The same name, or a master user. */
bool auth_may_act(const struct auth *auth, struct span who, struct span as);
/* The identity of a name that has authenticated by other means (SCRAM, EXTERNAL); AUTH_EXPIRED, AUTH_UNAVAILABLE. */
enum auth_result auth_identify(struct auth *auth, struct span user, struct span master,
			       struct auth_identity *identity_r);

/* What every log-in ends with: throttle and one log line. */
enum auth_result auth_finish(struct auth *auth, const struct auth_peer *peer, struct span user, enum auth_result result,
			     const struct auth_identity *identity, const char *mechanism, unsigned *delay_ms_r);
/* Before anything is checked. */
bool auth_is_locked_out(struct auth *auth, const struct auth_peer *peer, struct span user);

/* cache.c: passwords that were verified, as keyed digests. Any thread. */
struct cache *cache_create(int64_t ttl_ms);
void cache_destroy(struct cache **cache);
void cache_set_ttl(struct cache *cache, int64_t ttl_ms);
bool cache_has(struct cache *cache, struct span user, struct span secrets, struct span password);
void cache_add(struct cache *cache, struct span user, struct span secrets, struct span password);

/* throttle.c: failures by address and by user. Any thread. */
struct throttle *throttle_create(const struct config *config);
void throttle_destroy(struct throttle **throttle);
bool throttle_is_closed(struct throttle *throttle, const char *address, struct span user);
unsigned throttle_failed(struct throttle *throttle, const char *address, struct span user); /* the delay in ms */
void throttle_succeeded(struct throttle *throttle, const char *address, struct span user);
void throttle_address(const char *remote, char *to, size_t n);  /* without the port */
void throttle_network(const char *address, char *to, size_t n); /* what is counted: IPv6 by its /64 */

/* secrets.c */
void secrets_waste_time(struct span password, unsigned iterations); /* as long as a verification takes */
/* Secrets for a name that has none: always and on all hosts with the same salt, and no password fits them. */
void secrets_fake(const struct auth *auth, struct span name, struct buf *out);

/* kerberos.c: the user's name of a principal, which lies in it; empty: a principal of a foreign realm. Any thread. */
struct span kerberos_user_of(const struct auth *auth, struct span principal);

/* mechanism.c: any thread, does not wait */
bool mechanism_is_on(const struct auth *auth, struct span mechanism); /* in the configuration */
bool mechanism_is_plus(struct span mechanism);
bool mechanism_is_kerberos(struct span mechanism);
bool mechanism_is_clear(struct span mechanism); /* the password comes in clear */
/* No clear passwords in the open, EXTERNAL with a certificate, -PLUS with a channel to bind. */
bool mechanism_is_offered(const struct auth_peer *peer, struct span mechanism);

/* sasl.c: once a process; false with a text where libsasl2 cannot be had. */
bool sasl_is_ready(char **error_r);
bool sasl_has_mechanism(const char *name); /* is there a plugin for it? */
/* Whether a password is right by auth->password_check: AUTH_OK, AUTH_FAILED, AUTH_UNAVAILABLE. May take long. */
enum auth_result sasl_check_password(struct auth *auth, struct span user, struct span password);

#endif

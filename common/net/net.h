/* What every daemon needs, once: loops, workers, listeners, TLS, limits, signals, reload (DESIGN.md, "Loops wait,
 * workers work"). A daemon gives a struct net_program; net_main() does the rest.
 *
 * A session is owned by exactly one thread at a time: by its loop while it waits for bytes, by a worker while its
 * commands run. The owner alone touches its fields; hand-over is a queue plus a wake-up. Whoever waits for a session
 * elsewhere keeps its number, never its pointer. */
#ifndef NET_NET_H
#define NET_NET_H

#include "common/base/log.h"
#include "common/base/span.h"
#include "common/config/config.h"
#include "common/net/out.h"

struct net_daemon;
struct net_transport; /* socket, TLS, compression: private to common/net */

/* What a step of a session wants next. */
enum net_next {
	NET_WAIT,  /* for more bytes from the client (or a wake-up): the loop takes the session */
	NET_WORK,  /* look(): hand me to a worker. work(): call me again soon, others first */
	NET_FLUSH, /* work(): a long answer goes on; call me again when the output has fallen to the low-water mark */
	NET_CLOSE, /* send what is in the output (bounded in time), then end */
	NET_ABORT, /* end at once: inside a literal that cannot be completed */
};

enum net_why { /* bits: why work() is called */
	       NET_WHY_INPUT = 1,
	       NET_WHY_FLUSHED = 2,
	       NET_WHY_AGAIN = 4,
	       NET_WHY_WAKE = 8,   /* somebody called net_wake() */
	       NET_WHY_TIMER = 16, /* the time set by net_session_set_timer() has come */
};

/* The first member of every daemon's session struct. Zeroed when the session opens. */
struct net_session {
	uint64_t number; /* never used twice in a process */
	struct buf in; /* bytes received and not yet consumed; its memory goes when it is empty and the session waits */
	struct out out;
	void *listener_arg; /* what the program gave for the listener */
	struct net_daemon *daemon;
	struct net_transport *transport;
	const char *remote; /* "192.0.2.1:4711", "[2001:db8::1]:4711", "unix"; lives as long as the session */
	char *user;         /* NULL until net_session_logged_in(); owned by common/net */
	bool is_tls;        /* the handshake is done */
	bool is_local;      /* loopback or Unix socket */
	bool is_trusted;    /* TLS, or local, or from trusted networks: plain-text passwords are allowed */
	bool input_closed;  /* the client has half-closed: no more bytes will come */
};

struct net_protocol {
	const char *name;    /* "imap" */
	const char *alpn;    /* what TLS clients call it (RFC 7301); NULL: as name */
	size_t session_size; /* sizeof the daemon's session struct */

	/* Loop, or a worker after a handshake. The connection is up: put the greeting into the output.
	 * NET_WAIT, NET_CLOSE, or NET_WORK where a worker must see it. */
	enum net_next (*open)(struct net_session *session);
	/* Loop. Bytes came, or the client has closed its side: NET_WAIT, NET_WORK, NET_CLOSE. It may answer by itself
	 * what needs no store. Must be quick and must not block. */
	enum net_next (*look)(struct net_session *session);
	/* Worker. May block. */
	enum net_next (*work)(struct net_session *session, unsigned why);
	/* The owner: loop or worker. A time limit has passed (see net_session_set_timeout): put the farewell into the
	 * output; the session then closes. NET_WAIT keeps it (and the limit starts anew). */
	enum net_next (*timed_out)(struct net_session *session);
	/* The owner: loop or worker. The daemon stops (SIGTERM), an administrator ends the session, or there are too
	 * many: put the farewell into the output. `reason` is a short fixed phrase. */
	void (*farewell)(struct net_session *session, const char *reason);
	/* Worker. The connection is gone: release everything but the struct itself. Called exactly once for each opened
	 * session. */
	void (*close)(struct net_session *session);
	/* Loop or worker, the owner. One short line for `trivet who`: what the session is doing. May be NULL. */
	void (*describe)(const struct net_session *session, struct buf *out);
};

struct net_listener {     /* one kind of listening socket, configured as [listen] NAME = ADDRESS… */
	const char *name; /* "imap", "imaps": the key in [listen] */
	bool tls;         /* implicit TLS */
	const struct net_protocol *protocol;
	void *arg;
};

/* For a listener "health": answers every HTTP request by 200, or by 503 while healthy() below says no. */
extern const struct net_protocol net_health_protocol; /* health.c */

/* [tls], [log], [limits] …: what every daemon has in its files, and so the command trivet meets in the shared one. */
extern const struct config_key net_keys[];

struct net_program {
	const char *name;              /* "trivet-imapd" */
	const char *default_config;    /* "/etc/trivet/imapd.conf" */
	const struct config_key *keys; /* the daemon's own; those of common/net and the tables below are added */
	const struct config_key *const *more_keys; /* tables of store, auth … */
	size_t more_keys_count;
	const struct net_listener *listeners;
	size_t listener_count;
	/* Before root is dropped and threads start: open nothing that needs the right user. After: open the store etc.
	 * Returns NULL or one line (heap) why the start fails. *state_r is given to everything else by
	 * net_daemon_state(). */
	char *(*start)(struct net_daemon *daemon, const struct config *config, void **state_r);
	void (*reload)(struct net_daemon *daemon, const struct config *config,
		       void *state);                          /* SIGHUP, own thread; may be NULL */
	void (*stop)(struct net_daemon *daemon, void *state); /* all sessions are closed, all workers have ended */
	/* Is all well that the daemon depends on (store reachable)? NULL: not asked. Worker. */
	bool (*healthy)(void *state);
};

/* The whole life of a daemon: options (--config FILE, -o section.key=value, --check-config, --dump-config, --version,
 * --help,
 * --foreground is the only mode), listeners (configured and inherited by LISTEN_FDS), dropping of root, signals,
 * sd_notify, drain. Returns the exit code (sysexits; 78 for configuration errors). */
int net_main(int argc, char **argv, const struct net_program *program);

void *net_daemon_state(const struct net_daemon *daemon);

/* --- any thread
 * ---------------------------------------------------------------------------------------------------------- */

/* Has the session's work() called with NET_WHY_WAKE as soon as nobody else owns it; several calls may become one. A
 * session that is gone is ignored. */
void net_wake(struct net_daemon *daemon, uint64_t session);

/* Whom a log line about the session is about. */
struct log_about net_session_about(const struct net_session *session);

/* --- the session's owner
 * --------------------------------------------------------------------------------------------------- */

/* The session belongs to this user from now on: limits of sessions a user and a user's address are checked (false: over
 * the limit, nothing is changed), the time limit before log-in ends. user is copied. */
bool net_session_logged_in(struct net_session *session, const char *user);
/* Closes in so long without a byte from the client unless timed_out() says otherwise; 0: the configured one. Before
 * log-in the time runs from this call on, whatever the client sends. */
void net_session_set_timeout(struct net_session *session, uint64_t ms);
/* work() with NET_WHY_TIMER in so long; 0: never. One timer a session: for the delay after a failed log-in. */
void net_session_set_timer(struct net_session *session, uint64_t ms);
/* After what is in the output now has been sent: STARTTLS. Buffered input is thrown away (command injection), the loop
 * does the handshake. False: no certificate is configured. */
bool net_session_start_tls(struct net_session *session);
bool net_can_start_tls(const struct net_daemon *daemon);
/* After what is in the output now has been sent: COMPRESS=DEFLATE (RFC 4978) in both directions. */
void net_session_start_deflate(struct net_session *session);
bool net_session_is_deflated(const struct net_session *session);

/* Channel binding of the TLS connection: "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC 5929), "tls-unique"
 * (TLS 1.2). The number of bytes written to `to` (at most 64), 0 where there is none. */
size_t net_session_channel_binding(const struct net_session *session, const char *type, unsigned char *to);
/* The subject's common name or mail address of a verified client certificate, in arena-less heap memory; NULL: none. */
char *net_session_client_name(const struct net_session *session);

/* Is the other side an HTTP proxy that may say who its client is ([trusted] forwarders)? */
bool net_session_is_forwarder(const struct net_session *session);
/* An address of loopback, or of the networks from which plain-text passwords are taken. Any thread. */
bool net_address_is_trusted(const struct net_daemon *daemon, const char *address);

/* The protocol trace of this session, where it is switched on for its user (`trivet trace`, [log] trace_users). Secrets
 * are masked by the protocol, which knows them. Cheap when off. */
bool net_session_is_traced(const struct net_session *session);
void net_session_trace(struct net_session *session, char direction /* 'C' or 'S' */, struct span bytes);

#endif

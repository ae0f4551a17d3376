/* What the files of common/net share.
 *
 * Ownership. A session's state word holds OWNED and the bits of what has happened to it. Whoever sets a bit also sets
 * OWNED in the same step; if it was not set before, he has become the owner and must see to it that the session gets
 * its turn: the loop takes it itself, everybody else puts it into the workers' queue. If it was set, the present owner
 * will find the bit when he tries to let go: letting go succeeds only while no bit is set. So nothing is lost, and
 * nobody waits for anybody.
 *
 * The socket is registered once, edge-triggered, for its whole life: no call to the kernel is needed for a hand-over.
 */
#ifndef NET_NET_PRIVATE_H
#define NET_NET_PRIVATE_H

#include "common/net/net.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/queue.h>

enum turn_bit {
	TURN_OWNED = 1,
	TURN_READABLE = 2,
	TURN_WRITABLE = 4,
	TURN_WAKE = 8,
	TURN_TIMER = 16,
	TURN_TIMEOUT = 32,
	TURN_STOP = 64, /* the daemon ends */
	TURN_KICK = 128,
	TURN_HANGUP = 256, /* the client's end of stream is on its way: behind the next bytes, perhaps */
	TURN_EVENTS = 510,
};

enum phase {
	PHASE_HANDSHAKE, /* TLS */
	PHASE_PROXY,     /* before everything else: the header that says who the client is */
	PHASE_OPEN,
	PHASE_CLOSING, /* what is in the output is still sent, bounded in time */
	PHASE_DEAD,    /* the protocol's close() was called; the loop frees it */
};

struct loop;
struct net_tls;
struct deflate;
struct counter;

/* Who is at the other end. */
struct peer {
	char address[46]; /* without the port: for limits and networks; "unix" */
	char remote[64];  /* as in struct net_session */
	bool is_local;    /* loopback or Unix socket */
};

struct networks {
	char **list;
	size_t count;
};

struct net_transport {
	TAILQ_ENTRY(net_transport) all;       /* of the loop's sessions; the loop's */
	STAILQ_ENTRY(net_transport) queue;    /* in the workers' queue, or the loop's list of new or dead ones */
	struct net_transport *next_by_number; /* in the daemon's table */
	struct net_session *session;
	const struct net_protocol *protocol;
	struct loop *loop;
	struct event event;
	int fd;
	_Atomic unsigned state; /* enum turn_bit */
	_Atomic unsigned refs;  /* the loop's, and those of look-ups by number */
	/* the owner's */
	enum phase phase;
	enum net_next next; /* what the last work() wanted */
	unsigned why;       /* for the next work() */
	bool is_drained;    /* the last read found the socket empty */
	bool is_hanging_up; /* what has come is all that will come */
	bool is_eof, is_broken;
	bool is_cut_off; /* the end of the socket, which is not yet that of TLS */
	bool wants_tls, wants_deflate, handshake_is_first, is_stopping, is_opened;
	bool is_refused; /* over a limit: it hears why, and no more */
	bool is_counted; /* by address */
	SSL *ssl;
	struct net_tls *tls; /* a reference */
	struct deflate *deflate;
	char *address; /* without the port: for the limit */
	/* read by the loop's sweep */
	_Atomic int64_t deadline, timer_at; /* clock_uptime_ms(); 0: none */
	_Atomic int64_t timeout_ms;
	int64_t opened_at;
	uint64_t bytes_in, bytes_out;
	_Atomic bool is_traced;
	char remote[64]; /* written under the daemon's numbers_lock, for those who read it and are not the owner */
};
TAILQ_HEAD(transport_list, net_transport);
STAILQ_HEAD(transport_queue, net_transport);

struct loop {
	struct net_daemon *daemon;
	struct event_base *base;
	pthread_t thread;
	struct event *wake_event, *sweep_event;
	int wake_fd;
	_Atomic bool is_woken;
	_Atomic int64_t due; /* no session's time comes before this */
	struct transport_list sessions;
	pthread_mutex_t lock; /* of the two lists below */
	struct transport_queue fresh, dead;
	bool is_stopping; /* under lock */
};

struct workers {
	pthread_mutex_t lock;
	struct transport_queue queue;
	struct worker *idle; /* the last to fall asleep is the first to be woken */
	struct worker *list;
	unsigned count;
	bool is_stopping;
};

struct worker {
	struct net_daemon *daemon;
	struct worker *next_idle;
	sem_t wake;
	struct net_transport *handed; /* set before it is woken; NULL: it is over */
	pthread_t thread;
};

enum { NUMBER_BUCKETS = 16384 };

struct net_daemon {
	const struct net_program *program;
	struct config *config;
	void *state;
	struct loop *loops;
	unsigned loop_count;
	struct workers workers;
	_Atomic(struct net_tls *) tls; /* never NULL again once it is set */
	pthread_mutex_t tls_lock;
	struct listeners *listeners;
	struct counter *by_address, *by_user;
	struct trace *trace;
	struct control *control;
	pthread_mutex_t numbers_lock; /* of the table, and of who is logged in */
	struct net_transport *numbers[NUMBER_BUCKETS];
	_Atomic uint64_t next_number;
	_Atomic uint64_t sessions, accepted, logins, bytes_in, bytes_out;
	_Atomic uint64_t max_connections, max_per_address, max_per_user, pre_login_ms, idle_ms;
	struct networks trusted, proxies, forwarders;
	_Atomic int64_t complained_at; /* so that a flood does not fill the log */
	_Atomic bool is_stopping;
	_Atomic int64_t health_known_until; /* clock_uptime_ms() */
	_Atomic bool is_healthy;
};

/* keys.c */
struct config_key *listen_keys_create(const struct net_program *program); /* heap; free() */

/* turn.c */
void turn_post(struct net_transport *transport, unsigned bits); /* any thread */
void turn_post_in_loop(struct net_transport *transport,
		       unsigned bits);                    /* the loop's thread: it may take the turn itself */
void turn_on_worker(struct net_transport *transport);     /* a worker's thread, which owns it */
void turn_begin_in_loop(struct net_transport *transport); /* a new session, owned by the loop */
bool turn_try_own(struct net_transport *transport);       /* any thread: true: now you own it; let go by … */
void turn_let_go(struct net_transport *transport);

/* transport.c */
struct net_transport *transport_create(struct net_daemon *daemon, struct loop *loop,
				       const struct net_listener *listener, int fd, const struct peer *peer);
struct net_transport *transport_find(struct net_daemon *daemon, uint64_t number); /* with a reference, or NULL */
void transport_ref(struct net_transport *transport);
void transport_unref(struct net_transport *transport);
void transport_forget(struct net_transport *transport); /* no look-up finds it any more */
void transport_forget_all(struct net_daemon *daemon);
/* All sessions, each with a reference of the caller's. */
struct net_transport **transport_all(struct net_daemon *daemon, size_t *count_r);
/* The owner, before the session opens: the client is somebody else than he who has connected. */
void transport_set_peer(struct net_transport *transport, const struct peer *peer);
char *transport_remote(struct net_transport *transport); /* any thread: a copy */
char *transport_user(struct net_transport *transport);   /* any thread: a copy, or NULL */
void transport_update_traces(struct net_daemon *daemon); /* any thread: whom the trace is about has changed */
bool transport_read(struct net_transport *transport);    /* one read; true: something new in session->in, or the end */
bool transport_has_more(const struct net_transport *transport); /* received, and not yet in session->in */
bool transport_flush(struct net_transport *transport);          /* sends what it can; false: the connection is broken */
size_t transport_waiting(const struct net_transport *transport); /* bytes not yet taken by the kernel */
void transport_discard(struct net_transport *transport);         /* what the socket holds, and nobody will read */
void transport_finish(struct net_transport *transport);          /* all is sent: the last courtesies */
void transport_limit(struct net_transport *transport);           /* the time limit starts anew */
/* The client was heard of: likewise, but neither before log-in nor while closing, for those limits are absolute. */
void transport_touch(struct net_transport *transport);

/* loop.c */
void loop_init(struct loop *loop, struct net_daemon *daemon);
void loop_start(struct loop *loop);
void loop_adopt(struct loop *loop, struct net_transport *transport); /* the loop's thread */
void loop_add(struct loop *loop, struct net_transport *transport);   /* any thread */
void loop_bury(struct loop *loop, struct net_transport *transport);  /* any thread, once a session */
void loop_due(struct loop *loop, int64_t at); /* any thread: a session has something to do at that time */
void loop_wake(struct loop *loop);            /* any thread */
void loop_stop(struct loop *loop);            /* any thread; then join */
void loop_done(struct loop *loop);

/* worker.c */
void workers_start(struct net_daemon *daemon, unsigned count);
void workers_push(struct net_daemon *daemon, struct net_transport *transport);
void workers_stop(struct net_daemon *daemon);

/* listener.c */
char *listeners_open(struct net_daemon *daemon); /* NULL, or why not (heap) */
void listeners_start(struct net_daemon *daemon); /* accepts in loop 0 */
void listeners_close(struct net_daemon *daemon); /* in loop 0's thread, or after it has ended */

/* address.c */
void peer_of(const struct sockaddr_storage *from, struct peer *peer_r);
bool address_is_unix(const char *address);
/* The words of that key in [trusted]; NULL, or what is wrong with them (heap). */
char *networks_take(struct networks *networks, const struct config *config, const char *key, bool may_be_unix);
void networks_done(struct networks *networks);
bool networks_have(const struct networks *networks, const char *address);

/* admit.c */
/* Counts the connection for its address. Where that or the daemon has too many, it is refused: it will hear why. */
void admit(struct net_transport *transport);
/* The owner, in PHASE_PROXY. Takes the header off the socket, and not a byte more; the client it names is admitted.
 * MORE: it has not come yet. BAD: the connection is broken; the log has why, where a proxy is to be set right. */
enum parse admit_behind_proxy(struct net_transport *transport);
void admit_complain(struct net_daemon *daemon, const char *remote, const char *what); /* any thread */

/* tls.c */
struct net_tls *tls_create(const struct config *config, char **error_r); /* NULL without error: not configured */
void tls_replace(struct net_daemon *daemon, struct net_tls *tls);
void tls_destroy(struct net_tls **tls);          /* drops a reference */
bool tls_start(struct net_transport *transport); /* false: no certificate, or no memory */

/* deflate.c */
struct deflate *deflate_create(void);
void deflate_destroy(struct deflate **deflate);
bool deflate_out(struct deflate *deflate, struct span plain);       /* into the waiting compressed bytes */
struct buf *deflate_waiting(struct deflate *deflate, size_t *sent); /* compressed bytes not yet sent */
void deflate_sent(struct deflate *deflate, size_t n);
/* Appends what compressed says to plain, but only so much at a time: the rest waits, and deflate_in() without new bytes
 * goes on with it. False: damaged. */
bool deflate_in(struct deflate *deflate, struct span compressed, struct buf *plain);
bool deflate_has_more(const struct deflate *deflate);

/* counter.c: how many of each name */
struct counter *counter_create(void);
void counter_destroy(struct counter **counter);
bool counter_enter(struct counter *counter, const char *name, uint64_t max); /* max 0: none; false: it is full */
void counter_leave(struct counter *counter, const char *name);

/* trace.c */
struct trace *trace_create(const struct config *config);
void trace_destroy(struct trace **trace);
void trace_reload(struct trace *trace, const struct config *config); /* the users, not the folder */
void trace_set(struct trace *trace, const char *user, bool on);
bool trace_has(struct trace *trace, const char *user);
void trace_write(struct trace *trace, const struct net_session *session, char direction, struct span bytes);

/* control.c */
struct control *control_start(struct net_daemon *daemon, char **error_r); /* NULL without error: not configured */
void control_stop(struct control **control);

#endif

/* Event loops: they wait for the sockets and for time. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	SWEEP_MS = 250,
	REMIND_MS = 1000, /* of a time limit that a busy worker has not seen yet */
};

void loop_due(struct loop *loop, int64_t at)
{
	int64_t due = atomic_load(&loop->due);

	while (at < due && !atomic_compare_exchange_weak(&loop->due, &due, at))
		;
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	turn_post_in_loop(arg, ((what & EV_READ) ? TURN_READABLE : 0u) | ((what & EV_WRITE) ? TURN_WRITABLE : 0u) |
				       ((what & EV_CLOSED) ? TURN_READABLE | TURN_HANGUP : 0u));
}

void loop_adopt(struct loop *loop, struct net_transport *transport)
{
	int rc;

	TAILQ_INSERT_TAIL(&loop->sessions, transport, all);
	loop_due(loop, atomic_load(&transport->deadline)); /* a sweep may have come before us */
	rc = event_assign(&transport->event, loop->base, transport->fd,
			  EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_socket, transport);
	must(rc == 0);
	if (event_add(&transport->event, NULL) != 0)
		transport->is_broken = true;
	turn_begin_in_loop(transport);
}

static void log_end(const struct net_transport *transport)
{
	struct log_about about = net_session_about(transport->session);

	if (transport->session->user != NULL)
		log_info(&about, "closed: %llu bytes in, %llu out, %lld s", (unsigned long long)transport->bytes_in,
			 (unsigned long long)transport->bytes_out,
			 (long long)(clock_uptime_ms() - transport->opened_at) / 1000);
	else
		log_debug(&about, "closed without log-in");
}

static void take_dead(struct loop *loop, struct net_transport *transport)
{
	struct net_daemon *daemon = loop->daemon;

	event_del(&transport->event);
	TAILQ_REMOVE(&loop->sessions, transport, all);
	transport_forget(transport);
	log_end(transport);
	if (transport->is_counted)
		counter_leave(daemon->by_address, transport->address);
	if (transport->session->user != NULL)
		counter_leave(daemon->by_user, transport->session->user);
	atomic_fetch_add(&daemon->bytes_in, transport->bytes_in);
	atomic_fetch_add(&daemon->bytes_out, transport->bytes_out);
	atomic_fetch_sub(&daemon->sessions, 1);
	transport_unref(transport);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;
	struct transport_queue fresh = STAILQ_HEAD_INITIALIZER(fresh), dead = STAILQ_HEAD_INITIALIZER(dead);
	struct net_transport *transport;
	bool stop;

	(void)fd; /* edge-triggered: each write() is an event, and need not be read */
	(void)what;
	atomic_store(&loop->is_woken, false);
	pthread_mutex_lock(&loop->lock);
	STAILQ_CONCAT(&fresh, &loop->fresh);
	STAILQ_CONCAT(&dead, &loop->dead);
	stop = loop->is_stopping;
	pthread_mutex_unlock(&loop->lock);
	while ((transport = STAILQ_FIRST(&fresh)) != NULL) {
		STAILQ_REMOVE_HEAD(&fresh, queue);
		loop_adopt(loop, transport);
	}
	while ((transport = STAILQ_FIRST(&dead)) != NULL) {
		STAILQ_REMOVE_HEAD(&dead, queue);
		take_dead(loop, transport);
	}
	if (atomic_load(&loop->daemon->is_stopping) && loop == loop->daemon->loops)
		listeners_close(loop->daemon);
	if (stop)
		event_base_loopbreak(loop->base);
}

/* What has come about, and when there is something to look for again. */
static unsigned times_of(struct net_transport *transport, int64_t now, int64_t *again)
{
	int64_t timer_at = atomic_load(&transport->timer_at), deadline = atomic_load(&transport->deadline);
	unsigned bits = 0;

	if (timer_at != 0 && now >= timer_at && atomic_compare_exchange_strong(&transport->timer_at, &timer_at, 0))
		bits |= TURN_TIMER;
	else if (timer_at != 0 && timer_at < *again)
		*again = timer_at;
	if (now >= deadline) {
		bits |= TURN_TIMEOUT;
		deadline = now + REMIND_MS;
	}
	if (deadline < *again)
		*again = deadline;
	return bits;
}

/* Time limits are coarse, so a look at all sessions, at most four times a second and only when one of them may be due,
 * is cheaper than a timer for each. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;
	int64_t now = clock_uptime_ms(), again = INT64_MAX;
	struct net_transport *transport, *next;

	(void)fd;
	(void)what;
	if (now < atomic_load(&loop->due))
		return;
	atomic_store(&loop->due, INT64_MAX); /* who sets a time from now on lowers it */
	for (transport = TAILQ_FIRST(&loop->sessions); transport != NULL; transport = next) {
		unsigned bits = times_of(transport, now, &again);

		next = TAILQ_NEXT(transport, all);
		if (bits != 0)
			turn_post_in_loop(transport, bits);
	}
	loop_due(loop, again);
}

void loop_wake(struct loop *loop)
{
	uint64_t one = 1;

	if (!atomic_exchange(&loop->is_woken, true))
		(void)!write(loop->wake_fd, &one, sizeof one);
}

void loop_add(struct loop *loop, struct net_transport *transport)
{
	pthread_mutex_lock(&loop->lock);
	STAILQ_INSERT_TAIL(&loop->fresh, transport, queue);
	pthread_mutex_unlock(&loop->lock);
	loop_wake(loop);
}

void loop_bury(struct loop *loop, struct net_transport *transport)
{
	pthread_mutex_lock(&loop->lock);
	STAILQ_INSERT_TAIL(&loop->dead, transport, queue);
	pthread_mutex_unlock(&loop->lock);
	loop_wake(loop);
}

void loop_init(struct loop *loop, struct net_daemon *daemon)
{
	struct event_config *config = event_config_new();
	struct timeval every = {.tv_usec = SWEEP_MS * 1000};

	must(config != NULL);
	(void)event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_O1 | EV_FEATURE_EARLY_CLOSE);
	*loop = (struct loop){.daemon = daemon, .due = INT64_MAX};
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	must(loop->base != NULL);
	TAILQ_INIT(&loop->sessions);
	STAILQ_INIT(&loop->fresh);
	STAILQ_INIT(&loop->dead);
	pthread_mutex_init(&loop->lock, NULL);
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(loop->wake_fd >= 0);
	loop->wake_event = event_new(loop->base, loop->wake_fd, EV_READ | EV_ET | EV_PERSIST, on_wake, loop);
	loop->sweep_event = event_new(loop->base, -1, EV_PERSIST, on_sweep, loop);
	must(loop->wake_event != NULL && loop->sweep_event != NULL);
	event_add(loop->wake_event, NULL);
	event_add(loop->sweep_event, &every);
}

static void *loop_main(void *arg)
{
	struct loop *loop = arg;

	(void)event_base_dispatch(loop->base);
	return NULL;
}

void loop_start(struct loop *loop)
{
	int rc = pthread_create(&loop->thread, NULL, loop_main, loop);

	must(rc == 0);
}

void loop_stop(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->is_stopping = true;
	pthread_mutex_unlock(&loop->lock);
	loop_wake(loop);
}

/* The thread has ended: what the drain time did not suffice for goes without a word. */
void loop_done(struct loop *loop)
{
	struct net_transport *transport;

	while ((transport = STAILQ_FIRST(&loop->fresh)) != NULL) {
		STAILQ_REMOVE_HEAD(&loop->fresh, queue);
		transport_forget(transport);
		transport_unref(transport);
	}
	while ((transport = TAILQ_FIRST(&loop->sessions)) != NULL) {
		if (transport->is_opened && transport->phase != PHASE_DEAD)
			transport->protocol->close(transport->session);
		event_del(&transport->event);
		TAILQ_REMOVE(&loop->sessions, transport, all);
		transport_forget(transport);
		transport_unref(transport);
	}
	event_free(loop->wake_event);
	event_free(loop->sweep_event);
	event_base_free(loop->base);
	close(loop->wake_fd);
	pthread_mutex_destroy(&loop->lock);
}

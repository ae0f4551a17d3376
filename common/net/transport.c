/* The bytes of one connection: plain, through TLS, compressed. And the table that finds a connection by its session's
 * number. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/must.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16384, READ_BYTES_MORE = 131072, DISCARD_READS = 16 };

static void set_peer(struct net_transport *transport, const struct peer *peer)
{
	struct net_session *session = transport->session;

	(void)snprintf(transport->remote, sizeof transport->remote, "%s", peer->remote);
	transport->address = alloc_text(peer->address);
	session->is_local = peer->is_local;
	session->is_trusted = peer->is_local || networks_have(&session->daemon->trusted, peer->address);
}

struct net_transport *transport_create(struct net_daemon *daemon, struct loop *loop,
				       const struct net_listener *listener, int fd, const struct peer *peer)
{
	struct net_transport *transport = alloc_zero(1, sizeof *transport);
	struct net_session *session = alloc_zero(1, listener->protocol->session_size);
	struct net_transport **bucket;

	transport->session = session;
	transport->protocol = listener->protocol;
	transport->loop = loop;
	transport->fd = fd;
	transport->state = TURN_OWNED;
	transport->refs = 1;
	transport->next = NET_WAIT;
	transport->opened_at = clock_uptime_ms();
	transport->timeout_ms = (int64_t)daemon->pre_login_ms;
	session->number = atomic_fetch_add(&daemon->next_number, 1) + 1;
	session->listener_arg = listener->arg;
	session->daemon = daemon;
	session->transport = transport;
	session->remote = transport->remote;
	set_peer(transport, peer);
	if (listener->tls) {
		transport->handshake_is_first = true;
		transport->is_broken = !tls_start(transport);
	}
	transport_limit(transport);
	pthread_mutex_lock(&daemon->numbers_lock);
	bucket = &daemon->numbers[session->number % NUMBER_BUCKETS];
	transport->next_by_number = *bucket;
	*bucket = transport;
	pthread_mutex_unlock(&daemon->numbers_lock);
	return transport;
}

struct net_transport *transport_find(struct net_daemon *daemon, uint64_t number)
{
	struct net_transport *found;

	pthread_mutex_lock(&daemon->numbers_lock);
	for (found = daemon->numbers[number % NUMBER_BUCKETS]; found != NULL; found = found->next_by_number)
		if (found->session->number == number) {
			atomic_fetch_add(&found->refs, 1);
			break;
		}
	pthread_mutex_unlock(&daemon->numbers_lock);
	return found;
}

struct net_transport **transport_all(struct net_daemon *daemon, size_t *count_r)
{
	struct net_transport **list = NULL;
	size_t capacity = 0, count = 0;

	pthread_mutex_lock(&daemon->numbers_lock);
	for (size_t i = 0; i < NUMBER_BUCKETS; i++)
		for (struct net_transport *at = daemon->numbers[i]; at != NULL; at = at->next_by_number) {
			void *grown = list;

			alloc_grow(&grown, &capacity, count + 1, sizeof *list);
			list = grown;
			atomic_fetch_add(&at->refs, 1);
			list[count++] = at;
		}
	pthread_mutex_unlock(&daemon->numbers_lock);
	*count_r = count;
	return list;
}

void transport_set_peer(struct net_transport *transport, const struct peer *peer)
{
	struct net_daemon *daemon = transport->loop->daemon;

	pthread_mutex_lock(&daemon->numbers_lock);
	free(transport->address);
	set_peer(transport, peer);
	pthread_mutex_unlock(&daemon->numbers_lock);
}

char *transport_remote(struct net_transport *transport)
{
	struct net_daemon *daemon = transport->loop->daemon;
	char *remote;

	pthread_mutex_lock(&daemon->numbers_lock);
	remote = alloc_text(transport->remote);
	pthread_mutex_unlock(&daemon->numbers_lock);
	return remote;
}

char *transport_user(struct net_transport *transport)
{
	struct net_daemon *daemon = transport->loop->daemon;
	char *user;

	pthread_mutex_lock(&daemon->numbers_lock);
	user = alloc_text(transport->session->user);
	pthread_mutex_unlock(&daemon->numbers_lock);
	return user;
}

void transport_update_traces(struct net_daemon *daemon)
{
	pthread_mutex_lock(&daemon->numbers_lock);
	for (size_t i = 0; i < NUMBER_BUCKETS; i++)
		for (struct net_transport *at = daemon->numbers[i]; at != NULL; at = at->next_by_number)
			if (at->session->user != NULL)
				atomic_store(&at->is_traced, trace_has(daemon->trace, at->session->user));
	pthread_mutex_unlock(&daemon->numbers_lock);
}

void transport_forget(struct net_transport *transport)
{
	struct net_daemon *daemon = transport->loop->daemon;
	struct net_transport **at = &daemon->numbers[transport->session->number % NUMBER_BUCKETS];

	pthread_mutex_lock(&daemon->numbers_lock);
	while (*at != NULL && *at != transport)
		at = &(*at)->next_by_number;
	if (*at != NULL)
		*at = transport->next_by_number;
	pthread_mutex_unlock(&daemon->numbers_lock);
}

void transport_forget_all(struct net_daemon *daemon)
{
	pthread_mutex_lock(&daemon->numbers_lock);
	memset(daemon->numbers, 0, sizeof daemon->numbers);
	pthread_mutex_unlock(&daemon->numbers_lock);
}

void transport_ref(struct net_transport *transport)
{
	atomic_fetch_add(&transport->refs, 1);
}

void transport_unref(struct net_transport *transport)
{
	struct net_session *session = transport->session;

	if (atomic_fetch_sub(&transport->refs, 1) != 1)
		return;
	SSL_free(transport->ssl);
	tls_destroy(&transport->tls);
	deflate_destroy(&transport->deflate);
	close(transport->fd);
	buf_done(&session->in);
	buf_done(&session->out.bytes);
	free(session->user);
	free(session);
	free(transport->address);
	free(transport);
}

void transport_limit(struct net_transport *transport)
{
	int64_t deadline = clock_uptime_ms() + atomic_load(&transport->timeout_ms);

	atomic_store(&transport->deadline, deadline);
	loop_due(transport->loop, deadline);
}

void transport_touch(struct net_transport *transport)
{
	if (transport->session->user != NULL && transport->phase != PHASE_CLOSING)
		transport_limit(transport);
}

size_t transport_waiting(const struct net_transport *transport)
{
	size_t waiting = out_waiting(&transport->session->out), sent;

	if (transport->deflate != NULL) {
		const struct buf *compressed = deflate_waiting(transport->deflate, &sent);

		waiting += compressed->n - sent;
	}
	return waiting;
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* > 0 bytes, 0 nothing now, -1 the end or broken. */
static ssize_t receive(struct net_transport *transport, char *to, size_t n)
{
	ssize_t got;

	if (transport->ssl != NULL) {
		int rc;

		ERR_clear_error();
		rc = SSL_read(transport->ssl, to, n > INT_MAX ? INT_MAX : (int)n);

		if (rc > 0) {
			if (SSL_has_pending(transport->ssl)) /* else it is as the socket said */
				transport->is_drained = false;
			return rc;
		}
		switch (SSL_get_error(transport->ssl, rc)) {
		case SSL_ERROR_WANT_READ:
		case SSL_ERROR_WANT_WRITE:
			transport->is_drained = true;
			return 0;
		case SSL_ERROR_ZERO_RETURN:
			transport->is_eof = true;
			return -1;
		default:
			ERR_clear_error();
			transport->is_broken = true;
			return -1;
		}
	}
	do {
		got = recv(transport->fd, to, n, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		/* A short read does not prove that nothing follows: a reset right behind the data has no event of its
		 * own. */
		transport->is_drained = false;
		return got;
	}
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		transport->is_drained = true;
		return 0;
	}
	if (got == 0)
		transport->is_eof = true;
	else
		transport->is_broken = true;
	return -1;
}

bool transport_has_more(const struct net_transport *transport)
{
	return transport->deflate != NULL && deflate_has_more(transport->deflate);
}

bool transport_read(struct net_transport *transport)
{
	struct net_session *session = transport->session;
	size_t want = session->in.n > READ_BYTES / 2 ? READ_BYTES_MORE : READ_BYTES;
	ssize_t got;

	if (transport_has_more(transport)) {
		if (deflate_in(transport->deflate, (struct span){0}, &session->in))
			return true;
		transport->is_broken = true;
		return false;
	}
	if (transport->is_eof)
		return false;
	if (transport->deflate != NULL) {
		char scratch[READ_BYTES];

		got = receive(transport, scratch, sizeof scratch);
		if (got > 0 && !deflate_in(transport->deflate, span_from(scratch, (size_t)got), &session->in)) {
			transport->is_broken = true;
			return false;
		}
	} else {
		got = receive(transport, buf_room(&session->in, want), want);
		if (got > 0)
			buf_added(&session->in, (size_t)got);
	}
	if (got <= 0)
		return transport->is_eof;
	transport->bytes_in += (uint64_t)got;
	transport_touch(transport);
	return true;
}

/* --- sending
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* > 0 bytes, 0 not now, -1 broken. */
static ssize_t transmit(struct net_transport *transport, const char *from, size_t n)
{
	ssize_t sent;

	if (transport->ssl != NULL) {
		int rc;

		ERR_clear_error();
		rc = SSL_write(transport->ssl, from, n > INT_MAX ? INT_MAX : (int)n);

		if (rc > 0)
			return rc;
		switch (SSL_get_error(transport->ssl, rc)) {
		case SSL_ERROR_WANT_READ:
		case SSL_ERROR_WANT_WRITE:
			return 0;
		default:
			ERR_clear_error();
			return -1;
		}
	}
	do {
		sent = send(transport->fd, from, n, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
}

static bool flush_run(struct net_transport *transport, const char *bytes, size_t n, size_t *sent)
{
	while (*sent < n) {
		ssize_t took = transmit(transport, bytes + *sent, n - *sent);

		if (took < 0)
			return false;
		if (took == 0)
			return true;
		*sent += (size_t)took;
		transport->bytes_out += (uint64_t)took;
		transport_touch(transport);
	}
	return true;
}

/* A client that always reads a little less than it gets: what it has read does not pile up. */
static void drop_sent(struct buf *bytes, size_t *sent)
{
	if (*sent == 0 || bytes->n - *sent > OUT_LOW_WATER)
		return;
	buf_consume(bytes, *sent);
	*sent = 0;
}

bool transport_flush(struct net_transport *transport)
{
	struct out *out = &transport->session->out;
	struct buf *compressed;
	size_t sent, before;
	bool ok;

	if (transport->deflate == NULL) {
		ok = flush_run(transport, out->bytes.p, out->bytes.n, &out->sent);
		drop_sent(&out->bytes, &out->sent);
		return ok;
	}
	if (out_waiting(out) > 0) {
		if (!deflate_out(transport->deflate, span_from(out->bytes.p + out->sent, out_waiting(out))))
			return false;
		out->bytes.n = 0;
		out->sent = 0;
	}
	compressed = deflate_waiting(transport->deflate, &sent);
	before = sent;
	ok = flush_run(transport, compressed->p, compressed->n, &sent);
	deflate_sent(transport->deflate, sent - before);
	return ok;
}

void transport_discard(struct net_transport *transport)
{
	char scratch[READ_BYTES];
	bool is_empty = false;

	for (int i = 0; i < DISCARD_READS && !is_empty; i++)
		is_empty = recv(transport->fd, scratch, sizeof scratch, MSG_DONTWAIT) <= 0;
}

/* The client of a clean end gets TLS's own farewell; and the kernel must not find unread bytes when the socket is
 * closed, or it resets the connection and may take our last words with it. */
void transport_finish(struct net_transport *transport)
{
	if (transport->ssl != NULL) {
		ERR_clear_error();
		(void)SSL_shutdown(transport->ssl);
		ERR_clear_error();
	}
	if (!transport->is_drained)
		transport_discard(transport);
}

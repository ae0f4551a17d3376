/* Who has come, and whether there is room for him: limits of connections; behind a proxy, first of all the header that
 * says who it is. */
#include "common/net/net_private.h"
#include "common/base/clock.h"
#include "common/net/proxy.h"

#include <errno.h>

enum { COMPLAIN_MS = 1000 };

void admit_complain(struct net_daemon *daemon, const char *remote, const char *what)
{
	struct log_about about = {.remote = remote};
	int64_t now = clock_uptime_ms(), last = atomic_load(&daemon->complained_at);

	if (last != 0 && now - last < COMPLAIN_MS)
		return;
	if (atomic_compare_exchange_strong(&daemon->complained_at, &last, now))
		log_warning(&about, "%s", what);
}

void admit(struct net_transport *transport)
{
	struct net_daemon *daemon = transport->session->daemon;
	uint64_t most = address_is_unix(transport->address) ? 0 : atomic_load(&daemon->max_per_address);

	if (!transport->is_refused)
		transport->is_counted = counter_enter(daemon->by_address, transport->address, most);
	transport->is_refused = !transport->is_counted;
	if (transport->is_refused)
		admit_complain(daemon, transport->remote, "refused: too many connections");
}

static ssize_t receive(int fd, char *to, size_t n, int flags)
{
	ssize_t got;

	do {
		got = recv(fd, to, n, flags);
	} while (got < 0 && errno == EINTR);
	return got;
}

static enum parse give_up(struct net_transport *transport, const char *why)
{
	struct log_about about = net_session_about(transport->session);

	if (why != NULL)
		log_warning(&about, "closed: %s", why);
	transport->is_broken = true;
	return PARSE_BAD;
}

static void take_client(struct net_transport *transport, const struct proxy_header *header)
{
	struct net_session *session = transport->session;
	struct peer peer = {0};

	if (header->client.ss_family != AF_UNSPEC) {
		struct log_about about = net_session_about(session);

		peer_of(&header->client, &peer);
		log_debug(&about, "a proxy: it speaks for %s%s", peer.remote,
			  header->is_tls ? ", a client over TLS" : "");
		peer.is_local &= session->is_local; /* the proxy's loopback is ours only where the proxy is here */
		transport_set_peer(transport, &peer);
	}
	session->is_trusted |= header->is_tls;
}

enum parse admit_behind_proxy(struct net_transport *transport)
{
	char bytes[PROXY_HEADER_MAX];
	ssize_t got = receive(transport->fd, bytes, sizeof bytes, MSG_PEEK);
	struct span rest = span_from(bytes, got < 0 ? 0 : (size_t)got);
	struct proxy_header header;
	size_t n;

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		return give_up(transport, NULL); /* it only looked whether somebody is there */
	switch (proxy_header_parse(&rest, &header)) {
	case PARSE_OK:
		break;
	case PARSE_MORE:
		if (got > 0 && transport->is_hanging_up)
			return give_up(transport, "the PROXY header is not complete");
		transport->is_drained = true; /* as good as: it is looked at again when more has come */
		return PARSE_MORE;
	case PARSE_BAD:
		return give_up(transport, "a proxy's connection must begin with a PROXY header");
	}
	n = (size_t)got - rest.n;
	if (receive(transport->fd, bytes, n, 0) != (ssize_t)n)
		return give_up(transport, NULL);
	transport->is_drained = false;
	take_client(transport, &header);
	admit(transport);
	return PARSE_OK;
}

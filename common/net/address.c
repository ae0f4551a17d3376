/* Addresses: of a peer as text, and whether one is in a list of networks. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char unix_peer[] = "unix";

void peer_of(const struct sockaddr_storage *from, struct peer *peer_r)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	char *address = peer_r->address, *remote = peer_r->remote;

	if (from->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &v4->sin_addr, address, sizeof peer_r->address);
		(void)snprintf(remote, sizeof peer_r->remote, "%s:%u", address, ntohs(v4->sin_port));
		peer_r->is_local = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	} else if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		(void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], address, sizeof peer_r->address);
		(void)snprintf(remote, sizeof peer_r->remote, "%s:%u", address, ntohs(v6->sin6_port));
		peer_r->is_local = v6->sin6_addr.s6_addr[12] == 127;
	} else if (from->ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof peer_r->address);
		(void)snprintf(remote, sizeof peer_r->remote, "[%s]:%u", address, ntohs(v6->sin6_port));
		peer_r->is_local = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	} else {
		memcpy(address, unix_peer, sizeof unix_peer);
		memcpy(remote, unix_peer, sizeof unix_peer);
		peer_r->is_local = true;
	}
}

bool address_is_unix(const char *address)
{
	return strcmp(address, unix_peer) == 0;
}

/* ADDRESS or ADDRESS/BITS of that family. */
static bool parse_network(const char *network, int family, unsigned char *address_r, unsigned *bits_r)
{
	char text[INET6_ADDRSTRLEN];
	size_t n = strcspn(network, "/");
	uint64_t bits = family == AF_INET ? 32 : 128;

	if (n >= sizeof text)
		return false;
	memcpy(text, network, n);
	text[n] = '\0';
	if (inet_pton(family, text, address_r) != 1)
		return false;
	if (network[n] == '/' && !span_to_u64(span_of(network + n + 1), bits, &bits))
		return false;
	*bits_r = (unsigned)bits;
	return true;
}

static bool in_network(const char *network, int family, const unsigned char *address)
{
	unsigned char of[16];
	unsigned bits;

	return parse_network(network, family, of, &bits) && memcmp(of, address, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((of[bits / 8] ^ address[bits / 8]) >> (8 - bits % 8)) == 0);
}

static bool is_network(const char *network)
{
	unsigned char ignored[16];
	unsigned bits;

	return parse_network(network, AF_INET, ignored, &bits) || parse_network(network, AF_INET6, ignored, &bits);
}

char *networks_take(struct networks *networks, const struct config *config, const char *key, bool may_be_unix)
{
	const char *const *words;
	size_t count = config_words(config, "trusted", key, &words);

	networks->list = alloc_zero(count + 1, sizeof *networks->list);
	for (size_t i = 0; i < count; i++) {
		if (!is_network(words[i]) && !(may_be_unix && address_is_unix(words[i]))) {
			struct buf line = {0};

			buf_printf(&line, "%s in [trusted]: '%s' is not ADDRESS/BITS", key, words[i]);
			(void)buf_cstr(&line);
			return line.p;
		}
		networks->list[networks->count++] = alloc_text(words[i]);
	}
	return NULL;
}

void networks_done(struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		free(networks->list[i]);
	free(networks->list);
	*networks = (struct networks){0};
}

bool networks_have(const struct networks *networks, const char *address)
{
	bool is_unix = address_is_unix(address);
	unsigned char bytes[16];
	int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;

	if (!is_unix && inet_pton(family, address, bytes) != 1)
		return false;
	for (size_t i = 0; i < networks->count; i++)
		if (is_unix ? address_is_unix(networks->list[i]) : in_network(networks->list[i], family, bytes))
			return true;
	return false;
}

/* The header that a proxy puts before a connection's own bytes, so that we learn who the client is: the PROXY protocol,
 * version 1 (text) and 2 (binary), as HAProxy's doc/proxy-protocol.txt specifies it. Any thread. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "common/base/span.h"

#include <sys/socket.h>

enum {
	PROXY_V1_MAX = 107,               /* with its CRLF (2.1) */
	PROXY_HEADER_MAX = 16 + 4 * 1024, /* more belongs to no header that a proxy has a use for */
};

struct proxy_header {
	/* AF_INET, AF_INET6 (with the port), AF_UNIX (without the path): the client. AF_UNSPEC: the proxy speaks for
	 * itself (LOCAL), or cannot say for whom (UNKNOWN, UNSPEC, datagrams): the connection's own address holds. */
	struct sockaddr_storage client;
	bool is_tls; /* the client came to the proxy by TLS (PP2_TYPE_SSL) */
};

/* Takes the header off the front of what a connection sent. PARSE_BAD as soon as it can be no header, and with
 * PROXY_HEADER_MAX bytes never PARSE_MORE. The checksum is verified where there is one (2.2.3). */
enum parse proxy_header_parse(struct span *in, struct proxy_header *header_r);

#endif

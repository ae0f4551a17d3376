/* What a proxy in front says of its client: Forwarded (RFC 7239), or the older X-Forwarded-For, -Proto and -Host. Only
 * proxies that the configuration names are believed, and only the last one of a chain. */
#ifndef CALDAVD_FORWARDED_H
#define CALDAVD_FORWARDED_H

#include "caldavd/http/session.h"

struct forwarded {
	const char *client; /* its address without a port; NULL: not said, or not an address */
	struct span scheme; /* p NULL: not said */
	bool is_https;
	struct span host; /* p NULL: not said */
};

/* Lies in the exchange's arena. False: the other side is no such proxy; then all of it is empty. */
bool forwarded_read(struct http_exchange *x, struct forwarded *forwarded_r);

#endif

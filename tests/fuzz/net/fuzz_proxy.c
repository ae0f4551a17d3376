/* A PROXY header is the same whether it comes at once or in pieces, takes its own bytes and no more, and never wants
 * more than its limit. */
#include "common/base/must.h"
#include "common/net/proxy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_client(const struct proxy_header *header)
{
	int family = header->client.ss_family;

	must(family == AF_INET || family == AF_INET6 || family == AF_UNIX || (family == AF_UNSPEC && !header->is_tls));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span all = span_from(data, size), in = all;
	struct proxy_header header = {0};
	enum parse whole = proxy_header_parse(&in, &header), r = PARSE_MORE;
	size_t taken = size - in.n, n = 0;

	must(whole == PARSE_OK ? taken > 0 && taken <= PROXY_HEADER_MAX : taken == 0);
	must(whole != PARSE_MORE || size < PROXY_HEADER_MAX);
	if (whole == PARSE_OK)
		check_client(&header);
	for (; n <= size && r == PARSE_MORE; n++) {
		struct proxy_header piece = {0};
		struct span cut = span_sub(all, 0, n);

		r = proxy_header_parse(&cut, &piece);
		must(r != PARSE_OK || (n == taken && piece.is_tls == header.is_tls &&
				       memcmp(&piece.client, &header.client, sizeof piece.client) == 0));
	}
	must(r == whole);
	return 0;
}

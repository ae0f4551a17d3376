/* The PROXY protocol's header: one line of text (2.1), or a binary block with its length in front and a list of types,
 * lengths and values at its end (2.2). */
#include "common/net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* --- version 1
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* A word without its blank, which is taken, too. */
static bool take_word(struct span *in, struct span *word_r)
{
	size_t n = span_find_byte(*in, ' ');

	if (n == SIZE_MAX)
		return false;
	*word_r = span_sub(*in, 0, n);
	*in = span_sub(*in, n + 1, SIZE_MAX);
	return true;
}

static bool to_address(struct span word, int family, void *address_r)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (word.n >= sizeof text || memchr(word.p, '\0', word.n) != NULL)
		return false;
	memcpy(text, word.p, word.n);
	return inet_pton(family, text, address_r) == 1; /* which takes no heading zeroes in a decimal number */
}

static bool to_port(struct span word, in_port_t *port_r)
{
	uint64_t port;

	if (!span_to_u64(word, UINT16_MAX, &port) || (word.n > 1 && word.p[0] == '0'))
		return false;
	*port_r = htons((uint16_t)port);
	return true;
}

/* SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT; the destination must be there, and is not used. */
static bool parse_endpoints(struct span line, int family, void *address_r, in_port_t *port_r)
{
	struct span source, destination, port;
	unsigned char ignored[sizeof(struct in6_addr)];
	in_port_t ignored_port;

	return take_word(&line, &source) && take_word(&line, &destination) && take_word(&line, &port) &&
	       to_address(source, family, address_r) && to_address(destination, family, ignored) &&
	       to_port(port, port_r) && to_port(line, &ignored_port);
}

/* The line between "PROXY " and CRLF. */
static bool parse_line(struct span line, struct proxy_header *header)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&header->client;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&header->client;
	struct span kind;

	if (span_is(line, "UNKNOWN") || span_starts(line, SPAN("UNKNOWN ")))
		return true; /* whatever follows */
	if (!take_word(&line, &kind))
		return false;
	if (span_is(kind, "TCP4")) {
		v4->sin_family = AF_INET;
		return parse_endpoints(line, AF_INET, &v4->sin_addr, &v4->sin_port);
	}
	v6->sin6_family = AF_INET6;
	return span_is(kind, "TCP6") && parse_endpoints(line, AF_INET6, &v6->sin6_addr, &v6->sin6_port);
}

static enum parse parse_v1(struct span *in, struct proxy_header *header)
{
	struct span at = *in;
	enum parse r = span_take_text(&at, "PROXY ");
	size_t end;

	if (r != PARSE_OK)
		return r;
	end = span_find(span_sub(*in, 0, PROXY_V1_MAX), SPAN("\r\n"));
	if (end == SIZE_MAX)
		return in->n >= PROXY_V1_MAX ? PARSE_BAD : PARSE_MORE;
	if (!parse_line(span_sub(at, 0, end - (in->n - at.n)), header))
		return PARSE_BAD;
	*in = span_sub(*in, end + 2, SIZE_MAX);
	return PARSE_OK;
}

/* --- version 2
 * ----------------------------------------------------------------------------------------------------------------------
 */

enum {
	SIGNATURE_BYTES = 12,
	FIXED_BYTES = 16,
	VERSION_2_LOCAL = 0x20,
	VERSION_2_PROXY = 0x21,
	FAMILY_INET = 1,
	FAMILY_INET6 = 2,
	FAMILY_UNIX = 3, /* the last there is */
	PROTOCOL_STREAM = 1,
	PROTOCOL_DGRAM = 2, /* the last there is */
	INET_BYTES = 2 * 4 + 2 * 2,
	INET6_BYTES = 2 * 16 + 2 * 2,
	UNIX_BYTES = 2 * 108,
	TYPE_CRC32C = 0x03,
	TYPE_SSL = 0x20,
	CRC32C_BYTES = 4,
	SSL_BYTES_MIN = 5, /* what the client has, and whether his certificate was verified */
	CLIENT_SSL = 0x01,
};

static const unsigned char signature[SIGNATURE_BYTES] = "\r\n\r\n\0\r\nQUIT\n";

static unsigned byte_at(struct span s, size_t i)
{
	return (unsigned char)s.p[i];
}

static unsigned u16_at(struct span s, size_t i)
{
	return byte_at(s, i) << 8 | byte_at(s, i + 1);
}

static uint32_t u32_at(struct span s, size_t i)
{
	return (uint32_t)u16_at(s, i) << 16 | u16_at(s, i + 2);
}

/* Castagnoli's polynomial, reflected (RFC 4960, Appendix B). A header has some hundred bytes, once a connection: no
 * table. The four bytes at hole are counted as zeroes. */
static uint32_t crc32c(struct span s, size_t hole)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= i >= hole && i < hole + CRC32C_BYTES ? 0 : byte_at(s, i);
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
	}
	return ~crc;
}

/* The list that begins at `at` and ends with the header. */
static bool parse_values(struct span whole, size_t at, struct proxy_header *header)
{
	bool is_verified = false;

	while (at < whole.n) {
		unsigned type;
		size_t n;

		if (whole.n - at < 3)
			return false;
		type = byte_at(whole, at);
		n = u16_at(whole, at + 1);
		at += 3;
		if (n > whole.n - at)
			return false;
		if (type == TYPE_CRC32C) {
			if (is_verified || n != CRC32C_BYTES || u32_at(whole, at) != crc32c(whole, at))
				return false;
			is_verified = true;
		} else if (type == TYPE_SSL) {
			if (n < SSL_BYTES_MIN)
				return false;
			header->is_tls = byte_at(whole, at) & CLIENT_SSL;
		}
		at += n;
	}
	return true;
}

/* Source and destination, then their ports. *end_r: what is behind them. */
static bool parse_addresses(struct span whole, unsigned family, struct proxy_header *header, size_t *end_r)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&header->client;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&header->client;
	size_t n = family == FAMILY_INET ? INET_BYTES : family == FAMILY_INET6 ? INET6_BYTES : UNIX_BYTES;

	if (whole.n - FIXED_BYTES < n)
		return false;
	*end_r = FIXED_BYTES + n;
	if (family == FAMILY_INET) {
		v4->sin_family = AF_INET;
		memcpy(&v4->sin_addr, whole.p + FIXED_BYTES, sizeof v4->sin_addr);
		v4->sin_port = htons((uint16_t)u16_at(whole, FIXED_BYTES + 2 * sizeof v4->sin_addr));
	} else if (family == FAMILY_INET6) {
		v6->sin6_family = AF_INET6;
		memcpy(&v6->sin6_addr, whole.p + FIXED_BYTES, sizeof v6->sin6_addr);
		v6->sin6_port = htons((uint16_t)u16_at(whole, FIXED_BYTES + 2 * sizeof v6->sin6_addr));
	} else {
		header->client.ss_family = AF_UNIX;
	}
	return true;
}

/* What the block says; its length is known to be right. */
static bool parse_block(struct span whole, struct proxy_header *header)
{
	unsigned command = byte_at(whole, SIGNATURE_BYTES);
	unsigned family = byte_at(whole, SIGNATURE_BYTES + 1) >> 4;
	unsigned protocol = byte_at(whole, SIGNATURE_BYTES + 1) & 0x0f;
	size_t end;

	if (command == VERSION_2_LOCAL)
		return true; /* "discard the protocol block including the family which is ignored" */
	if (command != VERSION_2_PROXY || family > FAMILY_UNIX || protocol > PROTOCOL_DGRAM)
		return false;
	if (family == 0 || protocol != PROTOCOL_STREAM)
		return true; /* nobody knows where the addresses of an unknown family end and the list begins */
	return parse_addresses(whole, family, header, &end) && parse_values(whole, end, header);
}

static enum parse parse_v2(struct span *in, struct proxy_header *header)
{
	size_t n = in->n < SIGNATURE_BYTES ? in->n : SIGNATURE_BYTES;

	if (memcmp(in->p, signature, n) != 0)
		return PARSE_BAD;
	if (in->n < FIXED_BYTES)
		return PARSE_MORE;
	n = FIXED_BYTES + (size_t)u16_at(*in, FIXED_BYTES - 2);
	if (n > PROXY_HEADER_MAX)
		return PARSE_BAD;
	if (in->n < n)
		return PARSE_MORE;
	if (!parse_block(span_sub(*in, 0, n), header))
		return PARSE_BAD;
	*in = span_sub(*in, n, SIZE_MAX);
	return PARSE_OK;
}

enum parse proxy_header_parse(struct span *in, struct proxy_header *header_r)
{
	struct proxy_header header = {0};
	enum parse r;

	if (in->n == 0)
		return PARSE_MORE;
	r = in->p[0] == 'P' ? parse_v1(in, &header) : parse_v2(in, &header);
	if (r == PARSE_OK)
		*header_r = header;
	return r;
}

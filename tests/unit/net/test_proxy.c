/* The PROXY protocol's header: each also cut off at every byte, and with bytes of the connection behind it. */
#include "common/net/proxy.h"
#include "common/base/must.h"
#include "proxy_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* In a heap block of exactly that size. */
static enum parse parse_n(struct span bytes, size_t n, size_t *consumed_r, struct proxy_header *header_r)
{
	char *block = malloc(n == 0 ? 1 : n);
	struct span in = {block, n};
	enum parse r;

	must(block != NULL);
	memcpy(block, bytes.p, n);
	r = proxy_header_parse(&in, header_r);
	*consumed_r = n - in.n;
	free(block);
	return r;
}

static const char *client_of(const struct proxy_header *header, char *to, size_t n)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&header->client;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&header->client;
	char address[INET6_ADDRSTRLEN];

	switch (header->client.ss_family) {
	case AF_INET:
		snprintf(to, n, "%s %u", inet_ntop(AF_INET, &v4->sin_addr, address, sizeof address),
			 ntohs(v4->sin_port));
		break;
	case AF_INET6:
		snprintf(to, n, "%s %u", inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof address),
			 ntohs(v6->sin6_port));
		break;
	case AF_UNIX:
		snprintf(to, n, "unix");
		break;
	default:
		snprintf(to, n, "-");
	}
	return to;
}

/* A whole header is MORE until its last byte, and then takes exactly its bytes; a bad one is never taken. */
static void check(const char *what, struct span header, const char *want, bool is_tls)
{
	struct proxy_header got;
	struct buf longer = {0};
	size_t consumed = 0, n;
	enum parse r = PARSE_MORE;
	char text[64];

	for (n = 0; n <= header.n && r == PARSE_MORE; n++) {
		got.is_tls = !is_tls;
		r = parse_n(header, n, &consumed, &got);
		if (r != PARSE_OK && consumed != 0)
			fail_msg("%s: consumed %zu bytes", what, consumed);
	}
	if (want == NULL) {
		if (r != PARSE_BAD)
			fail_msg("%s: not refused", what);
		return;
	}
	if (r != PARSE_OK || n - 1 != header.n || consumed != header.n)
		fail_msg("%s: answer %d at %zu of %zu, %zu consumed", what, r, n - 1, header.n, consumed);
	if (strcmp(client_of(&got, text, sizeof text), want) != 0 || got.is_tls != is_tls)
		fail_msg("%s: %s, tls %d", what, text, got.is_tls);
	buf_span(&longer, header);
	buf_text(&longer, "\r\nPROXY a1 NOOP\r\n");
	r = parse_n(buf_view(&longer), longer.n, &consumed, &got);
	if (r != PARSE_OK || consumed != header.n)
		fail_msg("%s: %zu of %zu consumed", what, consumed, header.n);
	buf_done(&longer);
}

static void version_1(void **state)
{
	static const struct {
		struct span line;
		const char *want; /* NULL: bad */
	} cases[] = {
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 143\r\n"), "192.0.2.1 4711"},
		{SPAN("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255 65535"},
		{SPAN("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0 0"},
		{SPAN("PROXY TCP6 2001:DB8::1 2001:db8::2 4711 143\r\n"), "2001:db8::1 4711"},
		{SPAN("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe "
		      "65535 "
		      "65534\r\n"),
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535"},
		{SPAN("PROXY TCP6 ::ffff:192.0.2.1 :: 1 2\r\n"), "::ffff:192.0.2.1 1"},
		{SPAN("PROXY UNKNOWN\r\n"), "-"},
		{SPAN("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		      "65535 65535\r\n"),
		 "-"},
		{SPAN("PROXY UNKNOWN \r \n\0 \t anything\r\n"), "-"},
		{SPAN("PROXY UNKNOWNS\r\n"), NULL},
		{SPAN("PROXY TCP4\r\n"), NULL},
		{SPAN("PROXY \r\n"), NULL},
		{SPAN("PROXY\r\n"), NULL},
		{SPAN("proxy TCP4 192.0.2.1 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY tcp4 192.0.2.1 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP5 192.0.2.1 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY  TCP4 192.0.2.1 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4  192.0.2.1 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 143 \r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 143 1\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 \r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 65536 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 65536\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 04711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 -1 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 143x\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.256 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.01 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1\0 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2. 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 2001:db8::1 2001:db8::2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP6 192.0.2.1 192.0.2.2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP6 2001:db8::1::2 2001:db8::2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP6 2001:db8::1%lo 2001:db8::2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP6 1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20 2001:db8::2 4711 143\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 143\n\r\n"), NULL},
		{SPAN("PROXY TCP4 192.0.2.1 192.0.2.2 4711 143\r\r\n"), NULL},
		{SPAN("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		      "65535 655350\r\n"), /* 108 bytes */
		 NULL},
		{SPAN("a1 LOGIN anna x\r\n"), NULL},
		{SPAN("PROXYING\r\n"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		check(cases[i].line.p, cases[i].line, cases[i].want, false);
}

/* What cannot become a header is refused at once, not when a limit is reached. */
static void refused_early(void **state)
{
	static const struct {
		struct span bytes;
		size_t at;
	} cases[] = {
		{SPAN("a1 NOOP\r\n"), 1}, {SPAN("\x16\x03\x01\x02"), 1}, /* TLS */
		{SPAN("PROXZ"), 5},       {SPAN("\r\n\r\n\r"), 5},       {SPAN("\0"), 1},
	};
	struct proxy_header header;
	size_t consumed;

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		assert_int_equal(parse_n(cases[i].bytes, cases[i].at - 1, &consumed, &header), PARSE_MORE);
		assert_int_equal(parse_n(cases[i].bytes, cases[i].at, &consumed, &header), PARSE_BAD);
	}
}

static void check_v2(const char *what, int command, int family, struct span rest, const char *want, bool is_tls)
{
	struct buf header = {0};

	v2_header(&header, command, family, rest);
	check(what, buf_view(&header), want, is_tls);
	buf_done(&header);
}

static void version_2(void **state)
{
	static const char zeroes[256];
	static const struct {
		const char *what;
		int command, family;
		struct span rest;
		const char *want;
		bool is_tls;
	} cases[] = {
		{"TCP4", V2_PROXY, V2_TCP4, V2_INET, "192.0.2.1 4711", false},
		{"TCP6", V2_PROXY, V2_TCP6,
		 SPAN("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xff\xfe\0"
		      "\x8f"),
		 "2001:db8::1 65534", false},
		{"UNIX", V2_PROXY, V2_UNIX, {zeroes, 216}, "unix", false},
		{"LOCAL without anything", V2_LOCAL, 0, {zeroes, 0}, "-", false},
		{"LOCAL with addresses", V2_LOCAL, V2_TCP4, V2_INET, "-", false},
		{"LOCAL with anything", V2_LOCAL, 0xff, SPAN("\x20\xff\xff\x01"), "-", false},
		{"UNSPEC", V2_PROXY, 0, {zeroes, 0}, "-", false},
		{"UNSPEC with anything", V2_PROXY, 0, SPAN("\xff"), "-", false},
		{"UDP over IPv4", V2_PROXY, 0x12, V2_INET, "-", false},
		{"IPv4 over nobody knows what", V2_PROXY, 0x10, V2_INET, "-", false},
		{"no address", V2_PROXY, V2_TCP4, {zeroes, 0}, NULL, false},
		{"a short IPv4 address", V2_PROXY, V2_TCP4, {zeroes, 11}, NULL, false},
		{"a short IPv6 address", V2_PROXY, V2_TCP6, {zeroes, 35}, NULL, false},
		{"a short UNIX address", V2_PROXY, V2_UNIX, {zeroes, 215}, NULL, false},
		{"version 1 in binary", 0x11, V2_TCP4, V2_INET, NULL, false},
		{"version 3", 0x31, V2_TCP4, V2_INET, NULL, false},
		{"a third command", 0x22, V2_TCP4, V2_INET, NULL, false},
		{"a fifth family", V2_PROXY, 0x41, V2_INET, NULL, false},
		{"a fourth protocol", V2_PROXY, 0x13, V2_INET, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++)
		check_v2(cases[i].what, cases[i].command, cases[i].family, cases[i].rest, cases[i].want,
			 cases[i].is_tls);
}

/* The list behind the addresses. */
static void values(void **state)
{
	static const struct {
		const char *what;
		struct span list;
		bool is_good, is_tls;
	} cases[] = {
		{"empty values", SPAN("\x04\0\0\x05\0\0"), true, false},
		{"unknown ones", SPAN("\x01\0\x04imap\xe0\0\x01\0\xff\0\x02zz"), true, false},
		{"TLS", SPAN("\x20\0\x05\x01\0\0\0\0"), true, true},
		{"TLS with its version", SPAN("\x20\0\x0f\x01\0\0\0\x01\x21\0\x07TLSv1.3"), true, true},
		{"TLS with a certificate", SPAN("\x20\0\x05\x07\0\0\0\0\x04\0\0"), true, true},
		{"no TLS", SPAN("\x20\0\x05\0\0\0\0\x01"), true, false},
		{"a certificate without TLS", SPAN("\x20\0\x05\xfe\0\0\0\x01"), true, false},
		{"TLS said in a name", SPAN("\x02\0\x08\x20\0\x05\x01\0\0\0\0"), true, false},
		{"TLS too short", SPAN("\x20\0\x04\x01\0\0\0"), false, false},
		{"TLS empty", SPAN("\x20\0\0"), false, false},
		{"type alone", SPAN("\x04"), false, false},
		{"half a length", SPAN("\x04\0"), false, false},
		{"longer than the header", SPAN("\x04\0\x02\x01"), false, false},
		{"much longer", SPAN("\x04\xff\xff\x01"), false, false},
	};

	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		struct buf rest = {0};

		buf_span(&rest, V2_INET);
		buf_span(&rest, cases[i].list);
		check_v2(cases[i].what, V2_PROXY, V2_TCP4, buf_view(&rest), cases[i].is_good ? "192.0.2.1 4711" : NULL,
			 cases[i].is_tls);
		buf_done(&rest);
	}
}

/* By a computation of another kind: long division by the polynomial, most significant bit first, of the reflected
 * bytes. */
static uint32_t reflect(uint32_t bits, int n)
{
	uint32_t out = 0;

	for (int i = 0; i < n; i++)
		if (bits & (uint32_t)1 << i)
			out |= (uint32_t)1 << (n - 1 - i);
	return out;
}

static uint32_t checksum(struct span s)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= reflect((unsigned char)s.p[i], 8) << 24;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x80000000u) ? crc << 1 ^ 0x1edc6f41u : crc << 1;
	}
	return ~reflect(crc, 32);
}

static void put_checksum(struct buf *header, size_t at)
{
	uint32_t crc = checksum(buf_view(header));

	for (size_t i = 0; i < 4; i++)
		header->p[at + i] = (char)(crc >> (24 - 8 * i));
}

static void checksums(void **state)
{
	struct buf rest = {0}, header = {0};
	size_t at;

	(void)state;
	assert_int_equal(checksum(SPAN("123456789")), 0xe3069283); /* the check value of CRC-32C */
	buf_span(&rest, V2_INET);
	v2_value(&rest, 4, SPAN("padding"));
	v2_value(&rest, V2_CRC32C, SPAN("\0\0\0\0"));
	at = 16 + rest.n - 4;
	v2_value(&rest, V2_SSL, SPAN("\x01\0\0\0\0"));
	v2_header(&header, V2_PROXY, V2_TCP4, buf_view(&rest));
	check("zeroes for a checksum", buf_view(&header), NULL, false);
	put_checksum(&header, at);
	check("a checksum", buf_view(&header), "192.0.2.1 4711", true);
	for (size_t i = 16; i < header.n; i++) {
		struct span whole = buf_view(&header);
		struct proxy_header got;
		size_t consumed;

		if (i == at - 3) /* the type, without which there is no checksum */
			continue;
		header.p[i] ^= 0x10;
		assert_int_equal(parse_n(whole, whole.n, &consumed, &got), PARSE_BAD);
		header.p[i] ^= 0x10;
	}
	buf_done(&header);
	buf_done(&rest);

	buf_span(&rest, V2_INET);
	v2_value(&rest, V2_CRC32C, SPAN("\0\0\0"));
	check_v2("a checksum of three bytes", V2_PROXY, V2_TCP4, buf_view(&rest), NULL, false);
	buf_done(&rest);
}

static void lengths(void **state)
{
	enum { MOST = PROXY_HEADER_MAX - 16 };
	struct buf rest = {0};
	static char padding[MOST];

	(void)state;
	buf_span(&rest, V2_INET);
	v2_value(&rest, 4, span_from(padding, MOST - rest.n - 3 - 8));
	v2_value(&rest, V2_SSL, SPAN("\x01\0\0\0\0"));
	assert_int_equal(rest.n, MOST);
	check_v2("as long as may be", V2_PROXY, V2_TCP4, buf_view(&rest), "192.0.2.1 4711", true);
	check_v2("LOCAL as long as may be", V2_LOCAL, 0, buf_view(&rest), "-", false);
	buf_byte(&rest, '\0');
	check_v2("a byte longer", V2_LOCAL, 0, buf_view(&rest), NULL, false);
	buf_done(&rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1), cmocka_unit_test(refused_early), cmocka_unit_test(version_2),
		cmocka_unit_test(values),    cmocka_unit_test(checksums),     cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

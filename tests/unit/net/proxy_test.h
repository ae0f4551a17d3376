/* PROXY headers of version 2 for tests. */
#ifndef TESTS_UNIT_NET_PROXY_TEST_H
#define TESTS_UNIT_NET_PROXY_TEST_H

#include "common/base/buf.h"

#include <stdint.h>
#include <string.h>

#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21, V2_TCP4 = 0x11, V2_TCP6 = 0x21, V2_UNIX = 0x31, V2_CRC32C = 3, V2_SSL = 0x20 };

static inline void v2_u16(struct buf *out, size_t number)
{
	buf_byte(out, (char)(number >> 8));
	buf_byte(out, (char)number);
}

/* The length is that of rest. */
static inline void v2_header(struct buf *out, int command, int family, struct span rest)
{
	buf_span(out, SPAN(V2_SIGNATURE));
	buf_byte(out, (char)command);
	buf_byte(out, (char)family);
	v2_u16(out, rest.n);
	buf_span(out, rest);
}

static inline void v2_value(struct buf *out, int type, struct span value)
{
	buf_byte(out, (char)type);
	v2_u16(out, value.n);
	buf_span(out, value);
}

/* 192.0.2.1:4711 to 192.0.2.2:143 */
#define V2_INET SPAN("\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x00\x8f")

#endif

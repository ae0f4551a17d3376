/* Compressed connections (RFC 4978), alone and within TLS. */
#include "net_test.h"

#include <zlib.h>

struct packed {
	struct client *client;
	z_stream out, in;
	unsigned char received[4096];
};

static void pack_start(struct packed *p, struct client *client)
{
	memset(p, 0, sizeof *p);
	p->client = client;
	assert_int_equal(deflateInit2(&p->out, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(inflateInit2(&p->in, -15), Z_OK);
}

static void pack_end(struct packed *p)
{
	deflateEnd(&p->out);
	inflateEnd(&p->in);
}

static void pack_send_n(struct packed *p, const char *bytes, size_t n)
{
	static unsigned char room[1 << 20];

	p->out.next_in = (unsigned char *)bytes;
	p->out.avail_in = (unsigned)n;
	p->out.next_out = room;
	p->out.avail_out = sizeof room;
	assert_int_equal(deflate(&p->out, Z_SYNC_FLUSH), Z_OK);
	client_send_n(p->client, (char *)room, sizeof room - p->out.avail_out);
}

static void pack_send(struct packed *p, const char *text)
{
	pack_send_n(p, text, strlen(text));
}

static size_t pack_receive(struct packed *p, char *to, size_t n)
{
	p->in.next_out = (unsigned char *)to;
	p->in.avail_out = (unsigned)n;
	for (;;) {
		int rc = inflate(&p->in, Z_SYNC_FLUSH);
		ssize_t got;

		assert_true(rc == Z_OK || rc == Z_BUF_ERROR);
		if (p->in.avail_out < n)
			return n - p->in.avail_out;
		got = client_receive(p->client, (char *)p->received, sizeof p->received);
		if (got <= 0)
			return 0;
		p->in.next_in = p->received;
		p->in.avail_in = (unsigned)got;
	}
}

static void assert_packed_line(struct packed *p, const char *want)
{
	char line[256];
	size_t n = 0;

	while (n < sizeof line - 1 && pack_receive(p, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	assert_string_equal(line, want);
}

static void talk(struct client *c)
{
	static char bytes[65536];
	struct packed p;
	size_t want = 50000000;

	client_send(c, "COMPRESS\n");
	assert_line(c, "OK");
	pack_start(&p, c);
	for (int i = 0; i < 100; i++) {
		pack_send(&p, i % 2 == 0 ? "ECHO x\n" : "LOOP x\n");
		assert_packed_line(&p, "x");
	}
	pack_send(&p, "BIG 50000000\n");
	while (want > 0) {
		size_t got = pack_receive(&p, bytes, want < sizeof bytes ? want : sizeof bytes);

		assert_true(got > 0);
		want -= got;
	}
	pack_send(&p, "ECHO a\nQUIT\n");
	assert_packed_line(&p, "a");
	assert_packed_line(&p, "BYE");
	pack_end(&p);
	client_close(c);
}

static void test_plain(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	talk(&c);
	net_test_check_end(t);
}

static void test_within_tls(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	c = client_connect_tls(t);
	talk(&c);
	net_test_check_end(t);
}

/* A few bytes that would become very many: the protocol's own limits strike long before. */
static void test_bomb(void **state)
{
	struct net_test *t = *state;
	enum { BOMB = 50000000 };
	char *zeros = calloc(1, BOMB);
	struct client c;
	struct packed p;

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "COMPRESS\n");
	assert_line(&c, "OK");
	pack_start(&p, &c);
	pack_send_n(&p, zeros, BOMB);
	assert_int_equal(pack_receive(&p, zeros, 1), 0);
	pack_end(&p);
	client_close(&c);
	free(zeros);
	net_test_check_end(t);
}

static void test_damaged(void **state)
{
	struct net_test *t = *state;
	struct client c;
	struct packed p;
	unsigned char room[64];

	net_test_configure(t, false, "");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "COMPRESS\n");
	assert_line(&c, "OK");
	client_send(&c, "\377\377\377\377 this is not compressed\n");
	assert_null(client_line(&c));
	client_close(&c);
	c = client_connect(t); /* the stream ends, then the connection */
	client_send(&c, "COMPRESS\n");
	assert_line(&c, "OK");
	pack_start(&p, &c);
	p.out.next_in = (unsigned char *)"ECHO last\n";
	p.out.avail_in = 10;
	p.out.next_out = room;
	p.out.avail_out = sizeof room;
	assert_int_equal(deflate(&p.out, Z_FINISH), Z_STREAM_END);
	client_send_n(&c, (char *)room, sizeof room - p.out.avail_out);
	shutdown(c.fd, SHUT_WR);
	assert_packed_line(&p, "last");
	assert_end(&c);
	pack_end(&p);
	client_close(&c);
	net_test_check_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_plain),
		NET_TEST(test_within_tls),
		NET_TEST(test_bomb),
		NET_TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* TLS: implicit and by STARTTLS, several certificates, reload, client certificates, channel bindings, ALPN. */
#include "net_test.h"

static void test_implicit(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	c = client_connect_tls(t);
	client_send(&c, "ABOUT\nECHO x\n");
	assert_line(&c, "- tls local trusted");
	assert_line(&c, "x");
	client_send(&c, "BIG 3000000\n");
	assert_big(&c, 3000000);
	client_send(&c, "QUIT\nECHO never\n");
	assert_line(&c, "BYE");
	assert_end(&c); /* with close_notify */
	client_close(&c);
	c = client_connect_tls(t); /* commands behind which the client says good-bye */
	client_send(&c, "ECHO a\nECHO b\n");
	SSL_shutdown(c.ssl);
	assert_line(&c, "a");
	assert_line(&c, "b");
	client_close(&c);
	c = (struct client){.fd = net_test_connect_once(t->tls_port)}; /* no TLS at all */
	client_send(&c, "ECHO in the clear\n");
	assert_null(client_line(&c));
	client_close(&c);
	c = (struct client){.fd = net_test_connect_once(t->tls_port)}; /* TLS too old */
	assert_false(client_start_tls(&c, NULL, TLS1_1_VERSION));
	client_close(&c);
	net_test_check_end(t);
}

static void test_handshake_byte_by_byte(void **state)
{
	struct net_test *t = *state;
	int pair[2];
	struct client c = {.fd = -1};
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	char bytes[4096];

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	pair[0] = net_test_connect_once(t->tls_port);
	c.context = SSL_CTX_new(TLS_client_method());
	c.ssl = SSL_new(c.context);
	SSL_set_bio(c.ssl, in, out);
	while (SSL_connect(c.ssl) != 1) {
		char byte;
		ssize_t got;

		while (BIO_read(out, &byte, 1) == 1)
			assert_int_equal(send(pair[0], &byte, 1, MSG_NOSIGNAL), 1);
		assert_true((got = recv(pair[0], bytes, sizeof bytes, 0)) > 0);
		BIO_write(in, bytes, (int)got);
	}
	close(pair[0]);
	client_close(&c);
	net_test_check_end(t);
}

static void test_start_tls(void **state)
{
	struct net_test *t = *state;
	struct client c;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	c = client_connect(t);
	client_send(&c, "STARTTLS\nECHO injected\n");
	assert_line(&c, "OK");
	assert_true(client_start_tls(&c, NULL, 0));
	client_send(&c, "ECHO x\nABOUT\n"); /* no second greeting, nothing injected */
	assert_line(&c, "x");
	assert_line(&c, "- tls local trusted");
	client_close(&c);
	net_test_check_end(t);
}

static const char *peer_name(struct client *c)
{
	static char name[128];
	X509 *cert = SSL_get1_peer_certificate(c->ssl);

	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name);
	X509_free(cert);
	return name;
}

static const char *name_served(const struct net_test *t, const char *asked, int max_version)
{
	struct client c = {.fd = net_test_connect_once(t->tls_port)};
	const char *name;

	assert_true(client_start_tls(&c, asked, max_version));
	assert_line(&c, "hello");
	name = peer_name(&c);
	client_close(&c);
	return name;
}

static void test_server_names(void **state)
{
	struct net_test *t = *state;
	char more[256];

	net_test_certificate(t, "a.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_certificate(t, "b.pem", "*.b.example", NULL, NULL, NULL, NULL);
	snprintf(more, sizeof more, "[tls]\ncert = %s/a.pem\n %s/b.pem\n", t->folder, t->folder);
	net_test_configure(t, true, more);
	net_test_start(t);
	for (int i = 0; i < 2; i++) {
		int version = i == 0 ? TLS1_2_VERSION : 0;

		assert_string_equal(name_served(t, NULL, version), "a.example");
		assert_string_equal(name_served(t, "a.example", version), "a.example");
		assert_string_equal(name_served(t, "mail.b.example", version), "*.b.example");
		assert_string_equal(name_served(t, "c.example", version), "a.example");
	}
	net_test_check_end(t);
}

static void test_reload(void **state)
{
	struct net_test *t = *state;
	struct client old;
	const char *name = "";

	net_test_certificate(t, "cert.pem", "old.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	old = client_connect_tls(t);
	assert_string_equal(peer_name(&old), "old.example");
	net_test_certificate(t, "cert.pem", "new.example", NULL, NULL, NULL, NULL);
	kill(t->pid, SIGHUP);
	for (int i = 0; i < 500 && strcmp(name, "new.example") != 0; i++) {
		usleep(10000);
		name = name_served(t, NULL, 0);
	}
	assert_string_equal(name, "new.example");
	client_send(&old, "ECHO x\n"); /* is served on */
	assert_line(&old, "x");
	net_test_write(t, "cert.pem", "not a certificate\n");
	kill(t->pid, SIGHUP);
	usleep(300000);
	assert_string_equal(name_served(t, NULL, 0), "new.example"); /* a mistake changes nothing */
	net_test_configure(t, false, "[tls]\ncert =\n");
	kill(t->pid, SIGHUP);
	usleep(300000);
	assert_string_equal(name_served(t, NULL, 0), "new.example"); /* never in the clear */
	client_close(&old);
	net_test_check_end(t);
}

static const char *name_seen(const struct net_test *t, X509 *cert, EVP_PKEY *key, int max_version)
{
	static char name[128];
	struct client c = {.fd = net_test_connect_once(t->tls_port), .context = SSL_CTX_new(TLS_client_method())};

	SSL_CTX_set_max_proto_version(c.context, max_version);
	if (cert != NULL) {
		SSL_CTX_use_certificate(c.context, cert);
		SSL_CTX_use_PrivateKey(c.context, key);
	}
	c.ssl = SSL_new(c.context);
	SSL_set_fd(c.ssl, c.fd);
	assert_int_equal(SSL_connect(c.ssl), 1);
	assert_line(&c, "hello");
	client_send(&c, "CLIENT\n");
	snprintf(name, sizeof name, "%s", client_line(&c));
	client_close(&c);
	return name;
}

static void test_client_certificates(void **state)
{
	struct net_test *t = *state;
	X509 *ca, *mail, *plain, *foreign;
	EVP_PKEY *ca_key, *mail_key, *plain_key, *foreign_key;
	char more[256];

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_certificate(t, "ca.pem", "Authority", NULL, NULL, &ca, &ca_key);
	net_test_certificate(t, "mail.pem", "anna@example.com", ca, ca_key, &mail, &mail_key);
	net_test_certificate(t, "plain.pem", "anna", ca, ca_key, &plain, &plain_key);
	net_test_certificate(t, "foreign.pem", "anna", NULL, NULL, &foreign, &foreign_key);
	snprintf(more, sizeof more, "[tls]\nclient_ca = %s/ca.pem\n", t->folder);
	net_test_configure(t, true, more);
	net_test_start(t);
	for (int i = 0; i < 2; i++) {
		int version = i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;

		assert_string_equal(name_seen(t, NULL, NULL, version), "nobody");
		assert_string_equal(name_seen(t, mail, mail_key, version), "anna@example.com");
		assert_string_equal(name_seen(t, plain, plain_key, version), "anna");
		assert_string_equal(name_seen(t, foreign, foreign_key, version), "nobody");
	}
	X509_free(ca);
	X509_free(mail);
	X509_free(plain);
	X509_free(foreign);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(mail_key);
	EVP_PKEY_free(plain_key);
	EVP_PKEY_free(foreign_key);
	net_test_check_end(t);
}

static void hex(const unsigned char *bytes, size_t n, char *to)
{
	*to = '\0';
	for (size_t i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", bytes[i]);
}

static void test_channel_bindings(void **state)
{
	struct net_test *t = *state;
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned digest_n;
	char want[2 * EVP_MAX_MD_SIZE + 1];
	struct client c;
	X509 *cert;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	c = client_connect_tls(t);
	assert_int_equal(SSL_export_keying_material(c.ssl, bytes, 32, "EXPORTER-Channel-Binding", 24, NULL, 0, 1), 1);
	hex(bytes, 32, want);
	client_send(&c, "BIND tls-exporter\nBIND tls-unique\nBIND nonsense\nBIND tls-server-end-point\n");
	assert_line(&c, want);
	assert_line(&c, "");
	assert_line(&c, "");
	cert = SSL_get1_peer_certificate(c.ssl);
	X509_digest(cert, EVP_sha256(), bytes, &digest_n);
	X509_free(cert);
	hex(bytes, digest_n, want);
	assert_line(&c, want);
	client_close(&c);
	c = (struct client){.fd = net_test_connect_once(t->tls_port)};
	assert_true(client_start_tls(&c, NULL, TLS1_2_VERSION));
	assert_line(&c, "hello");
	hex(bytes, SSL_get_finished(c.ssl, bytes, sizeof bytes), want);
	client_send(&c, "BIND tls-unique\nBIND tls-exporter\n");
	assert_line(&c, want);
	assert_line(&c, "");
	client_close(&c);
	c = client_connect(t);
	client_send(&c, "BIND tls-unique\n");
	assert_line(&c, "");
	client_close(&c);
	net_test_check_end(t);
}

static bool speaks(const struct net_test *t, const char *protocols)
{
	struct client c = {.fd = net_test_connect_once(t->tls_port), .context = SSL_CTX_new(TLS_client_method())};
	bool ok;

	SSL_CTX_set_alpn_protos(c.context, (const unsigned char *)protocols, (unsigned)strlen(protocols));
	c.ssl = SSL_new(c.context);
	SSL_set_fd(c.ssl, c.fd);
	ok = SSL_connect(c.ssl) == 1 && client_line(&c) != NULL;
	client_close(&c);
	return ok;
}

static void test_alpn(void **state)
{
	struct net_test *t = *state;

	net_test_certificate(t, "cert.pem", "a.example", NULL, NULL, NULL, NULL);
	net_test_configure(t, true, "");
	net_test_start(t);
	assert_true(speaks(t, "\004echo"));
	assert_true(speaks(t, "\002h2\004echo"));
	assert_false(speaks(t, "\002h2\010http/1.1"));
	net_test_check_end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_implicit),         NET_TEST(test_handshake_byte_by_byte),
		NET_TEST(test_start_tls),        NET_TEST(test_server_names),
		NET_TEST(test_reload),           NET_TEST(test_client_certificates),
		NET_TEST(test_channel_bindings), NET_TEST(test_alpn),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

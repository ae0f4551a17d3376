/* TLS by OpenSSL: contexts for several certificates chosen by SNI (RFC 6066), made anew on reload while old connections
 * keep theirs. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/must.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct net_tls {
	_Atomic unsigned refs;
	SSL_CTX **contexts; /* the first is the default */
	size_t count;
	BIO_METHOD *bio_method;
};

static char *ssl_failure(const char *what, const char *file)
{
	struct buf line = {0};
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof text);
	ERR_clear_error();
	buf_printf(&line, "%s %s: %s", what, file, text);
	(void)buf_cstr(&line);
	return line.p;
}

/* The context whose certificate is for the name the client asks for. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	struct net_tls *tls = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; name != NULL && i < tls->count; i++)
		if (X509_check_host(SSL_CTX_get0_certificate(tls->contexts[i]), name, 0, 0, NULL) == 1) {
			SSL_set_SSL_CTX(ssl, tls->contexts[i]);
			break;
		}
	return SSL_TLSEXT_ERR_OK;
}

/* A certificate that does not verify is as good as none: EXTERNAL then fails, other mechanisms work. */
static int on_verify(int ok, X509_STORE_CTX *context)
{
	(void)ok;
	(void)context;
	return 1;
}

/* A client that wants another protocol than ours is at the wrong place, or was brought there (RFC 7301, 3.2). */
static int on_alpn(SSL *ssl, const unsigned char **chosen_r, unsigned char *n_r, const unsigned char *offered,
		   unsigned n, void *arg)
{
	const struct net_protocol *protocol = SSL_get_app_data(ssl);
	const char *name = protocol->alpn == NULL ? protocol->name : protocol->alpn;

	(void)arg;
	for (unsigned at = 0; at < n && at + 1 + offered[at] <= n; at += 1u + offered[at])
		if (span_is(span_from(offered + at + 1, offered[at]), name)) {
			*chosen_r = offered + at + 1;
			*n_r = offered[at];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *context_create(const struct config *config, const char *cert, const char *key, char **error_r)
{
	const char *ca = config_text(config, "tls", "client_ca");
	bool only_13 = strcmp(config_text(config, "tls", "min_version"), "1.3") == 0;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL) {
		*error_r = ssl_failure("TLS", "");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, only_13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* thousands of idle connections: buffers only while a record is under way, no cache of sessions */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 1);
	SSL_CTX_set_read_ahead(context, 1); /* head and body of a record in one call */
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
		*error_r = ssl_failure("cannot use the certificate", cert);
	else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
		 SSL_CTX_check_private_key(context) != 1)
		*error_r = ssl_failure("cannot use the private key", key);
	else if (ca[0] != '\0' && SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
		*error_r = ssl_failure("cannot use the authorities", ca);
	if (*error_r != NULL) {
		SSL_CTX_free(context);
		return NULL;
	}
	if (ca[0] != '\0') {
		SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca));
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
		SSL_CTX_set_session_id_context(context, (const unsigned char *)"trivet", 6);
	}
	return context;
}

/* --- bytes
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* OpenSSL's own socket BIO does not say that a read has emptied the socket, and would cost one read more a record. */
static int on_bio_read(BIO *bio, char *to, int n)
{
	struct net_transport *transport = BIO_get_data(bio);
	ssize_t got;

	do {
		got = recv(transport->fd, to, (size_t)n, 0);
	} while (got < 0 && errno == EINTR);
	BIO_clear_retry_flags(bio);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		BIO_set_retry_read(bio);
	transport->is_cut_off = got == 0;
	transport->is_drained = got < 0; /* see receive() */
	return (int)got;
}

static int on_bio_write(BIO *bio, const char *from, int n)
{
	const struct net_transport *transport = BIO_get_data(bio);
	ssize_t sent;

	do {
		sent = send(transport->fd, from, (size_t)n, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	BIO_clear_retry_flags(bio);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		BIO_set_retry_write(bio);
	return (int)sent;
}

static long on_bio_control(BIO *bio, int command, long number, void *p)
{
	const struct net_transport *transport = BIO_get_data(bio);

	(void)number;
	(void)p;
	if (command == BIO_CTRL_EOF)
		return transport->is_cut_off;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method_create(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "session");

	must(method != NULL);
	BIO_meth_set_read(method, on_bio_read);
	BIO_meth_set_write(method, on_bio_write);
	BIO_meth_set_ctrl(method, on_bio_control);
	return method;
}

/* --- contexts
 * ----------------------------------------------------------------------------------------------------------------------
 */

struct net_tls *tls_create(const struct config *config, char **error_r)
{
	const char *const *certs, *const *keys;
	size_t count = config_words(config, "tls", "cert", &certs),
	       key_count = config_words(config, "tls", "key", &keys);
	struct net_tls *tls;

	*error_r = NULL;
	if (count == 0)
		return NULL;
	tls = alloc_zero(1, sizeof *tls);
	tls->refs = 1;
	tls->bio_method = bio_method_create();
	tls->contexts = alloc_zero(count, sizeof *tls->contexts);
	for (size_t i = 0; i < count; i++) {
		tls->contexts[i] = context_create(config, certs[i], i < key_count ? keys[i] : certs[i], error_r);
		if (tls->contexts[i] == NULL) {
			tls_destroy(&tls);
			return NULL;
		}
		tls->count++;
	}
	if (count > 1) {
		SSL_CTX_set_tlsext_servername_callback(tls->contexts[0], on_server_name);
		SSL_CTX_set_tlsext_servername_arg(tls->contexts[0], tls);
	}
	return tls;
}

void tls_destroy(struct net_tls **tls)
{
	if (*tls == NULL || atomic_fetch_sub(&(*tls)->refs, 1) != 1) {
		*tls = NULL;
		return;
	}
	for (size_t i = 0; i < (*tls)->count; i++)
		SSL_CTX_free((*tls)->contexts[i]);
	free((*tls)->contexts);
	BIO_meth_free((*tls)->bio_method);
	free(*tls);
	*tls = NULL;
}

static struct net_tls *ref(struct net_tls *tls)
{
	if (tls != NULL)
		atomic_fetch_add(&tls->refs, 1);
	return tls;
}

void tls_replace(struct net_daemon *daemon, struct net_tls *tls)
{
	struct net_tls *old;

	pthread_mutex_lock(&daemon->tls_lock);
	old = atomic_exchange(&daemon->tls, tls);
	pthread_mutex_unlock(&daemon->tls_lock);
	tls_destroy(&old);
}

/* A connection keeps the contexts it began with: a handshake under way still looks into them for a server name. */
bool tls_start(struct net_transport *transport)
{
	struct net_daemon *daemon = transport->session->daemon;
	BIO *bio;

	pthread_mutex_lock(&daemon->tls_lock);
	transport->tls = ref(atomic_load(&daemon->tls));
	pthread_mutex_unlock(&daemon->tls_lock);
	if (transport->tls == NULL || (transport->ssl = SSL_new(transport->tls->contexts[0])) == NULL)
		return false;
	if ((bio = BIO_new(transport->tls->bio_method)) == NULL)
		return false;
	BIO_set_data(bio, transport);
	BIO_set_init(bio, 1);
	SSL_set_bio(transport->ssl, bio, bio);
	SSL_set_app_data(transport->ssl, (void *)transport->protocol); /* only read */
	SSL_set_accept_state(transport->ssl);
	return true;
}

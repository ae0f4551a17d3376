/* What a daemon may do with its session. */
#include "common/net/net_private.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

void *net_daemon_state(const struct net_daemon *daemon)
{
	return daemon->state;
}

void net_wake(struct net_daemon *daemon, uint64_t session)
{
	struct net_transport *transport = transport_find(daemon, session);

	if (transport == NULL)
		return;
	turn_post(transport, TURN_WAKE);
	transport_unref(transport);
}

struct log_about net_session_about(const struct net_session *session)
{
	return (struct log_about){.session = session->number, .user = session->user, .remote = session->remote};
}

bool net_session_logged_in(struct net_session *session, const char *user)
{
	struct net_daemon *daemon = session->daemon;
	struct net_transport *transport = session->transport;

	if (!counter_enter(daemon->by_user, user, atomic_load(&daemon->max_per_user))) {
		struct log_about about = net_session_about(session);

		about.user = user;
		log_warning(&about, "refused: too many sessions of this user");
		return false;
	}
	if (session->user != NULL)
		counter_leave(daemon->by_user, session->user);
	pthread_mutex_lock(&daemon->numbers_lock);
	free(session->user);
	session->user = alloc_text(user);
	atomic_store(&transport->is_traced, trace_has(daemon->trace, user));
	pthread_mutex_unlock(&daemon->numbers_lock);
	atomic_fetch_add(&daemon->logins, 1);
	net_session_set_timeout(session, 0);
	return true;
}

void net_session_set_timeout(struct net_session *session, uint64_t ms)
{
	struct net_daemon *daemon = session->daemon;

	if (ms == 0)
		ms = session->user == NULL ? daemon->pre_login_ms : daemon->idle_ms;
	atomic_store(&session->transport->timeout_ms, (int64_t)ms);
	transport_limit(session->transport);
}

void net_session_set_timer(struct net_session *session, uint64_t ms)
{
	int64_t at = clock_uptime_ms() + (int64_t)ms;

	atomic_store(&session->transport->timer_at, ms == 0 ? 0 : at);
	if (ms != 0)
		loop_due(session->transport->loop, at);
}

bool net_can_start_tls(const struct net_daemon *daemon)
{
	return atomic_load(&daemon->tls) != NULL;
}

bool net_session_start_tls(struct net_session *session)
{
	if (!net_can_start_tls(session->daemon) || session->transport->ssl != NULL)
		return false;
	session->transport->wants_tls = true;
	/* what came in the clear is not believed (command injection); what still comes breaks the handshake */
	session->in.n = 0;
	transport_discard(session->transport);
	return true;
}

void net_session_start_deflate(struct net_session *session)
{
	session->transport->wants_deflate = true;
}

bool net_session_is_deflated(const struct net_session *session)
{
	return session->transport->deflate != NULL || session->transport->wants_deflate;
}

size_t net_session_channel_binding(const struct net_session *session, const char *type, unsigned char *to)
{
	SSL *ssl = session->transport->ssl;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int name = 0;
	X509 *certificate;

	if (ssl == NULL)
		return 0;
	if (strcmp(type, "tls-exporter") == 0) {
		static const char label[] = "EXPORTER-Channel-Binding";

		if (SSL_version(ssl) < TLS1_3_VERSION)
			return 0;
		return SSL_export_keying_material(ssl, to, 32, label, sizeof label - 1, NULL, 0, 1) == 1 ? 32 : 0;
	}
	if (strcmp(type, "tls-unique") == 0) {
		if (SSL_version(ssl) >= TLS1_3_VERSION)
			return 0;
		/* the first Finished: the client's, unless the session was resumed (5929, 3.1) */
		return SSL_session_reused(ssl) ? SSL_get_finished(ssl, to, 64) : SSL_get_peer_finished(ssl, to, 64);
	}
	if (strcmp(type, "tls-server-end-point") != 0 || (certificate = SSL_get_certificate(ssl)) == NULL ||
	    !X509_get_signature_info(certificate, &name, NULL, NULL, NULL))
		return 0;
	if (name == NID_md5 || name == NID_sha1 || name == NID_undef)
		name = NID_sha256;
	if (!X509_digest(certificate, EVP_get_digestbynid(name), digest, &n) || n > 64)
		return 0;
	memcpy(to, digest, n);
	return n;
}

/* A text of the certificate as ours; NULL where it holds a NUL, which would make another name of it. */
static char *name_of(const ASN1_STRING *from)
{
	unsigned char *utf8 = NULL;
	int n = from == NULL ? -1 : ASN1_STRING_to_UTF8(&utf8, from);
	char *name = NULL;

	if (n > 0 && memchr(utf8, 0, (size_t)n) == NULL)
		name = alloc_text_n((const char *)utf8, (size_t)n);
	OPENSSL_free(utf8);
	return name;
}

static char *mail_name(X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	char *name = NULL;

	for (int i = 0; name == NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);

		if (one->type == GEN_EMAIL)
			name = name_of(one->d.rfc822Name);
	}
	GENERAL_NAMES_free(names);
	return name;
}

char *net_session_client_name(const struct net_session *session)
{
	SSL *ssl = session->transport->ssl;
	X509 *certificate = ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);
	X509_NAME *subject;
	char *name;
	int at;

	if (certificate == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	if ((name = mail_name(certificate)) != NULL)
		return name;
	subject = X509_get_subject_name(certificate);
	at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	return at < 0 ? NULL : name_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

bool net_session_is_traced(const struct net_session *session)
{
	return session->user != NULL && atomic_load(&session->transport->is_traced);
}

void net_session_trace(struct net_session *session, char direction, struct span bytes)
{
	if (net_session_is_traced(session))
		trace_write(session->daemon->trace, session, direction, bytes);
}

bool net_session_is_forwarder(const struct net_session *session)
{
	return networks_have(&session->daemon->forwarders, session->transport->address);
}

bool net_address_is_trusted(const struct net_daemon *daemon, const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       networks_have(&daemon->trusted, address);
}

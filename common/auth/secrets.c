/* Hashed secrets: authPassword values (RFC 5803) of the SCRAM mechanisms (RFC 5802, RFC 7677). */
#include "common/auth/auth_private.h"
#include "common/base/base64.h"
#include "common/base/buf.h"
#include "common/base/must.h"
#include "common/base/random.h"
#include "common/base/utf8.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

enum { SALT_BYTES = 16, ITERATIONS_MAX = 10000000 };

struct hash {
	const char *scheme;
	const EVP_MD *(*md)(void);
};

/* The stronger one first: it is the one passwords are verified against. */
static const struct hash hashes[] = {{"SCRAM-SHA-256", EVP_sha256}, {"SCRAM-SHA-1", EVP_sha1}};

struct keys {
	unsigned char stored[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE];
	unsigned size;
};

static void wipe(struct buf *secret)
{
	if (secret->p != NULL)
		OPENSSL_cleanse(secret->p, secret->capacity);
	buf_done(secret);
}

/* What SASLprep (RFC 4013) does to passwords in use: compatibility composition. A password that is no UTF-8 is Latin-1:
 * so Thunderbird sends it (CLIENTS.md, IMAP 13). */
static bool prepare(struct span password, struct buf *out)
{
	struct buf utf8 = {0};
	uint8_t *normal;
	size_t n = 0;

	if (password.n == 0 || memchr(password.p, 0, password.n) != NULL)
		return false;
	if (utf8_ascii_prefix(password) == password.n) {
		buf_span(out, password);
		return true;
	}
	if (utf8_is_valid(password))
		buf_span(&utf8, password);
	else
		for (size_t i = 0; i < password.n; i++)
			utf8_put(&utf8, (unsigned char)password.p[i]);
	normal = u8_normalize(UNINORM_NFKC, (const uint8_t *)utf8.p, utf8.n, NULL, &n);
	if (normal != NULL)
		buf_bytes(out, normal, n);
	if (normal != NULL)
		OPENSSL_cleanse(normal, n);
	free(normal);
	wipe(&utf8);
	return out->n > 0;
}

static bool derive(const struct hash *hash, struct span password, struct span salt, unsigned iterations,
		   struct keys *keys)
{
	unsigned char salted[EVP_MAX_MD_SIZE], client[EVP_MAX_MD_SIZE];
	const EVP_MD *md = hash->md();
	int size = EVP_MD_get_size(md);
	unsigned n;
	bool ok;

	ok = PKCS5_PBKDF2_HMAC(password.p, (int)password.n, (const unsigned char *)salt.p, (int)salt.n, (int)iterations,
			       md, size, salted) == 1 &&
	     HMAC(md, salted, size, (const unsigned char *)"Client Key", 10, client, &n) != NULL &&
	     EVP_Digest(client, n, keys->stored, &keys->size, md, NULL) == 1 &&
	     HMAC(md, salted, size, (const unsigned char *)"Server Key", 10, keys->server, &n) != NULL;
	OPENSSL_cleanse(salted, sizeof salted);
	OPENSSL_cleanse(client, sizeof client);
	return ok;
}

/* "SCRAM-SHA-256$iterations:salt$stored:server" */
static void write_value(const struct hash *hash, unsigned iterations, const unsigned char salt[SALT_BYTES],
			const struct keys *keys, bool is_first, struct buf *out)
{
	buf_printf(out, "%s%s$%u:", is_first ? "" : "\n", hash->scheme, iterations);
	base64_encode(span_from(salt, SALT_BYTES), out);
	buf_byte(out, '$');
	base64_encode(span_from(keys->stored, keys->size), out);
	buf_byte(out, ':');
	base64_encode(span_from(keys->server, keys->size), out);
}

bool auth_secrets_make(struct span password, unsigned iterations, struct buf *out)
{
	struct buf ready = {0};
	bool ok = prepare(password, &ready);

	for (size_t i = 0; ok && i < array_count(hashes); i++) {
		unsigned char salt[SALT_BYTES];
		struct keys keys;

		random_bytes(salt, sizeof salt);
		ok = derive(&hashes[i], buf_view(&ready), span_from(salt, sizeof salt), iterations, &keys);
		if (ok)
			write_value(&hashes[i], iterations, salt, &keys, i == 0, out);
	}
	wipe(&ready);
	return ok;
}

/* Cuts "a<by>b" in two. */
static bool cut(struct span s, char by, struct span *a, struct span *b)
{
	size_t at = span_find_byte(s, by);

	if (at == SIZE_MAX)
		return false;
	*a = span_sub(s, 0, at);
	*b = span_sub(s, at + 1, SIZE_MAX);
	return true;
}

/* "iterations:salt$stored:server" */
static bool verify_one(const struct hash *hash, struct span value, struct span password)
{
	struct span info, keys_text, iterations_text, salt_text, stored_text, server_text;
	struct buf salt = {0}, stored = {0};
	struct keys keys;
	uint64_t iterations;
	bool ok = cut(value, '$', &info, &keys_text) && cut(info, ':', &iterations_text, &salt_text) &&
		  cut(keys_text, ':', &stored_text, &server_text) &&
		  span_to_u64(iterations_text, ITERATIONS_MAX, &iterations) && iterations > 0 &&
		  base64_decode(salt_text, &salt) && base64_decode(stored_text, &stored) &&
		  derive(hash, password, buf_view(&salt), (unsigned)iterations, &keys) && keys.size == stored.n &&
		  CRYPTO_memcmp(keys.stored, stored.p, keys.size) == 0;

	buf_done(&salt);
	buf_done(&stored);
	return ok;
}

static struct span value_for(struct span secrets, const char *scheme)
{
	while (secrets.n > 0) {
		size_t end = span_find_byte(secrets, '\n');
		struct span line = span_sub(secrets, 0, end), head, value;

		if (cut(line, '$', &head, &value) && span_is(head, scheme))
			return value;
		secrets = end == SIZE_MAX ? (struct span){0} : span_sub(secrets, end + 1, SIZE_MAX);
	}
	return (struct span){0};
}

bool auth_secrets_verify(struct span secrets, struct span password)
{
	struct buf ready = {0};
	bool ok = false;

	if (prepare(password, &ready))
		for (size_t i = 0; i < array_count(hashes); i++) {
			struct span value = value_for(secrets, hashes[i].scheme);

			if (value.n > 0) {
				ok = verify_one(&hashes[i], value, buf_view(&ready));
				break;
			}
		}
	wipe(&ready);
	return ok;
}

void secrets_waste_time(struct span password, unsigned iterations)
{
	struct buf ready = {0};
	struct keys keys;

	if (prepare(password, &ready)) /* as little as for a name that is known, where not */
		(void)derive(&hashes[0], buf_view(&ready), SPAN("0123456789abcdef"), iterations, &keys);
	wipe(&ready);
}

void secrets_fake(const struct auth *auth, struct span name, struct buf *out)
{
	for (size_t i = 0; i < array_count(hashes); i++) {
		unsigned char salt[EVP_MAX_MD_SIZE];
		struct keys keys = {.size = (unsigned)EVP_MD_get_size(hashes[i].md())};
		struct buf seed = {0};
		unsigned n;
		bool ok;

		buf_printf(&seed, "%s ", hashes[i].scheme);
		buf_span(&seed, name);
		ok = HMAC(EVP_sha256(), auth->fake_key, sizeof auth->fake_key, (unsigned char *)seed.p, seed.n, salt,
			  &n) != NULL;
		must(ok);
		random_bytes(keys.stored, keys.size);
		random_bytes(keys.server, keys.size);
		write_value(&hashes[i], atomic_load(&auth->iterations), salt, &keys, i == 0, out);
		buf_done(&seed);
	}
}

/* Who sent a form. Browsers add the password of HTTP Basic to whatever address they are led to, so a form counts only
 * with a token that nobody else's page can know, and where the browser does not say that it comes from elsewhere. */
#include "caldavd/forwarded.h"
#include "caldavd/page/page_private.h"
#include "common/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SLOT_SECONDS = 3 * 3600, TOKEN_BYTES = 32, TOKEN_TEXT = 2 * TOKEN_BYTES, HOST_MAX = 255 + 6 };

/* --- the token --- */

static void token_of(const struct dav_request *r, struct span href, int64_t slot, char to[TOKEN_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char mac[TOKEN_BYTES] = {0};
	struct buf about = {0};

	buf_u64(&about, r->user.id);
	buf_byte(&about, '\0');
	buf_span(&about, href);
	buf_byte(&about, '\0');
	buf_u64(&about, (uint64_t)slot);
	(void)HMAC(EVP_sha256(), r->daemon->form_secret, sizeof r->daemon->form_secret, (const unsigned char *)about.p,
		   about.n, mac, NULL);
	buf_done(&about);
	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		to[2 * i] = hex[mac[i] >> 4];
		to[2 * i + 1] = hex[mac[i] & 15];
	}
}

static int64_t slot_now(void)
{
	return clock_now() / SLOT_SECONDS;
}

void page_write_token(struct page *page, struct span href)
{
	char token[TOKEN_TEXT];

	token_of(page->r, href, slot_now(), token);
	page_raw(page, "<input type=\"hidden\" name=\"token\" value=\"");
	buf_bytes(&page->body, token, sizeof token);
	page_raw(page, "\">");
}

bool page_token_is_good(struct dav_request *r, struct span href, struct span token)
{
	int64_t slot = slot_now();
	char good[TOKEN_TEXT];
	bool is_good = false;

	if (token.n != TOKEN_TEXT)
		return false;
	for (int64_t i = 0; i < 2; i++) {
		token_of(r, href, slot - i, good);
		is_good |= CRYPTO_memcmp(good, token.p, sizeof good) == 0;
	}
	return is_good;
}

/* --- where we are --- */

static bool is_host(struct span host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = ascii_lower(host.p[i]);

		if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '.' && c != '-' && c != ':' && c != '[' &&
		    c != ']' && c != '_')
			return false;
	}
	return host.n > 0 && host.n <= HOST_MAX;
}

static struct span host_of(struct dav_request *r, bool *is_https_r)
{
	struct span host = http_request_field(r->x, "Host");
	struct forwarded forwarded;

	*is_https_r = r->x->session->net.is_tls;
	if (forwarded_read(r->x, &forwarded)) {
		if (forwarded.scheme.p != NULL)
			*is_https_r = forwarded.is_https;
		if (forwarded.host.p != NULL)
			host = forwarded.host;
	}
	return is_host(host) ? host : (struct span){0};
}

void page_write_site(struct dav_request *r, struct buf *out)
{
	bool is_https;
	struct span host = host_of(r, &is_https);

	if (host.n == 0)
		return;
	buf_text(out, is_https ? "https://" : "http://");
	buf_span(out, host);
}

/* "null" is what our own forms have, since our pages send no referrer (Fetch, 3.2): then the token alone decides. */
bool page_origin_is_ours(struct dav_request *r)
{
	struct span site = http_request_field(r->x, "Sec-Fetch-Site"), origin = http_request_field(r->x, "Origin");
	bool is_https;

	if (site.p != NULL && !span_is(site, "same-origin"))
		return false;
	if (origin.p == NULL || span_is(origin, "null"))
		return true;
	/* whether a proxy in front speaks TLS we may not know */
	if (span_take_text(&origin, "https://") != PARSE_OK && span_take_text(&origin, "http://") != PARSE_OK)
		return false;
	return span_equal_nocase(origin, host_of(r, &is_https));
}

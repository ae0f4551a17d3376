/* Which mechanisms there are for whom. Everything is known beforehand, so a loop may ask. */
#include "common/auth/auth_private.h"

#include <string.h>

/* Takes the next of words that are parted by blanks; false: there is none. */
static bool take_word(struct span *words, struct span *word_r)
{
	size_t end;

	while (words->n > 0 && words->p[0] == ' ')
		*words = span_sub(*words, 1, SIZE_MAX);
	end = span_find_byte(*words, ' ');
	*word_r = span_sub(*words, 0, end);
	*words = span_sub(*words, word_r->n, SIZE_MAX);
	return word_r->n > 0;
}

bool mechanism_is_on(const struct auth *auth, struct span mechanism)
{
	struct span rest = auth->offered, one;

	while (take_word(&rest, &one))
		if (span_equal_nocase(one, mechanism))
			return true;
	return false;
}

bool mechanism_is_plus(struct span mechanism)
{
	return mechanism.n > 5 && span_is_nocase(span_sub(mechanism, mechanism.n - 5, 5), "-PLUS");
}

bool mechanism_is_kerberos(struct span mechanism)
{
	return span_starts_nocase(mechanism, SPAN("GSS")) || span_starts_nocase(mechanism, SPAN("GS2-"));
}

bool mechanism_is_clear(struct span mechanism)
{
	return span_is_nocase(mechanism, "PLAIN") || span_is_nocase(mechanism, "LOGIN");
}

bool mechanism_is_offered(const struct auth_peer *peer, struct span mechanism)
{
	if (mechanism_is_clear(mechanism))
		return peer->is_trusted;
	if (span_is_nocase(mechanism, "EXTERNAL"))
		return peer->client_name != NULL;
	return !mechanism_is_plus(mechanism) || peer->binding != NULL;
}

bool auth_offers(const struct auth *auth, const struct auth_peer *peer, struct span mechanism)
{
	return mechanism_is_on(auth, mechanism) && mechanism_is_offered(peer, mechanism);
}

void auth_mechanisms(const struct auth *auth, const struct auth_peer *peer, const char *prefix, struct buf *out)
{
	struct span rest = auth->offered, one;
	bool is_first = true;

	while (take_word(&rest, &one)) {
		if (!mechanism_is_offered(peer, one))
			continue;
		if (!is_first)
			buf_byte(out, ' ');
		is_first = false;
		buf_text(out, prefix);
		buf_span(out, one);
	}
}

/* Substrings by the collations of RFC 4791, 7.5: i;ascii-casemap, i;octet (RFC 4790) and i;unicode-casemap (RFC 5051).
 */
#include "common/ical/filter_private.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

/* Without case and in one of the ways in which a character can be composed. What is no UTF-8 stays as it is, but for
 * the case of ASCII. */
static void fold(struct span text, enum ical_collation collation, struct buf *out)
{
	uint8_t *folded;
	size_t n = 0;

	if (collation == ICAL_OCTET) {
		buf_span(out, text);
		return;
	}
	if (collation == ICAL_UNICODE_CASEMAP && text.n > 0) {
		folded = u8_casefold((const uint8_t *)text.p, text.n, NULL, UNINORM_NFKC, NULL, &n);
		if (folded != NULL) {
			buf_bytes(out, folded, n);
			free(folded);
			return;
		}
	}
	for (size_t i = 0; i < text.n; i++)
		buf_byte(out, ascii_lower(text.p[i]));
}

bool ical_text_matches(const struct ical_text_match *match, struct span text)
{
	struct buf hay = {0}, needle = {0};
	bool is_found;

	fold(text, match->collation, &hay);
	fold(match->text, match->collation, &needle);
	is_found = needle.n == 0 || span_find(buf_view(&hay), buf_view(&needle)) != SIZE_MAX;
	buf_done(&hay);
	buf_done(&needle);
	return is_found != match->is_negated;
}

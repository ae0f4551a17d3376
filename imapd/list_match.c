/* Patterns of LIST (RFC 9051, 6.3.9). */
#include "imapd/list.h"

#include <string.h>

/* One pass with two places to come back to: the last '*', which may take anything, and behind it the last '%', which
 * may take anything but the separator. Earlier ones need no second try: whatever they could take, the last one can take
 * too. */
static bool matches(struct span pattern, struct span name, size_t nocase)
{
	size_t p = 0, n = 0, star_p = SIZE_MAX, star_n = 0, percent_p = SIZE_MAX, percent_n = 0;

	while (n < name.n) {
		char c = p < pattern.n ? pattern.p[p] : '\0';
		bool same = p < pattern.n && c != '*' && c != '%' &&
			    (c == name.p[n] || (n < nocase && ascii_lower(c) == ascii_lower(name.p[n])));

		if (p < pattern.n && c == '*') {
			star_p = p++;
			star_n = n;
			percent_p = SIZE_MAX;
		} else if (p < pattern.n && c == '%') {
			percent_p = p++;
			percent_n = n;
		} else if (same) {
			p++;
			n++;
		} else if (percent_p != SIZE_MAX && name.p[percent_n] != '/') {
			n = ++percent_n;
			p = percent_p + 1;
		} else if (star_p != SIZE_MAX) {
			n = ++star_n;
			p = star_p + 1;
			percent_p = SIZE_MAX;
		} else {
			return false;
		}
	}
	while (p < pattern.n && (pattern.p[p] == '*' || pattern.p[p] == '%'))
		p++;
	return p == pattern.n;
}

bool imap_list_matches(struct span pattern, struct span name)
{
	bool is_inbox = span_is(name, "INBOX") || span_starts(name, SPAN("INBOX/"));

	return matches(pattern, name, is_inbox ? 5 : 0);
}

/* flag-list, as clients may set it (RFC 9051, 9; RFC 3501, 9). */
#include "imapd/parse_private.h"

enum { MOST_KEYWORDS = 512 }; /* in one list: each is compared with all before it */

static bool take_system_flag(struct imap_parse_context *context, struct span *at, struct imap_flags *flags)
{
	static const struct {
		const char *name;
		unsigned flag;
	} known[] = {{"Seen", IMAP_SEEN},
		     {"Answered", IMAP_ANSWERED},
		     {"Flagged", IMAP_FLAGGED},
		     {"Deleted", IMAP_DELETED},
		     {"Draft", IMAP_DRAFT}};
	struct span name = imap_take_run(at, IMAP_ATOM_CHAR);

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_is_nocase(name, known[i].name)) {
			flags->system |= known[i].flag;
			return true;
		}
	(void)imap_fail(context, span_is_nocase(name, "Recent") ? "\\Recent cannot be set" : "Unknown system flag");
	return false;
}

static bool take_keyword(struct imap_parse_context *context, struct span *at, struct imap_flags *flags,
			 size_t *capacity)
{
	struct span name = imap_take_run(at, IMAP_ATOM_CHAR);
	void *keywords = flags->keywords;

	if (name.n == 0)
		return false;
	for (size_t i = 0; i < flags->keyword_count; i++)
		if (span_equal_nocase(flags->keywords[i], name))
			return true;
	if (flags->keyword_count == MOST_KEYWORDS) {
		(void)imap_fail(context, "Too many keywords");
		return false;
	}
	arena_grow(context->arena, &keywords, capacity, flags->keyword_count + 1, sizeof *flags->keywords);
	flags->keywords = keywords;
	flags->keywords[flags->keyword_count++] = arena_span(context->arena, name);
	return true;
}

static bool take_flag(struct imap_parse_context *context, struct span *at, struct imap_flags *flags, size_t *capacity)
{
	return imap_take(at, '\\') ? take_system_flag(context, at, flags) : take_keyword(context, at, flags, capacity);
}

bool imap_take_flag_list(struct imap_parse_context *context, struct span *at, struct imap_flags *flags_r)
{
	size_t capacity = 0;
	bool first = true, bad;

	*flags_r = (struct imap_flags){0};
	if (!imap_take(at, '('))
		return false;
	while (imap_list_goes_on(at, &first, &bad))
		if (!take_flag(context, at, flags_r, &capacity))
			return false;
	return !bad;
}

bool imap_take_flags(struct imap_parse_context *context, struct span *at, struct imap_flags *flags_r)
{
	size_t capacity = 0;

	if (imap_next_is(at, '('))
		return imap_take_flag_list(context, at, flags_r);
	*flags_r = (struct imap_flags){0};
	do {
		if (!take_flag(context, at, flags_r, &capacity))
			return false;
	} while (imap_take(at, ' '));
	return true;
}

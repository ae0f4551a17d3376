/* Mailbox names (RFC 9051, 5.1; RFC 3501, 5.1.3; RFC 5198 for what a name may not hold): whichever form the client
 * used, UTF-8 in NFC comes out. */
#include "imapd/parse_private.h"
#include "common/base/mutf7.h"
#include "common/base/utf8.h"
#include "common/mime/mime.h"

/* C0, DEL, C1, and the line and paragraph separators U+2028, U+2029; name is valid UTF-8. */
static bool has_control(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)name.p[i + 1] < 0xa0) ||
		    (c == 0xe2 && (unsigned char)name.p[i + 1] == 0x80 &&
		     ((unsigned char)name.p[i + 2] & 0xfe) == 0xa8))
			return true;
	}
	return false;
}

static struct span normalize(struct imap_parse_context *context, struct span name)
{
	struct buf composed = {0};

	mime_nfc(name, &composed);
	return imap_keep_buf(context, &composed);
}

/* What is not modified UTF-7 although the client never enabled anything else is taken as UTF-8 where it can be: a bare
 * '&', or raw UTF-8 as several clients send it. */
static bool decode(struct imap_parse_context *context, struct span raw, struct span *name_r)
{
	struct buf decoded = {0};
	bool ok = true;

	if (!context->utf8 && span_find_byte(raw, '&') != SIZE_MAX && mutf7_decode(raw, &decoded))
		raw = buf_view(&decoded);
	if (utf8_ascii_prefix(raw) == raw.n) {
		*name_r = arena_span(context->arena, raw);
	} else if (utf8_is_valid(raw)) {
		*name_r = normalize(context, raw);
	} else {
		(void)imap_fail(context, "A mailbox name must be modified UTF-7 or UTF-8");
		ok = false;
	}
	buf_done(&decoded);
	if (ok && has_control(*name_r)) {
		(void)imap_fail(context, "A mailbox name may not hold control characters");
		ok = false;
	}
	return ok;
}

static bool take_name(struct imap_parse_context *context, struct span *at, unsigned class, struct span *name_r)
{
	struct span raw;

	return imap_borrow_string(context, at, class, &raw) && decode(context, raw, name_r);
}

bool imap_take_reference(struct imap_parse_context *context, struct span *at, struct span *name_r)
{
	/* clients write wildcards here too, unquoted (RFC 3501, 6.3.8 shows "~/Mail/%") */
	return take_name(context, at, IMAP_LIST_CHAR, name_r);
}

bool imap_take_pattern(struct imap_parse_context *context, struct span *at, struct span *pattern_r)
{
	return take_name(context, at, IMAP_LIST_CHAR, pattern_r);
}

static void capitalize_inbox(struct span name)
{
	char *p = (char *)name.p; /* ours: in the arena */

	if (!span_starts_nocase(name, SPAN("INBOX")) || (name.n > 5 && p[5] != '/'))
		return;
	for (size_t i = 0; i < 5; i++)
		p[i] = ascii_upper(p[i]);
}

bool imap_take_mailbox_with_separator(struct imap_parse_context *context, struct span *at, struct span *name_r,
				      bool *had_separator_r)
{
	if (!take_name(context, at, IMAP_ASTRING_CHAR, name_r))
		return false;
	*had_separator_r = name_r->n > 1 && name_r->p[name_r->n - 1] == '/';
	if (*had_separator_r)
		name_r->n--;
	capitalize_inbox(*name_r);
	return true;
}

bool imap_take_mailbox(struct imap_parse_context *context, struct span *at, struct span *name_r)
{
	bool had_separator; /* Thunderbird appends one (CLIENTS.md, IMAP 11) */

	return imap_take_mailbox_with_separator(context, at, name_r, &had_separator);
}

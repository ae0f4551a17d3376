/* Names of mailboxes: which the store can hold, and how they are ordered in a tree (mailbox.h). */
#include "common/base/must.h"
#include "common/store/mailbox_private.h"

#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0) /* U+0080 … U+009F */
			return true;
	}
	return false;
}

/* Well-formed UTF-8 in NFC. */
static bool is_normal(struct span s)
{
	uint8_t *normal;
	size_t n = 0;
	bool same;

	if (is_ascii(s))
		return true;
	if (u8_check((const uint8_t *)s.p, s.n) != NULL)
		return false;
	if ((normal = u8_normalize(UNINORM_NFC, (const uint8_t *)s.p, s.n, NULL, &n)) == NULL)
		return false;
	same = n == s.n && memcmp(normal, s.p, n) == 0;
	free(normal);
	return same;
}

/* INBOX is the same in any case, so it and what is below it is written in one way only. */
static bool is_misspelt_inbox(struct span name)
{
	struct span first = span_sub(name, 0, 5);

	return span_is_nocase(first, "INBOX") && (name.n == 5 || name.p[5] == '/') && !span_is(first, "INBOX");
}

enum store_status mailbox_name_check(struct span name)
{
	size_t depth = 1;

	if (name.n == 0 || name.n > STORE_NAME_MAX || name.p[0] == '/' || name.p[name.n - 1] == '/')
		return STORE_INVALID;
	for (size_t i = 1; i < name.n; i++) {
		if (name.p[i] != '/')
			continue;
		if (name.p[i - 1] == '/')
			return STORE_INVALID;
		depth++;
	}
	if (has_control(name) || !is_normal(name) || is_misspelt_inbox(name))
		return STORE_INVALID;
	return depth > STORE_DEPTH_MAX ? STORE_LIMIT : STORE_OK;
}

struct span mailbox_name_parent(struct span name)
{
	while (name.n > 0 && name.p[name.n - 1] != '/')
		name.n--;
	if (name.n > 0)
		name.n--;
	return name;
}

void mailbox_below_init(struct mailbox_below *below, struct span name)
{
	must(name.n <= STORE_NAME_MAX);
	memcpy(below->from_bytes, name.p, name.n);
	memcpy(below->to_bytes, name.p, name.n);
	below->from_bytes[name.n] = '/';
	below->to_bytes[name.n] = '/' + 1;
	below->from = span_from(below->from_bytes, name.n + 1);
	below->to = span_from(below->to_bytes, name.n + 1);
}

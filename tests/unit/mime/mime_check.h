/* What must be true of anything mime_derive() makes, whatever the message: used by the unit tests and the fuzz target.
 * The grammar is that of RFC 9051, 9 (envelope, body), written down once more, without a look at the writer. */
#ifndef MIME_CHECK_H
#define MIME_CHECK_H

#include "common/base/must.h"
#include "common/base/utf8.h"
#include "common/mime/mime.h"

#include <string.h>

static inline bool check_byte(struct span *at, char byte)
{
	return span_take_byte(at, byte) == PARSE_OK;
}

static inline bool check_number(struct span *at)
{
	uint64_t number;

	return span_take_u64(at, UINT64_MAX, &number) == PARSE_OK;
}

/* string_r gets what is between the quotes, or the literal's bytes */
static inline bool check_string(struct span *at, struct span *string_r)
{
	uint64_t size;
	size_t i = 1;

	if (at->n == 0)
		return false;
	if (at->p[0] == '{') {
		*at = span_sub(*at, 1, at->n);
		if (span_take_u64(at, SIZE_MAX, &size) != PARSE_OK || span_take_text(at, "}\r\n") != PARSE_OK ||
		    size > at->n)
			return false;
		*string_r = span_sub(*at, 0, size);
		*at = span_sub(*at, size, at->n);
		return span_find_byte(*string_r, '\0') == SIZE_MAX;
	}
	if (at->p[0] != '"')
		return false;
	for (; i < at->n && at->p[i] != '"'; i++) {
		unsigned char c = (unsigned char)at->p[i];

		if (c == '\0' || c >= 0x80 || c == '\r' || c == '\n')
			return false;
		if (c == '\\' && (++i == at->n || (at->p[i] != '"' && at->p[i] != '\\')))
			return false;
	}
	if (i >= at->n)
		return false;
	*string_r = span_sub(*at, 1, i - 1);
	*at = span_sub(*at, i + 1, at->n);
	return true;
}

static inline bool check_nil(struct span *at)
{
	return span_take_text(at, "NIL") == PARSE_OK;
}

static inline bool check_nstring(struct span *at, bool *is_nil_r)
{
	struct span string;

	*is_nil_r = check_nil(at);
	return *is_nil_r || check_string(at, &string);
}

/* "(" 1*address ")" / nil; groups begin and end in pairs */
static inline bool check_addresses(struct span *at)
{
	bool in_group = false;

	if (check_nil(at))
		return true;
	if (!check_byte(at, '(') || at->n == 0 || at->p[0] != '(')
		return false;
	while (check_byte(at, '(')) {
		bool nil[4];

		for (int i = 0; i < 4; i++)
			if ((i > 0 && !check_byte(at, ' ')) || !check_nstring(at, &nil[i]))
				return false;
		if (!check_byte(at, ')'))
			return false;
		if (nil[3] && nil[2] != in_group)
			return false;
		if (nil[3])
			in_group = !in_group;
		else if (nil[2])
			return false;
	}
	return check_byte(at, ')') && !in_group;
}

static inline bool check_envelope(struct span *at)
{
	bool nil;

	if (!check_byte(at, '('))
		return false;
	for (int i = 0; i < 10; i++)
		if ((i > 0 && !check_byte(at, ' ')) ||
		    !(i >= 2 && i <= 7 ? check_addresses(at) : check_nstring(at, &nil)))
			return false;
	return check_byte(at, ')');
}

/* "(" string *(SP string) ")" / nil */
static inline bool check_strings(struct span *at, bool in_pairs)
{
	struct span string;
	size_t count = 0;

	if (check_nil(at))
		return true;
	if (!check_byte(at, '('))
		return false;
	do {
		if (!check_string(at, &string))
			return false;
		count++;
	} while (check_byte(at, ' '));
	return check_byte(at, ')') && !(in_pairs && count % 2 != 0);
}

/* SP disposition SP language SP location */
static inline bool check_extension(struct span *at)
{
	struct span string;
	bool nil;

	if (!check_byte(at, ' '))
		return false;
	if (!check_nil(at) && (!check_byte(at, '(') || !check_string(at, &string) || !check_byte(at, ' ') ||
			       !check_strings(at, true) || !check_byte(at, ')')))
		return false;
	return check_byte(at, ' ') && check_strings(at, false) && check_byte(at, ' ') && check_nstring(at, &nil);
}

static inline bool check_body(struct span *at, bool has_extension);

static inline bool check_multipart(struct span *at, bool has_extension)
{
	struct span subtype;

	while (at->n > 0 && at->p[0] == '(')
		if (!check_body(at, has_extension))
			return false;
	return check_byte(at, ' ') && check_string(at, &subtype) &&
	       (!has_extension || (check_byte(at, ' ') && check_strings(at, true) && check_extension(at)));
}

/* SP params SP id SP description SP encoding SP octets */
static inline bool check_fields(struct span *at)
{
	struct span encoding;
	bool nil;

	return check_byte(at, ' ') && check_strings(at, true) && check_byte(at, ' ') && check_nstring(at, &nil) &&
	       check_byte(at, ' ') && check_nstring(at, &nil) && check_byte(at, ' ') && check_string(at, &encoding) &&
	       check_byte(at, ' ') && check_number(at);
}

static inline bool check_single(struct span *at, bool has_extension)
{
	struct span type, subtype;
	bool nil;

	if (!check_string(at, &type) || !check_byte(at, ' ') || !check_string(at, &subtype) || !check_fields(at))
		return false;
	if (span_is_nocase(type, "message") &&
	    (span_is_nocase(subtype, "rfc822") || span_is_nocase(subtype, "global"))) {
		if (!check_byte(at, ' ') || !check_envelope(at) || !check_byte(at, ' ') ||
		    !check_body(at, has_extension) || !check_byte(at, ' ') || !check_number(at))
			return false;
	} else if (span_is_nocase(type, "text") && (!check_byte(at, ' ') || !check_number(at))) {
		return false;
	}
	return !has_extension || (check_byte(at, ' ') && check_nstring(at, &nil) && check_extension(at));
}

static inline bool check_body(struct span *at, bool has_extension)
{
	return check_byte(at, '(') &&
	       (at->n > 0 && at->p[0] == '(' ? check_multipart(at, has_extension) : check_single(at, has_extension)) &&
	       check_byte(at, ')');
}

/* Parts lie inside their parents, one behind the other. Gives their number. */
static inline size_t check_tree(const struct mime_part *part, size_t from, size_t end)
{
	size_t count = 1, at = part->body_at;

	must(part->header_at >= from && part->header_at + part->header_size == part->body_at);
	must(part->body_at + part->body_size >= part->body_at && part->body_at + part->body_size <= end);
	must(part->body_lines <= part->body_size);
	must((part->kind == MIME_LEAF) == (part->child_count == 0));
	must(part->kind != MIME_MESSAGE || part->child_count == 1);
	must(part->kind == MIME_LEAF || !part->is_text);
	for (uint32_t i = 0; i < part->child_count; i++) {
		count += check_tree(&part->child[i], at, part->body_at + part->body_size);
		at = part->child[i].body_at + part->child[i].body_size;
	}
	return count;
}

static inline bool check_same_tree(const struct mime_part *a, const struct mime_part *b)
{
	if (a->kind != b->kind || a->encoding != b->encoding || a->header_at != b->header_at ||
	    a->header_size != b->header_size || a->body_at != b->body_at || a->body_size != b->body_size ||
	    a->body_lines != b->body_lines || a->child_count != b->child_count || a->is_text != b->is_text ||
	    !span_equal(a->charset, b->charset))
		return false;
	for (uint32_t i = 0; i < a->child_count; i++)
		if (!check_same_tree(&a->child[i], &b->child[i]))
			return false;
	return true;
}

static inline void check_derived(struct span message, size_t text_max, struct arena *arena)
{
	struct mime_derived d;
	struct mime_part *root, *unpacked;
	struct buf out = {0};
	struct span at;

	mime_derive(message, text_max, arena, &d);
	root = mime_parse(message, arena);
	must(check_tree(root, 0, message.n) <= MIME_MAX_PARTS + MIME_MAX_DEPTH + 1);
	must(root->header_at == 0 && root->body_at + root->body_size == message.n);
	must(d.header.n == root->header_size && (d.header.n == 0 || d.header.p == message.p));
	unpacked = mime_parts_unpack(d.parts, arena);
	must(unpacked != NULL && check_same_tree(root, unpacked));
	at = d.envelope;
	must(check_envelope(&at) && at.n == 0);
	at = d.bodystructure;
	must(check_body(&at, true) && at.n == 0);
	mime_body_write(d.bodystructure, &out);
	at = buf_view(&out);
	must(check_body(&at, false) && at.n == 0);
	buf_done(&out);
	must(utf8_is_valid(d.header_text) && utf8_is_valid(d.body_text));
	must(d.body_text.n <= text_max);
	must((d.sent_at == INT64_MIN) == (d.sent_day == INT32_MIN));
}

#endif

/* FETCH (RFC 9051, 6.4.5 and 9; RFC 3501, 6.4.5 for RFC822 and its kin; RFC 3516 BINARY; RFC 7162, 3.1.4 and 3.2.6). */
#include "imapd/parse_private.h"

#include <string.h>

enum { MOST_ITEMS = 512 };

struct items { /* the list as it grows */
	struct imap_fetch *fetch;
	size_t capacity;
	unsigned simple; /* bits of the kinds without a section that are in it: once is enough */
};

static struct imap_fetch_item *add_item(struct imap_parse_context *context, struct items *items,
					enum imap_fetch_kind kind)
{
	struct imap_fetch *fetch = items->fetch;
	void *list = fetch->items;
	struct imap_fetch_item *item;

	arena_grow(context->arena, &list, &items->capacity, fetch->item_count + 1, sizeof *fetch->items);
	fetch->items = list;
	item = &fetch->items[fetch->item_count++];
	memset(item, 0, sizeof *item);
	item->kind = kind;
	return item;
}

static void add_simple(struct imap_parse_context *context, struct items *items, enum imap_fetch_kind kind)
{
	if (items->simple & 1u << kind)
		return;
	items->simple |= 1u << kind;
	(void)add_item(context, items, kind);
}

/* section-part, and the '.' behind it where a text follows: has_text_r */
static bool take_path(struct imap_parse_context *context, struct span *at, struct imap_fetch_item *item,
		      bool *has_text_r)
{
	size_t capacity = 0;

	*has_text_r = !imap_next_is(at, ']');
	while (at->n > 0 && ascii_is_digit(at->p[0])) {
		void *path = item->path;

		arena_grow(context->arena, &path, &capacity, item->path_count + 1, sizeof *item->path);
		item->path = path;
		if (!imap_take_nz_u32(at, &item->path[item->path_count++]))
			return false;
		*has_text_r = imap_take(at, '.');
		if (!*has_text_r)
			return true;
	}
	return true;
}

/* A field's name as the answer repeats it. */
static bool write_field(struct buf *out, struct span field)
{
	struct span rest = field;

	if (imap_take_run(&rest, IMAP_ATOM_CHAR).n > 0 && rest.n == 0) {
		buf_span(out, field);
		return true;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];

		if (c < ' ' || c > '~') /* no field has such a name; char may be signed */
			return false;
		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, c);
	}
	buf_byte(out, '"');
	return true;
}

static bool take_field(struct imap_parse_context *context, struct span *at, struct imap_fetch_item *item,
		       size_t *capacity, struct buf *written)
{
	void *fields = item->fields;

	arena_grow(context->arena, &fields, capacity, item->field_count + 1, sizeof *item->fields);
	item->fields = fields;
	if (item->field_count > 0)
		buf_byte(written, ' ');
	return imap_take_astring(context, at, &item->fields[item->field_count]) &&
	       write_field(written, item->fields[item->field_count++]);
}

/* header-list, with the SP in front */
static bool take_fields(struct imap_parse_context *context, struct span *at, struct imap_fetch_item *item)
{
	struct buf written = {0};
	size_t capacity = 0;
	bool first = true, bad, ok = imap_take(at, ' ') && imap_take(at, '(');

	buf_byte(&written, '(');
	while (ok && imap_list_goes_on(at, &first, &bad))
		ok = take_field(context, at, item, &capacity, &written);
	buf_byte(&written, ')');
	item->fields_written = imap_keep_buf(context, &written);
	return ok && !bad && item->field_count > 0;
}

static bool take_text(struct imap_parse_context *context, struct span *at, struct imap_fetch_item *item)
{
	struct span word = imap_take_run(at, IMAP_NAME_CHAR);

	if (span_is_nocase(word, "HEADER")) {
		item->text = IMAP_SECTION_HEADER;
	} else if (span_is_nocase(word, "TEXT")) {
		item->text = IMAP_SECTION_TEXT;
	} else if (span_is_nocase(word, "MIME") && item->path_count > 0) {
		item->text = IMAP_SECTION_MIME;
	} else if (span_is_nocase(word, "HEADER.FIELDS")) {
		item->text = IMAP_SECTION_HEADER_FIELDS;
		return take_fields(context, at, item);
	} else if (span_is_nocase(word, "HEADER.FIELDS.NOT")) {
		item->text = IMAP_SECTION_HEADER_FIELDS_NOT;
		return take_fields(context, at, item);
	} else {
		return false;
	}
	return true;
}

/* partial = "<" number64 "." nz-number64 ">" */
static bool take_partial(struct span *at, struct imap_fetch_item *item)
{
	if (!imap_take(at, '<'))
		return true;
	item->has_partial = true;
	return imap_take_u64(at, INT64_MAX, &item->partial_offset) && imap_take(at, '.') &&
	       imap_take_u64(at, INT64_MAX, &item->partial_length) && item->partial_length > 0 && imap_take(at, '>');
}

/* Behind the '[': what is in the brackets, and the partial. */
static bool take_section(struct imap_parse_context *context, struct span *at, struct imap_fetch_item *item)
{
	bool has_text;

	if (!take_path(context, at, item, &has_text) || (has_text && item->kind != IMAP_FETCH_SECTION) ||
	    (has_text && !take_text(context, at, item)) || !imap_take(at, ']')) {
		(void)imap_fail(context, "That section cannot be understood");
		return false;
	}
	if (item->kind != IMAP_FETCH_BINARY_SIZE && !take_partial(at, item)) {
		(void)imap_fail(context, "A partial is written <offset.length>");
		return false;
	}
	return true;
}

static const struct fetch_word {
	const char *name;
	enum imap_fetch_kind plain, bracketed; /* what it means without and with a '[' behind it */
	bool peek;
} words[] = {
	{"UID", IMAP_FETCH_UID, IMAP_FETCH_UID, false},
	{"FLAGS", IMAP_FETCH_FLAGS, IMAP_FETCH_FLAGS, false},
	{"INTERNALDATE", IMAP_FETCH_INTERNALDATE, IMAP_FETCH_INTERNALDATE, false},
	{"RFC822.SIZE", IMAP_FETCH_SIZE, IMAP_FETCH_SIZE, false},
	{"ENVELOPE", IMAP_FETCH_ENVELOPE, IMAP_FETCH_ENVELOPE, false},
	{"BODYSTRUCTURE", IMAP_FETCH_BODYSTRUCTURE, IMAP_FETCH_BODYSTRUCTURE, false},
	{"MODSEQ", IMAP_FETCH_MODSEQ, IMAP_FETCH_MODSEQ, false},
	{"BODY", IMAP_FETCH_BODY, IMAP_FETCH_SECTION, false},
	{"BODY.PEEK", IMAP_FETCH_SECTION, IMAP_FETCH_SECTION, true},
	{"BINARY", IMAP_FETCH_BINARY, IMAP_FETCH_BINARY, false},
	{"BINARY.PEEK", IMAP_FETCH_BINARY, IMAP_FETCH_BINARY, true},
	{"BINARY.SIZE", IMAP_FETCH_BINARY_SIZE, IMAP_FETCH_BINARY_SIZE, true},
	{"RFC822", IMAP_FETCH_RFC822, IMAP_FETCH_RFC822, false},
	{"RFC822.HEADER", IMAP_FETCH_RFC822_HEADER, IMAP_FETCH_RFC822_HEADER, true},
	{"RFC822.TEXT", IMAP_FETCH_RFC822_TEXT, IMAP_FETCH_RFC822_TEXT, false},
};

static bool has_section(enum imap_fetch_kind kind)
{
	return kind == IMAP_FETCH_SECTION || kind == IMAP_FETCH_BINARY || kind == IMAP_FETCH_BINARY_SIZE;
}

static const struct fetch_word *find_word(struct span name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_is_nocase(name, words[i].name))
			return &words[i];
	return NULL;
}

static bool take_item(struct imap_parse_context *context, struct span *at, struct items *items)
{
	const struct fetch_word *word = find_word(imap_take_run(at, IMAP_NAME_CHAR));
	enum imap_fetch_kind kind;
	struct imap_fetch_item *item;
	bool bracket = imap_take(at, '[');

	if (word == NULL)
		return false;
	kind = bracket ? word->bracketed : word->plain;
	if (has_section(kind) != bracket)
		return false;
	if (items->fetch->item_count == MOST_ITEMS) {
		(void)imap_fail(context, "Too many items");
		return false;
	}
	if (!bracket) {
		add_simple(context, items, kind);
		return true;
	}
	item = add_item(context, items, kind);
	item->peek = word->peek;
	return take_section(context, at, item);
}

/* ALL, FAST, FULL: only instead of items, never among them. */
static bool take_macro(struct imap_parse_context *context, struct span *at, struct items *items)
{
	bool full = imap_take_word(at, "FULL"), all = full || imap_take_word(at, "ALL");

	if (!all && !imap_take_word(at, "FAST"))
		return false;
	add_simple(context, items, IMAP_FETCH_FLAGS);
	add_simple(context, items, IMAP_FETCH_INTERNALDATE);
	add_simple(context, items, IMAP_FETCH_SIZE);
	if (all)
		add_simple(context, items, IMAP_FETCH_ENVELOPE);
	if (full)
		add_simple(context, items, IMAP_FETCH_BODY);
	return true;
}

static bool take_items(struct imap_parse_context *context, struct span *at, struct imap_fetch *fetch)
{
	struct items items = {.fetch = fetch};
	bool first = true, bad;

	if (!imap_take(at, '('))
		return take_macro(context, at, &items) || take_item(context, at, &items);
	while (imap_list_goes_on(at, &first, &bad))
		if (!take_item(context, at, &items))
			return false;
	return !bad && fetch->item_count > 0;
}

/* "(CHANGEDSINCE 12345 VANISHED)" */
static bool take_modifiers(struct imap_parse_context *context, struct span *at, struct imap_fetch *fetch)
{
	bool first = true, bad;

	if (!imap_take(at, '('))
		return false;
	while (imap_list_goes_on(at, &first, &bad)) {
		if (imap_take_word(at, "VANISHED"))
			fetch->wants_vanished = true;
		else if (imap_take_word(at, "CHANGEDSINCE") && imap_take(at, ' ') &&
			 imap_take_u64(at, INT64_MAX, &fetch->changedsince))
			fetch->has_changedsince = true;
		else
			return false;
	}
	if (fetch->wants_vanished && !fetch->has_changedsince) {
		(void)imap_fail(context, "VANISHED needs CHANGEDSINCE beside it"); /* 7162, 3.2.6 */
		return false;
	}
	return !bad && fetch->has_changedsince;
}

enum parse imap_fetch_parse(struct imap_parse_context *context, struct span *in, struct imap_command *command)
{
	struct imap_fetch *fetch = &command->fetch;
	struct span at = *in;

	*fetch = (struct imap_fetch){0};
	if (!imap_take(&at, ' ') || !imap_take_set(context, &at, &fetch->set) || !imap_take(&at, ' '))
		return imap_fail(context, "A sequence set is expected");
	if (!take_items(context, &at, fetch))
		return imap_fail(context, "Unknown item");
	if (imap_take(&at, ' ') && !take_modifiers(context, &at, fetch))
		return imap_fail(context, "(CHANGEDSINCE n) is expected");
	return imap_parsed(context, at, in);
}

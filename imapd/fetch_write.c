/* The responses of FETCH (RFC 9051, 7.5.2). What the narrow rows hold is written without printf() and without memory of
 * its own, since a client may ask for the flags of a hundred thousand messages. */
#include "imapd/fetch_private.h"

#include <string.h>
#include <time.h>

static struct out *output(struct fetch *f)
{
	return &f->session->net.out;
}

static void write_number(struct fetch *f, const char *before, size_t before_size, uint64_t number, const char *after)
{
	struct out *out = output(f);
	char *start = out_room(out, before_size + 24), *to = start;

	memcpy(to, before, before_size);
	to += before_size;
	to += format_u64(to, number);
	for (; *after != '\0'; after++)
		*to++ = *after;
	out_added(out, (size_t)(to - start));
}
#define WRITE_NUMBER(f, before, number, after) write_number(f, before, sizeof(before) - 1, number, after)

static bool is_recent(const struct fetch *f, const struct store_row *row)
{
	return !imap_has(f->session, IMAP_ENABLED_REV2) && row->uid >= f->session->selected->recent_from;
}

static void write_flags(struct fetch *f, const struct store_row *row)
{
	enum { RECENT = 32 }; /* a bit that no flag has */
	struct out *out = output(f);
	bool recent = is_recent(f, row);
	uint64_t key = (row->flags & ~STORE_FLAG_GHOST) | (recent ? RECENT : 0);
	struct fetch_flags_text *cached = &f->flags_texts[key * 0x9e3779b97f4a7c15u >> 59];
	size_t from;

	if (row->more.n == 0 && cached->size > 0 && cached->flags == key) {
		out_span(out, span_from(cached->text, cached->size));
		return;
	}
	from = out->bytes.n;
	out_text(out, "FLAGS ");
	imap_write_flags(out, f->view, row, recent);
	if (row->more.n > 0 || out->bytes.n - from > sizeof cached->text)
		return;
	cached->flags = key;
	cached->size = (uint32_t)(out->bytes.n - from);
	memcpy(cached->text, out->bytes.p + from, cached->size);
}

static char *put_two(char *to, unsigned number)
{
	*to++ = (char)('0' + number / 10);
	*to++ = (char)('0' + number % 10);
	return to;
}

/* Most messages share their day with the one before. */
static bool take_day(struct fetch *f, int64_t day)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(day * 86400);
	struct tm tm;
	char *to = f->day_text;

	if (f->day == day)
		return true;
	if (day < -719528 || day > 2932896 || gmtime_r(&seconds, &tm) == NULL) /* the years 0 to 9999 */
		return false;
	to = put_two(to, (unsigned)tm.tm_mday);
	if (f->day_text[0] == '0')
		f->day_text[0] = ' ';
	*to++ = '-';
	memcpy(to, months + tm.tm_mon * 3, 3);
	to += 3;
	*to++ = '-';
	to = put_two(to, (unsigned)(tm.tm_year + 1900) / 100);
	(void)put_two(to, (unsigned)(tm.tm_year + 1900) % 100);
	f->day = day;
	return true;
}

static void write_date(struct fetch *f, const struct store_row *row)
{
	struct out *out = output(f);
	int64_t local = row->date + (int64_t)row->zone * 60;
	int64_t day = local / 86400 - (local % 86400 < 0 ? 1 : 0);
	unsigned second = (unsigned)(local - day * 86400), east = (unsigned)(row->zone < 0 ? -row->zone : row->zone);
	char *start = out_room(out, 48), *to = start;

	if (!take_day(f, day) || east >= 6000) {
		out_text(out, "INTERNALDATE ");
		imap_write_date_time(out, row->date, row->zone);
		return;
	}
	memcpy(to, "INTERNALDATE \"", 14);
	memcpy(to + 14, f->day_text, 11);
	to[25] = ' ';
	to = put_two(to + 26, second / 3600);
	*to++ = ':';
	to = put_two(to, second / 60 % 60);
	*to++ = ':';
	to = put_two(to, second % 60);
	*to++ = ' ';
	*to++ = row->zone < 0 ? '-' : '+';
	to = put_two(to, east / 60);
	to = put_two(to, east % 60);
	*to++ = '"';
	out_added(out, (size_t)(to - start));
}

static void write_separator(struct fetch *f, const struct fetch_row *row)
{
	if (!f->is_first_item)
		out_byte(output(f), ' ');
	else
		WRITE_NUMBER(f, "* ", row->number, " FETCH (");
	f->is_first_item = false;
}

static void write_narrow(struct fetch *f, enum imap_fetch_kind kind, const struct store_row *row)
{
	switch (kind) {
	case IMAP_FETCH_UID:
		WRITE_NUMBER(f, "UID ", row->uid, "");
		return;
	case IMAP_FETCH_FLAGS:
		write_flags(f, row);
		return;
	case IMAP_FETCH_INTERNALDATE:
		write_date(f, row);
		return;
	case IMAP_FETCH_SIZE:
		WRITE_NUMBER(f, "RFC822.SIZE ", row->size, "");
		return;
	case IMAP_FETCH_MODSEQ:
		WRITE_NUMBER(f, "MODSEQ (", row->modseq, ")");
		return;
	case IMAP_FETCH_ENVELOPE:
	case IMAP_FETCH_BODY:
	case IMAP_FETCH_BODYSTRUCTURE:
	case IMAP_FETCH_SECTION:
	case IMAP_FETCH_BINARY:
	case IMAP_FETCH_BINARY_SIZE:
	case IMAP_FETCH_RFC822:
	case IMAP_FETCH_RFC822_HEADER:
	case IMAP_FETCH_RFC822_TEXT:
		break; /* of the content */
	}
}

static void write_narrow_item(struct fetch *f, enum imap_fetch_kind kind, const struct fetch_row *row)
{
	write_separator(f, row);
	write_narrow(f, kind, &row->row);
}

void fetch_write_begin(struct fetch *f, const struct fetch_row *row)
{
	bool is_due = f->due.count > 0 && ranges_has(&f->due, row->row.uid);

	f->is_first_item = true;
	f->item_next = 0;
	if (!f->has_uid && (f->by_uid || (is_due && imap_has(f->session, IMAP_ENABLED_QRESYNC))))
		write_narrow_item(f, IMAP_FETCH_UID, row);
	if (is_due && !f->has_flags)
		write_narrow_item(f, IMAP_FETCH_FLAGS, row);
	if (is_due && !f->has_modseq && imap_has(f->session, IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC))
		write_narrow_item(f, IMAP_FETCH_MODSEQ, row);
}

void fetch_write_end(struct fetch *f)
{
	if (!f->is_first_item)
		out_text(output(f), ")\r\n");
}

/* ENVELOPE and the structures are ready texts of the grammar; all else is a string. */
static bool is_ready_text(enum imap_fetch_kind kind)
{
	return kind == IMAP_FETCH_ENVELOPE || kind == IMAP_FETCH_BODY || kind == IMAP_FETCH_BODYSTRUCTURE;
}

static void write_literal_size(struct fetch *f, uint64_t size, bool is_literal8)
{
	if (is_literal8)
		out_byte(output(f), '~');
	WRITE_NUMBER(f, "{", size, "}\r\n");
}

/* False: the bytes are not at hand, f->pending has them. */
static bool write_string(struct fetch *f, const struct fetch_piece *piece, bool may_be_literal8)
{
	bool is_far = piece->is_range && f->source.blob != NULL;
	struct span s =
		!piece->is_range ? piece->memory : span_sub(f->source.bytes, (size_t)piece->at, (size_t)piece->size);
	uint64_t size = is_far ? piece->size : s.n;

	if (size == 0) {
		out_text(output(f), "\"\"");
		return true;
	}
	write_literal_size(f, size, may_be_literal8 && (is_far || memchr(s.p, '\0', s.n) != NULL));
	if (!is_far && (f->source.is_lent || s.n <= FETCH_PUMP)) {
		out_span(output(f), s);
		return true;
	}
	f->pending = is_far ? *piece : (struct fetch_piece){.memory = s};
	return false;
}

bool fetch_write_items(struct fetch *f, const struct fetch_row *row)
{
	while (f->item_next < f->item_count) {
		const struct fetch_item *item = &f->items[f->item_next];
		struct fetch_piece piece;

		if (f->is_under_way && out_is_full(output(f)))
			return false;
		f->item_next++;
		if (item->needs == 0) {
			write_narrow_item(f, item->asked->kind, row);
			continue;
		}
		fetch_section_find(f, item->asked, &piece);
		if (piece.is_nil)
			continue;
		write_separator(f, row);
		out_span(output(f), item->name);
		if (piece.is_number)
			out_u64(output(f), piece.size);
		else if (is_ready_text(item->asked->kind))
			out_span(output(f), piece.memory.n > 0 ? piece.memory : SPAN("NIL"));
		else if (!write_string(f, &piece, item->asked->kind == IMAP_FETCH_BINARY))
			return false;
	}
	return true;
}

static bool pump_range(struct fetch *f)
{
	struct fetch_piece *pending = &f->pending;
	size_t n = pending->size < FETCH_PUMP ? (size_t)pending->size : FETCH_PUMP, got;

	if (store_blob_read(f->source.blob, pending->at, out_room(output(f), n), n, &got) != STORE_OK || got == 0)
		return false;
	out_added(output(f), got);
	pending->at += got;
	pending->size -= got;
	return true;
}

static void pump_memory(struct fetch *f)
{
	struct span *left = &f->pending.memory;
	size_t n = left->n < FETCH_PUMP ? left->n : FETCH_PUMP;

	out_span(output(f), span_sub(*left, 0, n));
	*left = span_sub(*left, n, left->n - n);
}

enum imap_step fetch_write_pending(struct fetch *f)
{
	for (;;) {
		if (out_is_full(output(f)))
			return IMAP_STEP_MORE;
		if (f->pending.is_range ? f->pending.size == 0 : f->pending.memory.n == 0)
			break;
		if (!f->pending.is_range)
			pump_memory(f);
		else if (!pump_range(f))
			return IMAP_STEP_FAILED;
	}
	f->pending = (struct fetch_piece){0};
	return IMAP_STEP_DONE;
}

/* --- names
 * --------------------------------------------------------------------------------------------------------------------
 */

static void name_path(struct buf *to, const struct imap_fetch_item *item)
{
	for (size_t i = 0; i < item->path_count; i++) {
		if (i > 0)
			buf_byte(to, '.');
		buf_u64(to, item->path[i]);
	}
}

static void name_section(struct buf *to, const struct imap_fetch_item *item)
{
	static const char *const texts[] = {
		[IMAP_SECTION_ALL] = "",
		[IMAP_SECTION_HEADER] = "HEADER",
		[IMAP_SECTION_HEADER_FIELDS] = "HEADER.FIELDS ",
		[IMAP_SECTION_HEADER_FIELDS_NOT] = "HEADER.FIELDS.NOT ",
		[IMAP_SECTION_TEXT] = "TEXT",
		[IMAP_SECTION_MIME] = "MIME",
	};

	buf_byte(to, '[');
	name_path(to, item);
	if (item->path_count > 0 && item->text != IMAP_SECTION_ALL)
		buf_byte(to, '.');
	buf_text(to, texts[item->text]);
	if (item->text == IMAP_SECTION_HEADER_FIELDS || item->text == IMAP_SECTION_HEADER_FIELDS_NOT)
		buf_span(to, item->fields_written);
	buf_byte(to, ']');
	if (item->has_partial && item->kind != IMAP_FETCH_BINARY_SIZE) {
		buf_byte(to, '<');
		buf_u64(to, item->partial_offset);
		buf_byte(to, '>');
	}
}

static const char *plain_name(enum imap_fetch_kind kind)
{
	switch (kind) {
	case IMAP_FETCH_ENVELOPE:
		return "ENVELOPE";
	case IMAP_FETCH_BODY:
	case IMAP_FETCH_SECTION:
		return "BODY";
	case IMAP_FETCH_BODYSTRUCTURE:
		return "BODYSTRUCTURE";
	case IMAP_FETCH_BINARY:
		return "BINARY";
	case IMAP_FETCH_BINARY_SIZE:
		return "BINARY.SIZE";
	case IMAP_FETCH_RFC822:
		return "RFC822";
	case IMAP_FETCH_RFC822_HEADER:
		return "RFC822.HEADER";
	case IMAP_FETCH_RFC822_TEXT:
		return "RFC822.TEXT";
	case IMAP_FETCH_UID:
	case IMAP_FETCH_FLAGS:
	case IMAP_FETCH_INTERNALDATE:
	case IMAP_FETCH_SIZE:
	case IMAP_FETCH_MODSEQ:
		break; /* these carry their names with them */
	}
	return "";
}

struct span fetch_item_name(struct arena *arena, const struct imap_fetch_item *item)
{
	struct buf name = {0};
	struct span copy;

	buf_text(&name, plain_name(item->kind));
	if (item->kind == IMAP_FETCH_SECTION || item->kind == IMAP_FETCH_BINARY || item->kind == IMAP_FETCH_BINARY_SIZE)
		name_section(&name, item);
	buf_byte(&name, ' ');
	copy = arena_span(arena, buf_view(&name));
	buf_done(&name);
	return copy;
}

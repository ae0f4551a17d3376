/* Responses: tagged, untagged, and the grammar's small pieces (RFC 9051, 7 and 9). */
#include "imapd/session.h"
#include "common/base/mutf7.h"
#include "common/store/mailbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void write_tag(struct imap_session *session)
{
	struct span tag = session->running == NULL ? (struct span){0} : session->running->command.tag;

	if (tag.n == 0)
		out_byte(&session->net.out, '*'); /* nothing that could be a tag was said */
	else
		out_span(&session->net.out, tag);
}

static void write_tagged(struct imap_session *session, const char *condition, const char *text)
{
	write_tag(session);
	out_text(&session->net.out, condition);
	out_text(&session->net.out, text);
	out_text(&session->net.out, "\r\n");
}

void imap_ok(struct imap_session *session, const char *text)
{
	write_tagged(session, " OK ", text);
}

void imap_no(struct imap_session *session, const char *text)
{
	write_tagged(session, " NO ", text);
}

void imap_bad(struct imap_session *session, const char *text)
{
	session->bad_streak++;
	write_tagged(session, " BAD ", text);
}

void imap_tagged(struct imap_session *session, const char *condition, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	write_tag(session);
	out_byte(&session->net.out, ' ');
	out_text(&session->net.out, condition);
	out_byte(&session->net.out, ' ');
	out_text(&session->net.out, text);
	out_text(&session->net.out, "\r\n");
}

void imap_untagged(struct imap_session *session, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	out_text(&session->net.out, "* ");
	out_text(&session->net.out, text);
	out_text(&session->net.out, "\r\n");
}

void imap_no_status(struct imap_session *session, enum store_status status, const char *what)
{
	switch (status) {
	case STORE_OK:
		imap_ok(session, "completed");
		return;
	case STORE_NOT_FOUND:
		imap_tagged(session, "NO", "[NONEXISTENT] No such %s", what);
		return;
	case STORE_GONE:
		imap_tagged(session, "NO", "[NONEXISTENT] The %s is gone", what);
		return;
	case STORE_EXISTS:
		imap_tagged(session, "NO", "[ALREADYEXISTS] That %s exists already", what);
		return;
	case STORE_DENIED:
		imap_tagged(session, "NO", "[NOPERM] That may not be done with this %s", what);
		return;
	case STORE_INVALID:
		imap_tagged(session, "NO", "[CANNOT] That name is not possible for a %s", what);
		return;
	case STORE_LIMIT:
		imap_tagged(session, "NO", "[LIMIT] A limit of the %s is reached", what);
		return;
	case STORE_OVER_QUOTA:
		imap_no(session, "[OVERQUOTA] The quota is used up");
		return;
	case STORE_CONFLICT:
	case STORE_LOCKED:
		imap_tagged(session, "NO", "[INUSE] The %s was changed meanwhile; try again", what);
		return;
	case STORE_NO_SPACE:
		imap_no(session, "[UNAVAILABLE] The server's disk is full; nothing was changed");
		return;
	case STORE_BUSY:
		imap_no(session, "[UNAVAILABLE] The store is busy; nothing was changed; try again");
		return;
	case STORE_UNCERTAIN:
		imap_no(session, "[UNAVAILABLE] The store went away; whether this was done is not known");
		return;
	case STORE_BROKEN:
		imap_no(session, "[SERVERBUG] The store has a fault; it was logged");
		return;
	}
}

/* Quoted strings hold 7-bit bytes without CR, LF and NUL (9051, 9: QUOTED-CHAR). */
static bool can_be_quoted(struct span s)
{
	if (s.n > 1000)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return true;
}

static void write_quoted(struct out *out, struct span s)
{
	out_byte(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			out_byte(out, '\\');
		out_byte(out, s.p[i]);
	}
	out_byte(out, '"');
}

void imap_write_string(struct out *out, struct span s)
{
	if (s.p == NULL && s.n == 0) {
		out_text(out, "NIL");
	} else if (can_be_quoted(s)) {
		write_quoted(out, s);
	} else {
		out_printf(out, "{%zu}\r\n", s.n);
		out_span(out, s);
	}
}

static bool is_plain_atom(struct span s)
{
	if (s.n == 0 || span_is_nocase(s, "NIL"))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !ascii_is_digit(c) &&
		    strchr("-_.$+/&,=@:;|<>", c) == NULL)
			return false;
		if (c == '\0')
			return false;
	}
	return true;
}

void imap_write_astring(struct out *out, struct span s)
{
	if (is_plain_atom(s))
		out_span(out, s);
	else
		imap_write_string(out, s.p == NULL ? SPAN("") : s);
}

/* With UTF-8 names in quoted strings allowed, only CR, LF, NUL and size call for a literal. */
static void write_utf8_name(struct out *out, struct span name)
{
	if (is_plain_atom(name))
		out_span(out, name);
	else
		write_quoted(out, name);
}

void imap_write_mailbox(struct imap_session *session, struct span name)
{
	struct buf encoded = {0};

	if (imap_has(session, IMAP_ENABLED_REV2)) {
		write_utf8_name(&session->net.out, name);
		return;
	}
	mutf7_encode(name, &encoded);
	imap_write_astring(&session->net.out, buf_view(&encoded));
	buf_done(&encoded);
}

void imap_write_date_time(struct out *out, int64_t date, int zone)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t local = (time_t)(date + (int64_t)zone * 60);
	unsigned east = zone < 0 ? (unsigned)-zone : (unsigned)zone;
	struct tm tm;

	if (gmtime_r(&local, &tm) == NULL || tm.tm_year + 1900 < 0 || tm.tm_year + 1900 > 9999) {
		out_text(out, "\" 1-Jan-1970 00:00:00 +0000\"");
		return;
	}
	out_printf(out, "\"%2d-%s-%04d %02d:%02d:%02d %c%02u%02u\"", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
		   tm.tm_hour, tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+', east / 60, east % 60);
}

static void add_flag(struct out *out, bool *first, struct span name)
{
	if (!*first)
		out_byte(out, ' ');
	*first = false;
	out_span(out, name);
}

void imap_write_flags(struct out *out, const struct store_snapshot *snapshot, const struct store_row *row, bool recent)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} system[] = {{STORE_FLAG_ANSWERED, "\\Answered"},
		      {STORE_FLAG_FLAGGED, "\\Flagged"},
		      {STORE_FLAG_DELETED, "\\Deleted"},
		      {STORE_FLAG_SEEN, "\\Seen"},
		      {STORE_FLAG_DRAFT, "\\Draft"}};
	bool first = true;

	out_byte(out, '(');
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		if (row->flags & system[i].bit)
			add_flag(out, &first, span_of(system[i].name));
	if (recent)
		add_flag(out, &first, SPAN("\\Recent"));
	if (row->flags >> STORE_FLAG_KEYWORD_SHIFT != 0 || row->more.n > 0)
		for (uint32_t k = 0; k < snapshot->keywords->count; k++)
			if (store_row_has_keyword(row, k))
				add_flag(out, &first, snapshot->keywords->names[k]);
	out_byte(out, ')');
}

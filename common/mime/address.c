/* Address lists (RFC 5322, 3.4 and the obsolete forms of 4.4) as ENVELOPE shows them: (name route mailbox host).
 *
 * Real headers are often broken, so nothing is refused. Words are gathered until the next byte of meaning, which
 * decides what they were: a display name before '<', a local part before '@', the name of a group before ':'. Two rules
 * keep the answer from turning into something else: host is never NIL (that would begin or end a group), but "" where
 * the address has no domain; and every group that was begun is ended. */
#include "common/mime/mime_private.h"

#include <string.h>

enum { ENCODED_WORD_MAX = 512 };

struct reader {
	struct span at;
	struct span comment; /* the last one seen in this address; .p NULL: none */
	struct buf words;    /* unquoted, parted by one blank */
	struct buf local;    /* the last of them that dots hold together, without blanks around the dots */
	size_t local_at;     /* where those begin in words */
	struct buf route, mailbox, host, name;
	bool has_words, has_route, has_name;
	bool in_group;
	bool is_dotted;   /* the last thing taken was a dot */
	bool after_space; /* or white space, or a comment */
	struct buf *out;
	bool wrote_any;
};

static void skip(struct reader *r)
{
	size_t before = r->at.n;

	mime_skip(&r->at, &r->comment);
	r->after_space = r->at.n < before;
}

static bool next_is(const struct reader *r, char c)
{
	return r->at.n > 0 && r->at.p[0] == c;
}

static void start_address(struct reader *r)
{
	r->words.n = r->local.n = r->route.n = r->mailbox.n = r->host.n = r->name.n = 0;
	r->local_at = 0;
	r->comment = (struct span){0};
	r->has_words = r->has_route = r->has_name = r->is_dotted = false;
}

static void open_list(struct reader *r)
{
	if (!r->wrote_any)
		buf_byte(r->out, '(');
	r->wrote_any = true;
}

/* The words, without the blank at their end. */
static struct span name_of_words(const struct reader *r, size_t n)
{
	return mime_trim(span_sub(buf_view(&r->words), 0, n));
}

/* Writes what has been gathered. A comment stands in for a name that is missing: "a@b (Name)". */
static void write_address(struct reader *r)
{
	open_list(r);
	buf_byte(r->out, '(');
	if (!r->has_name && r->comment.p != NULL && r->comment.n > 0) {
		mime_unquote(r->comment, &r->name);
		r->has_name = r->name.n > 0;
	}
	mime_write_nstring(r->has_name ? buf_view(&r->name) : (struct span){0}, r->out);
	buf_byte(r->out, ' ');
	mime_write_nstring(r->has_route ? buf_view(&r->route) : (struct span){0}, r->out);
	buf_byte(r->out, ' ');
	mime_write_string(buf_view(&r->mailbox), r->out);
	buf_byte(r->out, ' ');
	mime_write_string(buf_view(&r->host), r->out);
	buf_byte(r->out, ')');
}

static void end_group(struct reader *r)
{
	if (r->in_group)
		buf_text(r->out, "(NIL NIL NIL NIL)");
	r->in_group = false;
}

static void begin_group(struct reader *r)
{
	end_group(r);
	open_list(r);
	buf_text(r->out, "(NIL NIL ");
	mime_write_string(name_of_words(r, r->words.n), r->out);
	buf_text(r->out, " NIL)");
	r->in_group = true;
}

static void set_name(struct reader *r, struct span name)
{
	if (name.n == 0)
		return;
	r->name.n = 0;
	buf_span(&r->name, name);
	r->has_name = true;
}

/* An encoded-word may hold bytes that part addresses, where its sender was careless: it is one word all the same. */
static struct span take_encoded_word(struct span *at)
{
	struct span word = {at->p, 0};
	size_t marks = 0;

	if (at->n < 2 || at->p[0] != '=' || at->p[1] != '?')
		return word;
	for (size_t i = 2; i < at->n && i < ENCODED_WORD_MAX && !mime_is(at->p[i], MIME_SPACE); i++) {
		marks += at->p[i] == '?';
		if (marks >= 3 && at->p[i] == '?' && i + 1 < at->n && at->p[i + 1] == '=') {
			word.n = i + 2;
			mime_step(at, word.n);
			break;
		}
	}
	return word;
}

static void take_atom(struct span *at, struct buf *to)
{
	struct span word = take_encoded_word(at);

	if (word.n == 0)
		word = mime_take_run(at, MIME_ATOM);
	if (word.n == 0) { /* a byte that has no meaning here */
		word = span_sub(*at, 0, 1);
		mime_step(at, 1);
	}
	buf_span(to, word);
}

/* One atom, quoted string or dot of a phrase or local part. */
static void take_word(struct reader *r)
{
	bool is_dot = next_is(r, '.'), is_held = is_dot || r->is_dotted;
	size_t at;

	if (r->has_words && (r->after_space || !is_held))
		buf_byte(&r->words, ' ');
	at = r->words.n;
	if (!is_held) {
		r->local.n = 0;
		r->local_at = at;
	}
	if (next_is(r, '"'))
		mime_unquote(mime_take_quoted(&r->at), &r->words);
	else
		take_atom(&r->at, &r->words);
	buf_span(&r->local, span_sub(buf_view(&r->words), at, SIZE_MAX));
	r->has_words = true;
	r->is_dotted = is_dot;
	skip(r);
}

/* Behind the '@'. */
static void take_domain(struct reader *r, struct buf *to)
{
	skip(r);
	while (r->at.n > 0) {
		char c = r->at.p[0];

		if (c == ',' || c == ';' || c == ':' || c == '<' || c == '>')
			return;
		if (c == '[') {
			size_t end = span_find_byte(r->at, ']');
			struct span literal = span_sub(r->at, 0, end == SIZE_MAX ? r->at.n : end + 1);

			mime_unquote(literal, to);
			mime_step(&r->at, literal.n);
		} else if (c == '"') {
			mime_unquote(mime_take_quoted(&r->at), to);
		} else {
			take_atom(&r->at, to);
		}
		skip(r);
		if (r->at.n > 0 && r->at.p[0] != '.' && to->n > 0 && to->p[to->n - 1] != '.' && r->at.p[0] != '@')
			return;
	}
}

/* "@a,@b:" before the address in angle brackets (RFC 5322, 4.4: obs-route). */
static void take_route(struct reader *r)
{
	while (next_is(r, '@') || next_is(r, ',')) {
		buf_byte(&r->route, r->at.p[0]);
		mime_step(&r->at, 1);
		if (r->route.p[r->route.n - 1] == '@')
			take_domain(r, &r->route);
		skip(r);
	}
	if (next_is(r, ':'))
		mime_step(&r->at, 1);
	r->has_route = r->route.n > 0;
	skip(r);
}

/* Passes over what stands between an address and the next comma. */
static void skip_rest(struct reader *r)
{
	while (r->at.n > 0 && r->at.p[0] != ',' && r->at.p[0] != ';') {
		if (r->at.p[0] == '"')
			(void)mime_take_quoted(&r->at);
		else
			mime_step(&r->at, 1);
		skip(r);
	}
}

/* Behind the '<', up to and with the '>'. */
static void take_angle(struct reader *r)
{
	r->words.n = r->local.n = r->mailbox.n = r->host.n = 0;
	r->local_at = 0;
	r->has_words = r->is_dotted = false;
	skip(r);
	if (next_is(r, '@'))
		take_route(r);
	while (r->at.n > 0 && !next_is(r, '>') && !next_is(r, '@') && !next_is(r, ',') && !next_is(r, ';'))
		take_word(r);
	buf_span(&r->mailbox, r->local_at == 0 ? buf_view(&r->local) : buf_view(&r->words));
	if (next_is(r, '@')) {
		mime_step(&r->at, 1);
		take_domain(r, &r->host);
	}
	while (r->at.n > 0 && !next_is(r, '>') && !next_is(r, ',') && !next_is(r, ';'))
		mime_step(&r->at, 1);
	if (next_is(r, '>'))
		mime_step(&r->at, 1);
	skip(r);
}

/* Behind the '@' of an address without angle brackets. */
static void take_bare(struct reader *r)
{
	set_name(r, name_of_words(r, r->local_at));
	buf_span(&r->mailbox, buf_view(&r->local));
	take_domain(r, &r->host);
	if (next_is(r, '<')) { /* "a@b <a@b>": the first is the name */
		if (r->has_name)
			buf_byte(&r->name, ' ');
		buf_span(&r->name, buf_view(&r->mailbox));
		buf_byte(&r->name, '@');
		buf_span(&r->name, buf_view(&r->host));
		r->has_name = true;
		mime_step(&r->at, 1);
		take_angle(r);
	}
}

/* Words alone: one is a mailbox, several are a name. */
static void take_lone_words(struct reader *r)
{
	if (r->local_at == 0)
		buf_span(&r->mailbox, buf_view(&r->local));
	else
		set_name(r, name_of_words(r, r->words.n));
}

/* One address, or the beginning of a group. */
static void take_address(struct reader *r)
{
	start_address(r);
	skip(r);
	while (r->at.n > 0 && memchr("<@,:;", r->at.p[0], 5) == NULL)
		take_word(r);
	if (next_is(r, ':')) {
		mime_step(&r->at, 1);
		begin_group(r);
		return;
	}
	if (next_is(r, '<')) {
		set_name(r, name_of_words(r, r->words.n));
		mime_step(&r->at, 1);
		take_angle(r);
	} else if (next_is(r, '@')) {
		mime_step(&r->at, 1);
		take_bare(r);
	} else if (r->has_words) {
		take_lone_words(r);
	} else {
		return; /* nothing but a comment */
	}
	skip_rest(r);
	write_address(r);
}

static void read_list(struct reader *r, struct span value)
{
	r->at = value;
	while (r->at.n > 0) {
		take_address(r);
		if (next_is(r, ';'))
			end_group(r);
		if (next_is(r, ',') || next_is(r, ';'))
			mime_step(&r->at, 1);
	}
	end_group(r);
}

/* Goes through the header again for all fields named like the first one, whose value is known. */
static void read_repeated(struct reader *r, const struct mime_fields *fields, enum mime_field field)
{
	struct span rest = fields->header, name, value, wanted = {0};

	while (mime_header_next(&rest, &name, &value)) {
		if (value.p == fields->value[field].p)
			wanted = name;
		if (wanted.p != NULL && span_equal_nocase(name, wanted))
			read_list(r, value);
	}
}

bool mime_write_addresses(const struct mime_fields *fields, enum mime_field field, struct buf *out)
{
	struct reader r = {.out = out};

	if (fields->value[field].p != NULL) {
		if ((fields->repeated >> field & 1) != 0)
			read_repeated(&r, fields, field);
		else
			read_list(&r, fields->value[field]);
	}
	buf_text(out, r.wrote_any ? ")" : "NIL");
	buf_done(&r.words);
	buf_done(&r.local);
	buf_done(&r.route);
	buf_done(&r.mailbox);
	buf_done(&r.host);
	buf_done(&r.name);
	return r.wrote_any;
}

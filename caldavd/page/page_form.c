/* Forms. */
#include "caldavd/page/page_form.h"
#include "common/base/buf.h"
#include "common/base/utf8.h"

enum { URLENCODED_MAX = 65536, BOUNDARY_MAX = 70, PART_FIELDS_MAX = 10 };

/* --- fields --- */

static const struct page_field *find(const struct page_form *form, struct span name)
{
	for (size_t i = 0; i < form->count; i++)
		if (span_equal(form->list[i].name, name))
			return &form->list[i];
	return NULL;
}

static bool add(struct page_form *form, const struct page_field *field)
{
	if (form->count == PAGE_FIELDS_MAX || field->name.n == 0 || field->name.n > PAGE_FIELD_NAME_MAX ||
	    find(form, field->name) != NULL)
		return false;
	if (!field->is_file && (field->value.n > PAGE_FIELD_MAX || !utf8_is_valid(field->value)))
		return false;
	form->list[form->count++] = *field;
	return true;
}

struct span page_form_value(const struct page_form *form, const char *name)
{
	const struct page_field *field = find(form, span_of(name));

	return field == NULL || field->is_file ? (struct span){0} : field->value;
}

struct span page_form_file(const struct page_form *form, const char *name)
{
	const struct page_field *field = find(form, span_of(name));

	return field == NULL || !field->is_file ? (struct span){0} : field->value;
}

/* --- application/x-www-form-urlencoded --- */

static bool decode(struct span text, struct arena *arena, struct span *decoded_r)
{
	char *to = arena_bytes(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < text.n ? ascii_hex_value(text.p[i + 1]) : -1;
			int low = i + 2 < text.n ? ascii_hex_value(text.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		to[n++] = c;
	}
	*decoded_r = span_from(to, n);
	return true;
}

bool page_query_parse(struct span query, struct arena *arena, struct page_form *form_r)
{
	*form_r = (struct page_form){0};
	if (query.n > URLENCODED_MAX)
		return false;
	while (query.n > 0) {
		size_t end = span_find_byte(query, '&'), equals;
		struct span pair = span_sub(query, 0, end);
		struct page_field field = {0};

		query = end == SIZE_MAX ? (struct span){0} : span_sub(query, end + 1, SIZE_MAX);
		equals = span_find_byte(pair, '=');
		if (!decode(span_sub(pair, 0, equals), arena, &field.name) ||
		    !decode(equals == SIZE_MAX ? SPAN("") : span_sub(pair, equals + 1, SIZE_MAX), arena,
			    &field.value) ||
		    !add(form_r, &field))
			return false;
	}
	return true;
}

/* --- multipart/form-data --- */

/* Token or quoted value of a parameter; browsers write quotes inside as %22, so there are no escapes. */
static bool take_value(struct span *in, struct span *value_r)
{
	size_t end;

	if (span_take_byte(in, '"') == PARSE_OK) {
		end = span_find_byte(*in, '"');
		if (end == SIZE_MAX)
			return false;
		*value_r = span_sub(*in, 0, end);
		*in = span_sub(*in, end + 1, SIZE_MAX);
		return true;
	}
	end = span_find_byte(*in, ';');
	*value_r = span_trim(span_sub(*in, 0, end));
	*in = end == SIZE_MAX ? (struct span){0} : span_sub(*in, end, SIZE_MAX);
	return value_r->n > 0 && span_find_byte(*value_r, '"') == SIZE_MAX;
}

/* The next "; name=value". False: none is left, or (*ok false) it is malformed. */
static bool next_param(struct span *in, struct span *name_r, struct span *value_r, bool *ok)
{
	size_t equals;

	*in = span_trim(*in);
	if (in->n == 0)
		return false;
	*ok = span_take_byte(in, ';') == PARSE_OK && (equals = span_find_byte(*in, '=')) != SIZE_MAX;
	if (!*ok)
		return false;
	*name_r = span_trim(span_sub(*in, 0, equals));
	*in = span_sub(*in, equals + 1, SIZE_MAX);
	return *ok = take_value(in, value_r);
}

static struct span media_type(struct span content_type)
{
	return span_trim(span_sub(content_type, 0, span_find_byte(content_type, ';')));
}

static bool boundary_of(struct span content_type, struct span *boundary_r)
{
	size_t semicolon = span_find_byte(content_type, ';');
	struct span in = semicolon == SIZE_MAX ? (struct span){0} : span_sub(content_type, semicolon, SIZE_MAX);
	struct span name, value;
	bool ok = true;

	*boundary_r = (struct span){0};
	while (next_param(&in, &name, &value, &ok))
		if (span_is_nocase(name, "boundary"))
			*boundary_r = value;
	return ok && boundary_r->n > 0 && boundary_r->n <= BOUNDARY_MAX;
}

/* form-data; name="…"; filename="…" */
static bool take_disposition(struct span value, struct page_field *field)
{
	struct span name, text;
	bool ok = true;

	if (span_take_text_nocase(&value, "form-data") != PARSE_OK)
		return false;
	while (next_param(&value, &name, &text, &ok)) {
		if (span_is_nocase(name, "name"))
			field->name = text;
		else if (span_is_nocase(name, "filename"))
			field->is_file = true;
	}
	return ok && field->name.n > 0;
}

static bool take_part_head(struct span head, struct page_field *field)
{
	for (int i = 0; i < PART_FIELDS_MAX && head.n > 0; i++) {
		size_t end = span_find(head, SPAN("\r\n")), colon;
		struct span line = span_sub(head, 0, end), name, value;

		head = end == SIZE_MAX ? (struct span){0} : span_sub(head, end + 2, SIZE_MAX);
		colon = span_find_byte(line, ':');
		if (colon == SIZE_MAX)
			return false;
		name = span_sub(line, 0, colon);
		value = span_trim(span_sub(line, colon + 1, SIZE_MAX));
		if (span_is_nocase(name, "Content-Disposition")) {
			if (!take_disposition(value, field))
				return false;
		} else if (span_is_nocase(name, "Content-Transfer-Encoding") && !span_is_nocase(value, "binary") &&
			   !span_is_nocase(value, "8bit") && !span_is_nocase(value, "7bit")) {
			return false; /* RFC 7578, 4.7: nobody writes it any more */
		}
	}
	return head.n == 0 && field->name.n > 0;
}

/* in: behind the delimiter of a part. Takes it with the delimiter that follows. */
static bool take_part(struct span *in, struct span delimiter, struct page_form *form)
{
	struct page_field field = {0};
	size_t head_end, end;

	if (span_take_text(in, "\r\n") != PARSE_OK)
		return false;
	head_end = span_find(span_sub(*in, 0, PAGE_PART_HEAD_MAX), SPAN("\r\n\r\n"));
	if (head_end == SIZE_MAX || !take_part_head(span_sub(*in, 0, head_end), &field))
		return false;
	/* the line end behind the head belongs to the delimiter where the part is empty */
	*in = span_sub(*in, head_end + 2, SIZE_MAX);
	end = span_find(*in, delimiter);
	if (end == SIZE_MAX)
		return false;
	field.value = end == 0 ? SPAN("") : span_sub(*in, 2, end - 2);
	*in = span_sub(*in, end + delimiter.n, SIZE_MAX);
	return add(form, &field);
}

static bool parse_multipart(struct span content_type, struct span body, struct arena *arena, struct page_form *form_r)
{
	struct span boundary, delimiter;

	if (!boundary_of(content_type, &boundary))
		return false;
	delimiter = span_of(arena_printf(arena, "\r\n--%.*s", (int)boundary.n, boundary.p));
	if (!span_starts(body, span_sub(delimiter, 2, SIZE_MAX)))
		return false;
	body = span_sub(body, delimiter.n - 2, SIZE_MAX);
	while (!span_starts(body, SPAN("--")))
		if (!take_part(&body, delimiter, form_r))
			return false;
	return span_is(body, "--") || span_is(body, "--\r\n");
}

/* --- either --- */

bool page_form_is_type(struct span content_type)
{
	struct span type = media_type(content_type);

	return span_is_nocase(type, "application/x-www-form-urlencoded") || span_is_nocase(type, "multipart/form-data");
}

bool page_form_parse(struct span content_type, struct span body, struct arena *arena, struct page_form *form_r)
{
	*form_r = (struct page_form){0};
	if (span_is_nocase(media_type(content_type), "multipart/form-data"))
		return parse_multipart(content_type, body, arena, form_r);
	return page_query_parse(body, arena, form_r);
}

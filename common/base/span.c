/* Spans: comparing, finding, taking from the front. */
#include "common/base/span.h"

#include <string.h>

struct span span_of(const char *text)
{
	return (struct span){text, text == NULL ? 0 : strlen(text)};
}

struct span span_from(const void *p, size_t n)
{
	return (struct span){p, n};
}

struct span span_sub(struct span s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct span){s.n == 0 ? s.p : s.p + from, n};
}

bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool span_is(struct span s, const char *text)
{
	return span_equal(s, span_of(text));
}

bool span_is_nocase(struct span s, const char *text)
{
	return span_equal_nocase(s, span_of(text));
}

int span_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_equal(span_sub(s, 0, prefix.n), prefix);
}

bool span_starts_nocase(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_equal_nocase(span_sub(s, 0, prefix.n), prefix);
}

size_t span_find_byte(struct span s, char byte)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, byte, s.n);

	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

size_t span_find(struct span s, struct span what)
{
	const char *at;

	if (what.n == 0)
		return 0;
	at = s.n < what.n ? NULL : memmem(s.p, s.n, what.p, what.n);
	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

enum parse span_take_byte(struct span *in, char byte)
{
	if (in->n == 0)
		return PARSE_MORE;
	if (in->p[0] != byte)
		return PARSE_BAD;
	*in = span_sub(*in, 1, in->n - 1);
	return PARSE_OK;
}

static enum parse take_text(struct span *in, const char *text, bool any_case)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		if (i == in->n)
			return PARSE_MORE;
		if (any_case ? ascii_lower(in->p[i]) != ascii_lower(text[i]) : in->p[i] != text[i])
			return PARSE_BAD;
	}
	*in = span_sub(*in, n, in->n - n);
	return PARSE_OK;
}

enum parse span_take_text(struct span *in, const char *text)
{
	return take_text(in, text, false);
}

enum parse span_take_text_nocase(struct span *in, const char *text)
{
	return take_text(in, text, true);
}

enum parse span_take_u64(struct span *in, uint64_t max, uint64_t *number_r)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < in->n && ascii_is_digit(in->p[i]); i++) {
		uint64_t digit = (uint64_t)(in->p[i] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return PARSE_BAD;
		number = number * 10 + digit;
		if (number > max)
			return PARSE_BAD;
	}
	if (i == in->n)
		return PARSE_MORE;
	if (i == 0)
		return PARSE_BAD;
	*in = span_sub(*in, i, in->n - i);
	*number_r = number;
	return PARSE_OK;
}

enum parse span_take_u32(struct span *in, uint32_t max, uint32_t *number_r)
{
	uint64_t number;
	enum parse r = span_take_u64(in, max, &number);

	if (r == PARSE_OK)
		*number_r = (uint32_t)number;
	return r;
}

bool span_to_u64(struct span s, uint64_t max, uint64_t *number_r)
{
	uint64_t number = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(unsigned char)(s.p[i] - '0');

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (number > max)
		return false;
	*number_r = number;
	return true;
}

struct span span_trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_sub(s, 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* A borrowed run of bytes, and the small steps every parser is made of. A function that takes something off the front
 * of a span consumes nothing unless it answers PARSE_OK. Any thread. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p; /* borrowed; no NUL at the end, and a NUL inside is a byte like any other */
	size_t n;
};

enum parse {
	PARSE_OK,
	PARSE_MORE, /* all well as far as it goes, but the bytes end too early */
	PARSE_BAD,
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

struct span span_of(const char *text); /* a NUL-terminated text of ours; NULL gives an empty span */
struct span span_from(const void *p, size_t n);
struct span span_sub(struct span s, size_t from, size_t n); /* clipped to s */

bool span_is(struct span s, const char *text);        /* the same bytes */
bool span_is_nocase(struct span s, const char *text); /* the same but for the case of ASCII letters */
bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b);
int span_compare(struct span a, struct span b); /* bytewise; <0, 0, >0 */
bool span_starts(struct span s, struct span prefix);
bool span_starts_nocase(struct span s, struct span prefix);

/* Offset of the byte or run, or SIZE_MAX where it does not occur. */
size_t span_find_byte(struct span s, char byte);
size_t span_find(struct span s, struct span what);

enum parse span_take_byte(struct span *in, char byte);
enum parse span_take_text(struct span *in, const char *text);        /* exactly these bytes */
enum parse span_take_text_nocase(struct span *in, const char *text); /* ASCII letters in any case */
/* 1*DIGIT, at most max. PARSE_MORE where the span ends right behind a digit (more could follow) or is empty;
 * PARSE_BAD where there is no digit, or the number is above max. */
enum parse span_take_u64(struct span *in, uint64_t max, uint64_t *number_r);
enum parse span_take_u32(struct span *in, uint32_t max, uint32_t *number_r);
/* The whole span is a number: true and *number_r, or false (empty, other bytes, above max). For values whose end is
 * known. */
bool span_to_u64(struct span s, uint64_t max, uint64_t *number_r);

struct span span_trim(struct span s); /* without blanks and tabs at both ends */

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of a hexadecimal digit in either case; -1: it is none. */
static inline int ascii_hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif

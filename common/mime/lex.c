/* Tokens of structured header fields: white space, comments, quoted strings, atoms (RFC 5322, 3.2; RFC 2045, 5.1). */
#include "common/mime/mime_private.h"

#include <string.h>

/* clang-format off */
#define C MIME_CONTROL
#define S MIME_SPACE
#define A MIME_ATOM
#define T MIME_TOKEN
const unsigned char mime_classes[256] = {
	C, C, C, C, C, C, C, C, C, C|S, C|S, C, C, C|S, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	/*     !    "  #    $    %    &    '    (  )  *    +    ,  -    .  / */
	S,     A|T, 0, A|T, A|T, A|T, A|T, A|T, 0, 0, A|T, A|T, 0, A|T, T, A,
	/* 0                                                :  ;  <  =  >  ? */
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, 0, 0, 0, A, 0, A,
	/* @ A … */
	0,   A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, 0, 0, 0, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, C,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
	A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T, A|T,
};
#undef C
#undef S
#undef A
#undef T
/* clang-format on */

/* at->p[0] is '('. Without a closing parenthesis the comment goes on to the end. */
static struct span take_comment(struct span *at)
{
	size_t depth = 0, i;

	for (i = 0; i < at->n; i++) {
		char c = at->p[i];

		if (c == '\\' && i + 1 < at->n)
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	struct span inside = span_sub(*at, 1, i - 1);
	mime_step(at, i < at->n ? i + 1 : at->n);
	return inside;
}

void mime_skip(struct span *at, struct span *comment_r)
{
	while (at->n > 0) {
		if (mime_is(at->p[0], MIME_SPACE)) {
			mime_step(at, 1);
		} else if (at->p[0] == '(') {
			struct span comment = take_comment(at);

			if (comment_r != NULL)
				*comment_r = comment;
		} else {
			return;
		}
	}
}

struct span mime_take_run(struct span *at, enum mime_class class)
{
	struct span run = {at->p, 0};

	while (run.n < at->n && mime_is(at->p[run.n], class))
		run.n++;
	mime_step(at, run.n);
	return run;
}

struct span mime_take_quoted(struct span *at)
{
	struct span inside;
	size_t i = 1;

	while (i < at->n && at->p[i] != '"')
		i += at->p[i] == '\\' ? 2 : 1;
	if (i > at->n)
		i = at->n;
	inside = span_sub(*at, 1, i - 1);
	mime_step(at, i < at->n ? i + 1 : at->n);
	return inside;
}

void mime_unquote(struct span inside, struct buf *out)
{
	char *start = buf_room(out, inside.n + 1), *to = start;

	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] == '\\' && i + 1 < inside.n)
			i++;
		if (inside.p[i] != '\r' && inside.p[i] != '\n')
			*to++ = inside.p[i];
	}
	buf_added(out, (size_t)(to - start));
}

struct span mime_trim(struct span raw)
{
	while (raw.n > 0 && mime_is(raw.p[0], MIME_SPACE))
		mime_step(&raw, 1);
	while (raw.n > 0 && mime_is(raw.p[raw.n - 1], MIME_SPACE))
		raw.n--;
	return raw;
}

/* raw[i] is CR or LF: writes one blank for it and all white space around. Returns the last byte that was passed over.
 */
static size_t unfold_here(struct span raw, size_t i, const char *start, char **to)
{
	while (*to > start && mime_is((*to)[-1], MIME_SPACE))
		--*to;
	while (i + 1 < raw.n && mime_is(raw.p[i + 1], MIME_SPACE))
		i++;
	*(*to)++ = ' ';
	return i;
}

struct span mime_unfold(struct span raw, struct arena *arena)
{
	char *copy, *to;

	raw = mime_trim(raw);
	if (raw.n == 0 || (memchr(raw.p, '\n', raw.n) == NULL && memchr(raw.p, '\r', raw.n) == NULL))
		return raw;
	copy = to = arena_bytes(arena, raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] != '\r' && raw.p[i] != '\n')
			*to++ = raw.p[i];
		else
			i = unfold_here(raw, i, copy, &to);
	}
	return span_from(copy, (size_t)(to - copy));
}

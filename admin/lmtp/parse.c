/* Paths and parameters. */
#include "admin/lmtp/parse.h"
#include "common/base/utf8.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* "@a,@b:" in front of the mailbox must be understood, and is disregarded (RFC 5321, 4.1.1.3). */
static void skip_route(struct span *in)
{
	size_t colon;

	if (in->n > 0 && in->p[0] == '@' && (colon = span_find_byte(*in, ':')) != SIZE_MAX)
		*in = span_sub(*in, colon + 1, SIZE_MAX);
}

static enum parse quoted(struct span *in)
{
	*in = span_sub(*in, 1, SIZE_MAX);
	while (in->n > 0 && in->p[0] != '"') {
		if (in->p[0] == '\\')
			*in = span_sub(*in, 1, SIZE_MAX);
		if (in->n == 0 || is_control(in->p[0]))
			return PARSE_BAD;
		*in = span_sub(*in, 1, SIZE_MAX);
	}
	return span_take_byte(in, '"') == PARSE_OK ? PARSE_OK : PARSE_BAD;
}

static enum parse mailbox(struct span *in)
{
	if (in->n > 0 && in->p[0] == '"' && quoted(in) != PARSE_OK)
		return PARSE_BAD;
	while (in->n > 0 && in->p[0] != '>') {
		if (is_control(in->p[0]) || in->p[0] == ' ' || in->p[0] == '<' || in->p[0] == '"')
			return PARSE_BAD;
		*in = span_sub(*in, 1, SIZE_MAX);
	}
	return PARSE_OK;
}

enum parse lmtp_path_parse(struct span *in, const char *keyword, struct span *path_r)
{
	struct span at = *in, from;

	if (span_take_text_nocase(&at, keyword) != PARSE_OK)
		return PARSE_BAD;
	while (at.n > 0 && at.p[0] == ' ')
		at = span_sub(at, 1, SIZE_MAX);
	if (span_take_byte(&at, '<') != PARSE_OK)
		return PARSE_BAD;
	skip_route(&at);
	from = at;
	if (mailbox(&at) != PARSE_OK || span_take_byte(&at, '>') != PARSE_OK)
		return PARSE_BAD;
	*path_r = span_from(from.p, (size_t)(at.p - from.p) - 1);
	if (path_r->n > LMTP_PATH_MAX || !utf8_is_valid(*path_r) || (at.n > 0 && at.p[0] != ' '))
		return PARSE_BAD;
	*in = at;
	return PARSE_OK;
}

bool lmtp_parameter_next(struct span *in, struct lmtp_parameter *parameter_r, bool *is_bad_r)
{
	struct span word;
	size_t end, equal;

	*is_bad_r = false;
	*in = span_trim(*in);
	if (in->n == 0)
		return false;
	end = span_find_byte(*in, ' ');
	word = span_sub(*in, 0, end);
	*in = end == SIZE_MAX ? (struct span){0} : span_sub(*in, end + 1, SIZE_MAX);
	equal = span_find_byte(word, '=');
	*parameter_r = (struct lmtp_parameter){.keyword = span_sub(word, 0, equal)};
	if (equal != SIZE_MAX)
		parameter_r->value = span_sub(word, equal + 1, SIZE_MAX);
	*is_bad_r = parameter_r->keyword.n == 0 || (equal != SIZE_MAX && parameter_r->value.n == 0);
	return !*is_bad_r;
}

/* Request line and fields. */
#include "caldavd/http/head.h"
#include "caldavd/http/token.h"

#include <string.h>

struct parser {
	struct span in;
	struct http_head *head;
	const char *reason;
	size_t hosts, lengths, codings;
};

size_t http_head_length(struct span in, size_t *scanned)
{
	size_t at = *scanned;

	while (at < in.n) {
		const char *lf = memchr(in.p + at, '\n', in.n - at);

		if (lf == NULL)
			break;
		at = (size_t)(lf - in.p) + 1;
		/* an empty line, if it is not the one in front */
		if (at > 2 && (lf[-1] == '\n' || (lf[-1] == '\r' && at > 3 && lf[-2] == '\n')))
			return at;
	}
	*scanned = in.n;
	return 0;
}

static unsigned refuse(struct parser *parser, unsigned status, const char *reason)
{
	parser->reason = reason;
	return status;
}

/* A line without its CRLF. False: a bare LF, or a CR somewhere else. */
static bool take_line(struct span *in, struct span *line_r)
{
	size_t end = span_find_byte(*in, '\n');

	if (end == SIZE_MAX || end == 0 || in->p[end - 1] != '\r')
		return false;
	*line_r = span_sub(*in, 0, end - 1);
	*in = span_sub(*in, end + 1, SIZE_MAX);
	return span_find_byte(*line_r, '\r') == SIZE_MAX;
}

static unsigned parse_version(struct parser *parser, struct span version)
{
	if (!span_starts(version, SPAN("HTTP/")) || version.n != 8 || !ascii_is_digit(version.p[5]) ||
	    version.p[6] != '.' || !ascii_is_digit(version.p[7]))
		return refuse(parser, 400, "The request line is malformed");
	if (version.p[5] != '1')
		return refuse(parser, 505, "Only HTTP/1 is spoken here");
	parser->head->minor = (unsigned)(version.p[7] - '0');
	return 0;
}

static unsigned parse_request_line(struct parser *parser)
{
	struct span line;
	size_t first, second;

	if (!take_line(&parser->in, &line))
		return refuse(parser, 400, "A line does not end with CRLF");
	first = span_find_byte(line, ' ');
	if (first == SIZE_MAX || !http_is_token(span_sub(line, 0, first)))
		return refuse(parser, 400, "The request line is malformed");
	parser->head->method = span_sub(line, 0, first);
	line = span_sub(line, first + 1, SIZE_MAX);
	second = span_find_byte(line, ' ');
	if (second == SIZE_MAX || second == 0)
		return refuse(parser, 400, "The request line is malformed");
	parser->head->target = span_sub(line, 0, second);
	for (size_t i = 0; i < second; i++)
		if ((unsigned char)line.p[i] <= ' ' || line.p[i] == 0x7f)
			return refuse(parser, 400, "The target holds a control character");
	return parse_version(parser, span_sub(line, second + 1, SIZE_MAX));
}

static unsigned parse_field(struct parser *parser, struct span line)
{
	struct http_head *head = parser->head;
	size_t colon = span_find_byte(line, ':');
	struct http_field *field;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return refuse(parser, 400, "A field is folded"); /* RFC 9112, 5.2 */
	if (colon == SIZE_MAX || !http_is_token(span_sub(line, 0, colon)))
		return refuse(parser, 400, "A field is malformed");
	if (head->field_count == HTTP_FIELDS_MAX)
		return refuse(parser, 431, "There are too many fields");
	field = &head->fields[head->field_count++];
	field->name = span_sub(line, 0, colon);
	field->value = span_trim(span_sub(line, colon + 1, SIZE_MAX));
	for (size_t i = 0; i < field->value.n; i++)
		if (((unsigned char)field->value.p[i] < ' ' && field->value.p[i] != '\t') || field->value.p[i] == 0x7f)
			return refuse(parser, 400, "A field holds a control character");
	return 0;
}

/* --- what the fields say of the message itself --- */

static unsigned take_length(struct parser *parser, struct span value)
{
	if (++parser->lengths > 1)
		return refuse(parser, 400, "There are two lengths");
	if (!span_to_u64(value, INT64_MAX, &parser->head->length))
		return refuse(parser, 400, "The length is no number");
	if (parser->head->body == HTTP_BODY_CHUNKED)
		return refuse(parser, 400, "There are two lengths");
	parser->head->body = HTTP_BODY_LENGTH;
	return 0;
}

static unsigned take_coding(struct parser *parser, struct span value)
{
	if (++parser->codings > 1 || parser->lengths > 0)
		return refuse(parser, 400, "There are two lengths");
	if (parser->head->minor == 0)
		return refuse(parser, 400, "HTTP/1.0 has no transfer codings");
	if (!span_is_nocase(value, "chunked"))
		return refuse(parser, 501, "That transfer coding is not known");
	parser->head->body = HTTP_BODY_CHUNKED;
	return 0;
}

static void take_connection(struct parser *parser, struct span value)
{
	struct span option;

	while (http_list_next(&value, &option)) {
		if (span_is_nocase(option, "close"))
			parser->head->keep_alive = false;
		else if (span_is_nocase(option, "keep-alive") && parser->head->minor == 0)
			parser->head->keep_alive = true;
	}
}

static unsigned take_field(struct parser *parser, const struct http_field *field)
{
	if (span_is_nocase(field->name, "Content-Length"))
		return take_length(parser, field->value);
	if (span_is_nocase(field->name, "Transfer-Encoding"))
		return take_coding(parser, field->value);
	if (span_is_nocase(field->name, "Host") && ++parser->hosts > 1)
		return refuse(parser, 400, "There are two hosts");
	if (span_is_nocase(field->name, "Connection"))
		take_connection(parser, field->value);
	if (span_is_nocase(field->name, "Expect")) {
		if (!span_is_nocase(field->value, "100-continue"))
			return refuse(parser, 417, "That expectation cannot be met");
		parser->head->expects_continue = parser->head->minor > 0;
	}
	return 0;
}

unsigned http_head_parse(struct span head, struct arena *arena, struct http_head *head_r, const char **reason_r)
{
	struct parser parser = {.in = head, .head = head_r, .reason = ""};
	struct span line;
	unsigned status;

	*head_r = (struct http_head){.fields = arena_zero(arena, HTTP_FIELDS_MAX, sizeof *head_r->fields)};
	if (span_starts(head, SPAN("\r\n")))
		parser.in = span_sub(head, 2, SIZE_MAX);
	status = parse_request_line(&parser);
	head_r->keep_alive = head_r->minor > 0;
	while (status == 0) {
		if (!take_line(&parser.in, &line)) {
			status = refuse(&parser, 400, "A line does not end with CRLF");
		} else if (line.n == 0) {
			break;
		} else {
			status = parse_field(&parser, line);
		}
	}
	for (size_t i = 0; i < head_r->field_count && status == 0; i++)
		status = take_field(&parser, &head_r->fields[i]);
	if (status == 0 && parser.in.n > 0)
		status = refuse(&parser, 400, "The head goes on behind its end");
	if (status == 0 && parser.hosts == 0 && head_r->minor > 0)
		status = refuse(&parser, 400, "There is no host");
	*reason_r = parser.reason;
	return status;
}

struct span http_head_field(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (span_is_nocase(head->fields[i].name, name))
			return head->fields[i].value;
	return (struct span){0};
}

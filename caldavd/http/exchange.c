/* What the methods say of their answer. */
#include "caldavd/http/exchange.h"
#include "common/base/must.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{100, "Continue"},
	{200, "OK"},
	{201, "Created"},
	{204, "No Content"},
	{206, "Partial Content"},
	{207, "Multi-Status"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{424, "Failed Dependency"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
	{507, "Insufficient Storage"},
};

const char *http_reason(unsigned status)
{
	for (size_t i = 0; i < array_count(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void http_field_span(struct http_exchange *x, const char *name, struct span value)
{
	must(span_find_byte(value, '\r') == SIZE_MAX && span_find_byte(value, '\n') == SIZE_MAX);
	buf_text(&x->fields, name);
	buf_text(&x->fields, ": ");
	buf_span(&x->fields, value);
	buf_text(&x->fields, "\r\n");
}

void http_field(struct http_exchange *x, const char *name, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	must(n >= 0 && (size_t)n < sizeof text);
	http_field_span(x, name, span_from(text, (size_t)n));
}

void http_answer(struct http_exchange *x, unsigned status, const char *type, struct span body)
{
	x->status = status;
	if (type != NULL)
		http_field_span(x, "Content-Type", span_of(type));
	x->answer.n = 0;
	buf_span(&x->answer, body);
}

void http_answer_text(struct http_exchange *x, unsigned status, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text - 1, fmt, args);
	va_end(args);
	must(n >= 0);
	if ((size_t)n > sizeof text - 2)
		n = sizeof text - 2;
	text[n++] = '\n';
	http_answer(x, status, "text/plain; charset=utf-8", span_from(text, (size_t)n));
}

void http_answer_generated(struct http_exchange *x, unsigned status, const char *type, struct http_generator *generator,
			   uint64_t length)
{
	x->status = status;
	http_field_span(x, "Content-Type", span_of(type));
	x->generator = generator;
	x->length = length;
}

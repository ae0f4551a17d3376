/* Chunks. */
#include "caldavd/http/chunk.h"
#include "caldavd/http/token.h"

/* A whole line without its CRLF. 1: it has come; 0: not yet; -1: it is malformed or too long. */
static int take_line(struct span *in, size_t max, struct span *line_r)
{
	size_t end = span_find_byte(*in, '\n');

	if (end == SIZE_MAX)
		return in->n > max ? -1 : 0;
	if (end == 0 || in->p[end - 1] != '\r' || end > max)
		return -1;
	*line_r = span_sub(*in, 0, end - 1);
	*in = span_sub(*in, end + 1, SIZE_MAX);
	return span_find_byte(*line_r, '\r') == SIZE_MAX ? 1 : -1;
}

/* chunk-size [ chunk-ext ]; the extension is not looked into but for its characters. */
static bool parse_size(struct span line, uint64_t *size_r)
{
	size_t i = 0;
	uint64_t size = 0;

	for (; i < line.n && ascii_hex_value(line.p[i]) >= 0; i++) {
		if (size >> 60 != 0)
			return false;
		size = size << 4 | (uint64_t)ascii_hex_value(line.p[i]);
	}
	if (i == 0)
		return false;
	line = span_sub(line, i, SIZE_MAX);
	for (i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return false;
	line = span_trim(line);
	*size_r = size;
	return line.n == 0 || line.p[0] == ';';
}

static unsigned take_size(struct http_chunks *chunks, struct span *in, bool *more_r)
{
	struct span line;
	int got = take_line(in, HTTP_CHUNK_LINE_MAX, &line);

	*more_r = got == 0;
	if (got < 0 || (got > 0 && !parse_size(line, &chunks->left)))
		return 400;
	if (got > 0)
		chunks->state = chunks->left == 0 ? HTTP_CHUNK_TRAILER : HTTP_CHUNK_DATA;
	return 0;
}

static unsigned take_data(struct http_chunks *chunks, struct span *in, struct buf *out, size_t max, bool *more_r)
{
	size_t n = chunks->left < in->n ? (size_t)chunks->left : in->n;

	if (chunks->left > max - out->n)
		return 413;
	buf_bytes(out, in->p, n);
	*in = span_sub(*in, n, SIZE_MAX);
	chunks->left -= n;
	*more_r = chunks->left > 0;
	if (chunks->left == 0)
		chunks->state = HTTP_CHUNK_DATA_END;
	return 0;
}

static unsigned take_data_end(struct http_chunks *chunks, struct span *in, bool *more_r)
{
	enum parse result = span_take_text(in, "\r\n");

	*more_r = result == PARSE_MORE;
	if (result == PARSE_OK)
		chunks->state = HTTP_CHUNK_SIZE;
	return result == PARSE_BAD ? 400 : 0;
}

static unsigned take_trailer(struct http_chunks *chunks, struct span *in, bool *more_r)
{
	struct span line;
	int got = take_line(in, HTTP_CHUNK_LINE_MAX, &line);
	size_t colon;

	*more_r = got == 0;
	if (got <= 0)
		return got < 0 ? 400 : 0;
	if (line.n == 0) {
		chunks->state = HTTP_CHUNK_DONE;
		return 0;
	}
	chunks->trailer += line.n;
	colon = span_find_byte(line, ':');
	if (chunks->trailer > HTTP_TRAILER_MAX || colon == SIZE_MAX || !http_is_token(span_sub(line, 0, colon)))
		return 400;
	return 0;
}

unsigned http_chunks_take(struct http_chunks *chunks, struct span in, struct buf *out, size_t max, size_t *used_r)
{
	size_t before = in.n;
	unsigned status = 0;
	bool more = false;

	while (status == 0 && !more && chunks->state != HTTP_CHUNK_DONE) {
		switch (chunks->state) {
		case HTTP_CHUNK_SIZE:
			status = take_size(chunks, &in, &more);
			break;
		case HTTP_CHUNK_DATA:
			status = take_data(chunks, &in, out, max, &more);
			break;
		case HTTP_CHUNK_DATA_END:
			status = take_data_end(chunks, &in, &more);
			break;
		case HTTP_CHUNK_TRAILER:
			status = take_trailer(chunks, &in, &more);
			break;
		case HTTP_CHUNK_DONE:
			break;
		}
	}
	*used_r = before - in.n;
	return status;
}

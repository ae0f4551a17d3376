/* HTTP requests: what comes in pieces is what comes at once, and any head, chunk, target and entity tag parses or is
 * refused. The first byte of an input is the size of a piece. */
#include "caldavd/http/chunk.h"
#include "caldavd/http/head.h"
#include "caldavd/http/target.h"
#include "caldavd/http/token.h"
#include "common/base/must.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void play_chunks(struct span all, size_t piece, struct buf *said)
{
	struct http_chunks chunks = {0};
	size_t at = 0, n = 0, used;
	unsigned status = 0;

	while (status == 0 && chunks.state != HTTP_CHUNK_DONE && n < all.n) {
		n = all.n - n < piece ? all.n : n + piece;
		status = http_chunks_take(&chunks, span_sub(all, at, n - at), said, 5000, &used);
		must(used <= n - at && said->n <= 5000);
		at += used;
	}
	if (status != 0) /* how much had come before depends on the pieces */
		said->n = 0;
	buf_printf(said, " %u %zu", status, status == 0 ? at : 0);
}

static size_t head_length(struct span all, size_t piece)
{
	size_t scanned = 0, length = 0;

	for (size_t n = 0; length == 0 && n < all.n;) {
		n = all.n - n < piece ? all.n : n + piece;
		length = http_head_length(span_sub(all, 0, n), &scanned);
	}
	return length;
}

static void parse_head(struct span head, struct arena *arena)
{
	struct http_head got;
	struct http_target target;
	const char *reason;

	if (http_head_parse(head, arena, &got, &reason) != 0)
		return;
	must(http_is_token(got.method) && got.field_count <= HTTP_FIELDS_MAX);
	if (http_target_parse(got.target, arena, &target))
		must(target.segment_count <= HTTP_SEGMENTS_MAX);
	(void)http_names_entity_tag(http_head_field(&got, "If-Match"), SPAN("\"a\""), true);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *arena = arena_create();
	struct buf whole = {0}, pieces = {0};
	struct span all = span_from(data + 1, size < 1 ? 0 : size - 1);
	struct http_target target;

	if (size >= 2) {
		size_t length = head_length(all, size);

		must(length == head_length(all, 1 + data[0] / 4));
		parse_head(span_sub(all, 0, length), arena);
		play_chunks(all, size, &whole);
		play_chunks(all, 1 + data[0] / 4, &pieces);
		must(span_equal(buf_view(&whole), buf_view(&pieces)));
		(void)http_target_parse(all, arena, &target);
	}
	buf_done(&whole);
	buf_done(&pieces);
	arena_destroy(&arena);
	return 0;
}

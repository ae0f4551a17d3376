/* LMTP: data that comes in pieces is what comes at once, its end is seen beforehand, and any path and parameters parse
 * or are refused. The first byte of an input is the size of a piece. */
#include "admin/lmtp/data.h"
#include "admin/lmtp/parse.h"
#include "common/base/must.h"
#include "common/delivery/delivery.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void play(struct span all, size_t piece, struct buf *got)
{
	struct delivery_message message;
	struct lmtp_data data;
	size_t at = 0, n = 0, scanned = 0;
	bool is_end = false;

	delivery_message_init(&message, NULL, 200000);
	lmtp_data_init(&data);
	while (!is_end && n < all.n) {
		bool has_end;
		size_t used;

		n = all.n - n < piece ? all.n : n + piece;
		has_end = lmtp_data_has_end(&data, span_sub(all, at, n - at), &scanned);
		used = lmtp_data_take(&data, span_sub(all, at, n - at), &message, &is_end);
		must(has_end == is_end);
		at += used;
		scanned = 0;
	}
	must(message.status == STORE_OK && message.memory.n <= at);
	buf_span(got, buf_view(&message.memory));
	buf_printf(got, " %zu %d", at, is_end);
	delivery_message_done(&message);
}

static void parse(struct span in)
{
	struct span path;
	struct lmtp_parameter parameter;
	bool is_bad = false;

	if (lmtp_path_parse(&in, "TO:", &path) == PARSE_OK) {
		must(path.n <= LMTP_PATH_MAX);
		while (lmtp_parameter_next(&in, &parameter, &is_bad))
			must(parameter.keyword.n > 0);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct buf whole = {0}, pieces = {0};

	if (size < 2 || size > 100000)
		return 0;
	play(span_from(data + 1, size - 1), size, &whole);
	play(span_from(data + 1, size - 1), 1 + data[0] / 4, &pieces);
	must(span_equal(buf_view(&whole), buf_view(&pieces)));
	parse(span_from(data + 1, size - 1));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}

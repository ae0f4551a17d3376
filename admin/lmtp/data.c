/* Undoing dot-stuffing, in runs as long as possible. */
#include "admin/lmtp/data.h"
#include "common/delivery/delivery.h"

#include <string.h>

void lmtp_data_init(struct lmtp_data *data)
{
	*data = (struct lmtp_data){.is_line_start = true};
}

/* Up to and with the CRLF in front of the next dot that begins a line, or to the end. Returns how many bytes. */
static size_t take_run(struct lmtp_data *data, struct span in, struct delivery_message *to)
{
	const char *at = in.p, *end = in.p + in.n, *lf;

	data->is_line_start = false;
	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		char before = lf > in.p ? lf[-1] : data->last;

		at = lf + 1;
		if (before == '\r' && (at == end || *at == '.')) {
			data->is_line_start = true;
			end = at;
		}
	}
	delivery_message_write(to, span_from(in.p, (size_t)(end - in.p)));
	data->last = end[-1];
	return (size_t)(end - in.p);
}

size_t lmtp_data_take(struct lmtp_data *data, struct span in, struct delivery_message *to, bool *is_end_r)
{
	size_t used = 0;

	*is_end_r = false;
	while (used < in.n) {
		struct span rest = span_sub(in, used, SIZE_MAX);

		if (data->is_line_start && rest.p[0] == '.') {
			if (rest.n < 3 && (rest.n == 1 || rest.p[1] == '\r'))
				return used; /* what follows decides */
			if (rest.n >= 3 && rest.p[1] == '\r' && rest.p[2] == '\n') {
				*is_end_r = true;
				return used + 3;
			}
			used++;
			data->is_line_start = false;
			data->last = '.';
			continue;
		}
		used += take_run(data, rest, to);
	}
	return used;
}

bool lmtp_data_has_end(const struct lmtp_data *data, struct span in, size_t *scanned)
{
	static const char end[] = "\r\n.\r\n";
	size_t length = sizeof end - 1, from = *scanned > length - 1 ? *scanned - (length - 1) : 0;
	struct span rest = span_sub(in, from, SIZE_MAX);

	if (data->is_line_start && span_starts(in, SPAN(".\r\n")))
		return true;
	if (data->last == '\r' && span_starts(in, SPAN("\n.\r\n")))
		return true;
	if (memmem(rest.p, rest.n, end, length) != NULL)
		return true;
	*scanned = in.n;
	return false;
}

/* Line ends as mail has them (RFC 5322, 2.1). */
#include "admin/import.h"

void import_lines(struct span bytes, struct buf *out)
{
	while (bytes.n > 0) {
		size_t end = span_find_byte(bytes, '\n');
		struct span line = span_sub(bytes, 0, end);

		buf_span(out, line);
		if (end == SIZE_MAX)
			return;
		if (line.n == 0 || line.p[line.n - 1] != '\r')
			buf_byte(out, '\r');
		buf_byte(out, '\n');
		bytes = span_sub(bytes, end + 1, SIZE_MAX);
	}
}

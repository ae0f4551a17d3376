/* Text from the net: decoding, folding and normalising give valid UTF-8, and selecting fields gives a header. */
#include "common/base/must.h"
#include "common/base/utf8.h"
#include "common/mime/mime.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const struct span names[] = {{"Subject", 7}, {"To", 2}};
	struct span in = span_from(data, size);
	struct buf decoded = {0}, folded = {0}, other = {0};
	int64_t seconds;
	int zone;

	mime_header_decode(in, &decoded);
	must(utf8_is_valid(buf_view(&decoded)));
	mime_fold(in, &folded);
	must(utf8_is_valid(buf_view(&folded)));
	mime_nfc(in, &other);
	must(utf8_is_valid(buf_view(&other)));
	other.n = 0;
	mime_header_select(in, names, 2, size % 2 == 0, &other);
	must(other.n >= 1 && other.n <= in.n + 4 && other.p[other.n - 1] == '\n');
	other.n = 0;
	(void)mime_decode(size % 3 == 0 ? MIME_BASE64 : MIME_QUOTED_PRINTABLE, in, &other);
	must(other.n <= in.n);
	other.n = 0;
	if (size > 0) {
		struct span charset = span_sub(in, 1, (unsigned char)in.p[0] % 16);

		(void)mime_to_utf8(charset, in, &other);
		must(utf8_is_valid(buf_view(&other)));
	}
	if (mime_date_parse(in, &seconds, &zone))
		must(zone > -24 * 60 && zone < 24 * 60);
	buf_done(&decoded);
	buf_done(&folded);
	buf_done(&other);
	return 0;
}

/* Modified UTF-7: what decodes is the one way to write it; whatever is encoded decodes. */
#include "common/base/must.h"
#include "common/base/mutf7.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span in = span_from(data, size);
	struct buf decoded = {0}, encoded = {0}, again = {0};

	if (mutf7_decode(in, &decoded)) {
		mutf7_encode(buf_view(&decoded), &encoded);
		must(span_equal(buf_view(&encoded), in));
		encoded.n = 0;
	}
	mutf7_encode(in, &encoded);
	must(mutf7_decode(buf_view(&encoded), &again));
	buf_done(&decoded);
	buf_done(&encoded);
	buf_done(&again);
	return 0;
}

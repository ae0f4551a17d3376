/* A whole HTTP session: bytes in, in pieces of a size that the first byte tells, through the real service to a store,
 * and well-formed answers out. */
#include "tests/fuzz/caldavd/offline.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span in = span_from(data + 1, size < 1 ? 0 : size - 1);
	size_t piece;
	bool goes_on = true;

	if (size < 2)
		return 0;
	if (offline == NULL)
		offline_open();
	piece = data[0] < 128 ? in.n : (size_t)1 << (data[0] % 12);
	offline_connect();
	while (in.n > 0 && goes_on) {
		goes_on = offline_send(span_sub(in, 0, piece));
		in = span_sub(in, piece < in.n ? piece : in.n, SIZE_MAX);
	}
	if (goes_on) {
		offline->session->http.net.input_closed = true;
		(void)offline_turn();
	}
	offline_disconnect();
	return 0;
}

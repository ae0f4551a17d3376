/* Requests with a body through the real service: methods, addresses, conditions, XML. An input is one or more of them,
 * parted by a line of two bars:
 *
 *   METHOD TARGET
 *   NAME: VALUE        any number of them; Host, Authorization and Content-Length are added
 *
 *   BODY */
#include "tests/fuzz/caldavd/offline.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { REQUESTS_MAX = 8 };

static struct span take_until(struct span *in, struct span end)
{
	size_t at = span_find(*in, end);
	struct span first = span_sub(*in, 0, at);

	*in = at == SIZE_MAX ? (struct span){0} : span_sub(*in, at + end.n, SIZE_MAX);
	return first;
}

static bool play(struct span request)
{
	struct span body = request, head = take_until(&body, SPAN("\n\n"));
	struct buf bytes = {0};
	bool goes_on;

	buf_span(&bytes, take_until(&head, SPAN("\n")));
	buf_text(&bytes, " HTTP/1.1\r\nHost: example.org\r\n" OFFLINE_LOGIN);
	while (head.n > 0) {
		buf_span(&bytes, take_until(&head, SPAN("\n")));
		buf_text(&bytes, "\r\n");
	}
	buf_printf(&bytes, "Content-Length: %zu\r\n\r\n", body.n);
	buf_span(&bytes, body);
	goes_on = offline_send(buf_view(&bytes));
	buf_done(&bytes);
	return goes_on;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct span in = span_from(data, size);

	if (offline == NULL)
		offline_open();
	offline_connect();
	for (size_t i = 0; i < REQUESTS_MAX && in.n > 0; i++)
		if (!play(take_until(&in, SPAN("\n||\n"))))
			break;
	offline_disconnect();
	return 0;
}

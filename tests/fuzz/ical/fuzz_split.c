/* A stream taken apart and put together: the pieces are themselves when split again, and joined they are a stream of
 * the same pieces (tests/unit/ical/collection_check.h). */
#include "tests/unit/ical/collection_check.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t count;

	(void)check_collection(span_from(data, size), &count);
	return 0;
}

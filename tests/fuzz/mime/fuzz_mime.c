/* A message: whatever it is, what is derived from it holds together (tests/unit/mime/mime_check.h). */
#include "tests/unit/mime/mime_check.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *arena = arena_create();
	struct span in = span_from(data, size);
	struct buf out = {0};

	check_derived(in, size % 2 == 0 ? SIZE_MAX : 100, arena);
	(void)mime_parts_unpack(in, arena); /* as if they had come from a damaged store */
	mime_body_write(in, &out);
	buf_done(&out);
	arena_destroy(&arena);
	return 0;
}

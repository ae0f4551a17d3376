/* ATTACH lines, queries of addresses, names of files: whatever a client sends, and each edit leaves a text that can be
 * edited again. The first byte says what is tried. */
#include "caldavd/caldav/attachment_edit.h"
#include "caldavd/caldav/attachment_name.h"
#include "caldavd/ical/query.h"
#include "common/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void edit(struct span in, unsigned what, struct arena *arena)
{
	size_t end = span_find_byte(in, '\n');
	struct attachment_edit edit = {.action = (enum attachment_action)(what % 3),
				       .id = SPAN("one"),
				       .line = SPAN("ATTACH;MANAGED-ID=one:/new"),
				       .rid = what & 4 ? span_sub(in, 0, end) : (struct span){0}};
	struct buf out = {0};
	struct span text = what & 4 && end != SIZE_MAX ? span_sub(in, end + 1, SIZE_MAX) : in, *ids;
	size_t count;
	bool left;

	if (attachment_edit(text, &edit, arena, &out, &left) == ATTACHMENT_EDITED) {
		must(attachment_ids(buf_view(&out), arena, &ids, &count));
		must((edit.action == ATTACHMENT_REMOVE && !left) || count > 0);
	}
	buf_done(&out);
}

static void query(struct span in, struct arena *arena)
{
	struct query_pair pair;
	enum parse got;
	int64_t number;

	while ((got = query_next(&in, arena, &pair)) != PARSE_MORE)
		if (got == PARSE_OK) {
			(void)query_time(pair.value, &number);
			must(!query_duration(pair.value, &number) || number > 0);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct span in = span_from(data, size);
	unsigned what = size > 0 ? data[0] : 0;

	in = span_sub(in, 1, SIZE_MAX);
	if (what & 8) {
		query(in, arena);
	} else if (what & 16) {
		struct span name = attachment_name(in, SPAN(""), arena);
		struct buf out = {0};

		must(name.n > 0 && name.n <= 255 && span_find_byte(name, '/') == SIZE_MAX);
		attachment_disposition_write(name, &out);
		must(span_find_byte(buf_view(&out), '\r') == SIZE_MAX &&
		     span_find_byte(buf_view(&out), '\n') == SIZE_MAX);
		buf_done(&out);
		must(attachment_type(in, SPAN("")).n <= 127);
	} else {
		edit(in, what, arena);
	}
	arena_destroy(&arena);
	return 0;
}

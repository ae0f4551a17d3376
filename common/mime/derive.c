/* Everything the store keeps beside a message's bytes, in one call. */
#include "common/mime/mime_private.h"

/* What has been written into scratch, as a copy of its own. */
static struct span keep(struct buf *scratch, struct arena *arena)
{
	struct span copy = arena_span(arena, buf_view(scratch));

	scratch->n = 0;
	return copy;
}

static void derive_date(const struct mime_fields *fields, struct mime_derived *derived)
{
	struct span value = fields->value[MIME_DATE];
	int64_t local;
	int zone;

	derived->sent_at = INT64_MIN;
	derived->sent_day = INT32_MIN;
	if (value.p == NULL || !mime_date_parse(value, &derived->sent_at, &zone))
		return;
	local = derived->sent_at + zone * 60;
	derived->sent_day = (int32_t)((local - (local < 0 ? 86399 : 0)) / 86400);
}

void mime_derive(struct span message, size_t text_max, struct arena *arena, struct mime_derived *derived_r)
{
	struct mime_tree tree;
	struct buf scratch = {0};

	*derived_r = (struct mime_derived){0};
	mime_tree_parse(message, arena, &tree);
	derived_r->header = tree.fields[0].header;
	derive_date(&tree.fields[0], derived_r);
	mime_write_envelope(&tree.fields[0], arena, &scratch);
	derived_r->envelope = keep(&scratch, arena);
	mime_write_bodystructure(&tree, arena, &scratch);
	derived_r->bodystructure = keep(&scratch, arena);
	mime_parts_pack(tree.root, &scratch);
	derived_r->parts = keep(&scratch, arena);
	mime_write_header_text(derived_r->header, &scratch);
	derived_r->header_text = keep(&scratch, arena);
	derived_r->body_text_is_partial = !mime_write_body_text(message, &tree, text_max, &scratch);
	derived_r->body_text = keep(&scratch, arena);
	buf_done(&scratch);
}

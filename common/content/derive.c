/* Derived data, computed once at delivery (DESIGN.md, invariant 4). */
#include "common/content/derive.h"
#include "common/mime/mime.h"

void content_derive(struct span message, size_t text_max, struct arena *arena, struct store_derived *derived_r)
{
	struct mime_derived mime;

	mime_derive(message, text_max, arena, &mime);
	*derived_r = (struct store_derived){.version = MIME_DERIVED_VERSION,
					    .header = mime.header,
					    .envelope = mime.envelope,
					    .bodystructure = mime.bodystructure,
					    .parts = mime.parts,
					    .header_text = mime.header_text,
					    .body_text = mime.body_text,
					    .body_text_is_partial = mime.body_text_is_partial,
					    .sent_at = mime.sent_at,
					    .sent_day = mime.sent_day};
}

/* ENVELOPE (RFC 9051, 7.5.2): the fields that a list of messages shows. */
#include "common/mime/mime_private.h"

static void write_text(const struct mime_fields *fields, enum mime_field field, struct arena *arena, struct buf *out)
{
	struct span value = fields->value[field];

	mime_write_nstring(value.p == NULL ? value : mime_unfold(value, arena), out);
	buf_byte(out, ' ');
}

void mime_write_envelope(const struct mime_fields *fields, struct arena *arena, struct buf *out)
{
	static const enum mime_field defaulting[] = {MIME_SENDER, MIME_REPLY_TO};
	size_t from_at, from_size;

	buf_byte(out, '(');
	write_text(fields, MIME_DATE, arena, out);
	write_text(fields, MIME_SUBJECT, arena, out);
	from_at = out->n;
	(void)mime_write_addresses(fields, MIME_FROM, out);
	from_size = out->n - from_at;
	buf_byte(out, ' ');
	for (size_t i = 0; i < 2; i++) { /* a missing Sender or Reply-To is From */
		size_t at = out->n;

		if (!mime_write_addresses(fields, defaulting[i], out)) {
			out->n = at;
			(void)buf_room(out, from_size);
			buf_bytes(out, out->p + from_at, from_size);
		}
		buf_byte(out, ' ');
	}
	for (enum mime_field field = MIME_TO; field <= MIME_BCC; field++) {
		(void)mime_write_addresses(fields, field, out);
		buf_byte(out, ' ');
	}
	write_text(fields, MIME_IN_REPLY_TO, arena, out);
	write_text(fields, MIME_MESSAGE_ID, arena, out);
	out->p[out->n - 1] = ')';
}

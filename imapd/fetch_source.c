/* Where FETCH takes the content of a message from when it is not at hand in one piece: large messages are read from
 * their blob, and what the store has lost of derived data is derived again. */
#include "imapd/fetch_private.h"
#include "common/content/derive.h"
#include "imapd/imapd.h"

void fetch_source_close(struct fetch *f)
{
	store_blob_close(&f->source.blob);
	f->source = (struct fetch_source){0};
	f->decoded_part = NULL;
}

static void copy_derived(struct fetch *f, const struct store_derived *from)
{
	struct store_derived *to = &f->source.derived;

	*to = *from;
	to->header = arena_span(f->scratch, from->header);
	to->envelope = arena_span(f->scratch, from->envelope);
	to->bodystructure = arena_span(f->scratch, from->bodystructure);
	to->parts = arena_span(f->scratch, from->parts);
}

enum store_status fetch_source_open(struct fetch *f, uint64_t blob, const struct store_content *content)
{
	enum store_status status;

	fetch_source_close(f);
	copy_derived(f, &content->derived);
	status = store_blob_open(f->session->imapd->service.store, blob, &f->source.blob);
	if (status != STORE_OK)
		return status;
	f->source.size = store_blob_size(f->source.blob);
	return STORE_OK;
}

static bool read_all(struct store_blob *blob, uint64_t at, uint64_t size, struct buf *to)
{
	size_t got;

	to->n = 0;
	for (uint64_t done = 0; done < size; done += got) {
		uint64_t left = size - done;
		size_t n = left < FETCH_PUMP ? (size_t)left : FETCH_PUMP;

		if (store_blob_read(blob, at + done, buf_room(to, n), n, &got) != STORE_OK || got == 0)
			return false;
		buf_added(to, got);
	}
	return true;
}

bool fetch_source_view(struct fetch *f, uint64_t at, uint64_t size, struct span *view_r)
{
	const struct fetch_source *source = &f->source;

	if (at > source->size)
		at = source->size;
	if (size > source->size - at)
		size = source->size - at;
	if (source->blob == NULL) {
		*view_r = span_sub(source->bytes, (size_t)at, (size_t)size);
		return true;
	}
	if (!read_all(source->blob, at, size, &f->raw)) {
		if (f->failure == STORE_OK)
			f->failure = STORE_BROKEN;
		return false;
	}
	*view_r = buf_view(&f->raw);
	return true;
}

enum store_status fetch_source_derive(struct fetch *f, uint64_t blob)
{
	struct span all;
	enum store_status status;

	fetch_source_close(f);
	if ((status = store_blob_open(f->session->imapd->service.store, blob, &f->source.blob)) != STORE_OK)
		return status;
	f->source.size = store_blob_size(f->source.blob);
	if (!fetch_source_view(f, 0, f->source.size, &all))
		return STORE_BROKEN;
	all = arena_span(f->scratch, all);
	store_blob_close(&f->source.blob);
	f->source.bytes = all;
	content_derive(all, 0, f->scratch, &f->source.derived);
	return STORE_OK;
}

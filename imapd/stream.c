/* The bytes of a large APPEND literal never stand in memory as a whole: they leave net.in for an upload. What was said
 * in front of them is kept, and put back in front of what follows when the literal is complete, so that the framer's
 * offsets stay true. */
#include "imapd/stream.h"
#include "imapd/imapd.h"
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/store/content.h"

#include <stdlib.h>

enum { STREAM_PIECE = 64 * 1024 };

struct imap_stream {
	struct buf text; /* the command so far, without the streamed literals */
	uint64_t remaining;
	enum store_status status; /* the first failure: the rest is taken and thrown away */
	struct store_upload **uploads;
	size_t count, capacity;
};

void imap_stream_begin(struct imap_session *session, size_t prefix, uint64_t size)
{
	struct imap_stream *stream = session->stream;
	struct buf *in = &session->net.in;
	struct store_upload *upload = NULL;
	void *uploads;

	if (stream == NULL)
		stream = session->stream = alloc_zero(1, sizeof *stream);
	must(stream->text.n == 0 && prefix <= in->n);
	buf_bytes(&stream->text, in->p, prefix);
	buf_consume(in, prefix);
	stream->remaining = size;
	if (stream->status == STORE_OK)
		stream->status = store_upload_open(session->imapd->service.store, size, &upload);
	uploads = stream->uploads;
	alloc_grow(&uploads, &stream->capacity, stream->count + 1, sizeof *stream->uploads);
	stream->uploads = uploads;
	stream->uploads[stream->count++] = upload;
	session->mode = IMAP_MODE_STREAM;
}

bool imap_stream_take(struct imap_session *session)
{
	struct imap_stream *stream = session->stream;
	struct buf *in = &session->net.in;
	size_t n = in->n < stream->remaining ? in->n : (size_t)stream->remaining;
	struct store_upload *upload = stream->uploads[stream->count - 1];

	if (stream->status == STORE_OK && n > 0)
		stream->status = store_upload_write(upload, span_from(in->p, n));
	buf_consume(in, n);
	stream->remaining -= n;
	if (stream->remaining > 0)
		return false;
	buf_span(&stream->text, buf_view(in));
	buf_done(in);
	*in = stream->text;
	stream->text = (struct buf){0};
	session->mode = IMAP_MODE_COMMAND;
	return true;
}

bool imap_stream_is_ready(const struct imap_session *session)
{
	return session->net.in.n >= STREAM_PIECE || session->net.in.n >= session->stream->remaining;
}

struct store_upload *imap_stream_upload(struct imap_session *session, size_t number)
{
	must(session->stream != NULL && number < session->stream->count);
	return session->stream->uploads[number];
}

enum store_status imap_stream_status(const struct imap_session *session)
{
	return session->stream == NULL ? STORE_OK : session->stream->status;
}

void imap_stream_done(struct imap_session *session)
{
	struct imap_stream *stream = session->stream;

	if (stream == NULL)
		return;
	for (size_t i = 0; i < stream->count; i++)
		store_upload_close(&stream->uploads[i]);
	free(stream->uploads);
	buf_done(&stream->text);
	free(stream);
	session->stream = NULL;
}

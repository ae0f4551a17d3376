/* A message on its way into the store: small ones in memory, large ones straight to an upload. */
#include "common/delivery/delivery.h"

enum { MEMORY_MAX = 256 * 1024, TRACE_MAX = 4096 };

void delivery_message_init(struct delivery_message *message, struct store *store, uint64_t max)
{
	*message = (struct delivery_message){.store = store, .max = max, .status = STORE_OK};
}

void delivery_message_done(struct delivery_message *message)
{
	buf_done(&message->memory);
	store_upload_close(&message->upload);
}

static void fail(struct delivery_message *message, enum store_status status)
{
	message->status = status;
	delivery_message_done(message);
}

static void begin_upload(struct delivery_message *message)
{
	enum store_status status = store_upload_open(message->store, message->max + TRACE_MAX, &message->upload);

	if (status == STORE_OK)
		status = store_upload_write(message->upload, buf_view(&message->memory));
	buf_done(&message->memory);
	if (status != STORE_OK)
		fail(message, status);
}

static void add(struct delivery_message *message, struct span bytes)
{
	enum store_status status;

	if (message->upload == NULL && message->memory.n + bytes.n <= MEMORY_MAX) {
		buf_span(&message->memory, bytes);
		return;
	}
	if (message->upload == NULL)
		begin_upload(message);
	if (message->status == STORE_OK && (status = store_upload_write(message->upload, bytes)) != STORE_OK)
		fail(message, status);
}

void delivery_message_write(struct delivery_message *message, struct span bytes)
{
	if (message->status != STORE_OK)
		return;
	if (bytes.n > message->max - message->size) {
		fail(message, STORE_LIMIT);
		return;
	}
	message->size += bytes.n;
	add(message, bytes);
}

void delivery_message_trace(struct delivery_message *message, struct span sender, struct span only_recipient)
{
	struct buf trace = {0};

	buf_text(&trace, "Return-Path: <");
	buf_span(&trace, sender);
	buf_text(&trace, ">\r\n");
	if (only_recipient.n > 0) {
		buf_text(&trace, "Delivered-To: ");
		buf_span(&trace, only_recipient);
		buf_text(&trace, "\r\n");
	}
	if (trace.n <= TRACE_MAX)
		add(message, buf_view(&trace));
	buf_done(&trace);
}

/* A transaction: sender, recipients, message; and its end, where each recipient gets an answer of its own (RFC 2033,
 * 4.2). */
#include "admin/lmtp/lmtp.h"
#include "common/base/alloc.h"

#include <stdlib.h>

void lmtp_transaction_begin(struct lmtp_session *session, struct span sender, bool is_utf8)
{
	struct lmtp_transaction *transaction = alloc_zero(1, sizeof *transaction);

	transaction->arena = arena_create();
	transaction->sender = arena_span(transaction->arena, sender);
	transaction->is_utf8 = is_utf8;
	delivery_message_init(&transaction->message, session->lmtp->service.store, session->lmtp->delivery.message_max);
	session->transaction = transaction;
	session->state = LMTP_MAIL;
}

void lmtp_transaction_end(struct lmtp_session *session)
{
	struct lmtp_transaction *transaction = session->transaction;

	if (transaction == NULL)
		return;
	delivery_message_done(&transaction->message);
	arena_destroy(&transaction->arena);
	free(transaction);
	session->transaction = NULL;
	session->state = LMTP_READY;
}

void lmtp_transaction_open_message(struct lmtp_session *session)
{
	struct lmtp_transaction *transaction = session->transaction;
	struct span only = transaction->count == 1 ? transaction->recipients[0].address : (struct span){0};

	if (!transaction->has_message)
		delivery_message_trace(&transaction->message, transaction->sender, only);
	transaction->has_message = true;
}

static void answer(struct lmtp_session *session, const struct delivery_recipient *recipient)
{
	const char *what = "", *text = "";

	switch (recipient->outcome) {
	case DELIVERY_DONE:
		what = "250 2.0.0";
		text = recipient->is_duplicate ? "It was there already" : "Delivered";
		break;
	case DELIVERY_UNKNOWN:
		what = "550 5.1.1";
		text = "There is no such user any more";
		break;
	case DELIVERY_OVER_QUOTA:
		what = session->lmtp->delivery.over_quota_is_temporary ? "452 4.2.2" : "552 5.2.2";
		text = "The mailbox is full";
		break;
	case DELIVERY_TOO_LARGE:
		what = "552 5.3.4";
		text = "The message is too large";
		break;
	case DELIVERY_NO_SPACE:
		what = "452 4.3.1";
		text = "The disk is full";
		break;
	case DELIVERY_LATER:
		what = "451 4.3.0";
		text = "The store is not to be had at the moment";
		break;
	}
	lmtp_say(session, "%s <%.*s> %s", what, (int)recipient->address.n, recipient->address.p, text);
}

void lmtp_deliver(struct lmtp_session *session)
{
	struct lmtp_transaction *transaction = session->transaction;

	delivery_deliver(session->lmtp->service.store, &session->lmtp->delivery, &transaction->message,
			 transaction->sender, transaction->recipients, transaction->count, transaction->arena);
	for (size_t i = 0; i < transaction->count; i++)
		answer(session, &transaction->recipients[i]);
	lmtp_transaction_end(session);
}

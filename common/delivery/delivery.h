/* Delivery: who gets a message, what is put on top of it, and giving it to the store. Below LMTP and the pipe command
 * alike. Workers only; one thread at a time for each message. */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include "common/base/buf.h"
#include "common/config/config.h"
#include "common/directory/directory.h"
#include "common/store/message.h"
#include "common/store/store.h"

extern const struct config_key delivery_keys[]; /* [delivery] */

struct delivery_options { /* borrowed from the configuration */
	uint64_t message_max;
	bool over_quota_is_temporary;
	int64_t duplicates_s; /* 0: off */
	size_t text_max;      /* bytes of text kept for search */
	bool is_all_or_none;  /* no recipient gets it where one is over quota: for who can give one answer only */
	struct directory_rule addresses;
};
void delivery_options_from(const struct config *config, struct delivery_options *options_r);

/* --- the message, as it arrives */

struct delivery_message {
	struct store *store;
	struct buf memory;           /* while it is small */
	struct store_upload *upload; /* from then on */
	uint64_t size, max;
	enum store_status status; /* the first failure; what follows is thrown away. STORE_LIMIT: it is too large */
};
void delivery_message_init(struct delivery_message *message, struct store *store, uint64_t max);
void delivery_message_done(struct delivery_message *message); /* leaves nothing behind; harmless twice */
void delivery_message_write(struct delivery_message *message, struct span bytes);
/* "Return-Path: <sender>", and, where not empty, "Delivered-To: only_recipient" (RFC 5321, 4.4). They do not count as
 * bytes of the message. Before everything else. */
void delivery_message_trace(struct delivery_message *message, struct span sender, struct span only_recipient);

/* --- those who get it */

enum delivery_outcome {
	DELIVERY_DONE,
	DELIVERY_UNKNOWN,    /* 5.1.1 */
	DELIVERY_OVER_QUOTA, /* by the configuration 4.2.2 or 5.2.2 */
	DELIVERY_TOO_LARGE,  /* 5.3.4 */
	DELIVERY_NO_SPACE,   /* 4.3.1 */
	DELIVERY_LATER,      /* 4.3.0: the store, or the directory, is not there now */
};

struct delivery_recipient {
	struct span address; /* as it was given */
	struct directory_target *targets;
	size_t count;
	enum delivery_outcome outcome;
	bool is_duplicate; /* with DELIVERY_DONE: all of its users had it already */
};

/* DELIVERY_DONE: somebody is there. address as the sender's server writes it: its quoting is undone (RFC 5321, 4.1.2).
 * It is copied; what stays lies in arena. */
enum delivery_outcome delivery_resolve(struct directory *directory, const struct delivery_options *options,
				       struct span address, struct arena *arena,
				       struct delivery_recipient *recipient_r);

/* Gives the message to all; each recipient has its outcome then, and those that are DELIVERY_DONE have it durably.
 * Writes one log line a recipient. */
void delivery_deliver(struct store *store, const struct delivery_options *options, struct delivery_message *message,
		      struct span sender, struct delivery_recipient *recipients, size_t count, struct arena *arena);

#endif

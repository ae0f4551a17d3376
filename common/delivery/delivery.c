/* From addresses and bytes to messages in mailboxes. */
#include "common/delivery/delivery.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/content/derive.h"
#include "common/content/mailbox_name.h"
#include "common/mime/mime.h"

/* clang-format off */
const struct config_key delivery_keys[] = {
	/* section     name           type             fallback     min    max         choices                reloadable  help */
	{ "delivery",  "message_max", CONFIG_SIZE,     "64M",       65536, 1073741824, NULL,                  false,      "bytes of a message (SIZE)" },
	{ "delivery",  "over_quota",  CONFIG_CHOICE,   "temporary", 0,     0,          "temporary permanent", false,      "whether the sender's server tries again (452 4.2.2) or gives up (552 5.2.2)" },
	{ "delivery",  "duplicates",  CONFIG_DURATION, "0",         0,     31622400000, NULL,                 false,      "a second message with the same Message-ID for the same user in so long is not kept; 0: all are" },
	{ "delivery",  "separator",   CONFIG_TEXT,     "+",         0,     0,          NULL,                  false,      "what parts USER+FOLDER in addresses; empty: nothing" },
	{ "delivery",  "domains",     CONFIG_WORDS,    "",          0,     0,          NULL,                  false,      "domains in which users are known by their names; empty: all" },
	{ "delivery",  "search_text", CONFIG_SIZE,     "1M",        1024,  67108864,   NULL,                  false,      "bytes of text a message that are kept for searching" },
	{ NULL,        NULL,          CONFIG_TEXT,     NULL,        0,     0,          NULL,                  false,      NULL },
};
/* clang-format on */

void delivery_options_from(const struct config *config, struct delivery_options *options_r)
{
	*options_r = (struct delivery_options){
		.message_max = config_number(config, "delivery", "message_max"),
		.over_quota_is_temporary = span_is(span_of(config_text(config, "delivery", "over_quota")), "temporary"),
		.duplicates_s = (int64_t)(config_number(config, "delivery", "duplicates") / 1000),
		.text_max = config_number(config, "delivery", "search_text"),
		.addresses.separator = config_text(config, "delivery", "separator")[0],
	};
	options_r->addresses.domain_count = config_words(config, "delivery", "domains", &options_r->addresses.domains);
}

/* "\"a b\"@c" is a b@c. */
static void unquote(struct span address, struct buf *out)
{
	bool is_quoted = address.n > 0 && address.p[0] == '"';

	for (size_t i = is_quoted; i < address.n; i++) {
		if (is_quoted && address.p[i] == '"') {
			is_quoted = false;
			continue;
		}
		if (is_quoted && address.p[i] == '\\' && i + 1 < address.n)
			i++;
		buf_byte(out, address.p[i]);
	}
}

static void keep(struct delivery_recipient *recipient, struct arena *arena)
{
	struct directory_target *targets = arena_zero(arena, recipient->count, sizeof *targets);

	for (size_t i = 0; i < recipient->count; i++) {
		targets[i] = recipient->targets[i];
		targets[i].folder = arena_span(arena, targets[i].folder);
	}
	recipient->targets = targets;
	recipient->outcome = DELIVERY_DONE;
}

enum delivery_outcome delivery_resolve(struct directory *directory, const struct delivery_options *options,
				       struct span address, struct arena *arena, struct delivery_recipient *recipient_r)
{
	struct arena *scratch = arena_create(); /* whoever asks for many nobodies fills no memory */
	struct buf plain = {0};

	*recipient_r = (struct delivery_recipient){.outcome = DELIVERY_UNKNOWN};
	unquote(address, &plain);
	switch (directory_resolve(directory, &options->addresses, buf_view(&plain), scratch, &recipient_r->targets,
				  &recipient_r->count)) {
	case DIRECTORY_OK:
		recipient_r->address = arena_span(arena, address);
		keep(recipient_r, arena);
		break;
	case DIRECTORY_UNKNOWN:
		break;
	case DIRECTORY_UNAVAILABLE:
		recipient_r->outcome = DELIVERY_LATER;
		break;
	}
	buf_done(&plain);
	arena_destroy(&scratch);
	return recipient_r->outcome;
}

static enum delivery_outcome outcome_of(enum store_status status)
{
	switch (status) {
	case STORE_OK:
		return DELIVERY_DONE;
	case STORE_NOT_FOUND:
		return DELIVERY_UNKNOWN;
	case STORE_OVER_QUOTA:
		return DELIVERY_OVER_QUOTA;
	case STORE_NO_SPACE:
		return DELIVERY_NO_SPACE;
	default:
		return DELIVERY_LATER;
	}
}

static struct span message_id(struct span header)
{
	struct span name, value;

	while (mime_header_next(&header, &name, &value))
		if (span_is_nocase(name, "Message-ID"))
			return span_trim(value);
	return (struct span){0};
}

static struct store_target *make_targets(const struct delivery_options *options,
					 const struct delivery_recipient *recipients, size_t count, struct arena *arena,
					 size_t *target_count_r)
{
	struct store_target *targets;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += recipients[i].count;
	targets = arena_zero(arena, n, sizeof *targets);
	*target_count_r = n;
	n = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < recipients[i].count; j++) {
			const struct directory_target *from = &recipients[i].targets[j];
			struct buf folder = {0};

			if (from->folder.n > 0)
				content_mailbox_name(from->folder, &folder);
			targets[n++] = (struct store_target){.user = from->user,
							     .folder = arena_span(arena, buf_view(&folder)),
							     .group = options->is_all_or_none ? 0 : i};
			buf_done(&folder);
		}
	return targets;
}

/* One user of a group may be gone meanwhile: the others have it, and so has the recipient. */
static void take_outcomes(struct delivery_recipient *recipients, size_t count, const struct store_target *targets)
{
	for (size_t i = 0; i < count; i++) {
		struct delivery_recipient *r = &recipients[i];

		r->outcome = DELIVERY_UNKNOWN;
		r->is_duplicate = true;
		for (size_t j = 0; j < r->count; j++, targets++) {
			if (r->outcome == DELIVERY_UNKNOWN || targets->status == STORE_OK)
				r->outcome = outcome_of(targets->status);
			r->is_duplicate &= targets->is_duplicate;
		}
	}
}

static enum store_status give(struct store *store, const struct delivery_options *options,
			      struct delivery_message *message, struct store_target *targets, size_t count,
			      struct arena *arena)
{
	struct store_new_message new_message = {.upload = message->upload, .date = clock_now()};
	struct store_delivery_rule rule = {.duplicates_s = options->duplicates_s};
	struct span bytes = buf_view(&message->memory);
	enum store_status status = message->status;

	if (status == STORE_OK && message->upload != NULL)
		status = store_upload_finish(message->upload, &bytes);
	if (status != STORE_OK)
		return status;
	if (message->upload == NULL)
		new_message.bytes = bytes;
	content_derive(bytes, options->text_max, arena, &new_message.derived);
	rule.message_id = message_id(new_message.derived.header);
	return store_message_deliver(store, targets, count, &new_message, &rule);
}

static const char *outcome_text(const struct delivery_recipient *recipient)
{
	switch (recipient->outcome) {
	case DELIVERY_DONE:
		return recipient->is_duplicate ? "known already" : "delivered";
	case DELIVERY_UNKNOWN:
		return "unknown user";
	case DELIVERY_OVER_QUOTA:
		return "over quota";
	case DELIVERY_TOO_LARGE:
		return "too large";
	case DELIVERY_NO_SPACE:
		return "the disk is full";
	case DELIVERY_LATER:
		break;
	}
	return "the store is not to be had";
}

void delivery_deliver(struct store *store, const struct delivery_options *options, struct delivery_message *message,
		      struct span sender, struct delivery_recipient *recipients, size_t count, struct arena *arena)
{
	size_t target_count;
	struct store_target *targets = make_targets(options, recipients, count, arena, &target_count);
	enum store_status status = give(store, options, message, targets, target_count, arena);

	if (status == STORE_OK)
		take_outcomes(recipients, count, targets);
	for (size_t i = 0; i < count; i++) {
		struct delivery_recipient *r = &recipients[i];

		if (status != STORE_OK)
			r->outcome = status == STORE_LIMIT ? DELIVERY_TOO_LARGE : outcome_of(status);
		log_info(NULL, "delivery: from=<%.*s> to=<%.*s> size=%llu: %s", (int)sender.n, sender.p,
			 (int)r->address.n, r->address.p, (unsigned long long)message->size, outcome_text(r));
	}
}

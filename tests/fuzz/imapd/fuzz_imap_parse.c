/* What a client may send, from framing to the parsed command: every parser, in both ways of writing names. What comes
 * out must be what command.h promises, and must not lie in the bytes that came in, which are freed before it is looked
 * at (APPEND excepted). */
#include "common/base/alloc.h"
#include "common/base/must.h"
#include "common/base/utf8.h"
#include "imapd/command.h"
#include "imapd/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { STREAM_FROM = 64 };

/* clang-format off */
static const struct {
	const char *name;
	imap_parse_fn *parse;
} parsers[] = {
	{ "NOOP", imap_args_none }, { "ID", imap_id_parse }, { "LOGIN", imap_login_parse }, { "AUTHENTICATE", imap_authenticate_parse },
	{ "ENABLE", imap_enable_parse }, { "SELECT", imap_select_parse }, { "CREATE", imap_create_parse },
	{ "DELETE", imap_mailbox_parse }, { "RENAME", imap_rename_parse }, { "LIST", imap_list_parse }, { "LSUB", imap_lsub_parse },
	{ "STATUS", imap_status_parse }, { "APPEND", imap_append_parse }, { "COMPRESS", imap_compress_parse },
	{ "UID EXPUNGE", imap_expunge_parse }, { "SEARCH", imap_search_parse }, { "FETCH", imap_fetch_parse },
	{ "STORE", imap_store_parse }, { "COPY", imap_copy_parse },
};
/* clang-format on */

static size_t touched; /* so that reading is not optimised away */

static void touch(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		touched += (unsigned char)s.p[i];
}

static void check_set(const struct imap_set *set)
{
	must(set->is_saved ? set->count == 0 : set->count > 0);
	for (size_t i = 0; i < set->count; i++)
		must(set->list[i].first > 0 && set->list[i].last > 0);
}

static void check_name(struct span name)
{
	must(utf8_is_valid(name));
	for (size_t i = 0; i < name.n; i++)
		must((unsigned char)name.p[i] >= 0x20 && name.p[i] != 0x7f);
}

static void check_flags(const struct imap_flags *flags)
{
	must(flags->system < 32);
	for (size_t i = 0; i < flags->keyword_count; i++) {
		touch(flags->keywords[i]);
		must(flags->keywords[i].n > 0);
	}
}

static void check_fetch(const struct imap_fetch *fetch)
{
	check_set(&fetch->set);
	must(fetch->item_count > 0);
	for (size_t i = 0; i < fetch->item_count; i++) {
		const struct imap_fetch_item *item = &fetch->items[i];

		for (size_t k = 0; k < item->path_count; k++)
			must(item->path[k] > 0);
		for (size_t k = 0; k < item->field_count; k++)
			touch(item->fields[k]);
		touch(item->fields_written);
		must(span_find_byte(item->fields_written, '\n') == SIZE_MAX);
		must(!item->has_partial || item->partial_length > 0);
	}
}

static void check_key(const struct imap_search_key *key)
{
	size_t children = 0;

	touch(key->field);
	touch(key->text);
	if (key->kind == IMAP_SEARCH_SEQUENCE || key->kind == IMAP_SEARCH_UID)
		check_set(&key->set);
	for (const struct imap_search_key *child = key->child; child != NULL; child = child->next, children++)
		check_key(child);
	must(key->kind != IMAP_SEARCH_OR || children == 2);
	must(key->kind != IMAP_SEARCH_NOT || children == 1);
	must(key->kind <= IMAP_SEARCH_NOT || children == 0);
}

static void check_append(const struct imap_append *append)
{
	check_name(append->mailbox);
	must(append->message_count > 0);
	for (size_t i = 0; i < append->message_count; i++) {
		check_flags(&append->messages[i].flags);
		touch(append->messages[i].bytes);
	}
}

static void check_list(const struct imap_list *list)
{
	check_name(list->reference);
	must(list->pattern_count > 0);
	for (size_t i = 0; i < list->pattern_count; i++)
		check_name(list->patterns[i]);
}

static void check_select(const struct imap_select *select)
{
	check_name(select->mailbox);
	must(!select->has_match || ranges_size(&select->match_seqs) == ranges_size(&select->match_uids));
	must(!select->has_known_uids || select->known_uids.count > 0);
}

static void check(imap_parse_fn *parse, const struct imap_command *command)
{
	if (parse == imap_fetch_parse) {
		check_fetch(&command->fetch);
	} else if (parse == imap_search_parse) {
		check_key(command->search.key);
	} else if (parse == imap_append_parse) {
		check_append(&command->append);
	} else if (parse == imap_list_parse || parse == imap_lsub_parse) {
		check_list(&command->list);
	} else if (parse == imap_select_parse) {
		check_select(&command->select);
	} else if (parse == imap_store_parse) {
		check_set(&command->store.set);
		check_flags(&command->store.flags);
	} else if (parse == imap_copy_parse) {
		check_set(&command->copy.set);
		check_name(command->copy.mailbox);
	} else if (parse == imap_rename_parse) {
		check_name(command->rename.from);
		check_name(command->rename.to);
	} else if (parse == imap_create_parse || parse == imap_mailbox_parse) {
		check_name(command->mailbox.mailbox);
	} else if (parse == imap_login_parse) {
		touch(command->login.user);
		touch(command->login.password);
	}
}

static imap_parse_fn *find_parser(struct span name)
{
	for (size_t i = 0; i < array_count(parsers); i++)
		if (span_is(name, parsers[i].name))
			return parsers[i].parse;
	return NULL;
}

static void parse(struct span bytes, bool utf8, bool streamed)
{
	struct imap_parse_context context = {.arena = arena_create(),
					     .utf8 = utf8,
					     .max_search_depth = 16,
					     .max_set_ranges = 4096,
					     .stream_threshold = streamed ? STREAM_FROM : 0};
	struct imap_command command = {.arena = context.arena};
	struct span whole = imap_frame_trim(bytes), in, name;
	char *block = alloc_bytes(whole.n);
	imap_parse_fn *parser = NULL;
	enum parse r;

	if (whole.n > 0)
		memcpy(block, whole.p, whole.n);
	in = span_from(block, whole.n);
	r = imap_tag_and_name_parse(&context, &in, &command.tag, &name);
	must(r == PARSE_OK || (context.error != NULL && in.n == whole.n));
	if (r == PARSE_OK && (parser = find_parser(name)) != NULL) {
		size_t before = in.n;

		r = parser(&context, &in, &command);
		must(r == PARSE_OK ? in.n == 0 : context.error != NULL && in.n == before);
	}
	if (parser != imap_append_parse) {
		free(block);
		block = NULL;
	}
	touch(command.tag);
	if (parser != NULL && r == PARSE_OK)
		check(parser, &command);
	imap_command_done(&command);
	arena_destroy(&context.arena);
	free(block);
}

static void play(struct buf *in, bool utf8)
{
	struct imap_frame_limits limits = {
		.line_max = 65536, .append_max = 65536, .literal_max = 4096, .stream_threshold = STREAM_FROM};
	struct imap_frame frame;
	bool streamed = false;

	imap_frame_init(&frame);
	for (;;) {
		switch (imap_frame_scan(&frame, &limits, buf_view(in))) {
		case FRAME_CONTINUE:
			continue;
		case FRAME_STREAM: /* the session takes the literal out of the way */
			if (in->n - frame.length < frame.literal)
				return;
			memmove(in->p + frame.length, in->p + frame.length + frame.literal,
				in->n - frame.length - (size_t)frame.literal);
			in->n -= (size_t)frame.literal;
			imap_frame_streamed(&frame);
			streamed = true;
			continue;
		case FRAME_COMMAND:
			parse(span_sub(buf_view(in), 0, frame.length), utf8, streamed);
			buf_consume(in, frame.length);
			imap_frame_init(&frame);
			streamed = false;
			continue;
		case FRAME_MORE:
		case FRAME_LITERAL_TOO_BIG:
		case FRAME_LITERAL_PLUS_TOO_BIG:
		case FRAME_LINE_TOO_LONG:
		case FRAME_GARBAGE:
			return;
		}
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	for (unsigned utf8 = 0; utf8 < 2; utf8++) {
		struct buf in = {0};

		buf_bytes(&in, data, size);
		play(&in, utf8 != 0);
		buf_done(&in);
	}
	return 0;
}

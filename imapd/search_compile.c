/* From a parsed SEARCH program to one that can be evaluated: sets are resolved, keywords are numbers, days are seconds,
 * and the cheap keys stand in front of the dear ones. */
#include "imapd/search_private.h"

#include <stdlib.h>

static void compile(struct search_node *node, const struct search_context *context, const struct imap_search_key *key);

/* How dear a node is: what it must read. */
static unsigned cost(const struct search_node *node)
{
	if (node->needs & STORE_CONTENT_BODY_TEXT)
		return 3;
	if (node->needs & STORE_CONTENT_HEADER_TEXT)
		return 2;
	return node->needs != 0 ? 1 : 0;
}

/* An insertion sort: stable, and programs are short. */
static void sort_children(struct search_node *node)
{
	for (size_t i = 1; i < node->child_count; i++) {
		struct search_node moving = node->child[i];
		size_t to = i;

		for (; to > 0 && cost(&node->child[to - 1]) > cost(&moving); to--)
			node->child[to] = node->child[to - 1];
		node->child[to] = moving;
	}
}

static void compile_children(struct search_node *node, const struct search_context *context,
			     const struct imap_search_key *key)
{
	size_t count = 0;

	for (const struct imap_search_key *child = key->child; child != NULL; child = child->next)
		count++;
	node->child = arena_zero(context->arena, count + 1, sizeof *node->child);
	for (const struct imap_search_key *child = key->child; child != NULL; child = child->next) {
		struct search_node *to = &node->child[node->child_count++];

		compile(to, context, child);
		node->needs |= to->needs;
	}
	sort_children(node);
}

/* A set in a search is never an error: what is beyond the end matches nothing, and "1:*" fits an empty mailbox. */
static void compile_set(struct search_node *node, const struct search_context *context, const struct imap_set *set)
{
	uint32_t count = context->view->count, star = count;

	if (node->kind == SEARCH_UIDS && count > 0)
		star = store_snapshot_uid(context->view, count);
	if (set->is_saved) {
		node->kind = SEARCH_UIDS;
		ranges_add_all(&node->set, context->saved);
	}
	for (size_t i = 0; count > 0 && i < set->count; i++) {
		uint32_t a = set->list[i].first == IMAP_STAR ? star : set->list[i].first;
		uint32_t b = set->list[i].last == IMAP_STAR ? star : set->list[i].last;

		ranges_add(&node->set, a < b ? a : b, a < b ? b : a);
	}
}

static void compile_keyword(struct search_node *node, const struct search_context *context, struct span name)
{
	uint32_t number = store_snapshot_keyword(context->view, name);

	if (number == UINT32_MAX) {
		node->kind = SEARCH_OR; /* of nothing */
	} else if (number < STORE_KEYWORDS_IN_FLAGS) {
		node->kind = SEARCH_FLAG;
		node->flag = (uint64_t)1 << (STORE_FLAG_KEYWORD_SHIFT + number);
	} else {
		node->kind = SEARCH_KEYWORD;
		node->keyword = number;
	}
}

static void between(struct search_node *node, enum search_kind kind, int64_t from, int64_t to)
{
	node->kind = kind;
	node->from = from;
	node->to = to;
}

static int64_t signed_number(uint64_t number)
{
	return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static void compile_day(struct search_node *node, const struct imap_search_key *key)
{
	enum { DAY = 86400 };
	int64_t day = key->day;

	switch (key->kind) {
	case IMAP_SEARCH_BEFORE:
		between(node, SEARCH_LOCAL_DATE, INT64_MIN, day * DAY);
		return;
	case IMAP_SEARCH_ON:
		between(node, SEARCH_LOCAL_DATE, day * DAY, (day + 1) * DAY);
		return;
	case IMAP_SEARCH_SINCE:
		between(node, SEARCH_LOCAL_DATE, day * DAY, INT64_MAX);
		return;
	case IMAP_SEARCH_SENTBEFORE:
		between(node, SEARCH_SENT_DAY, INT64_MIN, day);
		break;
	case IMAP_SEARCH_SENTON:
		between(node, SEARCH_SENT_DAY, day, day + 1);
		break;
	default:
		between(node, SEARCH_SENT_DAY, day, INT64_MAX);
		break;
	}
	node->needs = STORE_CONTENT_SENT;
}

static void compile_text(struct search_node *node, const struct search_context *context,
			 const struct imap_search_key *key, enum search_kind kind, unsigned needs)
{
	char *field = arena_text(context->arena, key->field);

	for (size_t i = 0; i < key->field.n; i++)
		field[i] = ascii_lower(field[i]);
	node->kind = kind;
	node->needs = needs;
	node->field = span_from(field, key->field.n);
	node->text = key->text;
}

static void compile(struct search_node *node, const struct search_context *context, const struct imap_search_key *key)
{
	int64_t seconds = signed_number(key->number);

	switch (key->kind) {
	case IMAP_SEARCH_AND:
		node->kind = SEARCH_AND;
		compile_children(node, context, key);
		return;
	case IMAP_SEARCH_OR:
		node->kind = SEARCH_OR;
		compile_children(node, context, key);
		return;
	case IMAP_SEARCH_NOT:
		node->kind = SEARCH_NOT;
		compile_children(node, context, key);
		return;
	case IMAP_SEARCH_FLAG:
		node->kind = SEARCH_FLAG;
		node->flag = key->flag;
		return;
	case IMAP_SEARCH_RECENT:
		node->kind = SEARCH_UIDS;
		ranges_add(&node->set, context->recent_from, UINT32_MAX);
		return;
	case IMAP_SEARCH_KEYWORD:
		compile_keyword(node, context, key->text);
		return;
	case IMAP_SEARCH_SEQUENCE:
		node->kind = SEARCH_NUMBERS;
		compile_set(node, context, &key->set);
		return;
	case IMAP_SEARCH_UID:
		node->kind = SEARCH_UIDS;
		compile_set(node, context, &key->set);
		return;
	case IMAP_SEARCH_LARGER:
		between(node, SEARCH_SIZE, seconds == INT64_MAX ? seconds : seconds + 1, INT64_MAX);
		return;
	case IMAP_SEARCH_SMALLER:
		between(node, SEARCH_SIZE, 0, seconds);
		return;
	case IMAP_SEARCH_BEFORE:
	case IMAP_SEARCH_ON:
	case IMAP_SEARCH_SINCE:
	case IMAP_SEARCH_SENTBEFORE:
	case IMAP_SEARCH_SENTON:
	case IMAP_SEARCH_SENTSINCE:
		compile_day(node, key);
		return;
	case IMAP_SEARCH_HEADER:
		compile_text(node, context, key, SEARCH_HEADER, STORE_CONTENT_HEADER_TEXT);
		return;
	case IMAP_SEARCH_BODY:
		compile_text(node, context, key, SEARCH_BODY, STORE_CONTENT_BODY_TEXT);
		return;
	case IMAP_SEARCH_TEXT:
		compile_text(node, context, key, SEARCH_TEXT, STORE_CONTENT_HEADER_TEXT | STORE_CONTENT_BODY_TEXT);
		return;
	case IMAP_SEARCH_MODSEQ:
		node->kind = SEARCH_MODSEQ;
		node->modseq = key->number;
		return;
	case IMAP_SEARCH_YOUNGER:
		between(node, SEARCH_DATE, seconds > context->now ? INT64_MIN : context->now - seconds, INT64_MAX);
		return;
	case IMAP_SEARCH_OLDER:
		between(node, SEARCH_DATE, INT64_MIN, seconds > context->now ? INT64_MIN : context->now - seconds + 1);
		return;
	}
}

/* A key that is decided by less than the body's text stands somewhere: then a pass without it is worth its price. */
static bool has_cheap_content(const struct search_node *node)
{
	if (node->needs != 0 && !(node->needs & STORE_CONTENT_BODY_TEXT))
		return true;
	for (size_t i = 0; i < node->child_count; i++)
		if (has_cheap_content(&node->child[i]))
			return true;
	return false;
}

void search_program_init(struct search_program *program, const struct search_context *context,
			 const struct imap_search_key *key)
{
	*program = (struct search_program){0};
	compile(&program->root, context, key);
	program->needs = program->root.needs;
	if ((program->needs & STORE_CONTENT_BODY_TEXT) && has_cheap_content(&program->root))
		program->needs_first = program->needs & ~(unsigned)STORE_CONTENT_BODY_TEXT;
}

static void node_done(struct search_node *node)
{
	for (size_t i = 0; i < node->child_count; i++)
		node_done(&node->child[i]);
	ranges_done(&node->set);
}

void search_program_done(struct search_program *program)
{
	node_done(&program->root);
	*program = (struct search_program){0};
}
